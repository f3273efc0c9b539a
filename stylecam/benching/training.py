"""Training steps: the trainer's loop with all its losses, and then with those alone that pytorch/examples' loop has.

Each loop is a process that stands still while another one trains, so that they can take turns.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stylecam.benching.children import ChildError, Worker, python
from stylecam.benching.rounds import Candidate, StoppedError, interleave, ratio, spread
from stylecam.benching.sections import Column, Section, number, plain, spread_of
from stylecam.bundled import bundled_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stylecam.architecture import Variant
    from stylecam.benching.plan import Bench

__all__ = ["PLAIN_LOOP", "SAME_LOSSES", "SAME_LOSSES_EXACT", "measure_training", "our_loops", "same_losses"]

PLAIN_LOOP: Final = "pytorch/examples' loop"
SAME_LOSSES: Final = "stylecam, full, the same losses"
SAME_LOSSES_EXACT: Final = "stylecam, full, the same losses, all in float32"

_COLUMNS = (
    Column("loop", plain("name")),
    Column("ms a step", spread_of("ms", 0)),
    Column("steps/s", number("per_second", 2)),
    Column("over steps", plain("steps")),
    Column(f"times as fast as {PLAIN_LOOP}", spread_of("times_as_fast", 2)),
    Column("note", plain("note")),
)
_ENDLESS: Final = "1000000"


def measure_training(bench: Bench, groups: Sequence[Mapping[str, Sequence[str]]] | None = None) -> Section:
    """The pace of each loop.

    Args:
        bench: what to measure with.
        groups: command lines by name, which speak as `trainer.pace` does; those of one group take turns. By default
            `our_loops`, and then `same_losses`, in a folder that is deleted.
    """
    section = Section("training", "Training steps", _COLUMNS)
    with tempfile.TemporaryDirectory() as name:
        for group in [our_loops(bench, Path(name)), same_losses(bench, Path(name))] if groups is None else groups:
            section.rows += _measure(group, bench)
    section.notes.append(
        "Crops, batch and losses as the trainer's presets have them, all losses on, from the bundled candy on the "
        "bundled photographs; each time is the median of a stretch of some seconds. 'The same losses' are those of "
        f"{PLAIN_LOOP} in the trainer's units, and the same in all three: content at relu2_2, Gram matrices at four "
        "layers at full size, smoothness, values out of range; no second scale, no consistency. That loop has the "
        "network and the VGG-16 of pytorch/examples in float32, and reads each photograph from the disk."
    )
    times = {row["name"]: row.get("times_as_fast") for row in section.rows}
    if (found := times.get(SAME_LOSSES)) is not None:
        section.notes.append(
            f"With the same losses, batch and crop, stylecam trains {found['median']:.2f} times as fast as "
            f"{PLAIN_LOOP} ({found['low']:.2f}–{found['high']:.2f})."
        )
    return section


def our_loops(bench: Bench, folder: Path) -> dict[str, list[str]]:
    """The trainer's loop for each variant, with the losses of its presets, each in a folder of its own."""
    always = {"--consistency-start": "0"}
    return {
        f"stylecam, {variant}": _command(bench, "ours", folder / variant, variant, always) for variant in bench.variants
    }


def same_losses(bench: Bench, folder: Path) -> dict[str, list[str]]:
    """Both loops with the losses that both have. Nothing for a style without `full`, the only network of the other."""
    if "full" not in bench.variants:
        return {}
    losses = {"--scales": "1", "--consistency-weight": "0", "--color-weight": "0", "--content-layer": "relu2_2"}
    exact = {**losses, "--vgg-precision": "float32", "--network-precision": "float32"}
    return {
        SAME_LOSSES: _command(bench, "ours", folder / "same", "full", losses),
        PLAIN_LOOP: _command(bench, "plain", folder / "plain", "full", exact),
        SAME_LOSSES_EXACT: _command(bench, "ours", folder / "exact", "full", exact),
    }


def _command(bench: Bench, loop: str, folder: Path, variant: Variant, losses: Mapping[str, str]) -> list[str]:
    options = {
        "--name": "bench",
        "--run": str(folder),
        "--out": str(folder / "out"),
        "--variant": variant,
        "--base": str(bench.style.path),
        "--device": bench.device.label,
        "--steps": _ENDLESS,
        "--content": "bundled",
        "--style-rise": "0",
        **losses,
    }
    words = [word for option in options.items() for word in option]
    return python("-m", "trainer.pace", loop, "new", str(bundled_path("demo.jpg")), *words)


class _Loop:
    """A loop's process, ready."""

    def __init__(self, name: str, worker: Worker, seconds: float) -> None:
        self.name = name
        self.steps = 0
        self._worker = worker
        self._seconds = seconds
        self.greeting = self._ask()

    def run(self) -> float:
        """A stretch; the seconds of a step."""
        took = self._ask(str(self._seconds))["seconds"]
        self.steps += len(took)
        return float(statistics.median(took))

    def _ask(self, line: str = "") -> dict[str, Any]:
        answer = self._worker.ask(line)
        if "failed" in answer:
            raise ChildError(answer["failed"])
        return answer


def _measure(commands: Mapping[str, Sequence[str]], bench: Bench) -> list[dict[str, Any]]:
    """The rows of one group."""
    loops: list[_Loop] = []
    problems: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        for name, command in commands.items():
            bench.say(f"starting {name}")
            try:
                loop = _Loop(name, stack.enter_context(Worker(command, bench.stop)), bench.training_seconds)
            except StoppedError:
                return []
            except Exception as error:
                problems[name] = f"failed: {error}"
                continue
            if loop.greeting not in [other.greeting for other in loops]:  # else it is the same loop by another name
                loops.append(loop)

        def failed(name: str, error: Exception) -> None:
            problems[name] = f"failed: {error}"

        candidates = [Candidate(loop.name, loop.run, own_clock=True) for loop in loops]
        times = interleave(candidates, rounds=bench.training_rounds, stop=bench.stop, say=bench.say, on_failure=failed)
    rows = []
    for loop in loops:
        row: dict[str, Any] = {"name": loop.name, "note": problems.pop(loop.name, f"VGG-16 in {loop.greeting['vgg']}")}
        if (taken := spread(times[loop.name])) is not None:
            row |= {"ms": taken.scaled(1000, 1), "per_second": round(1 / taken.median, 3), "steps": loop.steps}
        if (faster := ratio(times.get(PLAIN_LOOP, []), times[loop.name])) is not None:
            row["times_as_fast"] = faster.scaled(1)
        if taken is not None or "failed" in row["note"]:
            rows.append(row)
    return rows + [{"name": name, "note": note} for name, note in problems.items()]
