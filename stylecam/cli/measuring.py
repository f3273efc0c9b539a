"""`stylecam styles show --measure`: the trainer's report on a style, as a small table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from stylecam.cli.common import say
from stylecam.cli.training_output import ask_trainer
from stylecam.errors import TrainError
from stylecam.runcontrol import finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stylecam.styles import Style

__all__ = ["measure_style", "table_lines"]

_ROWS: Final = (
    ("content loss, held out", "content", "{:.3f}"),
    ("style loss, held out", "style", "{:.3f}"),
    ("flicker, noisy still", "flicker", "{:.2f}"),
    ("flicker, panned picture", "pan_flicker", "{:.2f}"),
    ("float16 against float32", "half_db", "{:.1f} dB"),
    ("frames a second, 640×480", "milliseconds", "{:.1f}"),
)
_MISSING: Final = "–"


def measure_style(style: Style, *, painting: Path | None, content: Path | None, device: str) -> list[dict[str, Any]]:
    """The trainer's report: an object for each network, with `variant` and the figures; None for what cannot be had.

    Raises:
        TrainError: the trainer was killed, or gave no report.
        typer.Exit: it refused, and said why on stderr.
    """
    arguments = ["report", str(style.path), "--device", device]
    if painting is not None:
        arguments += ["--painting", str(painting)]
    if content is not None:
        arguments += ["--content", str(content)]
    if sys.stderr.isatty():
        say(f"measuring {style.name}: about half a minute for each network on a processor")
    reports = [answer for answer in ask_trainer(arguments) if answer.get("variant") in style.variants]
    if not reports:
        raise TrainError(f"the trainer gave no report on {style.name}; install stylecam once more if this stays so")
    return reports


def table_lines(reports: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> list[str]:
    """A table with a column for each network; what could not be measured is as the style's `record` has it."""
    heads = ["measured here", *(str(report["variant"]) for report in reports)]
    rows = [heads]
    for label, key, digits in _ROWS:
        rows.append([label, *(_cell(report, key, digits, record) for report in reports)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cell(report: Mapping[str, Any], key: str, digits: str, record: Mapping[str, Any]) -> str:
    value = finite(report.get(key), -1.0)
    if value >= 0 and key == "milliseconds":
        return digits.format(1000 / max(value, 0.001))
    if value >= 0:
        return digits.format(value)
    trained = record.get(str(report["variant"]))
    scores = trained.get("held_out") if isinstance(trained, dict) else None
    recorded = finite(scores.get(key), -1.0) if isinstance(scores, dict) else -1.0
    return f"{digits.format(recorded)} as recorded" if recorded >= 0 else _MISSING
