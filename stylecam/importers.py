"""Other people's checkpoints, made into styles.

Two public layouts hold the same network as our `full`, with the same padding, norms and RGB 0–255 in and out, so that
importing is renaming: that of pytorch/examples (fast_neural_style), whose names we share, and that of
chenyuntc/pytorch-book (chapter 8, all its versions). Both were read layer by layer; `tests/test_importers.py` compares
whole networks.

A checkpoint is a pickle. It is read with `weights_only=True`, which builds tensors and calls nothing else, and there
is no way round that: no flag, no second try.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import safetensors
import safetensors.torch
import torch

from stylecam.architecture import ARCHITECTURES, parameter_shapes
from stylecam.bundled import bundled_path
from stylecam.errors import OutputExistsError
from stylecam.inference import FORMS, build_network, to_network, to_picture
from stylecam.pictures import read_picture, resized
from stylecam.printable import printable
from stylecam.stylecheck import (
    MAX_FILE_BYTES,
    THUMBNAIL_SIDE,
    check_finite,
    is_pickled,
    is_style,
    read_header,
    refused,
    some,
)
from stylecam.stylefile import read_style, write_style
from stylecam.stylehead import read_bytes
from stylecam.styles import style_path, user_styles_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stylecam.frame import Image
    from stylecam.stylefile import Style

__all__ = ["import_checkpoint"]

# pytorch-book counts a layer's place in three nn.Sequential; every third place is a ReLU.
_BOOK_LAYERS: Final = {
    "initial_layers.0": "conv1",
    "initial_layers.1": "in1",
    "initial_layers.3": "conv2",
    "initial_layers.4": "in2",
    "initial_layers.6": "conv3",
    "initial_layers.7": "in3",
    **{f"res_layers.{block}": f"res{block + 1}" for block in range(5)},
    "upsample_layers.0": "deconv1",
    "upsample_layers.1": "in4",
    "upsample_layers.3": "deconv2",
    "upsample_layers.4": "in5",
    "upsample_layers.6": "deconv3",
}
_BOOK_KEY = re.compile(r"((?:initial_layers|res_layers|upsample_layers)\.\d)\.(.+)")
# Before torch 0.4 an InstanceNorm saved statistics that it never used.
_UNUSED = re.compile(r"(.+\.)?in\d\.(running_mean|running_var|num_batches_tracked)")


def import_checkpoint(
    path: str | os.PathLike[str],
    *,
    name: str,
    title: str | None = None,
    author: str = "",
    licence: str = "",
    origin: str = "",
    bgr: bool = False,
    folder: str | os.PathLike[str] | None = None,
    force: bool = False,
) -> Style:
    """Make a style out of a checkpoint (`.pth`, `.model`), or of a safetensors file of the same names.

    A ready style file is checked and copied under its new name; what it says of itself stays where nothing is given.

    Args:
        path: at most 64 MB.
        name: of the new style; see `check_name`.
        title: shown in place of the name.
        author: of the checkpoint.
        licence: under which the checkpoint may be used.
        origin: of the painting.
        bgr: the network was trained on blue, green, red, as those of abhiskk/fast-neural-style were; its first and
            last layer are turned round. The file itself does not tell.
        folder: where the style goes; by default the user's own.
        force: replace a style of that name in that folder.

    Raises:
        StyleFormatError: it is neither of the two layouts, is damaged, or holds more than numbers.
        OutputExistsError: there is such a style, and `force` is not given.
        SinkError: it cannot be written.
    """
    path = Path(path)
    target = style_path(name, Path(folder if folder is not None else user_styles_folder()))
    if target.exists() and not force:
        raise OutputExistsError(f"there is a style {name!r} already; choose another name, or replace it with --force")
    data = read_bytes(path)
    if not is_pickled(data) and is_style(read_header(data, path)):
        ready = read_style(path, name=name)
        return write_style(
            target,
            weights={variant: ready.weights(variant) for variant in ready.variants},
            title=title or ready.title,
            author=author or ready.author,
            licence=licence or ready.licence,
            origin=origin or ready.origin,
            origin_sha256=ready.origin_sha256,
            base=ready.base,
            record=ready.record,
            thumbnail=ready.thumbnail,
        )
    layout, weights = _to_full(_read_tensors(path, data), path)
    if bgr:
        weights["conv1.conv2d.weight"] = weights["conv1.conv2d.weight"][:, ::-1].copy()
        for part in ("weight", "bias"):
            weights[f"deconv3.conv2d.{part}"] = weights[f"deconv3.conv2d.{part}"][::-1].copy()
    with np.errstate(over="ignore"):  # what overflows is named by the check
        halves = {key: value.astype(np.float16) for key, value in weights.items()}
    check_finite(halves, path)
    return write_style(
        target,
        weights={"full": halves},
        title=title or name.replace("_", " ").replace("-", " ").capitalize(),
        author=author,
        licence=licence,
        origin=origin,
        record={
            "imported": {
                "file": path.name[:200],
                "sha256": hashlib.sha256(data).hexdigest(),
                "layout": layout,
                "channels": "bgr" if bgr else "rgb",
            }
        },
        thumbnail=_thumbnail(halves, path),
    )


def _read_tensors(path: Path, data: bytes) -> Mapping[str, torch.Tensor]:
    """What the file maps names to: tensors, and nothing else."""
    if not is_pickled(data):
        try:
            return safetensors.torch.load(data)
        except safetensors.SafetensorError as exc:
            raise refused(path, f"the file is damaged ({exc})") from exc
    checkpoint = _unpickle(path, data)
    if not isinstance(checkpoint, dict) or not checkpoint:
        raise refused(path, "it holds no table of weights")
    for key, value in checkpoint.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise refused(path, f"{printable(str(key))} in it is no tensor; a plain state_dict is needed")
    return checkpoint


def _unpickle(path: Path, data: bytes) -> object:
    _check_unpacked_size(path, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old file formats, which are what is read here
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as exc:  # for a file that is no checkpoint, torch.load raises almost anything
        # torch's own text has ten lines and advises to load the file unsafely.
        if "GLOBAL" in str(exc) or "Unsupported" in str(exc):
            reason = "it holds more than numbers and could run a program; none was run"
        else:
            reason = "it is no PyTorch checkpoint, or is damaged"
        raise refused(path, reason) from exc


def _check_unpacked_size(path: Path, data: bytes) -> None:
    """A checkpoint is a zip file: torch unpacks what is compressed in it, however much that is."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
            raise refused(path, "it is damaged") from exc
        if unpacked > MAX_FILE_BYTES:
            raise refused(path, f"unpacked it is larger than {MAX_FILE_BYTES // 1_000_000} MB")


