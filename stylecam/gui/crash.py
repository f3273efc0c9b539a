"""What happens to an exception that nobody foresaw: it is logged, and one dialog tells of it, in whatever thread.

Invariant: an error about an error never comes back here, so no failure can become two. A second error while the dialog
is open is counted in it; the same one again opens none, so that a fault in every frame leaves the window usable.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from stylecam.gui.crash_dialog import CrashDialog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

__all__ = ["CrashReporter", "install"]

_log = logging.getLogger(__name__)

_FAULTS: Final = "stylecam-faults.log"
_MOST_FAULTS: Final = 100_000
_NOT_OURS: Final = (KeyboardInterrupt, SystemExit)


class _Crash(NamedTuple):
    """One error, as text: to hold the exception itself would hold every picture in its frames."""

    text: str
    place: str
    """Kind of the error and where it was raised; the same for each repetition."""


class CrashReporter(QObject):
    """Logs errors and shows them. Make it in the main thread; `handle` may be called from any.

    What comes before there is a QApplication, or from another thread, is shown when the main thread's event loop
    comes to it.
    """

    _handed_over = Signal(object)

    def __init__(
        self, log_path: Path, *, before_dialog: Callable[[], None] | None = None, parent: QObject | None = None
    ) -> None:
        """Prepare; `install` puts it to work.

        Args:
            log_path: the log file, for the report and the button that opens it.
            before_dialog: called in the main thread before a dialog appears: the moment to finish a recording.
            parent: the owner.
        """
        super().__init__(parent)
        self.log_path = log_path
        self._before_dialog = before_dialog
        self._dialog: CrashDialog | None = None
        self._met: set[str] = set()
        self._shown: set[str] = set()
        self._handling = threading.local()
        self._broken = False
        self._undo = contextlib.ExitStack()
        # Queued also within the main thread: the error may have come out of a paint event.
        self._handed_over.connect(self._on_handed_over, Qt.ConnectionType.QueuedConnection)

    @property
    def dialog(self) -> CrashDialog | None:
        """The one that is open."""
        if self._dialog is not None and not isValid(self._dialog):  # went away with the window below it
            self._dialog = None
        return self._dialog

    def handle(self, error: BaseException, *, where: str = "") -> bool:
        """Log the error and show it; whether it is the first of its kind and place. Never raises.

        Args:
            error: with its traceback.
            where: which thread or object it was in, in a few words.
        """
        if getattr(self._handling, "now", False):
            return False
        self._handling.now = True
        try:
            _log.critical("unforeseen error%s", f" in {where}" if where else "", exc_info=error)
            crash = _Crash("".join(traceback.format_exception(error)), _place(error))
            is_new = crash.place not in self._met
            self._met.add(crash.place)
            self._handed_over.emit(crash)
            return is_new
        except Exception:  # Qt has gone, the log is closed: only the terminal is left
            return True
        finally:
            self._handling.now = False

    def install(self) -> None:
        """Take every exception that nobody catches; crashes of native code go to a file beside the log.

        The previous hooks go on to have KeyboardInterrupt and SystemExit, and the first error of each kind and place,
        so that a terminal shows it. In the main thread.
        """
        self.uninstall()
        previous, previous_in_thread, previous_unraisable = sys.excepthook, threading.excepthook, sys.unraisablehook

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if issubclass(kind, _NOT_OURS) or self.handle(error.with_traceback(trace)):
                previous(kind, error, trace)

        def thread_hook(args: threading.ExceptHookArgs) -> None:
            error = args.exc_value
            name = args.thread.name if args.thread else "a thread that has gone"
            if error is None or isinstance(error, _NOT_OURS) or self.handle(error, where=name):
                previous_in_thread(args)

        def unraisable_hook(args: sys.UnraisableHookArgs) -> None:
            error = args.exc_value
            # By its type: the object itself may be on its way out, and to keep it would bring it back.
            where = f"the clean-up of {type(args.object).__name__}"
            if error is None or isinstance(error, _NOT_OURS) or self.handle(error, where=where):
                previous_unraisable(args)

        self._undo.callback(setattr, sys, "excepthook", previous)
        self._undo.callback(setattr, threading, "excepthook", previous_in_thread)
        self._undo.callback(setattr, sys, "unraisablehook", previous_unraisable)
        sys.excepthook, threading.excepthook, sys.unraisablehook = hook, thread_hook, unraisable_hook
        _watch_for_faults(self.log_path.with_name(_FAULTS), self._undo)

    def uninstall(self) -> None:
        """Put the previous hooks back; more than once does no harm."""
        self._undo.close()

    @Slot(object)
    def _on_handed_over(self, crash: _Crash) -> None:
        if self._broken or not isinstance(QApplication.instance(), QApplication):
            return
        try:
            if self.dialog is not None:
                self.dialog.count()
            elif crash.place not in self._shown:
                self._shown.add(crash.place)
                self._finish_work()
                self._dialog = CrashDialog(crash.text, self.log_path, QApplication.activeWindow())
                self._dialog.finished.connect(self._on_dialog_finished)
                self._dialog.show()
        except Exception:
            self._broken = True  # an error in the dialog must not ask for another one
            _log.critical("the error dialog failed", exc_info=True)

    @Slot()
    def _on_dialog_finished(self) -> None:
        dialog, self._dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _finish_work(self) -> None:
        try:
            if self._before_dialog:
                self._before_dialog()
        except Exception:
            _log.critical("what was to be finished before the error dialog failed", exc_info=True)


def install(*, log: Path, before_dialog: Callable[[], None] | None = None) -> Callable[[], None]:
    """Let a `CrashReporter` of these arguments have every exception that nobody catches. In the main thread.

    Returns:
        What puts the previous hooks back. Until then the reporter lives.
    """
    reporter = CrashReporter(log, before_dialog=before_dialog)
    reporter.install()
    return reporter.uninstall


def _watch_for_faults(path: Path, undo: contextlib.ExitStack) -> None:
    """Have the stacks of all threads written to `path` if native code crashes; what lies there moves into the log."""
    try:
        with path.open("a+", encoding="utf-8", errors="replace") as file:
            file.seek(0)
            last = file.read(_MOST_FAULTS)
            if last.strip():
                _log.error("the last run crashed:\n%s", last.rstrip())
                file.truncate(0)
        faults = path.open("a", encoding="utf-8")
    except OSError:  # no place for it: as before
        return
    was_on = faulthandler.is_enabled()
    faulthandler.enable(faults)

    def put_back() -> None:
        faulthandler.disable()
        faults.close()
        if was_on:
            with contextlib.suppress(Exception):  # where it wrote cannot be asked, and there may be no stderr
                faulthandler.enable()

    undo.callback(put_back)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__qualname__} {where}"
