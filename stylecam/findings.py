"""What a check of the doctor's comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["AGAIN", "PIP", "Finding", "State"]

State = Literal["good", "note", "bad"]
"""In order, worth knowing, does not work."""

PIP: Final = "python -m pip install"
AGAIN: Final = f"{PIP} --force-reinstall --no-deps stylecam"
"""The remedy where something that came with stylecam is missing or damaged."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check came to."""

    name: str
    state: State
    words: str
    remedy: str = ""
    """The command that mends it, or what else does; empty where nothing needs to be."""
