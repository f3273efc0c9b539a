"""Cropping by mouse, by keyboard and by program, always inside the picture; and how a picture is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from stylecam.gui.theme import colours
from stylecam.gui.training.crop_view import CropView
from tests.gui.widgets import BLUE, RED, check_names, colour_at, grabbed, is_like, plain, show

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("dark")

LEFT = Qt.MouseButton.LeftButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot: QtBot) -> CropView:
    """A picture of 800×400, shown at half its size from (10, 60) on."""
    widget = CropView()
    widget.set_picture(plain(RED, (800, 400)))
    show(qtbot, widget, 420, 320)
    assert widget.picture_rect.getRect() == (10, 60, 400, 200)
    return widget


@pytest.fixture
def told(view: CropView) -> list[tuple[int, int, int, int]]:
    """Each region that the view says was chosen."""
    heard: list[tuple[int, int, int, int]] = []
    view.region_changed.connect(lambda: heard.append(view.region))
    return heard


def drag(qtbot: QtBot, view: CropView, start: tuple[int, int], *to: tuple[int, int]) -> None:
    qtbot.mousePress(view, LEFT, pos=QPoint(*start))
    for place in to:
        qtbot.mouseMove(view, QPoint(*place))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(*to[-1]))


def test_a_new_picture_is_chosen_whole(view: CropView) -> None:
    assert view.region == (0, 0, 800, 400)
    view.region = (100, 100, 100, 100)
    view.set_picture(plain(BLUE, (300, 200)))
    assert view.region == (0, 0, 300, 200)
    view.set_picture(None)
    assert view.region == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ((100, 50, 200, 100), (100, 50, 200, 100)),
        ((-50, -9, 100, 100), (0, 0, 100, 100)),
        ((750, 390, 100, 100), (700, 300, 100, 100)),
        ((10, 20, 1, -5), (10, 20, 64, 64)),
        ((5, 5, 9999, 9999), (0, 0, 800, 400)),
    ],
)
def test_a_region_is_brought_inside_and_to_its_least_size_and_nothing_is_told(
    view: CropView,
    told: list[tuple[int, int, int, int]],
    asked: tuple[int, int, int, int],
    given: tuple[int, int, int, int],
) -> None:
    view.region = asked
    assert view.region == given
    assert told == []


def test_of_a_picture_that_is_smaller_than_the_least_region_all_is_chosen(view: CropView) -> None:
    view.set_picture(plain(RED, (40, 100)))
    view.region = (10, 10, 5, 5)
    assert view.region == (0, 10, 40, 64)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((60, 110), (70, 130), (120, 140, 280, 160)),
        ((210, 110), (190, 130), (100, 140, 260, 160)),
        ((60, 210), (40, 190), (60, 100, 340, 160)),
        ((210, 210), (250, 230), (100, 100, 380, 240)),
        ((60, 160), (80, 300), (140, 100, 260, 200)),
        ((210, 160), (230, 0), (100, 100, 340, 200)),
        ((130, 110), (0, 90), (100, 60, 300, 240)),
        ((130, 210), (0, 230), (100, 100, 300, 240)),
        ((130, 160), (150, 180), (140, 140, 300, 200)),
    ],
    ids=["left-top", "right-top", "left-bottom", "right-bottom", "left", "right", "top", "bottom", "inside"],
)
def test_the_mouse_drags_corners_edges_and_the_inside(
    view: CropView,
    told: list[tuple[int, int, int, int]],
    qtbot: QtBot,
    start: tuple[int, int],
    end: tuple[int, int],
    expected: tuple[int, int, int, int],
) -> None:
    view.region = (100, 100, 300, 200)  # on the screen (60, 110) to (210, 210)
    drag(qtbot, view, start, end)
    assert view.region == expected
    assert told == [expected]
    qtbot.mouseMove(view, QPoint(5, 5))
    assert view.region == expected, "the mouse has let go"


def test_a_drag_beyond_the_picture_or_the_other_edge_stops_there(view: CropView, qtbot: QtBot) -> None:
    view.region = (100, 100, 300, 200)
    drag(qtbot, view, (210, 210), (900, 900))
    assert view.region == (100, 100, 700, 300)
    drag(qtbot, view, (60, 110), (400, 250))
    assert view.region == (800 - 64, 400 - 64, 64, 64)
    drag(qtbot, view, (394, 244), (-900, -900))
    assert view.region == (0, 0, 64, 64), "moved by its inside, it keeps its size"


def test_a_drag_that_begins_outside_does_nothing(
    view: CropView, told: list[tuple[int, int, int, int]], qtbot: QtBot
) -> None:
    view.region = (100, 100, 300, 200)
    drag(qtbot, view, (350, 100), (200, 200))
    qtbot.mousePress(view, Qt.MouseButton.RightButton, pos=QPoint(130, 160))
    qtbot.mouseMove(view, QPoint(160, 160))
    qtbot.mouseRelease(view, Qt.MouseButton.RightButton, pos=QPoint(160, 160))
    assert told == []


def test_escape_takes_a_drag_back(view: CropView, told: list[tuple[int, int, int, int]], qtbot: QtBot) -> None:
    view.region = (100, 100, 300, 200)
    qtbot.mousePress(view, LEFT, pos=QPoint(130, 160))
    qtbot.mouseMove(view, QPoint(160, 170))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseMove(view, QPoint(170, 180))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(170, 180))
    assert told == [(160, 120, 300, 200), (100, 100, 300, 200)]


def test_the_cursor_says_what_the_mouse_would_take_hold_of(view: CropView, qtbot: QtBot) -> None:
    view.region = (100, 100, 300, 200)
    for at, shape in (
        ((60, 110), Qt.CursorShape.SizeFDiagCursor),
        ((210, 110), Qt.CursorShape.SizeBDiagCursor),
        ((60, 160), Qt.CursorShape.SizeHorCursor),
        ((130, 210), Qt.CursorShape.SizeVerCursor),
        ((130, 160), Qt.CursorShape.SizeAllCursor),
        ((350, 240), Qt.CursorShape.ArrowCursor),
    ):
        qtbot.mouseMove(view, QPoint(*at))
        assert view.cursor().shape() == shape, at
    view.region = (0, 0, 800, 400)
    qtbot.mouseMove(view, QPoint(131, 160))
    assert view.cursor().shape() == Qt.CursorShape.ArrowCursor, "all of it cannot be moved"


def test_a_double_click_and_home_take_all(view: CropView, told: list[tuple[int, int, int, int]], qtbot: QtBot) -> None:
    view.region = (100, 100, 300, 200)
    qtbot.mouseDClick(view, LEFT, pos=QPoint(350, 100))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(350, 100))
    assert view.region == (0, 0, 800, 400)
    view.region = (100, 100, 300, 200)
    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert told == [(0, 0, 800, 400)] * 2, "told once each, and not where nothing changed"


def test_arrow_keys_move_and_with_shift_resize(
    view: CropView, told: list[tuple[int, int, int, int]], qtbot: QtBot
) -> None:
    view.region = (100, 100, 300, 200)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    qtbot.keyClick(view, Qt.Key.Key_Down, CTRL)
    qtbot.keyClick(view, Qt.Key.Key_Left, SHIFT)
    qtbot.keyClick(view, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(view, Qt.Key.Key_Right, SHIFT | CTRL)
    assert told == [
        (108, 100, 300, 200),
        (108, 92, 300, 200),
        (108, 93, 300, 200),
        (108, 93, 292, 200),
        (108, 93, 292, 208),
        (108, 93, 293, 208),
    ]


def test_keys_stop_at_the_border_and_at_the_least_size(view: CropView, qtbot: QtBot) -> None:
    view.region = (0, 0, 70, 400)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(view, key)
    qtbot.keyClick(view, Qt.Key.Key_Left, SHIFT)
    qtbot.keyClick(view, Qt.Key.Key_Down, SHIFT)
    assert view.region == (0, 0, 64, 400)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_what_is_outside_is_dimmed_and_what_is_inside_is_not(view: CropView, ratio: float) -> None:
    view.region = (200, 100, 400, 200)  # on the screen (110, 110) to (310, 210)
    image = grabbed(view, ratio)
    k = int(ratio)
    assert colour_at(image, 200 * k, 150 * k) == RED
    outside = colour_at(image, 50 * k, 150 * k)
    assert is_like(outside, (82, 8, 8)), "the red of the picture below 150/255 of black"
    assert is_like(colour_at(image, 210 * k, 40 * k), tuple(bytes.fromhex(colours().stage[1:])))  # type: ignore[arg-type]
    white = [colour_at(image, x, 110 * k) for x in range(112 * k, 124 * k)]
    assert any(min(colour) > 200 for colour in white), "a corner to take hold of"


def test_without_a_picture_words_ask_for_one_and_a_click_tells_so(view: CropView, qtbot: QtBot) -> None:
    clicks: list[bool] = []
    view.clicked.connect(lambda: clicks.append(True))
    qtbot.mouseClick(view, LEFT, pos=QPoint(200, 150))
    assert clicks == [], "there is a picture"
    view.set_picture(None)
    assert "Drop a picture here" in view.accessibleName()
    image = grabbed(view)
    assert len({colour_at(image, x, y) for x in range(60, 360, 2) for y in range(165, 200)}) > 2, "words are painted"
    frame = [colour_at(image, x, 1) for x in range(20, 400)]
    assert len(set(frame)) > 1, "the frame is dashed"
    qtbot.mouseClick(view, LEFT, pos=QPoint(200, 150))
    qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=QPoint(200, 150))
    qtbot.mousePress(view, LEFT, pos=QPoint(200, 150))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(-20, 150))  # thought better of it
    assert clicks == [True]
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert clicks == [True] * 3


def drop(view: CropView, *paths: Path) -> bool:
    """Drag these over the view and let go; whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    nothing = Qt.KeyboardModifier.NoModifier
    action = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(50, 50), action, data, LEFT, nothing)
    enter.ignore()
    QApplication.sendEvent(view, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(view, QDropEvent(QPointF(50, 50), action, data, LEFT, nothing))
    return True


def test_a_dropped_picture_is_told_and_other_files_are_not_taken(view: CropView, tmp_path: Path) -> None:
    dropped: list[str] = []
    view.file_dropped.connect(dropped.append)
    assert drop(view, tmp_path / "notes.txt", tmp_path / "wave.JPG", tmp_path / "other.png")
    assert dropped == [str(tmp_path / "wave.JPG")]
    assert not drop(view, tmp_path / "clip.mp4")
    view.set_picture(None)
    assert drop(view, tmp_path / "other.webp")
    assert dropped[1:] == [str(tmp_path / "other.webp")]


def test_a_ring_shows_the_focus_that_came_by_keyboard(view: CropView) -> None:
    view.clearFocus()
    view.setFocus(Qt.FocusReason.MouseFocusReason)
    accent = tuple(bytes.fromhex(colours().accent[1:]))
    assert not is_like(colour_at(grabbed(view), 1, 160), accent)  # type: ignore[arg-type]
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert is_like(colour_at(grabbed(view), 1, 160), accent, 20)  # type: ignore[arg-type]


def test_a_screen_reader_is_told_the_region(view: CropView) -> None:
    check_names(view)
    view.region = (10, 20, 300, 200)
    assert view.accessibleDescription() == "300 × 200 pixels, 10 from the left, 20 from the top, of 800 × 400"
