"""`stylecam styles`: which styles there are, what each says of itself, and how one comes and goes.

Listing and showing load no torch: they answer at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stylecam.cli.common import DeviceOption, ForceOption, JsonOption, Quality, QualityOption, QuietOption, say
from stylecam.errors import SinkError, StyleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.frame import Image
    from stylecam.styles import Style, StyleLibrary

__all__ = ["styles"]

styles = typer.Typer(
    help="List, show, import and remove styles.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@styles.command("list")
def list_styles(
    sheet: Annotated[
        Path | None, typer.Option(metavar="PHOTO", help="Paint this picture in every style, on one sheet.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="OUT", help="The sheet to write.")] = None,
    quality: QualityOption = Quality.auto,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the styles: the bundled ones, yours, and those of the folders in STYLECAM_STYLES.

    Example: stylecam styles list --sheet photo.jpg -o sheet.png
    """
    from stylecam.styles import StyleLibrary

    if (sheet is None) != (output is None):
        raise typer.BadParameter("a sheet needs both --sheet PHOTO and -o OUT", param_hint="--sheet")
    library = StyleLibrary(check_weights=sheet is not None)  # a sheet is not given up for one that is damaged
    _name_problems(library, quiet=quiet)
    if sheet is not None and output is not None:
        _write_sheet(library, sheet, output, quality=quality, device=device, force=force)
        typer.echo(json.dumps({"sheet": str(output), "styles": list(library)}) if as_json else output)
    elif as_json:
        problems = [{"path": str(path), "reason": reason} for path, reason in library.problems]
        typer.echo(json.dumps({"styles": [_facts(s) for s in library.values()], "problems": problems}, indent=2))
    else:
        _print_table(library)


@styles.command("show")
def show(
    name: Annotated[str, typer.Argument(help="The style's name, as in 'stylecam styles list'.")],
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure its networks here; takes half a minute and more.")
    ] = False,
    painting: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What it was made from: without, its style loss is as recorded.")
    ] = None,
    content: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Photographs to measure on (default: the bundled picture).")
    ] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Show everything that a style says of itself, its training record too, and with --measure how good it is here.

    Measured are content and style loss (0 is no difference), flicker on a still with noise and on a picture that moves
    (1 is as unsteady as the camera itself), float16 against float32, and frames a second.

    Example: stylecam styles show candy --measure --painting candy.png
    """
    from stylecam.styles import StyleLibrary

    if not measure and (painting, content) != (None, None):
        raise typer.BadParameter("this is for measuring: give --measure, too", param_hint="--painting, --content")
    style = StyleLibrary()[name]
    measured = None
    if measure:
        from stylecam.cli.measuring import measure_style

        measured = measure_style(style, painting=painting, content=content, device=device)
    facts = _facts(style)
    if as_json:
        typer.echo(json.dumps(facts if measured is None else {**facts, "measured": measured}, indent=2))
        return
    record = facts.pop("record")
    if style.base:
        facts["base"] = f"{style.base}: mixes with all that come from it"
    for key, value in facts.items():
        text = value if isinstance(value, str) else ", ".join(value) if isinstance(value, list) else json.dumps(value)
        if text:
            typer.echo(f"{key.replace('_', ' ') + ':':<15}{text}")
    for key, value in record.items():
        typer.echo(f"{key + ':':<15}{_training(value) or json.dumps(value)}")
    if measured is not None:
        from stylecam.cli.measuring import table_lines

        typer.echo("\n".join(["", *table_lines(measured, record)]))
        where = f"photographs of {content}" if content is not None else "the bundled picture"
        typer.echo(f"Measured on {where}; the record's figures are of photographs held out of its training.")


def _training(entry: Any) -> str:
    """What the trainer noted of one network, as a sentence; empty if it is something else."""
    try:
        scores = ", ".join(f"{name} {value:.2f}" for name, value in entry["held_out"].items())
        minutes = round(entry["seconds"] / 60)
        base = entry["settings"].get("base") if isinstance(entry.get("settings"), dict) else ""
        begun = f"from {base}, " if base and isinstance(base, str) else ""
        return (
            f"{begun}{entry['steps']} steps in {minutes} min on {entry['photographs']} photographs; held out: {scores}"
        )
    except (TypeError, KeyError, AttributeError, ValueError):
        return ""


@styles.command("import")
def import_style(
    file: Annotated[Path, typer.Argument(help="A .pth, .model or .safetensors file.")],
    name: Annotated[str, typer.Option(help="The new style's name: a-z, 0-9, - and _.")],
    title: Annotated[str | None, typer.Option(help="Shown in place of the name.")] = None,
    author: Annotated[str, typer.Option(help="Who made it.")] = "",
    licence: Annotated[str, typer.Option(help="Under which licence it may be used, for example CC-BY-4.0.")] = "",
    origin: Annotated[str, typer.Option(help="Where its painting comes from.")] = "",
    bgr: Annotated[
        bool, typer.Option("--bgr", help="The network takes blue, green, red: colours come out swapped without this.")
    ] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a style of a checkpoint of pytorch/examples or pytorch-book, or take in a style file.

    A checkpoint is read as numbers only: a program hidden in it is not run, and the file is refused.

    Example: stylecam styles import mosaic.pth --name mosaic --author "pytorch/examples" --licence BSD-3-Clause
    """
    from stylecam.importers import import_checkpoint
    from stylecam.styles import StyleLibrary

    style = import_checkpoint(
        file, name=name, title=title, author=author, licence=licence, origin=origin, bgr=bgr, force=force
    )
    if as_json:
        typer.echo(json.dumps(_facts(style), indent=2))
    elif not quiet:
        typer.echo(style.path)
    shown = StyleLibrary().get(name)
    if shown is not None and shown.path != style.path:
        say(f"note: {shown.path} has the same name and goes before it; choose another --name to use the new one")


