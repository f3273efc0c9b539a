"""Training runs as folders: what each was asked for, how far it is, and how to tell it what to do. Needs no torch.

Invariant: a run's state is written nowhere, it follows from the folder: who holds `lock` trains, and the last events
say the rest. So a trainer that was killed, or a window that was closed, leaves nothing behind that is wrong.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import platformdirs

from stylecam.errors import TrainError
from stylecam.printable import printable
from stylecam.runcontrol import (
    EMPHASIS_RANGE,
    Control,
    EventReader,
    RunLock,
    Wish,
    finite,
    hold,
    is_running,
    last_events,
    read_control,
    read_object,
    write_control,
)

__all__ = [
    "EMPHASIS_RANGE",
    "Control",
    "EventReader",
    "RunInfo",
    "RunLock",
    "RunState",
    "Wish",
    "delete_run",
    "drop_unbegun",
    "has_begun",
    "hold",
    "is_running",
    "list_runs",
    "new_run_folder",
    "read_control",
    "read_run",
    "runs_folder",
    "trial_styles",
    "write_control",
]

RunState = Literal["running", "paused", "stopped", "finished", "failed", "cancelled"]
"""`stopped`: no process trains it and it is not done, so it can be resumed."""
_TRIAL = re.compile(r"([a-z]+)-(\d+)\.safetensors")
# What a run consists of, `run.json` aside. A folder may hold what is not ours, and that is never deleted.
_FILES: Final = ("painting.*", "still.jpg", "control.json", "lock", "trainer.log", "events.jsonl", ".*.part")
_FOLDERS: Final = ("bases", "content", ".content.part", "fast", "full", "previews", "trials", "tensorboard")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as it stands."""

    folder: Path
    name: str
    """Of the style that it makes."""
    title: str
    preset: str
    state: RunState
    variant: str
    """The network that is being trained, or was last; `step` of `steps` is its own."""
    step: int
    steps: int
    created: float
    """Seconds since the epoch."""
    seconds_left: float | None
    """For all networks, as last foretold; None where nothing was, nothing is left to do, or it is finishing."""
    style: Path | None
    """The style file, once finished."""
    text: str
    """Why it failed or stopped; empty otherwise."""
    finishing: bool = False
    """Whether its trainer measures a network now, and makes the style of it."""
    measuring: tuple[int, int] | None = None
    """While it is finishing: which photograph it measures on, from 1, and of how many."""


def runs_folder() -> Path:
    """Where runs go: STYLECAM_RUNS, or beside the user's own styles; it need not exist."""
    own = os.environ.get("STYLECAM_RUNS", "")
    return Path(own).expanduser() if own else platformdirs.user_data_path("stylecam", appauthor=False) / "runs"


def new_run_folder(name: str, parent: Path | None = None) -> Path:
    """A folder that does not exist yet, and is not made: ``NAME``, or ``NAME-2``, ``NAME-3``, … where it is taken.

    Raises:
        TrainError: the name cannot be a folder's.
    """
    if not name or name in (".", "..") or re.search(r"[/\\\0]", name):
        raise TrainError(f"{printable(name)} cannot be the name of a run: use a-z, 0-9, - and _")
    folder = parent if parent is not None else runs_folder()
    candidate, number = folder / name, 2
    while os.path.lexists(candidate):
        candidate = folder / f"{name}-{number}"
        number += 1
    return candidate


def read_run(folder: Path) -> RunInfo:
    """How a run stands; cheap however long it has been going, for only the end of its events is read.

    Raises:
        TrainError: there is no run in this folder, or its `run.json` cannot be read.
    """
    asked = read_object(folder / "run.json")
    if asked is None or not isinstance(asked.get("name"), str):
        raise TrainError(f"{printable(str(folder), limit=200)} holds no training run: its run.json cannot be read")
    networks = asked.get("networks")
    first = networks[0] if isinstance(networks, list) and networks and isinstance(networks[0], dict) else {}
    # In this order: a trainer that ends in between is still said to run, and never to have stopped without a word.
    running = is_running(folder)
    told = _Told(variant=_text(first.get("variant")), steps=_whole(first.get("steps")))
    for event in last_events(folder / "events.jsonl"):
        told.hear(event)
    ended = None if running else told.ended or "stopped"
    text = told.text if ended in ("failed", "stopped") else ""
    if ended == "stopped" and not text and told.begun:
        text = "the trainer was ended in the middle of it; it goes on from its last checkpoint"
    return RunInfo(
        folder=folder,
        name=asked["name"],
        title=_text(asked.get("title")) or asked["name"],
        preset=_text(asked.get("preset")),
        state=ended or ("paused" if told.paused else "running"),
        variant=told.variant,
        step=told.step,
        steps=told.steps,
        created=finite(asked.get("created"), 0.0),
        seconds_left=told.seconds_left if ended in (None, "stopped") and not told.finishing else None,
        style=Path(told.path) if ended == "finished" and told.path else None,
        text=text,
        finishing=told.finishing and ended is None,
        measuring=told.measuring if told.finishing and ended is None else None,
    )


