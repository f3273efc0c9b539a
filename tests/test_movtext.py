from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import pytest

from stylecam.movtext import PLAIN_TEXT, MovText
from tests.clips import make_clip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Texts = list[tuple[float, float, str]]


def converted(source: Path, target: Path, *, change: Any = None) -> Path:
    """The pictures packet for packet, and the texts by `MovText`; written as exports are."""
    options = {"movflags": "hybrid_fragmented+delay_moov", "frag_duration": "500000", "max_interleave_delta": "100000"}
    with av.open(str(source)) as old, av.open(str(target), "w", options=options) as new:
        pictures, texts = old.streams.video[0], old.streams.subtitles[0]
        copied = new.add_stream_from_template(pictures)
        track = MovText(new, texts)
        for packet in old.demux([pictures, texts]):
            if packet.dts is None or not packet.size:
                continue
            if packet.stream is texts:
                track.write(change(packet) if change else packet, new)
            else:
                packet.stream = copied
                new.mux(packet)
        track.end(new)
    return target


def shown(path: Path) -> Texts:
    """Begin, end and text of all that is not empty."""
    found: Texts = []
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        assert stream.codec_context.name == "mov_text"
        for packet in container.demux(stream):
            for text in packet.decode() if packet.size else ():
                begin = float(packet.pts * packet.time_base)
                words = text.ass.split(b",", 8)[-1].decode()
                found.append((round(begin, 3), round(begin + float(packet.duration * packet.time_base), 3), words))
    return found


def clip(tmp_path: Path, texts: Sequence[tuple[float, float, str]]) -> Path:
    return make_clip(tmp_path / "in.mkv", frames=75, subtitles=texts)


def test_texts_come_back_with_their_times_breaks_and_italics(tmp_path: Path) -> None:
    source = clip(tmp_path, [(0.1, 0.4, "größer <i>als</i> …"), (0.5, 0.9, "two\nlines"), (0.9, 2.5, "the last")])
    assert shown(converted(source, tmp_path / "out.mp4")) == [
        (0.1, 0.4, "größer {\\i1}als{\\r} …"),
        (0.5, 0.9, "two\\Nlines"),
        (0.9, 2.5, "the last"),
    ]
    with av.open(str(tmp_path / "out.mp4")) as container:
        pictures = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert len(pictures) == 75


def test_a_text_that_begins_while_another_is_shown_waits_for_it_and_is_not_lost(tmp_path: Path) -> None:
    texts = [(0.2, 0.9, "one"), (0.8, 1.6, "two"), (0.8, 1.4, "three"), (2.2, 2.5, "four"), (2.2, 2.3, "five")]
    assert shown(converted(clip(tmp_path, texts), tmp_path / "out.mp4")) == [
        (0.2, 0.9, "one"),
        (0.9, 1.7, "two"),
        (1.7, 2.3, "three"),
        (2.3, 2.6, "four"),
        (2.6, 2.7, "five"),
    ]


def test_a_text_that_does_not_say_how_long_stays_three_seconds(tmp_path: Path) -> None:
    def endless(packet: av.Packet) -> av.Packet:
        packet.duration = 0
        return packet

    output = converted(clip(tmp_path, [(0.2, 0.4, "one")]), tmp_path / "out.mp4", change=endless)
    assert shown(output) == [(0.2, 3.2, "one")]


def test_what_is_damaged_or_lies_before_the_beginning_is_passed_over(tmp_path: Path) -> None:
    def spoil(packet: av.Packet) -> av.Packet:
        if bytes(packet) == b"two":
            spoilt = av.Packet(b"\xff\xfe\xff")
            spoilt.stream, spoilt.time_base = packet.stream, packet.time_base
            spoilt.pts, spoilt.dts, spoilt.duration = packet.pts, packet.dts, packet.duration
            return spoilt
        packet.pts -= 500
        packet.dts -= 500
        return packet

    source = clip(tmp_path, [(0.1, 0.3, "before"), (0.4, 0.8, "one"), (0.9, 1.2, "two"), (1.5, 2.0, "three")])
    assert shown(converted(source, tmp_path / "out.mp4", change=spoil)) == [(0.0, 0.3, "one"), (1.0, 1.5, "three")]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_the_track_says_how_its_text_looks_which_players_ask_for(tmp_path: Path, suffix: str) -> None:
    output = converted(clip(tmp_path, [(0.1, 0.4, "hello")]), tmp_path / f"out{suffix}")
    with av.open(str(output)) as container:
        assert b"ftab" in bytes(container.streams.subtitles[0].codec_context.extradata or b"")
    assert shown(output) == [(0.1, 0.4, "hello")]


def test_web_subtitles_are_converted_too(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    with (
        av.open(str(clip(tmp_path, [(0.2, 0.4, "x")]).rename(tmp_path / "x.mkv"))) as old,
        av.open(str(source), "w") as new,
    ):
        pictures = old.streams.video[0]
        copied, words = new.add_stream_from_template(pictures), new.add_mux_stream("webvtt")
        new.start_encoding()
        text = av.Packet(b"<b>hello</b>")
        text.stream, text.time_base = words, Fraction(1, 1000)
        text.pts = text.dts = 200
        text.duration = 300
        new.mux(text)
        for packet in old.demux(pictures):
            if packet.dts is not None and packet.size:
                packet.stream = copied
                new.mux(packet)
    assert shown(converted(source, tmp_path / "out.mp4")) == [(0.2, 0.5, "{\\b1}hello")]


def test_only_what_is_plain_text_is_converted() -> None:
    assert {"subrip", "webvtt"} == PLAIN_TEXT
