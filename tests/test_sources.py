from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.errors import SourceOpenError
from stylecam.hdr import to_bt709
from stylecam.opening import open_source
from stylecam.sources import VideoFileSource
from tests.clips import Colour, Sound, damage, flat, make_clip, make_planes_clip, moving, number_in, video_pts

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.frame import Frame

ODD_TIMES = [0, 0.033, 0.066, 0.2, 0.233, 0.5, 1.0, 1.001, 1.5]


def frames_of(path: Path) -> list[Frame]:
    with VideoFileSource(path) as source:
        return list(source)


def assert_times_kept(path: Path, frames: list[Frame]) -> None:
    """Every picture the file shows is there, at its own time to a millisecond."""
    with VideoFileSource(path) as source:
        start = float(source.facts.start)
    expected = video_pts(path)
    assert len(frames) == len(expected)
    assert [frame.pts + start for frame in frames] == pytest.approx(expected, abs=1e-3)
    assert [frame.index for frame in frames] == list(range(len(frames)))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("plain.mp4", {}),
        ("reordered.mp4", {"options": {"preset": "medium"}, "frames": 60, "gop": 30}),
        ("variable.mp4", {"pts": ODD_TIMES}),
        ("variable.mkv", {"pts": ODD_TIMES}),
        ("late.mp4", {"start": 3.2, "sounds": [Sound()]}),
        ("late.mkv", {"start": 3.2}),
        ("broadcast.ts", {"start": 3.2, "sounds": [Sound()]}),
        ("odd.mp4", {"size": (65, 49), "pix_fmt": "yuv444p"}),
        ("ten_bit.mp4", {"pix_fmt": "yuv420p10le"}),
        ("vp9.webm", {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}, "frames": 5}),
        ("lossless.mkv", {"codec": "ffv1", "pix_fmt": "bgr0", "colour": Colour(tagged=False)}),
    ],
)
def test_every_frame_comes_once_in_order_at_its_own_time(
    tmp_path: Path, name: str, settings: dict[str, object]
) -> None:
    clip = make_clip(tmp_path / name, **settings)  # type: ignore[arg-type]
    frames = frames_of(clip)
    assert_times_kept(clip, frames)
    assert [number_in(frame.image) for frame in frames] == list(range(len(frames)))
    assert frames[0].pts == 0


def test_pictures_before_the_edit_lists_start_are_not_shown(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "cut.mp4", start=-0.2)
    assert [number_in(frame.image) for frame in frames_of(clip)] == list(range(5, 25))


def test_avi_gets_its_times_from_the_decoding_order(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "old.avi", options={"preset": "medium"}, frames=40, gop=20)
    frames = frames_of(clip)
    assert [number_in(frame.image) for frame in frames] == list(range(40))
    assert [frame.pts for frame in frames] == pytest.approx([n / 25 for n in range(40)], abs=1e-3)


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_rotation_is_applied_to_the_pixels(tmp_path: Path, rotation: int, turns: int, pix_fmt: str) -> None:
    sar = Fraction(4, 3)
    clip = make_clip(tmp_path / "phone.mp4", rotation=rotation, sar=sar, pix_fmt=pix_fmt, frames=3)
    with VideoFileSource(clip) as source:
        image = next(iter(source)).image
        assert source.size == (image.shape[1], image.shape[0]) == ((48, 64) if turns % 2 else (64, 48))
        assert source.facts.sample_aspect_ratio == (1 / sar if turns % 2 else sar)
    upright = np.rot90(moving(0, 64, 48), turns)
    assert np.abs(image.astype(int) - upright).mean() < 8


