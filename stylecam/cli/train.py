"""`stylecam train`: begin, resume, list, steer and export trainings, each a folder with a process of its own.

RUN is always a run's name in the folder of runs, or a folder anywhere.
"""

from __future__ import annotations

import json
import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stylecam.cli.common import DeviceOption, JsonOption, QuietOption, say
from stylecam.cli.steering import find_run, run_facts, run_name, take_back, tell, tell_effect

if TYPE_CHECKING:
    from stylecam.runs import RunInfo

__all__ = ["Network", "Preset", "train"]

train = typer.Typer(
    help="Train your own styles.\n\nExample: stylecam train new painting.jpg",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True}


class Preset(StrEnum):
    """How long to train."""

    quick = "quick"
    standard = "standard"
    best = "best"


class Network(StrEnum):
    """Which of a style's networks."""

    fast = "fast"
    full = "full"


ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace a style of your own that has this name.")]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, as in 'stylecam train list', or its folder.")
]


@train.command("new", context_settings=_PASS_ON)
def new(
    context: typer.Context,
    painting: Annotated[Path, typer.Argument(help="The style picture: JPEG, PNG or WebP.")],
    name: Annotated[
        str | None, typer.Option(help="The new style's name: a-z, 0-9, - and _ (default: the picture's).")
    ] = None,
    preset: Annotated[Preset, typer.Option(help="How long to train.")] = Preset.quick,
    content: Annotated[
        str,
        typer.Option(
            metavar="bundled|FOLDER|VIDEO|camera[:ID]",
            help="Photographs to learn on: those that come with stylecam, a folder's, a video's, or your camera's.",
        ),
    ] = "bundled",
    variant: Annotated[
        list[Network] | None, typer.Option(help="Which network to train; may be repeated (default: the preset's).")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Train for about so long, in place of the preset's steps.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the run goes (default: NAME in the folder of runs).")
    ] = None,
    replace: ReplaceOption = False,
    device: DeviceOption = "auto",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a new style from a picture; prints the style's path.

    Ctrl-C writes a checkpoint and stops; 'stylecam train resume' goes on from there. From another terminal,
    'stylecam train pause', 'keep' and 'cancel' say what is to become of it. Previews appear in the run's folder.
    Every further option goes to the trainer as it is: 'python -m trainer new --help' lists them.

    Example: stylecam train new painting.jpg --preset quick --name mystyle
    """
    if painting.name.startswith("-"):
        raise typer.BadParameter("name the painting first, then the options", param_hint="PAINTING")
    from stylecam.runs import drop_unbegun, new_run_folder, runs_folder
    from stylecam.stylefile import check_name
    from stylecam.stylename import style_name_from

    name = check_name(style_name_from(painting.stem) if name is None else name)
    if run is None and (runs_folder() / name / "run.json").is_file():
        drop_unbegun(runs_folder() / name, without_steps=True)  # a try that failed
    folder = run if run is not None else new_run_folder(name)
    if (folder / "run.json").is_file():
        take_back(folder)
    arguments = ["new", str(painting), "--name", name, "--run", str(folder), "--preset", preset.value]
    arguments += ["--content", content, "--device", device]
    for chosen in variant or ():
        arguments += ["--variant", chosen.value]
    if minutes is not None:
        arguments += ["--minutes", f"{minutes:g}"]
    if replace:
        arguments.append("--replace")
    is_new = not os.path.lexists(folder)
    code = _follow(arguments + _further(context), folder, quiet=quiet, as_json=as_json)
    if is_new and code:
        drop_unbegun(folder)
    raise typer.Exit(code)


@train.command("resume", context_settings=_PASS_ON)
def resume(context: typer.Context, run: RunArgument, quiet: QuietOption = False, as_json: JsonOption = False) -> None:
    """Go on with a run that was stopped, killed or paused, exactly where it was.

    Every further option goes to the trainer as it is: 'python -m trainer resume --help' lists them.

    Example: stylecam train resume mystyle
    """
    from stylecam.runs import read_control, read_run

    folder = find_run(run)
    info, control = read_run(folder), read_control(folder)
    take_back(folder, paused=info.state == "paused" or control.state == "pause")
    if info.state in ("running", "paused"):
        tell_effect(info, "run", "goes on, where it was started", quiet=quiet, as_json=as_json)
        return
    raise typer.Exit(_follow(["resume", str(folder), *_further(context)], folder, quiet=quiet, as_json=as_json))


@train.command("list")
def list_runs(as_json: JsonOption = False) -> None:
    """List the runs, the newest first: how far each is, and what became of it.

    Example: stylecam train list
    """
    from stylecam.cli.tables import print_table
    from stylecam.runs import list_runs, runs_folder

    runs = list_runs()
    if as_json:
        typer.echo(json.dumps([run_facts(run) for run in runs], indent=2))
        return
    if not runs and sys.stderr.isatty():
        say(f"there are no runs in {runs_folder()} yet; 'stylecam train new' begins one")
        return
    heads = ("run", "state", "step", "left", "preset", "begun", "")
    print_table(heads, [_row(run) for run in runs])


@train.command("export")
def export(
    run: RunArgument,
    step: Annotated[
        int | None, typer.Option(min=0, help="The step of a preview (default: the newest checkpoint's).")
    ] = None,
    variant: Annotated[Network | None, typer.Option(help="Which network (default: the last that was begun).")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Where the style goes (default: as asked for).")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The style's name (default: as asked for).")] = None,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a style of what a run came to, or of one of its previews; prints the style's path.

    Example: stylecam train export mystyle --step 400
    """
    folder = find_run(run)
    arguments = ["export", str(folder)]
    if step is not None:
        arguments += ["--step", str(step)]
    if variant is not None:
        arguments += ["--variant", variant.value]
    if out is not None:
        arguments += ["--out", str(out)]
    if name is not None:
        arguments += ["--name", name]
    if replace:
        arguments.append("--replace")
    raise typer.Exit(_follow(arguments, None, quiet=quiet, as_json=as_json))


@train.command("pause")
def pause(run: RunArgument, quiet: QuietOption = False, as_json: JsonOption = False) -> None:
    """Let a run that is being trained wait, its process alive; 'stylecam train resume' lets it go on.

    A run that is making its style already finishes that, and pauses before its next network, if there is one.

    Example: stylecam train pause mystyle
    """
    tell(
        run,
        "pause",
        "pauses after this step",
        "is making its style and finishes that; it pauses before its next network, if there is one",
        quiet=quiet,
        as_json=as_json,
    )


@train.command("keep")
def keep(run: RunArgument, quiet: QuietOption = False, as_json: JsonOption = False) -> None:
    """End a run that is being trained now, and make the style of what is there.

    A run that is making its style already finishes that, and begins no further network.

    Example: stylecam train keep mystyle
    """
    tell(
        run,
        "keep",
        "ends after this step and becomes a style",
        "is making its style already, and ends with that",
        quiet=quiet,
        as_json=as_json,
    )


@train.command("cancel")
def cancel(
    run: RunArgument,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the run, too: its checkpoints, previews and all.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before deleting.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """End a run without making a style of it. Its folder stays unless you say --delete.

    A run that is making its style already ends without it, unless it has just been written; of several networks, those
    that were finished before stay in the style.

    Example: stylecam train cancel mystyle --delete --yes
    """
    from stylecam.runs import delete_run, has_begun, is_running

    folder = find_run(run, going=not delete)
    if delete and not yes and has_begun(folder):
        if not sys.stdin.isatty():
            raise typer.BadParameter("no terminal to ask at; give it to delete all the same", param_hint="--yes")
        if not typer.confirm(f"Delete {folder}, its checkpoints and previews?", err=True):
            return
    if is_running(folder) or not delete:
        tell(
            str(folder.absolute()),
            "cancel",
            "ends after this step",
            "is making its style; it ends without it, unless it has just been written",
            quiet=quiet,
            as_json=as_json and not delete,
        )
    if not delete:
        return
    while is_running(folder):
        time.sleep(0.1)
    delete_run(folder)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "wish": "cancel", "deleted": True}))
    elif not quiet:
        say(f"deleted {folder}")


def _further(context: typer.Context) -> list[str]:
    return [argument for argument in context.args if argument != "--"]


def _follow(arguments: list[str], folder: Path | None, *, quiet: bool, as_json: bool) -> int:
    from stylecam.cli.training_output import follow_trainer
    from stylecam.runs import has_begun

    code = follow_trainer(arguments, quiet=quiet, as_json=as_json)
    # 128 and above: a signal ended it, ours or that of a system without memory.
    if code > 128 and folder is not None and has_begun(folder):
        say(f"'stylecam train resume {run_name(folder)}' goes on from its last checkpoint")
    return code


def _row(run: RunInfo) -> tuple[str, ...]:
    from stylecam.cli.training_output import duration

    step = f"{run.variant} {run.step}/{run.steps}".strip()
    left = duration(run.seconds_left) if run.seconds_left is not None and run.state == "running" else ""
    begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created))
    said = str(run.style or "") if run.state == "finished" else run.text
    if run.finishing:
        counted = f", photograph {run.measuring[0]} of {run.measuring[1]}" if run.measuring else ""
        said = f"measuring, and making the style{counted}"
    return run.folder.name, run.state, step, left, run.preset, begun, " ".join(said.split())
