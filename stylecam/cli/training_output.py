"""The trainer as a process of its own, and what it says as a person reads it.

The trainer is never imported here: it may take all memory or be killed, and nothing of stylecam falls with it.
Invariant: what it says is believed to be anything at all; a line that is no event, or lacks a field, says nothing.
"""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import typer

from stylecam.bundled import child_environment
from stylecam.cli.common import say
from stylecam.errors import TrainError
from stylecam.runcontrol import finite
from stylecam.signals import HANG_UP, STOP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["Narrator", "ask_trainer", "duration", "event_line", "follow_trainer", "trainer_command"]

_STEPS_TOLD_EVERY_S: Final = 20.0
"""Where lines stay, as in a log; a terminal has one line that changes."""

_PHASES: Final = {
    "photographs": "looking through the photographs",
    "base": "choosing what to start from",
    "reconstruction": "learning to see, before it paints",
    "painting": "learning to paint",
    "finishing": "measuring, and making the style",
}


def trainer_command(arguments: Sequence[str]) -> list[str]:
    """What starts the trainer. -P: a file of the folder one stands in is never taken for it."""
    return [sys.executable, "-P", "-m", "trainer", *arguments]


def follow_trainer(arguments: Sequence[str], *, quiet: bool, as_json: bool) -> int:
    """Run the trainer to its end; returns its exit code. Signals are handed on, and the trainer ends in good order.

    The style's path goes to stdout, all else to stderr; as JSON, the trainer's own lines go to stdout.
    """
    handed_on: list[int] = []
    early: list[int] = []
    process: subprocess.Popen[str] | None = None

    def hand_on(number: int, _frame: FrameType | None) -> None:
        handed_on.append(number)
        if sys.platform == "win32" and number == signal.SIGINT:
            return  # one console: the trainer has had its Ctrl-C, and cannot be sent another
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    narrator = Narrator()
    path = ""
    previous = {number: signal.signal(number, hand_on) for number in (*STOP, *HANG_UP)}
    try:
        # A session of its own: Ctrl-C reaches the trainer once, from here, and not a second time from the terminal.
        process = subprocess.Popen(
            trainer_command(arguments),
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            env=child_environment(),
        )
        for number in early:
            process.send_signal(number)
        assert process.stdout is not None
        for line in process.stdout:
            event = _event(line)
            if event.get("event") in ("finished", "exported"):
                path = str(event.get("path", ""))
            if as_json:
                typer.echo(line, nl=False)
            elif not quiet:
                narrator.tell(event)
        code = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        narrator.end_line()
        if process is not None:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
    if path and not (code or quiet or as_json):
        typer.echo(path)
    if code < 0 and -code not in handed_on:
        say(f"error: {_killed(code)}; what it came to until its last checkpoint is kept")
    return code if code >= 0 else 128 - code


