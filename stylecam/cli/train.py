"""`stylecam train`: start the trainer as a process of its own, and show what it says.

The trainer is never imported here: it may take all memory or be killed, and nothing of stylecam falls with it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stylecam.bundled import child_environment
from stylecam.cli.common import DeviceOption, JsonOption, QuietOption
from stylecam.signals import HANG_UP, STOP

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Network", "Preset", "train"]


class Preset(StrEnum):
    """How long to train."""

    quick = "quick"
    standard = "standard"
    best = "best"


class Network(StrEnum):
    """Which of a style's networks to train."""

    fast = "fast"
    full = "full"


def train(
    context: typer.Context,
    painting: Annotated[Path, typer.Argument(help="The style picture: JPEG, PNG or WebP.")],
    content: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Photographs to learn on: at least 16, better hundreds.")
    ],
    name: Annotated[str, typer.Option(help="The new style's name: a-z, 0-9, - and _.")],
    preset: Annotated[Preset, typer.Option(help="How long to train.")] = Preset.standard,
    variant: Annotated[list[Network] | None, typer.Option(help="Which network to train; may be repeated.")] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where checkpoints and previews go (default: runs/NAME).")
    ] = None,
    device: DeviceOption = "auto",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a new style from a picture.

    Ctrl-C writes a checkpoint and stops; the same command goes on from there. Previews appear in the run's folder.
    Every further option goes to the trainer as it is: `python -m trainer --help` lists them.

    Example: stylecam train painting.jpg --content photos/ --name mystyle --variant fast
    """
    if painting.name.startswith("-"):
        raise typer.BadParameter("name the painting first, then the options", param_hint="PAINTING")
    command = [sys.executable, "-P", "-m", "trainer", str(painting), "--content", str(content), "--name", name]
    command += ["--preset", preset.value, "--device", device]
    for chosen in variant or [Network.fast]:
        command += ["--variant", chosen.value]
    if run is not None:
        command += ["--run", str(run)]
    command += context.args
    raise typer.Exit(_follow(command, quiet=quiet, as_json=as_json))


def _follow(command: list[str], *, quiet: bool, as_json: bool) -> int:
    """Run the trainer to its end; returns its exit code. Signals are handed on, and the trainer ends in good order."""
    handed_on: list[int] = []
    process: subprocess.Popen[str] | None = None

    def hand_on(number: int, _frame: FrameType | None) -> None:
        handed_on.append(number)
        if process is not None:
            process.send_signal(number)

    previous = {number: signal.signal(number, hand_on) for number in (*STOP, *HANG_UP)}
    try:
        # A session of its own: Ctrl-C reaches the trainer once, from here, and not a second time from the terminal.
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=child_environment()
        )
        assert process.stdout is not None
        for line in process.stdout:
            if as_json:
                typer.echo(line, nl=False)
            elif not quiet:
                _show(json.loads(line))
        code = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if process is not None:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
    if code < 0 and -code not in handed_on:
        typer.echo(
            f"error: the trainer was ended by signal {-code} (out of memory?); the same command goes on from its last "
            "checkpoint",
            err=True,
        )
    return code if code >= 0 else 128 - code


def _show(event: dict[str, Any]) -> None:
    text = _line(event)
    if text:
        typer.echo(text, err=event["event"] != "finished")


def _line(event: dict[str, Any]) -> str:
    """An event as a person reads it; empty for what only programs need."""
    kind = event["event"]
    if kind == "started":
        photographs = f"{event['photographs']} photographs to learn on"
        lines = [f"{event['variant']} on {event['device']}, {photographs}, from step {event['step']}"]
        lines += [f"skipped {skip['path']}: {skip['reason']}" for skip in event["skipped"]]
        return "\n".join(lines)
    if kind == "step":
        if event["style"] == 0:
            return f"step {event['step']}/{event['steps']}  learning to see, before it paints"
        return (
            f"step {event['step']}/{event['steps']}  content {event['content']:.3f}  style {event['style']:.3f}  "
            f"{_duration(event['seconds_left'])} left"
        )
    if kind == "held_out":
        return f"held out: content {event['content']:.3f}, style {event['style']:.3f}, flicker {event['flicker']:.2f}"
    if kind == "preview":
        return f"preview: {event['path']}"
    if kind == "rolled_back":
        return f"the loss became non-finite at step {event['step']}: back to step {event['to_step']}, slower"
    if kind == "finished":
        return str(event["path"])
    return str(event["text"]) if kind == "notice" else ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
