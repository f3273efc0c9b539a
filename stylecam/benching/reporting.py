"""A whole run, for a program as one object, for a page as tables in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stylecam.benching.machine import busy_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stylecam.benching.sections import Section

__all__ = ["SCHEMA", "Report", "markdown_table"]

SCHEMA: Final = 1
"""Raised when a name in the JSON object changes its meaning or goes."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, where, when and by which words."""

    machine: dict[str, Any]
    command: str
    date: str
    """ISO 8601, UTC."""
    style: str
    sections: Sequence[Section]

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "date": self.date,
            "command": self.command,
            "style": self.style,
            "machine": self.machine,
            "complete": all(section.complete for section in self.sections),
            "sections": {section.name: section.as_json() for section in self.sections},
        }

    def as_markdown(self) -> str:
        parts = [f"`{self.command}` on {self.date}, with the style {self.style}.", self._machine()]
        if busy := busy_note(self.machine):
            parts.append(f"**{busy}**")
        parts.append("In cells: the median, and in brackets the quartiles.")
        for section in self.sections:
            parts.append(f"## {section.title}")
            if not section.complete:
                parts.append("Stopped before its end.")
            if section.rows:
                parts.append(markdown_table(section.heads, section.cells()))
            parts += section.notes
        return "\n\n".join(parts) + "\n"

    def _machine(self) -> str:
        facts = self.machine
        versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        rows = [
            ("processor", f"{facts['cpu'] or 'unknown'}, {facts['cores']} cores, {facts['instructions']}"),
            ("memory", "unknown" if facts["memory_gib"] is None else f"{facts['memory_gib']} GiB"),
            ("device", facts["device"]),
            ("system", facts["system"]),
            ("Python", facts["python"]),
            ("threads of the network", str(facts["threads"])),
            ("load average at the start", "unknown" if facts["load_at_start"] is None else str(facts["load_at_start"])),
            ("packages", versions),
        ]
        return markdown_table(("machine", ""), rows)


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as GitHub shows it; columns after the first are set to the right where they hold figures."""
    lines = [[_cell(text) for text in row] for row in rows]
    rules = [
        "---:" if at and lines and all(_is_figure(line[at]) for line in lines) else "---" for at in range(len(heads))
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in ([_cell(head) for head in heads], rules, *lines))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _is_figure(text: str) -> bool:
    return text[:1].isdigit() or text[:1] in "–-"
