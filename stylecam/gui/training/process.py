"""TrainingRun: a training as the window sees it - a process of its own, followed through the folder of its run.

Invariant: neither needs the other's life. The trainer writes and reads files only, so that it goes on when the window
closes, and whatever window comes later follows it from its first event on. Nothing here waits: the files are looked at
by a timer, the long first part of a run's events is read in a thread, and no process is ever waited for.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from stylecam.bundled import child_environment
from stylecam.errors import SinkError
from stylecam.gui.training.command import COMMAND
from stylecam.politeness import make_polite
from stylecam.runcontrol import last_events
from stylecam.runs import EMPHASIS_RANGE, Control, EventReader, is_running, read_control, write_control

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["TrainingRun"]

_POLL_MS: Final = 200
_HURRY_MS: Final = 5
_PORTION: Final = 200
"""Events told in one turn: a day's training has tens of thousands, and the window stays usable meanwhile."""
_LOG_READ: Final = 16_384
_ENDS: Final = ("finished", "failed", "stopped", "cancelled")


class _Trainer(subprocess.Popen[bytes]):
    """A process that is meant to outlive whoever started it."""

    def __del__(self, *_: object) -> None:
        """Nothing: `Popen`'s own warns of a process that still runs."""


_started: dict[Path, _Trainer] = {}
"""Trainers that this process has started, until they have ended: a child that nobody asks after stays a zombie."""


def _reap() -> None:
    for folder in [folder for folder, trainer in _started.items() if trainer.poll() is not None]:
        del _started[folder]


