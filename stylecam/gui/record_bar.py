"""RecordBar: the record and snapshot buttons, and how the recording is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from stylecam.gui.source_bar import name_after

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from stylecam.recording import RecordingState

__all__ = ["RecordBar"]

_BETWEEN: Final = "  ·  "


class RecordBar(QWidget):
    """Two buttons and a line of text, of which the last parts give way where there is no room for them."""

    def __init__(self, record: QAction, snapshot: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[str] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for action, name in ((record, "recordButton"), (snapshot, "snapshotButton")):
            button = QToolButton(self)
            button.setObjectName(name)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            # A click must not leave the focus here, where a later Space would press it again.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            name_after(button, action)
            row.addWidget(button)
        self._text = QLabel(self)
        self._text.setAccessibleName(self.tr("Recording"))
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        # What a recording says must not make the window grow, nor push the gallery aside.
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._text.installEventFilter(self)
        row.addSpacing(4)
        row.addWidget(self._text, 1)

    @property
    def text(self) -> str:
        """All of it, whether there is room for it or not."""
        return _BETWEEN.join(self._parts)

    @property
    def shown_text(self) -> str:
        """What there is room for; the tooltip has the rest."""
        return self._text.text()

    def show_state(self, state: RecordingState | None) -> None:
        """Time, size, what was lost, and time left on the disk; empty without a recording."""
        self._parts = []
        if state is not None:
            self._parts = [_clock(state.seconds), self.tr("{size} MB").format(size=f"{state.bytes / 1e6:.1f}")]
            if state.dropped:
                self._parts.append(self.tr("{count} dropped: the encoder is too slow").format(count=state.dropped))
            if state.seconds_left is not None:
                self._parts.append(self.tr("{time} left on the disk").format(time=_rough(state.seconds_left)))
        self._text.setToolTip(self.text)
        self._text.setAccessibleDescription(self.text)
        self._fit()

    # Overridden.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._text and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Show as many parts as there is room for, but the time in any case."""
        metrics, shown = self._text.fontMetrics(), list(self._parts)
        while len(shown) > 1 and metrics.horizontalAdvance(_BETWEEN.join(shown)) > self._text.width():
            shown.pop()
        self._text.setText(_BETWEEN.join(shown))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest:02d}"


def _rough(seconds: float) -> str:
    if seconds >= 48 * 3600:
        return f"{seconds // 86400:.0f} d"
    if seconds >= 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
    return f"{seconds // 60:.0f} min {seconds % 60 // 1:02.0f} s"
