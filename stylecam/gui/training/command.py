"""TrainerCommand: the trainer's short commands - estimate, export - as a child process that speaks JSON.

A training itself outlives the window and is followed by `TrainingRun`; what is run here ends with who asked for it.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Qt, Signal

from stylecam.bundled import child_environment
from stylecam.politeness import make_polite

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMAND", "TrainerCommand"]

COMMAND: Final = ("-P", "-m", "trainer")
"""What Python is started with; -P, so that no file of the folder one stands in is taken for the trainer."""
_ERRORS_KEPT: Final = 16_384


class TrainerCommand(QObject):
    """Runs one command at a time.

    Signals:
        said(dict): a JSON object that it printed.
        ended(bool, str): whether it ended well; if not, why. Not after `stop`.
    """

    said = Signal(object)
    ended = Signal(bool, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reason = ""
        self._errors = b""
        self._stopped = False
        self._process = process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in child_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.started.connect(self._on_started)
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_errors)
        process.finished.connect(self._on_finished)
        # Queued: where a start fails at once, nobody listens to `ended` yet.
        process.errorOccurred.connect(self._on_process_error, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(lambda: _kill(process))

    @property
    def running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self, arguments: Sequence[str]) -> None:
        """Start `python -m trainer` with these arguments; what ran before is stopped."""
        self.stop()
        self._reason, self._errors, self._stopped = "", b"", False
        self._process.start(sys.executable, [*COMMAND, *arguments])

    def stop(self) -> None:
        """End it now, without a word. It keeps no state: a file that it writes is whole or not there."""
        self._stopped = True
        _kill(self._process)

    def _on_started(self) -> None:
        make_polite(self._process.processId())

    def _on_output(self) -> None:
        while self._process.canReadLine():
            self._on_line(bytes(self._process.readLine().data()))

    def _on_line(self, line: bytes) -> None:
        value = None
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(line.decode("utf-8", "replace"))
        if not isinstance(value, dict) or self._stopped:
            return
        if value.get("event") == "failed":
            self._reason = str(value.get("text", ""))
        self.said.emit(value)

    def _on_errors(self) -> None:
        self._errors = (self._errors + bytes(self._process.readAllStandardError().data()))[-_ERRORS_KEPT:]

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._stopped:
            return
        self._on_output()
        self._on_line(bytes(self._process.readAllStandardOutput().data()))  # a last line without an end
        self._on_errors()
        if code == 0 and status == QProcess.ExitStatus.NormalExit:
            self.ended.emit(True, "")
            return
        # Of a traceback the last line is the one that says what happened.
        lines = self._errors.decode("utf-8", "replace").strip().splitlines()
        said = self._reason or (lines[-1].removeprefix("error: ") if lines else "")
        self.ended.emit(False, said or self.tr("The trainer ended with code {code}.").format(code=code))

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and not self._stopped:
            self.ended.emit(False, self._process.errorString())


def _kill(process: QProcess) -> None:
    """A process that is deleted while it runs would be told of on the terminal."""
    with contextlib.suppress(RuntimeError):  # deleted already
        if process.state() != QProcess.ProcessState.NotRunning:
            process.kill()
            process.waitForFinished(1000)
