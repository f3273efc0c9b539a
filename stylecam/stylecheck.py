"""What a file must pass before it is believed to be a style. No tensor is touched until its header has passed.

safetensors itself checks that the offsets leave no hole, overlap or tail. It lets duplicate keys, NaN and 200,000
tensors (seven seconds of parsing) pass, which is why the header is read here first.
"""

from __future__ import annotations

import json
import os.path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stylecam.architecture import ARCHITECTURES, VARIANTS, parameter_shapes
from stylecam.errors import StyleFormatError
from stylecam.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "FORMAT",
    "MAX_FILE_BYTES",
    "MAX_HEADER_BYTES",
    "TEXT_LIMITS",
    "THUMBNAIL_SIDE",
    "check_finite",
    "check_header",
    "is_pickled",
    "is_style",
    "parse_object",
    "read_bytes",
    "read_header",
    "refused",
    "some",
    "thumbnail_fits",
]

FORMAT: Final = "stylecam.style/1"
THUMBNAIL_SIDE: Final = 256
"""The longest side a thumbnail may have, in pixels."""
MAX_FILE_BYTES: Final = 64_000_000
MAX_HEADER_BYTES: Final = 256 * 1024
# Characters; the header's own limit is the only other one. A key that is not here is refused.
TEXT_LIMITS: Final[Mapping[str, int]] = {
    "format": 32,
    "title": 120,
    "author": 200,
    "licence": 200,
    "origin": 500,
    "origin_sha256": 64,
    "base": 120,
    "record": 100_000,
}


def refused(path: Path, reason: str) -> StyleFormatError:
    """The error to raise: one line that names the file and the reason."""
    return StyleFormatError(f"{printable(path.name)} cannot be used as a style: {reason}")


def read_bytes(path: Path) -> bytes:
    """A file of at most 64 MB, whole."""
    # In one piece and not mapped: a file that shrinks under a memory map ends the process with SIGBUS.
    try:
        if not os.path.isfile(path):  # a pipe would block for ever
            raise refused(path, "it is not a file" if os.path.exists(path) else "there is no such file")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise refused(path, f"it cannot be read ({exc.strerror or exc})") from exc
    if len(data) > MAX_FILE_BYTES:
        raise refused(path, f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB")
    return data


def is_pickled(data: bytes) -> bool:
    """Whether this looks like what torch.save writes: a zip file, or in old days a bare pickle."""
    # A safetensors header of 640 bytes would begin like a pickle, but for its brace.
    return data[:4] == b"PK\x03\x04" or (data[:1] == b"\x80" and data[1:2] in b"\2\3\4\5" and data[8:9] != b"{")


def read_header(data: bytes, path: Path) -> dict[str, Any]:
    if is_pickled(data):
        raise refused(path, "it is a PyTorch checkpoint; convert it with 'stylecam styles import'")
    length = int.from_bytes(data[:8], "little")
    if len(data) < 10 or length > len(data) - 8:
        raise refused(path, "it is not a safetensors file, or was cut off")
    if length > MAX_HEADER_BYTES:
        raise refused(path, f"its header has {length:,} bytes; {MAX_HEADER_BYTES:,} are allowed")
    try:
        text = data[8 : 8 + length].decode()
    except UnicodeDecodeError as exc:
        raise refused(path, "it is not a safetensors file") from exc
    return parse_object(text, path, "header")


def parse_object(text: str, path: Path, what: str) -> dict[str, Any]:
    """A JSON object in which no key stands twice and no number is NaN or infinite."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a key stands there twice")
        return result

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a number")

    try:
        parsed = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError) as exc:
        raise refused(path, f"its {what} is damaged ({exc})") from exc
    if not isinstance(parsed, dict):
        raise refused(path, f"its {what} is damaged (not a JSON object)")
    return parsed


def is_style(header: Mapping[str, Any]) -> bool:
    """Whether this is the header of a style, of whatever version: many other safetensors files have a `format`, too."""
    metadata = header.get("__metadata__")
    return isinstance(metadata, dict) and str(metadata.get("format")).startswith("stylecam.style/")


def check_header(header: dict[str, Any], path: Path) -> dict[str, str]:
    """The metadata, after the whole header has been found to be a style's."""
    metadata = _check_metadata(header.pop("__metadata__", None), path)
    thumbnail = header.pop("thumbnail", None)
    if thumbnail is not None and not (_has_dtype(thumbnail, "U8") and thumbnail_fits(thumbnail.get("shape"))):
        raise refused(path, f"its thumbnail is not uint8 and at most {THUMBNAIL_SIDE}×{THUMBNAIL_SIDE}×3")
    expected = {
        f"{variant}.{key}": list(shape)
        for variant in VARIANTS
        if any(key.startswith(f"{variant}.") for key in header)
        for key, shape in parameter_shapes(ARCHITECTURES[variant]).items()
    }
    if strange := header.keys() - expected.keys():
        raise refused(path, f"it holds what no style holds: {some(strange)}")
    if not expected:
        raise refused(path, "it holds no network")
    if missing := expected.keys() - header.keys():
        raise refused(path, f"parts of its network are missing: {some(missing)}")
    for key, shape in expected.items():
        if not _has_dtype(header[key], "F16"):
            raise refused(path, f"{key} is not stored as float16")
        if header[key].get("shape") != shape:
            raise refused(path, f"{key} does not have the shape {shape}")
    return metadata


def _check_metadata(metadata: object, path: Path) -> dict[str, str]:
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        found = metadata.get("format") if isinstance(metadata, dict) else None
        if isinstance(found, str) and found.startswith("stylecam.style/"):
            raise refused(path, f"its format is {printable(found)}, not {FORMAT}; a newer stylecam may read it")
        raise refused(path, f"it is a safetensors file, but not one of {FORMAT}")
    if strange := metadata.keys() - TEXT_LIMITS.keys():
        raise refused(path, f"its metadata holds what no style's does: {some(strange)}")
    for key, text in metadata.items():
        if not isinstance(text, str):
            raise refused(path, f"its {key} is not text")
        if len(text) > TEXT_LIMITS[key]:
            raise refused(path, f"its {key} has {len(text):,} characters; {TEXT_LIMITS[key]:,} are allowed")
    return metadata


def _has_dtype(entry: object, dtype: str) -> bool:
    return isinstance(entry, dict) and entry.get("dtype") == dtype


def thumbnail_fits(shape: object) -> bool:
    if not isinstance(shape, list) or len(shape) != 3 or any(type(side) is not int for side in shape):
        return False
    height, width, channels = shape
    return bool(1 <= height <= THUMBNAIL_SIDE and 1 <= width <= THUMBNAIL_SIDE and channels == 3)


def check_finite(tensors: Mapping[str, NDArray[Any]], path: Path) -> None:
    for key, value in tensors.items():
        if value.dtype == np.float16 and not np.isfinite(value).all():
            raise refused(path, f"{key} holds values that are not finite in half precision")


def some(keys: Iterable[str]) -> str:
    """A few of the keys, for a message of one line."""
    ordered = sorted(keys)
    rest = f" and {len(ordered) - 3:,} more" if len(ordered) > 3 else ""
    return ", ".join(printable(key) for key in ordered[:3]) + rest
