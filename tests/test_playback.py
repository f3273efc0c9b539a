from __future__ import annotations

import itertools
import logging
import os
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pytest

from stylecam.errors import SourceOpenError
from stylecam.frame import Frame
from stylecam.livesource import SourceState
from stylecam.opening import open_source
from stylecam.playback import PacedClip
from stylecam.sources import VideoFileSource
from tests.clips import make_clip, moving, number_in
from tests.live import grey

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", frames=10, size=(96, 64), rate=20, picture=moving)


def test_a_clip_plays_at_its_own_pace_and_begins_again(clip: Path) -> None:
    source = open_source(clip, live=True)
    news: list[SourceState] = []
    source.on_status = lambda status: news.append(status.state)
    frames = list(itertools.islice(source, 25))
    source.close()
    numbers = [number_in(frame.image) for frame in frames]
    assert set(numbers) == set(range(10))
    assert sum(after < before for before, after in itertools.pairwise(numbers)) >= 1
    times = [frame.pts for frame in frames]
    assert times == sorted(set(times))
    assert times[-1] > 0.9  # 25 frames of 20 a second are more than a second, less what was left out
    assert [frame.index for frame in frames] == list(range(25))
    assert all(frame.captured_at is not None for frame in frames)
    assert news == [SourceState.running]


def test_while_paused_the_picture_stands_and_goes_on_from_there(clip: Path) -> None:
    source = PacedClip(lambda: VideoFileSource(clip), clip)
    stream = iter(source)
    before = [number_in(next(stream).image) for _ in range(3)][-1]
    at = source.position
    source.paused = True
    frames = [next(stream) for _ in range(4)]
    assert [number_in(frame.image) for frame in frames] == [before] * 4
    assert source.position == at
    times = [frame.pts for frame in frames]
    assert times == sorted(set(times))  # a recording goes on
    source.paused = False
    assert 0 < number_in(next(stream).image) - before <= 2
    source.close()
    assert list(stream) == []


def test_it_can_be_begun_again(clip: Path) -> None:
    source = PacedClip(lambda: VideoFileSource(clip), clip)
    stream = iter(source)
    for _ in range(6):
        next(stream)
    assert source.position > 0.1
    source.restart()
    next(stream)
    assert source.position < 0.1
    source.close()


def test_what_cannot_be_opened_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(SourceOpenError):
        open_source(tmp_path / "a.mp4", live=True)
    with pytest.raises(SourceOpenError):
        open_source(tmp_path / "none.mp4", live=True)


def test_closing_ends_a_wait_for_the_next_frame(tmp_path: Path) -> None:
    slow = make_clip(tmp_path / "slow.mp4", frames=3, size=(96, 64), pts=[0, 30, 60])
    source = open_source(slow, live=True)
    thread = threading.Thread(target=lambda: list(source))
    thread.start()
    source.close()
    thread.join(10)
    assert not thread.is_alive()


def test_many_rounds_keep_no_file_open(clip: Path) -> None:
    source = PacedClip(lambda: VideoFileSource(clip), clip)
    stream = iter(source)
    opened = []
    for _ in range(30):
        source.restart()
        next(stream)
        opened.append(len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0)
    source.close()
    assert opened[5] == opened[-1]


class _Clip:
    """A video file whose pictures take so long to decode; each is its number in grey."""

    name, duration = "made up", 1.0

    def __init__(self, played: _PlayedClip) -> None:
        self._played = played
        self.rate = Fraction(played.rate)
        self.notices = ["3 damaged frames of it"]
        self.open = True

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._played.frames):
            self._played.now += self._played.decoding
            yield Frame(grey(index), index / self._played.rate, index)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.open = False


