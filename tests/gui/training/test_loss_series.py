"""Losses over the steps: what is kept, how it is smoothed, and what going back takes away."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from stylecam.gui.training.loss_series import LossSeries


def filled(values: list[float]) -> LossSeries:
    series = LossSeries()
    for step, value in enumerate(values, 1):
        series.add(step, value)
    return series


def test_values_are_kept_as_logarithms() -> None:
    series = filled([1.0, 10.0, 0.01])
    assert series.steps == [1, 2, 3]
    assert series.raw == pytest.approx([0, 1, -2])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_a_value_without_a_logarithm_is_passed_over(bad: float) -> None:
    series = filled([5.0, bad, 5.0])
    assert series.steps == [1, 3]
    assert series.smooth == pytest.approx([math.log10(5)] * 2)


def test_the_smoothed_line_begins_at_the_first_value_and_does_not_lean_to_it() -> None:
    series = filled([100.0] + [1.0] * 200)
    assert series.smooth[0] == pytest.approx(2)
    assert series.smooth[1] == pytest.approx(1, abs=0.02), "the mean of two"
    assert series.smooth[200] < 0.02


def test_a_change_is_seen_to_63_percent_after_40_values() -> None:
    series = filled([1.0] * 1000 + [10.0] * 40)
    assert series.smooth[-1] == pytest.approx(1 - math.exp(-1), abs=0.01)


def test_of_many_values_no_more_than_2000_points_stay_and_the_newest_is_one() -> None:
    chance = random.Random(3)
    series = LossSeries()
    for step in range(1, 50_001):
        value = math.exp(chance.gauss(0, 0.3))
        series.add(step, value)
        assert len(series.steps) <= 2000
        assert series.steps[-1] == step
        assert series.raw[-1] == math.log10(value)
    assert len(series.steps) == len(series.raw) == len(series.smooth) > 1000
    gaps = [after - before for before, after in pairwise(series.steps)]
    assert max(gaps) <= 2 * 32, "they lie evenly"
    assert series.steps[0] <= 64


def test_smoothing_is_of_all_values_and_not_only_of_those_that_stay() -> None:
    chance = random.Random(4)
    values = [math.exp(chance.gauss(0, 0.3)) for _ in range(9_000)]
    mean = 0.0
    for value in values:
        mean += (math.log10(value) - mean) / 40
    assert filled(values).smooth[-1] == pytest.approx(mean, abs=1e-9)


def test_a_step_that_is_not_after_the_last_takes_away_what_was_from_there_on() -> None:
    series = filled([1.0] * 50 + [1e6] * 50)
    series.add(51, 1.0)
    assert series.steps == list(range(1, 52))
    assert series.raw == pytest.approx([0] * 51)
    assert series.smooth == pytest.approx([0] * 51, abs=1e-9)
    series.add(51, 10.0)
    assert series.steps == list(range(1, 52))
    assert series.raw[-1] == pytest.approx(1)
    series.add(1, 10.0)
    assert (series.steps, series.raw, series.smooth) == ([1], [1.0], pytest.approx([1.0]))


def test_going_back_counts_where_the_value_itself_is_passed_over() -> None:
    series = filled([1.0] * 10)
    series.add(4, math.nan)
    assert series.steps == [1, 2, 3]


def test_values_go_on_after_going_back_in_a_long_series() -> None:
    series = filled([1.0] * 9_000)
    series.add(5_000, 10.0)
    assert series.steps[-1] == 5_000
    assert series.steps[-2] < 5_000
    for step in range(5_001, 9_001):
        series.add(step, 10.0)
    assert series.steps[-1] == 9_000
    assert series.steps == sorted(set(series.steps))
    assert series.smooth[-1] == pytest.approx(1, abs=0.01)


def test_the_nearest_point_is_found() -> None:
    series = LossSeries()
    for step in (10, 20, 40):
        series.add(step, 1.0)
    assert [series.at(step) for step in (-5, 10, 14, 16, 29, 31, 400)] == [0, 0, 0, 1, 1, 2, 2]