def list_runs(parent: Path | None = None) -> list[RunInfo]:
    """The runs in a folder (by default `runs_folder`), the newest first; what is no readable run is passed over."""
    found = []
    with contextlib.suppress(OSError):  # there is none yet
        for folder in (parent if parent is not None else runs_folder()).iterdir():
            with contextlib.suppress(TrainError):
                found.append(read_run(folder))
    return sorted(found, key=lambda run: (-run.created, run.folder.name))


def delete_run(folder: Path) -> None:
    """Delete a run; the style that it made stays, and so does whatever else lies in its folder.

    Raises:
        TrainError: it is being trained, there is no run there, or it cannot be deleted.
    """
    if not (folder / "run.json").is_file():
        raise TrainError(f"{printable(str(folder), limit=200)} holds no training run, so nothing there is deleted")
    if is_running(folder):
        raise TrainError(f"{printable(folder.name)} is being trained and cannot be deleted; cancel it first")
    try:
        for name in _FOLDERS:
            if (folder / name).is_dir() and not (folder / name).is_symlink():
                shutil.rmtree(folder / name)
        for pattern in _FILES:
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)
        # Last, so that a run that was deleted by half can be deleted once more.
        (folder / "run.json").unlink()
    except OSError as exc:
        raise TrainError(f"the run {folder} cannot be deleted ({exc.strerror or exc})") from exc
    with contextlib.suppress(OSError):  # something else lies there
        folder.rmdir()


def has_begun(folder: Path) -> bool:
    """Whether a run has anything to go on from."""
    return any(folder.glob("*/checkpoint-*.safetensors"))


def drop_unbegun(folder: Path, *, without_steps: bool = False) -> None:
    """Delete a run that never began, so that it is in nobody's way; one that holds somebody's photographs stays.

    Args:
        folder: of the run; one in which something else lies, or that is being trained, is left as it is.
        without_steps: also one that has begun, and has ended before it made a step.
    """
    begun = {path.name for path in folder.glob("*/checkpoint-*.safetensors")}
    if without_steps:
        begun.discard("checkpoint-0000000.safetensors")
    if begun or (folder / "content").is_dir() or is_running(folder):
        return
    with contextlib.suppress(TrainError, OSError):
        if (folder / "run.json").is_file():
            delete_run(folder)
        else:  # refused before it was one
            for name in ("events.jsonl", "lock"):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


def trial_styles(folder: Path) -> list[Path]:
    """The style files of a run's previews, by network and then by step."""
    found = []
    with contextlib.suppress(OSError):  # none has been made yet
        for path in (folder / "trials").iterdir():
            if match := _TRIAL.fullmatch(path.name):
                found.append((match[1], int(match[2]), path))
    return [path for _, _, path in sorted(found)]


@dataclass(slots=True)
class _Told:
    """What a run's events, heard one after the other, come to."""

    variant: str
    steps: int
    step: int = 0
    seconds_left: float | None = None
    paused: bool = False
    begun: bool = False
    finishing: bool = False
    measuring: tuple[int, int] | None = None
    ended: RunState | None = None
    text: str = ""
    path: str = ""

    def hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind in ("finished", "failed", "cancelled", "stopped"):
            self.ended, self.text = kind, _text(event.get("text"))
            self.path = _text(event.get("path")) if kind == "finished" else ""
        elif kind in ("phase", "started", "step", "paused", "resumed"):
            # It was taken up again, or went on with its next network.
            self.ended, self.text, self.begun = None, "", True
            self.paused = kind == "paused"
            self.finishing = kind == "phase" and event.get("phase") == "finishing"
            self.measuring = None
        elif kind == "measuring":
            self.measuring = _whole(event.get("number")), _whole(event.get("count"))
        if kind in ("started", "step"):
            self.variant = _text(event.get("variant")) or self.variant
            self.steps = _whole(event.get("steps"), self.steps)
        if kind != "exported":  # of any preview, also long after
            self.step = _whole(event.get("to_step", event.get("step")), self.step)
        if kind == "step":
            left = finite(event.get("seconds_left"), -1.0)
            self.seconds_left = left if left >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object, otherwise: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
