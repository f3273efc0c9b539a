from __future__ import annotations

import pytest

from stylecam.meters import Percentiles, RateMeter


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_is_that_of_the_last_moments() -> None:
    clock = _Clock()
    meter = RateMeter(clock=clock)
    assert meter.per_second == 0
    for step in (0.1, 0.1, 0.02, 0.02) * 50:
        clock.now += step
        meter.tick()
    assert meter.per_second == pytest.approx(1 / 0.06, rel=0.05)
    assert meter.count == 200


def test_a_rate_falls_while_nothing_comes_and_ends_at_nought() -> None:
    clock = _Clock()
    meter = RateMeter(clock=clock)
    for _ in range(100):
        clock.now += 0.05
        meter.tick()
    before = meter.per_second
    clock.now += 1.0
    during = meter.per_second
    assert 0 < during < before
    clock.now += 2.0
    assert meter.per_second == 0


def test_percentiles_are_values_that_occurred_among_the_last_ones() -> None:
    values = Percentiles()
    assert values.at(0.5) is None
    for value in range(1000):
        values.add(value)
    assert values.at(0.0) == 760
    assert values.at(0.5) == 880
    assert values.at(1.0) == 999
    values.clear()
    assert values.at(0.5) is None
