"""The faults of cameras, played by a scripted one in virtual time: what is told, what is given, what is left behind."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.camera_source import CameraSource
from stylecam.errors import SourceOpenError
from stylecam.fakecamera import FakeCamera
from stylecam.live import LivePipeline
from stylecam.livesource import Problem, SourceState, SourceStatus
from stylecam.recording import Recorder
from tests.clips import video_pts
from tests.live import FlatPainter, wait_until
from tests.virtualtime import Played

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.frame import Frame


def test_a_healthy_camera_gives_every_frame_and_nothing_to_tell() -> None:
    played = Played(10)
    assert [state for _, state, _ in played.news] == [SourceState.opening, SourceState.running, SourceState.ended]
    assert len(played.frames) == pytest.approx(200, abs=3)
    assert played.source.measured_rate == pytest.approx(20, rel=0.05)
    played.check_times()


@pytest.mark.parametrize("how", ["unplug", "vanish", "block"])
def test_c1_unplugged_and_plugged_in_again(how: str) -> None:
    """Whether reads fail, go on with the last picture as OpenCV's do, or never come back."""
    back = {"at": 8, "do": "replug"}
    events = [{"at": 3, "do": how, "for": 5}] if how == "block" else [{"at": 3, "do": how}, back]
    played = Played(20, *events)
    assert played.problems[0] in (Problem.disconnected, Problem.frozen)
    lost = played.when(SourceState.waiting, played.problems[0])
    assert 3 <= lost <= 5.3  # a picture that only stands still is believed for two seconds
    again = [at for at, state, problem in played.news if state is SourceState.running and at > lost]
    assert 8 <= again[0] <= 8 + 5.5
    played.check_times()
    gap = max(np.diff([frame.pts for frame in played.frames]))
    assert 3 < gap < 11
    assert played.camera.handles == 0


def test_c1_retries_become_rarer_and_begin_anew_after_a_success() -> None:
    played = Played(60, {"at": 2, "do": "unplug"}, {"at": 50, "do": "replug"})
    # 0.5, 1, 2, 4, then every 5 s: some twelve openings in 48 s, not ninety.
    assert 10 <= played.camera.opened <= 16


def test_c2_a_slow_start_is_no_stall() -> None:
    played = Played(12, start=4.0)
    assert played.problems == []
    assert played.camera.opened == 1
    assert len(played.frames) > 100


def test_c2_a_camera_that_never_starts_is_said_and_tried_again() -> None:
    played = Played(40, {"at": 15, "do": "replug"}, start=30.0)
    assert played.problems[0] is Problem.unreadable
    assert played.camera.opened >= 3


@pytest.mark.parametrize(("how", "problem"), [("busy", Problem.busy), ("deny", Problem.denied)])
def test_c3_c4_busy_and_denied_are_told_apart_and_pass(how: str, problem: Problem) -> None:
    played = Played(20, {"at": 0, "do": how, "for": 6})
    assert set(played.problems) == {problem}
    assert 6 <= played.when(SourceState.running) <= 12
    words = SourceStatus(SourceState.waiting, "Webcam", problem).text
    assert words.startswith(("Webcam is used", "stylecam is not allowed to use Webcam"))


def test_c5_black_pictures_are_said_and_taken_back() -> None:
    played = Played(20, {"at": 4, "do": "black", "for": 6})
    said = played.when(SourceState.running, Problem.black)
    assert 7 <= said <= 7.5
    assert played.camera.opened == 1  # dark and unchanging is a closed cover, no frozen camera
    later = [at for at, state, problem in played.news if state is SourceState.running and not problem and at > said]
    assert 10 <= later[0] <= 10.5


def test_c5_a_frozen_picture_is_opened_anew() -> None:
    played = Played(20, {"at": 4, "do": "freeze", "for": 3})
    assert 6 <= played.when(SourceState.waiting, Problem.frozen) <= 6.5
    assert played.camera.opened == 2


def test_c5_a_picture_that_is_meant_to_stand_still_is_left_in_peace() -> None:
    played = Played(60, {"at": 0, "do": "freeze"})
    assert played.problems == [Problem.frozen]
    assert played.camera.opened == 2
    assert len(played.frames) > 1000


def test_c5_noise_alone_is_a_picture() -> None:
    assert Played(10, {"at": 0, "do": "freeze", "for": 0}, noise=90.0).problems == []


def test_c6_sizes_that_change_are_given_as_they_come() -> None:
    played = Played(
        9,
        {"at": 3, "do": "size", "width": 64, "height": 36},
        {"at": 6, "do": "size", "width": 33, "height": 25},
    )
    assert [frame.size for frame in played.frames if frame.index in (0, 80, 150)] == [(32, 24), (64, 36), (33, 25)]
    assert played.problems == []


