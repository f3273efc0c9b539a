"""`python -m trainer PAINTING --content FOLDER --name NAME`: train a style; prints one JSON event a line.

Everything of a run lies in its folder, one subfolder a network, and the same command goes on where it was stopped.
The first Ctrl-C or SIGTERM writes a checkpoint and ends with 130 or 143.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from stylecam.architecture import VARIANTS
from stylecam.errors import OutputExistsError, SinkError, SourceOpenError, StylecamError, TrainError
from stylecam.signals import HANG_UP, STOP, StopSignals
from stylecam.stylecheck import TEXT_LIMITS
from stylecam.styles import StyleLibrary, read_style, style_path
from trainer.config import PRESETS, Preset, TrainConfig
from trainer.events import EventLog

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

# Set by options of their own, below.
_NAMED = {"painting", "content", "variant", "painting_sha256", "base"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer",
        usage="%(prog)s PAINTING --content FOLDER --name NAME [options]",
        description=__doc__,
    )
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
    parser.add_argument("--threads", type=_positive, help="processor threads (default: torch's choice)")
    parser.add_argument("--checkpoint-every", type=_positive, default=250, metavar="STEPS")
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


def _config(arguments: argparse.Namespace, variant: str, base: str, sha256: str) -> TrainConfig:
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
            painting_sha256=sha256,
            base=base,
            **values,
        )
    except ValueError as exc:
        raise TrainError(str(exc)) from exc


def main(argv: Sequence[str] | None = None) -> int:
    """Run the training that the arguments describe; returns the exit code."""
    arguments = _parser().parse_args(argv)
    with StopSignals(quiet=True, numbers=(*STOP, *HANG_UP)) as signals:
        try:
            return _run(arguments, signals)
        except StylecamError as exc:
            sys.stderr.write(f"error: {exc}\n")
            return exc.exit_code


def _run(arguments: argparse.Namespace, signals: StopSignals) -> int:
    """Everything that can be refused is refused before the first step; then one network after the other."""
    library = StyleLibrary()
    target = style_path(arguments.name, arguments.out or library.user_folder)
    base = _base(arguments.base, library)
    sha256 = _sha256(arguments.painting)
    _check_target(target, sha256)
    texts = {key: getattr(arguments, key) for key in ("title", "author", "licence", "origin")}
    for key, text in texts.items():
        if len(text) > TEXT_LIMITS[key]:
            raise TrainError(f"--{key} has {len(text)} characters, {TEXT_LIMITS[key]} are allowed")
    configs = [_config(arguments, variant, base, sha256) for variant in arguments.variant or ["fast"]]
    run: Path = arguments.run or Path("runs") / arguments.name
    events = EventLog(run / "events.jsonl")

    import torch

    from stylecam.devices import choose_device
    from trainer.export import export_style
    from trainer.loop import train

    device = choose_device(arguments.device).label
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    for config in configs:
        folder = run / config.variant
        _make_folder(folder, "--run")
        try:
            checkpoint = train(
                config,
                folder,
                events,
                vgg_weights=arguments.vgg,
                stop=signals.event.is_set,
                device=device,
                checkpoint_every=arguments.checkpoint_every,
            )
            if signals.exit_code is not None:
                text = f"stopped at step {checkpoint.step} of {config.steps}; the same command goes on from there"
                events.emit("notice", text=text)
                return signals.exit_code
            export_style(checkpoint, target, events, vgg_weights=arguments.vgg, **texts)
        except StylecamError as exc:
            events.emit("failed", text=str(exc))
            raise
    return 0


def _base(wanted: str, library: StyleLibrary) -> str:
    """Path of the style to start from, or nothing; that it holds the networks is seen when each begins."""
    if not wanted:
        return ""
    return wanted if Path(wanted).is_file() else str(library[wanted].path)


def _sha256(painting: Path) -> str:
    try:
        return hashlib.sha256(painting.read_bytes()).hexdigest()
    except OSError as exc:
        raise SourceOpenError(f"the painting {painting} cannot be read ({exc.strerror})") from exc


def _check_target(path: Path, sha256: str) -> None:
    """Say now, and not after hours, that the style could not be written, or would take another one's place."""
    _make_folder(path.parent, "--out")
    if path.exists() and read_style(path).origin_sha256 != sha256:
        raise OutputExistsError(
            f"{path} is a style of another painting and is kept: choose another --name, or remove it first"
        )


def _make_folder(folder: Path, option: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SinkError(f"the folder {folder} cannot be made ({exc.strerror}): name another with {option}") from exc
    if not os.access(folder, os.W_OK):
        raise SinkError(f"the folder {folder} may not be written to: name another with {option}")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


if __name__ == "__main__":
    sys.exit(main())
