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

    from stylecam.frame import Image
    from stylecam.sources import VideoFileSource

__all__ = ["PacedClip"]

_log = logging.getLogger(__name__)

_LATE_S: Final = 0.1
"""A frame later than this is left out, so that a slow machine shows the clip at its own pace, with fewer frames - but
not fewer than ten a second, as long as it can decode so many."""
_FAR_BEHIND_S: Final = 1.0
_PAUSED_RATE: Final = 10
"""Frames a second while paused: the same picture, so that a change of style is seen."""
_REPEAT_S: Final = 0.5
"""In a clip whose frames are further apart, for the same reason."""
_LAST_FRAME_S: Final = 1 / 25
"""How long the last frame of a clip stands before the first comes again, where the rate is not known."""


class PacedClip:
    """Frames of a video file when they are due. `paused` may be set, and `restart` called, from any thread.

    Args:
        open_clip: opens the file anew, for each round; its first call, here, tells whether that works.
        path: of the file.
        clock: seconds.
        wait: waits so many seconds, less if the source is closed.

    Raises:
        SourceOpenError: the file cannot be opened or holds no picture.
    """

    def __init__(
        self,
        open_clip: Callable[[], VideoFileSource],
        path: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.on_status: Callable[[SourceStatus], None] | None = None
        self.paused = False
        self._open_clip = open_clip
        self._first: VideoFileSource | None = open_clip()
        self._first_lock = threading.Lock()
        self.path = path
        self.name = self._first.name
        self.duration = self._first.duration
        self._rate = self._first.rate
        self._clock = clock
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait
        self._again = threading.Event()
        self._position = 0.0
        self._noted: set[str] = set()

    @property
    def position(self) -> float:
        """Seconds from the clip's beginning of the frame given last."""
        return self._position

    def restart(self) -> None:
        """Go on from the beginning."""
        self._again.set()

    def __iter__(self) -> Iterator[Frame]:
        self._tell(SourceState.running)
        index, began, pts = 0, 0.0, 0.0
        clip = self._take_first()
        while clip is not None:
            self._again.clear()
            given = index
            with clip:
                for image in self._when_due(clip):
                    now = self._clock()
                    if not index:
                        began = now
                    else:
                        pts = max(now - began, pts + 1e-6)  # clocks of 1/64 s tell two frames the same time
                    yield Frame(image, pts, index, now)
                    index += 1
            self._note(clip)
            ends_at = self._clock() + (float(1 / self._rate) if self._rate else _LAST_FRAME_S)
            if self._closed.is_set() or index == given:
                break
            clip = self._open_clip()  # in the time for which the last frame stands
            if not self._again.is_set():
                self._wait(max(0.0, ends_at - self._clock()))
        self._tell(SourceState.ended)

    def close(self) -> None:
        self._closed.set()
        clip = self._take_first()
        if clip is not None:
            clip.close()  # never iterated

    def _when_due(self, clip: VideoFileSource) -> Iterator[Image]:
        """Each picture at its time. The one before stays while paused, and is given again where the next is far off."""
        zero = shown_at = self._clock()
        shown: Image | None = None
        for frame in clip:
            while not self._is_over():
                now = self._clock()
                early = 0.0 if shown is None else zero + frame.pts - now
                if self.paused and shown is not None:
                    shown_at = now
                    yield shown
                    self._wait(1 / _PAUSED_RATE)
                    zero += self._clock() - now  # the clip's time stands still
                elif early <= 0:
                    break
                elif shown is not None and now - shown_at >= _REPEAT_S:
                    shown_at = now
                    yield shown
                else:
                    self._wait(min(early, 1 / _PAUSED_RATE))
            if self._is_over():
                return
            now = self._clock()
            late = now - zero - frame.pts
            if shown is None or late > _FAR_BEHIND_S:
                zero += late  # opening took its time, or the machine slept: no race to catch up
            elif late > _LATE_S and now - shown_at < _LATE_S:
                continue
            self._position, shown, shown_at = frame.pts, frame.image, now
            yield frame.image

    def _is_over(self) -> bool:
        return self._closed.is_set() or self._again.is_set()

    def _take_first(self) -> VideoFileSource | None:
        """What the construction opened, for whoever comes first: the iteration, or `close`."""
        with self._first_lock:
            clip, self._first = self._first, None
            return clip

    def _note(self, clip: VideoFileSource) -> None:
        for notice in clip.notices:
            if notice not in self._noted:  # once, not with every round
                self._noted.add(notice)
                _log.info("%s", notice)

    def _tell(self, state: SourceState) -> None:
        if self.on_status:
            self.on_status(SourceStatus(state, self.name))
