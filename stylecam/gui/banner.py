"""Banner: one message above the picture, with what can be done about it. It never takes the window away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stylecam.gui.icons import icon
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Banner"]

_ICON: Final = QSize(20, 20)


class Banner(QFrame):
    """A line of text with an icon, buttons and, on demand, technical details. A new message replaces the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(6)
        self._more = QPushButton(self.tr("Details"), self)
        self._more.setCheckable(True)
        self._more.setAccessibleName(self.tr("Details"))
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
        self._copy = QPushButton(self.tr("Copy"), self)
        self._copy.setAccessibleName(self.tr("Copy the details"))
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._details.toPlainText()))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(10)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._text, 1)
        line.addLayout(self._buttons)
        line.addWidget(self._more)
        line.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.addLayout(line)
        column.addWidget(self._details)
        column.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignRight)
        self._hide_later = QTimer(self, singleShot=True)
        self._hide_later.timeout.connect(self.hide_message)
        self._action_buttons: list[QPushButton] = []
        self._level = "info"
        self.hide_message()

    @property
    def text(self) -> str:
        """What it says; empty while it is hidden."""
        return "" if self.isHidden() else self._text.text()

    @property
    def level(self) -> str:
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
        self.setProperty("level", level)
        self.style().unpolish(self)
        self.style().polish(self)
        c = colours()
        colour = {"info": c.accent, "warning": c.warning, "error": c.error}[level]
        self._icon.setPixmap(icon(level, colour=colour).pixmap(_ICON, self.devicePixelRatioF()))
        for words, act in actions:
            button = QPushButton(words, self)
            button.setAccessibleName(words)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, act=act: act())
            self._buttons.addWidget(button)
            self._action_buttons.append(button)
        self._more.setVisible(bool(details))
        self._more.setChecked(False)
        self._on_more(False)
        self._details.setPlainText(details)
        self._hide_later.stop()
        if timeout_s is not None:
            self._hide_later.start(round(1000 * timeout_s))
        self.show()

    def hide_message(self) -> None:
        """Say nothing any more."""
        self._hide_later.stop()
        self._forget_actions()
        self.hide()

    def _forget_actions(self) -> None:
        for button in self._action_buttons:
            self._buttons.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._action_buttons = []

    def _on_more(self, on: bool) -> None:
        self._details.setVisible(on)
        self._copy.setVisible(on)
