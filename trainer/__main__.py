"""`python -m trainer PAINTING --content FOLDER --name NAME`: train a style; prints one JSON event a line.

Everything of a run lies in its folder, one subfolder a network, and the same command goes on where it was stopped.
The first Ctrl-C or SIGTERM writes a checkpoint and ends with 130 or 143.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from stylecam.architecture import VARIANTS
from stylecam.errors import StylecamError, TrainError
from stylecam.styles import StyleLibrary, style_path
from trainer.config import PRESETS, Preset, TrainConfig
from trainer.events import EventLog
from trainer.export import export_style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["main"]

# Set by options of their own, below.
_NAMED = {"painting", "content", "variant", "base"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    parser.add_argument("painting", type=Path, help="the style picture: JPEG, PNG or WebP")
    parser.add_argument("--content", type=Path, required=True, help="a folder of at least 16 photographs to learn on")
    parser.add_argument("--name", required=True, help="the style's name: a-z, 0-9, - and _")
    parser.add_argument("--title", default="", help="as people should read it")
    parser.add_argument("--author", default="", help="who made the picture")
    parser.add_argument("--licence", default="", help="of the style")
    parser.add_argument("--origin", default="", help="where the picture comes from")
    parser.add_argument("--preset", choices=get_args(Preset), default="standard")
    parser.add_argument("--variant", choices=VARIANTS, action="append", help="network to train; may be repeated")
    parser.add_argument("--base", default="", help="style file to start from: a name in the library, or a path")
    parser.add_argument("--run", type=Path, help="the run's folder (default: runs/NAME)")
    parser.add_argument("--out", type=Path, help="folder for the style (default: the user's style folder)")
    parser.add_argument("--vgg", type=Path, help="VGG-16 weights (default: the bundled ones)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--threads", type=int, help="processor threads (default: torch's choice)")
    parser.add_argument("--checkpoint-every", type=int, default=250, metavar="STEPS")
    settings = parser.add_argument_group("settings that a preset would choose")
    for field in fields(TrainConfig):
        if field.name in _NAMED:
            continue
        option = "--" + field.name.replace("_", "-")
        if field.name == "layer_weights":
            settings.add_argument(option, type=float, nargs=4, metavar="W")
        else:
            kind = {int: int, float: float, str: str}[type(field.default)]
            settings.add_argument(option, type=kind, metavar=str(field.default))
    return parser


def _config(arguments: argparse.Namespace, variant: str, base: str) -> TrainConfig:
    values = dict(PRESETS[arguments.preset])
    for field in fields(TrainConfig):
        given = getattr(arguments, field.name, None)
        if field.name not in _NAMED and given is not None:
            values[field.name] = tuple(given) if isinstance(given, list) else given
    try:
        return TrainConfig(
            painting=str(arguments.painting.resolve()),
            content=str(arguments.content.resolve()),
            variant=variant,  # type: ignore[arg-type]
            base=base,
            **values,
        )
    except ValueError as exc:
        raise TrainError(str(exc)) from exc


def main(argv: Sequence[str] | None = None) -> int:
    """Run the training that the arguments describe; returns the exit code."""
    arguments = _parser().parse_args(argv)
    run: Path = arguments.run or Path("runs") / arguments.name
    received: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if received:
            os._exit(128 + number)  # asked twice: now; the newest checkpoint is whole
        received.append(number)

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return _run(arguments, run, received)
    except StylecamError as exc:
        run.mkdir(parents=True, exist_ok=True)
        EventLog(run / "events.jsonl").emit("failed", text=str(exc))
        sys.stderr.write(f"error: {exc}\n")
        return exc.exit_code
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _run(arguments: argparse.Namespace, run: Path, received: list[int]) -> int:
    import torch

    from stylecam.devices import choose_device
    from trainer.loop import train

    library = StyleLibrary()
    out: Path = arguments.out or library.user_folder
    _check_target(style_path(arguments.name, out))
    base = arguments.base
    if base and not Path(base).is_file():
        base = str(library[base].path)
    device = choose_device(arguments.device).label
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    checkpoints = {}
    for variant in arguments.variant or ["fast"]:
        folder = run / variant
        folder.mkdir(parents=True, exist_ok=True)
        config = _config(arguments, variant, base)
        checkpoints[variant] = train(
            config,
            folder,
            EventLog(run / "events.jsonl"),
            vgg_weights=arguments.vgg,
            stop=lambda: bool(received),
            device=device,
            checkpoint_every=arguments.checkpoint_every,
        )
        if received:
            return 128 + received[0]
    export_style(
        checkpoints,
        arguments.name,
        out,
        EventLog(run / "events.jsonl"),
        title=arguments.title,
        author=arguments.author,
        licence=arguments.licence,
        origin=arguments.origin,
        vgg_weights=arguments.vgg,
    )
    return 0


def _check_target(path: Path) -> None:
    """Say now, and not after hours, that the style could not be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise TrainError(f"the folder {path.parent} cannot be made ({exc.strerror}): name another with --out") from exc
    if not os.access(path.parent, os.W_OK):
        raise TrainError(f"the folder {path.parent} may not be written to: name another with --out")


if __name__ == "__main__":
    sys.exit(main())