def ask_trainer(arguments: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON objects that a short command of the trainer prints; its errors go to stderr as they are.

    Raises:
        typer.Exit: the trainer refused, with its own exit code.
        TrainError: it was killed, or said nothing.
    """
    process = subprocess.run(
        trainer_command(arguments), stdout=subprocess.PIPE, text=True, errors="replace", env=child_environment()
    )
    if process.returncode < 0:
        raise TrainError(_killed(process.returncode))
    if process.returncode:
        raise typer.Exit(process.returncode)
    if not (answers := [answer for line in process.stdout.splitlines() if (answer := _object(line))]):
        raise TrainError("the trainer ended without an answer; set STYLECAM_DEBUG=1 and try again to see more")
    return answers


def _killed(code: int) -> str:
    return f"the trainer was ended by signal {-code} (out of memory?)"


@dataclass(slots=True)
class Narrator:
    """Tells events on stderr, one line each; on a terminal, the line that counts changes in place."""

    _told_at: float = -math.inf
    _line_open: bool = False

    def tell(self, event: dict[str, Any]) -> None:
        text = event_line(event)
        if not text:
            return
        if event["event"] not in ("step", "measuring"):
            self.end_line()
            say(text)
        elif sys.stderr.isatty():
            columns = shutil.get_terminal_size().columns
            with contextlib.suppress(OSError):
                typer.echo(f"\r{text[: columns - 1]}\x1b[K", nl=False, err=True)
            self._line_open = True
        else:
            now = finite(event.get("time"), math.inf)
            if event.get("step", 0) >= event.get("steps", math.inf) or now >= self._told_at + _STEPS_TOLD_EVERY_S:
                self._told_at = now
                say(text)

    def end_line(self) -> None:
        """Leave the line that changes as it is, and go on below it."""
        if self._line_open:
            self._line_open = False
            say("")


def event_line(event: dict[str, Any]) -> str:
    """An event as a person reads it; empty for what only programs need, and for what is no event."""
    try:
        return _line(event)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return ""


def _line(event: dict[str, Any]) -> str:
    match event["event"]:
        case "phase":
            text = _PHASES[event["phase"]]
            return f"{event['variant']}: {text}" if event.get("variant") else text
        case "base":
            near = sorted(event.get("distances", {}).items(), key=lambda item: float(item[1]))
            far = f" (nearest: {', '.join(f'{name} {distance:.2f}' for name, distance in near[:4])})" if near else ""
            return f"starts from {event['name']}{far}" if event["name"] else "starts from chance"
        case "started":
            of = f", network {event['network']} of {event['networks']}" if event.get("networks", 1) > 1 else ""
            photographs = f"{event['photographs']} photographs to learn on"
            lines = [f"{event['variant']} on {event['device']}{of}, {photographs}, from step {event['step']}"]
            return "\n".join([*lines, *(f"skipped {skip['path']}: {skip['reason']}" for skip in event["skipped"])])
        case "step":
            if event["style"] == 0:
                return f"step {event['step']:d}/{event['steps']:d}  learning to see, before it paints"
            return (
                f"step {event['step']:d}/{event['steps']:d}  content {event['content']:.3f}  "
                f"style {event['style']:.3f}  {duration(event['seconds_left'])} left"
            )
        case "preview":
            return f"preview: {event['path']}"
        case "held_out":
            return (
                f"held out: content {event['content']:.3f}, style {event['style']:.3f}, flicker {event['flicker']:.2f}"
            )
        case "measuring":
            return f"{event['variant']}: measuring on photograph {event['number']:d} of {event['count']:d}"
        case "emphasis":
            shares = ", ".join(f"{key} ×{event[key]:g}" for key in ("style", "content", "steady"))
            return f"from step {event['step']} on: {shares}"
        case "rolled_back":
            return f"the loss became non-finite at step {event['step']}: back to step {event['to_step']}, slower"
        case "paused":
            return f"paused at step {event['step']}"
        case "resumed":
            return f"goes on at step {event['step']}"
        case "report":
            return _report(event)
        case "cancelled":
            return f"cancelled at step {event['step']}"
        case "notice" | "stopped":
            return str(event["text"])
        case _:  # failed: the trainer says that on stderr; finished and exported: the path goes to stdout
            return ""


def _report(event: dict[str, Any]) -> str:
    figures = [
        ("content", "{:.3f}", "content {}"),
        ("style", "{:.3f}", "style {}"),
        ("flicker", "{:.2f}", "flicker {}"),
        ("half_db", "{:.0f}", "float16 {} dB"),
        ("milliseconds", "{:.0f}", "{} ms a picture of 640×480"),
    ]
    told = [words.format(digits.format(event[key])) for key, digits, words in figures if event.get(key) is not None]
    spread = event.get("spread")
    flat = "; it paints next to nothing but one colour" if spread is not None and spread < 0.01 else ""
    return f"{event['variant']}: {', '.join(told)}{flat}"


def duration(seconds: float) -> str:
    """``"1 h 05 min"``, ``"2 min 03 s"``, ``"41 s"``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _event(line: str) -> dict[str, Any]:
    """An event; the empty object for any other line."""
    value = _object(line)
    return value if isinstance(value.get("event"), str) else {}


def _object(line: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(line)
        if isinstance(value, dict):
            return value
    return {}
