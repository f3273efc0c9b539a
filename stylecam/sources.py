"""Where pictures come from: a source opens, tells its size and rate, and gives its frames in order.

Invariant: what leaves a source is upright RGB with the time of the source's own clock. Channel order, rotation and
foreign clocks are dealt with here and nowhere else.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from stylecam.decoding import Timeline, decode_with_av, hdr_transfer, is_subsampled, is_untagged_hd, is_wide_gamut
from stylecam.errors import SourceOpenError
from stylecam.frame import Frame, Image
from stylecam.opencv import cv2
from stylecam.probe import FORMATS, probe_video

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from fractions import Fraction
    from types import TracebackType

    from stylecam.decoding import TimedImage
    from stylecam.probe import VideoFacts

__all__ = ["FrameSource", "VideoFileSource", "open_capture"]

_CAPTURE_OPTIONS = f"protocol_whitelist;file|format_whitelist;{FORMATS}"
_CAPTURE_OPTIONS_NAME = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_environment = threading.Lock()


class FrameSource(Protocol):
    """A context manager and iterator of Frames."""

    @property
    def name(self) -> str:
        """For people: a file's name, a camera's name."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every frame."""

    @property
    def rate(self) -> Fraction | None:
        """Nominal frames per second; the truth is in each frame's pts."""

    @property
    def is_live(self) -> bool:
        """Whether frames come by themselves and are lost if not taken."""

    @property
    def duration(self) -> float | None:
        """Seconds, or None if unknown or without end."""

    def __iter__(self) -> Iterator[Frame]: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class VideoFileSource:
    """The pictures of a video file, each at its own time, none skipped.

    A picture that cannot be decoded is replaced by the one before it (at the very beginning, by the one after it)
    and counted in `damaged`. `missing` estimates what a file that ends early, or a damaged Matroska file whose reader
    skips, should also have held. Both, and `notices`, are complete once the iteration has ended.

    Iterate once, in one thread.

    Raises:
        SourceOpenError: the file is not there, not a video, or holds no picture that decodes.
    """

    is_live = False

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.facts: VideoFacts = probe_video(Path(path))
        self.damaged = 0
        self.missing = 0
        self.notices: list[str] = []
        self._holes = 0
        self._timeline = Timeline(self.facts)
        if hdr_transfer(self.facts):
            self.notices.append(f"{self.name} is HDR; its colours are brought down to what a normal screen shows")

    @property
    def name(self) -> str:
        return self.facts.path.name

    @property
    def size(self) -> tuple[int, int]:
        return self.facts.size

    @property
    def rate(self) -> Fraction | None:
        return self.facts.rate

    @property
    def duration(self) -> float | None:
        return self.facts.duration

    @property
    def frames(self) -> int | None:
        """How many frames to expect: exact where the file is indexed, else from its duration, else None."""
        if self.facts.frames:
            return self.facts.frames
        if self.facts.duration and self.facts.rate:
            return round(self.facts.duration * self.facts.rate)
        return None

    def __iter__(self) -> Iterator[Frame]:
        decoded = decode_with_av(self.facts) if _opencv_misreads(self.facts) else self._with_opencv()
        end = self.facts.first_pts
        for index, (pts, image) in enumerate(self._completed(decoded)):
            self._holes += self._frames_between(end, pts)
            end = max(end, pts)
            yield Frame(image, float((pts - self.facts.first_pts) * self.facts.time_base), index)
        self._take_stock(end)

    def close(self) -> None:
        self._timeline.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _with_opencv(self) -> Iterator[TimedImage]:
        capture = open_capture(str(self.facts.path), _CAPTURE_OPTIONS)  # closes what the probe has closed once already
        given = refusals = 0
        try:
            while True:
                good, bgr = capture.read()
                if good:
                    given, refusals = given + 1, 0
                    # Relative to the stream's start; exact after the read, unlike CAP_PROP_PTS.
                    seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                    yield (
                        self.facts.stream_start + round(seconds / self.facts.time_base),
                        np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8),
                    )
                    continue
                if not given:  # OpenCV has no decoder for this codec (AV1 in its wheels), or stumbles at the start
                    yield from decode_with_av(self.facts)
                    return
                # A refusal is a damaged packet or the end, and OpenCV does not say which. Each damaged one uses up a
                # picture that is due, so more refusals than pictures due mean the end.
                refusals += 1
                if self._timeline.waiting(refusals) < refusals:
                    return
        finally:
            capture.release()

    def _completed(self, decoded: Iterable[TimedImage]) -> Iterator[tuple[int, Image]]:
        """The pictures, with every gap filled."""
        previous: Image | None = None
        latest = self.facts.first_pts
        for told, image in decoded:
            pts = told if told is not None else self._timeline.pop()
            pts = latest if pts is None else max(pts, latest)
            for missed in self._timeline.pop_before(pts):
                self.damaged += 1
                yield missed, image if previous is None else previous
            latest, previous = pts, image
            yield pts, image
        while previous is not None and (late := self._timeline.pop()) is not None:
            self.damaged += 1
            yield late, previous

    def _frames_between(self, before: int, pts: int) -> int:
        """How many frames of the nominal rate would fit between two neighbours."""
        if not self.facts.rate:
            return 0
        return max(0, round((pts - before) * self.facts.time_base * self.facts.rate) - 1)

    def _take_stock(self, end: int) -> None:
        facts = self.facts
        self.damaged = max(self.damaged, self._timeline.corrupt)
        if facts.frames is not None:
            self.missing = max(0, facts.frames - self._timeline.packets)
        elif facts.duration and facts.rate and facts.duration_is_told:
            short = facts.duration - float((end - facts.stream_start) * facts.time_base)
            self.missing = round(short * facts.rate) if short > 0.5 else 0
        if self.damaged:
            frames = "1 damaged frame" if self.damaged == 1 else f"{self.damaged} damaged frames"
            self.notices.append(
                f"{frames} of {self.name} replaced by the frame before; what follows may be smeared for up to a second"
            )
        if self._holes and not self.missing and facts.frames is None and (self.damaged or self._timeline.cut_off):
            # Matroska's reader skips what it cannot parse without a word. A pause in the times is no proof of that,
            # for rates may vary; in a file that is damaged it is the likelier reason.
            self.missing = self._holes
            self.notices.append(f"about {self._holes} frames are missing within {self.name}; the frame before stays")
            return
        if self.missing or self._timeline.cut_off:
            amount = f"about {self.missing} frames are missing" if self.missing else "some frames may be missing"
            self.notices.append(f"{self.name} ends early: {amount}")


