"""The trainer's command line as words: options, and the settings that they come to. Loads nothing heavy."""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, NoReturn, get_args

from stylecam.architecture import VARIANTS, Variant
from stylecam.errors import TrainError
from stylecam.stylecheck import TEXT_LIMITS
from trainer.config import Precision, Preset, TrainConfig, preset_settings, preset_variants
from trainer.request import Texts

__all__ = ["build_parser", "make_config", "texts_of", "variants_of"]

# Set by options of their own, below.
_NAMED: Final = {"painting", "content", "variant", "painting_sha256", "base"}
_LONGEST_MINUTES: Final = 60 * 24 * 30


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong: the usage alone, of forty options, would fill a screen before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; '{self.prog} --help' lists the options\n")


def build_parser() -> argparse.ArgumentParser:
    """`new`, `resume`, `export`, `estimate` and `report`."""
    parser = _Parser(prog="python -m trainer", description="Train styles; one JSON event a line.")
    commands = parser.add_subparsers(dest="command", required=True)

    new = commands.add_parser("new", help="train a style from a picture; the same command goes on with its run")
    _add_training(new)
    new.add_argument("--name", required=True, help="the style's name: a-z, 0-9, - and _")
    for key in (field.name for field in fields(Texts)):
        new.add_argument(f"--{key}", default="", help=f"the style's {key}, at most {TEXT_LIMITS[key]} characters")
    # torchrun takes --run for an abbreviation of an option of its own.
    new.add_argument("--run", "--folder", type=Path, help="the run's folder (default: NAME among the runs)")
    new.add_argument("--checkpoint-every", type=_positive, metavar="STEPS")
    new.add_argument("--minutes", type=_minutes, help="train for about so long, instead of a preset's steps")
    new.add_argument("--region", type=_region, metavar="X,Y,W,H", help="part of the picture to learn from, in pixels")
    new.add_argument("--tensorboard", action="store_true", help="log for TensorBoard, too, in the run's folder")
    _add_replace(new)
    _add_out(new)

    resume = commands.add_parser("resume", help="go on with a run")
    resume.add_argument("run", type=Path)
    resume.add_argument("--steps", type=_positive, help="train up to this step instead")
    resume.add_argument("--tensorboard", action="store_true")
    resume.add_argument("--name", default="", help="call the style so instead")
    _add_replace(resume)
    _add_device(resume)

    export = commands.add_parser("export", help="make the style of what a run has come to")
    export.add_argument("run", type=Path)
    export.add_argument("--variant", choices=VARIANTS, default="", help="default: the network trained last")
    export.add_argument("--step", type=int, help="of one preview (default: the newest checkpoint)")
    export.add_argument("--name", default="", help="call the style so instead")
    _add_replace(export)
    _add_out(export)
    _add_device(export)

    estimate = commands.add_parser("estimate", help="how long each preset would take here, as one line of JSON")
    _add_training(estimate)

    report = commands.add_parser("report", help="measure a style's networks, one line of JSON each")
    report.add_argument("style", type=Path)
    report.add_argument("--painting", type=Path, help="what it was trained on, for the style loss")
    report.add_argument("--content", type=Path, help="a folder of photographs (default: the bundled ones)")
    report.add_argument("--device", default="auto")
    return parser


def make_config(
    arguments: argparse.Namespace,
    preset: Preset,
    variant: str,
    *,
    base: str = "",
    sha256: str = "",
    content: str = "",
    **found: Any,
) -> TrainConfig:
    """A network's settings: what was given, over what was `found` to suit the device, over what the preset says.

    Raises:
        TrainError: a value is out of range.
    """
    values = {**preset_settings(preset, from_base=bool(base)), **found}
    for field in fields(TrainConfig):
        given = getattr(arguments, field.name, None)
        if field.name not in _NAMED and given is not None:
            values[field.name] = tuple(given) if isinstance(given, list) else given
    try:
        return TrainConfig(
            painting=str(arguments.painting.resolve()),
            content=content,
            variant=variant,  # type: ignore[arg-type]
            painting_sha256=sha256,
            base=base,
            **values,
        )
    except ValueError as exc:
        raise TrainError(str(exc)) from exc


def texts_of(arguments: argparse.Namespace) -> Texts:
    """The style's texts.

    Raises:
        TrainError: one is too long.
    """
    for field in fields(Texts):
        text = getattr(arguments, field.name)
        if len(text) > TEXT_LIMITS[field.name]:
            raise TrainError(
                f"--{field.name} has {len(text)} characters, {TEXT_LIMITS[field.name]} are allowed: shorten it"
            )
    return Texts(**{field.name: getattr(arguments, field.name) for field in fields(Texts)})


def variants_of(arguments: argparse.Namespace, preset: Preset) -> tuple[Variant, ...]:
    """The networks to train, each once: those that were named, else the preset's."""
    return tuple(dict.fromkeys(arguments.variant or preset_variants(preset)))


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("painting", type=Path, help="the style picture: JPEG, PNG or WebP")
    parser.add_argument(
        "--content", default="bundled", help="photographs to learn on: a folder, a video, camera, or bundled (default)"
    )
    parser.add_argument("--preset", choices=get_args(Preset), default="quick")
    parser.add_argument("--variant", choices=VARIANTS, action="append", help="network to train; may be repeated")
    parser.add_argument(
        "--base", default="nearest", help="style to start from: a name, a file, none, or nearest (default)"
    )
    parser.add_argument("--vgg", type=Path, help="VGG-16 weights (default: the bundled ones)")
    _add_device(parser)
    settings = parser.add_argument_group("settings that a preset would choose")
    for field in fields(TrainConfig):
        if field.name in _NAMED:
            continue
        option = "--" + field.name.replace("_", "-")
        if field.name == "layer_weights":
            settings.add_argument(option, type=float, nargs=4, metavar="W")
        elif field.name.endswith("precision"):
            settings.add_argument(option, choices=get_args(Precision), help="default: the faster one here")
        else:
            kind = {int: int, float: float, str: str}[type(field.default)]
            settings.add_argument(option, type=kind, metavar=str(field.default))


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help="auto (default), cpu, cuda or mps")
    parser.add_argument("--threads", type=_positive, help="processor threads (default: torch's choice)")


def _add_replace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--replace", action="store_true", help="replace a style of your own that has this name")


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, help="folder for the style (default: the user's style folder)")


def _positive(text: str) -> int:
    with contextlib.suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {text!r}")


def _minutes(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) <= _LONGEST_MINUTES:
            return value
    raise argparse.ArgumentTypeError(f"expected minutes, above 0 and at most {_LONGEST_MINUTES}, got {text!r}")


def _region(text: str) -> tuple[int, ...]:
    with contextlib.suppress(ValueError):
        if len(numbers := tuple(int(part) for part in text.split(","))) == 4:
            return numbers
    raise argparse.ArgumentTypeError(f"expected X,Y,W,H in whole pixels, got {text!r}")
