"""What the pages of the train dialog share: labels, cards, words for times. They show and ask; the dialog decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QWidget

from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

__all__ = [
    "Card",
    "Content",
    "Page",
    "clock",
    "counted",
    "duration",
    "faint",
    "heading",
    "plain",
    "push_button",
    "sentence",
    "time_range",
]


class Card(QFrame):
    """A quiet ground for what belongs together; with `chosen`, it has a line in the accent's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen = False

    @property
    def chosen(self) -> bool:
        return self._chosen

    @chosen.setter
    def chosen(self, chosen: bool) -> None:
        self._chosen = chosen
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(c.accent if self._chosen else c.line), 1.0))
        painter.setBrush(QColor(c.base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)


class Content(QWidget):
    """What stands on a `Page`: it is squeezed to its least height before it scrolls."""

    def heightForWidth(self, width: int) -> int:
        # A scroll area asks this of what holds texts of several lines, and would give them their favourite height.
        layout = self.layout()
        return layout.minimumHeightForWidth(width) if layout is not None else -1


class Page(QScrollArea):
    """A page that scrolls where there is less room than it needs, never sideways."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it takes the keyboard, and is scrolled to
        self.setWidget(content)

    def minimumSizeHint(self) -> QSize:
        content = self.widget()
        least = content.minimumSizeHint().width() if content is not None else 0
        return QSize(least + self.verticalScrollBar().sizeHint().width(), 120)


def plain(parent: QWidget, text: str = "", *, selectable: bool = False) -> QLabel:
    """A label of several lines whose text is never taken for markup; one that is worth copying is `selectable`."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    label.setSizePolicy(policy)
    return label


def faint(parent: QWidget, text: str = "") -> QLabel:
    """The same, for what explains."""
    label = plain(parent, text)
    label.setObjectName("faint")
    return label


def heading(parent: QWidget, text: str = "", *, scale: float = 1.0) -> QLabel:
    """The same, for what stands above the rest."""
    label = plain(parent, text)
    label.setObjectName("heading")
    if scale != 1.0:
        font = label.font()
        font.setPointSizeF(font.pointSizeF() * scale)
        label.setFont(font)
    return label


def push_button(parent: QWidget, text: str, slot: object = None) -> QPushButton:
    """One that Enter does not press from somewhere else in the dialog."""
    button = QPushButton(text, parent)
    button.setAutoDefault(False)
    if slot is not None:
        button.clicked.connect(slot)
    return button


def sentence(text: str) -> str:
    """An error's text as it stands in a dialog; a name at its beginning is left as it is."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    begun = text[:1].upper() + text[1:] if first.isalpha() else text
    return begun if begun.endswith((".", "!", "?", "…")) else f"{begun}."


def counted(number: object) -> str:
    """As "1,500"; what is no number stays as it is."""
    return f"{number:,}" if isinstance(number, int) else str(number)


def clock(seconds: float) -> str:
    """As "0:34" or "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """As exact as a forecast is: "40 s", "7 min", "2 h 20 min"."""
    if seconds < 90:
        return _tr("{n} s").format(n=max(1, round(seconds) if seconds < 10 else 5 * round(seconds / 5)))
    minutes = round(seconds / 60)
    if minutes < 100:
        return _tr("{n} min").format(n=minutes)
    hours, minutes = divmod(10 * round(minutes / 10), 60)
    told = _tr("{hours} h {minutes} min") if minutes else _tr("{hours} h")
    return told.format(hours=hours, minutes=minutes)


def time_range(least: float, most: float) -> str:
    """Between the least and the most seconds: "40–60 s", "7–9 min", "1.5–2 h"."""
    if most < 90:
        low, high = 10 * math.floor(least / 10), 10 * math.ceil(most / 10)
        return _tr("{low}–{high} s").format(low=max(1, low), high=max(high, 10))
    if most < 100 * 60:
        low, high = max(1, round(least / 60)), math.ceil(most / 60)
        told = _tr("about {high} min") if low >= high else _tr("{low}–{high} min")
        return told.format(low=low, high=high)
    unit = 0.5 if most < 10 * 3600 else 1.0
    low_h, high_h = max(1, round(least / 3600 / unit)) * unit, math.ceil(most / 3600 / unit) * unit
    told = _tr("about {high} h") if low_h >= high_h else _tr("{low}–{high} h")
    return told.format(low=f"{low_h:g}", high=f"{high_h:g}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainPages", text)
