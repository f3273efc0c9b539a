"""How long a start takes: fresh interpreters, one after another, and whether they loaded torch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from stylecam.benching.children import python, run_child
from stylecam.benching.rounds import Candidate, interleave, spread
from stylecam.benching.sections import Column, Section, plain, spread_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.benching.plan import Bench

__all__ = ["measure_starts"]

_COLUMNS = (
    Column("what", plain("name")),
    Column("ms", spread_of("ms", 0)),
    Column("loads torch", lambda row: "yes" if row["torch"] else "no"),
)
_TIMED: Final = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
_IMPORT: Final = "import stylecam"
_LIBRARY: Final = "import stylecam; stylecam.Stylizer"
_COMMANDS: Final = {"--help": ["--help"], "styles list": ["styles", "list"]}


def measure_starts(bench: Bench) -> Section:
    """The import, by its own clock; the two commands that must answer at once, as whole processes; one with torch."""
    candidates = [
        Candidate("python, and nothing else", _process("-c", "pass")),
        Candidate(_IMPORT, _own(_IMPORT), own_clock=True),
        *(Candidate(f"stylecam {name}", _process("-m", "stylecam", *words)) for name, words in _COMMANDS.items()),
        Candidate(_LIBRARY, _own(_LIBRARY), own_clock=True),
    ]
    statements = {
        "python, and nothing else": "pass",
        _IMPORT: _IMPORT,
        **{f"stylecam {name}": f"from stylecam.cli import main; main({words!r})" for name, words in _COMMANDS.items()},
        _LIBRARY: _LIBRARY,
    }
    times = interleave(candidates, rounds=bench.start_rounds, stop=bench.stop, say=bench.say)
    section = Section("start", "Starts", _COLUMNS)
    for candidate in candidates:
        measured = spread(times[candidate.name])
        if measured is None or bench.stop.is_set():
            continue
        row: dict[str, Any] = {"name": candidate.name, "ms": measured.scaled(1000, 1)}
        row["torch"] = "torch" in _loaded_by(statements[candidate.name])
        section.rows.append(row)
    section.notes.append(
        "Commands are whole processes, from their start to their end; imports are timed inside the process, without "
        "the interpreter's own start."
    )
    return section


def _process(*arguments: str) -> Callable[[], object]:
    return lambda: run_child(python(*arguments))


def _own(statement: str) -> Callable[[], float]:
    return lambda: float(run_child(python("-c", _TIMED.format(statement)))[1])


def _loaded_by(statement: str) -> list[str]:
    """The modules that a fresh interpreter has loaded after a statement, whatever else that prints."""
    _, printed = run_child(
        python("-c", f"import json, sys; {statement}; print(); print(json.dumps(list(sys.modules)))")
    )
    found: list[str] = json.loads(printed.splitlines()[-1])
    return found
