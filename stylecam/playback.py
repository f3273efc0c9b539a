"""PacedClip: a video file as a live source - at its own pace, looped, late frames left out rather than queued."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from stylecam.frame import Frame
from stylecam.livesource import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stylecam.sources import VideoFileSource

__all__ = ["PacedClip"]

_log = logging.getLogger(__name__)

_LATE_S: Final = 0.1
"""A frame later than this is left out, so that a slow machine shows the clip at its own pace, with fewer frames."""
_PAUSED_RATE: Final = 10
"""Frames a second while paused: the same picture, so that a change of style is seen."""
_LAST_FRAME_S: Final = 1 / 25
"""How long the last frame of a clip stands before the first comes again, where the rate is not known."""


class PacedClip:
    """Frames of a video file when they are due. `paused` may be set, and `restart` called, from any thread.

    Args:
        open_clip: opens the file anew, for each round; its first call, here, tells whether that works.
        path: of the file.
        clock: seconds.

    Raises:
        SourceOpenError: the file cannot be opened or holds no picture.
    """

    def __init__(
        self, open_clip: Callable[[], VideoFileSource], path: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.on_status: Callable[[SourceStatus], None] | None = None
        self.paused = False
        self._open_clip = open_clip
        self._first: VideoFileSource | None = open_clip()
        self.path = path
        self.name = self._first.name
        self.duration = self._first.duration
        self._rate = self._first.rate
        self._clock = clock
        self._closed = threading.Event()
        self._again = threading.Event()
        self._position = 0.0

    @property
    def position(self) -> float:
        """Seconds from the clip's beginning of the frame given last."""
        return self._position

    def restart(self) -> None:
        """Go on from the beginning."""
        self._again.set()

    def __iter__(self) -> Iterator[Frame]:
        self._tell(SourceState.running)
        index, began = 0, self._clock()
        while not self._closed.is_set():
            clip, self._first = self._first or self._open_clip(), None
            self._again.clear()
            given = 0
            with clip:
                for frame in self._when_due(clip):
                    now = self._clock()
                    yield Frame(frame.image, now - began, index, now)
                    index += 1
                    given += 1
                    if self._closed.is_set() or self._again.is_set():
                        break
                else:
                    for notice in clip.notices:
                        _log.info("%s", notice)
                    self._closed.wait(float(1 / self._rate) if self._rate else _LAST_FRAME_S)
            if not given:
                break
        self._tell(SourceState.ended)

    def close(self) -> None:
        self._closed.set()

    def _when_due(self, clip: VideoFileSource) -> Iterator[Frame]:
        """Each frame at its time; the clock stands still while paused."""
        zero = self._clock()
        shown = False
        for frame in clip:
            while self.paused and shown and not self._closed.is_set() and not self._again.is_set():
                stopped = self._clock()
                yield frame
                self._closed.wait(1 / _PAUSED_RATE)
                zero += self._clock() - stopped
            late = self._clock() - zero - frame.pts
            if late > _LATE_S and shown:
                if late > 1.0:  # the machine slept, or decoding fell far behind: no race to catch up
                    zero += late
                else:
                    continue
            if late < 0:
                self._closed.wait(-late)
            self._position, shown = frame.pts, True
            yield frame

    def _tell(self, state: SourceState) -> None:
        if self.on_status:
            self.on_status(SourceStatus(state, self.name))
