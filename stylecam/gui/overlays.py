"""What is drawn over the picture: the line between original and painting, words on plates, the recording's frame.

A plate is so dark that its white text can be read on any picture: 4.5:1 and more even on white.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent

__all__ = [
    "PLATE",
    "came_by_keyboard",
    "draw_drop",
    "draw_label",
    "draw_recording",
    "draw_split_line",
    "label_width",
    "scaled_font",
]

PLATE: Final = QColor(0, 0, 0, 165)
"""Behind white text on a picture."""
_KNOB: Final = 13
_EDGE: Final = 10
"""From the picture's edge to a plate."""


def scaled_font(font: QFont, factor: float) -> QFont:
    """The same font, so many times as large, but never too small to read."""
    scaled = QFont(font)
    if font.pointSizeF() > 0:
        scaled.setPointSizeF(max(7.0, font.pointSizeF() * factor))
    else:
        scaled.setPixelSize(max(10, round(font.pixelSize() * factor)))
    return scaled


def label_width(font: QFont, text: str) -> int:
    """How wide the plate of a label is."""
    return QFontMetrics(_label_font(font)).horizontalAdvance(text) + 20


def draw_label(painter: QPainter, where: QRect, text: str, *, right: bool) -> None:
    """Name what is seen, in a lower corner of the picture's rectangle."""
    font = _label_font(painter.font())
    width, height = label_width(painter.font(), text), QFontMetrics(font).height() + 8
    x = where.right() + 1 - width - _EDGE if right else where.left() + _EDGE
    plate = QRectF(x, where.bottom() + 1 - height - _EDGE, width, height)
    painter.save()
    painter.setFont(font)
    _draw_plate(painter, plate)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def draw_split_line(painter: QPainter, where: QRect, x: int) -> None:
    """A line with a knob to take hold of, dark and light, so that it is seen on any picture."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((QColor(0, 0, 0, 110), 4.0), (QColor("white"), 1.6)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(x, where.top()), QPointF(x, where.bottom() + 1))
    knob = QPointF(x, where.center().y())
    painter.setPen(QPen(QColor(0, 0, 0, 130), 1))
    painter.setBrush(QColor("white"))
    painter.drawEllipse(knob, _KNOB, _KNOB)
    painter.setPen(QPen(QColor("#2a2b30"), 1.8))
    for side in (-1, 1):
        tip = QPointF(knob.x() + side * 7, knob.y())
        painter.drawLine(tip, QPointF(tip.x() - side * 3.5, tip.y() - 3.5))
        painter.drawLine(tip, QPointF(tip.x() - side * 3.5, tip.y() + 3.5))
    painter.restore()


def draw_drop(painter: QPainter, where: QRect, text: str, colour: QColor) -> None:
    """Darken everything, and say in the middle of a dashed frame what letting go does."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(where, PLATE)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 3, Qt.PenStyle.DashLine))
    painter.drawRoundedRect(QRectF(where).adjusted(14, 14, -14, -14), 10, 10)
    painter.setPen(QColor("white"))
    painter.setFont(scaled_font(painter.font(), 1.3))
    words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(where.adjusted(36, 24, -36, -24), words, text)
    painter.restore()


def draw_recording(painter: QPainter, where: QRect, text: str, colour: QColor) -> None:
    """A frame around the picture and a word with a dot in its upper corner."""
    font = _label_font(painter.font())
    font.setBold(True)
    metrics = QFontMetrics(font)
    plate = QRectF(
        where.left() + _EDGE + 2, where.top() + _EDGE + 2, metrics.horizontalAdvance(text) + 34, metrics.height() + 8
    )
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
    painter.drawRect(where.adjusted(1, 1, -2, -2))
    _draw_plate(painter, plate)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(plate.left() + 14, plate.center().y()), 5, 5)
    painter.setPen(QColor("white"))
    painter.setFont(font)
    painter.drawText(plate.adjusted(24, 0, -8, 0), Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def _draw_plate(painter: QPainter, plate: QRectF) -> None:
    """Leaves the painter ready for the text."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 5, 5)
    painter.setPen(QColor("white"))


def _label_font(font: QFont) -> QFont:
    return scaled_font(font, 0.95)


def came_by_keyboard(event: QFocusEvent) -> bool:
    """Whether a ring shall show where the keyboard is: whoever clicked knows that."""
    return event.reason() in (
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
    )
