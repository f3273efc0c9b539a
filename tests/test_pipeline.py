from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from stylecam.errors import OutputExistsError, SinkError, SourceOpenError
from stylecam.pending import Pending
from stylecam.pipeline import Progress, VideoReport, stylize_video
from stylecam.sources import VideoFileSource
from stylecam.stylizer import Painted
from tests.clips import Colour, Sound, damage, flat, make_clip, number_in, packets_of, video_pts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.frame import Image

BREAKS_AT = 20


def identity(image: Image) -> Image:
    return image.copy()


def painted(clip: Path, name: str = "out.mp4", **settings: Any) -> tuple[Path, VideoReport]:
    output = clip.with_name(name)
    return output, stylize_video(clip, output, identity, **settings)


def images_in(path: Path) -> list[Image]:
    with VideoFileSource(path) as source:
        return [frame.image for frame in source]


def shown_subtitles(path: Path) -> list[tuple[bytes, float]]:
    """Without the empty ones with which MP4 fills the time between."""
    return [(text, pts) for text, pts in packets_of(path, "subtitle") if text != b"\0\0"]


def assert_same_pictures(clip: Path, output: Path) -> None:
    """As many pictures, the same ones, in the same order, at the same times to a millisecond."""
    assert video_pts(output) == pytest.approx(video_pts(clip), abs=1e-3)
    assert [number_in(image) for image in images_in(output)] == [number_in(image) for image in images_in(clip)]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pts": [0, 0.033, 0.066, 0.2, 0.233, 0.5, 1.0, 1.001, 1.5]},
        {"start": 3.2, "sounds": [Sound()]},
        {"start": 0.5, "sounds": [Sound(seconds=2)]},
        {"sounds": [Sound(start=0.7)]},
        {"size": (65, 49), "pix_fmt": "yuv444p"},
        {"pix_fmt": "yuv420p10le"},
        {"colour": Colour(full=True), "pix_fmt": "yuvj420p"},
        {"sar": Fraction(4, 3)},
        {"rotation": 90, "sar": Fraction(4, 3)},
        {"sounds": [Sound(language="deu"), Sound(hertz=880, language="fra")]},
        {"sounds": [Sound(codec="libmp3lame", rate=44100)]},
    ],
    ids=lambda settings: ",".join(settings) or "plain",
)
def test_pictures_times_size_and_sound_stay(tmp_path: Path, settings: dict[str, Any]) -> None:
    clip = make_clip(tmp_path / "in.mp4", **settings)
    output, report = painted(clip)
    assert_same_pictures(clip, output)
    with VideoFileSource(clip) as before, VideoFileSource(output) as after:
        assert after.size == before.size == report.size
        assert after.facts.sample_aspect_ratio == before.facts.sample_aspect_ratio
        assert after.facts.rotation == 0
        assert (after.facts.matrix, after.facts.transfer, after.facts.primaries) == (1, 1, 1)
        assert not after.facts.full_range
    for index, sound in enumerate(settings.get("sounds", [])):
        assert packets_of(output, "audio", index) == packets_of(clip, "audio", index)
        with av.open(str(output)) as container:
            assert container.streams.audio[index].language == (sound.language or "und")
    assert report.frames == len(video_pts(clip))
    assert (report.damaged, report.missing, report.stopped, report.output) == (0, 0, False, output)


@pytest.mark.parametrize("settings", [{}, {"colour": Colour(full=True)}, {"colour": Colour(6, 6, 6)}], ids=str)
@pytest.mark.parametrize("colour", [(220, 30, 30), (30, 200, 60), (40, 60, 210), (250, 240, 5)])
def test_a_flat_colour_comes_back_within_3_of_255(
    tmp_path: Path, settings: dict[str, Any], colour: tuple[int, int, int]
) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=3, picture=flat(colour), **settings)
    output, _ = painted(clip)
    assert max(np.abs(image.astype(int) - colour).max() for image in images_in(output)) <= 3


