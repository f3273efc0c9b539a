"""`stylecam image`: paint pictures. One that cannot be read is named and skipped; the others are painted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylecam.cli.common import (
    DONE_WITH_LOSSES,
    DeviceOption,
    ExactOption,
    ForceOption,
    JsonOption,
    KeepColorsOption,
    Quality,
    QualityOption,
    QuietOption,
    SizeOption,
    StrengthOption,
    StyleOption,
    load_stylizer,
    say,
)
from stylecam.errors import DeviceError, DiskFullError, OutputExistsError, SinkError, SourceError, StylecamError
from stylecam.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stylecam.frame import Image

__all__ = ["image"]


@dataclass(frozen=True, slots=True)
class _Job:
    source: Path
    output: Path


def image(
    pictures: Annotated[
        list[Path], typer.Argument(metavar="IN", help="JPEG, PNG and WebP pictures, and folders of them.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A picture, or a folder, where each keeps its name.",
        ),
    ],
    style: StyleOption,
    strength: StrengthOption = 1.0,
    keep_colors: KeepColorsOption = False,
    quality: QualityOption = Quality.auto,
    size: SizeOption = "native",
    device: DeviceOption = "auto",
    exact: ExactOption = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Paint pictures.

    Transparency and 16-bit, grey, CMYK and turned pictures are taken as they are meant; a result is 8-bit sRGB.
    Of several pictures, those that cannot be read are named and skipped: exit code 8.

    Example: stylecam image holiday/ -o painted/ --style candy
    """
    jobs = _plan(pictures, output)
    losses: list[tuple[_Job, StylecamError]] = []
    jobs = list(_without_losses(jobs, losses, force=force))
    done: list[_Job] = []
    with StopSignals(quiet=quiet) as signals:
        if jobs:
            stylizer = load_stylizer(
                style,
                strength=strength,
                keep_colors=keep_colors,
                quality=quality,
                size=size,
                device=device,
                exact=exact,
            )
            if not quiet:
                say(stylizer.describe())
            done = _paint(
                _with_progress(jobs, shown=not quiet), stylizer, losses, force=force, stopped=signals.event.is_set
            )
    if len(pictures) == 1 and losses and not done and not pictures[0].is_dir():
        raise losses[0][1]
    for job, error in losses:
        say(f"skipped {job.source}: {error}")
    if as_json:
        report = {
            "schema": 1,
            "stopped": signals.event.is_set(),
            "outputs": [{"source": str(job.source), "output": str(job.output)} for job in done],
            "skipped": [{"source": str(job.source), "reason": str(error)} for job, error in losses],
        }
        typer.echo(json.dumps(report, indent=2))
    elif not quiet:
        for job in done:
            typer.echo(job.output)
    if signals.exit_code is not None:
        say(f"stopped: {len(done)} of {len(jobs)} pictures are painted")
        raise typer.Exit(signals.exit_code)
    if losses:
        raise typer.Exit(DONE_WITH_LOSSES if done else losses[0][1].exit_code)


def _plan(pictures: list[Path], output: Path) -> list[_Job]:
    """Which picture becomes which file."""
    from stylecam.errors import SourceOpenError
    from stylecam.pictures import PICTURE_SUFFIXES

    into_folder = output.is_dir() or output.suffix.lower() not in PICTURE_SUFFIXES
    if not into_folder and (len(pictures) > 1 or pictures[0].is_dir()):
        raise typer.BadParameter(f"{output} is one picture; for several name a folder", param_hint="--output")
    if not into_folder:
        return [_Job(pictures[0], output)]
    if output.suffix and not output.exists():
        raise typer.BadParameter(
            f"{output} has an ending that stylecam does not write; use .jpg, .png or .webp", param_hint="--output"
        )
    sources: list[Path] = []
    for path in pictures:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file())
            if not inside:
                raise SourceOpenError(f"{path} holds no .jpg, .png or .webp picture")
            sources += inside
        else:
            sources.append(path)
    return [_Job(source, output / source.name) for source in sources]


def _without_losses(jobs: Iterable[_Job], losses: list[tuple[_Job, StylecamError]], *, force: bool) -> Iterator[_Job]:
    """The jobs whose output may be written, asked before anything slow is loaded."""
    from stylecam.pictures import check_picture_output

    taken: set[Path] = set()
    for job in jobs:
        try:
            if job.output in taken:
                raise OutputExistsError(f"another picture of this call becomes {job.output}; rename one of the two")
            check_picture_output(job.output, force=force, source=job.source)
        except SinkError as exc:
            losses.append((job, exc))
        else:
            taken.add(job.output)
            yield job


def _paint(
    jobs: Iterable[_Job],
    stylizer: Callable[[Image], Image],
    losses: list[tuple[_Job, StylecamError]],
    *,
    force: bool,
    stopped: Callable[[], bool],
) -> list[_Job]:
    from stylecam.pictures import stylize_picture

    done = []
    for job in jobs:
        if stopped():
            break
        try:
            stylize_picture(job.source, job.output, stylizer, force=force)
        except (DiskFullError, DeviceError):
            raise  # the next picture would fare no better
        except (SourceError, SinkError) as exc:
            losses.append((job, exc))
        else:
            done.append(job)
    return done


def _with_progress(jobs: list[_Job], *, shown: bool) -> Iterable[_Job]:
    """The same jobs, with a bar on stderr if a person is looking and there is more than one."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    if not shown or len(jobs) < 2 or not console.is_terminal:
        return jobs
    return track(jobs, description="painting", console=console, transient=True)
