"""The region of a picture that is being cropped: what the mouse takes hold of, how far an edge goes, how it is drawn.

Lines on the picture are dark below and light above, so that they are seen on any.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from stylecam.gui.icons import icon
from stylecam.gui.overlays import draw_label, label_width
from stylecam.gui.theme import colours

__all__ = ["LEAST_SIDE", "Region", "dragged", "draw_invitation", "draw_region", "draw_stage", "part_at"]

Region: TypeAlias = tuple[int, int, int, int]
"""x, y, width, height in the picture's own pixels."""

LEAST_SIDE: Final = 64
"""Pixels of a side of a region, where the picture has them."""
_GRAB: Final = 12
"""Pixels beside an edge that still take hold of it."""
_RADIUS: Final = 8.0
_DIMMED: Final = QColor(0, 0, 0, 150)
_LINES: Final = ((QColor(0, 0, 0, 120), 3.0, 5.6), (QColor("white"), 1.2, 3.2))
"""Colour, width of the frame, width of its corners."""


def part_at(region: QRectF, at: QPointF) -> str:
    """The edges under the mouse by their letters - l or r, then t or b -, else "inside" or nothing.

    Of a small region the middle third is still inside.
    """
    letters = ""
    for place, low, high, length, names in (
        (at.x(), region.left(), region.right(), region.width(), "lr"),
        (at.y(), region.top(), region.bottom(), region.height(), "tb"),
    ):
        inward = min(_GRAB, length / 3)
        if not low - _GRAB <= place <= high + _GRAB:
            return ""
        if place < low + inward:
            letters += names[0]
        elif place > high - inward:
            letters += names[1]
    return letters or "inside"


def dragged(region: Region, part: str, across: int, down: int, picture: QSize) -> Region:
    """The region after a part of it (see `part_at`) was moved by so many pixels.

    An edge stays inside the picture and away from the other one; "inside" moves all of it, and may leave the picture.
    """
    x, y, width, height = region
    if part == "inside":
        return x + across, y + down, width, height
    x, width = _stretched(x, width, across, picture.width(), low="l" in part, high="r" in part)
    y, height = _stretched(y, height, down, picture.height(), low="t" in part, high="b" in part)
    return x, y, width, height


def _stretched(start: int, length: int, by: int, whole: int, *, low: bool, high: bool) -> tuple[int, int]:
    end, least = start + length, min(LEAST_SIDE, whole)
    if low:
        start = max(0, min(start + by, end - least))
    elif high:
        end = min(whole, max(end + by, start + least))
    return start, end - start


def draw_stage(painter: QPainter, where: QRect, *, ring: bool) -> None:
    """The ground of the picture; a ring shows that keys or a dropped file come here."""
    c = colours()
    painter.setBrush(QColor(c.stage))
    painter.setPen(QPen(QColor(c.accent), 2) if ring else Qt.PenStyle.NoPen)
    painter.drawRoundedRect(QRectF(where).adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)


def draw_region(painter: QPainter, picture: QRect, region: QRectF, text: str, *, thirds: bool) -> None:
    """Dim the picture outside of the region, and frame this; `text` stands in its corner where there is room."""
    outside = QPainterPath()
    outside.addRect(QRectF(picture))
    outside.addRect(region)  # odd and even: what lies in both is left out
    painter.fillPath(outside, _DIMMED)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if thirds and min(region.width(), region.height()) > 60:
        painter.setPen(QPen(QColor(255, 255, 255, 110), 1))
        for third in (1 / 3, 2 / 3):
            x, y = region.left() + third * region.width(), region.top() + third * region.height()
            painter.drawLine(QPointF(x, region.top()), QPointF(x, region.bottom()))
            painter.drawLine(QPointF(region.left(), y), QPointF(region.right(), y))
    arm = min(18.0, region.width() / 3, region.height() / 3)
    for colour, line, corner in _LINES:
        painter.setPen(QPen(colour, line, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(region)
        painter.setPen(QPen(colour, corner, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin))
        for at, right, down in (
            (region.topLeft(), 1, 1),
            (region.topRight(), -1, 1),
            (region.bottomLeft(), 1, -1),
            (region.bottomRight(), -1, -1),
        ):
            painter.drawPolyline([at + QPointF(right * arm, 0), at, at + QPointF(0, down * arm)])
    if label_width(painter.font(), text) + 24 < region.width() and region.height() > 60:
        draw_label(painter, region.toAlignedRect(), text, right=False)


def draw_invitation(painter: QPainter, where: QRect, text: str, *, lively: bool, sunk: bool) -> None:
    """A dashed frame around words that ask for a picture; `lively` under the mouse, `sunk` as it is being given."""
    c = colours()
    colour = c.accent if lively else c.faint
    painter.setBrush(QColor(c.raised if sunk else c.base))
    pen = QPen(QColor(colour), 1.6)
    pen.setDashPattern([5, 4])
    painter.setPen(pen)
    painter.drawRoundedRect(QRectF(where).adjusted(1.5, 1.5, -1.5, -1.5), _RADIUS, _RADIUS)
    words = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    side, gap = 34, 10
    room = where.adjusted(20, 0, -20, 0)
    height = painter.boundingRect(room, words, text).height()
    top = where.y() + (where.height() - side - gap - height) // 2
    mark = QRect(where.x() + (where.width() - side) // 2, top, side, side)
    icon("import", colour=colour).paint(painter, mark)
    painter.setPen(QColor(c.text))
    painter.drawText(QRect(room.x(), top + side + gap, room.width(), height), words, text)
