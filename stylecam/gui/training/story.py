"""RunStory: what a training's events, heard one after the other, come to. No Qt here, and nothing is believed unseen.

Invariant: the same events give the same story, whether they come one by one or all at once when a window is opened
again. An event that is unknown, or lacks what its kind has, changes nothing. All are the trainer's but `asked`: the
window has asked for a trainer, which takes a while to speak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["Report", "RunStory"]

_LONGEST_GAP_S: Final = 120.0
"""Between two events of a living trainer; in a longer gap nothing was trained: it was killed, or the lid was shut."""
_ENDS: Final = ("finished", "stopped", "failed", "cancelled")
_SILENT: Final = ("paused", *_ENDS)


@dataclass(frozen=True, slots=True)
class Report:
    """What one network came to; None where it was not measured."""

    variant: str
    content: float | None
    """Relative, on photographs that it was not trained on; so is `style`."""
    style: float | None
    flicker: float | None
    """Of a noisy still: what leaves the network by what enters it."""
    half_db: float | None
    """Of float16 against float32; above 40 no eye sees a difference."""
    milliseconds: float | None
    """For one picture of 640×480 here."""
    spread: float | None
    """0–1; near 0 it paints one flat colour."""


@dataclass(slots=True)
class RunStory:
    """A training as it stands."""

    phase: str = ""
    """ "photographs", "base", "reconstruction", "painting", "finishing"; empty before the first word."""
    variant: str = ""
    network: int = 1
    networks: int = 1
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    """For all networks; None where nothing is foretold."""
    seconds_per_step: float | None = None
    device: str = ""
    photographs: int = 0
    paused: bool = False
    begun: bool = False
    """Whether a first step was made."""
    elapsed: float = 0.0
    """Seconds of training up to the last event, pauses and times between two lives left out."""
    style: float = 1.0
    """The emphasis in force; as are the two below."""
    content: float = 1.0
    steady: float = 1.0
    emphasis_step: int = 0
    held_out: Report | None = None
    """At the last checkpoint."""
    reports: dict[str, Report] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    """The step of each network that was made a style last."""
    measured: tuple[int, int] = (0, 0)
    """Photographs by which the finished network was judged, of how many; (0, 0) where that is not told."""
    phase_since: float = 0.0
    """When the present phase began, as `time.time` tells it; 0 where that is not known."""
    checkpoint: int = 0
    """The step of the last one; 0 for none."""
    finished: Path | None = None
    end: str = ""
    """ "finished", "stopped", "failed" or "cancelled"; empty while it goes on."""
    reason: str = ""
    """Why it failed or stopped."""
    _last: tuple[str, float] = ("", 0.0)

    def hear(self, event: dict[str, Any]) -> None:
        """Let an event change the story."""
        kind = event.get("event")
        if not isinstance(kind, str):
            return
        self._pass_time(kind, _number(event.get("time")))
        if kind in ("phase", "started", "step", "resumed"):
            self.paused, self.finished, self.end, self.reason = False, None, "", ""
        if kind == "asked":
            self.end, self.reason, self.phase = "", "", ""
        if kind in _ENDS:
            self.end, self.paused, self.seconds_left = kind, False, None
        getattr(self, f"_hear_{kind}", _pass)(event)

    @property
    def finishing(self) -> bool:
        """Whether a network is measured, and the style made of it: nothing is learned meanwhile."""
        return self.phase == "finishing"

    def elapsed_at(self, now: float) -> float:
        """Seconds of training until `now` (as `time.time` tells it), while it is being trained."""
        kind, since = self._last
        if not since or kind in _SILENT:
            return self.elapsed
        return self.elapsed + min(max(0.0, now - since), _LONGEST_GAP_S)

    def _pass_time(self, kind: str, time: float | None) -> None:
        if time is None:
            return
        before, since = self._last
        if since and before not in _SILENT and 0 < time - since <= _LONGEST_GAP_S:
            self.elapsed += time - since
        self._last = kind, time

    def _hear_phase(self, event: dict[str, Any]) -> None:
        self.phase = _text(event.get("phase"))
        self.phase_since = _number(event.get("time")) or 0.0
        self.measured = (0, 0)
        self.variant = _text(event.get("variant")) or self.variant

    def _hear_started(self, event: dict[str, Any]) -> None:
        if self.finishing:  # that was the network before
            self.phase = ""
        self._take_place(event)
        self.device = _text(event.get("device")) or self.device
        self.photographs = _whole(event.get("photographs")) or self.photographs

    def _hear_step(self, event: dict[str, Any]) -> None:
        self._take_place(event)
        self.begun = True
        self.seconds_left = _number(event.get("seconds_left"))
        self.seconds_per_step = _number(event.get("seconds_per_step"))

    def _take_place(self, event: dict[str, Any]) -> None:
        self.variant = _text(event.get("variant")) or self.variant
        self.networks = _whole(event.get("networks")) or self.networks
        self.network = _whole(event.get("network")) or self.network
        self.steps = _whole(event.get("steps")) or self.steps
        step = _whole(event.get("step"))
        self.step = step if step is not None else self.step

    def _hear_paused(self, event: dict[str, Any]) -> None:
        self.paused = True

    def _hear_held_out(self, event: dict[str, Any]) -> None:
        self.held_out = _report(event, self.variant)

    def _hear_checkpoint(self, event: dict[str, Any]) -> None:
        self.checkpoint = _whole(event.get("step")) or self.checkpoint

    def _hear_measuring(self, event: dict[str, Any]) -> None:
        number, count = _whole(event.get("number")), _whole(event.get("count"))
        if number is not None and count:
            self.measured = (min(max(1, number), count), count)

    def _hear_report(self, event: dict[str, Any]) -> None:
        report = _report(event, self.variant)
        self.reports[report.variant] = report
        self.measured = (0, 0)

    def _hear_exported(self, event: dict[str, Any]) -> None:
        step = _whole(event.get("step"))
        if step is not None:
            self.made[_text(event.get("variant")) or self.variant] = step

    def _hear_rolled_back(self, event: dict[str, Any]) -> None:
        step = _whole(event.get("to_step"))
        self.step = step if step is not None else self.step

    def _hear_emphasis(self, event: dict[str, Any]) -> None:
        self.style = _number(event.get("style")) or 1.0
        self.content = _number(event.get("content")) or 1.0
        self.steady = _number(event.get("steady")) or 1.0
        self.emphasis_step = _whole(event.get("step")) or 0

    def _hear_finished(self, event: dict[str, Any]) -> None:
        path = _text(event.get("path"))
        self.finished = Path(path) if path else None

    def _hear_stopped(self, event: dict[str, Any]) -> None:
        self.reason = _text(event.get("text"))

    def _hear_failed(self, event: dict[str, Any]) -> None:
        self._hear_stopped(event)


def _pass(event: dict[str, Any]) -> None:
    """An event that the story has no place for."""


def _report(event: dict[str, Any], variant: str) -> Report:
    names = ("content", "style", "flicker", "half_db", "milliseconds", "spread")
    return Report(_text(event.get("variant")) or variant, *(_number(event.get(name)) for name in names))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if known else None  # type: ignore[arg-type]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
