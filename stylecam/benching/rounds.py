"""Interleaved rounds: A B C A B C … and not A A B B C C, so that what else the machine does falls on all alike.

Invariant: the n-th times of two candidates are neighbours. A ratio is therefore taken round by round, and is worth more
than the ratio of two medians.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

__all__ = ["Candidate", "Spread", "StoppedError", "interleave", "ratio", "spread"]


class StoppedError(Exception):
    """What was being measured was stopped in the middle; its time does not count. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    median: float
    low: float
    """The lower quartile."""
    high: float
    """The upper quartile."""
    least: float
    count: int

    def scaled(self, factor: float, digits: int = 3) -> dict[str, Any]:
        """As JSON can hold it, every figure times `factor`."""
        names = ("median", "low", "high", "least")
        return {**{name: round(factor * getattr(self, name), digits) for name in names}, "count": self.count}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things that are measured side by side."""

    name: str
    run: Callable[[], Any]
    own_clock: bool = False
    """Whether `run` returns the seconds it took: a child process measures itself."""


def spread(values: Sequence[float]) -> Spread | None:
    """Median and quartiles; None without a value."""
    if not values:
        return None
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], values[0], 1)
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high, min(values), len(values))


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Spread | None:
    """Of the rounds' ratios; a round that only one of them has is left out."""
    return spread([above / below for above, below in zip(numerators, denominators, strict=False) if below > 0])


def interleave(
    candidates: Sequence[Candidate],
    *,
    rounds: int,
    stop: threading.Event,
    warm_ups: int = 1,
    clock: Callable[[], float] = time.perf_counter,
    say: Callable[[str], None] = lambda text: None,
    on_failure: Callable[[str, Exception], None] | None = None,
) -> dict[str, list[float]]:
    """Seconds that each took, by name, in the order of the rounds. Once `stop` is set, what there is by then.

    Args:
        candidates: what is measured; each round runs all of them in this order.
        rounds: how often each is measured.
        stop: looked at before every run.
        warm_ups: rounds before that do not count.
        clock: in seconds.
        say: told of each round.
        on_failure: takes the error of a candidate, which is then left out of every further round; without it the error
            is the caller's.
    """
    times: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    running = list(candidates)
    for number in range(-warm_ups, rounds):
        if not running or stop.is_set():
            break
        say(f"round {number + 1} of {rounds}" if number >= 0 else "warming up")
        for candidate in tuple(running):
            if stop.is_set():
                break
            began = clock()
            try:
                own = candidate.run()
            except StoppedError:
                return times
            except Exception as error:
                if on_failure is None:
                    raise
                running.remove(candidate)
                on_failure(candidate.name, error)
                continue
            seconds = float(own) if candidate.own_clock else clock() - began
            if number >= 0:
                times[candidate.name].append(seconds)
    return times
