"""What a running pipeline measures of itself: rates and percentiles over the last moments. Loads nothing heavy."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Percentiles", "RateMeter"]

_WINDOW_S: Final = 2.0
_SAMPLES: Final = 240


class RateMeter:
    """Events per second over the last two seconds; falls to 0 when none comes any more. For any threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=1000)
        self._lock = threading.Lock()
        self._count = 0

    @property
    def count(self) -> int:
        """All events so far."""
        return self._count

    def tick(self) -> None:
        """One event, now."""
        with self._lock:
            self._count += 1
            self._times.append(self._clock())

    @property
    def per_second(self) -> float:
        now = self._clock()
        with self._lock:
            while self._times and self._times[0] < now - _WINDOW_S:
                self._times.popleft()
            if len(self._times) < 2:
                return 0.0
            span = self._times[-1] - self._times[0]
            # A pause since the last event counts once it is longer than the usual one.
            usual = span / (len(self._times) - 1)
            span += max(0.0, now - self._times[-1] - usual)
            return (len(self._times) - 1) / span if span > 0 else 0.0


class Percentiles:
    """Percentiles of the last 240 values. For any threads."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=_SAMPLES)
        self._lock = threading.Lock()

    def add(self, value: float) -> None:
        with self._lock:
            self._values.append(value)

    def clear(self) -> None:
        with self._lock:
            self._values.clear()

    def at(self, share: float) -> float | None:
        """The value that `share` (0–1) of the values do not exceed (nearest rank); None without values."""
        with self._lock:
            ordered = sorted(self._values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
