"""What a style's file tells of its painting and its training, in lines for people.

Invariant: a record is a stranger's JSON. What is not as our trainer writes it is left out, and nothing is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from stylecam.gui.words import counted, duration

if TYPE_CHECKING:
    from stylecam.styles import Style

__all__ = ["style_facts"]


def style_facts(style: Style) -> tuple[str, ...]:
    """The painting, what it was trained from, and how, a line each; empty for a style that tells nothing."""
    lines = [_tr("Painting: {origin}").format(origin=style.origin)] if style.origin else []
    for variant in style.variants:
        line = _training(style.record.get(variant))
        if line:
            lines.append(_tr("Network “{variant}”: {line}").format(variant=variant, line=line))
    if style.base:
        lines.append(_tr("Trained from: {base}").format(base=style.base))
    return tuple(lines)


def _training(entry: Any) -> str:
    """As "1,400 steps in 9 min on 392 photographs"; empty if the trainer did not write this."""
    if not isinstance(entry, dict):
        return ""
    steps, seconds, photographs = (entry.get(key) for key in ("steps", "seconds", "photographs"))
    if not _is_count(steps):
        return ""
    told = _tr("{count} steps").format(count=counted(steps))
    if isinstance(seconds, int | float) and 0 < seconds < 1e9:
        told = _tr("{steps} in {time}").format(steps=told, time=duration(seconds))
    if _is_count(photographs):
        told = _tr("{steps} on {count} photographs").format(steps=told, count=counted(photographs))
    return told


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000_000


def _tr(text: str) -> str:
    return QCoreApplication.translate("StyleFacts", text)
