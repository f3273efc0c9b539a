"""Words that several parts of the window say alike: errors as sentences, counts, times gone by and times to come."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

__all__ = ["clock", "counted", "duration", "sentence", "time_range"]


def sentence(text: str) -> str:
    """An error's text as it stands in a dialog; a name at its beginning is left as it is."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    begun = text[:1].upper() + text[1:] if first.isalpha() else text
    return begun if begun.endswith((".", "!", "?", "…")) else f"{begun}."


def counted(number: object) -> str:
    """As "1,500"; what is no number stays as it is."""
    return f"{number:,}" if isinstance(number, int) else str(number)


def clock(seconds: float) -> str:
    """As "0:34" or "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """As exact as a forecast is: "40 s", "7 min", "2 h 20 min"."""
    if seconds < 90:
        return _tr("{n} s").format(n=max(1, round(seconds) if seconds < 10 else 5 * round(seconds / 5)))
    minutes = round(seconds / 60)
    if minutes < 100:
        return _tr("{n} min").format(n=minutes)
    hours, minutes = divmod(10 * round(minutes / 10), 60)
    told = _tr("{hours} h {minutes} min") if minutes else _tr("{hours} h")
    return told.format(hours=hours, minutes=minutes)


def time_range(least: float, most: float) -> str:
    """Between the least and the most seconds: "40–60 s", "7–9 min", "1.5–2 h"."""
    if most < 90:
        low, high = 10 * math.floor(least / 10), 10 * math.ceil(most / 10)
        return _tr("{low}–{high} s").format(low=max(1, low), high=max(high, 10))
    if most < 100 * 60:
        low, high = max(1, round(least / 60)), math.ceil(most / 60)
        told = _tr("about {high} min") if low >= high else _tr("{low}–{high} min")
        return told.format(low=low, high=high)
    unit = 0.5 if most < 10 * 3600 else 1.0
    low_h, high_h = max(1, round(least / 3600 / unit)) * unit, math.ceil(most / 3600 / unit) * unit
    told = _tr("about {high} h") if low_h >= high_h else _tr("{low}–{high} h")
    return told.format(low=f"{low_h:g}", high=f"{high_h:g}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Words", text)
