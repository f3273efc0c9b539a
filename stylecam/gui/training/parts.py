"""What the pages of the train dialog are made of: pages that scroll, cards, labels, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QWidget

from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

__all__ = [
    "Card",
    "Content",
    "Page",
    "faint",
    "heading",
    "plain",
    "push_button",
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
