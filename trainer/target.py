"""Where a run's style goes, and whether its name is free: found out before the first step, and not after hours.

Invariant: no style is replaced that nobody asked to be replaced, and none is hidden by a new one of its name. A bundled
style's name is never free, for the file would stay and the new style would take its place everywhere: in mixes, in
what was set up with it, and as the base of later trainings. So it is not replaced but hidden, and `--replace` would
promise something else. In a folder that stylecam does not look through, only what stands there counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from stylecam.bundled import bundled_path
from stylecam.errors import OutputExistsError, StyleFormatError
from stylecam.printable import printable
from stylecam.runcontrol import read_object
from stylecam.runs import EventReader, list_runs
from stylecam.stylefile import read_style_header
from stylecam.styles import StyleLibrary, style_path
from trainer.request import make_folder

if TYPE_CHECKING:
    from collections.abc import Collection

    from stylecam.styles import Style
    from trainer.request import Request

__all__ = ["style_target_path", "target_of"]


def style_target_path(
    name: str, out: str, *, sha256: str, variants: Collection[str], run: Path, replace: bool = False
) -> Path:
    """Where the style goes.

    What stands there may be replaced where this run made it, or where `replace` says so; and where it was made from the
    same painting and has none of these networks, they join it and nothing is replaced.

    Args:
        name: of the style.
        out: its folder; empty: the user's style folder.
        sha256: of the painting.
        variants: the networks that it gets.
        run: the run's folder, which need not exist.
        replace: whether a style of the same name may be replaced.

    Raises:
        StyleError: the name is unfit.
        OutputExistsError: the name is taken.
        SinkError: the folder cannot be written to.
    """
    library = StyleLibrary()
    path = style_path(name, Path(out) if out else library.user_folder)
    make_folder(path.parent, "--out")
    for other in list_runs():
        if other.name == name and other.state in ("running", "paused") and not _same(other.folder, run):
            asked = (read_object(other.folder / "run.json") or {}).get("out")
            if _same(Path(asked) if isinstance(asked, str) and asked else library.user_folder, path.parent):
                raise OutputExistsError(f"a style called {name} is being trained now: choose another --name")
    if path.exists():
        if not replace:
            _check_replaced(path, library, sha256, variants, run)
    elif any(_same(folder, path.parent) for folder in library.folders) and name in library:
        _refuse_hiding(library[name])
    return path


def target_of(request: Request, run: Path, variants: Collection[str] = ()) -> Path:
    """Where the style of a run goes that has been asked for, with these networks (by default, all of them).

    Raises:
        StyleError, OutputExistsError, SinkError: as `style_target_path` does.
    """
    return style_target_path(
        request.name,
        request.out,
        sha256=request.networks[0].painting_sha256,
        variants=variants or [config.variant for config in request.networks],
        run=run,
        replace=request.replace,
    )


def _check_replaced(path: Path, library: StyleLibrary, sha256: str, variants: Collection[str], run: Path) -> None:
    otherwise = "choose another --name, or replace it with --replace"
    try:
        style = read_style_header(path)
    except StyleFormatError as exc:
        raise OutputExistsError(
            f"the name {path.stem} is taken by a file that is no style ({exc}): {otherwise}"
        ) from exc
    if sha256 and style.origin_sha256 == sha256 and (_made_by(run, path) or not set(variants) & set(style.variants)):
        return
    whose = "a style of your own, " if _same(path.parent, library.user_folder) else ""
    where = "" if whose else f" in {path.parent}"
    raise OutputExistsError(f"the name {path.stem} is taken by {whose}{_called(style)}{where}: {otherwise}")


def _refuse_hiding(style: Style) -> NoReturn:
    what = _called(style)
    if _same(style.path.parent, bundled_path("styles")):
        raise OutputExistsError(
            f"the name {style.name} is taken by a bundled style, {what}, which would be hidden everywhere: choose "
            "another --name (--title may say the same)"
        )
    raise OutputExistsError(
        f"the name {style.name} is taken by {what} in {style.path.parent}, a folder of STYLECAM_STYLES: choose another "
        "--name"
    )


def _called(style: Style) -> str:
    title = printable(style.title, limit=80)
    return f"{title} by {printable(style.author, limit=80)}" if style.author else title


def _made_by(run: Path, path: Path) -> bool:
    return any(
        event["event"] == "exported" and event.get("path") == str(path)
        for event in EventReader(run / "events.jsonl").read()
    )


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