@pytest.mark.slow
def test_a_30_second_clip_keeps_frames_times_and_sound(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=750, size=(160, 120), sounds=[Sound()])
    output, report = painted(clip)
    assert report.frames == 750
    assert_same_pictures(clip, output)
    assert packets_of(output, "audio") == packets_of(clip, "audio")


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_subtitles_chapters_and_tags_come_along(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(
        tmp_path / "in.mp4",
        subtitles=[(0.1, 0.4, "hello"), (0.5, 0.9, "world")],
        subtitle_language="fra",
        chapters=[(0, 0.5, "One"), (0.5, 1, "Two")],
        tags={"title": "Holiday", "artist": "Me"},
        sounds=[Sound()],
    )
    output, report = painted(clip, f"out{suffix}")
    assert shown_subtitles(output) == shown_subtitles(clip) == [(b"\0\5hello", 0.1), (b"\0\5world", 0.5)]
    with av.open(str(output)) as container:
        assert container.streams.subtitles[0].language == "fra"
        chapters = [(float(c["start"] * c["time_base"]), c["metadata"]["title"]) for c in container.chapters()]
        assert chapters == [(0, "One"), (0.5, "Two")]
        assert container.metadata["title"] == "Holiday"
        assert container.metadata["artist"] == "Me"
    assert report.notices == ()


def test_matroska_keeps_every_kind_of_track(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "in.mkv",
        sounds=[Sound(codec="libopus", language="deu"), Sound(codec="pcm_s16le")],
        subtitles=[(0.1, 0.4, "hello")],
        chapters=[(0, 0.5, "One"), (0.5, 1, "Two")],
    )
    output, report = painted(clip, "out.mkv")
    assert_same_pictures(clip, output)
    for kind, index in (("audio", 0), ("audio", 1), ("subtitle", 0)):
        assert packets_of(output, kind, index) == packets_of(clip, kind, index)
    assert report.notices == ()


def test_what_mp4_cannot_hold_is_encoded_or_written_anew_and_said(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "in.mkv",
        sounds=[Sound(codec="libopus"), Sound(codec="pcm_s16le", hertz=440)],
        subtitles=[(0.1, 0.4, "hello")],
    )
    output, report = painted(clip)
    assert_same_pictures(clip, output)
    assert packets_of(output, "audio", 0) == packets_of(clip, "audio", 0)
    with av.open(str(output)) as container:
        assert [stream.codec_context.name for stream in container.streams.audio] == ["opus", "aac"]
        assert [stream.codec_context.name for stream in container.streams.subtitles] == ["mov_text"]
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=1)]
    wave = np.concatenate(frames)
    loudest = np.abs(np.fft.rfft(wave)).argmax() * 48000 / len(wave)
    assert loudest == pytest.approx(440, abs=2)
    assert len(wave) / 48000 == pytest.approx(1.0, abs=0.05)
    assert any(b"hello" in text for text, _ in packets_of(output, "subtitle"))
    for words in ("Opus", "encoded anew as AAC", "written anew as MP4's plain text; .mkv keeps it"):
        assert sum(words in notice for notice in report.notices) == 1


def test_a_broadcast_clock_is_brought_to_zero_for_all_streams_alike(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.ts", start=3.2, sounds=[Sound(start=3.0)])
    with av.open(str(clip)) as container:
        first = container.start_time / av.time_base
    output, _ = painted(clip)
    assert video_pts(output) == pytest.approx([pts - first for pts in video_pts(clip)], abs=1e-3)
    before, after = packets_of(clip, "audio"), packets_of(output, "audio")
    assert [pts for _, pts in after] == pytest.approx([pts - first for _, pts in before], abs=1e-3)
    # The header in front of each broadcast packet (7 bytes) goes, the sound itself stays.
    assert [data for data, _ in after] == [data[7:] for data, _ in before]


def test_damage_is_bridged_counted_and_the_sound_stays(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=200, size=(160, 120), gop=25, sounds=[Sound()])
    clip = damage(whole, tmp_path / "in.mp4", at=0.4, length=8000)
    output, report = painted(clip)
    assert report.frames == 200
    assert video_pts(output) == pytest.approx(video_pts(whole), abs=1e-3)
    assert report.damaged > 0
    assert packets_of(output, "audio") == packets_of(clip, "audio")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=60, sounds=[Sound()])
    first, _ = painted(clip, "a.mp4")
    second, _ = painted(clip, "b.mp4")
    assert first.read_bytes() == second.read_bytes()


