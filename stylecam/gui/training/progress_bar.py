"""TrainingBar: how far a training is; or, where nobody knows, a block that goes to and fro, and is always whole.

Qt's own busy bar, drawn with a style sheet, wraps: half of its block is at one end, and half at the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QProgressBar, QWidget

from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QPaintEvent, QShowEvent

__all__ = ["TrainingBar"]

_FRAME_MS: Final = 50
_THERE_AND_BACK_MS: Final = 3200
_BLOCK: Final = 0.22
"""Of the width."""
_RADIUS: Final = 5.0


class TrainingBar(QProgressBar):
    """Begins busy. It moves only while it is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextVisible(False)  # over the bar's colour it is hard to read; the step is told above it
        self.setRange(0, 0)
        self._clock = QElapsedTimer()
        self._clock.start()
        self._moves = QTimer(self, interval=_FRAME_MS)
        self._moves.timeout.connect(self.update)

    @property
    def busy(self) -> bool:
        """Whether the block is shown."""
        return self.maximum() == 0

    def show_busy(self) -> None:
        """Something is being done, nobody knows for how long."""
        self.setRange(0, 0)
        self._move()

    def show_step(self, step: int, steps: int) -> None:
        """`step` of `steps` (more than 0) are done."""
        self.setRange(0, steps)
        self.setValue(min(step, steps))
        self._move()

    def block(self, after_ms: int) -> QRectF:
        """Where the block is so many milliseconds after its start."""
        room = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        share = after_ms % _THERE_AND_BACK_MS / _THERE_AND_BACK_MS
        way = 1 - abs(2 * share - 1)
        width = _BLOCK * room.width()
        return QRectF(room.left() + way * (room.width() - width), room.top(), width, room.height())

    # Overridden.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._move()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._moves.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.busy:
            super().paintEvent(event)
            return
        c = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(c.line), 1.0))
        painter.setBrush(QColor(c.base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS + 1, _RADIUS + 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.accent))
        painter.drawRoundedRect(self.block(self._clock.elapsed()), _RADIUS, _RADIUS)

    def _move(self) -> None:
        if self.busy and self.isVisible():
            self._moves.start()
        else:
            self._moves.stop()
