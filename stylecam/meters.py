"""What a running pipeline measures of itself: rates and percentiles over the last moments. Loads nothing heavy."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LiveMeters", "LiveStats", "Percentiles", "RateMeter"]

_WINDOW_S: Final = 2.0
_SAMPLES: Final = 240


@dataclass(frozen=True, slots=True)
class LiveStats:
    """How the pipeline is doing, over the last two seconds."""

    camera_fps: float
    paint_fps: float
    latency_p50_ms: float | None
    """From the grab of a frame to its painting."""
    latency_p95_ms: float | None
    paint_ms: float | None
    """Median time a frame takes on the painting thread."""
    painted: int
    """Frames painted since the start."""
    not_painted: int
    """Frames that came while an older one was being painted, since the start: the camera is faster than the network."""
    not_shown: int
    """Paintings that were replaced before the viewer took them, since the start."""
    source_size: tuple[int, int] | None
    working_size: tuple[int, int] | None


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


class LiveMeters:
    """Everything that a live pipeline measures. Its threads write to it, and any may read."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.camera_rate = RateMeter(clock=clock)
        self.paint_rate = RateMeter(clock=clock)
        self.latency = Percentiles()
        """Seconds."""
        self.busy = Percentiles()
        """Seconds."""
        self.sizes: tuple[tuple[int, int] | None, tuple[int, int] | None] = (None, None)
        """The source's size, and the one that is worked at; one assignment, so that they belong together."""

    def stats(self, *, not_painted: int, not_shown: int) -> LiveStats:
        """How it stands now, with the two counts that others keep."""

        def in_ms(seconds: float | None) -> float | None:
            return None if seconds is None else 1000 * seconds

        source_size, working_size = self.sizes
        return LiveStats(
            camera_fps=self.camera_rate.per_second,
            paint_fps=self.paint_rate.per_second,
            latency_p50_ms=in_ms(self.latency.at(0.5)),
            latency_p95_ms=in_ms(self.latency.at(0.95)),
            paint_ms=in_ms(self.busy.at(0.5)),
            painted=self.paint_rate.count,
            not_painted=not_painted,
            not_shown=not_shown,
            source_size=source_size,
            working_size=working_size,
        )
