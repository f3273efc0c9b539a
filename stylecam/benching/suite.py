"""The subjects in their order, each loaded when its turn comes."""

from __future__ import annotations

import importlib
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
    "export": ("exporting", "measure_exports"),
    "live": ("living", "measure_live"),
    "swap": ("swapping", "measure_swaps"),
    "start": ("starting", "measure_starts"),
    "memory": ("memory", "measure_memory"),
    "training": ("training", "measure_training"),
}
"""File in this package and function, by the name that `--only` takes."""


def run_subjects(bench: Bench, names: Collection[str]) -> Iterator[Section]:
    """The sections one by one, in the order above. When stopped, the one at hand with what it has, and no more.

    A subject that fails as stylecam's errors say becomes a section without rows that tells why.
    """
    for name, (module, function) in SUBJECTS.items():
        if name not in names:
            continue
        if bench.stop.is_set():
            return
        try:
            section = _measure(replace(bench, say=_prefixed(bench, name)), module, function)
        except StoppedError:
            return
        except StylecamError as error:
            section = Section(name, name.capitalize(), (), notes=[f"Not measured: {error}"], complete=False)
        section.complete = section.complete and not bench.stop.is_set()
        yield section


def _measure(bench: Bench, module: str, function: str) -> Section:
    found: Section = getattr(importlib.import_module(f"stylecam.benching.{module}"), function)(bench)
    return found


def _prefixed(bench: Bench, name: str) -> Callable[[str], None]:
    return lambda text: bench.say(f"{name}: {text}")
