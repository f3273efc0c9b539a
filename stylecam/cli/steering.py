"""A run as a person names it on the command line, and what it is told from there.

Invariant: nothing heavy is loaded, so that a run can be steered while its training has the machine to itself.
"""

from __future__ import annotations

import difflib
import json
import os
import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from stylecam.cli.common import say
from stylecam.errors import TrainError
from stylecam.printable import printable

if TYPE_CHECKING:
    from stylecam.runs import RunInfo, Wish

__all__ = ["find_run", "run_facts", "run_name", "take_back", "tell", "tell_effect"]


def take_back(folder: Path, *, paused: bool = False) -> None:
    """Whoever stopped a run with a wish, to pause, to keep or to cancel it, has another one now.

    Raises:
        TrainError: it is being trained, and is not `paused`.
    """
    from stylecam.runs import is_running, read_control, write_control

    if is_running(folder) and not paused:
        name = run_name(folder)
        raise TrainError(
            f"{printable(folder.name)} is being trained already, by another process: see 'stylecam train list'; wait "
            f"until it has ended, or end it with 'stylecam train keep {name}' or 'cancel {name}'"
        )
    write_control(folder, replace(read_control(folder), state="run"))


def tell(run: str, wish: Wish, effect: str, finishing: str, *, quiet: bool, as_json: bool) -> None:
    """Say what becomes of a run that is being trained, and what that means while it `finishing` makes its style."""
    from stylecam.runs import read_control, read_run, write_control

    info = read_run(find_run(run, going=True))
    if info.state not in ("running", "paused"):
        name = run_name(info.folder)
        instead = {
            "keep": f"; 'stylecam train export {name}' makes a style of it",
            "cancel": "; --delete removes it",
            "pause": f"; 'stylecam train resume {name}' goes on with it" if info.state != "finished" else "",
        }
        raise TrainError(f"{printable(info.folder.name)} is not being trained{instead.get(wish, '')}")
    write_control(info.folder, replace(read_control(info.folder), state=wish))
    tell_effect(info, wish, finishing if info.finishing else effect, quiet=quiet, as_json=as_json)


def tell_effect(info: RunInfo, wish: Wish, effect: str, *, quiet: bool, as_json: bool) -> None:
    """Say what comes of a wish; as JSON, how the run stood and what it was told."""
    if as_json:
        typer.echo(json.dumps({**run_facts(info), "wish": wish}))
    elif not quiet:
        say(f"{info.folder.name} {effect}")


def run_facts(info: RunInfo) -> dict[str, object]:
    """`RunInfo` as JSON holds it."""
    return {**asdict(info), "folder": str(info.folder), "style": info.style and str(info.style)}


def run_name(folder: Path) -> str:
    """What RUN is for it, as it is typed into a shell."""
    from stylecam.runs import runs_folder

    folder = folder.absolute()  # a name alone would be looked for among the runs first
    return shlex.quote(folder.name if folder.parent == runs_folder().absolute() else str(folder))


def find_run(run: str, *, going: bool = False) -> Path:
    """The folder of a run that a person names: by its folder's name, else by its style's, of which the newest counts.

    Args:
        run: what was typed.
        going: what is wanted is one that is being trained: it is preferred, also where a folder that has the name holds
            another, which has ended.

    Raises:
        TrainError: there is none; names the nearest.
    """
    from stylecam.runs import list_runs, read_run, runs_folder

    folders = [folder for folder in (runs_folder() / run, Path(run)) if run and os.path.isfile(folder / "run.json")]
    found = [read_run(folder) for folder in folders[:1]]
    known = list_runs()
    named = [info for info in known if info.name == run]
    if going:
        found = sorted([*found, *named], key=lambda info: info.state not in ("running", "paused"))
    for info in [*found, *named]:
        return info.folder
    names = [info.folder.name for info in known]
    near = difflib.get_close_matches(run, names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    there = f"there are {', '.join(names)}" if names else f"there are none in {runs_folder()} yet"
    raise TrainError(f"no run is called {printable(run)}: {hint}{there}")
