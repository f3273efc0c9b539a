"""PresetCards: how much to train - three cards, what each does, and what it takes on this device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QRadioButton, QVBoxLayout, QWidget

from stylecam.gui.training.parts import Card, faint
from stylecam.gui.words import time_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QMouseEvent

__all__ = ["PRESETS", "PresetCards"]

PRESETS: Final = ("quick", "standard", "best")


class PresetCards(QWidget):
    """One is always chosen.

    Signals:
        chosen(str): a person chose this preset.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = {
            "quick": (self.tr("&Quick"), self.tr("Short, from the nearest style: to see what a picture gives.")),
            "standard": (self.tr("&Standard"), self.tr("Until little more is gained, for the live picture.")),
            "best": (self.tr("&Best"), self.tr("Long, and both networks: fast for live pictures, full for files.")),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._group = QButtonGroup(self)
        self._cards: dict[str, _PresetCard] = {}
        for preset in PRESETS:
            card = _PresetCard(*words[preset], self)
            self._cards[preset] = card
            self._group.addButton(card.radio)
            card.radio.toggled.connect(self._on_toggled)
            column.addWidget(card)
        self._cards["quick"].radio.setChecked(True)
        self._group.buttonClicked.connect(lambda _: self.chosen.emit(self.preset))

    @property
    def preset(self) -> str:
        """One of `PRESETS`."""
        return next(name for name, card in self._cards.items() if card.radio.isChecked())

    @preset.setter
    def preset(self, name: str) -> None:
        """Any other name is passed over."""
        if name in self._cards:
            self._cards[name].radio.setChecked(True)

    def show_times(self, times: Mapping[str, tuple[float, float]], otherwise: str) -> None:
        """Say what each takes (least and most seconds); `otherwise` where nothing was measured."""
        for preset, card in self._cards.items():
            text = otherwise
            if preset in times:
                text = self.tr("{time} on this device").format(time=time_range(*times[preset]))
            card.show_time(text)

    def _on_toggled(self) -> None:
        for card in self._cards.values():
            card.chosen = card.radio.isChecked()


class _PresetCard(Card):
    """A radio button that can be pressed anywhere on its card."""

    def __init__(self, name: str, does: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._does = does
        self.radio = QRadioButton(name, self)
        self.radio.setAccessibleName(name.replace("&", ""))
        self.radio.setAccessibleDescription(does)
        self._time = QLabel(self)
        self._time.setObjectName("faint")
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        text = faint(self, does)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 7, 12, 8)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.radio, 0, 0)
        grid.addWidget(self._time, 0, 1)
        grid.addWidget(text, 1, 0, 1, 2)
        # Below the button's words.
        text.setContentsMargins(24, 0, 0, 0)

    def show_time(self, text: str) -> None:
        self._time.setText(text)
        self.radio.setAccessibleDescription(f"{self._does} {text}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.radio.click()
            self.radio.setFocus(Qt.FocusReason.MouseFocusReason)
