"""Preview: the newest painting, fitted into whatever room there is, with the original beside it if wanted.

A frame's array is shown where it lies: nobody writes to it, and it is kept as long as it is on the screen.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from stylecam.frame import Image

__all__ = ["Preview"]

_GRAB: Final = 12
"""Pixels beside the line that still take hold of it."""
_KEY_STEP: Final = 0.02
_SMOOTH_BUDGET_S: Final = 0.015
"""A smooth enlargement that takes longer would cost the picture its rate: then pixels are shown as they are."""


class Preview(QWidget):
    """Shows pictures.

    Signals:
        split_moved(float): the line between original and painting was moved, 0–1 from the left.
        double_clicked()
    """

    split_moved = Signal(float)
    double_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frames_painted = 0
        """Different pictures that reached the screen."""
        self._painting: QImage | None = None
        self._source: QImage | None = None
        self._is_new = False
        self._message = ""
        self._split = False
        self._split_position = 0.5
        self._show_original = False
        self._recording = False
        self._dragging = False
        self._smooth_s = 0.0
        self.setMinimumSize(QSize(320, 200))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Picture"))

    def show_picture(self, painting: Image, source: Image | None) -> None:
        """Show a painting, and remember its source for the comparison; both H×W×3 uint8 RGB, never written to again."""
        self._painting = _qimage(painting)
        self._source = None if source is None else _qimage(source)
        self._message = ""
        self._is_new = True
        self.update()

    def clear(self, text: str) -> None:
        """Show a line of text in place of a picture."""
        self._painting = self._source = None
        self._message = text
        self.setAccessibleDescription(text)
        self.update()

    @property
    def message(self) -> str:
        return self._message

    @property
    def split(self) -> bool:
        """Whether the original is shown to the left of a line, and the painting to its right."""
        return self._split

    @split.setter
    def split(self, split: bool) -> None:
        self._split = split
        self.unsetCursor()
        self.update()

    @property
    def split_position(self) -> float:
        """0–1 from the picture's left side."""
        return self._split_position

    @split_position.setter
    def split_position(self, position: float) -> None:
        self._split_position = min(1.0, max(0.0, position))
        self.update()

    @property
    def show_original(self) -> bool:
        """Whether the original is shown in place of the painting."""
        return self._show_original

    @show_original.setter
    def show_original(self, show: bool) -> None:
        self._show_original = show
        self.update()

    @property
    def recording(self) -> bool:
        """Whether a frame and a word say that what is shown is being recorded."""
        return self._recording

    @recording.setter
    def recording(self, recording: bool) -> None:
        self._recording = recording
        self.setAccessibleDescription(self.tr("Recording") if recording else "")
        self.update()

    @property
    def picture_rect(self) -> QRect:
        """Where in the widget the picture lies."""
        if self._painting is None:
            return self.rect()
        size = self._painting.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRect(
            (self.width() - size.width()) // 2, (self.height() - size.height()) // 2, size.width(), size.height()
        )

    # Overridden.

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(c.stage))
        if self._painting is None:
            painter.setPen(QColor(c.on_stage))
            painter.setFont(_scaled(self.font(), 1.15))
            painter.drawText(
                self.rect().adjusted(20, 20, -20, -20),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                self._message,
            )
        else:
            self._paint_picture(painter)
        if self._recording:
            self._paint_recording(painter)
        if self.hasFocus() and self._split:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._near_line(event.position()):
            self._dragging = True
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            where = self.picture_rect
            self._move_line((event.position().x() - where.x()) / max(1, where.width()))
        elif self._near_line(event.position()):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._near_line(event.position()):
            self.double_clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -_KEY_STEP, Qt.Key.Key_Right: _KEY_STEP}
        step = steps.get(Qt.Key(event.key()))
        if self._split and step is not None:
            self._move_line(self._split_position + step)
        else:
            super().keyPressEvent(event)

    # How it is drawn.

    def _paint_picture(self, painter: QPainter) -> None:
        assert self._painting is not None
        where = self.picture_rect
        began = time.perf_counter()
        smooth = self._smooth_s < _SMOOTH_BUDGET_S
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        source = self._source
        if self._show_original and source is not None:
            painter.drawImage(where, source)
            self._label(painter, where, self.tr("Original"), right=False)
        elif self._split and source is not None:
            line = self._line_x()
            painter.setClipRect(QRect(line, where.y(), where.right() + 1 - line, where.height()))
            painter.drawImage(where, self._painting)
            painter.setClipRect(QRect(where.x(), where.y(), line - where.x(), where.height()))
            painter.drawImage(where, source)
            painter.setClipping(False)
            self._paint_line(painter, where, line)
        else:
            painter.drawImage(where, self._painting)
        if self._is_new:
            self.frames_painted += 1
            self._is_new = False
        if smooth:
            self._smooth_s = 0.9 * self._smooth_s + 0.1 * (time.perf_counter() - began)

    def _paint_line(self, painter: QPainter, where: QRect, x: int) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 110), 4.0), (QColor("white"), 1.6)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, where.top()), QPointF(x, where.bottom()))
        knob = QPointF(x, where.center().y())
        painter.setPen(QPen(QColor(0, 0, 0, 130), 1))
        painter.setBrush(QColor("white"))
        painter.drawEllipse(knob, 13, 13)
        painter.setPen(QPen(QColor("#2a2b30"), 1.8))
        for side in (-1, 1):
            tip = QPointF(knob.x() + side * 7, knob.y())
            painter.drawLine(tip, QPointF(tip.x() - side * 3.5, tip.y() - 3.5))
            painter.drawLine(tip, QPointF(tip.x() - side * 3.5, tip.y() + 3.5))
        left, right = self.tr("Original"), self.tr("Painted")
        if x - where.left() > self._label_width(left) + 24:
            self._label(painter, where, left, right=False)
        if where.right() - x > self._label_width(right) + 24:
            self._label(painter, where, right, right=True)

    def _label(self, painter: QPainter, where: QRect, text: str, *, right: bool) -> None:
        """On a dark plate, so that it can be read on any picture."""
        font = _scaled(self.font(), 0.95)
        painter.setFont(font)
        width, height = self._label_width(text), painter.fontMetrics().height() + 8
        x = where.right() - width - 9 if right else where.left() + 10
        plate = QRectF(x, where.bottom() - height - 9, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 165))
        painter.drawRoundedRect(plate, 5, 5)
        painter.setPen(QColor("white"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _label_width(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + 18

    def _paint_recording(self, painter: QPainter) -> None:
        c = colours()
        where = self.picture_rect
        red = QColor(c.recording)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(red, 3))
        painter.drawRect(where.adjusted(1, 1, -2, -2))
        font = _scaled(self.font(), 0.95)
        font.setBold(True)
        painter.setFont(font)
        text = self.tr("REC")
        metrics = painter.fontMetrics()
        height = metrics.height() + 8
        plate = QRectF(where.left() + 12, where.top() + 12, metrics.horizontalAdvance(text) + 34, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 165))
        painter.drawRoundedRect(plate, 5, 5)
        painter.setBrush(red)
        painter.drawEllipse(QPointF(plate.left() + 14, plate.center().y()), 5, 5)
        painter.setPen(QColor("white"))
        painter.drawText(plate.adjusted(24, 0, -6, 0), Qt.AlignmentFlag.AlignCenter, text)

    # The line between original and painting.

    def _line_x(self) -> int:
        where = self.picture_rect
        return where.x() + round(self._split_position * where.width())

    def _near_line(self, at: QPointF) -> bool:
        return self._split and self._painting is not None and abs(at.x() - self._line_x()) <= _GRAB

    def _move_line(self, position: float) -> None:
        self.split_position = position
        self.split_moved.emit(self._split_position)


def _qimage(image: Image) -> QImage:
    """A view of the array, which the QImage keeps alive (PySide6 holds a reference to the buffer)."""
    height, width, _ = image.shape
    return QImage(image.data, width, height, image.strides[0], QImage.Format.Format_RGB888)


def _scaled(font: QFont, factor: float) -> QFont:
    scaled = QFont(font)
    scaled.setPointSizeF(max(7.0, font.pointSizeF() * factor))
    return scaled
