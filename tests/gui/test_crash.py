from __future__ import annotations

import faulthandler
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton, QWidget

from stylecam.gui import crash
from stylecam.gui.crash import CrashReporter, install
from stylecam.gui.crash_dialog import CrashDialog
from stylecam.logs import setup_logging, stop_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

_ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


class Previous:
    """The hooks that were there before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.got: list[type[BaseException]] = []
        monkeypatch.setattr(sys, "excepthook", lambda kind, *_: self.got.append(kind))
        monkeypatch.setattr(threading, "excepthook", lambda args: self.got.append(args.exc_type))
        monkeypatch.setattr(sys, "unraisablehook", lambda args: self.got.append(args.exc_type))
        self.hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)


@pytest.fixture
def previous(monkeypatch: pytest.MonkeyPatch) -> Previous:
    return Previous(monkeypatch)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    yield setup_logging(tmp_path)
    stop_logging()


@pytest.fixture
def finished() -> list[str]:
    """What was done before a dialog."""
    return []


@pytest.fixture
def reporter(qtbot: QtBot, previous: Previous, log: Path, finished: list[str]) -> Iterator[CrashReporter]:
    reporter = CrashReporter(log, before_dialog=lambda: finished.append("recording"))
    reporter.install()
    yield reporter
    reporter.uninstall()
    if reporter.dialog is not None:
        reporter.dialog.close()
    QApplication.processEvents()


def fail(text: str = "a reason") -> None:
    raise RuntimeError(text)


def hand_over(error: Exception) -> None:
    """As Python does it with an exception that nobody caught."""
    try:
        raise error
    except Exception as exc:
        sys.excepthook(type(exc), exc, exc.__traceback__)


def in_thread(work: Callable[[], None], name: str = "stylecam-work") -> None:
    thread = threading.Thread(target=work, name=name)
    thread.start()
    thread.join()


def in_slot(work: Callable[[], None]) -> None:
    class Emitter(QObject):
        happened = Signal()

    emitter = Emitter()
    emitter.happened.connect(work)
    emitter.happened.emit()


def in_clean_up(work: Callable[[], None]) -> None:
    class Dying:
        def __del__(self) -> None:
            work()

    Dying()


def shown(dialog: QWidget) -> str:
    texts = [label.text() for label in dialog.findChildren(QLabel) if label.isVisibleTo(dialog)]
    return "\n".join([*texts, *(edit.toPlainText() for edit in dialog.findChildren(QPlainTextEdit))])


def press(dialog: QWidget, text: str) -> None:
    (button,) = [button for button in dialog.findChildren(QPushButton) if button.text().replace("&", "") == text]
    button.click()


@pytest.mark.parametrize("place", [in_slot, in_thread, in_clean_up])
def test_an_exception_anywhere_is_logged_and_shown(
    reporter: CrashReporter, qtbot: QtBot, log: Path, previous: Previous, place: Callable[[Any], None]
) -> None:
    place(fail)
    assert reporter.dialog is None, "shown from within the fault"
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    assert reporter.dialog.isVisible()
    assert not reporter.dialog.isModal()
    assert "RuntimeError: a reason" in shown(reporter.dialog)
    assert "did not foresee" in shown(reporter.dialog)
    assert "RuntimeError: a reason" in log.read_text()
    assert previous.got == [RuntimeError]


def test_the_log_names_the_thread(reporter: CrashReporter, log: Path) -> None:
    in_thread(fail, "stylecam-encode")
    assert "unforeseen error in stylecam-encode" in log.read_text()


def test_work_is_finished_before_the_dialog_and_once(
    reporter: CrashReporter, qtbot: QtBot, finished: list[str]
) -> None:
    in_slot(fail)
    assert finished == []
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert finished == ["recording"]
    in_slot(fail)
    QApplication.processEvents()
    assert finished == ["recording"]


def test_further_errors_are_counted_in_the_one_dialog(
    reporter: CrashReporter, qtbot: QtBot, previous: Previous
) -> None:
    for number in range(4):
        in_slot(fail)
        in_thread(lambda number=number: fail(f"another {number}"))  # type: ignore[misc]
    qtbot.waitUntil(lambda: reporter.dialog is not None and reporter.dialog.more == 7)
    dialogs = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, CrashDialog)]
    assert dialogs == [reporter.dialog]
    assert "7 more errors" in shown(dialogs[0])
    # The terminal, too, is told of each place once.
    assert previous.got == [RuntimeError]


def test_a_closed_dialog_is_followed_by_one_for_another_fault_and_none_for_the_same(
    reporter: CrashReporter, qtbot: QtBot
) -> None:
    in_slot(fail)
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    press(reporter.dialog, "Close")
    assert reporter.dialog is None
    in_slot(fail)
    QApplication.processEvents()
    assert reporter.dialog is None
    hand_over(ValueError("something else"))
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert "something else" in shown(reporter.dialog)


def test_a_dialog_that_went_away_with_its_window_is_followed_by_another(reporter: CrashReporter, qtbot: QtBot) -> None:
    window = QWidget()
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    in_slot(fail)
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    window.deleteLater()
    qtbot.waitUntil(lambda: not any(isinstance(w, CrashDialog) for w in QApplication.allWidgets()))
    hand_over(ValueError("something else"))
    qtbot.waitUntil(lambda: reporter.dialog is not None and reporter.dialog.isVisible())


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_wish_to_end_passes(
    reporter: CrashReporter, previous: Previous, log: Path, kind: type[BaseException]
) -> None:
    def leave() -> None:
        raise kind

    sys.excepthook(kind, kind(), None)
    in_thread(leave)
    QApplication.processEvents()
    assert previous.got == [kind, kind]
    assert reporter.dialog is None
    assert log.read_text() == ""


def test_an_error_about_an_error_does_not_come_back(
    reporter: CrashReporter, qtbot: QtBot, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash, "CrashDialog", lambda *_: fail("the dialog fails, too"))
    for _ in range(3):
        in_slot(fail)
    qtbot.waitUntil(lambda: "the dialog fails, too" in log.read_text())
    hand_over(ValueError("later"))
    QApplication.processEvents()
    assert log.read_text().count("the error dialog failed") == 1
    assert "ValueError: later" in log.read_text()


def test_an_error_in_the_log_itself_ends_there(
    reporter: CrashReporter, previous: Previous, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        hand_over(ValueError("while logging"))
        raise OSError("no log")

    monkeypatch.setattr(logging.Logger, "critical", fails)
    in_slot(fail)
    assert previous.got == [RuntimeError]


def test_work_that_cannot_be_finished_does_not_keep_the_dialog_away(
    qtbot: QtBot, previous: Previous, log: Path
) -> None:
    reporter = CrashReporter(log, before_dialog=fail)
    reporter.install()
    hand_over(ValueError("first"))
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    assert "ValueError: first" in shown(reporter.dialog)
    reporter.dialog.close()
    reporter.uninstall()


def test_the_hooks_that_were_there_are_put_back(qtbot: QtBot, previous: Previous, tmp_path: Path) -> None:
    was_on = faulthandler.is_enabled()
    uninstall = install(log=tmp_path / "stylecam.log")
    assert sys.excepthook is not previous.hooks[0]
    assert faulthandler.is_enabled()
    uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == previous.hooks
    assert faulthandler.is_enabled() == was_on
    uninstall()


def test_without_a_folder_for_faults_the_rest_works(qtbot: QtBot, previous: Previous, tmp_path: Path) -> None:
    reporter = CrashReporter(tmp_path / "missing" / "stylecam.log")
    reporter.install()
    in_slot(fail)
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    assert "(no log)" in reporter.dialog.report()
    reporter.dialog.close()
    reporter.uninstall()


def test_an_error_before_there_is_an_application_is_shown_when_there_is_one(tmp_path: Path) -> None:
    code = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from stylecam.gui.crash import CrashReporter\n"
        "reporter = CrashReporter(Path(sys.argv[1]))\n"
        "reporter.install()\n"
        "thread = threading.Thread(target=lambda: 1 / 0)\n"
        "thread.start(); thread.join()\n"
        "app = QApplication([])\n"
        "QTimer.singleShot(0, lambda: (print(reporter.dialog.isVisible()), app.quit()))\n"
        "app.exec()\n"
        "reporter.uninstall()\n"
        "raise KeyError('not lost on the terminal')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "stylecam.log")], cwd=_ROOT, capture_output=True, text=True
    )
    assert run.stdout == "True\n", run.stderr
    assert "ZeroDivisionError" in run.stderr
    assert run.returncode == 1


def test_a_crash_of_native_code_is_in_the_log_of_the_next_start(tmp_path: Path) -> None:
    code = (
        "import faulthandler, os, sys\n"
        "from pathlib import Path\n"
        "from stylecam.gui.crash import install\n"
        "from stylecam.logs import setup_logging\n"
        "install(log=setup_logging(Path(sys.argv[1])))\n"
        "if len(sys.argv) > 2: os.abort()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run([*command, "crash"], cwd=_ROOT, capture_output=True).returncode < 0
    for _ in range(2):
        assert subprocess.run(command, cwd=_ROOT).returncode == 0
    text = (tmp_path / "stylecam.log").read_text()
    assert text.count("the last run crashed") == 1
    assert "Fatal Python error: Aborted" in text


def test_a_fault_in_every_tick_leaves_one_dialog_and_a_short_log(
    reporter: CrashReporter, qtbot: QtBot, log: Path
) -> None:
    timer = QTimer()
    timer.timeout.connect(fail)
    timer.start(0)
    qtbot.waitUntil(lambda: reporter.dialog is not None and reporter.dialog.more > 100)
    timer.stop()
    QApplication.processEvents()
    assert log.stat().st_size < 100_000
