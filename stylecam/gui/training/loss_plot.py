"""LossPlot: how the losses of a training fall. Hours of it are painted as quickly as minutes.

The x axis ends at the steps asked for,
or at the half, a quarter, … of them as long as training has not come further: else the first minutes were a dot.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from stylecam.gui.overlays import scaled_font
from stylecam.gui.theme import colours
from stylecam.gui.training.loss_series import LossSeries
from stylecam.gui.training.plot_axes import draw_log_axis, draw_step_axis, figure
from stylecam.gui.training.plot_lines import Line, Scale, draw_legend, draw_lines, draw_marks, draw_readout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QMouseEvent, QPaintEvent

__all__ = ["LossPlot"]

_PAUSE_MS: Final = 100
"""Between two paintings of new values."""
_LEAST_STEPS: Final = 20
"""The x axis is never shorter."""
_LEAST_DECADES: Final = 0.6
"""The y axis is never shorter: else the noise of a training that stands still would look like movement."""
_NEAR: Final = 6
"""Pixels from a mark within which its words are read out."""


class LossPlot(QWidget):
    """Fed by the training's events; the mouse reads out the values below it. Paints at most ten times a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style, self._content = LossSeries(), LossSeries()
        self._lines = (
            Line(self.tr("Style"), self._style, dashed=False),
            Line(self.tr("Content"), self._content, dashed=True),
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
            middle = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), middle, self._waiting)
            return
        scale = Scale(self._plot, self._x_end, *self._y_range)
        draw_log_axis(painter, scale.plot, scale.low, scale.high)
        draw_step_axis(painter, scale.plot, scale.end, self.tr("steps"))
        draw_marks(painter, scale, self._marks)
        draw_lines(painter, scale, self._lines)
        words = self.tr("thin: as measured, bold: smoothed")
        draw_legend(painter, self._lines, scale.plot.left(), self.width() - 14, words)
        text, step = self.readout, self._step_under_mouse()
        if text and step is not None and self._mouse is not None:
            draw_readout(painter, scale, step, text, self._mouse.y(), self.size())

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
