"""What is wanted of a run before its first step: looked for between the parts of getting ready, which take minutes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from stylecam.runs import read_control

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainer.events import EventLog

__all__ = ["EndedEarlyError", "heed_early"]

_LOOK_AGAIN_S: Final = 0.2


class EndedEarlyError(Exception):
    """It was told to end before its first step, and that has been said."""


def heed_early(run: Path, events: EventLog, stop: Callable[[], bool]) -> None:
    """Go on where nothing else is wanted; wait while the run is to pause.

    Raises:
        EndedEarlyError: a signal, or a wish to cancel or to keep: there is nothing to keep yet.
    """
    paused = False
    while (wish := "stop" if stop() else read_control(run).state) == "pause":
        if not paused:
            events.emit("paused", **_where(run))
            paused = True
        time.sleep(_LOOK_AGAIN_S)
    if wish == "run":
        if paused:
            events.emit("resumed", **_where(run))
        return
    if wish == "cancel":
        events.emit("cancelled", **_where(run))
    elif where := _where(run):
        text = "stopped before its first step, with nothing to keep yet: begin it anew"
        events.emit("stopped", text=text, **where)
    else:
        events.emit("stopped", text="stopped before it went on; resumed, it goes on from there")
    raise EndedEarlyError(wish)


def _where(run: Path) -> dict[str, int]:
    """Step 0, unless it has begun: then its own last step stays what was said of it."""
    return {} if any(run.glob("*/checkpoint-*.safetensors")) else {"step": 0}
