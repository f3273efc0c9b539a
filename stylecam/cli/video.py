"""`stylecam video`: paint a video file.

What its options' annotations name is imported for real, since typer reads them at run time.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
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
    SteadinessOption,
    StrengthOption,
    StyleOption,
    load_stylizer,
    say,
)
from stylecam.errors import StylecamError
from stylecam.signals import StopSignals

if TYPE_CHECKING:
    from stylecam.pipeline import Progress, VideoReport

__all__ = ["ProgressStyle", "video"]


class ProgressStyle(StrEnum):
    """How progress is shown on stderr."""

    bar = "bar"
    json = "json"
    none = "none"


def video(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The video to paint.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Where to write: .mp4, .m4v, .mov or .mkv.")
    ],
    style: StyleOption = "candy",
    strength: StrengthOption = 1.0,
    keep_colors: KeepColorsOption = False,
    quality: QualityOption = Quality.auto,
    size: SizeOption = "native",
    steadiness: SteadinessOption = 0,
    device: DeviceOption = "auto",
    exact: ExactOption = False,
    encoder: Annotated[
        str,
        typer.Option(
            metavar="software|hardware|NAME",
            help="x264 on the processor, the first encoder in hardware that works, or that of this name "
            "(`stylecam devices` lists them).",
        ),
    ] = "software",
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
    progress: Annotated[
        ProgressStyle,
        typer.Option(help="On stderr: a bar (a line per 10 % where there is no terminal), JSON lines, or nothing."),
    ] = ProgressStyle.bar,
) -> None:
    """Paint a video.

    Every frame keeps its time, and sound, subtitles, chapters and tags come along. The output appears under its name
    once it is complete. Ctrl-C finishes it with what is there; a second Ctrl-C stops at once.

    Exit code 8: done, but damaged or missing frames of the input had to be bridged.

    Example: stylecam video holiday.mp4 --style candy -o painted.mp4
    """
    with StopSignals(quiet=quiet) as signals:
        from stylecam.encoders import choose_encoder
        from stylecam.pipeline import stylize_video
        from stylecam.probe import probe_video
        from stylecam.sinks import check_output

        # What can be refused is refused before the network takes its seconds to load.
        check_output(output, source=source, force=force)
        chosen = choose_encoder(encoder, probe_video(source).size)
        encoder = chosen.name if chosen else "software"
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
            if chosen:
                say(f"encoding with {chosen.name} ({chosen.title})")
        try:
            with _shown(ProgressStyle.none if quiet else progress) as on_progress:
                report = stylize_video(
                    source,
                    output,
                    stylizer,
                    steadiness=steadiness,
                    force=force,
                    encoder=encoder,
                    on_progress=on_progress,
                    stop=signals.event,
                )
        except StylecamError as exc:
            for note in getattr(exc, "__notes__", ()):
                say(note)
            raise
        _print(report, encoder, quiet=quiet, as_json=as_json)
        if report.stopped:
            raise typer.Exit(signals.exit_code or 1)
        if report.damaged or report.missing:
            raise typer.Exit(DONE_WITH_LOSSES)


def _print(report: VideoReport, encoder: str, *, quiet: bool, as_json: bool) -> None:
    if not quiet:
        for notice in report.notices:
            say(f"note: {notice}")
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "schema": 1,
                    "output": None if report.output is None else str(report.output),
                    "frames": report.frames,
                    "damaged": report.damaged,
                    "missing": report.missing,
                    "width": report.size[0],
                    "height": report.size[1],
                    "encoder": encoder,
                    "stopped": report.stopped,
                    "notices": report.notices,
                }
            )
        )
    elif report.output is None:
        say("stopped before the first frame; nothing was written")
    else:
        frames = "1 frame" if report.frames == 1 else f"{report.frames} frames"
        typer.echo(f"{report.output} ({frames}{', stopped early' if report.stopped else ''})")


@contextmanager
def _shown(style: ProgressStyle) -> Iterator[Callable[[Progress], None] | None]:
    if style is ProgressStyle.none:
        yield None
    elif style is ProgressStyle.json:
        yield _print_json
    elif not sys.stderr.isatty():
        yield _TenPercentLines()
    else:
        with _bar() as on_progress:
            yield on_progress


def _print_json(progress: Progress) -> None:
    fields = {
        "frame": progress.frame,
        "total": progress.total,
        "fps": round(progress.fps, 2),
        "eta_s": None if progress.eta_s is None else round(progress.eta_s, 1),
        "pts": round(progress.pts, 3),
    }
    with contextlib.suppress(OSError):  # nobody reads any more
        print(json.dumps(fields), file=sys.stderr, flush=True)  # noqa: T201  echo is slow for a line per frame


class _TenPercentLines:
    """For logs: a line at the first frame and at every tenth of the way."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, progress: Progress) -> None:
        tenth = 10 * progress.frame // progress.total if progress.total else progress.frame // 500
        if tenth < self._next:
            return
        self._next = tenth + 1
        share = f"{100 * progress.frame // progress.total} %, " if progress.total else ""
        left = "" if progress.eta_s is None else f", {_minutes(progress.eta_s)} left"
        say(f"{share}frame {progress.frame}, {progress.fps:.1f} fps{left}")


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fps]} fps"),
        TextColumn("{task.fields[eta]}"),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None, fps="–", eta="")

        def on_progress(progress: Progress) -> None:
            eta = "" if progress.eta_s is None else f"{_minutes(progress.eta_s)} left"
            bars.update(task, completed=progress.frame, total=progress.total, fps=f"{progress.fps:.1f}", eta=eta)

        yield on_progress
