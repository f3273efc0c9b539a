"""The subjects in their order, each loaded when its turn comes."""

from __future__ import annotations

import importlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from stylecam.benching.rounds import StoppedError
from stylecam.benching.sections import Section
from stylecam.errors import StylecamError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from stylecam.benching.plan import Bench

__all__ = ["SUBJECTS", "run_subjects"]

SUBJECTS: Final = {
    "network": ("networks", "measure_networks"),
    "peers": ("peers", "measure_peers"),
    "live": ("living", "measure_live"),
    "training": ("training", "measure_training"),
    "export": ("exporting", "measure_exports"),
    "swap": ("swapping", "measure_swaps"),
    "start": ("starting", "measure_starts"),
    "memory": ("memory", "measure_memory"),
}
"""File in this package and function, by the name that `--only` takes; what matters most comes first."""


def run_subjects(bench: Bench, names: Collection[str]) -> Iterator[Section]:
    """The sections one by one, in the order above. When stopped, the one at hand with what it has, and no more.

    A subject that fails as stylecam's errors say becomes a section without rows that tells why.
    """
    began = time.monotonic()
    wanted = [name for name in SUBJECTS if name in names]
    for number, name in enumerate(wanted, 1):
        module, function = SUBJECTS[name]
        if bench.stop.is_set():
            return
        try:
            say = _prefixed(bench, f"{number}/{len(wanted)} {name}", began)
            section = _measure(replace(bench, say=say), module, function)
        except StoppedError:
            return
        except StylecamError as error:
            section = Section(name, name.capitalize(), (), notes=[f"Not measured: {error}"], complete=False)
        section.complete = section.complete and not bench.stop.is_set()
        yield section


def _measure(bench: Bench, module: str, function: str) -> Section:
    found: Section = getattr(importlib.import_module(f"stylecam.benching.{module}"), function)(bench)
    return found


def _prefixed(bench: Bench, name: str, began: float) -> Callable[[str], None]:
    """With how far the run is, and how long it has taken."""

    def say(text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - began), 60)
        bench.say(f"{name} ({minutes}:{seconds:02}): {text}")

    return say
