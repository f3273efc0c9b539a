"""What is asked before a training: a picture first, the rest has a sensible answer; nothing blocks the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QSlider

from stylecam.gui.background import Background
from stylecam.gui.training.crop_view import CropView
from stylecam.gui.training.estimate import Estimate
from stylecam.gui.training.parts import Page
from stylecam.gui.training.request import TrainRequest
from stylecam.gui.training.setup import PAINTING_SIZES, SetupPage
from stylecam.gui.training.stroke_preview import StrokePreview
from tests.gui.training.fakerun import button, noise, words, write_painting
from tests.gui.widgets import check_names, check_room, other_languages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path) -> Iterator[SetupPage]:
    background = Background()
    page = SetupPage(background, tmp_path / "runs")
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    qtbot.waitExposed(page)
    yield page
    assert background.shut(10)


def opened(qtbot: QtBot, page: SetupPage, path: Path) -> None:
    with qtbot.waitSignal(page.opened, timeout=10_000) as signal:
        page.open_picture(path)
        assert page.problem == "The picture is being read…"
    assert signal.args == [path]


def test_a_picture_is_all_that_is_missing(qtbot: QtBot, page: SetupPage, tmp_path: Path) -> None:
    assert page.problem == "Choose a picture to learn from."
    assert page.request is None
    painting = write_painting(tmp_path / "The Sea (1906).png")
    opened(qtbot, page, painting)
    assert page.problem == ""
    assert page.request == TrainRequest(painting, "the_sea_1906", "quick", "bundled", 512)
    assert page.painting == painting


def test_a_picture_is_dropped(qtbot: QtBot, page: SetupPage, tmp_path: Path) -> None:
    painting = write_painting(tmp_path / "sea.png")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(painting))])
    view = page.findChild(CropView)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, keys)
    with qtbot.waitSignal(page.opened, timeout=10_000):
        view.dropEvent(event)
    assert page.painting == painting


def test_a_picture_is_chosen(qtbot: QtBot, page: SetupPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    painting = write_painting(tmp_path / "sea.png")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    button(page, "Choose a picture…").click()
    assert page.problem == "Choose a picture to learn from."
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(painting), ""))
    with qtbot.waitSignal(page.opened, timeout=10_000):
        qtbot.mouseClick(page.findChild(CropView), Qt.MouseButton.LeftButton)
    assert button(page, "Choose another…")


def test_what_is_no_picture_is_told_and_the_one_before_stays(qtbot: QtBot, page: SetupPage, tmp_path: Path) -> None:
    opened(qtbot, page, write_painting(tmp_path / "sea.png"))
    (tmp_path / "torn.png").write_bytes(b"no picture")
    page.open_picture(tmp_path / "torn.png")
    qtbot.waitUntil(lambda: "not a JPEG, PNG or WebP picture" in words(page), timeout=10_000)
    assert page.painting == tmp_path / "sea.png"
    assert page.problem == ""


def test_a_part_of_the_picture_is_learned_from(qtbot: QtBot, page: SetupPage, tmp_path: Path) -> None:
    opened(qtbot, page, write_painting(tmp_path / "sea.png", (320, 300)))
    view = page.findChild(CropView)
    view.setFocus()
    for _ in range(5):
        qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert page.request is not None
    assert page.request.region == view.region
    assert view.region[2] < 320
    assert "its texture will be soft" not in words(page)
    for _ in range(30):
        qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert "its texture will be soft" in words(page)


def test_a_picture_too_small_to_learn_from_is_refused(qtbot: QtBot, page: SetupPage, tmp_path: Path) -> None:
    opened(qtbot, page, write_painting(tmp_path / "sea.png", (300, 50)))
    assert page.problem == "The picture is too small: 64 pixels a side are needed."
    assert "soft" not in words(page), "that would be a second word on the same thing"


def test_the_strokes_size_is_seen_and_asked_for(qtbot: QtBot, page: SetupPage, tmp_path: Path) -> None:
    opened(qtbot, page, write_painting(tmp_path / "sea.png"))
    slider = next(s for s in page.findChildren(QSlider) if s.accessibleName() == "Size of the strokes")
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert page.request is not None
    assert page.request.painting_size == page.findChild(StrokePreview).short_side == PAINTING_SIZES[0] == 256
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert page.painting_size == PAINTING_SIZES[1] == 768
    assert slider.accessibleDescription() == "large"
    assert "768 pixels" in slider.toolTip()
    assert "pixels" not in words(page), "a stroke is not 768 pixels"


def test_taken_names_are_looked_up(qtbot: QtBot, page: SetupPage, tmp_path: Path) -> None:
    opened(qtbot, page, write_painting(tmp_path / "candy.png"))
    page.look_up_names()
    qtbot.waitUntil(lambda: page.request is not None and page.request.name == "candy_2", timeout=20_000)


def test_the_estimate_is_shown_as_far_as_it_is_known(page: SetupPage, monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = Estimate()
    monkeypatch.setattr(Estimate, "running", True)
    page.show_estimate(estimate)
    assert words(page).count("measuring…") == 3
    monkeypatch.setattr(Estimate, "running", False)
    monkeypatch.setattr(Estimate, "failure", "no memory")
    page.show_estimate(estimate)
    assert words(page).count("not measured") == 3
    monkeypatch.setattr(Estimate, "times", {"quick": (402.0, 530.0)})
    page.show_estimate(estimate)
    assert "7–9 min on this device" in words(page)


def test_everything_can_be_reached_by_the_keyboard_and_has_a_name(
    qtbot: QtBot, page: SetupPage, tmp_path: Path
) -> None:
    opened(qtbot, page, write_painting(tmp_path / "sea.png"))
    page.show_still(noise(5))
    check_names(page)


def test_it_fits_a_small_dialog_by_scrolling_downwards_only(qtbot: QtBot) -> None:
    background = Background()
    page = Page(SetupPage(background, None))
    qtbot.addWidget(page)
    page.resize(720, 480)
    page.show()
    qtbot.waitExposed(page)
    assert page.horizontalScrollBar().maximum() == 0
    assert page.widget().width() <= page.viewport().width()
    assert background.shut(10)


def test_there_is_room_in_other_languages(qapp: QApplication, qtbot: QtBot, dark: None) -> None:
    for where in other_languages(qapp):
        background = Background()
        page = SetupPage(background, None)
        qtbot.addWidget(page)
        page.resize(720, page.heightForWidth(720))
        page.show()
        qapp.processEvents()
        check_room(page, where)
        page.close()
        assert background.shut(10)