def grainy(index: int, width: int, height: int) -> Image:
    """A still, soft picture under noise that is different in every frame."""
    soft = np.linspace(60, 190, width)[None, :, None].repeat(height, axis=0).repeat(3, axis=2)
    return (soft + np.random.default_rng(index).normal(0, 3, soft.shape)).round().astype(np.uint8)


def flicker(images: list[Image]) -> float:
    return float(np.stack(images).astype(np.float32).std(axis=0).mean())


def test_steadiness_calms_what_is_painted_and_what_comes_of_it(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=24, picture=grainy)
    seen: dict[int, list[Image]] = {0: [], 50: []}

    def painter(amount: int) -> Callable[[Image], Image]:
        return lambda image: (seen[amount].append(image.copy()), 255 - image)[1]

    for amount in (0, 50):
        stylize_video(clip, tmp_path / f"{amount}.mp4", painter(amount), steadiness=amount)
    assert flicker(seen[50][8:]) < 0.5 * flicker(seen[0][8:])
    assert flicker(images_in(tmp_path / "50.mp4")[8:]) < 0.5 * flicker(images_in(tmp_path / "0.mp4")[8:])
    assert video_pts(tmp_path / "50.mp4") == pytest.approx(video_pts(clip), abs=1e-3)


def test_each_export_begins_with_a_steadiness_of_its_own(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", picture=grainy)
    runs: list[list[Image]] = [[], []]
    for index, seen in enumerate(runs):
        stylize_video(
            clip, tmp_path / f"{index}.mp4", lambda i, seen=seen: (seen.append(i), i.copy())[1], steadiness=80
        )
    assert np.array_equal(runs[0], runs[1])
    assert np.array_equal(runs[1][0], images_in(clip)[0])
    assert not np.array_equal(runs[1][5], images_in(clip)[5])


def test_a_steadiness_out_of_range_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=2)
    with pytest.raises(ValueError, match="101"):
        painted(clip, steadiness=101)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


class Ahead:
    """As much of a stylizer on a GPU as matters here: pictures are begun, and finished when they are read."""

    ahead = 2

    def overlapping(self) -> AbstractContextManager[None]:
        return nullcontext()

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.started = 0
        self.read = 0
        self.most = 0
        self._fails_at = fails_at

    def __call__(self, image: Image) -> Image:
        raise AssertionError("it is to be given several at once")

    def start(self, image: Image) -> Pending[Painted]:
        number, self.started = self.started, self.started + 1
        self.most = max(self.most, self.started - self.read)

        def finish() -> Painted:
            assert number == self.read
            self.read += 1
            if number == self._fails_at:
                raise RuntimeError("out of paint")
            return Painted(image.copy(), "a style", None)

        return Pending(finish)


@pytest.mark.parametrize("frames", [1, 2, 3, 25])
def test_several_frames_on_their_way_at_once_change_nothing_in_the_file(tmp_path: Path, frames: int) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=frames, picture=grainy, sounds=[Sound()])
    alone, _ = painted(clip, "alone.mp4", steadiness=50)
    stylizer = Ahead()
    report = stylize_video(clip, tmp_path / "ahead.mp4", stylizer, steadiness=50)
    assert (report.frames, report.stopped) == (frames, False)
    assert stylizer.most == min(frames, 1 + Ahead.ahead)
    assert (tmp_path / "ahead.mp4").read_bytes() == alone.read_bytes()


def test_frames_on_their_way_when_it_is_stopped_are_still_written(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=200)
    stop, stylizer = threading.Event(), Ahead()

    def on_progress(progress: Progress) -> None:
        if progress.frame == 50:
            stop.set()

    report = stylize_video(clip, tmp_path / "out.mp4", stylizer, on_progress=on_progress, stop=stop)
    assert report.stopped
    assert stylizer.read == stylizer.started == report.frames < 60
    assert [number_in(image) for image in images_in(tmp_path / "out.mp4")] == list(range(report.frames))


def test_the_error_of_a_frame_comes_in_its_turn(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=100)
    stylizer = Ahead(fails_at=BREAKS_AT)
    with pytest.raises(RuntimeError, match="out of paint"):
        stylize_video(clip, tmp_path / "out.mp4", stylizer)
    assert (stylizer.read, stylizer.started) == (BREAKS_AT + 1, BREAKS_AT + 1 + Ahead.ahead)
    assert len(images_in(tmp_path / ".out.part.mp4")) >= BREAKS_AT - 5


