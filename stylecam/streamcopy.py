"""What goes with the pictures from one file into the next: sound, subtitles, chapters, tags.

Invariant: a packet that the new container can hold is passed on byte for byte, moved by the same offset as the
pictures; only sound and plain subtitle text that it cannot hold are written anew. Packets are read as the pictures
need them, never hoarded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from stylecam.movtext import PLAIN_TEXT, MovText
from stylecam.probe import as_fraction, open_media

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

    from stylecam.probe import VideoFacts

__all__ = ["StreamCopy", "copy_track_tags", "file_tags"]

_SOUND = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"},
    "mov": {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_f32le"},
}
"""Sound that is copied, by container; Matroska holds everything. FFmpeg also writes PCM into MP4, but few play it."""
_SUBTITLES = {
    "mp4": {"mov_text"},
    "mov": {"mov_text"},
    "matroska": {"subrip", "ass", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"},
}
_OWN_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
"""Tags about the old file itself, which the new container writes for itself."""
_TRACK_TAGS = ("language", "title")
_AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class StreamCopy:
    """Carries everything but the pictures of a source file into an output container.

    Used by one thread, that of the output container. `notices` tell what could not be carried over as it is.
    """

    def __init__(self, facts: VideoFacts, output: OutputContainer, *, container: str, offset: Fraction) -> None:
        """Read the source's streams and add their counterparts to `output`, whose header is not yet written.

        Args:
            facts: the source file.
            output: where the packets go.
            container: FFmpeg's name of the output's format: mp4, mov or matroska.
            offset: seconds taken off every time, as off the pictures'.
        """
        self.notices: list[str] = []
        self._output = output
        self._offset = offset
        self._container = container
        self._source: InputContainer = open_media(facts.path)
        self._tracks: dict[int, _Copied | _Encoded | MovText] = {}
        for stream in [*self._source.streams.audio, *self._source.streams.subtitles]:
            track = self._add_track(stream)
            if track is not None:
                self._tracks[stream.index] = track
        self._copy_tags(self._source.streams[facts.stream_index])
        self._packets = self._read()
        self._next: Packet[Any] | None = next(self._packets, None)

    def write_until(self, seconds: float) -> None:
        """Pass on the packets that belong before this moment of the output's timeline."""
        while self._next is not None and self._seconds(self._next) <= seconds:
            packet, self._next = self._next, None
            self._tracks[packet.stream_index].write(packet, self._output)
            self._next = next(self._packets, None)

    def finish(self, *, until: float = math.inf) -> None:
        """Pass on what is left, up to a moment where the pictures were stopped early, and end the tracks."""
        self.write_until(until)
        for track in self._tracks.values():
            track.end(self._output)

    def close(self) -> None:
        """Pass on nothing more. Reading on from the closed file would crash the process."""
        self._next, self._packets = None, iter(())
        self._source.close()

    def _read(self) -> Iterator[Packet[Any]]:
        """Packets in the file's order; a damaged end is where it ends (the pictures' timeline reports it)."""
        if not self._tracks:
            return
        packets = self._source.demux([self._source.streams[index] for index in self._tracks])
        while True:
            try:
                packet = next(packets)
            except Exception:  # the end, or damage that may raise outside FFmpeg's own errors
                return
            if packet.dts is not None and packet.size:
                yield self._shifted(packet)

    def _shifted(self, packet: Packet[Any]) -> Packet[Any]:
        time_base = as_fraction(packet.time_base)
        if self._offset and time_base and packet.dts is not None:
            ticks = round(self._offset / time_base)
            packet.dts -= ticks
            if packet.pts is not None:
                packet.pts -= ticks
        return packet

    def _seconds(self, packet: Packet[Any]) -> float:
        return float((packet.dts or 0) * (as_fraction(packet.time_base) or 0))

    def _add_track(self, stream: Any) -> _Copied | _Encoded | MovText | None:
        # A stream that FFmpeg does not know has no codec at all.
        context = stream.codec_context
        codec = context.codec.canonical_name if context is not None else "unknown"
        kind = "sound" if stream.type == "audio" else "subtitles"
        name = f"{kind} track {stream.index} ({codec})"
        held = (_SOUND if stream.type == "audio" else _SUBTITLES).get(self._container)
        if context is not None and (held is None or codec in held):
            try:
                target = self._output.add_stream_from_template(stream)
            except (ValueError, av.FFmpegError):
                pass  # the container refuses it after all
            else:
                if codec == "opus" and self._container == "mp4":
                    self.notices.append(f"{name} is copied as it is; older players may not play Opus in MP4")
                return _Copied(_tagged(target, stream), _unpacker(codec, stream))
        if stream.type == "audio" and context is not None:
            self.notices.append(f"{name} does not fit the container and is encoded anew as AAC")
            return _Encoded(_tagged(_add_aac(self._output, stream), stream))
        if codec in PLAIN_TEXT and self._container in ("mp4", "mov"):
            text = MovText(self._output, stream)
            copy_track_tags(stream, text.target)
            self.notices.append(f"{name} is written anew as MP4's plain text; .mkv keeps it")
            return text
        remedy = "" if self._container == "matroska" else "; an output that ends in .mkv would keep it"
        self.notices.append(f"{name} does not fit the container and is left out{remedy}")
        return None

    def _copy_tags(self, pictures: Any) -> None:
        self._output.metadata.update(file_tags(self._source))
        copy_track_tags(pictures, self._output.streams.video[0])
        chapters = self._source.chapters()
        for chapter in chapters:
            ticks = round(self._offset / (as_fraction(chapter["time_base"]) or Fraction(1)))
            chapter["start"] -= ticks
            chapter["end"] -= ticks
        if chapters:
            self._output.set_chapters(chapters)


