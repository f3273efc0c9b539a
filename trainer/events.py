"""What a run says: one JSON object a line, to standard output and to `events.jsonl` in the run's folder.

Every object has `event` and `time` (seconds since the epoch). The kinds and their further fields:

    started        variant, steps, step (where it goes on from), device, photographs, skipped
    step           step, steps, content, style, tv, consistency, total, learning_rate, seconds_per_step, seconds_left
    held_out       step, content, style, flicker
    preview        step, path
    checkpoint     step, path
    rolled_back    step, to_step, learning_rate
    notice         text
    finished       step, seconds, path
    failed         text
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["EventLog"]


@dataclass(frozen=True, slots=True)
class EventLog:
    """Writes events. A reader that has gone away (a closed window) or a full disk does not end the run."""

    path: Path

    def emit(self, event: str, **fields: object) -> None:
        line = json.dumps({"event": event, "time": round(time.time(), 3), **fields})
        with contextlib.suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
