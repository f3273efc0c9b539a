"""AutoSize: the largest working size at which this machine keeps the wished rate. Loads nothing heavy.

Invariant: it never goes below what can be looked at, even where the rate is not kept there.
It measures what frames really took and never trusts a model further than one step: a size is left when its frames
take too long, and a larger one is tried when frames have been quick for a while, ever more rarely where it failed.
"""

from __future__ import annotations

import statistics
from collections import deque
from typing import Final

__all__ = ["AutoSize"]

_SCALES: Final = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.33, 0.25)
"""Of the source's sides. Few, because each is a recording of its own on a GPU."""
_LEAST_PIXELS: Final = 320 * 240
"""With fewer, enlarged to a window, it is no painting any more: fewer frames a second are the lesser evil. Whoever
wants a smaller size can choose it by hand."""
_SAMPLES: Final = 12
_SETTLING: Final = 2
"""Frames after a change that do not count: they warm caches or record the size."""
_FULL: Final = 0.97
"""Share of a frame's time above which a size is too large."""
_AIM: Final = 0.88
"""Share of a frame's time that a smaller size is chosen for."""
_ROOM: Final = 0.75
"""Share of a frame's time that a larger size may be foretold to take, to be tried."""
_FIXED: Final = 0.35
"""Share of a small frame's time that does not grow with its pixels; what is foretold too low is found out by trying."""
_PATIENCE_S: Final = 2.0
_PROVEN_S: Final = 10.0
"""A size that held for so long was not too large: something else took the machine's time, and may be over soon."""
_LONGEST_PATIENCE_S: Final = 60.0


class AutoSize:
    """Tells after each frame which size the network should work at. For one thread."""

    def __init__(self, fps: float) -> None:
        if not fps > 0:
            raise ValueError(f"expected a rate above 0, got {fps = }")
        self.fps = fps
        self._source: tuple[int, int] | None = None
        self._scales: list[float] = []
        self._step = 0
        self._times: deque[float] = deque(maxlen=_SAMPLES)
        self._settling = _SETTLING
        self._quick_for = 0.0
        self._held_for = 0.0
        self._grown = False
        """Whether the present size was reached by growing."""
        self._patience: dict[int, float] = {}

    def size_for(self, source: tuple[int, int]) -> tuple[int, int]:
        """Width and height to work at for frames of `source`, as it stands now."""
        if source != self._source:
            self._source = source
            self._scales = _scales(source)
            self._step = min(self._step, len(self._scales) - 1)
            self._patience.clear()
            self._restart()
        scale = self._scales[self._step]
        if scale == 1:
            return source
        return _scaled(source, scale)

    def after(self, seconds: float, source: tuple[int, int]) -> tuple[int, int]:
        """The size for the next frame, now that one of `source` took `seconds`.

        `seconds` is all that the painting thread did for it, not the waiting for the camera.
        """
        self.size_for(source)
        self._held_for += max(seconds, 1 / self.fps)
        if self._settling:
            self._settling -= 1
            return self.size_for(source)
        self._times.append(seconds)
        if len(self._times) < _SAMPLES:
            # Much too slow is seen at once; nobody shall wait for twelve frames of half a second.
            if len(self._times) >= 4 and statistics.median(self._times) > 2 / self.fps:
                self._shrink()
            return self.size_for(source)
        typical = statistics.median(self._times)
        if typical > _FULL / self.fps:
            self._shrink()
        else:
            self._grow(typical, max(seconds, 1 / self.fps))
        return self.size_for(source)

    def _grow(self, typical: float, seconds: float) -> None:
        """To the largest size that is foretold to leave room, once frames have been quick for long enough."""
        fitting = [step for step in range(self._step) if typical * self._growth(step) < _ROOM / self.fps]
        if not fitting:
            self._quick_for = 0.0
            return
        self._quick_for += seconds
        ready = [step for step in fitting if self._quick_for >= self._patience.get(step, _PATIENCE_S)]
        if ready:
            self._step = ready[0]
            self._restart()
            self._grown = True

    def _growth(self, step: int) -> float:
        """How many times the present time a frame of that larger size should take."""
        pixels = (self._scales[step] / self._scales[self._step]) ** 2
        return _FIXED + (1 - _FIXED) * pixels

    def _shrink(self) -> None:
        """To the largest size that should do: the time goes with the pixels, at worst."""
        typical, now = statistics.median(self._times), self._scales[self._step]
        if self._grown and self._held_for < _PROVEN_S:  # a try that failed: the next comes later
            waited = self._patience.get(self._step, _PATIENCE_S)
            self._patience[self._step] = min(2 * waited, _LONGEST_PATIENCE_S)
        else:
            self._patience.pop(self._step, None)
        for step in range(self._step + 1, len(self._scales)):
            self._step = step
            if typical * (self._scales[step] / now) ** 2 <= _AIM / self.fps:
                break
        self._restart()

    def _restart(self) -> None:
        self._held_for = 0.0
        self._grown = False
        self._times.clear()
        self._settling = _SETTLING
        self._quick_for = 0.0


def _scales(source: tuple[int, int]) -> list[float]:
    """The first is 1, the last one the least that may be."""
    least = min(1.0, (_LEAST_PIXELS / (source[0] * source[1])) ** 0.5)
    larger = [scale for scale in _SCALES if scale == 1 or scale > 1.05 * least]
    return larger if least > 0.95 or least < _SCALES[-1] else [*larger, least]


def _scaled(source: tuple[int, int], scale: float) -> tuple[int, int]:
    """Of the source's aspect; the width a multiple of eight, which the networks need not pad."""
    width = max(8, round(source[0] * scale / 8) * 8)
    return width, max(8, round(width * source[1] / source[0]))
