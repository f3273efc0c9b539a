"""The style file: one safetensors file, read as if a stranger had sent it.

A style is data and never code. Nothing of a file is believed before it is checked: size of file and header first,
then the exact set of keys, dtypes, shapes and places, and of the weights that each one is finite. The checks stand in
`stylecheck.py`. To list a style takes its header alone (`stylehead.py`), and neither numpy nor safetensors: both are
imported where weights or pixels are asked for. No torch anywhere.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stylecam.architecture import ARCHITECTURES, Variant, parameter_shapes
from stylecam.errors import StyleFormatError
from stylecam.printable import printable
from stylecam.stylecheck import (
    FORMAT,
    TEXT_LIMITS,
    check_finite,
    parse_object,
    refused,
    thumbnail_fits,
)
from stylecam.stylehead import Head, open_style, read_bytes, read_head
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from stylecam.frame import Image
    from stylecam.stylehead import Pixels

__all__ = ["SUFFIX", "Style", "check_name", "read_style", "read_style_header", "write_style"]

SUFFIX: Final = ".safetensors"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# Windows opens a device for these, whatever the folder and the ending: "con.safetensors" is the console.
_DEVICE_NAMES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """What a style file says about itself; the weights stay in the file until `weights` is called."""

    name: str
    """The file's stem: what a user types, and what no two styles of a folder share."""
    title: str
    author: str
    licence: str
    """SPDX identifier, or a sentence."""
    origin: str
    """Where the painting came from."""
    origin_sha256: str
    """Of the painting's file; empty when it is not known."""
    base: str
    """Name of the style whose weights the training started from; empty for a style that started from chance.

    Two styles of one base can be mixed."""
    record: Mapping[str, object] = field(repr=False)
    """How it was trained and what it scored, as JSON."""
    variants: tuple[Variant, ...]
    path: Path
    _pixels: Pixels | None = field(repr=False)

    @property
    def thumbnail(self) -> Image | None:
        """H×W×3 uint8, no side longer than 256, always the same pixels; None for a style without one."""
        if self._pixels is None:
            return None
        import numpy as np

        return np.frombuffer(self._pixels.data, np.uint8).reshape(self._pixels.height, self._pixels.width, 3)

    def weights(self, variant: Variant) -> dict[str, NDArray[np.float16]]:
        """Every parameter of `variant` by its name in the network, float16 as stored, all finite.

        Read from the file and checked each time, by any thread: if another style was put in its place meanwhile, as
        when one is trained on, these are the weights of the new one.

        Raises:
            StyleFormatError: the style has no such variant, or its file is damaged, or was removed or replaced by one
                without that variant since.
        """
        if variant not in self.variants:
            raise StyleFormatError(
                f"style {self.name} holds no {variant!r} network, only {' and '.join(self.variants)}; "
                f"use --quality {self.variants[0]}"
            )
        head, tensors = _load(self.path)
        if variant not in head.variants:
            raise StyleFormatError(
                f"style {self.name} holds no {variant!r} network any more, only {' and '.join(head.variants)}: "
                f"{printable(self.path.name)} was replaced since it was listed; load the styles anew"
            )
        prefix = f"{variant}."
        return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def read_style(path: str | os.PathLike[str], *, name: str | None = None) -> Style:
    """Read and check a style file, weights included.

    Args:
        path: `<name>.safetensors`.
        name: what to call the style where the file's own name will not do.

    Raises:
        StyleFormatError: it cannot be read, or is not a style; says what is wrong with it.
    """
    path = Path(path)
    name = _name_of(path, name)
    head, _ = _load(path)
    return _style(name, head, path)


def read_style_header(path: str | os.PathLike[str]) -> Style:
    """As `read_style`, but without looking at the weights: a thirtieth of the bytes, for a list of styles.

    Weights that are not finite are found by `Style.weights`; a file that was cut off is found here.
    """
    path = Path(path)
    name = _name_of(path, None)
    with open_style(path) as file:
        head = read_head(file, path)
    return _style(name, head, path)


