"""`stylecam export-onnx`: a style's network for programs without stylecam. Loads no torch."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylecam.cli.common import ForceOption, JsonOption, QuietOption

if TYPE_CHECKING:
    from stylecam.architecture import Variant

__all__ = ["Network", "export_onnx"]


class Network(StrEnum):
    """Which of a style's networks is exported."""

    fast = "fast"
    full = "full"


def export_onnx(
    style: Annotated[str, typer.Argument(metavar="STYLE", help="The style's name, as in 'stylecam styles list'.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The model to write, OUT.onnx.")],
    variant: Annotated[
        Network | None, typer.Option(help="The network (default: fast, where the style has it).", show_default=False)
    ] = None,
    uint8: Annotated[
        bool, typer.Option("--uint8", help="Pictures of 8 bits in and out, N×H×W×3; else floats, N×3×H×W, 0 to 255.")
    ] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a style's network as an ONNX model, for ONNX Runtime and others.

    It takes RGB pictures of any size from 16x16 as "picture" and gives "painting", of the same size. Padding and, with
    --uint8, rounding are in the model: nothing is left to do before and after. The style's title, author, licence and
    origin are in its metadata. Needs the package onnx.

    Example: stylecam export-onnx candy --uint8 -o candy.onnx
    """
    from stylecam.onnxexport import check_model_output, export_model
    from stylecam.styles import StyleLibrary

    check_model_output(output, force=force)
    chosen = StyleLibrary()[style]
    lacks_fast = "fast" not in chosen.variants
    taken: Variant = "full" if variant is Network.full or (variant is None and lacks_fast) else "fast"
    export_model(chosen, output, variant=taken, uint8=uint8, force=force)
    if as_json:
        typer.echo(json.dumps({"schema": 1, "output": str(output), "style": style, "variant": taken, "uint8": uint8}))
    elif not quiet:
        typer.echo(output)
