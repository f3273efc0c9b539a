"""LivePipeline: from a live source to whoever looks on. No Qt here, and no torch: a painter is any object that paints.

    source --capture--> Latest --paint--+--> Latest --one wake-up--> the viewer, who pulls
                                        +--> Recorder               while recording
                                        +--> Latest --> sink        while a virtual camera is on

Capture reads without pause; the painter sees only the newest frame; the viewer drops, a recording drops and counts.
Each frame is painted with what stands in the attributes when it begins, read once: whole in one style, never two.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from stylecam.autosize import AutoSize
from stylecam.errors import DeviceMemoryError, StylecamError
from stylecam.frame import Latest
from stylecam.meters import LiveMeters, LiveStats
from stylecam.sinkfeed import SinkFeed
from stylecam.steadiness import Steadiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.frame import Frame, Image
    from stylecam.livesource import LiveSource, SourceStatus
    from stylecam.recording import Recorder
    from stylecam.sinks import FrameSink
    from stylecam.stylizer import Painted

__all__ = ["LivePainter", "LivePipeline", "LiveStats", "Painting"]

_log = logging.getLogger(__name__)

_STOP_S: Final = 2.0
"""How long a stop waits for all threads; a frame of `full` at 720p takes less even on a slow processor."""
_SMALLEST: Final = 64


class LivePainter(Protocol):
    """What the pipeline asks of a `Stylizer`."""

    def paint(self, image: Image) -> Painted: ...


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """A frame and what was made of it."""

    source: Frame
    """What the camera saw, at its own size, mirrored if that is wanted."""
    frame: Frame
    """The same moment, painted, at the working size; the source itself while there is no painter."""
    style: str
    """With which style, whole; empty while there is no painter."""


class LivePipeline:
    """Runs one source through one painter in threads of its own.

    Attributes that may be changed at any time, from any thread:
        painter: paints; None shows the source as it is.
        size: width and height within which everything works; None: the source's own size. Frames are shrunk before
            anything else is done to them: what is left over grows them again, and costs less there.
        mirror: whether pictures are flipped left to right, before everything else.
        steadiness: the stabiliser; its `amount` may be changed.

    Call its methods from one thread; `stats` from any.
    """

    def __init__(
        self,
        *,
        on_painting: Callable[[], None] | None = None,
        on_status: Callable[[SourceStatus], None] | None = None,
        on_error: Callable[[BaseException], None] | None = None,
        on_size: Callable[[tuple[int, int], bool], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Callbacks are called in the pipeline's threads.

        Args:
            on_painting: a painting lies in `paintings`, which was empty.
            on_status: news from the source.
            on_error: the source or the painter failed for good, or something unforeseen happened; logged without it.
            on_size: the working size was changed by the pipeline; whether for want of memory.
            clock: that of the source's `captured_at`.
        """
        self.paintings: Latest[Painting] = Latest(on_fill=on_painting)
        self.painter: LivePainter | None = None
        self.size: tuple[int, int] | None = None
        self.mirror = False
        self.steadiness = Steadiness()
        self._on_status = on_status
        self._on_error = on_error
        self._on_size = on_size
        self._clock = clock
        self._auto: AutoSize | None = None
        self._inbox: Latest[Frame] = Latest()
        self._source: LiveSource | None = None
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._recorder: Recorder | None = None
        self._output: SinkFeed | None = None
        self._seen = 0
        self._lost_before = 0
        self._meters = LiveMeters(clock=clock)

    @property
    def source(self) -> LiveSource | None:
        """The source that runs, or None."""
        return self._source

    @property
    def recorder(self) -> Recorder | None:
        """The recording that is being made, or the last one."""
        return self._recorder

    @property
    def hold_fps(self) -> float | None:
        """The rate that the working size is chosen for; None: it is `size`."""
        return self._auto.fps if self._auto else None

    @hold_fps.setter
    def hold_fps(self, fps: float | None) -> None:
        self._auto = AutoSize(fps) if fps else None

    def start(self, source: LiveSource) -> None:
        """Run this source, in place of the one before; a recording goes on with it."""
        self._stop_source()
        self._stopping.clear()
        self._source = source
        self._seen += 1
        self._meters.latency.clear()
        self._lost_before += self._inbox.dropped
        self._inbox = Latest()
        source.on_status = self._on_status
        self._threads = [
            threading.Thread(target=self._capture, args=(source, self._inbox), name="stylecam-capture"),
            threading.Thread(target=self._paint, args=(self._inbox, self._seen), name="stylecam-paint"),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> bool:
        """End the source, the recording and every thread; whether all ended in time.

        Takes two seconds at most. What is still at work then (a device that does not answer) ends with the process.
        """
        deadline = time.monotonic() + _STOP_S
        ended = self._stop_source()
        self.set_output(None)
        recorder = self._recorder
        finished = recorder is None or recorder.finish(max(0.2, deadline - time.monotonic())) is not None
        return finished and ended

    def record(self, recorder: Recorder | None) -> None:
        """Give every painting to this recorder from now on; None ends that and leaves the recorder to its owner."""
        self._recorder = recorder

    def set_output(self, sink: FrameSink | None) -> None:
        """Give every painting to this sink, too (a virtual camera), newest first; None ends that and closes it."""
        previous, self._output = self._output, SinkFeed(sink, self._report) if sink else None
        if previous:
            previous.stop()

    def stats(self) -> LiveStats:
        """How it is doing, from any thread."""
        not_painted = self._lost_before + self._inbox.dropped
        return self._meters.stats(not_painted=not_painted, not_shown=self.paintings.dropped)

    def _stop_source(self) -> bool:
        self._stopping.set()
        if self._source is not None:
            self._source.close()
        self._inbox.close()
        deadline = time.monotonic() + _STOP_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            _log.warning("still at work after %.1f s: %s", _STOP_S, ", ".join(late))
        self._threads, self._source = [], None
        return not late

    def _capture(self, source: LiveSource, inbox: Latest[Frame]) -> None:
        try:
            for frame in source:
                self._meters.camera_rate.tick()
                inbox.put(frame)
                if self._stopping.is_set():
                    return
        except Exception as error:
            self._report(error)
        finally:
            inbox.close()

    def _paint(self, inbox: Latest[Frame], generation: int) -> None:
        """One frame after another, always the newest."""
        while not inbox.closed:
            frame = inbox.take(timeout=0.5)
            if frame is None:
                continue
            began = self._clock()
            painter = self.painter
            try:
                painting = self._painting_of(frame, painter, generation)
            except DeviceMemoryError as error:
                self._make_do_with_less(frame, painter, error)
                continue
            except Exception as error:
                # This painter will fail again: the picture goes on without it, and whoever looks on is told.
                self.painter = None if self.painter is painter else self.painter
                self._report(error)
                continue
            if not inbox.closed:  # else a later source is on its way to the viewer already
                self._give(painting)
            self._measure(frame, painter, self._clock() - began)

    def _painting_of(self, frame: Frame, painter: LivePainter | None, generation: int) -> Painting:
        if self.mirror:
            frame = frame.with_image(np.ascontiguousarray(frame.image[:, ::-1]))
        if painter is None:
            self._meters.sizes = (frame.size, None)
            return Painting(frame, frame, "")
        auto, limit = self._auto, self.size
        size = auto.size_for(frame.size) if auto else limit
        image = frame.image if size is None else _within(frame.image, size)
        self._meters.sizes = (frame.size, (image.shape[1], image.shape[0]))
        steadiness = self.steadiness
        calm = steadiness.before(image)
        painted = painter.paint(calm)
        image = steadiness.after(calm, painted.image, look=(painted.look, generation, self.mirror))
        return Painting(frame, frame.with_image(image), painted.style)

    def _give(self, painting: Painting) -> None:
        self.paintings.put(painting)
        recorder, output = self._recorder, self._output
        if recorder is not None:
            recorder.offer(painting.frame)
        if output is not None:
            output.inbox.put(painting.frame)
        self._meters.paint_rate.tick()

    def _measure(self, frame: Frame, painter: LivePainter | None, seconds: float) -> None:
        self._meters.busy.add(seconds)
        if frame.captured_at is not None:
            self._meters.latency.add(self._clock() - frame.captured_at)
        auto = self._auto
        if auto is not None and painter is not None:
            before = auto.size_for(frame.size)
            wanted = auto.after(seconds, frame.size)
            if wanted != before and self._on_size:
                self._on_size(wanted, False)

    def _make_do_with_less(self, frame: Frame, painter: LivePainter | None, error: DeviceMemoryError) -> None:
        """Half the sides from the next frame on; not again and again below what can be looked at."""
        width, height = self._meters.sizes[1] or frame.size
        if min(width, height) // 2 < _SMALLEST:
            self.painter = None if self.painter is painter else self.painter
            self._report(error)
            return
        self._auto = None  # it would only try the larger size again
        self.size = smaller = (width // 2, height // 2)
        _log.warning("%s; working at %d×%d now", error, *smaller)
        if self._on_size:
            self._on_size(smaller, True)

    def _report(self, error: BaseException) -> None:
        if self._on_error:
            self._on_error(error)
        else:
            _log.error("%s", error, exc_info=None if isinstance(error, StylecamError) else error)


def _within(image: Image, size: tuple[int, int]) -> Image:
    from stylecam.compositing import fit_within, resize  # torch, which a painter has loaded already

    return resize(image, fit_within((image.shape[1], image.shape[0]), size, least=16))
