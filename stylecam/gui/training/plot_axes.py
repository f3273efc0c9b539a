"""The axes of a plot: steps from the left, a logarithm from below; at both, as many round values as have room."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from stylecam.gui.theme import colours

__all__ = ["draw_log_axis", "draw_step_axis", "figure", "log_ticks", "round_steps"]


def draw_log_axis(painter: QPainter, plot: QRectF, low: float, high: float) -> None:
    """Lines across the plot, which goes from 10**low to 10**high, and their values left of it."""
    c, metrics = colours(), painter.fontMetrics()
    for tick in log_ticks(low, high, max(2, int(plot.height() / (1.8 * metrics.height())))):
        y = round(plot.bottom() - (math.log10(tick) - low) / (high - low) * plot.height()) + 0.5
        painter.setPen(QPen(QColor(c.line), 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(QColor(c.faint))
        where = QRectF(plot.left() - 108, y - metrics.height() / 2, 100, metrics.height())
        painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure(tick))


def draw_step_axis(painter: QPainter, plot: QRectF, end: float, word: str) -> None:
    """Below the plot, which goes from 0 to `end`; the word at its end says what of."""
    metrics = painter.fontMetrics()
    painter.setPen(QPen(QColor(colours().faint), 1))
    last = plot.right() - metrics.horizontalAdvance(word) - 8
    for step in round_steps(end, plot.width() / (metrics.horizontalAdvance("100,000") + 24)):
        x = plot.left() + step / end * plot.width()
        tick = round(x) + 0.5
        painter.drawLine(QPointF(tick, plot.bottom()), QPointF(tick, plot.bottom() + 3))
        width = metrics.horizontalAdvance(f"{step:,}") + 2
        where = QRectF(x - width / 2, plot.bottom() + 5, width, metrics.height())
        if where.right() < last:
            painter.drawText(where, Qt.AlignmentFlag.AlignHCenter, f"{step:,}")
    where = QRectF(plot.left(), plot.bottom() + 5, plot.width(), metrics.height())
    painter.drawText(where, Qt.AlignmentFlag.AlignRight, word)


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from 10**low to 10**high, as many as there is room for.

    These are 1-2-5 in each decade, else 1-3, else decades, else every nth of them.
    """
    ticks: list[float] = []
    for leads, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 5), ((1,), 10)):
        decades = (decade for decade in range(math.floor(low), math.ceil(high) + 1) if decade % every == 0)
        values = (lead * 10.0**decade for decade in decades for lead in leads)
        ticks = [value for value in values if low <= math.log10(value) <= high]
        if len(ticks) <= most:
            break
    return ticks


def round_steps(end: float, most: float) -> list[int]:
    """Round steps from 0 to the end, not more than there is room for."""
    rough = max(1.0, end / max(1.0, most))
    unit = 10 ** math.floor(math.log10(rough))
    every = next(unit * lead for lead in (1, 2, 5, 10) if unit * lead >= rough)
    return list(range(0, int(end) + 1, every))


def figure(value: float) -> str:
    """Three figures of a positive value, short enough to stand beside an axis."""
    if 1e-3 <= value < 99_950:
        return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"
    mantissa, power = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(power)}"
