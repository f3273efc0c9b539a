"""AutoSize against machines that are made up: seconds a megapixel, plus a fixed part."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest

from stylecam.autosize import AutoSize

if TYPE_CHECKING:
    from collections.abc import Callable

_SOURCE = (1280, 720)


def _machine(seconds_per_megapixel: float, fixed: float = 0.001) -> Callable[[tuple[int, int]], float]:
    rng = random.Random(0)
    return lambda size: (fixed + size[0] * size[1] / 1e6 * seconds_per_megapixel) * rng.uniform(0.95, 1.1)


def _run(auto: AutoSize, machine: Callable[[tuple[int, int]], float], frames: int) -> list[tuple[int, int]]:
    size = auto.size_for(_SOURCE)
    sizes = []
    for _ in range(frames):
        size = auto.after(machine(size), _SOURCE)
        sizes.append(size)
    return sizes


def test_a_fast_machine_works_at_the_source_s_own_size() -> None:
    assert set(_run(AutoSize(24), _machine(0.02), 200)) == {_SOURCE}


@pytest.mark.parametrize("speed", [0.06, 0.12, 0.3, 0.5])
def test_a_slower_machine_ends_at_a_size_that_keeps_the_rate(speed: float) -> None:
    machine = _machine(speed)
    sizes = _run(AutoSize(24), machine, 600)
    last = sizes[-1]
    assert machine(last) < 1.1 / 24
    width, height = last
    assert width % 8 == 0
    assert width / height == pytest.approx(16 / 9, rel=0.01)
    # Not much smaller than it need be: the next one up would not do.
    assert speed * 1.6 * width * height / 1e6 > 0.7 / 24


def test_much_too_slow_is_seen_after_few_frames() -> None:
    sizes = _run(AutoSize(24), _machine(3.0), 6)
    assert sizes[-1] != _SOURCE


def test_a_size_that_failed_is_tried_ever_more_rarely() -> None:
    auto = AutoSize(24)
    # Foretold to fit by a machine whose larger sizes cost more than their pixels.
    sizes = _run(auto, lambda size: 0.02 if size[0] <= 1088 else 0.06, 6000)
    larger = [index for index, size in enumerate(sizes) if size == _SOURCE and index > 20]
    tries = [index for index in larger if index - 1 not in larger]
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert 2 <= len(tries) <= 12
    assert gaps[-1] > 3 * gaps[0] or len(gaps) == 1


def test_other_work_on_the_machine_now_and_then_does_not_keep_the_size_small() -> None:
    """Every minute something else takes the machine for three seconds; between, the size is what it could be."""
    auto, machine = AutoSize(24), _machine(0.02)
    size, native = auto.size_for(_SOURCE), 0
    for frame in range(24 * 600):
        busy = frame % (24 * 60) < 24 * 3
        size = auto.after(machine(size) * (4 if busy else 1), _SOURCE)
        native += size == _SOURCE
    assert native > 0.6 * 24 * 600


def test_when_the_machine_becomes_free_the_size_grows_again() -> None:
    auto = AutoSize(24)
    _run(auto, _machine(0.3), 300)
    assert auto.size_for(_SOURCE) != _SOURCE
    assert _run(auto, _machine(0.01), 3000)[-1] == _SOURCE


def test_another_source_starts_where_the_last_one_was_and_small_ones_stay_as_they_are() -> None:
    auto = AutoSize(24)
    _run(auto, _machine(3.0), 300)
    assert auto.size_for((640, 480)) == (320, 240)
    for small in ((320, 240), (208, 117), (64, 48)):
        assert auto.size_for(small) == small


@pytest.mark.parametrize("source", [(640, 480), (832, 468), (1280, 720), (1920, 1080), (480, 640), (400, 300)])
def test_even_a_hopeless_machine_paints_what_can_be_looked_at(source: tuple[int, int]) -> None:
    auto = AutoSize(24)
    size = auto.size_for(source)
    for _ in range(300):
        size = auto.after(2.0, source)
    assert size[0] * size[1] >= 0.97 * 320 * 240, "its width is a multiple of eight"
    assert size != source


def test_a_rate_of_nought_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        AutoSize(0)
