"""What the times of painted frames tell of the swaps among them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import stylecam.benching.swapping as module
from stylecam.benching.swapping import PaintedFrame, Swap, measure_swaps, swap_figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.benching.plan import Bench


def _frames(looks: str, *, slow: dict[int, float] | None = None) -> list[PaintedFrame]:
    """One frame a tenth of a second, painted in a fiftieth; `slow` tells which take longer, by how much."""
    extra = slow or {}
    return [PaintedFrame(at / 10, at / 10 + 0.02 + extra.get(at, 0.0), look) for at, look in enumerate(looks)]


def test_the_first_frame_of_a_style_is_held_against_the_usual_one() -> None:
    found = swap_figures(_frames("aaaabbbb", slow={4: 0.003}), [Swap(0.15, 0.35)])
    assert found["first_frame_extra_ms"]["median"] == pytest.approx(3)
    assert found["between_extra_ms"]["median"] == pytest.approx(0, abs=1e-6)
    assert found["swap_ms"]["median"] == pytest.approx(3)
    assert found["set_style_ms"]["median"] == pytest.approx(200)
    assert found["usual_interval_ms"] == pytest.approx(100)
    assert found["first_frame_extra_ms"]["count"] == 1


def test_a_pause_while_the_style_is_made_is_the_longest_interval() -> None:
    frames = _frames("aaaa") + [PaintedFrame(f.began + 0.55, f.ended + 0.55, "b") for f in _frames("bbbb")]
    found = swap_figures(frames, [Swap(0.3, 0.5)])
    assert found["longest_interval_ms"]["median"] == pytest.approx(250)


def test_every_swap_counts_by_itself() -> None:
    found = swap_figures(_frames("aabbaa", slow={2: 0.001, 4: 0.005}), [Swap(0.1, 0.15), Swap(0.3, 0.35)])
    assert found["first_frame_extra_ms"]["count"] == 2
    assert found["first_frame_extra_ms"]["median"] == pytest.approx(3)


def test_without_a_swap_there_are_no_figures() -> None:
    assert swap_figures(_frames("aaaa"), [Swap(0.1, 0.2)]) == {}
    assert swap_figures(_frames("aabb"), []) == {}


def test_both_networks_swap_in_the_running_pipeline(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CALM_S", 0.1)
    rows = measure_swaps(make_bench()).rows
    # `other` has no full network: the style itself is taken again, which is a swap, too.
    assert [row["variant"] for row in rows] == ["fast", "full"]
    for row in rows:
        assert row["first_frame_extra_ms"]["count"] == 2
        assert row["left_out"] >= 0


def test_a_stop_ends_the_swaps(make_bench: Callable[..., Bench]) -> None:
    stop = threading.Event()
    stop.set()
    assert measure_swaps(make_bench(stop=stop)).rows == []
