from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from stylecam import picturestream
from stylecam.errors import OutputExistsError, SinkError
from stylecam.frame import Frame
from stylecam.sinks import VideoFileSink, check_output
from tests.clips import make_clip, moving, number_in, video_pts
from tests.hardware import ABSENT, REFUSING, WORKING

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.encoders import Encoder

COLOURS = [(220, 30, 30), (30, 200, 60), (40, 60, 210), (128, 128, 128), (250, 250, 250), (3, 3, 3), (250, 240, 5)]


def write(path: Path, times: list[float], *, size: tuple[int, int] = (64, 48), **settings: Any) -> VideoFileSink:
    with VideoFileSink(path, size=size, **settings) as sink:
        for index, time in enumerate(times):
            sink.write(Frame(moving(index, *size), time, index))
    return sink


def numbers_in(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@pytest.mark.parametrize("encoder", [None, WORKING], ids=["software", "hardware"])
@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".mkv"])
def test_frames_keep_their_irregular_times_and_their_order(
    tmp_path: Path, suffix: str, encoder: Encoder | None
) -> None:
    times = [0, 0.033, 0.066, 0.2, 0.233, 0.5, 1.0, 1.001, 4.5, 4.6]
    output = tmp_path / f"out{suffix}"
    write(output, times, encoder=encoder)
    assert video_pts(output) == pytest.approx(times, abs=1e-3)
    assert numbers_in(output) == list(range(10))
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    outputs = [tmp_path / f"{index}{suffix}" for index in range(2)]
    for output in outputs:
        write(output, [index / 25 for index in range(30)])
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


# Four macroblocks wide and twenty-two: not multiples of the eight that vector code takes at once.
@pytest.mark.parametrize("size", [(64, 48), (352, 288)])
def test_the_bytes_do_not_depend_on_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    times = [index / 25 for index in range(30)]
    # With more than one thread x264 without its vector code is itself not the same from run to run.
    monkeypatch.setattr(picturestream, "_THREADS", 1)
    write(tmp_path / "vector.mp4", times, size=size)
    monkeypatch.setitem(picturestream._X264, "x264-params", f"{picturestream._X264['x264-params']}:no-asm=1")
    write(tmp_path / "plain.mp4", times, size=size)
    assert (tmp_path / "vector.mp4").read_bytes() == (tmp_path / "plain.mp4").read_bytes()


_ENCODE_IN_ONE_GO = """
import sys
from pathlib import Path
from tests.test_sinks import write
write(Path(sys.argv[1]), [index / 25 for index in range(30)], size=(352, 288))
"""


def test_the_bytes_do_not_depend_on_what_the_memory_held_before(tmp_path: Path) -> None:
    found = set()
    root = os.path.dirname(os.path.dirname(__file__))
    for byte in ("1", "2"):
        output = tmp_path / f"{byte}.mp4"
        # The C library of Linux fills fresh memory with the complement of this; others ignore it.
        environment = {**os.environ, "MALLOC_PERTURB_": byte}
        command = [sys.executable, "-c", _ENCODE_IN_ONE_GO, str(output)]
        subprocess.run(command, cwd=root, env=environment, check=True, timeout=120)
        found.add(output.read_bytes())
    assert len(found) == 1


def test_an_mp4_track_lasts_to_its_last_frame(tmp_path: Path) -> None:
    write(tmp_path / "out.mp4", [0, 0.5, 3.0], rate=Fraction(25))
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert 3.0 < float(stream.duration * stream.time_base) < 4.0


def test_two_frames_of_one_moment_are_both_kept(tmp_path: Path) -> None:
    write(tmp_path / "out.mp4", [0, 0.04, 0.04, 0.08])
    assert numbers_in(tmp_path / "out.mp4") == [0, 1, 2, 3]


