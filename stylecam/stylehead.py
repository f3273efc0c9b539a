"""The first pages of a style file: all that a list of styles shows, read and checked without the weights.

Invariant: what is given out has passed every check that the header allows, the size of the file among them, so that a
file that was cut off is found here. Of the weights nothing is known but that they are all there. Loads no numpy, which
takes longer to load than a whole folder of styles to list.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from stylecam.architecture import VARIANTS, Variant
from stylecam.stylecheck import (
    MAX_FILE_BYTES,
    MAX_HEADER_BYTES,
    check_header,
    check_layout,
    read_header,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Head", "Pixels", "open_style", "read_bytes", "read_head"]

_BEGINNING: Final = 32 * 1024
"""Bytes that are read at first; the header of a style with two networks has 13 KB."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture as its bytes."""

    data: bytearray
    """Row by row, red, green and blue."""
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Head:
    """What the header says, and the thumbnail it points to."""

    metadata: dict[str, str]
    variants: tuple[Variant, ...]
    thumbnail: Pixels | None


@contextlib.contextmanager
def open_style(path: Path) -> Iterator[BinaryIO]:
    """The file, open for reading.

    Raises:
        StyleFormatError: it is none, or cannot be opened; or, inside, cannot be read.
    """
    try:
        if not os.path.isfile(path):  # a pipe would block for ever
            raise refused(path, "it is not a file" if os.path.exists(path) else "there is no such file")
        with path.open("rb") as file:
            yield file
    except OSError as exc:
        raise refused(path, f"it cannot be read ({exc.strerror or exc})") from exc


def read_bytes(path: Path) -> bytes:
    """A file of at most 64 MB, whole.

    Raises:
        StyleFormatError: it cannot be read, or is larger.
    """
    # In one piece and not mapped: a file that shrinks under a memory map ends the process with SIGBUS.
    with open_style(path) as file:
        data = file.read(MAX_FILE_BYTES + 1)
    _check_size(len(data), path)
    return data


def read_head(file: BinaryIO, path: Path) -> Head:
    """Header and thumbnail of an open file that stands at its beginning; `path` is for what is said of it.

    Raises:
        StyleFormatError: it is no style, or is cut off; says what is wrong with it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    _check_size(size, path)
    data = file.read(_BEGINNING)
    end = 8 + int.from_bytes(data[:8], "little")
    if len(data) < end <= 8 + MAX_HEADER_BYTES:
        data += file.read(end - len(data))
    header = read_header(data, path, size=size)
    metadata = check_header(header, path)
    places = check_layout(header, path, body=size - end)
    variants = tuple(v for v in VARIANTS if any(key.startswith(f"{v}.") for key in places))
    thumbnail = None
    if "thumbnail" in places:
        begin, stop = places["thumbnail"]
        file.seek(end + begin)
        height, width, _ = header["thumbnail"]["shape"]
        thumbnail = Pixels(bytearray(file.read(stop - begin)), height, width)
        if len(thumbnail.data) != stop - begin:  # it shrank meanwhile
            raise refused(path, "the file is damaged: its thumbnail is cut off")
    return Head(metadata, variants, thumbnail)


def _check_size(size: int, path: Path) -> None:
    if size > MAX_FILE_BYTES:
        raise refused(path, f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB")
