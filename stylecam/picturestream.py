"""The pictures' stream in a video file: H.264, BT.709, by x264 or a hardware encoder, with the settings of each.

Invariant: x264 gives the same bytes for the same pictures, on any processor and any number of cores; and no encoder
reorders pictures or holds back more than a fraction of a second, since what it holds is lost in a kill.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from stylecam.errors import SinkError

if TYPE_CHECKING:
    from av.container import OutputContainer

    from stylecam.encoders import Encoder
    from stylecam.frame import Frame

__all__ = ["KEY_PICTURE_EVERY_S", "PictureMaker", "add_pictures"]

KEY_PICTURE_EVERY_S = Fraction(1)
_X264 = {
    "preset": "veryfast",
    "crf": "18",
    # Reordered pictures would be held back, and make a track of variable rate seem to end before its last picture.
    "bf": "0",
    "forced-idr": "1",
    # x264's AVX-512 code for the macroblock tree takes eight blocks at once and, where a row is not made of eights,
    # lets what memory happens to hold after it decide on bits; and the code for each kind of processor rounds in its
    # own way. The portable code does neither, for 4 % of the encoder's time.
    "x264-params": "cpu-independent=1",
}
_LOOKAHEAD_S = 0.2
"""What the encoder holds back is lost in a kill, so it looks ahead but a little."""
_THREADS = 2
"""Fixed, because x264's output depends on it and the same frames shall give the same bytes on any number of cores."""
_BT709 = 1
_ACCURATE = 0x2 | 0x2000 | 0x40000
"""SWS_BILINEAR, SWS_FULL_CHR_H_INT, SWS_ACCURATE_RND."""


class PictureMaker:
    """Frames as pictures that the encoder takes: in its pixels, with their times, a key picture every second."""

    def __init__(self, pixel_format: str, *, time_base: Fraction, start: Fraction = Fraction(0)) -> None:
        """Nothing is made yet.

        Args:
            pixel_format: what the encoder takes, by FFmpeg's name.
            time_base: the resolution of the pictures' times.
            start: where on the file's timeline the frames' zero lies.
        """
        self._format, self._time_base, self._start = pixel_format, time_base, start
        self._reformatter = VideoReformatter()
        self._last_tick: int | None = None
        self._last_key: int | None = None

    @property
    def reached(self) -> float:
        """The last picture's time on the file's timeline, in seconds; 0 before the first."""
        return float((self._last_tick or 0) * self._time_base)

    def picture(self, frame: Frame) -> av.VideoFrame:
        """The next one. Of two frames of one moment the second comes a tick later: the file would refuse it."""
        tick = round((Fraction(frame.pts) + self._start) / self._time_base)
        if self._last_tick is not None:
            tick = max(tick, self._last_tick + 1)
        picture = self._reformatter.reformat(
            av.VideoFrame.from_ndarray(frame.image, format="rgb24"),
            format=self._format,
            src_color_range=ColorRange.JPEG,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=_ACCURATE,
        )
        picture.pts, picture.time_base = tick, self._time_base
        # By time, not by count, so that a slow variable rate cannot stretch a group of pictures.
        if self._last_key is None or (tick - self._last_key) * self._time_base >= KEY_PICTURE_EVERY_S:
            picture.pict_type, self._last_key = PictureType.I, tick
        self._last_tick = tick
        return picture


def add_pictures(
    container: OutputContainer,
    *,
    size: tuple[int, int],
    rate: Fraction | None,
    time_base: Fraction,
    sample_aspect_ratio: Fraction,
    encoder: Encoder | None,
) -> av.VideoStream:
    """Add the stream to a container that is written.

    Args:
        container: where to.
        size: width and height; odd ones come out as 4:4:4, which only x264 does.
        rate: nominal frames per second, where known.
        time_base: the resolution of the pictures' times.
        sample_aspect_ratio: width of a pixel over its height.
        encoder: one in hardware; None: x264.

    Raises:
        SinkError: the FFmpeg here has no such encoder.
    """
    nominal = _encodable(rate)
    stream: Any = _add_hardware(container, encoder, nominal) if encoder else _add_x264(container, nominal)
    stream.width, stream.height = size
    if size[0] % 2 or size[1] % 2:
        stream.pix_fmt = "yuv444p"
    context = stream.codec_context
    context.time_base = stream.time_base = time_base
    context.sample_aspect_ratio = sample_aspect_ratio
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = ColorRange.MPEG.value
    found: av.VideoStream = stream
    return found


def _add_x264(container: OutputContainer, nominal: Fraction) -> av.VideoStream:
    options = {**_X264, "rc-lookahead": str(min(8, round(nominal * _LOOKAHEAD_S)))}
    stream = container.add_stream("libx264", rate=nominal, options=options)
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = _THREADS
    return stream


def _add_hardware(container: OutputContainer, encoder: Encoder, nominal: Fraction) -> Any:
    try:
        stream: Any = container.add_stream(encoder.name, rate=nominal, options=dict(encoder.options))
    except ValueError as exc:  # UnknownCodecError
        raise SinkError(f"the FFmpeg in this installation is built without {encoder.name}") from exc
    stream.pix_fmt = encoder.pixel_format
    stream.codec_context.max_b_frames = 0
    # For those that do not heed a picture that is meant to be a key picture.
    stream.codec_context.gop_size = math.ceil(nominal * KEY_PICTURE_EVERY_S)
    return stream


def _encodable(rate: Fraction | None) -> Fraction:
    """A rate that the encoder's rate control can work with; times do not depend on it."""
    if rate is None or not 1 <= rate <= 1000:
        return Fraction(25)
    return Fraction(rate).limit_denominator(1001)
