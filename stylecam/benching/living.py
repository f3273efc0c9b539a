"""The live pipeline as a window runs it, the test pattern its camera: what rate, what delay, what is left out."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from stylecam.benching.rounds import spread
from stylecam.benching.sections import Column, Section, plain, size, spread_of
from stylecam.live import LivePipeline
from stylecam.stylizer import Stylizer
from stylecam.testpattern import TestPattern

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from stylecam.benching.plan import Bench, LiveCase
    from stylecam.live import LivePainter

__all__ = ["measure_live", "running", "wait_for"]

_COLUMNS = (
    Column("network", plain("variant")),
    Column("working size", size("size")),
    Column("painted frames/s", spread_of("painted_per_second", 1)),
    Column("camera frames/s", spread_of("camera_per_second", 1)),
    Column("left out, %", spread_of("percent_left_out", 0)),
    Column("ms a frame", spread_of("paint_ms")),
    Column("delay, median, ms", spread_of("delay_ms")),
    Column("delay, 95 %, ms", spread_of("delay_95_ms")),
)
_FIRST_FRAMES: Final = 3
"""Painted before anything counts: they warm up, or record the size."""
_PATIENCE_S: Final = 60.0


def measure_live(bench: Bench) -> Section:
    """Every case of the plan in turn, and again."""
    cases = [case for case in bench.lives if case.variant in bench.variants]
    stylizers = {v: Stylizer(bench.style, device=bench.device, quality=v) for v in bench.variants}
    found: dict[LiveCase, dict[str, list[float]]] = {case: defaultdict(list) for case in cases}
    for number in range(bench.live_rounds):
        for case in cases:
            if bench.stop.is_set():
                break
            bench.say(f"round {number + 1} of {bench.live_rounds}: {case.variant} at {case.size[0]}×{case.size[1]}")
            for key, value in _run(stylizers[case.variant], case, bench).items():
                found[case][key].append(value)
    section = Section("live", "The live pipeline", _COLUMNS)
    for case in cases:
        spreads = {key: s.scaled(1, 2) for key, values in found[case].items() if (s := spread(values))}
        if spreads:
            section.rows.append({"variant": case.variant, "size": list(case.size), **spreads})
    section.notes.append(
        "The camera is the test pattern, 640×480 at 30 frames a second. A frame that comes while an older one is being "
        "painted is left out; the delay is from the grab to the painting."
    )
    return section


@contextmanager
def running(painter: LivePainter, case: LiveCase, stop: threading.Event) -> Iterator[LivePipeline]:
    """The pipeline at work, warm."""
    problems: list[BaseException] = []
    pipeline = LivePipeline(on_error=problems.append)
    pipeline.painter = painter
    pipeline.size = case.size
    pipeline.start(TestPattern())
    try:
        wait_for(lambda: pipeline.stats().painted >= _FIRST_FRAMES or bool(problems), stop)
        yield pipeline
    finally:
        pipeline.stop()
    if problems:
        raise problems[0]


def wait_for(condition: Any, stop: threading.Event) -> None:
    """Until it holds, or the bench is stopped."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition() and time.monotonic() < deadline and not stop.wait(0.01):
        pass


def _run(stylizer: Stylizer, case: LiveCase, bench: Bench) -> dict[str, float]:
    """One run; nothing if it was stopped."""
    with running(stylizer, case, bench.stop) as pipeline:
        before, began = pipeline.stats(), time.perf_counter()
        if bench.stop.wait(bench.live_seconds):
            return {}
        after, seconds = pipeline.stats(), time.perf_counter() - began
    painted, left_out = after.painted - before.painted, after.not_painted - before.not_painted
    figures = {
        "painted_per_second": painted / seconds,
        "camera_per_second": (painted + left_out) / seconds,
        "percent_left_out": 100 * left_out / max(1, painted + left_out),
        "paint_ms": after.paint_ms,
        "delay_ms": after.latency_p50_ms,
        "delay_95_ms": after.latency_p95_ms,
    }
    return {key: value for key, value in figures.items() if value is not None}
