"""CameraSource: frames of a camera, through everything that cameras do - stall, vanish, come back, freeze, go dark.

OpenCV's word is no evidence: an unplugged camera may go on giving its last picture, or let a read block for ever. So a
thread of its own opens and reads, and this watches what comes, and when. A camera that gives nothing new is closed and
opened again, more and more rarely, by the same id. Nothing here raises for what may pass; it is told as a status.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from stylecam.cameras import CameraFault
from stylecam.camerawatch import FROZEN_S, Pace, PictureWatch
from stylecam.frame import Frame, Latest
from stylecam.livesource import Problem, SourceState, SourceStatus
from stylecam.meters import RateMeter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from stylecam.cameras import Camera, CameraHandle
    from stylecam.frame import Image

__all__ = ["CameraReader", "CameraSource", "Reading", "ThreadedReader"]

_log = logging.getLogger(__name__)

_OPEN_S: Final = 30.0
"""For opening: Windows takes up to 20 s for some cameras, and one that is cut short begins anew, for ever."""
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 5.0
_LOOK_S: Final = 0.1
"""How often it is looked whether anything is overdue, and whether to end."""


class Reading(NamedTuple):
    """A picture and when it came."""

    image: Image
    at: float


class CameraReader(Protocol):
    """Opens a camera and reads it, beside whoever asks for the pictures."""

    def next(self, timeout: float) -> Reading | CameraFault | None:
        """The newest picture, or why there will be none, or None if nothing comes within `timeout` seconds."""

    def stop(self) -> None:
        """Close the camera; nothing is given any more."""

    @property
    def opening(self) -> bool:
        """Whether the camera is not open yet."""

    @property
    def busy(self) -> bool:
        """Whether it is still at the camera although it was stopped: a read that does not come back."""


class CameraSource:
    """A `LiveSource` over a camera."""

    duration = None

    def __init__(
        self,
        camera: Camera,
        *,
        start_reader: Callable[[Camera], CameraReader] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Make a source; the camera is opened by the iteration.

        Args:
            camera: what to open, again and again.
            start_reader: makes what reads it; by default a thread.
            clock: seconds, as in the readings.
            wait: waits so many seconds, less if the source is closed.
        """
        self.on_status: Callable[[SourceStatus], None] | None = None
        self.camera = camera
        self._start_reader = start_reader or ThreadedReader
        self._clock = clock
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait
        self._rate = RateMeter(clock=clock)
        self._status = SourceStatus(SourceState.opening, camera.name)
        self._index = 0
        self._first_at: float | None = None
        self._last_at = 0.0
        self._stands_still = False
        """Whether this camera was opened anew because its picture never changed, and it still does not: a camera
        program that shows a still picture, which is nothing to mend."""

    @property
    def name(self) -> str:
        return self.camera.name

    @property
    def measured_rate(self) -> float:
        """Pictures a second that really come."""
        return self._rate.per_second

    @property
    def status(self) -> SourceStatus:
        return self._status

    def close(self) -> None:
        self._closed.set()

    def __iter__(self) -> Iterator[Frame]:
        self._tell(SourceState.opening)
        delay = _FIRST_RETRY_S
        while not self._closed.is_set():
            reader = self._start_reader(self.camera)
            before = self._index
            try:
                fault = yield from self._watch(reader)
            finally:
                reader.stop()
            if fault is None:
                break
            delay = _FIRST_RETRY_S if self._index > before else min(2 * delay, _LONGEST_RETRY_S)
            self._tell(SourceState.waiting, fault.problem, fault.detail, fault.__cause__)
            self._wait(delay)
            while reader.busy and not self._closed.is_set():
                # Another one would block on the same device, and threads would pile up.
                self._wait(_FIRST_RETRY_S)
        self._tell(SourceState.ended)

    def _watch(self, reader: CameraReader) -> Generator[Frame, None, CameraFault | None]:
        """The frames until something is wrong, and what that is; None if the source was closed."""
        began = waits_since = self._clock()
        pace = Pace(self.camera.patience)
        watch = PictureWatch()
        while not self._closed.is_set():
            reading = reader.next(_LOOK_S)
            if isinstance(reading, CameraFault):
                return reading
            now = self._clock()
            if reading is None:
                if reader.opening and now - began < _OPEN_S:
                    waits_since = now
                elif now - waits_since > pace.limit:
                    problem = Problem.disconnected if pace.given else Problem.unreadable
                    return CameraFault(problem, f"no picture for {now - waits_since:.1f} s")
                continue
            waits_since = now
            pace.tick(reading.at)
            self._rate.tick()
            watch.look(reading.image, now)
            if watch.frozen and not watch.dark and not self._stands_still:
                self._stands_still = True
                return CameraFault(Problem.frozen, f"the same picture for {FROZEN_S:g} s")
            if watch.changed:
                self._stands_still = False
            self._tell(SourceState.running, Problem.black if watch.black else None)
            yield self._frame(reading)
        return None

    def _frame(self, reading: Reading) -> Frame:
        if self._first_at is None:
            self._first_at = reading.at
        else:
            # Times rise, whatever a driver's clock does.
            reading = Reading(reading.image, max(reading.at, self._last_at + 1e-6))
        self._last_at = reading.at
        frame = Frame(reading.image, reading.at - self._first_at, self._index, reading.at)
        self._index += 1
        return frame

    def _tell(
        self,
        state: SourceState,
        problem: Problem | None = None,
        detail: str = "",
        cause: BaseException | None = None,
    ) -> None:
        """Once for each change."""
        before = self._status
        if (before.state, before.problem) == (state, problem) and (self._index or state is not SourceState.opening):
            return
        self._status = status = SourceStatus(state, self.name, problem, detail)
        if problem:
            _log.warning("%s %s", status.text, detail, exc_info=cause)
        else:
            _log.info("%s: %s", self.name, state)
        if self.on_status:
            self.on_status(status)


class ThreadedReader:
    """Opens and reads in a thread of its own, so that a device that does not answer holds up nobody.

    The thread is a daemon: a read that never returns would keep the whole process from ending. All it could still do is
    to close its own handle.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._readings: Latest[Reading | CameraFault] = Latest()
        self._opening = True
        self._thread = threading.Thread(target=self._run, name="stylecam-camera", daemon=True)
        self._thread.start()

    def next(self, timeout: float) -> Reading | CameraFault | None:
        return self._readings.take(timeout)

    def stop(self) -> None:
        self._readings.close()
        # A read returns within a frame's time unless the device hangs; then it is left behind.
        self._thread.join(0.2)

    @property
    def opening(self) -> bool:
        return self._opening

    @property
    def busy(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        handle: CameraHandle | None = None
        try:
            handle = self._camera.open()
            self._opening = False
            while not self._readings.closed:
                self._readings.put(Reading(*handle.read()))
        except CameraFault as fault:
            self._readings.put(fault)
        except Exception as error:  # a library's own, or a bug: either way there is no picture
            trouble = CameraFault(Problem.unreadable, repr(error))
            trouble.__cause__ = error  # logged when it is news, not with each attempt
            self._readings.put(trouble)
        finally:
            if handle is not None:
                handle.close()
