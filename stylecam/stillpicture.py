"""StillPicture: a picture file as a live source - the same frame a few times a second, so that a change is soon seen.

Invariant: every frame shows the one array that was read at the beginning; nobody writes to it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from stylecam.errors import SourceOpenError
from stylecam.frame import Frame
from stylecam.livesource import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["STILL_RATE", "StillPicture"]

STILL_RATE: Final = 4
"""Frames a second: a change of style is seen at once, and the machine has time for a picture that is large."""
_LONGEST: Final = 1920
"""More cannot be seen in a window, and would cost time with every frame."""
_LEAST_SIDE: Final = 16


class StillPicture:
    """A live source of one picture, upright, on white where it is transparent, no side longer than 1920.

    Args:
        path: of a JPEG, PNG or WebP file; read here, which takes a moment.
        clock: seconds.
        wait: waits so many seconds, less if the source is closed.

    Raises:
        SourceOpenError: there is no such picture, or it is too small to be painted.
    """

    duration = None

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        from stylecam.pictures import read_picture, resized

        self.on_status: Callable[[SourceStatus], None] | None = None
        self.path = path
        self.name = path.name
        self._image = resized(read_picture(path).opaque, longest=_LONGEST)
        height, width, _ = self._image.shape
        if min(width, height) < _LEAST_SIDE:
            raise SourceOpenError(
                f"{path.name} is shown with {width}×{height} pixels; a painting needs {_LEAST_SIDE}×{_LEAST_SIDE}"
            )
        self._clock = clock
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait

    def __iter__(self) -> Iterator[Frame]:
        self._tell(SourceState.running)
        began, index, pts = self._clock(), 0, 0.0
        while not self._closed.is_set():
            now = self._clock()
            pts = now - began if not index else max(now - began, pts + 1e-6)
            yield Frame(self._image, pts, index, now)
            index += 1
            self._wait(1 / STILL_RATE)
        self._tell(SourceState.ended)

    def close(self) -> None:
        self._closed.set()

    def _tell(self, state: SourceState) -> None:
        if self.on_status:
            self.on_status(SourceStatus(state, self.name))
