"""LossSeries: one of a training's losses over its steps, raw and smoothed, in bounded room however long it takes.

Losses are kept as their logarithms: that is how they are shown, and averaged, so that one wild step moves little.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Final

__all__ = ["LossSeries"]

_CONSTANT: Final = 40
"""Values after which a change is seen to 63 % in the smoothed line."""
_MOST: Final = 2000
"""Points that are kept; then every second one goes, and of later values only so many stay."""


class LossSeries:
    """Three lists of one length, in the order of the steps: `steps`, `raw` and `smooth`, the two as log10.

    The smoothed value is an exponential mean of all values, without the lean to its first one that such a mean has at
    its start (Kingma and Ba, Adam, 2015, section 3, https://arxiv.org/abs/1412.6980).
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.steps: list[int] = []
        self.raw: list[float] = []
        self.smooth: list[float] = []
        self._sum = self._weight = 0.0
        self._stride = 1
        """Values to one point."""
        self._in_last = 0
        """Values that the last point stands for."""

    def add(self, step: int, value: float) -> None:
        """Take a value; one that has no logarithm is passed over.

        A step that is not after the last one takes it and all between away: training went back there.
        """
        if self.steps and step <= self.steps[-1]:
            self._go_back(step)
        if not math.isfinite(value) or value <= 0:
            return
        log = math.log10(value)
        self._sum += (log - self._sum) / _CONSTANT
        self._weight += (1 - self._weight) / _CONSTANT
        if 0 < self._in_last < self._stride:  # the newest is always seen: it takes the place of its neighbour
            del self.steps[-1], self.raw[-1], self.smooth[-1]
            self._in_last += 1
        else:
            self._in_last = 1
        self.steps.append(step)
        self.raw.append(log)
        self.smooth.append(self._sum / self._weight)
        if len(self.steps) > _MOST:
            # From the end, so that the newest stays.
            for values in (self.steps, self.raw, self.smooth):
                del values[-2::-2]
            self._stride *= 2
            self._in_last = self._stride

    def at(self, step: float) -> int:
        """Which point is the nearest to this step; there must be one."""
        after = bisect_left(self.steps, step)
        near = [index for index in (after - 1, after) if 0 <= index < len(self.steps)]
        return min(near, key=lambda index: abs(self.steps[index] - step))

    def _go_back(self, step: int) -> None:
        keep = bisect_left(self.steps, step)
        if not keep:
            self.clear()
            return
        del self.steps[keep:], self.raw[keep:], self.smooth[keep:]
        self._sum = self.smooth[-1] * self._weight
        self._in_last = 0
