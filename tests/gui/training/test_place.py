"""Beside the picture where there is room, over as little of it as can be where there is none, and on the screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize

from stylecam.gui.training.place import beside

WINDOW, PICTURE = QRect(0, 0, 1180, 760), QRect(12, 77, 838, 605)
DIALOG = QSize(1000, 720)


@pytest.mark.parametrize(
    ("screen", "hidden"),
    [
        (QRect(0, 0, 2560, 1440), 0),
        (QRect(0, 0, 1920, 1080), 0),
        (QRect(0, 0, 1400, 900), 450 * 502),
        (QRect(0, 0, 1080, 1920), 0),
        (QRect(-1920, 0, 3840, 1080), 0),
    ],
)
def test_as_little_of_the_picture_is_hidden_as_can_be(screen: QRect, hidden: int) -> None:
    dialog = QRect(beside(DIALOG, PICTURE, WINDOW, screen), DIALOG)
    assert screen.contains(dialog)
    both = dialog.intersected(PICTURE)
    assert both.width() * both.height() == hidden


def test_where_nothing_is_hidden_it_stays_near_the_window() -> None:
    window, picture = WINDOW.translated(1400, 0), PICTURE.translated(1400, 0)
    place = beside(DIALOG, picture, window, QRect(0, 0, 3840, 1080))
    assert place == QPoint(2250, 20)


def test_on_a_screen_that_is_too_small_its_corner_is_seen() -> None:
    assert beside(DIALOG, PICTURE, WINDOW, QRect(0, 30, 800, 570)) == QPoint(0, 30)
