"""What a video file is, asked without trusting it: the one way stylecam opens media, and the facts read from it.

Invariant: only the named file itself is ever read. A file may be a playlist in disguise and names may look like
protocols ("concat:", "http:"), so every open goes through `open_media`, which allows plain containers and plain files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from stylecam.errors import SourceOpenError

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer

__all__ = ["FORMATS", "VideoFacts", "as_fraction", "open_media", "picture_stream", "probe_video"]

FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mxf,nut,ivf,gif,h264,hevc,mpegvideo,m4v,mp3,wav,flac,aac"
)  # fmt: skip
"""Containers that hold their own data. Playlists, image sequences, devices and network formats are left out."""

_PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
_ATTEMPTS = 500
"""Packets looked at for a first picture, before a file is called unreadable."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What the file says of its pictures, and what its first picture shows."""

    path: Path
    """Absolute."""
    container: str
    """FFmpeg's name of the format, for example "mov,mp4,m4a,3gp,3g2,mj2"."""
    codec: str
    stream_index: int
    picture_streams: int
    """Streams of pictures, cover art included."""
    coded_size: tuple[int, int]
    """Width and height as stored, before rotation."""
    rotation: int
    """Quarter turns counter-clockwise that stand the picture upright: 0–3."""
    sample_aspect_ratio: Fraction
    """Width of an upright picture's pixel over its height."""
    rate: Fraction | None
    """Average pictures per second: nominal, for variable rates a guide only."""
    time_base: Fraction
    first_pts: int
    """Presentation time of the first picture on the file's own timeline, in units of `time_base`."""
    stream_start: int
    """Where the stream says it starts, in units of `time_base`: the zero of OpenCV's clock."""
    has_pts: bool
    """Whether packets tell their presentation time; AVI and raw streams do not."""
    duration: float | None
    duration_is_told: bool
    """Whether the header tells the duration of the pictures; else it is the container's, or a guess."""
    frames: int | None
    """Pictures, as the header counts them; exact where packets are indexed (MP4), else None."""
    pixel_format: str
    matrix: int
    """Colour facts in the numbers of ITU-T H.273 (2: unspecified)."""
    transfer: int
    primaries: int
    full_range: bool
    offset: Fraction
    """Seconds to take off every stream's times for a file of its own: zero, except for broadcast formats (MPEG-TS),
    whose clock runs on and starts anywhere; there, what makes the earliest stream start at zero."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        width, height = self.coded_size
        return (height, width) if self.rotation % 2 else (width, height)

    @property
    def start(self) -> Fraction:
        """Seconds from the start of the file's timeline to the first picture."""
        return self.first_pts * self.time_base


def as_fraction(value: Any) -> Fraction | None:
    """A rational of any PyAV version as ours: 18 has Fraction or None, 19 its own class and never None."""
    return Fraction(value.numerator, value.denominator) if value else None


def open_media(path: Path) -> InputContainer:
    """Open a media file for reading, and nothing that it may point at.

    Raises:
        SourceOpenError: there is no such file, or it is not a video that can be read.
    """
    # An absolute path behind "file:" keeps names such as "a:b.mp4" from being read as a protocol.
    path = path.absolute()
    if path.is_dir():
        raise SourceOpenError(f"{path} is a folder; name a video file in it")
    if not path.exists():
        raise SourceOpenError(f"{path} does not exist; check the name")
    try:
        container: InputContainer = av.open(
            f"file:{path}",
            options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
            **_lenient_metadata(),
        )
        return container
    except PermissionError as exc:
        raise SourceOpenError(f"{path} may not be read (permission denied); check the file's rights") from exc
    # Damaged headers escape FFmpeg's own error tree (UnicodeDecodeError, MemoryError among them).
    except Exception as exc:
        raise SourceOpenError(_not_a_video(path)) from exc


