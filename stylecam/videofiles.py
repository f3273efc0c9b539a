"""The video files that are written: which suffixes, and how a file is called until it is whole. Loads nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CONTAINERS", "part_path"]

CONTAINERS: Final = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Suffix, in lower case, to FFmpeg's name of the container."""


def part_path(path: Path) -> Path:
    """The hidden name beside it under which a video is written until it is whole."""
    return path.with_name(f".{path.stem}.part{path.suffix}")
