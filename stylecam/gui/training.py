"""TrainingRun: `stylecam train` as a process of its own, read line by line. The two never share a GIL."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Qt, Signal

from stylecam.bundled import child_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["TrainingRun", "training_command"]

_NICENESS: Final = 10
"""A training is less urgent than the picture, which shares the processor with it."""
_ERRORS_KEPT: Final = 16_384


def training_command(painting: Path, content: Path, name: str, runs: Path) -> list[str]:
    """The arguments that train the fast network of a style of this name, its run under `runs`."""
    run = ["--run", str(runs / name), "--checkpoint-every", "200", "--json"]
    return ["-P", "-m", "stylecam", "train", str(painting), "--content", str(content), "--name", name, *run]


class TrainingRun(QObject):
    """One run.

    Signals:
        progressed(str): how far it is, in a line.
        ended(bool, str): whether the style is there; its path, or why not.
    """

    progressed = Signal(str)
    ended = Signal(bool, str)

    def __init__(self, arguments: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._said = ""
        self._errors = b""
        self._path = ""
        self._stopping = False
        self._process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in child_environment().items():
            environment.insert(name, value)
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_error_output)
        self._process.started.connect(self._on_started)
        self._process.finished.connect(self._on_finished)
        # Queued: where a start fails at once, nobody listens to `ended` yet.
        self._process.errorOccurred.connect(self._on_process_error, Qt.ConnectionType.QueuedConnection)
        self._process.start(sys.executable, list(arguments))

    @property
    def running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    def stop(self) -> None:
        """Ask it to write a checkpoint and end; `ended` follows. The same picture and name go on from there later."""
        self._stopping = True
        self._process.terminate()

    def shutdown(self, timeout_ms: int = 1500) -> None:
        """End it now, for the window closes: gently first; the last checkpoint stays in any case."""
        if not self.running:
            return
        self._process.finished.disconnect(self._on_finished)
        self._process.errorOccurred.disconnect(self._on_process_error)
        self._process.terminate()
        if not self._process.waitForFinished(timeout_ms):
            self._process.kill()
            self._process.waitForFinished(500)

    def _on_started(self) -> None:
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, self._process.processId(), _NICENESS)

    def _on_output(self) -> None:
        while self._process.canReadLine():
            self._on_line(bytes(self._process.readLine().data()))

    def _on_line(self, line: bytes) -> None:
        """A line that is no event, or lacks what an event of its kind has, says nothing."""
        with contextlib.suppress(ValueError, KeyError, TypeError, OverflowError, RecursionError):
            event = json.loads(line.decode("utf-8", "replace"))
            if isinstance(event, dict):
                self._on_event(event)

    def _on_event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "step":
            minutes = round(float(event["seconds_left"]) / 60)
            left = self.tr("about {n} min left").format(n=minutes) if minutes else self.tr("less than a minute left")
            self.progressed.emit(
                self.tr("step {step} of {steps}, {left}").format(step=event["step"], steps=event["steps"], left=left)
            )
        elif event.get("event") == "finished":
            self._path = str(event["path"])
        elif event.get("event") == "failed":
            self._said = str(event["text"])

    def _on_error_output(self) -> None:
        """Keep the last line: it may come in pieces, and of a traceback it is the one that says what happened."""
        self._errors = (self._errors + bytes(self._process.readAllStandardError().data()))[-_ERRORS_KEPT:]

    def _on_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_line(bytes(self._process.readAll().data()))  # a last line without an end
        self._on_error_output()
        if code == 0 and self._path:
            self.ended.emit(True, self._path)
        elif self._stopping:
            self.ended.emit(False, self.tr("The training was stopped; started again, it goes on from there."))
        else:
            lines = self._errors.decode("utf-8", "replace").strip().splitlines()
            said = self._said or (lines[-1].removeprefix("error: ") if lines else "")
            self.ended.emit(False, said or self.tr("The training ended with code {code}.").format(code=code))

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(False, self._process.errorString())
