"""What the train dialog's pages share: times in words, sentences, and pages that are squeezed before they scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from stylecam.gui.theme import colours
from stylecam.gui.train_pages import Card, Content, Page, clock, counted, duration, plain, sentence, time_range
from tests.gui.widgets import grabbed, is_like

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (41, 58, "40–60 s"),
        (0.2, 3, "1–10 s"),
        (402, 530, "7–9 min"),
        (530, 535, "about 9 min"),
        (80, 95, "1–2 min"),
        (5000, 5900, "83–99 min"),
        (5600, 7000, "1.5–2 h"),
        (7100, 7190, "about 2 h"),
        (315_271, 482_190, "88–134 h"),
    ],
)
def test_a_range_is_as_exact_as_a_forecast(least: float, most: float, text: str) -> None:
    assert time_range(least, most) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (7.4, "7 s"), (43, "45 s"), (100, "2 min"), (5900, "98 min"), (7200, "2 h"), (8400, "2 h 20 min")],
)
def test_a_time_left_is_told_roughly(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_time_gone_by_is_told_exactly() -> None:
    assert (clock(34.4), clock(3723)) == ("0:34", "1:02:03")


def test_a_large_number_is_told_in_groups() -> None:
    assert [counted(number) for number in (7, 1500, None)] == ["7", "1,500", "None"]


def test_an_error_becomes_a_sentence() -> None:
    assert sentence("no such file") == "No such file."
    assert sentence("a.jpg is torn") == "a.jpg is torn."
    assert sentence("Done!") == "Done!"


class _Tall(QWidget):
    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(50, 600)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(50, 150)


def test_a_page_is_squeezed_before_it_scrolls(qtbot: QtBot) -> None:
    content = Content()
    column = QVBoxLayout(content)
    column.addWidget(_Tall())
    column.addWidget(plain(content, "a text of some lines " * 10))
    page = Page(content)
    qtbot.addWidget(page)
    page.resize(400, 300)
    page.show()
    qtbot.waitExposed(page)
    assert not page.verticalScrollBar().isVisible()
    page.resize(400, 120)
    qtbot.waitUntil(page.verticalScrollBar().isVisible, timeout=5000)


def test_the_chosen_card_has_a_line_in_the_accent_s_colour(qtbot: QtBot, dark: None) -> None:
    card = Card()
    qtbot.addWidget(card)
    card.resize(100, 60)
    card.show()

    def line() -> QColor:
        return grabbed(card).pixelColor(50, 0)

    assert is_like(line(), QColor(colours().line), 40)
    card.chosen = True
    assert is_like(line(), QColor(colours().accent), 40)