@styles.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="One of your own styles.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Delete a style from your own folder. Bundled styles, and those of STYLECAM_STYLES, stay.

    Example: stylecam styles remove mosaic --yes
    """
    from stylecam.styles import StyleLibrary, style_path

    library = StyleLibrary()
    path = style_path(name, library.user_folder)
    # A dead link or a damaged file is there, too, and can be removed.
    if not (path.exists() or path.is_symlink()):
        style = library[name]
        raise StyleError(f"style {name} is not one of your own and stays: it is {style.path}")
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                "there is no terminal to ask at; give it to delete all the same", param_hint="--yes"
            )
        if not typer.confirm(f"Delete {path}?", err=True):
            return
    try:
        path.unlink()
    except OSError as exc:
        raise SinkError(f"cannot remove {path}: {exc.strerror or exc}") from exc
    if not quiet:
        typer.echo(f"removed {path}", err=True)


def _name_problems(library: StyleLibrary, *, quiet: bool) -> None:
    if not quiet:
        for _, reason in library.problems:
            typer.echo(f"skipped: {reason}", err=True)


def _facts(style: Style) -> dict[str, Any]:
    """What a style says of itself, as JSON can hold it."""
    return {
        "name": style.name,
        "title": style.title,
        "author": style.author,
        "licence": style.licence,
        "variants": list(style.variants),
        "origin": style.origin,
        "origin_sha256": style.origin_sha256,
        "base": style.base,
        "path": str(style.path),
        "record": dict(style.record),
    }


def _print_table(library: StyleLibrary) -> None:
    from stylecam.cli.tables import print_table

    heads = ("name", "title", "networks", "author", "licence")
    print_table(heads, [(s.name, s.title, ", ".join(s.variants), s.author, s.licence) for s in library.values()])


def _write_sheet(
    library: StyleLibrary, photo: Path, output: Path, *, quality: Quality, device: str, force: bool
) -> None:
    from stylecam.pictures import Picture, check_picture_output, read_picture, write_picture
    from stylecam.sheet import contact_sheet

    check_picture_output(output, force=force, source=photo)
    image = read_picture(photo).image
    if not library:
        raise StyleError("there is no style to paint with; import or train one")
    from stylecam.devices import choose_device
    from stylecam.stylizer import Stylizer

    chosen = choose_device(device)

    def make_stylizer(style: Style) -> Callable[[Image], Image]:
        return Stylizer(style, device=chosen, quality=quality.value)

    sheet = contact_sheet(image, list(library.values()), make_stylizer=make_stylizer)
    write_picture(output, Picture(sheet), force=force)