def test_drops_shorter_than_a_stall_pass_unnoticed() -> None:
    events = [{"at": at, "do": "drop", "for": 0.3} for at in range(1, 9)]
    played = Played(10, *events, jitter=0.5)
    assert played.problems == []
    played.check_times()


def test_c8_a_camera_that_fails_for_hours_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="stylecam"):
        played = Played(2 * 3600, {"at": 1, "do": "unplug"}, {"at": 2 * 3600 - 10, "do": "replug"})
    assert played.camera.opened > 1000
    assert len(caplog.records) < 10


def test_an_hour_of_faults_leaves_nothing_behind() -> None:
    """Every minute another fault; one handle at most, no thread, and the frames' times rise to the end."""
    kinds = ["unplug", "vanish", "busy", "deny", "black", "freeze", "block", "drop"]
    events = []
    for minute in range(60):
        events.append({"at": 60 * minute + 20, "do": kinds[minute % len(kinds)], "for": 7})
    threads = threading.active_count()
    played = Played(3600, *events, fps=8, noise=1.0)
    assert threading.active_count() == threads
    assert played.camera.handles == 0
    assert len(played.frames) > 3600 * 8 * 0.7
    played.check_times()


def test_c7_numbers_that_change_do_not_swap_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    from stylecam import cameras
    from stylecam.cameras import CameraFault, CameraInfo, LocalCamera

    monkeypatch.setattr(cameras, "_connected", lambda: {"id-b": [CameraInfo("id-b", "B", 0, 0)]})
    with pytest.raises(CameraFault) as fault:
        LocalCamera("id-a", "A").open()
    assert fault.value.problem is Problem.missing


# With real threads, the same camera.


def test_closing_ends_the_iteration_even_while_a_read_blocks() -> None:
    camera = FakeCamera.from_script({"width": 32, "height": 24, "events": [{"at": 0.3, "do": "block"}]})
    source = CameraSource(camera)
    frames: list[Frame] = []
    thread = threading.Thread(target=lambda: frames.extend(source))
    thread.start()
    wait_until(lambda: camera.during("block") is not None)
    source.close()
    thread.join(10)
    assert not thread.is_alive()
    given = len(frames)
    camera.release()
    wait_until(lambda: camera.handles == 0)
    assert len(frames) == given
    _wait_for_readers()


def test_while_a_read_blocks_threads_do_not_pile_up() -> None:
    camera = FakeCamera.from_script({"width": 32, "height": 24, "events": [{"at": 0.2, "do": "block"}]})
    source = CameraSource(camera)
    thread = threading.Thread(target=lambda: list(source))
    thread.start()
    wait_until(lambda: source.status.state is SourceState.waiting)
    time.sleep(1.5)  # time for some retries, were there any
    assert camera.opened == 1
    assert _readers() <= 1
    source.close()
    thread.join(10)
    camera.release()
    _wait_for_readers()


def test_recording_across_unplug_and_replug_is_one_file(tmp_path: Path) -> None:
    events = [{"at": 1.0, "do": "unplug"}, {"at": 2.5, "do": "replug"}]
    camera = FakeCamera.from_script({"width": 64, "height": 48, "events": events})
    source = CameraSource(camera)
    news: list[SourceStatus] = []
    pipeline = LivePipeline(on_status=news.append)
    pipeline.painter = FlatPainter(120)
    recorder = Recorder(tmp_path / "a.mp4")
    pipeline.record(recorder)
    pipeline.start(source)
    wait_until(lambda: any(status.problem is Problem.disconnected for status in news))
    wait_until(lambda: source.status.state is SourceState.running and source.status.problem is None)
    frames = recorder.state.frames
    wait_until(lambda: recorder.state.frames > frames + 10)
    assert pipeline.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    times = video_pts(tmp_path / "a.mp4")
    assert times == sorted(set(times))
    # The gap was filled with the last picture.
    assert max(np.diff(times)) < 1.2
    assert times[-1] > 2.5
    _wait_for_readers()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("[]", "expected an object"),
        ("{", "no JSON"),
        ('{"fps": 0}', "fps must be a number from 0.1"),
        ('{"fps": true}', "fps must be a number"),
        ('{"colour": 1}', "unknown colour"),
        ('{"events": [{"at": 1, "do": "explode"}]}', "event 0: expected"),
        ('{"events": [{"do": "size", "width": -1}]}', "width must be a number"),
        ('{"events": 7}', "events must be a list"),
    ],
)
def test_a_script_that_is_wrong_says_where(script: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(script)
    with pytest.raises(SourceOpenError, match=words):
        FakeCamera.from_file(tmp_path / "script.json")
    with pytest.raises(SourceOpenError, match="cannot be read"):
        FakeCamera.from_file(tmp_path / "none.json")


def _readers() -> int:
    return sum(thread.name == "stylecam-camera" for thread in threading.enumerate())


def _wait_for_readers() -> None:
    wait_until(lambda: _readers() == 0)
