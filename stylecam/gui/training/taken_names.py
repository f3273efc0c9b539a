"""Which names styles have already, and whose they are. Reads the whole library: call it beside the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stylecam.bundled import bundled_path
from stylecam.runs import list_runs
from stylecam.styles import StyleLibrary

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["Taken", "free_name", "taken_names"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a name stands for."""

    kind: Literal["bundled", "own", "other", "damaged", "training"]
    """ "other": from a folder of STYLECAM_STYLES; "damaged": a file that is no usable style."""
    title: str = ""
    author: str = ""


def taken_names(runs: Path | None = None) -> dict[str, Taken]:
    """Every name that is in use, also by a training that goes on under `runs` (by default the usual folder)."""
    taken = {run.name: Taken("training", run.title) for run in list_runs(runs) if run.state in ("running", "paused")}
    library = StyleLibrary()
    for path, _ in library.problems:
        taken[path.stem] = Taken("damaged")
    for name, style in library.items():
        folder = style.path.parent
        kind: Literal["bundled", "own", "other"] = "other"
        if folder == bundled_path("styles"):
            kind = "bundled"
        elif folder == library.user_folder:
            kind = "own"
        taken[name] = Taken(kind, style.title, style.author)
    return taken


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name, or one with a number where it is taken; at most 64 characters."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted[: 63 - len(str(number))]}_{number}", number + 1
    return name
