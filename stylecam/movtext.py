"""A track of plain subtitle text as MP4's own, "mov_text": text, breaks, italics and bold, at the times it had.

Invariant: no text is lost, and one that overlaps no other keeps its times exactly. MP4 shows one text of a track at a
time, and how long must be known when it is written: what begins while another is shown waits for its end.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
from av.subtitles.subtitle import AssSubtitle, SubtitleSet

from stylecam.probe import as_fraction

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

__all__ = ["PLAIN_TEXT", "MovText"]

PLAIN_TEXT: Final = frozenset({"subrip", "webvtt"})
"""Codecs that are nothing but text. ASS is more, and would lose its looks and places."""

_TICK: Final = Fraction(1, 1000)
_UNKNOWN: Final = 3000
"""Milliseconds that a text is shown which does not say how long."""
_LEAST: Final = 1000
"""Milliseconds that are left to one which had to wait, if it was to be shown for as long."""


class MovText:
    """Writes the packets of one text track into an MP4 or MOV file. For the thread that writes the file."""

    def __init__(self, output: OutputContainer, source: Any) -> None:
        """Add the track; `source` is a stream of one of `PLAIN_TEXT`, and the output's header is not yet written."""
        self._decoder = source.codec_context
        self._decoder.open(strict=False)  # before, there is no header to take over
        self.target: Any = output.add_stream("mov_text")
        self._encoder = self.target.codec_context
        self._encoder.subtitle_header = self._decoder.subtitle_header
        self._encoder.time_base = self.target.time_base = _TICK
        self._taken = 0
        """Milliseconds up to which a text is shown already."""

    def write(self, packet: Packet[Any], output: OutputContainer) -> None:
        """Pass on a packet whose times are the output's already; one that is damaged is passed over."""
        per_tick = (as_fraction(packet.time_base) or Fraction(0)) / _TICK
        begin = round((packet.pts or 0) * per_tick)
        end = begin + (round((packet.duration or 0) * per_tick) or _UNKNOWN)
        begin = max(begin, 0)
        if end <= begin:
            return
        start = max(begin, self._taken)
        end = max(end, start + min(end - begin, _LEAST))
        try:
            decoded = self._decoder.decode2(packet)
            lines = [text.ass for text in decoded or () if isinstance(text, AssSubtitle) and text.ass]
            texts = [self._encoder.encode_subtitle(SubtitleSet.create(line, 0, end - start)) for line in lines[:1]]
        except av.FFmpegError:  # one damaged packet is a text that is missing
            return
        for text in texts:
            text.stream, text.time_base = self.target, _TICK
            text.pts = text.dts = start
            text.duration = end - start
            output.mux(text)
            self._taken = end

    def end(self, output: OutputContainer) -> None:
        """Nothing is held back."""
