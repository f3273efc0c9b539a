"""LossPlot: how the losses of a training fall. Hours of it are painted as quickly as minutes.

The lines differ by more than their colours: style is solid, content is dashed. The x axis ends at the steps asked for,
or at the half, a quarter, … of them as long as training has not come further: else the first minutes were a dot.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from stylecam.gui.loss_series import LossSeries
from stylecam.gui.overlays import scaled_font
from stylecam.gui.plot_axes import draw_log_axis, draw_step_axis, figure
from stylecam.gui.theme import Colours, colours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QMouseEvent, QPaintEvent

__all__ = ["LossPlot"]

_PAUSE_MS: Final = 100
"""Between two paintings of new values."""
_PALE: Final = 0.38
"""Of its colour has a line as it was measured."""
_APART: Final = 2.0
"""Pixels between two points of a bold line."""
_DASHES: Final = (4.0, 2.2)
_LEAST_STEPS: Final = 20
"""The x axis is never shorter."""
_LEAST_DECADES: Final = 0.6
"""The y axis is never shorter: else the noise of a training that stands still would look like movement."""
_NEAR: Final = 6
"""Pixels from a mark within which its words are read out."""


class _Line(NamedTuple):
    name: str
    series: LossSeries
    dashed: bool

    def colour(self, c: Colours) -> QColor:
        return QColor(c.text if self.dashed else c.accent)


class LossPlot(QWidget):
    """Fed by the training's events; the mouse reads out the values below it. Paints at most ten times a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style, self._content = LossSeries(), LossSeries()
        self._lines = (
            _Line(self.tr("Style"), self._style, dashed=False),
            _Line(self.tr("Content"), self._content, dashed=True),
        )
        self._marks: list[tuple[int, str]] = []
        self._total = 0
        self._mouse: QPointF | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self._on_soon)
        self.setMinimumSize(QSize(240, 140))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Losses"))
        self._describe()

    def add(self, step: int, content: float, style: float) -> None:
        """The losses at a step. What is not finite, or not above 0, is passed over.

        A step that is not after the last one takes away what was shown from there on: training went back to it.
        """
        self._content.add(step, content)
        self._style.add(step, style)
        self._change()

    def set_events(self, events: Iterable[tuple[int, float, float]]) -> None:
        """Show these (step, content, style) and no others; marks stay."""
        for line in self._lines:
            line.series.clear()
        for step, content, style in events:
            self._content.add(step, content)
            self._style.add(step, style)
        self._change()

    def set_steps(self, total: int) -> None:
        """How many steps there will be; 0 where that is not known."""
        self._total = max(0, total)
        self._change()

    def mark(self, step: int, text: str) -> None:
        """Draw a line down at this step, with a few words. Marks stay until `clear`."""
        self._marks.append((step, text))
        self._change()

    def clear(self) -> None:
        """Forget values and marks; the number of steps stays."""
        for line in self._lines:
            line.series.clear()
        self._marks.clear()
        self._change()

    @property
    def last_step(self) -> int:
        """The newest step that is shown; 0 before the first."""
        return max((line.series.steps[-1] for line in self._lines if line.series.steps), default=0)

    @property
    def readout(self) -> str:
        """What is said about the place under the mouse, a line each; empty where there is nothing."""
        step = self._step_under_mouse()
        if step is None:
            return ""
        said = [self.tr("Step {step}").format(step=f"{step:,}")]
        for line in self._lines:
            if line.series.steps:
                index = line.series.at(step)
                smooth, raw = figure(10 ** line.series.smooth[index]), figure(10 ** line.series.raw[index])
                text = self.tr("{name} {smooth}, measured {raw}")
                said.append(text.format(name=line.name, smooth=smooth, raw=raw))
        assert self._mouse is not None
        said += [text for at, text in self._marks if abs(self._x(at) - self._mouse.x()) <= _NEAR]
        return "\n".join(said)

    # Overridden.

    def sizeHint(self) -> QSize:
        return QSize(480, 220)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # axes are not mirrored
        painter.setPen(QPen(QColor(c.line), 1))
        painter.setBrush(QColor(c.base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setFont(scaled_font(self.font(), 0.9))
        if not any(line.series.steps for line in self._lines):
            painter.setPen(QColor(c.faint))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), words, self._waiting)
            return
        draw_log_axis(painter, self._plot, *self._y_range)
        draw_step_axis(painter, self._plot, self._x_end, self.tr("steps"))
        self._paint_marks(painter, c)
        self._paint_lines(painter, c)
        self._paint_legend(painter, c)
        self._paint_readout(painter, c)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        self.update()

    # What is seen.

    @property
    def _waiting(self) -> str:
        return self.tr("The losses will be shown here")

    def _change(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _on_soon(self) -> None:
        self._describe()
        self.update()

    def _describe(self) -> None:
        said = [f"{line.name} {figure(10 ** line.series.smooth[-1])}" for line in self._lines if line.series.steps]
        if said:
            said.insert(0, self.tr("Step {step}").format(step=self.last_step))
        self.setAccessibleDescription(", ".join(said) or self._waiting)

    @property
    def _plot(self) -> QRectF:
        """Where the lines are: below the legend, between the figures of the axes."""
        height = self.fontMetrics().height()
        left = self.fontMetrics().horizontalAdvance("0.005") + 14
        return QRectF(left, height + 14, self.width() - left - 14, self.height() - 2 * height - 26)

    @property
    def _x_end(self) -> float:
        last = max(_LEAST_STEPS, self.last_step)
        end = float(max(self._total, last))
        if not self._total:
            return end * 1.04
        while end / 2 >= last * 1.04:
            end /= 2
        return end

    @property
    def _y_range(self) -> tuple[float, float]:
        """In decades: all smoothed values, and raw ones but for the wildest."""
        low, high = math.inf, -math.inf
        for line in self._lines:
            if line.series.steps:
                raw = sorted(line.series.raw)
                spare = len(raw) // 100
                low = min(low, raw[spare], min(line.series.smooth))
                high = max(high, raw[len(raw) - 1 - spare], max(line.series.smooth))
        middle, half = (low + high) / 2, max(_LEAST_DECADES, (high - low) * 1.08) / 2
        return middle - half, middle + half

    def _x(self, step: float) -> float:
        return self._plot.left() + step / self._x_end * self._plot.width()

    def _step_under_mouse(self) -> int | None:
        if self._mouse is None or not self._plot.adjusted(-4, -4, 4, 4).contains(self._mouse) or not self.last_step:
            return None
        step = (self._mouse.x() - self._plot.left()) / self._plot.width() * self._x_end
        series = next(line.series for line in self._lines if line.series.steps)
        return series.steps[series.at(step)]

    # How it is drawn.

    def _paint_lines(self, painter: QPainter, c: Colours) -> None:
        """What was measured first, so that no smoothed line lies below it."""
        plot, (low, high), across = self._plot, self._y_range, self._plot.width() / self._x_end
        up = plot.height() / (high - low)
        painter.save()
        painter.setClipRect(plot.adjusted(0, -1, 4, 1))
        for smoothed in (False, True):
            for line in self._lines:
                values = line.series.smooth if smoothed else line.series.raw
                points = [
                    QPointF(plot.left() + step * across, plot.bottom() - (value - low) * up)
                    for step, value in zip(line.series.steps, values, strict=True)
                ]
                if smoothed and points:
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.setPen(_bold(line, c))
                    painter.drawPolyline(QPolygonF(_thinned(points)))
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(line.colour(c))
                    painter.drawEllipse(points[-1], 3, 3)
                elif points:
                    painter.setPen(QPen(_mixed(line.colour(c), QColor(c.base)), 1))
                    # 1250 jagged points took 5 ms, 143 ms as one polyline and 21 ms in a colour that is let through.
                    painter.drawLines([QLineF(one, two) for one, two in pairwise(points)])
        painter.restore()

    def _paint_marks(self, painter: QPainter, c: Colours) -> None:
        plot, metrics = self._plot, painter.fontMetrics()
        free = [plot.left(), plot.left()]
        for step, text in sorted(self._marks):
            x = round(self._x(step)) + 0.5
            if x > plot.right() + 1:
                continue
            painter.setPen(QPen(QColor(c.faint), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            width = metrics.horizontalAdvance(text) + 6
            start = x + 4 if x + 4 + width <= plot.right() else x - 2 - width
            row = next((row for row in (0, 1) if free[row] <= start), None)
            if row is None:
                continue  # the mouse still reads it out
            free[row] = start + width
            painter.setPen(QColor(c.faint))
            painter.drawText(QRectF(start, plot.top() + row * metrics.height(), width, metrics.height()), text)

    def _paint_legend(self, painter: QPainter, c: Colours) -> None:
        """The names, with the newest values and a word on thick and thin as far as there is room."""
        metrics, x, y, right = painter.fontMetrics(), self._plot.left(), 7.0, self.width() - 14
        texts = [
            f"{line.name} {_steady_figure(10 ** line.series.smooth[-1])}" if line.series.steps else line.name
            for line in self._lines
        ]
        if x + sum(metrics.horizontalAdvance(text) + 52 for text in texts) - 18 > right:
            texts, x = [line.name for line in self._lines], 14.0
        for line, text in zip(self._lines, texts, strict=True):
            painter.setPen(_bold(line, c))
            middle = y + metrics.height() / 2
            painter.drawLine(QPointF(x, middle), QPointF(x + 26, middle))
            painter.setPen(QColor(c.text))
            width = metrics.horizontalAdvance(text) + 2
            painter.drawText(QRectF(x + 32, y, width, metrics.height()), text)
            x += 32 + width + 18
        words = self.tr("thin: as measured, bold: smoothed")
        width = metrics.horizontalAdvance(words) + 2
        if x + width <= right:
            painter.setPen(QColor(c.faint))
            painter.drawText(QRectF(right - width, y, width, metrics.height()), words)

    def _paint_readout(self, painter: QPainter, c: Colours) -> None:
        text, step = self.readout, self._step_under_mouse()
        if not text or step is None:
            return
        assert self._mouse is not None
        plot, x = self._plot, round(self._x(step)) + 0.5
        painter.setPen(QPen(QColor(c.faint), 1))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        words = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        size = painter.boundingRect(QRectF(0, 0, self.width(), self.height()), words, text).size()
        plate = QRectF(x + 12, self._mouse.y() + 10, size.width() + 16, size.height() + 10)
        if plate.right() > self.width() - 4:
            plate.moveRight(x - 12)
        plate.moveLeft(max(plate.left(), 4.0))
        plate.moveBottom(min(plate.bottom(), self.height() - 4.0))
        painter.setPen(QPen(QColor(c.line), 1))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(plate, 5, 5)
        painter.setPen(QColor(c.text))
        painter.drawText(plate.adjusted(8, 5, -4, -4), words, text)


def _steady_figure(value: float) -> str:
    """Of one width, so that what stands beside it does not twitch: 0.670 where an axis has 0.67."""
    return f"{value:#.3g}" if 1e-3 <= value < 100 else figure(value)


def _bold(line: _Line, c: Colours) -> QPen:
    pen = QPen(line.colour(c), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.BevelJoin)
    if line.dashed:
        pen.setDashPattern(_DASHES)
    return pen


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