@dataclass(frozen=True)
class _Copied:
    """A track whose packets are passed on as they are."""

    target: Stream
    unpacker: av.BitStreamFilterContext | None

    def write(self, packet: Packet[Any], output: OutputContainer) -> None:
        for piece in [packet] if self.unpacker is None else self.unpacker.filter(packet):
            piece.stream = self.target
            output.mux(piece)

    def end(self, output: OutputContainer) -> None:
        pass


@dataclass(frozen=True)
class _Encoded:
    """A sound track that is decoded and encoded anew."""

    target: av.AudioStream

    def write(self, packet: Packet[Any], output: OutputContainer) -> None:
        try:
            frames: list[Any] = packet.decode()
        except Exception:  # one damaged packet is a short silence
            return
        for frame in frames:
            # Times were moved with the packet, so what the decoder tells already is the output's.
            output.mux(self.target.encode(frame))

    def end(self, output: OutputContainer) -> None:
        output.mux(self.target.encode(None))


def file_tags(source: InputContainer) -> dict[str, str]:
    """The tags of a file that are true of a copy, too: all but those about the old file itself."""
    return {key: value for key, value in source.metadata.items() if key.lower() not in _OWN_TAGS}


def copy_track_tags(stream: Any, target: Any) -> None:
    """Give a track the language and the title of another one."""
    target.metadata.update({key: stream.metadata[key] for key in _TRACK_TAGS if key in stream.metadata})


def _add_aac(output: OutputContainer, stream: av.AudioStream) -> av.AudioStream:
    rate = stream.codec_context.sample_rate
    target = output.add_stream("aac", rate=rate if rate in _AAC_RATES else 48000)
    channels = stream.codec_context.layout.nb_channels
    # PCM often tells a number of channels and not where they stand.
    target.codec_context.layout = _LAYOUTS.get(channels, "stereo")
    target.codec_context.bit_rate = 96000 * min(channels, 8)
    return target


def _unpacker(codec: str, stream: Any) -> av.BitStreamFilterContext | None:
    # Broadcast AAC carries a header in each packet (ADTS); files carry one for the whole track.
    if codec == "aac" and not stream.codec_context.extradata:
        return av.BitStreamFilterContext("aac_adtstoasc", stream)
    return None


def _tagged(target: Any, stream: Any) -> Any:
    copy_track_tags(stream, target)
    return target