@pytest.mark.parametrize("colour", [(220, 30, 30), (30, 200, 60), (40, 60, 210), (128, 128, 128), (250, 240, 5)])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"colour": Colour(full=True)},
        {"colour": Colour(6, 6, 6)},
        {"colour": Colour(5, 6, 5)},
        {"colour": Colour(6, 6, 6, full=True)},
        {"pix_fmt": "yuv420p10le"},
        {"pix_fmt": "yuv420p10le", "colour": Colour(full=True)},
        {"pix_fmt": "yuv422p"},
        {"pix_fmt": "yuv444p"},
        {"pix_fmt": "yuvj420p", "colour": Colour(full=True)},
    ],
    ids=str,
)
def test_flat_colours_come_within_3_of_255(
    tmp_path: Path, settings: dict[str, object], colour: tuple[int, int, int]
) -> None:
    clip = make_clip(tmp_path / "flat.mp4", frames=2, picture=flat(colour), **settings)  # type: ignore[arg-type]
    image = frames_of(clip)[1].image
    assert np.abs(image.astype(int) - colour).max() <= 3


@pytest.mark.parametrize(("height", "matrix"), [(480, 6), (720, 1)])
def test_untagged_clips_are_bt601_when_small_and_bt709_when_hd(tmp_path: Path, height: int, matrix: int) -> None:
    colour = Colour(matrix, tagged=False)
    clip = make_clip(tmp_path / "u.mp4", frames=1, size=(64, height), picture=flat((220, 30, 30)), colour=colour)
    assert np.abs(frames_of(clip)[0].image.astype(int) - (220, 30, 30)).max() <= 3


def _pq(nits: float) -> float:
    """The inverse of PQ, from its definition in SMPTE ST 2084."""
    y = (nits / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)


def test_hdr_is_brought_down_to_a_normal_screen_and_said(tmp_path: Path) -> None:
    white = round(64 + 876 * _pq(203))  # diffuse white
    clip = make_planes_clip(tmp_path / "pq.mp4", codes=(white, 512, 512), colour=Colour(9, 16, 9))
    with VideoFileSource(clip) as source:
        image = next(iter(source)).image
        assert any("HDR" in notice for notice in source.notices)
    assert 205 <= image.mean() <= 235
    assert np.ptp(image) <= 2  # neutral


def test_hlg_and_pq_agree_on_diffuse_white() -> None:
    pq = np.array([round((64 + 876 * _pq(203)) * 64), 32768, 32768], np.uint16).reshape(3, 1, 1)
    hlg = np.array([round((64 + 876 * 0.75) * 64), 32768, 32768], np.uint16).reshape(3, 1, 1)
    a = to_bt709(pq, transfer="pq", full_range=False).astype(int)
    b = to_bt709(hlg, transfer="hlg", full_range=False).astype(int)
    assert np.abs(a - b).max() <= 3


def test_the_tone_curve_rises_and_keeps_black_and_peak() -> None:
    codes = np.full((3, 1, 20), 32768, np.uint16)
    codes[0, 0] = [round((64 + 876 * _pq(nits)) * 64) for nits in np.linspace(0, 1000, 20)]
    levels = to_bt709(codes, transfer="pq", full_range=False)[0, :, 1].astype(int)
    assert levels[0] == 0
    assert levels[-1] == 255
    assert (np.diff(levels) >= 0).all()


def test_wide_gamut_greys_stay_and_colours_are_clipped_not_shifted(tmp_path: Path) -> None:
    settings = {"frames": 1, "pix_fmt": "yuv420p10le", "colour": Colour(9, 14, 9)}
    grey = make_clip(tmp_path / "grey.mp4", picture=flat((128, 128, 128)), **settings)  # type: ignore[arg-type]
    assert np.abs(frames_of(grey)[0].image.astype(int) - 128).max() <= 2
    blue = make_clip(tmp_path / "blue.mp4", picture=flat((40, 60, 210)), **settings)  # type: ignore[arg-type]
    # By hand from BT.2087's matrix: red falls out of the gamut, green and blue are (58, 219).
    assert np.abs(frames_of(blue)[0].image.astype(int)[10, 10] - (0, 58, 219)).max() <= 3


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_damaged_packets_show_the_picture_before_and_are_counted(tmp_path: Path, pix_fmt: str) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=200, size=(160, 120), gop=25, pix_fmt=pix_fmt, sounds=[Sound()])
    broken = damage(whole, tmp_path / "broken.mp4", at=0.4, length=8000)
    with VideoFileSource(broken) as source:
        frames = list(source)
    assert_times_kept(whole, frames)
    assert source.damaged > 0
    assert source.missing == 0
    assert any(f"{source.damaged} damaged" in notice for notice in source.notices)
    repeated = sum(np.array_equal(a.image, b.image) for a, b in pairwise(frames))
    assert repeated >= source.damaged
    # Once a key picture has come, all is well again.
    assert [number_in(frame.image) for frame in frames[-25:]] == list(range(175, 200))


