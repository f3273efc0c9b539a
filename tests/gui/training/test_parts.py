"""What the train dialog's pages are made of: they are squeezed before they scroll, and a chosen card is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from stylecam.gui.theme import colours
from stylecam.gui.training.parts import Card, Content, Page, plain
from tests.gui.widgets import grabbed, is_like

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


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
