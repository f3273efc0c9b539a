"""Recorder: live frames into a video file, without ever keeping the painter waiting.

A recording drops and counts where the encoder is too slow. It goes on when frames stay away (a camera unplugged): the
last picture is repeated, times are those of the clock, and the file stays one. Frames of another size are fitted in.
"""

from __future__ import annotations

import queue
import shutil
import threading
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stylecam.compositing import letterbox
from stylecam.errors import DiskFullError
from stylecam.frame import Frame
from stylecam.sinks import VideoFileSink, check_output

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

__all__ = ["Recorder", "RecordingReport", "RecordingState"]

_WAITING: Final = 8
"""Frames between painter and encoder: a third of a second, enough for a key picture."""
_REPEAT_AFTER_S: Final = 0.5
_DISK_CHECK_S: Final = 1.0
_DISK_LEFT: Final = 200_000_000
"""Bytes at which a recording is finished while there still is room to finish it."""
_NOMINAL_RATE: Final = Fraction(30)


@dataclass(frozen=True, slots=True)
class RecordingState:
    """How a recording is doing."""

    seconds: float
    frames: int
    dropped: int
    """Frames that the encoder was too slow for."""
    bytes: int
    """Size of the file so far."""
    seconds_left: float | None
    """Until the disk is full, at the rate so far; None if it is not known yet."""


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """How a recording ended."""

    path: Path | None
    """The finished file; None if no frame came, or if it failed: then the error names the part file."""
    seconds: float
    frames: int
    dropped: int
    error: BaseException | None
    notices: tuple[str, ...]


class Recorder:
    """Encodes in a thread of its own. `offer` from one thread; everything else from any."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        size: tuple[int, int] | None = None,
        on_end: Callable[[RecordingReport], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        disk_left: int = _DISK_LEFT,
    ) -> None:
        """Check that the file may be written, and start.

        Args:
            path: the final name, .mp4, .mov or .mkv; must not exist.
            size: width and height of the video; by default those of the first frame. Others are fitted in.
            on_end: called once, in the recorder's thread, however it ends.
            clock: seconds; that of the frames' `captured_at`.
            disk_left: free bytes at which the recording ends by itself.

        Raises:
            SinkError: the file exists or cannot be written there.
        """
        self.path = Path(path)
        check_output(self.path)
        self._size = size
        self._on_end = on_end
        self._clock = clock
        self._disk_left = disk_left
        self._frames: queue.Queue[Frame] = queue.Queue(_WAITING)
        self._dropped = 0
        self._sink: VideoFileSink | None = None
        self._started_at: float | None = None
        self._last: Frame | None = None
        self._bytes = 0
        self._seconds_left: float | None = None
        self._next_disk_check = 0.0
        self._ending = threading.Event()
        self._report: RecordingReport | None = None
        self._thread = threading.Thread(target=self._run, name="stylecam-record")
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        """Record a frame with `captured_at`, unless the encoder is behind: then it is dropped and counted."""
        if self._ending.is_set():
            return
        try:
            self._frames.put_nowait(frame)
        except queue.Full:
            self._dropped += 1

    @property
    def state(self) -> RecordingState:
        last, sink = self._last, self._sink
        return RecordingState(
            last.pts if last else 0.0, sink.frames if sink else 0, self._dropped, self._bytes, self._seconds_left
        )

    def finish(self, timeout: float | None = None) -> RecordingReport | None:
        """Encode what waits, close the file and give it its name; None if that takes longer than `timeout` seconds."""
        self._ending.set()
        self._thread.join(timeout)
        return self._report

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._encode()
            if self._sink:
                self._sink.close()
        except BaseException as exc:
            error = exc
            if self._sink:
                self._sink.abort()
        self._ending.set()
        self._report = self._make_report(error)
        if self._on_end:
            self._on_end(self._report)

    def _make_report(self, error: BaseException | None) -> RecordingReport:
        sink, state = self._sink, self.state
        whole = sink is not None and sink.frames > 0 and (error is None or isinstance(error, _DiskAlmostFullError))
        return RecordingReport(
            path=self.path if whole else None,
            seconds=state.seconds,
            frames=state.frames,
            dropped=state.dropped,
            error=error,
            notices=tuple(sink.notices) if sink else (),
        )

    def _encode(self) -> None:
        while True:
            try:
                frame = self._frames.get(timeout=0.05 if self._ending.is_set() else _REPEAT_AFTER_S / 2)
            except queue.Empty:
                if self._ending.is_set():
                    return
                self._repeat_last()
                continue
            self._write(frame)

    def _write(self, frame: Frame) -> None:
        if frame.captured_at is None:
            raise ValueError(f"expected a frame with captured_at, got {frame!r}")
        if self._started_at is None:
            self._started_at = frame.captured_at
        if self._sink is None:
            self._size = self._size or frame.size
            self._sink = VideoFileSink(self.path, size=self._size, rate=_NOMINAL_RATE)
        pts = max(frame.captured_at - self._started_at, self._last.pts if self._last else 0.0)
        size = self._sink.size
        image = frame.image if frame.size == size else letterbox(frame.image, size)
        self._last = Frame(image, pts, self._sink.frames, frame.captured_at)
        self._sink.write(self._last)
        self._look_at_disk()

    def _repeat_last(self) -> None:
        """So that a gap is a still picture, that a kill during it loses no more than at other times."""
        last = self._last
        if last is None or self._started_at is None or self._sink is None:
            return
        pts = self._clock() - self._started_at
        if pts - last.pts >= _REPEAT_AFTER_S:
            self._last = Frame(last.image, pts, self._sink.frames, self._clock())
            self._sink.write(self._last)
            self._look_at_disk()

    def _look_at_disk(self) -> None:
        now = self._clock()
        if now < self._next_disk_check or self._sink is None or self._last is None:
            return
        self._next_disk_check = now + _DISK_CHECK_S
        try:
            self._bytes = self._sink.part.stat().st_size
            free = shutil.disk_usage(self._sink.part.parent).free
        except OSError:  # a network folder that went away: writing will say so
            return
        if self._last.pts > 2 and self._bytes:
            self._seconds_left = max(0.0, (free - self._disk_left) * self._last.pts / self._bytes)
        if free < self._disk_left:
            self._sink.close()
            raise _DiskAlmostFullError(
                f"The recording was finished because only {free / 1e6:.0f} MB are left on the disk. "
                "Free some, or choose another folder."
            )


class _DiskAlmostFullError(DiskFullError):
    """The file is whole; the disk is not quite full."""
