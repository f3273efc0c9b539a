"""What is let fall on the window: what is said of it before, what happens to it, and what can be done with it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog

from stylecam.gui.drop_control import Dropped, sort_files
from stylecam.pictures import Picture, read_picture, write_picture
from stylecam.stillpicture import StillPicture
from tests.clips import make_clip
from tests.gui.conftest import painted
from tests.gui.widgets import grabbed, pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_picture(tmp_path / "photo.png", Picture(np.full((40, 60, 3), 90, np.uint8)))
    return tmp_path / "photo.png"


def dragged(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def drop(studio: Studio, *paths: Path) -> None:
    mime = dragged(*paths)
    studio.window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, LEFT, NONE))


def test_files_are_sorted_by_what_can_be_done_with_them(tmp_path: Path) -> None:
    names = ("a.MP4", "b.mov", "c.jpg", "d.webp", "e.pth", "f.txt")
    a, b, c, d, e, f = (tmp_path / name for name in names)
    for path in (a, b, c, d, e, f):
        path.touch()
    (tmp_path / "g.png").mkdir()
    gone = tmp_path / "gone.png"
    found = sort_files([a, b, c, d, e, f, tmp_path / "g.png", gone])
    assert found == Dropped((a,), (c, d), (e,), (b, f, tmp_path / "g.png", gone))


def test_while_files_are_dragged_the_picture_says_what_will_happen(
    qtbot: QtBot, open_studio: Callable[..., Studio], photo: Path, tmp_path: Path
) -> None:
    studio = open_studio()
    window, preview = studio.window, studio.window.preview
    painted(qtbot, window, "alpha")
    clip = make_clip(tmp_path / "clip.mp4", frames=2)
    for paths, words in (
        ([photo], "photo.png is painted and saved"),
        ([photo, photo], "2 pictures are painted and saved"),
        ([clip, photo], "clip.mp4 is played\nphoto.png is painted and saved"),
        ([tmp_path / "notes.txt"], "Only videos, pictures (JPEG, PNG, WebP) and style files can be opened"),
    ):
        mime = dragged(*paths)
        window.dragEnterEvent(QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, LEFT, NONE))
        assert preview.drop_words == words
        assert words in preview.accessibleDescription()
    with_words = pixels(grabbed(preview)).mean()
    window.dragLeaveEvent(QDragLeaveEvent())
    assert preview.drop_words == ""
    assert pixels(grabbed(preview)).mean() > 1.5 * with_words, "the picture is darkened behind the words"


def test_while_the_training_waits_for_a_picture_it_is_said_that_it_learns_from_it(
    qtbot: QtBot, open_studio: Callable[..., Studio], photo: Path
) -> None:
    studio = open_studio()
    studio.training.train()
    assert studio.drops.describe([photo, photo]) == ("A style is learnt from photo.png\nphoto.png is painted and saved")
    studio.training.dialog.reject()  # type: ignore[union-attr]
    assert studio.drops.describe([photo]) == "photo.png is painted and saved"


def test_a_dropped_picture_is_shown_painted_and_a_style_can_be_trained_from_it(
    qtbot: QtBot, open_studio: Callable[..., Studio], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    window.preview.drop_words = "something"
    drop(studio, photo)
    assert window.preview.drop_words == ""
    qtbot.waitUntil(lambda: window.banner.text.startswith("photo.png was painted"), timeout=60_000)
    assert window.banner.text == "photo.png was painted, and saved as photo in alpha.png."
    assert read_picture(studio.recordings.folder / "photo in alpha.png").size == (60, 40)
    qtbot.waitUntil(lambda: window.painting is not None and window.painting.source.size == (60, 40), timeout=60_000)
    assert window.source_bar.current == str(photo)
    assert window.settings.source == "test", "the next start is with the camera again"

    shown: list[Path] = []
    monkeypatch.setattr(window, "show_folder", shown.append)
    buttons = {button.text(): button for button in window.banner.action_buttons}
    buttons["Show in folder"].click()
    assert shown == [studio.recordings.folder]
    taken: list[Path] = []
    monkeypatch.setattr(studio.training, "take_picture", lambda path: taken.append(path) or True)
    buttons["Train a style of it…"].click()
    assert taken == [photo]
    assert studio.training.dialog is not None
    assert studio.training.dialog.isVisible()


def test_while_one_is_trained_it_is_said_that_the_other_has_to_wait(
    qtbot: QtBot, open_studio: Callable[..., Studio], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    drop(studio, photo)
    qtbot.waitUntil(lambda: studio.window.banner.text.startswith("photo.png was painted"), timeout=60_000)
    monkeypatch.setattr(studio.training, "take_picture", lambda path: False)
    studio.window.banner.action_buttons[1].click()
    assert studio.window.banner.text.startswith("One training at a time: photo.png")


def test_a_recording_is_not_broken_into_by_a_picture(
    qtbot: QtBot, open_studio: Callable[..., Studio], photo: Path
) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    window.actions_.record.trigger()
    qtbot.waitUntil(lambda: window.preview.recording, timeout=60_000)
    drop(studio, photo)
    qtbot.waitUntil((studio.recordings.folder / "photo in alpha.png").exists, timeout=60_000)
    assert window.source_bar.current == "test"
    assert window.painting is not None
    assert window.painting.source.size == (640, 480)


def test_a_picture_is_opened_from_the_menu(
    qtbot: QtBot, open_studio: Callable[..., Studio], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    studio.window.actions_.open_picture.trigger()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(photo), ""))
    studio.window.actions_.open_picture.trigger()
    qtbot.waitUntil((studio.recordings.folder / "photo in alpha.png").exists, timeout=60_000)
    assert list(studio.recordings.folder.iterdir()) == [studio.recordings.folder / "photo in alpha.png"]


def test_a_picture_can_be_the_source_and_has_the_time_of_its_few_frames(
    qtbot: QtBot, open_studio: Callable[..., Studio], photo: Path
) -> None:
    studio = open_studio(source=str(photo), size="auto")
    window = studio.window
    qtbot.waitUntil(lambda: window.painting is not None and window.painting.style == "alpha", timeout=60_000)
    pipeline = studio.session._pipeline
    assert pipeline is not None
    assert isinstance(pipeline.source, StillPicture)
    assert pipeline.hold_fps == 4
    studio.sources.open("test")
    qtbot.waitUntil(
        lambda: isinstance(window.settings.source, str) and window.source_bar.current == "test", timeout=20_000
    )
    assert pipeline.hold_fps == window.settings.fps


def test_what_cannot_be_opened_is_named(qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path) -> None:
    studio = open_studio()
    (tmp_path / "two").mkdir()
    drop(studio, tmp_path / "two")
    assert studio.window.banner.text == (
        "“two” was not opened. One video, pictures and style files can be dropped here."
    )
    drop(studio, tmp_path / "two", tmp_path / "x.txt")
    assert studio.window.banner.text.startswith("“two”, “x.txt” were not opened.")
