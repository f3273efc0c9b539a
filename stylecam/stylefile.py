"""The style file: one safetensors file, read as if a stranger had sent it.

A style is data and never code. Nothing of a file is believed before it is checked: size of file and header first,
then the exact set of keys, dtypes and shapes, and of the weights that each one is finite. The checks
stand in `stylecheck.py`. Reading needs numpy only, so that a gallery opens without torch.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import safetensors
import safetensors.numpy

from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant, parameter_shapes
from stylecam.errors import StyleFormatError
from stylecam.printable import printable
from stylecam.stylecheck import (
    FORMAT,
    TEXT_LIMITS,
    check_finite,
    check_header,
    parse_object,
    read_bytes,
    read_header,
    refused,
    thumbnail_fits,
)
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stylecam.frame import Image

__all__ = ["SUFFIX", "Style", "check_name", "read_style", "write_style"]

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
    thumbnail: Image | None = field(repr=False)
    variants: tuple[Variant, ...]
    path: Path

    def weights(self, variant: Variant) -> dict[str, NDArray[np.float16]]:
        """Every parameter of `variant` by its name in the network, float16 as stored, all finite.

        Raises:
            StyleFormatError: the style has no such variant, or its file has been damaged or removed since.
        """
        if variant not in self.variants:
            raise StyleFormatError(
                f"style {self.name} holds no {variant!r} network, only {' and '.join(self.variants)}; "
                f"use --quality {self.variants[0]}"
            )
        _, tensors = _load(self.path)
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
    if path.suffix != SUFFIX:
        raise StyleFormatError(f"{printable(path.name)} is not a style file: those end in {SUFFIX}")
    name = check_name(path.stem if name is None else name)
    metadata, tensors = _load(path)
    text = {key: _clean(metadata.get(key, "")) for key in TEXT_LIMITS if key != "record"}
    return Style(
        name=name,
        title=text["title"] or name,
        author=text["author"],
        licence=text["licence"],
        origin=text["origin"],
        origin_sha256=text["origin_sha256"],
        base=text["base"],
        record=parse_object(metadata.get("record", "{}"), path, "training record"),
        thumbnail=tensors.get("thumbnail"),
        variants=tuple(v for v in VARIANTS if any(key.startswith(f"{v}.") for key in tensors)),
        path=path,
    )


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


def _load(path: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Metadata and tensors of a file that has passed every check."""
    data = read_bytes(path)
    metadata = check_header(read_header(data, path), path)
    try:
        tensors = safetensors.numpy.load(data)
    except safetensors.SafetensorError as exc:
        raise refused(path, f"the file is damaged ({exc})") from exc
    check_finite(tensors, path)
    return metadata, tensors
