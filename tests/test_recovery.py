from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import pytest

from stylecam.errors import DiskFullError, OutputExistsError, SinkError, SourceError
from stylecam.frame import Frame
from stylecam.partlock import PartLock
from stylecam.probe import probe_video
from stylecam.recovery import Unfinished, discard, find_unfinished, recover
from stylecam.sinks import VideoFileSink
from tests.clips import Sound, make_clip, moving, number_in

_ROOT = Path(__file__).parents[1]
_SIZE = (64, 48)
_RECORD = """
import sys, time
from pathlib import Path
from stylecam.frame import Frame
from stylecam.probe import probe_video
from stylecam.sinks import VideoFileSink
from tests.clips import moving

folder = Path(sys.argv[1])
sink = VideoFileSink(folder / sys.argv[2], size=(64, 48), carry=probe_video(folder / "source.mp4"))
for index in range(150):
    sink.write(Frame(moving(index, 64, 48), index / 25 + (0.013 if index % 3 else 0), index))
print("written", flush=True)
time.sleep(120)
"""
"""Six seconds at an uneven rate, with sound, chapters and a title; then it waits to be killed."""


class Recording:
    """A second stylecam that records."""

    def __init__(self, folder: Path, name: str) -> None:
        if not (folder / "source.mp4").exists():
            chapters = [(0.0, 2.0, "one"), (2.0, 8.0, "two")]
            make_clip(folder / "source.mp4", frames=200, sounds=[Sound()], tags={"title": "A day"}, chapters=chapters)
        command = [sys.executable, "-c", _RECORD, str(folder), name]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_ROOT)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"written\n"

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
        assert self._process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module", params=["clip.mp4", "clip.mkv"])
def killed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part file of a recording that was killed. Not to be changed."""
    folder = tmp_path_factory.mktemp("killed")
    Recording(folder, request.param).kill()
    (part,) = folder.glob(".*")
    return part


@pytest.fixture
def part(killed: Path, tmp_path: Path) -> Path:
    """A copy of it, in a folder of its own."""
    copy = tmp_path / killed.name
    copy.write_bytes(killed.read_bytes())
    return copy


def only(folder: Path) -> Unfinished:
    (unfinished,) = find_unfinished([folder])
    return unfinished


def packets_of(path: Path, kind: str) -> list[tuple[Any, ...]]:
    """Time, duration, bytes of the packets of one kind."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(*[s for s in container.streams if s.type == kind]):
            if packet.dts is not None and packet.size:
                start, base = packet.pts or 0, packet.time_base or 0
                found.append((start * base, (packet.duration or 0) * base, bytes(packet)))
    return found


def top_boxes(path: Path) -> list[bytes]:
    data, boxes, at = path.read_bytes(), [], 0
    while at < len(data):
        boxes.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big") or len(data)
    return boxes


def test_a_killed_recording_is_found_with_its_length_and_name(part: Path) -> None:
    unfinished = only(part.parent)
    assert unfinished.path == part
    assert unfinished.name == part.name.removeprefix(".").replace(".part", "")
    assert 5.0 < unfinished.seconds <= 6.1
    assert unfinished.size == part.stat().st_size
    assert unfinished.modified == datetime.fromtimestamp(part.stat().st_mtime)


def test_a_recovered_file_has_every_packet_with_its_time_and_the_part_is_gone(part: Path, killed: Path) -> None:
    recovered = recover(only(part.parent))
    assert recovered == part.with_name(f"clip (recovered){part.suffix}")
    assert list(part.parent.iterdir()) == [recovered]
    for kind in ("video", "audio"):
        assert packets_of(recovered, kind) == packets_of(killed, kind)
        assert len(packets_of(recovered, kind)) > 100
    with av.open(str(recovered)) as container:
        pictures: list[Any] = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    numbers = [number_in(picture) for picture in pictures]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 125


def test_a_recovered_file_keeps_colours_tags_and_chapters_and_is_an_ordinary_one(part: Path, killed: Path) -> None:
    recovered = recover(only(part.parent))
    with av.open(str(recovered)) as container:
        context = container.streams.video[0].codec_context
        colours = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
        assert colours == (1, 1, 1, 1)
        assert container.metadata["title"] == "A day"
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["one", "two"]
    if part.suffix == ".mp4":
        assert b"moof" in top_boxes(killed)
        assert top_boxes(recovered).count(b"moov") == 1
        assert b"moof" not in top_boxes(recovered)
    assert probe_video(recovered).duration == pytest.approx(6.0, abs=1.0)


@pytest.mark.parametrize("torn", [1, 1500, 20_000])
def test_a_torn_end_costs_no_more_than_the_end(part: Path, killed: Path, torn: int) -> None:
    os.truncate(part, part.stat().st_size - torn)
    recovered = recover(only(part.parent))
    whole, kept = packets_of(killed, "video"), packets_of(recovered, "video")
    assert kept == whole[: len(kept)]
    assert len(kept) > len(whole) // 2


def test_every_cut_is_either_recovered_or_told_and_kept(part: Path) -> None:
    data = part.read_bytes()
    recovered = 0
    for cut in range(0, len(data), len(data) // 40):
        part.write_bytes(data[:cut])
        unfinished = only(part.parent)
        try:
            path = recover(unfinished)
        except SourceError:
            assert part.read_bytes() == data[:cut]
        else:
            assert unfinished.seconds > 0
            assert packets_of(path, "video")
            recovered += 1
            path.unlink()
    assert recovered > 20


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(5000), b"ffconcat version 1.0\nfile clip.mp4\n"])
def test_a_part_with_nothing_in_it_has_no_length_and_can_only_be_thrown_away(tmp_path: Path, content: bytes) -> None:
    part = tmp_path / ".clip.part.mp4"
    part.write_bytes(content)
    unfinished = only(tmp_path)
    assert unfinished.seconds == 0
    with pytest.raises(SourceError):
        recover(unfinished)
    assert list(tmp_path.iterdir()) == [part]
    discard(unfinished)
    assert list(tmp_path.iterdir()) == []
    discard(unfinished)


