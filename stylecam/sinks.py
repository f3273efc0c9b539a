"""Where pictures go: a video file that is whole under its final name, or not there at all.

Invariant: nothing is ever written under the final name. Pictures go to `.<name>.part.<suffix>` beside it, in fragments
that each play by themselves, and the name changes once the file is complete. A kill costs less than a second.
"""

from __future__ import annotations

import contextlib
import math
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import av

from stylecam.errors import DiskFullError, OutputExistsError, SinkError
from stylecam.partlock import PartLock
from stylecam.picturestream import PictureMaker, add_pictures
from stylecam.streamcopy import StreamCopy
from stylecam.videofiles import CONTAINERS, part_path
from stylecam.wholefile import NO_ROOM

if TYPE_CHECKING:
    from types import TracebackType

    from av.container import OutputContainer
    from av.packet import Packet

    from stylecam.encoders import Encoder
    from stylecam.frame import Frame
    from stylecam.probe import VideoFacts

__all__ = ["FrameSink", "VideoFileSink", "check_output"]

_ODD = "the size {}x{} is odd and kept as it is, in H.264 4:4:4; players that know only 4:2:0 cannot show it"
_FRAGMENT_S = 0.5
_FRAGMENTED = {
    # Fragments while writing, an ordinary MP4 after a clean end; without delay_moov sound and picture start apart.
    "movflags": "hybrid_fragmented+delay_moov",
    "frag_duration": str(round(_FRAGMENT_S * 1e6)),
}
_OPTIONS = {
    "mp4": _FRAGMENTED,
    "mov": _FRAGMENTED,
    # Without bitexact its tracks and the file itself get random numbers, new in every export.
    "matroska": {"cluster_time_limit": str(round(_FRAGMENT_S * 1e3)), "fflags": "+bitexact"},
}


