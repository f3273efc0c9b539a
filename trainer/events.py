"""What a run says: one JSON object a line, to standard output and to `events.jsonl` in the run's folder.

Every object has `event` and `time` (seconds since the epoch). The kinds and their further fields:

    phase          phase (photographs, base, reconstruction, painting, finishing), variant
    base           name, distances (of every style that was thought of)
    started        variant, network, networks, steps, step (where it goes on from), device, photographs, skipped
    step           variant, network, networks, step, steps, content, style, color, tv, consistency, total,
                   learning_rate, seconds_per_step, seconds_left
    preview        variant, step, path, style (path of a style file)
    held_out       variant, step, content, style, flicker
    measuring      variant, number, count (of photographs; within the phase "finishing")
    checkpoint     variant, step, path
    emphasis       step, style, content, steady
    rolled_back    step, to_step, learning_rate
    paused         step
    resumed        step
    notice         text
    report         variant, content, style, flicker, pan_flicker, half_db, milliseconds, spread
    exported       variant, step, seconds, path
    finished       step, seconds, path
    stopped        step, text
    cancelled      step
    failed         text
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["EventLog"]


@dataclass(frozen=True, slots=True)
class EventLog:
    """Writes events. A reader that has gone away (a closed window) or a full disk does not end the run."""

    path: Path
    silent: bool = False
    """For the processes of a shared training that do not lead."""
    listener: Callable[[dict[str, Any]], None] | None = None

    def emit(self, event: str, **fields: object) -> None:
        if self.silent:
            return
        said = {"event": event, "time": round(time.time(), 3), **fields}
        if self.listener:
            with contextlib.suppress(Exception):  # somebody else's code, and its disk may be full, too
                self.listener(said)
        line = json.dumps(said)
        with contextlib.suppress(OSError), self.path.open("ab+") as file:
            file.write(b"\n" * _is_torn(file) + line.encode() + b"\n")
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


def _is_torn(file: BinaryIO) -> bool:
    """Whether a full disk or a kill left half a line at the end, which must not swallow the next one."""
    if not (end := file.seek(0, os.SEEK_END)):
        return False
    file.seek(end - 1)
    return file.read(1) != b"\n"