def _lenient_metadata() -> dict[str, Any]:
    """Tags in a broken encoding must not refuse a good video; PyAV 19 does this by itself and dropped the option."""
    return {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def _not_a_video(path: Path) -> str:
    if path.stat().st_size == 0:
        return f"{path} is empty (0 bytes); it was perhaps never written to the end"
    if path.suffix.lower() in _PICTURE_SUFFIXES:
        return f"{path} is not a video; for pictures use `stylecam image`"
    return f"{path} is not a video that can be read: it is damaged, unfinished, or of another kind than its name says"


def picture_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """The stream to stylize: the default one, else the first, never cover art."""
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        held = "sound only, no picture" if container.streams.audio else "no picture"
        raise SourceOpenError(f"{path} holds {held}; choose a file with a video track")
    return next((s for s in streams if s.disposition & av.stream.Disposition.default), streams[0])


def probe_video(path: Path) -> VideoFacts:
    """Read the facts, decoding up to the first picture.

    Raises:
        SourceOpenError: not readable, or without a picture.
    """
    path = path.absolute()
    with open_media(path) as container:
        stream = picture_stream(container, path)
        frame, key_pts, has_pts = _first_picture(container, stream, path)
        time_base = as_fraction(stream.time_base) or Fraction(1, 90000)
        rotation = round(frame.rotation / 90) % 4
        aspect = as_fraction(stream.codec_context.sample_aspect_ratio) or Fraction(1)
        pts_known = [pts for pts in (frame.pts, key_pts) if pts is not None]
        return VideoFacts(
            path=path,
            container=container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            stream_index=stream.index,
            picture_streams=len(container.streams.video),
            coded_size=(frame.width, frame.height),
            rotation=rotation,
            sample_aspect_ratio=1 / aspect if rotation % 2 else aspect,
            rate=as_fraction(stream.average_rate) or as_fraction(stream.guessed_rate),
            time_base=time_base,
            first_pts=min(pts_known) if has_pts and pts_known else stream.start_time or 0,
            stream_start=stream.start_time or 0,
            has_pts=has_pts,
            duration=_told_duration(stream, time_base)
            or (container.duration / av.time_base if container.duration else None),
            duration_is_told=_told_duration(stream, time_base) is not None,
            frames=stream.frames or None if has_pts else None,
            pixel_format=frame.format.name,
            matrix=int(frame.colorspace),
            transfer=int(frame.color_trc),
            primaries=int(frame.color_primaries),
            full_range=int(frame.color_range) == 2 or frame.format.name.startswith("yuvj"),
            offset=_clock_offset(container),
        )


def _first_picture(
    container: InputContainer, stream: av.VideoStream, path: Path
) -> tuple[av.VideoFrame, int | None, bool]:
    """The first picture that decodes, the time of the first shown key picture, and whether packets tell their time."""
    key_pts = None
    has_pts = container.format.name != "avi"  # AVI's only clock is the decoding order
    last_error: Exception | None = None
    try:
        for count, packet in enumerate(container.demux(stream)):
            if packet.size and packet.pts is None:
                has_pts = False
            if key_pts is None and packet.is_keyframe and not packet.is_discard:
                key_pts = packet.pts
            try:
                for frame in packet.decode():
                    return frame, key_pts, has_pts
            except Exception as exc:
                last_error = exc
            if count > _ATTEMPTS:
                break
    except Exception as exc:
        last_error = exc
    raise SourceOpenError(f"no picture in {path} could be decoded; the file is damaged or unfinished") from last_error


def _clock_offset(container: InputContainer) -> Fraction:
    flags: Any = container.format.flags
    runs_on = flags & av.format.Flags.ts_discont.value
    return Fraction(container.start_time or 0, av.time_base) if runs_on else Fraction(0)


def _told_duration(stream: av.VideoStream, time_base: Fraction) -> float | None:
    if stream.duration:
        return float(stream.duration * time_base)
    # Matroska tells when the track ends rather than how long it is.
    told = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if not told:
        return None
    hours, minutes, seconds = told.groups()
    end = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return end - float((stream.start_time or 0) * time_base)
