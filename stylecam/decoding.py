"""What PyAV knows of a file's pictures: when each is due (`Timeline`), and their pixels where OpenCV's would be wrong.

Both read packet by packet, so that one damaged packet costs one picture and not the rest of the file.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from stylecam.hdr import to_bt709
from stylecam.probe import open_media

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

    from stylecam.frame import Image
    from stylecam.hdr import Transfer
    from stylecam.probe import VideoFacts

__all__ = [
    "TimedImage",
    "Timeline",
    "decode_with_av",
    "hdr_transfer",
    "is_subsampled",
    "is_untagged_hd",
    "is_wide_gamut",
]

TimedImage: TypeAlias = "tuple[int | None, Image]"
"""A picture and its time in ticks of the stream; None where only the order is known."""

_PQ, _HLG = 16, 18
_BT2020 = 9
_UNSPECIFIED = 2
_HD_HEIGHT = 576
"""Untagged pictures taller than this are BT.709, smaller ones BT.601: the rule that players follow."""

_ACCURATE = 0x2 | 0x2000 | 0x40000
"""Bilinear, with full-size chroma and exact rounding (SWS_BILINEAR, SWS_FULL_CHR_H_INT, SWS_ACCURATE_RND)."""


class Timeline:
    """The times at which a file's pictures are due, in order.

    Packets come in decoding order; a time is certain once the decoding clock has passed it, so only a few are held.
    """

    def __init__(self, facts: VideoFacts) -> None:
        self._facts = facts
        self._container = open_media(facts.path)
        self._packets = self._container.demux(self._container.streams[facts.stream_index])
        self._due: list[int] = []
        self._decoding_clock: int | None = None
        self._passed = facts.first_pts - 1
        self._ended = False
        self.packets = 0
        """Packets seen so far, those that are not shown included."""
        self.corrupt = 0
        """Packets that arrived, but that the container knows to be damaged (MPEG-TS counts its pieces)."""
        self.cut_off = False
        """Whether reading ended in an error rather than at the end of the file."""

    def close(self) -> None:
        self._container.close()

    def pop_before(self, pts: int) -> list[int]:
        """Take the times due before `pts`, and `pts` itself: those returned came without a picture."""
        while not self._ended and (self._decoding_clock is None or self._decoding_clock <= pts):
            self._read()
        missed = []
        while self._due and self._due[0] < pts:
            missed.append(heapq.heappop(self._due))
        if self._due and self._due[0] == pts:
            heapq.heappop(self._due)
        self._passed = max(self._passed, pts)
        return missed

    def pop(self) -> int | None:
        """Take the next time, or None at the end of the file."""
        if not self._due:
            self.waiting(1)
        if not self._due:
            return None
        self._passed = max(self._passed, self._due[0])
        return heapq.heappop(self._due)

    def waiting(self, wanted: int) -> int:
        """How many pictures are still due; looks ahead only until there are `wanted`."""
        while not self._ended and len(self._due) < wanted:
            self._read()
        return len(self._due)

    def _read(self) -> None:
        try:
            packet = next(self._packets)
        except StopIteration:
            self._ended = True
            return
        except Exception:  # a damaged file may raise outside FFmpeg's own errors
            self._ended = self.cut_off = True
            return
        if not packet.size:
            return
        self.packets += 1
        self.corrupt += packet.is_corrupt
        if packet.dts is not None:
            self._decoding_clock = max(packet.dts, self._decoding_clock or packet.dts)
        due = packet.pts if self._facts.has_pts else self._in_decoding_order(packet)
        if due is not None and due > self._passed and not packet.is_discard and self._is_shown(packet):
            heapq.heappush(self._due, due)

    def _in_decoding_order(self, packet: av.Packet[Any]) -> int:
        if packet.dts is not None:
            return packet.dts
        rate = self._facts.rate or 25
        return round((self.packets - 1) / (rate * self._facts.time_base))

    def _is_shown(self, packet: av.Packet[Any]) -> bool:
        # VP8 stores its hidden reference pictures as packets of their own; bit 4 of the frame tag tells them apart.
        return self._facts.codec != "vp8" or bool(memoryview(packet)[0] >> 4 & 1)


def hdr_transfer(facts: VideoFacts) -> Transfer | None:
    """The HDR curve of a clip, or None for an ordinary one."""
    return {_PQ: "pq", _HLG: "hlg"}.get(facts.transfer)  # type: ignore[return-value]


def is_wide_gamut(facts: VideoFacts) -> bool:
    """Whether the colours are BT.2020's, wider than a normal screen's."""
    return facts.primaries == _BT2020 or facts.matrix in {_BT2020, _BT2020 + 1}


def is_untagged_hd(facts: VideoFacts) -> bool:
    """Whether the clip is HD and does not tell its colour matrix, which the scalers then take for BT.601."""
    return facts.matrix == _UNSPECIFIED and facts.coded_size[1] > _HD_HEIGHT and "yuv" in facts.pixel_format


def is_subsampled(facts: VideoFacts) -> bool:
    """Whether colour is stored more coarsely than brightness (4:2:0, 4:2:2), as nearly all clips have it."""
    if "yuv" not in facts.pixel_format and not facts.pixel_format.startswith(("nv", "p0")):
        return False
    return "444" not in facts.pixel_format


def decode_with_av(facts: VideoFacts) -> Iterator[TimedImage]:
    """The upright RGB pictures of a file, whatever its packets' state."""
    convert = _Converter(facts)
    with open_media(facts.path) as container:
        stream = next(s for s in container.streams.video if s.index == facts.stream_index)
        stream.thread_type = "AUTO"
        for packet in _until_it_breaks(container.demux(stream)):
            for frame in _pictures_in(packet):
                yield frame.pts if facts.has_pts else None, convert(frame)


