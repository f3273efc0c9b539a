"""Another style in the middle of the live picture: what a viewer sees of it, frame by frame.

A style is built and tried beside the painting, which shares its cores with that; then one frame is painted by the old
style and the next by the new. Both costs are shown: frames left out meanwhile, and what the first frame takes more.
"""

from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from stylecam.benching.living import running, wait_for
from stylecam.benching.rounds import spread
from stylecam.benching.sections import Column, Section, number, plain, size, spread_of
from stylecam.stylizer import Stylizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.benching.plan import Bench, LiveCase
    from stylecam.frame import Image
    from stylecam.stylizer import Painted

__all__ = ["PaintedFrame", "Swap", "measure_swaps", "swap_figures"]

_COLUMNS = (
    Column("network", plain("variant")),
    Column("working size", size("size")),
    Column("set_style, ms", spread_of("set_style_ms")),
    Column("first frame: ms more", spread_of("first_frame_extra_ms", 2)),
    Column("between the two: ms more", spread_of("between_extra_ms", 2)),
    Column("the swap, ms", spread_of("swap_ms", 2)),
    Column("longest interval meanwhile, ms", spread_of("longest_interval_ms")),
    Column("usual interval, ms", number("usual_interval_ms")),
    Column("left out in swaps", plain("left_out")),
    Column("left out without", plain("left_out_without")),
)
_CALM_S: Final = 0.7


@dataclass(frozen=True, slots=True)
class PaintedFrame:
    """When one frame was painted, in seconds, and with what."""

    began: float
    ended: float
    look: object


@dataclass(frozen=True, slots=True)
class Swap:
    """When `set_style` was called and came back, in seconds."""

    began: float
    ended: float


class _Watched:
    """A stylizer whose every frame is noted. Appending is all that is shared between threads."""

    def __init__(self, stylizer: Stylizer) -> None:
        self._stylizer = stylizer
        self.frames: list[PaintedFrame] = []

    def paint(self, image: Image) -> Painted:
        began = time.perf_counter()
        painted = self._stylizer.paint(image)
        self.frames.append(PaintedFrame(began, time.perf_counter(), painted.look))
        return painted


def measure_swaps(bench: Bench) -> Section:
    """Several swaps in one run of each case."""
    section = Section("swap", "Another style in the live picture", _COLUMNS)
    for case in bench.swap:
        if bench.stop.is_set():
            break
        if case.variant not in bench.variants:
            continue
        bench.say(f"{case.variant} at {case.size[0]}×{case.size[1]}")
        row = _run(case, bench)
        if row:
            section.rows.append({"variant": case.variant, "size": list(case.size), **row})
    section.notes.append(
        "From a camera of 30 frames a second, at a size where this machine should paint each. 'First frame' is the "
        "first one in the new style against the usual time of a frame; 'between' the pause before it against the usual "
        "pause; the swap is both together. Styles that were set lately are kept ready: the first swap to each is the "
        "dearest. 'Left out' counts camera frames, in all swaps and in as long a time without."
    )
    return section


def swap_figures(frames: Sequence[PaintedFrame], swaps: Sequence[Swap]) -> dict[str, Any]:
    """What the times of frames tell of the swaps among them, as JSON can hold it; empty where there was none."""
    changes = [at for at in range(1, len(frames)) if frames[at].look != frames[at - 1].look]
    if not changes or not swaps:
        return {}
    paints = [frame.ended - frame.began for frame in frames]
    pauses = [later.began - earlier.ended for earlier, later in itertools.pairwise(frames)]
    intervals = [later.ended - earlier.ended for earlier, later in itertools.pairwise(frames)]
    paint, pause = statistics.median(paints), statistics.median(pauses)
    longest = [
        max(
            (
                interval
                for interval, earlier, later in zip(intervals, frames, frames[1:], strict=False)
                if later.ended >= swap.began and earlier.ended <= swap.ended
            ),
            default=0.0,
        )
        for swap in swaps
    ]
    figures = {
        "set_style_ms": spread([swap.ended - swap.began for swap in swaps]),
        "first_frame_extra_ms": spread([paints[at] - paint for at in changes]),
        "between_extra_ms": spread([pauses[at - 1] - pause for at in changes]),
        "swap_ms": spread([paints[at] - paint + pauses[at - 1] - pause for at in changes]),
        "longest_interval_ms": spread(longest),
    }
    return {
        **{name: value.scaled(1000) for name, value in figures.items() if value},
        "usual_interval_ms": round(1000 * statistics.median(intervals), 2),
    }


def _run(case: LiveCase, bench: Bench) -> dict[str, Any]:
    # A copy of the same is another style to a Stylizer.
    other = bench.other if case.variant in bench.other.variants else replace(bench.style)
    stylizer = Stylizer(bench.style, device=bench.device, quality=case.variant)
    watched = _Watched(stylizer)
    swaps: list[Swap] = []
    with running(watched, case, bench.stop) as pipeline:
        began, left_out = time.perf_counter(), pipeline.stats().not_painted
        for index in range(bench.swaps):
            if bench.stop.wait(_CALM_S):
                break
            at = time.perf_counter()
            stylizer.set_style(bench.style if index % 2 else other)
            swaps.append(Swap(at, time.perf_counter()))
            seen = len(watched.frames)
            wait_for(lambda seen=seen: len(watched.frames) > seen + 1, bench.stop)
        seconds, with_swaps = time.perf_counter() - began, pipeline.stats().not_painted - left_out
        bench.stop.wait(seconds)
        without = pipeline.stats().not_painted - left_out - with_swaps
    figures = swap_figures(watched.frames, swaps)
    return figures and {**figures, "left_out": with_swaps, "left_out_without": without}
