"""The preview: what is on the screen, proved by its pixels, and how mouse and keys move the line."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget

from stylecam.gui.preview import Preview
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image

pytestmark = pytest.mark.usefixtures("dark")

RED, BLUE, GREEN = (200, 30, 40), (20, 40, 210), (10, 190, 60)
LEFT = Qt.MouseButton.LeftButton


def plain(colour: tuple[int, int, int], width: int = 64, height: int = 48) -> Image:
    image = np.empty((height, width, 3), np.uint8)
    image[:] = colour
    return image


@pytest.fixture
def preview(qtbot: QtBot) -> Preview:
    widget = Preview()
    qtbot.addWidget(widget)
    widget.resize(640, 480)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def screen(widget: QWidget) -> QImage:
    QApplication.processEvents()
    return widget.grab().toImage()


def colour_at(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    c = image.pixelColor(x, y)
    return c.red(), c.green(), c.blue()


def stage() -> tuple[int, int, int]:
    c = colours().stage
    return int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16)


def red_frame(image: QImage) -> bool:
    return image.pixelColor(image.width() // 2, 1).name() == colours().recording


@pytest.mark.parametrize(
    ("widget_size", "picture_size", "expected"),
    [
        ((640, 480), (64, 48), (0, 0, 640, 480)),
        ((640, 480), (160, 90), (0, 60, 640, 360)),
        ((641, 333), (64, 48), (98, 0, 444, 333)),
        ((320, 601), (3, 5), (0, 34, 320, 533)),
        ((777, 222), (1, 1), (277, 0, 222, 222)),
    ],
)
def test_a_picture_fits_and_keeps_its_shape(
    preview: Preview,
    widget_size: tuple[int, int],
    picture_size: tuple[int, int],
    expected: tuple[int, int, int, int],
) -> None:
    preview.resize(*widget_size)
    preview.show_picture(plain(RED, *picture_size), None)
    assert preview.picture_rect.getRect() == expected
    image = screen(preview)
    x, y, width, height = expected
    for corner in ((x + 1, y + 1), (x + width - 2, y + height - 2)):
        assert colour_at(image, *corner) == RED
    if x:
        assert colour_at(image, x - 2, y + height // 2) == stage()
    if y:
        assert colour_at(image, x + width // 2, y - 2) == stage()


def test_a_picture_whose_rows_have_an_odd_number_of_bytes_is_not_sheared(preview: Preview) -> None:
    picture = plain(RED, 33, 25)
    picture[:, 16:] = BLUE
    preview.show_picture(picture, None)
    image = screen(preview)
    where = preview.picture_rect
    for y in (where.top() + 2, where.center().y(), where.bottom() - 2):
        assert colour_at(image, where.left() + 20, y) == RED
        assert colour_at(image, where.right() - 20, y) == BLUE


def test_split_shows_the_original_left_and_the_painting_right(preview: Preview) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    assert colour_at(screen(preview), 100, 100) == RED
    preview.split = True
    preview.split_position = 0.25
    image = screen(preview)
    assert colour_at(image, 140, 100) == BLUE
    assert colour_at(image, 180, 100) == RED
    preview.split_position = 0.75
    image = screen(preview)
    assert colour_at(image, 460, 100) == BLUE
    assert colour_at(image, 500, 100) == RED
    for end, colour in ((0.0, RED), (1.0, BLUE)):
        preview.split_position = end
        assert colour_at(screen(preview), 320, 100) == colour
    preview.split = False
    assert colour_at(screen(preview), 140, 100) == RED


def test_split_without_an_original_shows_the_painting(preview: Preview) -> None:
    preview.show_picture(plain(RED), None)
    preview.split = True
    assert colour_at(screen(preview), 100, 100) == RED


def test_the_names_of_both_sides_give_way_where_they_do_not_fit(preview: Preview) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    preview.split = True
    both = screen(preview)
    assert colour_at(both, 14, 480 - 20) != BLUE
    assert colour_at(both, 640 - 14, 480 - 20) != RED
    preview.split_position = 0.05
    image = screen(preview)
    assert colour_at(image, 14, 480 - 20) == BLUE
    assert colour_at(image, 640 - 14, 480 - 20) != RED


def test_the_original_is_shown_while_it_is_wanted(preview: Preview) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    preview.show_original = True
    assert colour_at(screen(preview), 320, 100) == BLUE
    preview.show_original = False
    assert colour_at(screen(preview), 320, 100) == RED


def test_the_mouse_drags_the_line(preview: Preview, qtbot: QtBot) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    preview.split = True
    moved: list[float] = []
    preview.split_moved.connect(moved.append)
    qtbot.mouseMove(preview, QPoint(322, 200))
    assert preview.cursor().shape() == Qt.CursorShape.SplitHCursor
    qtbot.mousePress(preview, LEFT, pos=QPoint(322, 200))
    qtbot.mouseMove(preview, QPoint(160, 210))
    qtbot.mouseMove(preview, QPoint(480, 220))
    assert moved == [0.25, 0.75]
    qtbot.mouseMove(preview, QPoint(900, 220))
    assert preview.split_position == 1.0
    qtbot.mouseMove(preview, QPoint(480, 220))
    qtbot.mouseRelease(preview, LEFT, pos=QPoint(480, 220))
    qtbot.mouseMove(preview, QPoint(100, 220))
    assert preview.split_position == 0.75
    assert preview.cursor().shape() == Qt.CursorShape.ArrowCursor
    assert colour_at(screen(preview), 460, 100) == BLUE


def test_a_drag_must_begin_at_the_line(preview: Preview, qtbot: QtBot) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    preview.split = True
    qtbot.mousePress(preview, LEFT, pos=QPoint(250, 200))
    qtbot.mouseMove(preview, QPoint(160, 210))
    qtbot.mouseRelease(preview, LEFT, pos=QPoint(160, 210))
    assert preview.split_position == 0.5


def test_arrow_keys_move_the_line_only_in_split(preview: Preview, qtbot: QtBot) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    moved: list[float] = []
    preview.split_moved.connect(moved.append)
    preview.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(preview, Qt.Key.Key_Left)
    assert moved == []
    preview.split = True
    qtbot.keyClick(preview, Qt.Key.Key_Left)
    qtbot.keyClick(preview, Qt.Key.Key_Right)
    qtbot.keyClick(preview, Qt.Key.Key_Right)
    assert moved == pytest.approx([0.48, 0.5, 0.52])
    assert "52" in preview.accessibleDescription()


def test_a_ring_shows_the_focus_that_came_by_keyboard(preview: Preview, qtbot: QtBot) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    qtbot.mouseClick(preview, LEFT, pos=QPoint(50, 50))
    assert colour_at(screen(preview), 0, 240) == RED
    preview.clearFocus()
    preview.setFocus(Qt.FocusReason.TabFocusReason)
    assert screen(preview).pixelColor(0, 240).name() == colours().accent


def test_a_double_click_is_told_but_not_at_the_line(preview: Preview, qtbot: QtBot) -> None:
    preview.show_picture(plain(RED), plain(BLUE))
    preview.split = True
    told: list[bool] = []
    preview.double_clicked.connect(lambda: told.append(True))

    def double_click(button: Qt.MouseButton, at: QPoint) -> None:
        qtbot.mouseDClick(preview, button, pos=at)
        qtbot.mouseRelease(preview, button, pos=at)  # else it is held for the tests that follow

    double_click(LEFT, QPoint(320, 100))
    double_click(Qt.MouseButton.RightButton, QPoint(100, 100))
    assert told == []
    double_click(LEFT, QPoint(100, 100))
    assert told == [True]


def test_a_message_takes_the_place_of_the_picture_until_the_next(preview: Preview) -> None:
    preview.show_picture(plain(RED), None)
    screen(preview)
    preview.clear("Starting the camera…")
    assert preview.message == "Starting the camera…"
    assert "Starting the camera…" in preview.accessibleDescription()
    image = screen(preview)
    assert colour_at(image, 5, 5) == stage()
    middle = {colour_at(image, x, y) for x in range(200, 440, 2) for y in range(225, 255)}
    assert len(middle) > 1, "the words are painted"
    preview.show_picture(plain(BLUE), None)
    assert preview.message == ""
    assert preview.accessibleDescription() == ""
    assert colour_at(screen(preview), 320, 240) == BLUE


def test_a_recording_has_a_frame_and_a_word(preview: Preview) -> None:
    preview.show_picture(plain(BLUE), None)
    assert not red_frame(screen(preview))
    preview.recording = True
    image = screen(preview)
    assert red_frame(image)
    word = {colour_at(image, x, y) for x in range(36, 70) for y in range(14, 34)}
    assert any(min(colour) > 240 for colour in word), "REC in white, not by colour alone"
    preview.clear("The camera is gone")
    assert preview.accessibleDescription() == "The camera is gone, Recording"
    preview.recording = False
    preview.show_picture(plain(BLUE), None)
    assert preview.accessibleDescription() == ""
    assert not red_frame(screen(preview))


def test_only_different_pictures_that_reached_the_screen_are_counted(preview: Preview) -> None:
    first = plain(RED)
    preview.show_picture(first, None)
    screen(preview)
    assert preview.frames_painted == 1
    screen(preview)
    preview.split = True
    screen(preview)
    preview.show_picture(first, None)
    screen(preview)
    assert preview.frames_painted == 1
    preview.show_picture(plain(BLUE), None)
    preview.show_picture(plain(GREEN), None)  # the one before was never seen
    screen(preview)
    assert preview.frames_painted == 2
    preview.show_picture(plain(RED), None)
    preview.clear("gone")
    screen(preview)
    assert preview.frames_painted == 2


def test_a_picture_that_nobody_else_keeps_stays_shown(preview: Preview) -> None:
    preview.show_picture(plain(GREEN, 640, 480), plain(BLUE, 640, 480))
    gc.collect()
    litter = [plain(RED, 640, 480) for _ in range(20)]  # would be given the freed memory
    preview.split = True
    image = screen(preview)
    assert colour_at(image, 100, 100) == BLUE
    assert colour_at(image, 500, 100) == GREEN
    assert litter


def test_pictures_are_shown_without_being_written_to(preview: Preview) -> None:
    picture = plain(GREEN)
    picture.flags.writeable = False
    preview.show_picture(picture, picture)
    assert colour_at(screen(preview), 100, 100) == GREEN
    assert (picture == GREEN).all()
