"""From a video file to a painted video file: decode, stylize and encode, overlapped in three threads.

Invariant: every frame comes out once, in order; the same input gives the same bytes. The stages are plain generators
and know nothing of threads: see `run_overlapped`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from stylecam.encoders import choose_encoder
from stylecam.errors import SinkError
from stylecam.overlap import run_overlapped
from stylecam.pending import Pending
from stylecam.sinks import VideoFileSink, check_output
from stylecam.sources import VideoFileSource
from stylecam.steadiness import Steadiness

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from stylecam.frame import Frame, Image
    from stylecam.stylizer import Painted

__all__ = ["Progress", "VideoReport", "stylize_video"]

_RECENT = 30
"""Frames that the rate is taken over, so that the time left follows what the machine does now."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export has come."""

    frame: int
    """Frames written."""
    total: int | None
    """Frames to expect, where the file tells."""
    fps: float
    """Frames per second of late; 0 until it is known."""
    eta_s: float | None
    """Seconds left, or None if unknown."""
    pts: float
    """Seconds of video written."""


@dataclass(frozen=True, slots=True)
class VideoReport:
    """How an export ended."""

    output: Path | None
    """The finished file; None if it was stopped before the first frame."""
    frames: int
    damaged: int
    """Frames that could not be decoded and show the frame before."""
    missing: int
    """Frames, estimated, that a source cut off early lacks."""
    size: tuple[int, int]
    stopped: bool
    """Whether `stop` ended it before the source did."""
    notices: tuple[str, ...]
    """What a person should know, in whole sentences."""


def stylize_video(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    stylizer: Callable[[Image], Image],
    *,
    steadiness: int = 0,
    force: bool = False,
    encoder: str = "software",
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> VideoReport:
    """Paint every frame of a video; times, sound, subtitles, chapters and tags stay.

    Args:
        source: the video file.
        output: where to write; .mp4, .m4v, .mov or .mkv. The name appears once the file is complete.
        stylizer: called in one thread, frame after frame; H×W×3 uint8 RGB to the same size. A `Stylizer` is
            given some frames ahead: on a GPU they travel and are painted at once, on a CPU several are painted at a
            time, each on some of the cores.
        steadiness: 0 (none) to 100; see `Steadiness`.
        force: whether to replace an existing output. The source itself is never replaced.
        encoder: ``"software"``, ``"hardware"`` or one in hardware by its name; see `choose_encoder`.
        on_progress: called after each frame, in the encoder's thread; an error from it ends the export.
        stop: once set, the file is finished with the frames written so far.

    Raises:
        SourceError: the source cannot be read.
        SinkError: the output exists or cannot be written, or there is no such encoder here.
        ValueError: `steadiness` is out of its range.
        Exception: whatever `stylizer` or `on_progress` raises. What was encoded by then stays in the part file,
            which a note on the error names.
    """
    stop = stop or threading.Event()
    steady = Steadiness(steadiness)
    check_output(Path(output), source=Path(source), force=force)
    with VideoFileSource(source) as frames:
        facts = frames.facts
        with VideoFileSink(
            output,
            size=frames.size,
            rate=frames.rate,
            time_base=facts.time_base,
            start=facts.start - facts.offset,
            sample_aspect_ratio=facts.sample_aspect_ratio,
            force=force,
            carry=facts,
            carry_offset=facts.offset,
            encoder=choose_encoder(encoder, frames.size),
        ) as sink:
            meter = _Meter(frames.frames)
            cut_short = threading.Event()

            def encode(painted: Iterable[Frame]) -> None:
                for frame in painted:
                    sink.write(frame)
                    if on_progress:
                        on_progress(meter.after(frame))

            try:
                run_overlapped(
                    _until(stop, frames, cut_short),
                    lambda waiting: _paint(_until(stop, waiting, cut_short), stylizer, steady),
                    encode,
                )
            except BaseException as exc:
                if sink.frames and not isinstance(exc, SinkError):
                    exc.add_note(f"the {sink.frames} frames finished before that are in {sink.part} and play")
                raise
            sink.close(stopped=cut_short.is_set())
            return VideoReport(
                output=sink.path if sink.frames else None,
                frames=sink.frames,
                damaged=frames.damaged,
                missing=frames.missing,
                size=frames.size,
                stopped=cut_short.is_set(),
                notices=(*frames.notices, *sink.notices),
            )


@runtime_checkable
class _Ahead(Protocol):
    """As much of a `Stylizer` as it takes to have several frames on their way."""

    @property
    def ahead(self) -> int: ...

    def overlapping(self) -> AbstractContextManager[None]: ...

    def start(self, image: Image) -> Pending[Painted]: ...


def _paint(frames: Iterable[Frame], stylizer: Callable[[Image], Image], steady: Steadiness) -> Iterator[Frame]:
    """Every frame painted, in order, also those still on their way when `frames` end; an error comes in its turn."""
    waiting: deque[tuple[Frame, Image, Pending[Image]]] = deque()
    several = stylizer if isinstance(stylizer, _Ahead) else None

    def finished() -> Frame:
        frame, image, painting = waiting.popleft()
        return frame.with_image(steady.after(image, painting.result()))

    with several.overlapping() if several else nullcontext():
        for frame in frames:
            image = steady.before(frame.image)  # shares nothing with `after`, so it may run ahead of it
            if several:
                waiting.append((frame, image, several.start(image).then(lambda painted: painted.image)))
            else:
                waiting.append((frame, image, Pending.done(stylizer(image))))
            while len(waiting) > (several.ahead if several else 0):
                yield finished()
        while waiting:
            yield finished()


def _until(stop: threading.Event, frames: Iterable[Frame], cut_short: threading.Event) -> Iterator[Frame]:
    """The frames until `stop` is set; sets `cut_short` if there was one more."""
    for frame in frames:
        if stop.is_set():
            cut_short.set()
            return
        yield frame


class _Meter:
    """Counts frames into Progress."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._times: deque[float] = deque(maxlen=_RECENT + 1)
        self._count = 0

    def after(self, frame: Frame) -> Progress:
        self._count += 1
        self._times.append(time.monotonic())
        elapsed = self._times[-1] - self._times[0]
        fps = (len(self._times) - 1) / elapsed if elapsed > 0 else 0.0
        left = None if self._total is None else max(0, self._total - self._count)
        eta_s = left / fps if left is not None and fps else None
        return Progress(self._count, self._total, fps, eta_s, frame.pts)