def test_what_another_process_still_records_is_let_alone_until_it_dies(tmp_path: Path) -> None:
    dead = Recording(tmp_path, "dead.mp4")
    alive = Recording(tmp_path, "alive.mp4")
    try:
        assert find_unfinished([tmp_path]) == []
        dead.kill()
        assert [part.name for part in find_unfinished([tmp_path])] == ["dead.mp4"]
        living = Unfinished(tmp_path / ".alive.part.mp4", 1.0, datetime.now(), 1)
        with pytest.raises(SinkError, match="still being written"):
            recover(living)
        with pytest.raises(SinkError, match="still being written"):
            discard(living)
        assert living.path.exists()
        with pytest.raises(SinkError, match="still being written"):
            VideoFileSink(tmp_path / "alive.mp4", size=_SIZE)
    finally:
        alive.kill()
    assert {part.name for part in find_unfinished([tmp_path])} == {"alive.mp4", "dead.mp4"}


def test_what_this_process_records_is_let_alone_and_free_afterwards(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "clip.mp4", size=_SIZE)
    sink.write(Frame(moving(0, *_SIZE), 0.0, 0))
    assert find_unfinished([tmp_path]) == []
    sink.abort()
    assert [part.name for part in find_unfinished([tmp_path])] == ["clip.mp4"]


@pytest.mark.parametrize("end", ["close", "appeared"])
def test_a_sink_lets_go_of_its_mark_however_it_ends(tmp_path: Path, end: str) -> None:
    sink = VideoFileSink(tmp_path / "clip.mp4", size=_SIZE)
    sink.write(Frame(moving(0, *_SIZE), 0.0, 0))
    if end == "appeared":
        (tmp_path / "clip.mp4").touch()
        with pytest.raises(OutputExistsError):
            sink.close()
        PartLock(sink.part, must_exist=True).release()
    else:
        sink.close()
        PartLock(sink.path, must_exist=True).release()


def test_a_recovered_name_is_one_that_is_free(part: Path) -> None:
    part.with_name(f"clip (recovered){part.suffix}").write_text("precious")
    part.with_name(f"clip (recovered 2){part.suffix}").write_text("precious")
    assert recover(only(part.parent)).name == f"clip (recovered 3){part.suffix}"
    assert part.with_name(f"clip (recovered){part.suffix}").read_text() == "precious"


def test_a_target_is_taken_and_never_replaced(part: Path) -> None:
    target = part.parent / "mine.mkv"
    target.write_text("precious")
    with pytest.raises(OutputExistsError):
        recover(only(part.parent), target)
    assert target.read_text() == "precious"
    target.unlink()
    assert recover(only(part.parent), target) == target
    assert packets_of(target, "video")


def test_a_name_as_long_as_a_name_can_be_is_recovered(part: Path) -> None:
    long = part.with_name(f".{'ü' * 122}x.part{part.suffix}")
    assert len(long.name.encode()) == 255
    part.rename(long)
    recovered = recover(only(part.parent))
    assert recovered.name.endswith(f"ü (recovered){part.suffix}")
    assert list(part.parent.iterdir()) == [recovered]


def test_a_file_that_comes_out_short_is_not_believed(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stylecam.recovery._count", lambda path: {0: 1})
    with pytest.raises(SinkError, match="kept"):
        recover(only(part.parent))
    assert list(part.parent.iterdir()) == [part]


def test_a_full_disk_is_told_and_the_part_is_kept(part: Path) -> None:
    code = (
        "import resource, signal, sys\n"
        "from stylecam.errors import DiskFullError\n"
        "from stylecam.recovery import find_unfinished, recover\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try: recover(*find_unfinished([sys.argv[1]]))\n"
        "except DiskFullError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(part.parent)], cwd=_ROOT, capture_output=True, text=True)
    assert "no room left to recover" in run.stdout, run.stderr
    assert list(part.parent.iterdir()) == [part]
    assert DiskFullError.exit_code == 4


def test_only_part_files_are_found_newest_first_and_missing_folders_hold_none(tmp_path: Path) -> None:
    names = [".a.part.mp4", ".b.part.mkv", ".c.part.MOV", ".d.part.m4v"]
    others = ["clip.mp4", "a.part.mp4", ".a.mp4", ".part.mp4", ".e.part.txt", ".f.part", ".g.save.mp4"]
    for age, name in enumerate([*names, *others]):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    (tmp_path / ".folder.part.mp4").mkdir()
    (tmp_path / ".link.part.mp4").symlink_to(tmp_path / "clip.mp4")
    found = find_unfinished([tmp_path, tmp_path / "missing", tmp_path / "clip.mp4", tmp_path])
    assert [part.path.name for part in found] == names


@pytest.fixture
def _no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("stylecam.partlock.fcntl.flock", refuse)


@pytest.mark.usefixtures("_no_locks")
def test_where_locks_are_unknown_a_fresh_file_counts_as_written(tmp_path: Path) -> None:
    part = tmp_path / ".clip.part.mp4"
    part.touch()
    assert find_unfinished([tmp_path]) == []
    os.utime(part, (time.time() - 60, time.time() - 60))
    assert len(find_unfinished([tmp_path])) == 1
    with VideoFileSink(tmp_path / "other.mp4", size=_SIZE) as sink:
        sink.write(Frame(moving(0, *_SIZE), 0.0, 0))
    assert (tmp_path / "other.mp4").exists()