def _until_it_breaks(packets: Iterator[av.Packet[Any]]) -> Iterator[av.Packet[Any]]:
    """The packets of a file, up to where reading fails; the Timeline says what is then missing."""
    last = None
    try:
        for last in packets:
            yield last
    except Exception:
        if last is not None:
            flush = type(last)()
            flush.stream = last.stream
            yield flush


def _pictures_in(packet: av.Packet[Any]) -> list[av.VideoFrame]:
    try:
        return [frame for frame in packet.decode() if not frame.is_corrupt]
    except Exception:  # one bad packet; the Timeline knows which picture it was
        return []


class _Converter:
    """Decoded frames to upright RGB in the colours of a normal screen."""

    def __init__(self, facts: VideoFacts) -> None:
        self._facts = facts
        self._reformatter = VideoReformatter()
        self._transfer: Transfer | None = hdr_transfer(facts) or ("sdr" if is_wide_gamut(facts) else None)

    def __call__(self, frame: av.VideoFrame) -> Image:
        image = self._ordinary(frame) if self._transfer is None else self._to_bt709(frame, self._transfer)
        return np.ascontiguousarray(np.rot90(image, self._facts.rotation))

    def _ordinary(self, frame: av.VideoFrame) -> Image:
        width, height = self._facts.coded_size
        rgb = self._reformatter.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=Colorspace.ITU709 if is_untagged_hd(self._facts) else None,
            dst_color_range=ColorRange.JPEG,
            interpolation=_ACCURATE,
        )
        return rgb.to_ndarray()  # type: ignore[return-value]

    def _to_bt709(self, frame: av.VideoFrame, transfer: Transfer) -> Image:
        width, height = self._facts.coded_size
        planes = self._reformatter.reformat(frame, width, height, "yuv444p16le", interpolation=_ACCURATE)
        # PyAV gives this format as H×W×3.
        codes = np.moveaxis(planes.to_ndarray(), 2, 0)
        return to_bt709(codes, transfer=transfer, full_range=self._facts.full_range)  # type: ignore[arg-type]
