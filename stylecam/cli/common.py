"""What several commands share: their options, and the stylizer that these describe."""

from __future__ import annotations

import contextlib
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from stylecam.stylizer import Stylizer

__all__ = [
    "DONE_WITH_LOSSES",
    "DeviceOption",
    "ExactOption",
    "ForceOption",
    "JsonOption",
    "KeepColorsOption",
    "Quality",
    "QualityOption",
    "QuietOption",
    "SizeOption",
    "SteadinessOption",
    "StrengthOption",
    "StyleOption",
    "load_stylizer",
    "parse_size",
    "say",
]


DONE_WITH_LOSSES: Final = 8
"""Exit code: the result is there, but something of the input is not in it."""


class Quality(StrEnum):
    """Which of a style's networks runs."""

    auto = "auto"
    fast = "fast"
    full = "full"


StyleOption = Annotated[
    str,
    typer.Option("--style", "-s", metavar="NAME[:WEIGHT][,NAME:WEIGHT]", help="A style, or a mix of several."),
]
StrengthOption = Annotated[float, typer.Option(min=0.0, max=1.0, help="0 is the picture itself, 1 the painting.")]
KeepColorsOption = Annotated[bool, typer.Option("--keep-colors", help="Keep the picture's own colours.")]
QualityOption = Annotated[
    Quality, typer.Option(help="The network: fast, full, or auto (full on a graphics card, fast on a processor).")
]
SizeOption = Annotated[
    str,
    typer.Option(
        metavar="WxH|native",
        help="The size the network works at, for example 640x360; the output keeps the input's own size.",
    ),
]
SteadinessOption = Annotated[
    int,
    typer.Option(
        min=0,
        max=100,
        help="How much to calm flicker and sensor noise between frames: 0 is not at all, 50 is a good deal.",
    ),
]
DeviceOption = Annotated[str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where the network runs.")]
ExactOption = Annotated[
    bool,
    typer.Option("--exact", help="Compute in float32 even where sixteen bits are faster and look the same."),
]
ForceOption = Annotated[bool, typer.Option("--force", "-f", help="Replace an output that exists.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def say(text: str) -> None:
    """A line on stderr. That nobody can read it any more is no reason to lose the work."""
    with contextlib.suppress(OSError):
        typer.echo(text, err=True)


def parse_size(text: str) -> tuple[int, int] | None:
    """``"640x360"`` as (640, 360), ``"native"`` as None.

    Raises:
        typer.BadParameter: it is neither, or a side is below 16.
    """
    if text == "native":
        return None
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no size; write it like 640x360, or native", param_hint="--size")
    width, height = int(match[1]), int(match[2])
    if min(width, height) < 16:
        raise typer.BadParameter(f"{text} is too small: the network needs at least 16x16", param_hint="--size")
    return width, height


def load_stylizer(
    style: str, *, strength: float, keep_colors: bool, quality: Quality, size: str, device: str, exact: bool
) -> Stylizer:
    """The stylizer that a command's options describe.

    Raises:
        StyleError: no such style, or an unreadable one.
        DeviceError: the device cannot be had.
    """
    working_size = parse_size(size)
    from stylecam.styles import StyleLibrary, parse_mix

    library = StyleLibrary()
    mix = [(library[name], weight) for name, weight in parse_mix(style)]
    from stylecam.stylizer import Stylizer

    return Stylizer(
        mix,
        device=device,
        quality=quality.value,
        strength=strength,
        keep_colors=keep_colors,
        size=working_size,
        exact=exact,
    )