class TrainingRun(QObject):
    """Follows one run, after `start` or `attach`. For the window's thread; every method returns at once.

    Signals:
        event_read(dict): an event of the run, in order and each once; from an earlier life of the run, too. `asked`,
            with the time of `start`, is this window's own: a trainer takes a while to say its first word.
        ended(bool, str): no process trains any more. Whether the style is there; its path, or why not. Sent once.
    """

    event_read = Signal(object)
    ended = Signal(bool, str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._reader = EventReader(folder / "events.jsonl")
        self._first: threading.Thread | None = None
        self._backlog: deque[dict[str, Any]] = deque()
        self._trainer: _Trainer | None = None
        self._control = Control()
        self._outcome: dict[str, Any] | None = None
        """The event that ended it, unless others followed."""
        self._last_of_before: tuple[object, object] | None = None
        """The last event of an earlier life, until it is read; those up to it say nothing of this one's end."""
        self._asked: dict[str, Any] = {}
        self._log_from = 0
        self._not_started = ""
        self._stopping = False
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def running(self) -> bool:
        """Whether it is followed and has not ended; paused or not."""
        return self._timer.isActive()

    @property
    def outcome(self) -> str:
        """Once it has ended: "finished", "failed", "stopped" or "cancelled"; empty if it ended without a word."""
        if self._outcome is not None:
            return str(self._outcome["event"])
        return "stopped" if self._stopping and not self.running else ""

    @property
    def control(self) -> Control:
        """What the run was last told from here, or what stood in its folder when this began to follow it."""
        return self._control

    def start(self, arguments: Sequence[str], *, program: Sequence[str] | None = None) -> None:
        """Start the trainer (`new …` or `resume …`) as a process that outlives the window, and follow it.

        A start that fails is told by `ended`. A wish that an earlier life of the run was told (to pause, say) is taken
        back; its emphasis stays. `program` stands in for the trainer.
        """
        before = last_events(self._folder / "events.jsonl")
        self._last_of_before = _key(before[-1]) if before else None
        self._asked = {"event": "asked", "time": time.time()}
        if not before:
            self._backlog.append(self._asked)
        self._control = read_control(self._folder)
        if self._control.state != "run":
            self._tell(state="run")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "trainer.log").open("ab") as log:
                self._log_from = log.tell()
                self._trainer = _spawn([*(program or (sys.executable, *COMMAND)), *arguments], log.fileno())
        except OSError as exc:
            self._not_started = self.tr("The training could not be started: {why}.").format(why=exc.strerror or exc)
        else:
            _started[self._folder] = self._trainer
        self._follow()

    def attach(self) -> None:
        """Follow a trainer that somebody has started, from its first event on."""
        self._trainer = _started.get(self._folder)  # it may not have taken the lock yet
        self._control = read_control(self._folder)
        self._follow()

    def detach(self) -> None:
        """Follow it no longer; the trainer lives on, and `ended` is not sent."""
        self._timer.stop()

    def pause(self) -> None:
        """Write a checkpoint and wait; event `paused` follows."""
        self._tell(state="pause")

    def go_on(self) -> None:
        """After a pause; event `resumed` follows."""
        self._tell(state="run")

    def keep(self) -> None:
        """End now, and make the style from what is there; `ended` follows."""
        self._tell(state="keep")

    def cancel(self) -> None:
        """End without a style; `ended` follows, after which the folder may be deleted."""
        self._tell(state="cancel")

    def set_emphasis(self, style: float, content: float, steady: float) -> None:
        """More or less of each, 0.25–4, from the next step on; values beyond are cut off."""
        low, high = EMPHASIS_RANGE
        style, content, steady = (min(max(value, low), high) for value in (style, content, steady))
        self._tell(style=style, content=content, steady=steady)

    def stop(self) -> None:
        """Write a checkpoint and end; `ended` follows, and `resume` goes on from there.

        A trainer of unknown process, which only the pause can reach, is paused instead.
        """
        process = self._process()
        self._stopping = process is not None
        if process is None or sys.platform == "win32":  # where a signal would end it before it has saved
            self.pause()
            return
        with contextlib.suppress(OSError):  # it has ended already
            os.kill(process, signal.SIGTERM)

    def _process(self) -> int | None:
        """Its id: of our own child, or as whoever holds the lock says."""
        if self._trainer is not None:
            return self._trainer.pid if self._trainer.poll() is None else None
        with contextlib.suppress(OSError, ValueError):
            process = int((self._folder / "lock").read_bytes()[:32])
            if process > 1 and is_running(self._folder):
                return process
        return None

    def _tell(self, **wanted: Any) -> None:
        """Change what is wanted; where that cannot be written, a `notice` among the events says so."""
        control = replace(self._control, **wanted)
        try:
            write_control(self._folder, control)
        except SinkError as exc:
            text = self.tr("The training could not be told: {why}.").format(why=exc)
            self._backlog.append({"event": "notice", "text": text})
        else:
            self._control = control

    def _follow(self) -> None:
        backlog, reader = self._backlog, self._reader
        self._first = threading.Thread(target=lambda: backlog.extend(reader.read()), name="stylecam-run", daemon=True)
        self._first.start()
        self._timer.start(_HURRY_MS)

    def _on_tick(self) -> None:
        _reap()
        if self._first is not None and self._first.is_alive():
            return
        alive = self._is_alive()  # before reading, so that its last words are read
        self._backlog.extend(self._reader.read())
        for _ in range(min(_PORTION, len(self._backlog))):
            self._hear(self._backlog.popleft())
            if not self._timer.isActive():  # whoever heard that has let go of it
                return
        self._timer.setInterval(_HURRY_MS if self._backlog else _POLL_MS)
        if not alive and not self._backlog:
            self._timer.stop()
            self.ended.emit(*self._end())

    def _is_alive(self) -> bool:
        if self._not_started:
            return False
        return self._trainer.poll() is None if self._trainer is not None else is_running(self._folder)

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if self._last_of_before is not None:
            if _key(event) == self._last_of_before:
                self._last_of_before = None
                self._backlog.appendleft(self._asked)
        elif kind in _ENDS:
            self._outcome = event
        elif kind in ("phase", "started", "step"):  # it was taken up again
            self._outcome = None
        if kind == "paused" and self._stopping and self._trainer is not None:
            self._trainer.terminate()
        self.event_read.emit(event)

    def _end(self) -> tuple[bool, str]:
        outcome = self._outcome or {}
        kind, text = outcome.get("event"), str(outcome.get("text") or "")
        if kind == "finished" and outcome.get("path"):
            return True, str(outcome["path"])
        if kind == "cancelled":
            return False, self.tr("The training was cancelled.")
        if kind == "stopped" or (self._stopping and kind is None):
            return False, text or self.tr("The training was stopped; it can go on from there.")
        return False, text or self._not_started or self._last_words() or self._exit_text()

    def _last_words(self) -> str:
        """The last line of its log that is no event; of a traceback it is the one that says what happened."""
        try:
            with (self._folder / "trainer.log").open("rb") as log:
                log.seek(max(self._log_from, log.seek(0, os.SEEK_END) - _LOG_READ))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        said = [line.strip() for line in lines if line.strip() and not _is_event(line)]
        return said[-1].removeprefix("error: ") if said else ""

    def _exit_text(self) -> str:
        code = self._trainer.returncode if self._trainer is not None else None
        if code is None:
            return self.tr("The training has ended without a word; it can go on from its last checkpoint.")
        if code < 0:
            return self.tr(
                "The training was ended by signal {number} (too little memory?); it can go on from its last checkpoint."
            ).format(number=-code)
        return self.tr("The training ended with code {code}.").format(code=code)


def _spawn(command: list[str], log: int) -> _Trainer:
    """A session of its own: neither Ctrl-C in the window's terminal nor that terminal's end reaches it."""
    flags = 0
    if sys.platform == "win32":
        flags = (
            subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    trainer = _Trainer(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=child_environment(),
        start_new_session=True,
        creationflags=flags,
    )
    make_polite(trainer.pid)
    return trainer


def _key(event: dict[str, Any]) -> tuple[object, object]:
    """What tells an event from the others of its run."""
    return event["event"], event.get("time")


def _is_event(line: str) -> bool:
    """Whether a line of the log is an event, which the trainer prints as well as writes; also one cut off in front."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
