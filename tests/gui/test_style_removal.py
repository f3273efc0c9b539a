"""Deleting a style: one question, into the trash where there is one, and the picture goes on with the next style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QFile
from PySide6.QtWidgets import QPushButton

from stylecam.errors import SinkError
from stylecam.gui.settings import Settings
from stylecam.gui.style_removal import remove_file
from tests.gui.conftest import painted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A system with a trash: what lies in it."""
    there: list[str] = []

    def move(path: str) -> bool:
        there.append(path)
        (tmp_path / "trash").mkdir(exist_ok=True)
        return QFile.rename(path, str(tmp_path / "trash" / str(len(there))))

    monkeypatch.setattr(QFile, "moveToTrash", move)
    return there


@pytest.fixture
def no_trash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFile, "moveToTrash", lambda path: False)


def answer(studio: Studio, words: str) -> str:
    """Press the button with these words; what was asked."""
    question = studio.removal.question
    assert question is not None
    assert question.isVisible()
    next(button for button in question.findChildren(QPushButton) if button.text() == words).click()
    return question.text()


def test_a_file_goes_to_the_trash_where_there_is_one(tmp_path: Path, trash: list[str]) -> None:
    file = tmp_path / "a"
    file.touch()
    assert remove_file(file)
    assert trash == [str(file)]


def test_without_a_trash_it_is_deleted_and_what_stands_in_the_way_is_told(tmp_path: Path, no_trash: None) -> None:
    file = tmp_path / "a"
    file.touch()
    assert not remove_file(file)
    assert not file.exists()
    assert not remove_file(file), "another program was quicker"
    (tmp_path / "folder").mkdir()
    with pytest.raises(SinkError, match="folder cannot be deleted"):
        remove_file(tmp_path / "folder")


def test_when_the_style_that_paints_is_deleted_the_next_one_paints(
    qtbot: QtBot, open_studio: Callable[..., Studio], styles: Path, trash: list[str]
) -> None:
    studio = open_studio(Settings(source="test", style="alpha", mix="gamma", size="160x120"))
    window = studio.window
    qtbot.waitUntil(lambda: bool(window.status.device_text), timeout=60_000)
    window.change(mix="")
    window.actions_.delete_style.trigger()
    assert answer(studio, "&Keep it") == "Delete the style “Alpha”?"
    assert (styles / "alpha.safetensors").exists()

    window.actions_.delete_style.trigger()
    answer(studio, "&Delete")
    qtbot.waitUntil(lambda: "alpha" not in window.gallery.names, timeout=60_000)
    assert window.banner.text == "“Alpha” was moved to the trash."
    assert trash == [str(styles / "alpha.safetensors")]
    assert window.gallery.current == "beta"
    assert window.settings.style == "beta"
    painted(qtbot, window, "beta")


def test_a_style_that_is_mixed_in_leaves_the_mix(
    qtbot: QtBot, open_studio: Callable[..., Studio], styles: Path, no_trash: None
) -> None:
    studio = open_studio(Settings(source="test", style="alpha", mix="gamma", size="160x120"))
    window = studio.window
    qtbot.waitUntil(lambda: studio.session.look == ("alpha", "gamma", 50), timeout=60_000)
    window.gallery.deletion_requested.emit("gamma")
    answer(studio, "&Delete")
    painted(qtbot, window, "alpha")
    qtbot.waitUntil(lambda: "gamma" not in window.gallery.names, timeout=60_000)
    assert window.banner.text == "“Gamma” was deleted."
    assert not (styles / "gamma.safetensors").exists()
    assert (window.settings.mix, window.controls.mix[0]) == ("", "")
    assert studio.session.look == ("alpha", "", 50)


def test_a_bundled_style_cannot_be_deleted_and_the_menu_says_why(
    qtbot: QtBot, open_studio: Callable[..., Studio]
) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    action = window.actions_.delete_style
    window.actions_.styles.aboutToShow.emit()
    assert action.isEnabled()
    window.gallery.current = "candy"
    window.actions_.styles.aboutToShow.emit()
    assert not action.isEnabled()
    assert "“Candy” belongs to stylecam itself" in action.toolTip()
    window.gallery.current = None
    window.actions_.styles.aboutToShow.emit()
    assert not action.isEnabled()
    window.gallery.deletion_requested.emit("candy")
    assert studio.removal.question is None


def test_a_file_that_cannot_be_deleted_is_told_and_stays_in_the_gallery(
    qtbot: QtBot, open_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise SinkError(f"{path} cannot be deleted: it is held.")

    monkeypatch.setattr("stylecam.gui.style_removal.remove_file", refuse)
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    window.gallery.deletion_requested.emit("beta")
    answer(studio, "&Delete")
    qtbot.waitUntil(lambda: window.banner.text == "“Beta” could not be deleted.", timeout=20_000)
    assert "beta" in window.gallery.names
    assert window.gallery.current == "alpha"
