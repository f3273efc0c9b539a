"""Rules for window tests: no window left open, no file dialog or question that would wait for a person."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox

from stylecam.gui.app import Options, Studio
from stylecam.gui.settings import Settings
from stylecam.gui.theme import apply_theme
from tests.live import wait_until
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.gui.main_window import MainWindow


@pytest.fixture(autouse=True)
def _no_window_left(qapp: QApplication) -> Iterator[None]:
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    left = [repr(widget) for widget in qapp.topLevelWidgets() if widget.isVisible()]
    assert not left, f"windows left open: {left}"


@pytest.fixture(autouse=True)
def _no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialog that waits for a person fails the test; those that expect one put an answer here."""

    def asked(*args: object, **kwargs: object) -> object:
        raise AssertionError(f"a question was asked: {args}")

    for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, asked)
    for name in ("question", "warning", "critical", "information"):
        monkeypatch.setattr(QMessageBox, name, asked)
    monkeypatch.setattr(QInputDialog, "getText", asked)


@pytest.fixture
def dark(qapp: QApplication) -> Iterator[None]:
    """The window's own looks, as the program has them, and Qt's again afterwards."""
    apply_theme(qapp, "dark")
    yield
    apply_theme(qapp, "system")
    qapp.setStyleSheet("")
    qapp.setPalette(qapp.style().standardPalette())


@pytest.fixture
def styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of three tiny styles, before the bundled ones."""
    folder = tmp_path / "styles"
    folder.mkdir()
    for seed, name in enumerate(("alpha", "beta", "gamma")):
        write_tiny_style(folder / f"{name}.safetensors", seed=seed)
    monkeypatch.setenv("STYLECAM_STYLES", str(folder))
    return folder


@pytest.fixture
def open_studio(qtbot: QtBot, tmp_path: Path, styles: Path) -> Iterator[Callable[..., Studio]]:
    """Open the window as the program does; closes it afterwards and checks that every thread ended in time."""
    opened: list[Studio] = []

    def open_one(settings: Settings | None = None, **options: object) -> Studio:
        settings = settings or Settings(source="test", style="alpha", size="160x120")
        if not settings.recordings_folder:
            from dataclasses import replace

            settings = replace(settings, recordings_folder=str(tmp_path / "recordings"))
        studio = Studio(settings, Options(**options))  # type: ignore[arg-type]
        opened.append(studio)
        studio.begin()
        qtbot.waitExposed(studio.window)
        return studio

    yield open_one
    for studio in opened:
        studio.window.close()
        assert studio.ended_in_time
        # A job that is importing torch cannot be broken off; it ends by itself.
        wait_until(lambda: not any(thread.name.startswith("stylecam-jobs") for thread in threading.enumerate()))
        studio.window.deleteLater()


def painted(qtbot: QtBot, window: MainWindow, style: str) -> None:
    """Wait until the preview shows a picture painted in this style."""
    qtbot.waitUntil(lambda: window.painting is not None and window.painting.style == style, timeout=30_000)
