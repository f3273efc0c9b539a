from __future__ import annotations

import itertools
import shutil
import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from stylecam.errors import DiskFullError, OutputExistsError, SinkError
from stylecam.frame import Frame
from stylecam.recording import Recorder, RecordingReport
from stylecam.sources import VideoFileSource
from tests.clips import video_pts
from tests.live import grey, wait_until

if TYPE_CHECKING:
    from pathlib import Path


def _frame(value: int, at: float, width: int = 64, height: int = 48) -> Frame:
    return Frame(grey(value, width, height), at, 0, 100.0 + at)


def test_a_recording_has_the_times_of_the_clock(tmp_path: Path) -> None:
    times = [0.0, 0.03, 0.1, 0.15, 0.6]
    recorder = Recorder(tmp_path / "a.mp4", clock=lambda: 100.0)
    for index, at in enumerate(times):
        recorder.offer(_frame(40 * index, at))
        wait_until(lambda index=index: recorder.state.frames == index + 1)
    report = recorder.finish()
    assert report is not None
    assert (report.frames, report.dropped, report.error) == (5, 0, None)
    assert report.path == tmp_path / "a.mp4"
    assert video_pts(report.path) == pytest.approx(times, abs=0.001)


def test_frames_of_another_size_are_fitted_into_the_one_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.mp4", clock=lambda: 100.0)
    for index, (width, height) in enumerate([(64, 48), (128, 72), (31, 77)]):
        recorder.offer(_frame(200, index / 10, width, height))
        wait_until(lambda index=index: recorder.state.frames == index + 1)
    report = recorder.finish()
    assert report is not None
    assert report.path is not None
    with VideoFileSource(report.path) as source:
        images = [frame.image for frame in source]
    assert {image.shape for image in images} == {(48, 64, 3)}
    middle, edge = images[2][24, 32].astype(int), images[2][24, 2].astype(int)
    assert abs(middle - 200).max() < 8
    assert edge.max() < 12


def test_a_size_that_was_asked_for_is_kept_from_the_first_frame_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.mp4", size=(128, 96), clock=lambda: 100.0)
    recorder.offer(_frame(200, 0.0, 64, 48))
    report = recorder.finish()
    assert report is not None
    assert report.path is not None
    with VideoFileSource(report.path) as source:
        assert source.size == (128, 96)
        assert abs(next(iter(source)).image.astype(int) - 200).max() < 8


def test_while_no_frame_comes_the_last_one_is_repeated(tmp_path: Path) -> None:
    now = [100.0]
    recorder = Recorder(tmp_path / "a.mp4", clock=lambda: now[0])
    recorder.offer(_frame(90, 0.0))
    wait_until(lambda: recorder.state.frames == 1)
    for _ in range(4):
        now[0] += 1.0
        before = recorder.state.frames
        wait_until(lambda before=before: recorder.state.frames > before)
    recorder.offer(_frame(200, 4.2))
    wait_until(lambda: recorder.state.seconds > 4.1)
    report = recorder.finish()
    assert report is not None
    assert report.path is not None
    times = video_pts(report.path)
    assert times == sorted(set(times))
    assert max(after - before for before, after in itertools.pairwise(times)) < 1.2
    assert times[-1] == pytest.approx(4.2, abs=0.001)


def test_an_encoder_that_is_behind_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stylecam import recording

    go_on = threading.Event()

    class _SlowSink(recording.VideoFileSink):
        def write(self, frame: Frame) -> None:
            assert go_on.wait(20)
            super().write(frame)

    monkeypatch.setattr(recording, "VideoFileSink", _SlowSink)
    recorder = Recorder(tmp_path / "a.mp4", clock=lambda: 100.0)
    for index in range(40):
        recorder.offer(_frame(index, index / 30))
    assert recorder.state.dropped >= 40 - 8 - 2
    go_on.set()
    report = recorder.finish()
    assert report is not None
    assert report.frames + report.dropped == 40
    assert report.path is not None
    assert len(video_pts(report.path)) == report.frames


def test_without_a_frame_no_file_is_left(tmp_path: Path) -> None:
    reports: list[RecordingReport] = []
    recorder = Recorder(tmp_path / "a.mp4", on_end=reports.append)
    report = recorder.finish()
    assert reports == [report]
    assert report is not None
    assert (report.path, report.frames) == (None, 0)
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        Recorder(tmp_path / "a.mp4")
    with pytest.raises(SinkError, match="does not exist"):
        Recorder(tmp_path / "nowhere" / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"mine"


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_before_the_disk_is_full_the_file_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[RecordingReport] = []
    recorder = Recorder(tmp_path / "a.mp4", on_end=reports.append, clock=lambda: 100.0)
    recorder.offer(_frame(10, 0.0))
    wait_until(lambda: recorder.state.frames == 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10**9, 10**9, 10**8))
    recorder._next_disk_check = 0.0
    recorder.offer(_frame(20, 0.1))
    wait_until(lambda: bool(reports))
    recorder.finish()
    assert isinstance(reports[0].error, DiskFullError)
    assert "100 MB are left" in str(reports[0].error)
    assert reports[0].path == tmp_path / "a.mp4"
    assert len(video_pts(tmp_path / "a.mp4")) == 2
    recorder.offer(_frame(30, 0.2))  # harmless


def test_an_encoder_that_fails_is_reported_and_its_part_file_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stylecam import recording

    class _FailingSink(recording.VideoFileSink):
        def write(self, frame: Frame) -> None:
            if self.frames == 3:
                raise SinkError("the disk is gone")
            super().write(frame)

    monkeypatch.setattr(recording, "VideoFileSink", _FailingSink)
    reports: list[RecordingReport] = []
    recorder = Recorder(tmp_path / "a.mp4", on_end=reports.append, clock=lambda: 100.0)
    for index in range(4):
        recorder.offer(_frame(index, index / 30))
        wait_until(lambda index=index: recorder.state.frames == min(index + 1, 3))
    wait_until(lambda: bool(reports))
    recorder.finish()
    assert str(reports[0].error) == "the disk is gone"
    assert reports[0].path is None
    assert not (tmp_path / "a.mp4").exists()
    assert len(video_pts(tmp_path / ".a.part.mp4")) == 3


def test_the_size_and_the_time_left_are_told(tmp_path: Path) -> None:
    now = [100.0]
    recorder = Recorder(tmp_path / "a.mp4", clock=lambda: now[0])
    rng = np.random.default_rng(0)
    for index in range(90):
        now[0] = 100 + index / 15
        image = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
        recorder.offer(Frame(image, 0.0, index, now[0]))
        wait_until(lambda index=index: recorder.state.frames >= index + 1)
    state = recorder.state
    recorder.finish()
    assert state.bytes > 1000
    assert state.seconds_left is not None
    assert state.seconds_left > 0
