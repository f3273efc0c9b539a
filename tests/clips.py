"""Makers of video clips for the tests, so that no binary lies in git; each clip is a call with its one oddity named.

Every picture carries its number as a row of eight black and white blocks (`number_in` reads it back), so a test sees
a lost, repeated or swapped frame, not just a wrong count.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stylecam.frame import Image

__all__ = [
    "BT709",
    "Colour",
    "Sound",
    "damage",
    "flat",
    "make_clip",
    "make_planes_clip",
    "moving",
    "number_in",
    "packets_of",
    "video_pts",
]


@dataclass(frozen=True)
class Colour:
    """How a clip's pixels are coded, in the numbers of ITU-T H.273; `full` is the range, `tagged` if the file tells."""

    matrix: int = 1
    transfer: int = 1
    primaries: int = 1
    full: bool = False
    tagged: bool = True


BT709 = Colour()


@dataclass(frozen=True)
class Sound:
    """One sound track."""

    codec: str = "aac"
    rate: int = 48000
    language: str | None = None
    seconds: float | None = None
    start: float = 0.0
    hertz: float = 440.0


def flat(colour: tuple[int, int, int]) -> Callable[[int, int, int], Image]:
    """Pictures of one colour."""
    return lambda index, width, height: np.full((height, width, 3), colour, np.uint8)


