"""What stands within the axes of a plot of losses: its lines, marks, legend and readout, as a painter draws them.

The lines differ by more than their colours: one is solid, the other dashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from stylecam.gui.theme import colours
from stylecam.gui.training.plot_axes import figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stylecam.gui.training.loss_series import LossSeries

__all__ = ["Line", "Scale", "draw_legend", "draw_lines", "draw_marks", "draw_readout"]

_PALE: Final = 0.38
"""Of its colour has a line as it was measured."""
_APART: Final = 2.0
"""Pixels between two points of a bold line."""
_DASHES: Final = (4.0, 2.2)


class Line(NamedTuple):
    """One of the losses, and how it is told from the other."""

    name: str
    series: LossSeries
    dashed: bool

    @property
    def colour(self) -> QColor:
        c = colours()
        return QColor(c.text if self.dashed else c.accent)

    @property
    def pen(self) -> QPen:
        """Of the smoothed line."""
        pen = QPen(self.colour, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.BevelJoin)
        if self.dashed:
            pen.setDashPattern(_DASHES)
        return pen


@dataclass(frozen=True, slots=True)
class Scale:
    """Where on the widget a step and a value are."""

    plot: QRectF
    end: float
    """The step at the right; at the left is 0."""
    low: float
    """log10 of the value at the bottom, and below of that at the top."""
    high: float

    def x(self, step: float) -> float:
        return self.plot.left() + step / self.end * self.plot.width()


def draw_lines(painter: QPainter, scale: Scale, lines: Sequence[Line]) -> None:
    """What was measured first, so that no smoothed line lies below it."""
    plot, across = scale.plot, scale.plot.width() / scale.end
    up = plot.height() / (scale.high - scale.low)
    painter.save()
    painter.setClipRect(plot.adjusted(0, -1, 4, 1))
    for smoothed in (False, True):
        for line in lines:
            values = line.series.smooth if smoothed else line.series.raw
            points = [
                QPointF(plot.left() + step * across, plot.bottom() - (value - scale.low) * up)
                for step, value in zip(line.series.steps, values, strict=True)
            ]
            if smoothed and points:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(line.pen)
                painter.drawPolyline(QPolygonF(_thinned(points)))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(line.colour)
                painter.drawEllipse(points[-1], 3, 3)
            elif points:
                painter.setPen(QPen(_mixed(line.colour, QColor(colours().base)), 1))
                # 1250 jagged points took 5 ms, 143 ms as one polyline and 21 ms in a colour that is let through.
                painter.drawLines([QLineF(one, two) for one, two in pairwise(points)])
    painter.restore()


def draw_marks(painter: QPainter, scale: Scale, marks: Iterable[tuple[int, str]]) -> None:
    """A line down at each of these steps, with its words as far as there is room."""
    plot, metrics, faint = scale.plot, painter.fontMetrics(), QColor(colours().faint)
    free = [plot.left(), plot.left()]
    for step, text in sorted(marks):
        x = round(scale.x(step)) + 0.5
        if x > plot.right() + 1:
            continue
        painter.setPen(QPen(faint, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        width = metrics.horizontalAdvance(text) + 6
        start = x + 4 if x + 4 + width <= plot.right() else x - 2 - width
        row = next((row for row in (0, 1) if free[row] <= start), None)
        if row is None:
            continue  # the mouse still reads it out
        free[row] = start + width
        painter.setPen(faint)
        painter.drawText(QRectF(start, plot.top() + row * metrics.height(), width, metrics.height()), text)


def draw_legend(painter: QPainter, lines: Sequence[Line], left: float, right: float, words: str) -> None:
    """The names, with the newest values and a word on thick and thin as far as there is room."""
    metrics, x, y, c = painter.fontMetrics(), left, 7.0, colours()
    texts = [
        f"{line.name} {_steady_figure(10 ** line.series.smooth[-1])}" if line.series.steps else line.name
        for line in lines
    ]
    if x + sum(metrics.horizontalAdvance(text) + 52 for text in texts) - 18 > right:
        texts, x = [line.name for line in lines], 14.0
    for line, text in zip(lines, texts, strict=True):
        painter.setPen(line.pen)
        middle = y + metrics.height() / 2
        painter.drawLine(QPointF(x, middle), QPointF(x + 26, middle))
        painter.setPen(QColor(c.text))
        width = metrics.horizontalAdvance(text) + 2
        painter.drawText(QRectF(x + 32, y, width, metrics.height()), text)
        x += 32 + width + 18
    width = metrics.horizontalAdvance(words) + 2
    if x + width <= right:
        painter.setPen(QColor(c.faint))
        painter.drawText(QRectF(right - width, y, width, metrics.height()), words)


def draw_readout(painter: QPainter, scale: Scale, step: int, text: str, at_y: float, room: QSize) -> None:
    """A line down at this step, and beside it a plate with the text, at the height of the mouse and within the room."""
    plot, x, c = scale.plot, round(scale.x(step)) + 0.5, colours()
    painter.setPen(QPen(QColor(c.faint), 1))
    painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
    words = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
    size = painter.boundingRect(QRectF(0, 0, room.width(), room.height()), words, text).size()
    plate = QRectF(x + 12, at_y + 10, size.width() + 16, size.height() + 10)
    if plate.right() > room.width() - 4:
        plate.moveRight(x - 12)
    plate.moveLeft(max(plate.left(), 4.0))
    plate.moveBottom(min(plate.bottom(), room.height() - 4.0))
    painter.setPen(QPen(QColor(c.line), 1))
    painter.setBrush(QColor(c.raised))
    painter.drawRoundedRect(plate, 5, 5)
    painter.setPen(QColor(c.text))
    painter.drawText(plate.adjusted(8, 5, -4, -4), words, text)


def _steady_figure(value: float) -> str:
    """Of one width, so that what stands beside it does not twitch: 0.670 where an axis has 0.67."""
    return f"{value:#.3g}" if 1e-3 <= value < 100 else figure(value)


def _mixed(colour: QColor, ground: QColor) -> QColor:
    parts = zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(_PALE * one + (1 - _PALE) * other) for one, other in parts))


def _thinned(points: list[QPointF]) -> list[QPointF]:
    """Of a smooth line no more than what is seen: thick and dashed lines are dear, by the point."""
    kept = points[:1]
    for point in points[1:-1]:
        if point.x() - kept[-1].x() >= _APART:
            kept.append(point)
    return kept + points[1:][-1:]