class FrameSink(Protocol):
    """A context manager that takes Frames; leaving it by an error aborts."""

    def write(self, frame: Frame) -> None: ...
    def close(self) -> None:
        """Finish what was written."""

    def abort(self) -> None:
        """Give up, keeping what was written where it does no harm."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def check_output(path: Path, *, source: Path | None = None, force: bool = False) -> None:
    """Whether a video may be written to `path`, asked before any work is done.

    Raises:
        OutputExistsError: the file is there and `force` is not set.
        SinkError: it is the source itself, its folder is missing, or its suffix is none of ours.
    """
    if source is not None and path.exists() and source.exists() and path.samefile(source):
        raise SinkError(f"{path} is the input itself, which is never overwritten; choose another output")
    if path.is_dir():
        raise SinkError(f"{path} is a folder; name a file in it")
    if path.suffix.lower() not in CONTAINERS:
        raise SinkError(f"{path} has no video suffix that can be written; use one of {', '.join(CONTAINERS)}")
    if not path.absolute().parent.is_dir():
        raise SinkError(f"the folder {path.absolute().parent} does not exist; make it first")
    if not os.access(path.absolute().parent, os.W_OK):
        raise SinkError(f"the folder {path.absolute().parent} may not be written to; choose another")
    if path.exists() and not force:
        raise OutputExistsError(f"{path} exists and is kept; choose another output, or replace it with --force")


class VideoFileSink:
    """An H.264 video file, BT.709, with the times of its frames and, if wanted, what went with a source's pictures.

    Frames must be of the size given and come in the order of their times. One thread at a time.

    Raises:
        OutputExistsError, SinkError: as `check_output`, or the file cannot be made, or a hardware encoder fails.
        DiskFullError: from `write` or `close`, when there is no room.
            After either from `write` or `close` the part file holds what was encoded, and plays.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        size: tuple[int, int],
        rate: Fraction | None = None,
        time_base: Fraction = Fraction(1, 90000),
        start: Fraction = Fraction(0),
        sample_aspect_ratio: Fraction = Fraction(1),
        force: bool = False,
        carry: VideoFacts | None = None,
        carry_offset: Fraction = Fraction(0),
        encoder: Encoder | None = None,
    ) -> None:
        """Open the part file.

        Args:
            path: the final name; its suffix picks the container.
            size: width and height of every frame.
            rate: nominal frames per second, where known.
            time_base: the resolution of times; a source's own keeps them exact.
            start: where on the file's timeline the frames' zero lies.
            sample_aspect_ratio: width of a pixel over its height.
            force: whether to replace an existing file.
            carry: a source file whose sound, subtitles, chapters and tags come along.
            carry_offset: seconds taken off their times.
            encoder: one in hardware, as `choose_encoder` gives it: of even sizes only, and the same frames need not
                give the same bytes. None: x264.
        """
        self.path = Path(path)
        self._source = carry.path if carry else None
        check_output(self.path, source=self._source, force=force)
        odd = bool(size[0] % 2 or size[1] % 2)
        if odd and encoder:
            raise SinkError(f"{encoder.name} takes no odd size such as {size[0]}x{size[1]}; use the software encoder")
        self._force, self._encoder = force, encoder
        self.part = part_path(self.path)
        self.frames = 0
        self.notices: list[str] = [_ODD.format(*size)] if odd else []
        self._size, self._time_base = size, time_base
        self._packets = 0
        self._open = True
        self._broken = False
        container = CONTAINERS[self.path.suffix.lower()]
        with self._errors():
            self._lock = PartLock(self.part)
            self._container: OutputContainer = av.open(
                f"file:{self.part.absolute()}",
                "w",
                format=container,
                # Sparse tracks must not hold back the others: they come in order already.
                options={**_OPTIONS[container], "flush_packets": "1", "max_interleave_delta": "100000"},
            )
        self._copy: StreamCopy | None = None
        try:
            with self._errors():
                self._stream = add_pictures(
                    self._container,
                    size=size,
                    rate=rate,
                    time_base=time_base,
                    sample_aspect_ratio=sample_aspect_ratio,
                    encoder=encoder,
                )
            self._pictures = PictureMaker(str(self._stream.pix_fmt), time_base=time_base, start=start)
            if carry:
                self._copy = StreamCopy(carry, self._container, container=container, offset=carry_offset)
                self.notices += self._copy.notices
        except BaseException:
            self.abort()
            raise

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every frame."""
        return self._size

    def write(self, frame: Frame) -> None:
        """Encode one frame."""
        if frame.size != self._size:
            raise ValueError(f"expected a frame of {self._size = }, got {frame.size = }")
        self._encode(self._pictures.picture(frame))
        self.frames += 1

    def close(self, *, stopped: bool = False) -> None:
        """Finish the file and give it its name; without a frame, no file is left.

        Args:
            stopped: the frames ended early, so the sound ends with them.
        """
        if not self._open:
            return
        if not self.frames:
            self.abort()
            return
        self._encode(None)
        with self._errors():
            if self._copy:
                self._copy.finish(until=self._pictures.reached if stopped else math.inf)
            self._container.close()
            self._settle()

    def abort(self) -> None:
        """Give up. What was encoded stays, playable, in the part file."""
        if not self._open:
            return
        self._open = False
        # The sound ends here: to flush the pictures must not ask a closed file for more of it.
        copy, self._copy = self._copy, None
        if copy:
            copy.close()
        # After an output error the muxer is in pieces: one more packet can crash the process. The fragments are on the
        # disk already; ending the file may meet the same error again.
        with contextlib.suppress(Exception):
            if self.frames and not self._broken:
                for packet in self._stream.encode(None):
                    self._mux(packet)
        with contextlib.suppress(Exception):
            self._container.close()
        if not self._packets:
            self.part.unlink(missing_ok=True)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _encode(self, picture: av.VideoFrame | None) -> None:
        """Encode and write a picture; None: what the encoder still holds."""
        with self._errors():
            for packet in self._encoded(picture):
                self._mux(packet)

    def _encoded(self, picture: av.VideoFrame | None) -> list[Packet[Any]]:
        try:
            return self._stream.encode(picture)
        except av.FFmpegError as exc:
            if self._encoder is None:
                raise
            self._broken = True  # what it still holds is lost: to ask a driver in pieces for it may crash or hang
            kept = f"; what was encoded so far is in {self.part} and plays" if self._packets else ""
            raise SinkError(
                f"the hardware encoder {self._encoder.name} failed after {self.frames} frames of {self.path} "
                f"({exc.strerror}){kept}; export it again with the software encoder"
            ) from exc

    def _mux(self, packet: Packet[Any]) -> None:
        if self._copy and packet.dts is not None:
            self._copy.write_until(float(packet.dts * self._time_base))
        self._container.mux(packet)
        self._packets += 1

    def _has_fragments(self) -> bool:
        return self.frames > 0 and self.part.exists() and self.part.stat().st_size > 0

    def _settle(self) -> None:
        """The complete part file takes the final name."""
        self._open = False
        if self._copy:
            self._copy.close()
        try:
            with self.part.open("rb") as file:
                os.fsync(file.fileno())
            # Something may have appeared there since the start.
            check_output(self.path, source=self._source, force=self._force)
            self.part.replace(self.path)
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def _errors(self) -> Any:
        try:
            yield
        except OSError as exc:  # FFmpeg's errors with an errno among them
            self._broken = True
            kept = f"; what was encoded so far is in {self.part} and plays" if self._has_fragments() else ""
            if exc.errno in NO_ROOM:
                raise DiskFullError(f"no room left while writing {self.path}{kept}; free some and try again") from exc
            raise SinkError(f"{self.path} cannot be written: {exc.strerror or exc}{kept}") from exc
        except av.FFmpegError as exc:
            self._broken = True
            raise SinkError(
                f"{self.path} cannot be encoded at {self._size[0]}x{self._size[1]}: {exc.strerror}"
            ) from exc
