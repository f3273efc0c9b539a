"""Three presets, one chosen; each says what it does and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QRadioButton

from stylecam.gui.training.presets import PRESETS, PresetCards
from tests.gui.widgets import check_names, check_room

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def cards(qtbot: QtBot) -> PresetCards:
    widget = PresetCards()
    qtbot.addWidget(widget)
    widget.resize(380, widget.sizeHint().height())
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def radio(cards: PresetCards, name: str) -> QRadioButton:
    return next(found for found in cards.findChildren(QRadioButton) if found.accessibleName() == name)


def test_a_card_is_chosen_anywhere_on_it(qtbot: QtBot, cards: PresetCards) -> None:
    chosen: list[str] = []
    cards.chosen.connect(chosen.append)
    assert cards.preset == "quick"
    card = radio(cards, "Best").parentWidget()
    assert card is not None
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(card.width() - 20, card.height() - 10))
    assert (cards.preset, chosen) == ("best", ["best"])
    qtbot.keyClick(radio(cards, "Best"), Qt.Key.Key_Up)
    assert cards.preset == "standard"


def test_setting_it_is_no_person_s_choice(cards: PresetCards) -> None:
    chosen: list[str] = []
    cards.chosen.connect(chosen.append)
    cards.preset = "standard"
    cards.preset = "other"
    assert (cards.preset, chosen) == ("standard", [])


def test_times_are_told_also_to_a_screen_reader(cards: PresetCards) -> None:
    cards.show_times({}, "measuring…")
    assert [label.text() for label in cards.findChildren(QLabel)].count("measuring…") == len(PRESETS)
    cards.show_times({"quick": (402, 530)}, "not measured")
    texts = [label.text() for label in cards.findChildren(QLabel)]
    assert "7–9 min on this device" in texts
    assert texts.count("not measured") == 2
    assert radio(cards, "Quick").accessibleDescription().endswith("7–9 min on this device")


def test_everything_has_a_name_and_room(cards: PresetCards) -> None:
    cards.show_times({}, "measuring…")
    check_names(cards)
    check_room(cards, "380 wide")