class _PlayedClip:
    """A clip in a time that moves only when somebody waits."""

    def __init__(self, rate: float, frames: int = 10, decoding: float = 0.0) -> None:
        self.rate, self.frames, self.decoding, self.now = rate, frames, decoding, 1000.0
        self.clips: list[_Clip] = []
        self.source = PacedClip(self._open, Path("made up"), clock=lambda: self.now, wait=self._sleep)

    def take(self, count: int) -> tuple[list[int], list[float]]:
        """The numbers of so many frames, and when they came."""
        numbers, times = [], []
        for frame in itertools.islice(self.source, count):
            numbers.append(int(frame.image[0, 0, 0]))
            times.append(frame.pts)
        assert times == sorted(set(times))
        assert times[0] == 0
        return numbers, times

    def _open(self) -> VideoFileSource:
        self.clips.append(_Clip(self))
        return self.clips[-1]  # type: ignore[return-value]

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def test_each_frame_comes_when_it_is_due() -> None:
    numbers, times = _PlayedClip(20).take(30)
    assert numbers == 3 * list(range(10))
    assert times == pytest.approx([index / 20 for index in range(30)])


def test_no_frame_is_left_out_for_a_pause() -> None:
    played = _PlayedClip(20)
    stream = iter(played.source)
    numbers = [int(next(stream).image[0, 0, 0]) for _ in range(3)]
    played.source.paused = True
    numbers += [int(next(stream).image[0, 0, 0]) for _ in range(5)]
    played.source.paused = False
    numbers += [int(next(stream).image[0, 0, 0]) for _ in range(4)]
    assert numbers == [0, 1, 2, *(5 * [2]), 3, 4, 5, 6]
    played.source.close()


def test_a_machine_too_slow_shows_fewer_frames_at_the_clip_s_own_pace() -> None:
    numbers, times = _PlayedClip(100, frames=200, decoding=0.009).take(30)
    assert times == pytest.approx([number / 100 for number in numbers], abs=0.02)
    played = _PlayedClip(100, frames=200, decoding=0.02)  # twice as long as a frame stands
    numbers, times = played.take(20)
    assert len(set(np.diff(numbers))) > 1
    assert max(np.diff(times)) < 0.2  # never a long halt


def test_a_long_sleep_of_the_machine_is_not_caught_up_with() -> None:
    played = _PlayedClip(20, frames=100)
    stream = iter(played.source)
    before = [int(next(stream).image[0, 0, 0]) for _ in range(5)]
    played.now += 3600
    after = [int(next(stream).image[0, 0, 0]) for _ in range(3)]
    assert before + after == list(range(8))
    played.source.close()


def test_where_the_next_picture_is_far_off_the_last_one_is_given_again() -> None:
    """So that a change of style shows, and so that starting again and pausing are heard."""
    played = _PlayedClip(0.1)
    numbers, times = played.take(25)
    assert numbers == sorted(numbers)
    assert set(numbers) == {0, 1}
    assert max(np.diff(times)) <= 0.7
    assert 9.9 <= times[numbers.index(1)] <= 10.1


def test_a_notice_is_logged_once_however_often_the_clip_is_played(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="stylecam"):
        _PlayedClip(20, frames=2).take(12)
    assert [record.getMessage() for record in caplog.records] == ["3 damaged frames of it"]


def test_a_clip_that_was_never_played_is_closed_too() -> None:
    played = _PlayedClip(20)
    played.source.close()
    assert not played.clips[0].open
    assert list(played.source) == []


def test_no_round_leaves_its_file_open() -> None:
    played = _PlayedClip(20, frames=2)
    played.take(9)
    assert len(played.clips) == 5
    assert [clip.open for clip in played.clips] == 5 * [False]


def test_a_file_that_goes_away_between_two_rounds_ends_it_with_an_error(clip: Path) -> None:
    stream = iter(open_source(clip, live=True))
    next(stream)
    clip.unlink()
    with pytest.raises(SourceOpenError, match="does not exist"):
        list(stream)


def test_a_path_is_a_file_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "clip.mp4", frames=3).rename("test")
    for name in ("camera", "7", "nothing"):
        with pytest.raises(SourceOpenError, match="does not exist"):
            open_source(Path(name), live=True)
    with open_source(Path("test")) as source:  # type: ignore[union-attr]
        assert sum(1 for _ in source) == 3


def test_a_word_that_means_nothing_is_answered_with_what_is_possible() -> None:
    with pytest.raises(SourceOpenError, match=r"no file 'webcam'.*camera:NAME"):
        open_source("webcam", live=True)
