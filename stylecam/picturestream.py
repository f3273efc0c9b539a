"""The pictures' stream in a video file: H.264, BT.709, by x264 or a hardware encoder, with the settings of each.

Invariant: x264 gives the same bytes for the same pictures, on any processor and any number of cores; and no encoder
reorders pictures or holds back more than a fraction of a second, since what it holds is lost in a kill.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from av.video.reformatter import ColorRange

from stylecam.errors import SinkError

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

    from stylecam.encoders import Encoder

__all__ = ["KEY_PICTURE_EVERY_S", "add_pictures"]

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