def write_style(
    path: str | os.PathLike[str],
    *,
    weights: Mapping[Variant, Mapping[str, NDArray[Any]]],
    title: str,
    author: str = "",
    licence: str = "",
    origin: str = "",
    origin_sha256: str = "",
    base: str = "",
    record: Mapping[str, object] | None = None,
    thumbnail: Image | None = None,
) -> Style:
    """Write a style file whole or not at all, and read it back. An existing file is replaced.

    Args:
        path: `<name>.safetensors`; missing folders are made.
        weights: for each variant every parameter of its network, of any float dtype; stored as float16.
        title: shown in place of the name. Control characters are dropped, here and in every text below.
        author: of the style.
        licence: of the style.
        origin: see `Style`, as for all that follow.
        origin_sha256: of the painting's file.
        base: name of the style it was trained from.
        record: anything JSON can say.
        thumbnail: H×W×3 uint8, no side longer than 256.

    Raises:
        StyleFormatError: a weight is not finite in float16, or something is larger than a style may be.
        SinkError: the file cannot be written; `DiskFullError` where there is no room.
        ValueError: wrong keys or shapes.
    """
    import numpy as np
    import safetensors.numpy

    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"expected a path that ends in {SUFFIX}, got {str(path)!r}")
    check_name(path.stem)
    if thumbnail is not None and (
        thumbnail.dtype != np.uint8 or thumbnail.ndim != 3 or not thumbnail_fits(list(thumbnail.shape))
    ):
        raise ValueError(f"expected a uint8 thumbnail up to 256×256×3, got {thumbnail.shape} {thumbnail.dtype}")
    tensors: dict[str, NDArray[Any]] = {}
    for variant, parameters in weights.items():
        shapes = parameter_shapes(ARCHITECTURES[variant])
        if {key: np.shape(value) for key, value in parameters.items()} != shapes:
            raise ValueError(f"the weights are not those of a {variant!r} network")
        with np.errstate(over="ignore"):  # what overflows is named by the check for finite weights below
            for key in shapes:
                tensors[f"{variant}.{key}"] = np.ascontiguousarray(parameters[key], dtype=np.float16)
    if not tensors:
        raise ValueError("a style needs the weights of at least one network")
    check_finite(tensors, path)
    if thumbnail is not None:
        tensors["thumbnail"] = np.ascontiguousarray(thumbnail)
    metadata = {
        "format": FORMAT,
        "title": _clean(title),
        "author": _clean(author),
        "licence": _clean(licence),
        "origin": _clean(origin),
        "origin_sha256": _clean(origin_sha256),
        "base": _clean(base),
        "record": json.dumps(dict(record or {}), allow_nan=False),
    }
    for key, limit in TEXT_LIMITS.items():
        if len(metadata[key]) > limit:
            raise refused(path, f"its {key} has {len(metadata[key])} characters; {limit} are allowed")
    write_whole(path, safetensors.numpy.save(tensors, metadata))
    return read_style(path)


def check_name(name: str) -> str:
    """`name` itself, if a style may be called so: it becomes a file name on every system.

    Raises:
        StyleFormatError: it may not.
    """
    if not _NAME.fullmatch(name):
        raise StyleFormatError(
            f"{printable(name)} is no name for a style: use a-z, 0-9, '-' and '_', at most 64, first a letter or digit"
        )
    if name in _DEVICE_NAMES:
        raise StyleFormatError(f"{name!r} is no name for a style: Windows keeps it for a device; choose another")
    return name


def _clean(text: str) -> str:
    """One line of display text: white space becomes a space; control, format and unassigned characters go."""
    return "".join(c for c in " ".join(text.split()) if unicodedata.category(c)[0] != "C").strip()


def _name_of(path: Path, name: str | None) -> str:
    if path.suffix != SUFFIX:
        raise StyleFormatError(f"{printable(path.name)} is not a style file: those end in {SUFFIX}")
    return check_name(path.stem if name is None else name)


def _style(name: str, head: Head, path: Path) -> Style:
    text = {key: _clean(head.metadata.get(key, "")) for key in TEXT_LIMITS if key != "record"}
    return Style(
        name=name,
        title=text["title"] or name,
        author=text["author"],
        licence=text["licence"],
        origin=text["origin"],
        origin_sha256=text["origin_sha256"],
        base=text["base"],
        record=parse_object(head.metadata.get("record", "{}"), path, "training record"),
        variants=head.variants,
        path=path,
        _pixels=head.thumbnail,
    )


def _load(path: Path) -> tuple[Head, dict[str, NDArray[Any]]]:
    """Head and tensors of a file that has passed every check."""
    import safetensors.numpy

    data = read_bytes(path)
    head = read_head(io.BytesIO(data), path)
    try:
        tensors = safetensors.numpy.load(data)
    except safetensors.SafetensorError as exc:
        raise refused(path, f"the file is damaged ({exc})") from exc
    check_finite(tensors, path)
    return head, tensors
