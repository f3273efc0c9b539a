"""What a file must pass before it is believed to be a style. No tensor is touched until its header has passed.

The header is read here before safetensors sees the file, since that lets duplicate keys, NaN and 200,000 tensors (seven
seconds of parsing) pass. Nothing here but the check of the weights themselves loads numpy.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

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
    "check_layout",
    "is_pickled",
    "is_style",
    "parse_object",
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
_BYTES: Final = {"F16": 2, "U8": 1}
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


def is_pickled(data: bytes) -> bool:
    """Whether this looks like what torch.save writes: a zip file, or in old days a bare pickle."""
    # A safetensors header of 640 bytes would begin like a pickle, but for its brace.
    return data[:4] == b"PK\x03\x04" or (data[:1] == b"\x80" and data[1:2] in b"\2\3\4\5" and data[8:9] != b"{")


def read_header(data: bytes, path: Path, *, size: int | None = None) -> dict[str, Any]:
    """The header as it stands there, a JSON object.

    Args:
        data: the file, or its beginning up to the header's end.
        path: for what is said of it.
        size: that of the file, where `data` is not the whole of it.
    """
    if is_pickled(data):
        raise refused(path, "it is a PyTorch checkpoint; convert it with 'stylecam styles import'")
    length = int.from_bytes(data[:8], "little")
    if len(data) < 10 or length > (len(data) if size is None else size) - 8:
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


def check_header(header: Mapping[str, Any], path: Path) -> dict[str, str]:
    """The metadata, after the whole header has been found to be a style's."""
    metadata = _check_metadata(header.get("__metadata__"), path)
    thumbnail = header.get("thumbnail")
    if thumbnail is not None and not (_has_dtype(thumbnail, "U8") and thumbnail_fits(thumbnail.get("shape"))):
        raise refused(path, f"its thumbnail is not uint8 and at most {THUMBNAIL_SIDE}×{THUMBNAIL_SIDE}×3")
    expected = {
        f"{variant}.{key}": list(shape)
        for variant in VARIANTS
        if any(key.startswith(f"{variant}.") for key in header)
        for key, shape in parameter_shapes(ARCHITECTURES[variant]).items()
    }
    if strange := header.keys() - expected.keys() - {"__metadata__", "thumbnail"}:
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


def check_layout(header: Mapping[str, Any], path: Path, *, body: int) -> dict[str, tuple[int, int]]:
    """Where in the `body` bytes after the header each tensor begins and ends, by its name.

    Together they must fill the file without a hole, an overlap or a tail, as safetensors demands when it loads them:
    so one that was cut off is found by its size alone. For a header that has passed `check_header`.
    """
    places = {key: _place(key, entry, path) for key, entry in header.items() if key != "__metadata__"}
    reached = 0
    for key, (begin, end) in sorted(places.items(), key=lambda place: place[1]):
        if begin != reached:
            raise refused(path, f"the file is damaged: {key} begins at {begin:,}, not at {reached:,}")
        reached = end
    if reached != body:
        raise refused(path, f"the file is damaged: it has {body:,} bytes after its header, not {reached:,}")
    return places


def _place(key: str, entry: Mapping[str, Any], path: Path) -> tuple[int, int]:
    offsets = entry.get("data_offsets")
    if not isinstance(offsets, list) or len(offsets) != 2 or any(type(offset) is not int for offset in offsets):
        raise refused(path, f"the file is damaged: it does not say where {key} is")
    size = math.prod(entry["shape"]) * _BYTES[entry["dtype"]]
    if offsets[1] - offsets[0] != size:
        raise refused(path, f"the file is damaged: {key} has {offsets[1] - offsets[0]:,} bytes, not {size:,}")
    return offsets[0], offsets[1]


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
    """Refuse a file with a weight that is NaN or infinite."""
    import numpy as np

    for key, value in tensors.items():
        if value.dtype == np.float16 and not np.isfinite(value).all():
            raise refused(path, f"{key} holds values that are not finite in half precision")


def some(keys: Iterable[str]) -> str:
    """A few of the keys, for a message of one line."""
    ordered = sorted(keys)
    rest = f" and {len(ordered) - 3:,} more" if len(ordered) > 3 else ""
    return ", ".join(printable(key) for key in ordered[:3]) + rest
