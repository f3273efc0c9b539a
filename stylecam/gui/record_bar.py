"""RecordBar: the record and snapshot buttons, and how the recording is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from stylecam.recording import RecordingState

__all__ = ["RecordBar"]


class RecordBar(QWidget):
    """Two buttons and a line of text."""

    def __init__(self, record: QAction, snapshot: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for action, name in ((record, "recordButton"), (snapshot, "snapshotButton")):
            button = QToolButton(self)
            button.setObjectName(name)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            # A click must not leave the focus here, where a later Space would press it again.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.text().replace("&", ""))
            row.addWidget(button)
        self._text = QLabel(self)
        self._text.setAccessibleName(self.tr("Recording"))
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        row.addWidget(self._text)
        row.addStretch()

    @property
    def text(self) -> str:
        return self._text.text()

    def show_state(self, state: RecordingState | None) -> None:
        """Time, size, time left on the disk, and what was lost; empty without a recording."""
        if state is None:
            self._text.setText("")
            return
        parts = [_clock(state.seconds), self.tr("{size} MB").format(size=f"{state.bytes / 1e6:.1f}")]
        if state.seconds_left is not None:
            parts.append(self.tr("{time} left on the disk").format(time=_rough(state.seconds_left)))
        if state.dropped:
            parts.append(self.tr("{count} dropped: the encoder is too slow").format(count=state.dropped))
        self._text.setText("  ·  ".join(parts))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest:02d}"


def _rough(seconds: float) -> str:
    if seconds >= 48 * 3600:
        return f"{seconds / 86400:.0f} d"
    if seconds >= 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
    return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
