"""What a person is told of an error that nobody foresaw, and what the report holds."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton

from stylecam.gui.crash_dialog import CrashDialog
from stylecam.logs import setup_logging, stop_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    yield setup_logging(tmp_path)
    stop_logging()


def shown(qtbot: QtBot, text: str, log: Path) -> CrashDialog:
    dialog = CrashDialog(text, log)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def words(dialog: CrashDialog) -> str:
    texts = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
    return "\n".join([*texts, *(edit.toPlainText() for edit in dialog.findChildren(QPlainTextEdit))])


def press(dialog: CrashDialog, text: str) -> None:
    (button,) = [button for button in dialog.findChildren(QPushButton) if button.text().replace("&", "") == text]
    button.click()


def test_a_report_is_copied_without_personal_paths(qtbot: QtBot, log: Path) -> None:
    logging.getLogger("stylecam").info("opened %s", Path.home() / "Videos" / "clip.mp4")
    dialog = shown(qtbot, f"RuntimeError: no frame in {Path.home() / 'secret.mp4'}", log)
    press(dialog, "Copy report")
    text = QGuiApplication.clipboard().text()
    assert "no frame in ~/secret.mp4" in text
    assert "opened ~/Videos/clip.mp4" in text
    assert "stylecam " in text
    assert str(Path.home()) not in text + words(dialog)


def test_the_log_is_opened(qtbot: QtBot, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    press(shown(qtbot, "RuntimeError: a reason", log), "Open log")
    assert opened == [str(log)]


def test_further_errors_are_counted(qtbot: QtBot, log: Path) -> None:
    dialog = shown(qtbot, "RuntimeError: a reason", log)
    assert "since" not in words(dialog)
    dialog.count()
    assert "1 more error since" in words(dialog)
    dialog.count()
    assert (dialog.more, "2 more errors since" in words(dialog)) == (2, True)
