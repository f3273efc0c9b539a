"""Section: the result of one subject, as rows that JSON holds in full and a table shows in short."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MISSING", "Column", "Row", "Section", "number", "plain", "size", "spread_of"]

Row: TypeAlias = "Mapping[str, Any]"
"""One thing that was measured: JSON values by name. A spread is a mapping, a size a list of width and height."""

MISSING = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a section's table."""

    head: str
    text: Callable[[Row], str]


@dataclass(slots=True)
class Section:
    """What was measured of one subject, and what is to be known about it."""

    name: str
    """What `--only` calls it."""
    title: str
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = True
    """False if it was stopped before its end."""

    @property
    def heads(self) -> list[str]:
        return [column.head for column in self.columns]

    def cells(self) -> list[list[str]]:
        """The table's text, row by row."""
        return [[column.text(row) for column in self.columns] for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {"title": self.title, "complete": self.complete, "rows": list(self.rows), "notes": list(self.notes)}


def plain(key: str) -> Callable[[Row], str]:
    """The value as it is."""
    return lambda row: MISSING if row.get(key) is None else str(row[key])


def number(key: str, digits: int = 1, unit: str = "") -> Callable[[Row], str]:
    """The value with so many decimals."""
    return lambda row: MISSING if row.get(key) is None else f"{row[key]:,.{digits}f}{unit}"


def size(key: str) -> Callable[[Row], str]:
    """Width × height."""
    return lambda row: MISSING if row.get(key) is None else f"{row[key][0]}×{row[key][1]}"


def spread_of(key: str, digits: int = 1) -> Callable[[Row], str]:
    """Median, and the quartiles in brackets where there is more than one value."""

    def text(row: Row) -> str:
        value = row.get(key)
        if value is None:
            return MISSING
        median, low, high = (f"{value[name]:,.{digits}f}" for name in ("median", "low", "high"))
        return f"{median} ({low}–{high})" if value["count"] > 1 else median

    return text
