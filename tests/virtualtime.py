"""A time that is played: an hour of a camera passes in seconds, in one thread, the same way each time.

`Played` is a script of a fake camera and what a `CameraSource` made of it.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stylecam.camera_source import CameraSource, Reading
from stylecam.cameras import CameraFault
from stylecam.fakecamera import FakeCamera

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stylecam.cameras import Camera, CameraHandle
    from stylecam.frame import Frame
    from stylecam.livesource import Problem, SourceState


class VirtualTime:
    """A clock that moves only when somebody waits, and a reader that lives in it: hours pass in seconds.

    Everything runs in the caller's thread.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self._deadline = math.inf

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        if self.now + seconds > self._deadline:
            self.now = self._deadline
            raise _OutOfTimeError
        self.now += max(0.0, seconds)

    def reader(self, camera: Camera) -> _VirtualReader:
        """For `CameraSource(start_reader=…)`; the camera's `clock` and `sleep` are those of this time."""
        return _VirtualReader(camera, self)

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Sleeps that would go beyond it end there, with an `_OutOfTimeError`."""
        self._deadline = deadline
        try:
            yield
        finally:
            self._deadline = math.inf


class _OutOfTimeError(Exception):
    """A read would have waited longer than it was asked to."""


class _VirtualReader:
    """Reads when it is asked to; a read that takes longer than the timeout is gone on with at the next."""

    busy = False

    @property
    def opening(self) -> bool:
        return self._handle is None

    def __init__(self, camera: Camera, virtual: VirtualTime) -> None:
        self._camera = camera
        self._time = virtual
        self._handle: CameraHandle | None = None

    def next(self, timeout: float) -> Reading | CameraFault | None:
        try:
            with self._time.until(self._time.now + timeout):
                if self._handle is None:
                    self._handle = self._camera.open()
                return Reading(*self._handle.read())
        except CameraFault as fault:
            return fault
        except _OutOfTimeError:
            return None

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.close()


class Played:
    """A script, played for some virtual seconds."""

    def __init__(self, seconds: float, *events: dict[str, Any], **script: Any) -> None:
        self.time = VirtualTime()
        settings = {"width": 32, "height": 24, "fps": 20, **script, "events": list(events)}
        patience = settings.pop("patience", 0.5)
        self.camera = FakeCamera.from_script(settings, patience=patience, clock=self.time.clock, sleep=self.time.sleep)
        self.begin, self.seconds = self.time.now, seconds
        self.source = CameraSource(self.camera, start_reader=self.time.reader, clock=self._clock, wait=self.time.sleep)
        self.news: list[tuple[float, SourceState, Problem | None]] = []
        self.source.on_status = lambda status: self.news.append(
            (self.time.now - self.begin, status.state, status.problem)
        )
        self.frames: list[Frame] = list(self.source)

    def _clock(self) -> float:
        if self.time.now - self.begin > self.seconds:
            self.source.close()
        return self.time.now

    @property
    def problems(self) -> list[Problem]:
        return [problem for _, _, problem in self.news if problem]

    def when(self, state: SourceState, problem: Problem | None = None) -> float:
        return next(at for at, s, p in self.news if (s, p) == (state, problem))

    def check_times(self) -> None:
        times = [frame.pts for frame in self.frames]
        assert times == sorted(set(times))
        assert times[0] == 0
        assert [frame.index for frame in self.frames] == list(range(len(self.frames)))
