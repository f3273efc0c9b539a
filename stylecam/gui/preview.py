"""Preview: the newest painting, fitted into whatever room there is, with the original beside it if wanted.

A frame's array is shown where it lies: nobody writes to it, and it is kept as long as it is on the screen.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from stylecam.gui.overlays import (
    came_by_keyboard,
    draw_drop,
    draw_label,
    draw_recording,
    draw_split_line,
    label_width,
    scaled_font,
)
from stylecam.gui.theme import colours

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent

    from stylecam.frame import Image

__all__ = ["Preview"]

_GRAB: Final = 12
"""Pixels beside the line that still take hold of it."""
_KEY_STEP: Final = 0.02
_SMOOTH_BUDGET_S: Final = 0.015
"""A smooth enlargement that takes longer would cost the picture its rate: then pixels are shown as they are."""
_TRIALS: Final = 8
"""Paintings whose quickest one decides that: one slow painting only says that the machine was busy."""


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
        self._painting: _Picture | None = None
        self._source: _Picture | None = None
        self._is_new = False
        self._message = ""
        self._split = False
        self._split_position = 0.5
        self._show_original = False
        self._recording = False
        self._drop_words = ""
        self._dragging = False
        self._ring = False
        self._took_s: deque[float] = deque(maxlen=_TRIALS)
        self.setMinimumSize(QSize(320, 200))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Picture"))

    def show_picture(self, painting: Image, source: Image | None) -> None:
        """Show a painting, and remember its source for the comparison; both H×W×3 uint8 RGB, never written to again."""
        if self._painting is None or self._painting.image is not painting:
            self._is_new = True
            if self._painting is None or self._painting.image.shape != painting.shape:
                self._took_s.clear()
            self._painting = _Picture(painting)
        self._source = None if source is None else _Picture(source)
        if self._message:
            self._message = ""
            self._describe()
        self.update()

    def clear(self, text: str) -> None:
        """Show a line of text in place of a picture."""
        self._painting = self._source = None
        self._dragging = False
        self._message = text
        self.unsetCursor()
        self._describe()
        self.update()

    @property
    def message(self) -> str:
        """The text shown in place of a picture; empty while there is one."""
        return self._message

    @property
    def split(self) -> bool:
        """Whether the original is shown to the left of a line, and the painting to its right."""
        return self._split

    @split.setter
    def split(self, split: bool) -> None:
        self._split = split
        self._dragging = False
        self.unsetCursor()
        self._describe()
        self.update()

    @property
    def split_position(self) -> float:
        """0–1 from the picture's left side."""
        return self._split_position

    @split_position.setter
    def split_position(self, position: float) -> None:
        self._split_position = min(1.0, max(0.0, position))
        self._describe()
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
        self._describe()
        self.update()

    @property
    def drop_words(self) -> str:
        """What letting go of the files over the window does, on the picture; empty while nothing is dragged."""
        return self._drop_words

    @drop_words.setter
    def drop_words(self, words: str) -> None:
        self._drop_words = words
        self._describe()
        self.update()

    @property
    def picture_rect(self) -> QRect:
        """Where in the widget the picture lies; all of it while there is none."""
        if self._painting is None:
            return self.rect()
        size = self._painting.size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
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
        if self._painting is not None:
            self._paint_picture(painter, self._painting)
        elif self._message:
            painter.setPen(QColor(c.on_stage))
            painter.setFont(scaled_font(self.font(), 1.15))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(20, 20, -20, -20), words, self._message)
            painter.setFont(self.font())
        if self._recording:
            draw_recording(painter, self.picture_rect, self.tr("REC"), QColor(c.recording))
        if self._drop_words:
            draw_drop(painter, self.rect(), self._drop_words, QColor(c.accent))
        if self._ring:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._took_s.clear()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring = came_by_keyboard(event)
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ring = False
        super().focusOutEvent(event)
        self.update()

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
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = False
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._near_line(event.position()):
            self.double_clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        targets = {
            Qt.Key.Key_Left: self._split_position - _KEY_STEP,
            Qt.Key.Key_Right: self._split_position + _KEY_STEP,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
        }
        target = targets.get(Qt.Key(event.key()))
        if self._split_is_shown and target is not None:
            self._move_line(target)
        else:
            super().keyPressEvent(event)

    # How it is drawn.

    def _paint_picture(self, painter: QPainter, painting: _Picture) -> None:
        where, source = self.picture_rect, self._source
        began = time.perf_counter()
        smooth = len(self._took_s) < _TRIALS or min(self._took_s) < _SMOOTH_BUDGET_S
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        if self._show_original and source is not None:
            painter.drawImage(where, source.on_screen)
            draw_label(painter, where, self.tr("Original"), right=False)
        elif self._split_is_shown and source is not None:
            line = self._line_x
            painter.setClipRect(QRect(line, where.y(), where.right() + 1 - line, where.height()))
            painter.drawImage(where, painting.on_screen)
            painter.setClipRect(QRect(where.x(), where.y(), line - where.x(), where.height()))
            painter.drawImage(where, source.on_screen)
            painter.setClipping(False)
            draw_split_line(painter, where, line)
            for text, room, right in (
                (self.tr("Original"), line - where.left(), False),
                (self.tr("Painted"), where.right() - line, True),
            ):
                if room > label_width(self.font(), text) + 24:
                    draw_label(painter, where, text, right=right)
        else:
            painter.drawImage(where, painting.on_screen)
        if smooth:
            self._took_s.append(time.perf_counter() - began)
        if self._is_new:
            self.frames_painted += 1
            self._is_new = False

    def _describe(self) -> None:
        """Tell a screen reader what is seen besides the picture."""
        said = [self._message] if self._message else []
        if self._drop_words:
            said.append(self._drop_words)
        if self._recording:
            said.append(self.tr("Recording"))
        if self._split:
            percent = round(100 * self._split_position)
            said.append(self.tr("The original takes {percent} % from the left").format(percent=percent))
        self.setAccessibleDescription(", ".join(said))

    # The line between original and painting.

    @property
    def _split_is_shown(self) -> bool:
        return self._split and self._painting is not None and self._source is not None and not self._show_original

    @property
    def _line_x(self) -> int:
        where = self.picture_rect
        return where.x() + round(self._split_position * where.width())

    def _near_line(self, at: QPointF) -> bool:
        return self._split_is_shown and abs(at.x() - self._line_x) <= _GRAB

    def _move_line(self, position: float) -> None:
        self.split_position = position
        self.split_moved.emit(self._split_position)


class _Picture:
    """An array as Qt sees it, without a copy until it is painted.

    Then it is turned once into the screen's own format: with that, scaling 1280×720 up to 1920×1080 smoothly took
    3.2 ms in place of 7.8 ms, the conversion included, on two cores.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        height, width, _ = image.shape
        self.size = QSize(width, height)
        self._rows = np.ascontiguousarray(image)  # kept here: not every PySide keeps what a QImage looks at
        self._seen = QImage(self._rows.data, width, height, self._rows.strides[0], QImage.Format.Format_RGB888)
        self._on_screen: QImage | None = None

    @property
    def on_screen(self) -> QImage:
        if self._on_screen is None:
            self._on_screen = self._seen.convertToFormat(QImage.Format.Format_RGB32)
        return self._on_screen
