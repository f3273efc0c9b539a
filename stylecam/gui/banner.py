"""Banner: one message above the picture, with what can be done about it. It never takes the window away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from stylecam.gui.icons import icon
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QKeyEvent, QResizeEvent

__all__ = ["Banner"]

_ICON: Final = QSize(20, 20)
_TEXT_ROOM: Final = 260
"""With less room beside them, the text stands above the buttons."""


class Banner(QFrame):
    """A line of text with an icon, buttons and, on demand, technical details. A new message replaces the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._level: Literal["info", "warning", "error"] = "info"
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = _button(self.tr("Details"), self)
        self._more.setCheckable(True)
        self._more.toggled.connect(self._on_more)
        self._close = QToolButton(self)
        self._close.setIcon(icon("close"))
        self._close.setToolTip(self.tr("Close this message"))
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close.clicked.connect(self.hide_message)
        self._details = QPlainTextEdit(self)
        self._details.setReadOnly(True)
        self._details.setMaximumHeight(110)
        self._details.setAccessibleName(self.tr("Details of the message"))
        self._copy = _button(self.tr("Copy"), self)
        self._copy.setAccessibleName(self.tr("Copy the details"))
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._details.toPlainText()))
        self._tools = QWidget(self)
        self._buttons = QHBoxLayout(self._tools)
        self._buttons.setContentsMargins(0, 0, 0, 0)
        self._buttons.setSpacing(6)
        self._buttons.addWidget(self._more)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 8, 8, 8)
        self._grid.setHorizontalSpacing(10)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(self._text, 0, 1)
        self._grid.addWidget(self._close, 0, 3, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(self._details, 2, 0, 1, 4)
        self._grid.addWidget(self._copy, 3, 0, 1, 4, Qt.AlignmentFlag.AlignRight)
        self._is_narrow = False
        self._grid.addWidget(self._tools, 0, 2, Qt.AlignmentFlag.AlignVCenter)
        self._hide_later = QTimer(self, singleShot=True)
        self._hide_later.timeout.connect(self.hide_message)
        self._action_buttons: list[QPushButton] = []
        self.hide_message()

    @property
    def text(self) -> str:
        """What it says; empty while it is hidden."""
        return "" if self.isHidden() else self._text.text()

    @property
    def level(self) -> str:
        """That of the last message."""
        return self._level

    @property
    def action_buttons(self) -> tuple[QPushButton, ...]:
        """The buttons of the present message."""
        return tuple(self._action_buttons)

    def show_message(
        self,
        text: str,
        *,
        level: Literal["info", "warning", "error"],
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
        details: str = "",
        timeout_s: float | None = None,
    ) -> None:
        """Say something.

        Args:
            text: plain text, whole sentences.
            level: picks icon and colour.
            actions: words and what a click on them does.
            details: technical; shown on demand, can be copied.
            timeout_s: after this many seconds it goes by itself; None: it stays.
        """
        self._forget_actions()
        self._level = level
        self._text.setText(text)
        self.setAccessibleName(text)
        words = {"info": self.tr("Note"), "warning": self.tr("Warning"), "error": self.tr("Error")}
        self.setAccessibleDescription(words[level])
        self.setProperty("level", level)
        self.style().unpolish(self)
        self.style().polish(self)
        self._show_icon()
        for at, (name, act) in enumerate(actions):
            button = _button(name, self._tools)
            button.clicked.connect(lambda _=False, act=act: act())
            self._buttons.insertWidget(at, button)
            self._action_buttons.append(button)
            # Else its first turn of the event loop would come too late for the layout.
            button.show()
        self._more.setVisible(bool(details))
        self._tools.setVisible(bool(details or self._action_buttons))
        self._more.setChecked(False)
        self._on_more(False)
        self._details.setPlainText(details)
        self._hide_later.stop()
        if timeout_s is not None:
            self._hide_later.start(round(1000 * timeout_s))
        self._arrange()
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def reword(self, old: str, new: str) -> bool:
        """Change the words of the message, if it is still `old`; its buttons stay, also that which is being pressed."""
        if not old or self.text != old:
            return False
        self._text.setText(new)
        self.setAccessibleName(new)
        self._arrange()
        return True

    def hide_message(self) -> None:
        """Say nothing any more."""
        self._hide_later.stop()
        self._forget_actions()
        self.hide()

    # Overridden.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide_message()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.DevicePixelRatioChange):
            self._show_icon()

    def _show_icon(self) -> None:
        c = colours()
        colour = {"info": c.accent, "warning": c.warning, "error": c.error}[self._level]
        self._icon.setPixmap(icon(self._level, colour=colour).pixmap(_ICON, self.devicePixelRatioF()))

    def _arrange(self) -> None:
        """The buttons beside the text, or below it where it would be squeezed into a column of single words."""
        taken = self._tools.sizeHint().width() + self._close.sizeHint().width() + _ICON.width() + 60
        narrow = self.width() - taken < min(_TEXT_ROOM, self._text.fontMetrics().horizontalAdvance(self._text.text()))
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self._grid.removeWidget(self._tools)
            if narrow:
                self._grid.addWidget(self._tools, 1, 1, 1, 3, Qt.AlignmentFlag.AlignRight)
            else:
                self._grid.addWidget(self._tools, 0, 2, Qt.AlignmentFlag.AlignVCenter)

    def _forget_actions(self) -> None:
        for button in self._action_buttons:
            self._buttons.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._action_buttons = []

    def _on_more(self, on: bool) -> None:
        self._details.setVisible(on)
        self._copy.setVisible(on)


def _button(text: str, parent: QWidget) -> QPushButton:
    """One that a click leaves without the focus: Space must not do again what a click did."""
    button = QPushButton(text, parent)
    button.setAccessibleName(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