@pytest.mark.parametrize(("size", "encoder"), [((64, 48), None), ((65, 49), None), ((64, 48), WORKING)])
@pytest.mark.parametrize("colour", COLOURS)
def test_flat_colours_survive_within_3_of_255(
    tmp_path: Path, colour: tuple[int, int, int], size: tuple[int, int], encoder: Encoder | None
) -> None:
    width, height = size
    with VideoFileSink(tmp_path / "out.mp4", size=size, encoder=encoder) as sink:
        sink.write(Frame(np.full((height, width, 3), colour, np.uint8), 0.0, 0))
    with av.open(str(tmp_path / "out.mp4")) as container:
        planes = next(container.decode(video=0)).reformat(format="yuv444p").to_ndarray().reshape(3, -1)
    # BT.709 limited, by the formulas of the standard.
    y, cb, cr = planes[:, planes.shape[1] // 2].astype(float)
    y, cb, cr = (y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224
    rgb = 255 * np.array([y + 1.5748 * cr, y - 0.1873 * cb - 0.4681 * cr, y + 1.8556 * cb])
    assert np.abs(np.clip(rgb, 0, 255) - colour).max() <= 3


@pytest.mark.parametrize("encoder", [None, WORKING], ids=["software", "hardware"])
def test_the_stream_is_tagged_bt709_limited_with_the_pixels_shape(tmp_path: Path, encoder: Encoder | None) -> None:
    write(tmp_path / "out.mp4", [0, 0.04], sample_aspect_ratio=Fraction(4, 3), encoder=encoder)
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        tags = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
        assert tags == (1, 1, 1, 1)
        assert context.sample_aspect_ratio == Fraction(4, 3)
        assert context.pix_fmt == "yuv420p"


@pytest.mark.parametrize("size", [(65, 49), (64, 49), (17, 16), (1, 1)])
def test_odd_sizes_are_kept_and_said(tmp_path: Path, size: tuple[int, int]) -> None:
    sink = write(tmp_path / "out.mp4", [0, 0.04], size=size)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == size
    assert any("odd" in notice for notice in sink.notices)


@pytest.mark.parametrize("encoder", [None, WORKING], ids=["software", "hardware"])
@pytest.mark.parametrize("rate", [1, 25, 120])
def test_a_key_picture_comes_every_second_whatever_the_rate(tmp_path: Path, rate: int, encoder: Encoder | None) -> None:
    write(tmp_path / "out.mp4", [n / rate for n in range(3 * rate + 1)], rate=Fraction(rate), encoder=encoder)
    with av.open(str(tmp_path / "out.mp4")) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe and p.size]
    assert keys[0] == 0
    assert max(np.diff(keys)) <= 1.0
    assert keys[-1] >= 2


def test_a_finished_mp4_is_an_ordinary_one(tmp_path: Path) -> None:
    write(tmp_path / "out.mp4", [n / 25 for n in range(75)])
    data = (tmp_path / "out.mp4").read_bytes()
    boxes, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        boxes.append(data[at + 4 : at + 8])
        at += size if size > 1 else int.from_bytes(data[at + 8 : at + 16], "big")
    assert boxes[0] == b"ftyp"
    assert boxes.count(b"moov") == 1
    assert b"moof" not in boxes


def test_an_error_leaves_a_playable_part_and_no_output(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "out.mp4", size=(64, 48))

    def break_off() -> None:
        with sink:
            for index in range(10):
                sink.write(Frame(moving(index, 64, 48), index / 25, index))
            raise RuntimeError("style")

    with pytest.raises(RuntimeError, match="style"):
        break_off()
    assert not (tmp_path / "out.mp4").exists()
    assert sink.part == tmp_path / ".out.part.mp4"
    assert numbers_in(sink.part) == list(range(10))


def test_a_sink_without_a_frame_leaves_no_file(tmp_path: Path) -> None:
    with VideoFileSink(tmp_path / "out.mp4", size=(64, 48)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_existing_output_is_kept_unless_forced(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    output.write_text("precious")
    with pytest.raises(OutputExistsError, match="exists"):
        VideoFileSink(output, size=(64, 48))
    assert output.read_text() == "precious"
    write(output, [0, 0.04], force=True)
    assert numbers_in(output) == [0, 1]


def test_an_output_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    sink = VideoFileSink(output, size=(64, 48))
    sink.write(Frame(moving(0, 64, 48), 0.0, 0))
    output.write_text("precious")
    with pytest.raises(OutputExistsError):
        sink.close()
    assert output.read_text() == "precious"
    assert numbers_in(sink.part) == [0]


@pytest.mark.parametrize("link", ["same", "symlink", "hardlink", "dotted"])
def test_the_input_is_never_the_output(tmp_path: Path, link: str) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=2)
    other = tmp_path / "other.mp4"
    if link == "symlink":
        other.symlink_to(clip)
    elif link == "hardlink":
        other.hardlink_to(clip)
    target = {"same": clip, "dotted": tmp_path / ".." / tmp_path.name / "clip.mp4"}.get(link, other)
    with pytest.raises(SinkError, match="input itself"):
        check_output(target, source=clip, force=True)


@pytest.mark.parametrize("name", ["out.avi", "out", "out.webm", "out.txt", "/dev/full"])
def test_an_unknown_suffix_is_refused_with_the_list(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match=r"\.mp4, \.m4v, \.mov, \.mkv"):
        check_output(tmp_path / name)


def test_a_missing_folder_and_a_folder_as_output_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="does not exist"):
        check_output(tmp_path / "nowhere" / "out.mp4")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(SinkError, match="is a folder"):
        check_output(tmp_path / "folder.mp4", force=True)


def test_a_folder_without_write_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The superuser may write everywhere, so the question itself is answered here.
    monkeypatch.setattr("stylecam.sinks.os.access", lambda path, mode: False)
    with pytest.raises(SinkError, match="may not be written"):
        check_output(tmp_path / "out.mp4")


def test_a_frame_of_another_size_is_a_mistake(tmp_path: Path) -> None:
    with VideoFileSink(tmp_path / "out.mp4", size=(64, 48)) as sink, pytest.raises(ValueError, match="size"):
        sink.write(Frame(moving(0, 32, 48), 0.0, 0))


def test_hardware_takes_no_odd_size_and_makes_no_file_for_it(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="libx264 takes no odd size such as 65x48"):
        VideoFileSink(tmp_path / "out.mp4", size=(65, 48), encoder=WORKING)
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_ffmpeg_lacks_leaves_no_file_and_no_lock(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="built without h264_nonsense"):
        VideoFileSink(tmp_path / "out.mp4", size=(64, 48), encoder=ABSENT)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "out.mp4", [0, 0.04])


