"""Training steps: the trainer's own process, as `stylecam train` starts it, and the times that it reports.

Another loop is another command that prints the same events: give `measure_training` its line beside ours.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stylecam.benching.children import Worker, python
from stylecam.benching.rounds import StoppedError, spread
from stylecam.benching.sections import Column, Section, number, plain, spread_of
from stylecam.bundled import bundled_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stylecam.architecture import Variant
    from stylecam.benching.plan import Bench

__all__ = ["measure_training", "our_loops"]

_COLUMNS = (
    Column("loop", plain("name")),
    Column("ms a step", spread_of("ms", 0)),
    Column("steps/s", number("per_second", 2)),
    Column("over steps", plain("steps")),
    Column("note", plain("note")),
)


def measure_training(bench: Bench, loops: Mapping[str, Sequence[str]] | None = None) -> Section:
    """The pace of each loop.

    Args:
        bench: what to measure with.
        loops: command lines by name, each of which prints events as `trainer.events` has them, of which `step` with
            `time`, `step` and `steps` are read. By default `our_loops`, in a folder that is deleted.
    """
    section = Section("training", "Training steps", _COLUMNS)
    with tempfile.TemporaryDirectory() as name:
        for title, command in (our_loops(bench, Path(name)) if loops is None else loops).items():
            if bench.stop.is_set():
                break
            row = _run(title, command, bench)
            if row:
                section.rows.append(row)
    section.notes.append(
        "Crops, batch and losses as the trainer's presets have them, all losses on, from the bundled candy on the "
        "bundled photographs. Each time is from one report of the trainer to its next, some two seconds later: "
        "warming up and the odd preview do not count in the median."
    )
    return section


def our_loops(bench: Bench, folder: Path) -> dict[str, list[str]]:
    """The trainer's command for each variant, to run in a folder of its own."""
    return {f"stylecam, {variant}": _command(bench, folder, variant) for variant in bench.variants}


def _command(bench: Bench, folder: Path, variant: Variant) -> list[str]:
    options = {
        "--name": "bench",
        "--run": str(folder / variant),
        "--out": str(folder / f"{variant}-out"),
        "--variant": variant,
        "--base": str(bench.style.path),
        "--device": bench.device.label,
        "--steps": str(bench.training_steps),
        "--content": "bundled",
        "--style-rise": "0",
        "--consistency-start": "0",
    }
    words = [word for option in options.items() for word in option]
    return python("-m", "trainer", "new", str(bundled_path("demo.jpg")), *words)


def _run(title: str, command: Sequence[str], bench: Bench) -> dict[str, Any] | None:
    """Follows the events to the last step; the rest of the run is not waited for."""
    reports: list[tuple[int, float]] = []
    steps = 1
    bench.say(f"{title}: starting")
    with Worker(command, bench.stop) as worker:
        try:
            while not reports or reports[-1][0] < steps:
                event = worker.ask()
                if event.get("event") == "failed":
                    return {"name": title, "note": f"failed: {event.get('text', '')}"}
                if event.get("event") == "step":
                    steps = event["steps"]
                    reports.append((event["step"], event["time"]))
                    bench.say(f"{title}: step {event['step']} of {steps}")
        except StoppedError:
            pass
        except Exception as error:
            return {"name": title, "note": f"failed: {error}"}
    taken = spread([(t2 - t1) / (n2 - n1) for (n1, t1), (n2, t2) in itertools.pairwise(reports) if n2 > n1])
    if taken is None:
        return {"name": title, "note": "too few steps to tell"} if reports else None
    return {
        "name": title,
        "ms": taken.scaled(1000, 1),
        "per_second": round(1 / taken.median, 3),
        "steps": reports[-1][0],
    }
