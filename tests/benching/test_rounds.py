"""Interleaved rounds, on a clock that the candidates move themselves."""

from __future__ import annotations

import threading

import pytest

from stylecam.benching.rounds import Candidate, StoppedError, interleave, ratio, spread


class _Machine:
    """A clock and a diary: each candidate takes the seconds it is told to, in its turn."""

    def __init__(self) -> None:
        self.now = 0.0
        self.diary: list[str] = []
        self.stop = threading.Event()

    def candidate(self, name: str, *seconds: float, stop_at: int | None = None) -> Candidate:
        turns = iter(seconds)

        def run() -> None:
            self.diary.append(name)
            self.now += next(turns)
            if self.diary.count(name) == stop_at:
                self.stop.set()

        return Candidate(name, run)

    def interleave(self, *candidates: Candidate, **options: object) -> dict[str, list[float]]:
        return interleave(candidates, stop=self.stop, clock=lambda: self.now, **options)  # type: ignore[arg-type]


def test_candidates_take_turns_and_the_warm_up_does_not_count() -> None:
    machine = _Machine()
    times = machine.interleave(machine.candidate("a", 9, 1, 2), machine.candidate("b", 9, 3, 4), rounds=2)
    assert "".join(machine.diary) == "ababab"
    assert times == {"a": [1, 2], "b": [3, 4]}


def test_every_round_is_told_of() -> None:
    machine, said = _Machine(), list[str]()
    machine.interleave(machine.candidate("a", 1, 1, 1), rounds=2, say=said.append)
    assert said == ["warming up", "round 1 of 2", "round 2 of 2"]


def test_a_stop_leaves_what_was_measured_by_then() -> None:
    machine = _Machine()
    first, second = machine.candidate("a", 9, 1, 2, stop_at=3), machine.candidate("b", 9, 3, 4)
    assert machine.interleave(first, second, rounds=2) == {"a": [1, 2], "b": [3]}
    assert "".join(machine.diary) == "ababa"


def test_a_run_that_was_stopped_in_the_middle_has_no_time() -> None:
    machine = _Machine()

    def stopped() -> None:
        raise StoppedError

    times = machine.interleave(machine.candidate("a", 1), Candidate("b", stopped), rounds=3, warm_ups=0)
    assert times == {"a": [1], "b": []}


def test_a_candidate_that_fails_is_left_out_from_then_on_and_the_others_go_on() -> None:
    machine, failures = _Machine(), list[tuple[str, str]]()

    def failing() -> None:
        machine.diary.append("b")
        raise RuntimeError("no such kernel")

    times = machine.interleave(
        machine.candidate("a", 1, 2, 3),
        Candidate("b", failing),
        rounds=3,
        warm_ups=0,
        on_failure=lambda name, error: failures.append((name, str(error))),
    )
    assert times == {"a": [1, 2, 3], "b": []}
    assert "".join(machine.diary) == "abaa"
    assert failures == [("b", "no such kernel")]
    with pytest.raises(RuntimeError, match="no such kernel"):
        machine.interleave(Candidate("b", failing), rounds=1)


def test_a_candidate_may_bring_its_own_time() -> None:
    machine = _Machine()
    assert machine.interleave(Candidate("child", lambda: 0.25, own_clock=True), rounds=2) == {"child": [0.25, 0.25]}


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    found = spread([5, 1, 4, 2, 3])
    assert found is not None
    assert (found.median, found.low, found.high, found.least, found.count) == (3, 2, 4, 1, 5)
    assert found.scaled(1000) == {"median": 3000, "low": 2000, "high": 4000, "least": 1000, "count": 5}
    single = spread([7])
    assert single is not None
    assert (single.median, single.low, single.high, single.count) == (7, 7, 7, 1)
    assert spread([]) is None


def test_ratios_are_taken_round_by_round() -> None:
    # The machine was three times slower in the second round, for both: the ratio does not know of it.
    found = ratio([2.0, 6.0, 2.2], [1.0, 3.0, 1.1])
    assert found is not None
    assert (found.median, found.low, found.high) == pytest.approx((2, 2, 2))
    assert ratio([1.0, 2.0], []) is None
    unfinished = ratio([3.0, 1.0], [1.5])
    assert unfinished is not None
    assert unfinished.count == 1
