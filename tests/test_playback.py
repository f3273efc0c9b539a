from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.errors import SourceOpenError
from stylecam.livesource import SourceState
from stylecam.opening import open_source
from stylecam.playback import PacedClip
from stylecam.sources import VideoFileSource
from stylecam.testpattern import TestPattern
from tests.clips import make_clip, moving, number_in
from tests.live import wait_until

if TYPE_CHECKING:
    from pathlib import Path


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
    got: list[int] = []
    thread = threading.Thread(target=lambda: got.extend(number_in(frame.image) for frame in source))
    source.paused = True
    stream = iter(source)
    paused = [number_in(next(stream).image) for _ in range(5)]
    assert len(set(paused)) <= 2
    source.paused = False
    after = [number_in(next(stream).image) for _ in range(3)]
    assert after[-1] > paused[-1]
    assert after[0] - paused[-1] <= 2
    source.close()
    assert list(stream) == []
    assert not thread.is_alive()


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


def test_the_pattern_is_the_same_everywhere_and_moves() -> None:
    first, second = (list(itertools.islice(TestPattern((160, 120)), 3)) for _ in range(2))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True) if a.index == b.index)
    assert not np.array_equal(first[0].image, first[-1].image)
    assert first[0].size == (160, 120)


def test_the_pattern_keeps_its_beat_and_leaves_out_what_is_late() -> None:
    now = [10.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    source = TestPattern((32, 24), clock=lambda: now[0], sleep=sleep)
    stream = iter(source)
    indexes, times = [], []
    for turn in range(30):
        frame = next(stream)
        indexes.append(frame.index)
        times.append(frame.pts)
        if turn == 10:
            now[0] += 1.0  # the machine was busy
    assert times == sorted(times)
    assert indexes[:11] == list(range(11))
    assert indexes[11] >= 11 + 28
    assert [index / 30 for index in indexes] == pytest.approx(times, abs=1 / 29)
    source.close()
    assert list(stream) == []


def test_a_hundred_rounds_keep_no_file_open(clip: Path) -> None:
    import os

    short = PacedClip(lambda: VideoFileSource(clip), clip)
    stream = iter(short)
    opened = []
    for _ in range(30):
        short.restart()
        next(stream)
        opened.append(len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0)
    short.close()
    wait_until(lambda: True)
    assert opened[5] == opened[-1]
