"""What a training's page says, in words: the phase, the figures, and what happened. Nothing of an event is believed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QCoreApplication

from stylecam.gui.words import clock, duration

if TYPE_CHECKING:
    from stylecam.gui.training.story import RunStory

__all__ = ["held_out_text", "is_slow", "notice_text", "phase_text", "times_text"]

_SKIPPED_TOLD: Final = 5
_FIRST_STEPS: Final = 20
"""Of which some are slow: memory is found, and kernels are chosen."""
_MUCH_MORE: Final = 1.5


def phase_text(story: RunStory) -> str:
    """What it does, and at which step of which network it is."""
    words = {
        "photographs": _tr("Looking at the photographs"),
        "base": _tr("Choosing the style to start from"),
        "reconstruction": _tr("Learning to see"),
        "painting": _tr("Learning to paint"),
        "finishing": _tr("Measuring how it paints, and making the style"),
    }
    text = words.get(story.phase, _tr("Getting ready"))
    if story.paused:
        text = _tr("Paused")
    number, count = story.measured
    if story.finishing and count:
        told = _tr("Measuring how it paints – photograph {number} of {count}; then the style is made")
        return told.format(number=number, count=count)
    if not story.begun or story.phase in ("photographs", "base", "finishing"):
        return _tr("{phase}…").format(phase=text)
    told = _tr("{phase} – step {step} of {steps}")
    if story.networks > 1:
        told = _tr("{phase} – step {step} of {steps}, network {network} of {networks}")
    return told.format(
        phase=text,
        step=f"{story.step:,}",
        steps=f"{story.steps:,}",
        network=story.network,
        networks=story.networks,
    )


def times_text(story: RunStory, now: float, *, with_left: bool, expected_s: float | None = None) -> str:
    """How long it has trained at `now` (as `time.time` tells it), how long it will, on what and where.

    `expected_s` is the most that it was foretold to take: where it will take much more, that is said.
    """
    parts = [_tr("{time} so far").format(time=clock(story.elapsed_at(now)))]
    if story.seconds_left is not None and with_left:
        parts.append(_tr("about {time} left").format(time=duration(story.seconds_left)))
        if is_slow(story, expected_s):
            parts.append(_tr("slower than foreseen: the computer is busy with other things"))
    if story.finishing and story.phase_since and not story.end:
        parts.append(_tr("{time} of it for the style").format(time=clock(max(0.0, now - story.phase_since))))
    if story.photographs:
        parts.append(_tr("{n} photographs").format(n=story.photographs))
    if story.device:
        parts.append(_tr("on {device}").format(device=story.device.upper()))
    return " · ".join(parts)


def is_slow(story: RunStory, expected_s: float | None) -> bool:
    """Whether it will take far more than the most that was foretold; not judged by the first steps."""
    if expected_s is None or story.seconds_left is None or story.step < _FIRST_STEPS:
        return False
    return story.elapsed + story.seconds_left > _MUCH_MORE * expected_s


def held_out_text(story: RunStory) -> str:
    """How well it paints what it does not learn from; empty before the first checkpoint."""
    report = story.held_out
    if report is None or report.content is None or report.style is None:
        return ""
    text = _tr("Unseen pictures: style {style:.3f}, content {content:.2f}")
    text = text.format(content=report.content, style=report.style)
    if report.flicker is not None:
        text += _tr(", flicker {flicker:.1f}").format(flicker=report.flicker)
    return text


def notice_text(event: dict[str, Any]) -> str:
    """What a person should know of an event; empty for most."""
    kind = event.get("event")
    if kind == "notice":
        return str(event.get("text", ""))
    if kind == "rolled_back":
        told = _tr("The losses ran away, so it went back to step {n} and goes on more slowly")
        return told.format(n=event.get("to_step", 0))
    if kind == "base" and event.get("name"):
        return _tr("It starts from “{name}”, the nearest of the styles").format(name=event["name"])
    return _skipped_text(event.get("skipped")) if kind == "started" else ""


def _skipped_text(skipped: object) -> str:
    files = [skip for skip in skipped if isinstance(skip, dict)] if isinstance(skipped, list) else []
    if not files:
        return ""
    names = [f"{Path(str(skip.get('path'))).name} ({skip.get('reason')})" for skip in files[:_SKIPPED_TOLD]]
    told = _tr("{n} pictures were left out: {names}")
    if len(files) > _SKIPPED_TOLD:
        told = _tr("{n} pictures were left out, among them {names}")
    elif len(files) == 1:
        told = _tr("One picture was left out: {names}")
    return told.format(n=len(files), names=", ".join(names))


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainWords", text)