@pytest.mark.parametrize(("suffix", "options"), [(".mp4", {"movflags": "faststart"}), (".mkv", {})])
def test_a_truncated_file_gives_what_it_has_and_says_what_is_missing(
    tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    whole = make_clip(tmp_path / f"whole{suffix}", frames=200, size=(160, 120), container_options=options)
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with VideoFileSource(cut) as source:
        frames = list(source)
    assert 50 < len(frames) < 150
    assert abs(source.missing - (200 - len(frames))) <= 2
    assert any("ends early" in notice for notice in source.notices)


def test_what_matroska_s_reader_skips_is_counted_where_other_damage_shows(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", frames=100)
    torn = damage(damage(clip, tmp_path / "a.mkv", at=0.3, length=4000), tmp_path / "b.mkv", at=0.85, length=60)
    with VideoFileSource(torn) as source:
        given = sum(1 for _ in source)
    assert source.damaged == 1
    assert source.missing > 5
    assert given + source.missing == 100
    assert any("missing within b.mkv" in notice for notice in source.notices)


def test_an_undamaged_file_has_no_notice(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "fine.mkv", start=2, sounds=[Sound(seconds=4)])
    with VideoFileSource(clip) as source:
        list(source)
    assert (source.damaged, source.missing, source.notices) == (0, 0, [])


def _playlist(folder: Path, text: str) -> Path:
    make_clip(folder / "secret.mp4", frames=2)
    playlist = folder / "list.mp4"
    playlist.write_text(text.format(folder / "secret.mp4"))
    return playlist


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile '{}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
        "[playlist]\nFile1={}\n",
        '<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>{}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 1234 RTP/AVP 96\n",
    ],
)
def test_a_playlist_never_opens_another_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceOpenError, match="not a video"):
        open_source(_playlist(tmp_path, text))


@pytest.mark.parametrize("prefix", ["concat:", "subfile:,,start,0,end,0,,:", "file:", "crypto:"])
def test_a_protocol_in_a_name_is_only_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "clip.mp4", frames=2)
    with pytest.raises(SourceOpenError, match="does not exist"):
        open_source(f"{prefix}clip.mp4")


@pytest.mark.parametrize(
    "name", ["a:b.mp4", "zażółć 日本.mp4", "%d 100%.mp4", "-o.mp4", 'it\'s "q".mp4', "frame%03d.mp4"]
)
def test_odd_names_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "clip.mp4", frames=3, pix_fmt="yuv444p").rename(tmp_path / name)
    with open_source(name) as source:
        assert len(list(source)) == 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_text("hello, I am a letter\n" * 50), "not a video"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: None, "does not exist"),
    ],
    ids=["text", "empty", "folder", "missing"],
)
def test_what_is_no_video_is_refused_in_clear_words(tmp_path: Path, make: object, words: str) -> None:
    make(tmp_path / "x.mp4")  # type: ignore[operator]
    with pytest.raises(SourceOpenError, match=words):
        open_source(tmp_path / "x.mp4")


def test_an_mp4_cut_before_its_index_is_refused(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=100)
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(SourceOpenError, match="unfinished"):
        open_source(tmp_path / "cut.mp4")


def test_sound_without_picture_is_refused_as_such(tmp_path: Path) -> None:
    import av

    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        stream.codec_context.layout = "mono"
        for n in range(10):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, n * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SourceOpenError, match="sound only"):
        open_source(path)


def test_a_source_describes_itself(tmp_path: Path) -> None:
    with open_source(make_clip(tmp_path / "clip.mp4", frames=50)) as source:
        assert source.name == "clip.mp4"
        assert source.size == (64, 48)
        assert source.rate == 25
        assert source.duration == pytest.approx(2.0)
        assert source.frames == 50
        assert not source.is_live