def _to_full(checkpoint: Mapping[str, torch.Tensor], path: Path) -> tuple[str, dict[str, NDArray[Any]]]:
    """The layout's name, and the weights under the names of our `full` network."""
    tensors = {key.removeprefix("module."): value for key, value in checkpoint.items()}  # as DataParallel saves them
    layout = "pytorch/examples"
    if any(_BOOK_KEY.fullmatch(key) for key in tensors):
        layout = "chenyuntc/pytorch-book"
        tensors = {_from_book(key): value for key, value in tensors.items()}
    shapes = parameter_shapes(ARCHITECTURES["full"])
    tensors = {key: value for key, value in tensors.items() if not _UNUSED.fullmatch(key)}
    strange, missing = tensors.keys() - shapes.keys(), shapes.keys() - tensors.keys()
    if strange or missing:
        what = [f"strange: {some(strange)}"] * bool(strange) + [f"missing: {some(missing)}"] * bool(missing)
        raise refused(path, f"it fits neither pytorch/examples nor pytorch-book; {'; '.join(what)}")
    for key, shape in shapes.items():
        # Before anything is copied: a stride of 0 makes a huge tensor out of one number.
        if tuple(tensors[key].shape) != shape:
            raise refused(path, f"{key} has the shape {list(tensors[key].shape)}, not {list(shape)}")
        if not tensors[key].is_floating_point():
            raise refused(path, f"{key} does not hold floating-point numbers")
    return layout, {key: tensors[key].detach().float().contiguous().numpy() for key in shapes}


def _from_book(key: str) -> str:
    match = _BOOK_KEY.fullmatch(key)
    if match is None or match[1] not in _BOOK_LAYERS:
        return key
    return f"{_BOOK_LAYERS[match[1]]}.{match[2]}"


def _thumbnail(weights: Mapping[str, NDArray[Any]], path: Path) -> Image | None:
    """The bundled picture in the new style; None where it is not there to be painted."""
    picture = bundled_path("demo.jpg")
    if not picture.is_file():
        return None
    form, cpu = FORMS["cpu"], torch.device("cpu")
    network = build_network(ARCHITECTURES["full"], weights, form=form, dtype=torch.float32, device=cpu)
    image = torch.from_numpy(resized(read_picture(picture).image, longest=THUMBNAIL_SIDE))
    with torch.inference_mode():
        painted, total = to_picture(network(to_network(image, form=form, dtype=torch.float32)))
    if not total.isfinite():
        raise refused(path, "its network gives no finite picture")
    return painted.numpy()