def test_when_the_encoder_fails_nobody_waits_for_the_frames_on_their_way(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=100)
    stylizer = Ahead()

    def failing(progress: Progress) -> None:
        raise ValueError("told to fail")

    with pytest.raises(ValueError, match="told to fail"):
        stylize_video(clip, tmp_path / "out.mp4", stylizer, on_progress=failing)
    assert stylizer.started < 20


def test_the_stages_run_in_named_threads(tmp_path: Path) -> None:
    names: set[str] = set()

    def noted(image: Image) -> Image:
        names.update(thread.name for thread in threading.enumerate())
        return image.copy()

    stylize_video(make_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4", noted)
    assert {"stylecam-decode", "stylecam-stylize", "stylecam-encode"} <= names


@pytest.mark.parametrize("where", ["stylizer", "progress"])
def test_the_first_error_reaches_the_caller_and_names_the_part(tmp_path: Path, where: str) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=100)
    calls = 0

    def break_in_time(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls > BREAKS_AT:
            raise RuntimeError("out of paint")

    def stylizer(image: Image) -> Image:
        if where == "stylizer":
            break_in_time()
        return image.copy()

    with pytest.raises(RuntimeError, match="out of paint") as caught:
        stylize_video(clip, tmp_path / "out.mp4", stylizer, on_progress=break_in_time if where == "progress" else None)
    assert not (tmp_path / "out.mp4").exists()
    assert ".out.part.mp4" in " ".join(caught.value.__notes__)
    assert len(images_in(tmp_path / ".out.part.mp4")) >= BREAKS_AT - 5


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_an_error_half_way_through_a_clip_with_sound_leaves_a_part_that_plays(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=60, sounds=[Sound(seconds=3)])
    output = tmp_path / f"out{suffix}"

    def failing(progress: Progress) -> None:
        if progress.frame == 30:
            raise ValueError("told to fail")

    with pytest.raises(ValueError, match="told to fail") as caught:
        stylize_video(clip, output, identity, on_progress=failing)
    assert "play" in caught.value.__notes__[0]
    assert not output.exists()
    part = output.with_name(f".out.part{suffix}")
    with av.open(str(part)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 30


def test_stop_finishes_the_file_with_what_is_there(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=200, sounds=[Sound()])
    stop = threading.Event()

    def on_progress(progress: Progress) -> None:
        if progress.frame == 50:
            stop.set()

    output, report = painted(clip, on_progress=on_progress, stop=stop)
    assert report.stopped
    assert 50 <= report.frames < 60
    assert [number_in(image) for image in images_in(output)] == list(range(report.frames))
    assert packets_of(output, "audio")[-1][1] == pytest.approx(report.frames / 25, abs=0.1)


def test_stop_after_the_last_frame_stops_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=30)
    stop = threading.Event()
    _, report = painted(clip, stop=stop, on_progress=lambda p: stop.set() if p.frame == 30 else None)
    assert report.frames == 30
    assert not report.stopped


def test_stop_before_the_first_frame_writes_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4")
    stop = threading.Event()
    stop.set()
    _, report = painted(clip, stop=stop)
    assert (report.output, report.frames, report.stopped) == (None, 0, True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_progress_counts_up_to_the_total(tmp_path: Path) -> None:
    seen: list[Progress] = []
    painted(make_clip(tmp_path / "in.mp4", frames=30), on_progress=seen.append)
    assert [progress.frame for progress in seen] == list(range(1, 31))
    assert {progress.total for progress in seen} == {30}
    assert seen[-1].eta_s == 0
    assert seen[-1].pts == pytest.approx(29 / 25)


def test_nothing_is_made_where_the_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.mp4").write_text("no video")
    with pytest.raises(SourceOpenError):
        painted(tmp_path / "in.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_the_output_rules_hold_before_any_frame_is_decoded(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=2)
    before = clip.read_bytes()
    with pytest.raises(SinkError, match="input itself"):
        stylize_video(clip, clip, identity, force=True)
    (tmp_path / "out.mp4").touch()
    with pytest.raises(OutputExistsError):
        painted(clip)
    assert clip.read_bytes() == before