def _opencv_misreads(facts: VideoFacts) -> bool:
    """Where OpenCV's pictures were measured to be wrong: colours, times, or the stream it picks."""
    return (
        hdr_transfer(facts) is not None  # PQ and HLG come out as if they were ordinary curves, blown out
        or is_wide_gamut(facts)  # squeezed into BT.709 with shifted hues
        or is_untagged_hd(facts)  # taken for BT.601
        or is_subsampled(facts)  # fractions cut off rather than rounded: up to 3 of 255 too dark, 1.1 on average
        or facts.picture_streams > 1  # no choice of stream
        or not facts.has_pts  # times off by the reordering delay
    )


def open_capture(target: str, options: str, parameters: Sequence[int] = ()) -> cv2.VideoCapture:
    """Open a file or an address with OpenCV's FFmpeg, which may or may not succeed: ask `isOpened`.

    Args:
        target: a path or an address.
        options: FFmpeg's, as ``key;value|key;value``: which protocols and formats may be used at all.
        parameters: OpenCV's, as ``(CAP_PROP_…, value, …)``.

    Raises:
        SourceOpenError: OpenCV itself failed.
    """
    # The options reach OpenCV through the environment alone.
    with _environment:
        before = os.environ.get(_CAPTURE_OPTIONS_NAME)
        os.environ[_CAPTURE_OPTIONS_NAME] = options
        try:
            return cv2.VideoCapture(target, cv2.CAP_FFMPEG, list(parameters))
        except cv2.error as exc:
            raise SourceOpenError(f"{target} could not be opened by OpenCV: {exc}") from exc
        finally:
            if before is None:
                del os.environ[_CAPTURE_OPTIONS_NAME]
            else:
                os.environ[_CAPTURE_OPTIONS_NAME] = before