def moving(index: int, width: int, height: int) -> Image:
    """A soft gradient with a bar that moves, and the picture's number along the top."""
    x, y = np.meshgrid(np.linspace(40, 200, width), np.linspace(60, 180, height))
    image = np.stack([x, y, (x + y) / 2], axis=2).astype(np.uint8)
    left = (index * 3) % width
    image[height // 2 :, left : left + max(2, width // 8)] = (230, 60, 40)
    for bit in range(8):
        image[: height // 4, bit * width // 8 : (bit + 1) * width // 8] = 235 if index >> bit & 1 else 16
    return image


def number_in(image: Image) -> int:
    """The number that `moving` wrote into a picture (modulo 256)."""
    height, width = image.shape[:2]
    middles = [image[height // 8, (2 * bit + 1) * width // 16].mean() for bit in range(8)]
    return sum(1 << bit for bit, value in enumerate(middles) if value > 125)


def make_clip(
    path: Path,
    *,
    frames: int = 25,
    size: tuple[int, int] = (64, 48),
    rate: int = 25,
    pts: Sequence[float] | None = None,
    start: float = 0.0,
    picture: Callable[[int, int, int], Image] = moving,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    colour: Colour = BT709,
    options: dict[str, str] | None = None,
    gop: int = 10,
    rotation: int = 0,
    sar: Fraction | None = None,
    sounds: Sequence[Sound] = (),
    subtitles: Sequence[tuple[float, float, str]] = (),
    subtitle_language: str | None = None,
    chapters: Sequence[tuple[float, float, str]] = (),
    tags: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a clip and return its path. Times are in seconds; `pts` overrides the even spacing of `rate`."""
    times = [start + index / rate for index in range(frames)] if pts is None else list(pts)
    time_base = Fraction(1, 90000)
    width, height = size
    speed = {"preset": "ultrafast", "crf": "12"} if codec == "libx264" else {}
    with av.open(str(path), "w", options=container_options or {}) as container:
        container.metadata.update(tags or {})
        video = container.add_stream(codec, rate=rate, options={**speed, **(options or {})})
        video.width, video.height, video.pix_fmt = width, height, pix_fmt
        context = video.codec_context
        context.time_base, context.gop_size, context.thread_count = time_base, gop, 1
        if colour.tagged:
            context.colorspace, context.color_trc, context.color_primaries = (
                colour.matrix,
                colour.transfer,
                colour.primaries,
            )
            context.color_range = 2 if colour.full else 1
        if sar is not None:
            context.sample_aspect_ratio = sar
        if rotation:
            video.set_display_rotation(rotation)
        audio = [_add_sound(container, sound) for sound in sounds]
        words = None
        if subtitles:
            words = container.add_mux_stream("subrip" if path.suffix == ".mkv" else "mov_text")
            if subtitle_language:
                words.metadata["language"] = subtitle_language
        if chapters:
            container.set_chapters(
                [
                    {"id": n, "start": round(a * 1000), "end": round(b * 1000), "time_base": Fraction(1, 1000),
                     "metadata": {"title": title}}
                    for n, (a, b, title) in enumerate(chapters)
                ]
            )  # fmt: skip
        container.start_encoding()
        if words is not None:
            for begin, end, text in subtitles:
                container.mux(_subtitle_packet(words, begin, end, text, raw=path.suffix == ".mkv"))
        for index, time in enumerate(times):
            image = picture(index, width, height)
            frame = av.VideoFrame.from_ndarray(image).reformat(
                format=pix_fmt,
                dst_colorspace={5: Colorspace.ITU601, 6: Colorspace.ITU601, 9: 9}.get(colour.matrix, Colorspace.ITU709),
                dst_color_range=ColorRange.JPEG if colour.full else ColorRange.MPEG,
            )
            frame.pts, frame.time_base = round(time / time_base), time_base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        length = times[-1] + 1 / rate - start
        for stream, sound in zip(audio, sounds, strict=True):
            _write_sound(container, stream, sound, sound.seconds or length)
    return path


def make_planes_clip(path: Path, *, codes: tuple[int, int, int], colour: Colour, frames: int = 6) -> Path:
    """A 10-bit 4:2:0 HEVC clip of one colour, given as Y, Cb, Cr codes (0–1023): for what cannot be made from RGB."""
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "4", "x265-params": "log-level=none:pools=none:frame-threads=1"}
        video = container.add_stream("libx265", rate=25, options=options)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p10le"
        context = video.codec_context
        context.colorspace, context.color_trc, context.color_primaries = (
            colour.matrix,
            colour.transfer,
            colour.primaries,
        )
        context.color_range = 2 if colour.full else 1
        y, cb, cr = codes
        planes = np.concatenate(
            [np.full((48, 64), y), np.full((12, 64), cb), np.full((12, 64), cr)]
        ).astype(np.uint16)  # fmt: skip
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p10le")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def _add_sound(container: av.container.OutputContainer, sound: Sound) -> av.AudioStream:
    stream = container.add_stream(sound.codec, rate=sound.rate)
    stream.codec_context.layout = "mono"
    if sound.language:
        stream.metadata["language"] = sound.language
    return stream


def _write_sound(container: av.container.OutputContainer, stream: av.AudioStream, sound: Sound, seconds: float) -> None:
    count = round(seconds * sound.rate)
    wave = 0.3 * np.sin(2 * np.pi * sound.hertz * np.arange(count) / sound.rate)
    resampler = av.AudioResampler(
        format=stream.codec_context.format, layout="mono", rate=sound.rate, frame_size=stream.codec_context.frame_size
    )
    first = round(sound.start * sound.rate)
    for at in range(0, count, 4096):
        block = (wave[at : at + 4096] * 32767).astype(np.int16)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = sound.rate, first + at, Fraction(1, sound.rate)
        for piece in resampler.resample(frame):
            container.mux(stream.encode(piece))
    for piece in resampler.resample(None):
        container.mux(stream.encode(piece))
    container.mux(stream.encode(None))


def _subtitle_packet(stream: av.stream.Stream, begin: float, end: float, text: str, *, raw: bool) -> av.Packet:
    data = text.encode()
    packet = av.Packet(data if raw else len(data).to_bytes(2, "big") + data)
    packet.stream = stream
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = round(begin * 1000)
    packet.duration = round((end - begin) * 1000)
    return packet


def damage(source: Path, target: Path, *, at: float, length: int) -> Path:
    """A copy whose bytes from the fraction `at` of the file on are noise (seeded) for `length` bytes."""
    data = bytearray(source.read_bytes())
    begin = int(len(data) * at)
    data[begin : begin + length] = np.random.default_rng(1).bytes(length)
    target.write_bytes(data)
    return target


def video_pts(path: Path) -> list[float]:
    """Presentation times of the pictures a player shows, in seconds on the file's own timeline, packet by packet."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        shown = [p for p in container.demux(stream) if p.pts is not None and p.size and not p.is_discard]
        return sorted(float(p.pts * p.time_base) for p in shown)


def packets_of(path: Path, kind: str, index: int = 0) -> list[tuple[bytes, float]]:
    """Bytes and presentation time of each packet of the `index`-th "audio" or "subtitle" stream."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind if kind == "audio" else "subtitles")[index]
        return [(bytes(p), float(p.pts * p.time_base)) for p in container.demux(stream) if p.size]
