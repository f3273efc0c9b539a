"""How text that somebody else chose, a file's name or a key in it, is shown in a message or a table."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str, *, limit: int = 60) -> str:
    """`text` in quotes, short, with nothing in it that moves a terminal's cursor or turns the writing round."""
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return f"'{short}'" if short.isprintable() else ascii(short)
