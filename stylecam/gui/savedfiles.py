"""Where what the window saves goes: a folder that is made, a name that nothing has yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stylecam.errors import SinkError
from stylecam.videofiles import part_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make_folder", "unused_path"]


def make_folder(folder: Path) -> Path:
    """The folder, made if it was not there.

    Raises:
        SinkError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SinkError(
            f"The folder {folder} cannot be made ({exc.strerror}). Choose another one in the settings."
        ) from exc
    return folder


def unused_path(path: Path) -> Path:
    """The path, or one with a number where it is taken or an unfinished file of that name lies there."""
    candidate, number = path, 2
    while candidate.exists() or part_path(candidate).exists():
        candidate = path.with_stem(f"{path.stem} {number}")
        number += 1
    return candidate
