"""What is learned on: four ways, each with its own reasons why it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QPushButton

from stylecam.errors import SourceOpenError
from stylecam.gui.background import Background
from stylecam.gui.training.content import ContentChoice, count_pictures
from tests.clips import make_clip
from tests.gui.training.fakerun import words
from tests.gui.widgets import check_names, check_room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def choice(qtbot: QtBot) -> Iterator[ContentChoice]:
    background = Background()
    widget = ContentChoice(background)
    qtbot.addWidget(widget)
    widget.resize(380, 200)
    widget.show()
    qtbot.waitExposed(widget)
    yield widget
    assert background.shut(10)


def folder_of(path: Path, count: int) -> Path:
    path.mkdir()
    for number in range(count):
        (path / f"{number}.JPG").touch()
    (path / "notes.txt").touch()
    return path


def test_bundled_photographs_need_nothing(choice: ContentChoice) -> None:
    assert (choice.kind, choice.value, choice.problem) == ("bundled", "bundled", "")


def test_a_folder_is_counted(qtbot: QtBot, choice: ContentChoice, tmp_path: Path) -> None:
    choice.choose("folder")
    assert choice.problem == "Choose the folder with the photographs."
    choice.choose_folder(folder_of(tmp_path / "many", 20))
    assert choice.problem == "The photographs are being counted…"
    qtbot.waitUntil(lambda: choice.problem == "", timeout=10_000)
    assert choice.value == str(tmp_path / "many")
    assert "many: 20 pictures" in words(choice)


@pytest.mark.parametrize(("count", "usable"), [(7, False), (8, True), (15, True)])
def test_too_few_are_told(qtbot: QtBot, choice: ContentChoice, tmp_path: Path, count: int, usable: bool) -> None:
    choice.choose_folder(folder_of(tmp_path / "few", count))
    qtbot.waitUntil(lambda: f"few: {count} pictures" in words(choice), timeout=10_000)
    assert ("That is few" in words(choice)) is usable
    assert (choice.problem == "") is usable
    if not usable:
        assert choice.problem == "The folder has 7 pictures; 8 or more are needed."


def test_a_folder_that_cannot_be_read_is_told(qtbot: QtBot, choice: ContentChoice, tmp_path: Path) -> None:
    choice.choose_folder(tmp_path / "gone")
    qtbot.waitUntil(lambda: "cannot be read" in words(choice), timeout=10_000)
    assert choice.problem


def test_the_folder_and_the_video_are_asked_for(
    qtbot: QtBot, choice: ContentChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[str] = []
    choice.changed.connect(lambda: changes.append(choice.kind))
    folder, video = folder_of(tmp_path / "photos", 9), tmp_path / "film.mp4"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(video), ""))
    by_name = {b.accessibleName(): b for b in choice.findChildren(QPushButton)}
    by_name["Choose a folder with photographs"].click()
    assert (choice.kind, choice.value) == ("folder", str(folder))
    by_name["Choose a video"].click()
    assert choice.problem == "The video film.mp4 is not there any more."
    make_clip(video, frames=25, size=(64, 48))
    by_name["Choose a video"].click()
    assert (choice.kind, choice.value) == ("video", str(video))
    assert choice.problem == "The video is being opened…"
    qtbot.waitUntil(lambda: choice.problem == "", timeout=20_000)
    assert "film.mp4: 0:01" in words(choice)
    assert {"folder", "video"} <= set(changes)


def test_a_question_that_is_broken_off_changes_nothing(choice: ContentChoice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    choice.choose("folder")
    next(
        b for b in choice.findChildren(QPushButton) if b.accessibleName() == "Choose a folder with photographs"
    ).click()
    assert choice.value == ""


def test_the_camera_needs_a_picture(choice: ContentChoice) -> None:
    choice.choose("camera")
    assert "open one in the window first" in choice.problem
    changes: list[bool] = []
    choice.changed.connect(lambda: changes.append(True))
    choice.set_camera_there(True)
    choice.set_camera_there(True)
    assert (choice.problem, choice.value, changes) == ("", "camera", [True])


def test_pictures_below_are_counted_too(tmp_path: Path) -> None:
    folder_of(tmp_path / "a", 3)
    folder_of(tmp_path / "a" / "b", 2)
    assert count_pictures(tmp_path) == 5
    with pytest.raises(SourceOpenError):
        count_pictures(tmp_path / "none")


def test_everything_has_a_name_and_room(choice: ContentChoice) -> None:
    for kind in ("bundled", "folder", "video", "camera"):
        choice.choose(kind)
        choice.resize(380, choice.heightForWidth(380))
        check_names(choice)
        check_room(choice, kind)


def test_a_video_without_a_picture_is_told_before_the_training(
    qtbot: QtBot, choice: ContentChoice, tmp_path: Path
) -> None:
    video = tmp_path / "song.mp4"
    make_sound(video)
    choice.choose_video(video)
    qtbot.waitUntil(lambda: "no picture" in choice.problem, timeout=20_000)
    assert "song.mp4: cannot be used" in words(choice)
    choice.choose("bundled")
    assert choice.problem == ""


def make_sound(path: Path) -> None:
    """An MP4 with nothing to see."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
