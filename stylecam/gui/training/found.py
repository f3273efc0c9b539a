"""What the start of the window finds among the trainings: one that goes on, and one that was stopped and can."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stylecam.runcontrol import last_events
from stylecam.runs import list_runs, runs_folder

if TYPE_CHECKING:
    from stylecam.runs import RunInfo

__all__ = ["Found", "find", "note_offered"]

_FRESH_S: Final = 7 * 24 * 3600.0
"""A training that was stopped longer ago is not spoken of any more; it is in the list."""
_OFFERED: Final = ".offered"
"""An empty file beside the runs: what was stopped before it was written has been offered already."""


@dataclass(frozen=True, slots=True)
class Found:
    """None where there is no such run."""

    living: RunInfo | None
    stopped: RunInfo | None
    """Resumable, fresh, never offered, and not stopped for a style that was made of it."""


def find() -> Found:
    """Read the folders: not for the window's thread."""
    runs = list_runs()
    since = time.time() - _FRESH_S
    with contextlib.suppress(OSError):
        since = max(since, (runs_folder() / _OFFERED).stat().st_mtime)
    living = next((run for run in runs if run.state in ("running", "paused")), None)
    stopped = next((run for run in runs if run.state == "stopped" and _is_news(run, since)), None)
    return Found(living, stopped)


def note_offered() -> None:
    """Remember that what was stopped until now was offered; where that cannot be written, it is offered again."""
    with contextlib.suppress(OSError):
        (runs_folder() / _OFFERED).touch()


def _is_news(run: RunInfo, since: float) -> bool:
    """Not where a person took the style of a preview, and stopped it for that."""
    if run.step <= 0 or _changed(run) <= since:
        return False
    last = last_events(run.folder / "events.jsonl")
    return not last or last[-1]["event"] != "exported"


def _changed(run: RunInfo) -> float:
    """When it was last heard of."""
    try:
        return (run.folder / "events.jsonl").stat().st_mtime
    except OSError:
        return run.created
