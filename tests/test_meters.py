from __future__ import annotations

import pytest

from stylecam.meters import LiveMeters, Percentiles, RateMeter


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


def test_a_pipelines_figures_are_in_milliseconds_and_none_before_there_are_any() -> None:
    clock = _Clock()
    meters = LiveMeters(clock=clock)
    before = meters.stats(not_painted=0, not_shown=0)
    assert (before.camera_fps, before.latency_p50_ms, before.paint_ms, before.source_size) == (0.0, None, None, None)
    for latency in (0.1, 0.2, 0.9):
        clock.now += 0.5
        meters.paint_rate.tick()
        meters.latency.add(latency)
        meters.busy.add(latency / 2)
    meters.sizes = (640, 480), (320, 240)
    stats = meters.stats(not_painted=4, not_shown=5)
    assert (stats.latency_p50_ms, stats.latency_p95_ms, stats.paint_ms) == (200, 900, 100)
    assert (stats.paint_fps, stats.painted, stats.not_painted, stats.not_shown) == (2.0, 3, 4, 5)
    assert (stats.source_size, stats.working_size) == ((640, 480), (320, 240))