_EXTERNAL = -542398533
"""FFmpeg's "Generic error in an external library", which is all that most drivers' errors become."""


class Breaks:
    """A stream whose encoder gives up after some pictures, and must not be asked again."""

    def __init__(self, stream: Any, after: int) -> None:
        self._stream, self._left = stream, after
        self.failures = 0
        self.pix_fmt = stream.pix_fmt

    def encode(self, picture: Any) -> Any:
        if not self._left:
            self.failures += 1
            av.error.err_check(_EXTERNAL)
        self._left -= 1
        return self._stream.encode(picture)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_hardware_that_fails_half_way_is_told_once_and_what_was_encoded_plays(tmp_path: Path, suffix: str) -> None:
    sink = VideoFileSink(tmp_path / f"out{suffix}", size=(64, 48), encoder=WORKING)
    sink._stream = breaks = Breaks(sink._stream, 20)  # type: ignore[assignment]

    def go_on() -> None:
        with sink:
            for index in range(30):
                sink.write(Frame(moving(index, 64, 48), index / 25, index))

    with pytest.raises(SinkError) as caught:
        go_on()
    told = str(caught.value)
    assert "libx264 failed after 20 frames" in told
    assert "Generic error in an external library" in told
    assert f"what was encoded so far is in {sink.part} and plays" in told
    assert "software encoder" in told
    assert breaks.failures == 1
    assert [path.name for path in tmp_path.iterdir()] == [sink.part.name]
    assert numbers_in(sink.part) == list(range(20))
    write(tmp_path / f"out{suffix}", [0, 0.04])  # nothing holds the part file any more


def test_hardware_that_fails_at_the_first_picture_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="libx264rgb failed after 0 frames") as caught:
        write(tmp_path / "out.mp4", [0, 0.04], encoder=REFUSING)
    assert "plays" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


_WRITE_AND_WAIT = """
import sys, time
from tests.hardware import WORKING
from tests.test_sinks import *
sink = VideoFileSink(sys.argv[1], size=(64, 48), rate=Fraction(25), encoder=WORKING)
for index in range(100):
    sink.write(Frame(moving(index, 64, 48), index / 25, index))
print("written", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_kill_costs_less_than_a_second_with_hardware_too(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"out{suffix}"
    root = os.path.dirname(os.path.dirname(__file__))
    command = [sys.executable, "-c", _WRITE_AND_WAIT, str(output)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"written\n"
        finally:
            process.kill()
    assert not output.exists()
    found = numbers_in(tmp_path / f".out.part{suffix}")
    assert found == list(range(len(found)))
    assert len(found) > 75
