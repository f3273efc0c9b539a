from __future__ import annotations

import itertools

import numpy as np
import pytest

from stylecam.livesource import SourceState
from stylecam.opening import open_source
from stylecam.testpattern import TestPattern


class _Time:
    """A clock that moves when somebody waits, and a little too far, as systems do."""

    def __init__(self) -> None:
        self.now = 10.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + 0.003


def _pattern(size: tuple[int, int]) -> tuple[TestPattern, _Time]:
    time = _Time()
    return TestPattern(size, clock=time.clock, sleep=time.sleep), time


def test_the_pattern_is_the_same_everywhere_and_moves() -> None:
    first, second = (list(itertools.islice(_pattern((160, 120))[0], 4)) for _ in range(2))
    assert [frame.index for frame in first] == [0, 1, 2, 3]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))
    assert all(not np.array_equal(a.image, b.image) for a, b in itertools.pairwise(first))
    assert first[0].size == (160, 120)


def test_it_is_a_source_by_name() -> None:
    source = open_source("test", live=True)
    news: list[SourceState] = []
    source.on_status = lambda status: news.append(status.state)
    stream = iter(source)
    frame = next(stream)
    assert (source.name, frame.size, frame.index, frame.pts) == ("Test pattern", (640, 480), 0, 0.0)
    assert frame.captured_at is not None
    source.close()
    assert list(stream) == []
    assert news == [SourceState.running, SourceState.ended]


def test_it_keeps_its_beat_and_leaves_out_what_is_late() -> None:
    source, time = _pattern((32, 24))
    stream = iter(source)
    indexes, times = [], []
    for turn in range(30):
        frame = next(stream)
        indexes.append(frame.index)
        times.append(frame.pts)
        time.now += 1.0 if turn == 10 else 0.01  # who takes the frames is busy, once for long
    assert times == sorted(set(times))
    assert times[0] == 0
    assert indexes[:11] == list(range(11))
    assert indexes[11] >= 11 + 28
    assert [index / 30 for index in indexes] == pytest.approx(times, abs=1 / 29)
    source.close()
    assert list(stream) == []


def test_it_goes_on_for_hours_with_something_in_every_part_of_the_picture() -> None:
    source, time = _pattern((96, 64))
    stream = iter(source)
    for _ in range(20):
        image = next(stream).image
        assert all(part.std() > 0 for rows in np.vsplit(image, 2) for part in np.hsplit(rows, 2))
        time.now += 1801.7
