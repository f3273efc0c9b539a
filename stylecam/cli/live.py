"""`stylecam live`: open the window, or run the same pipeline without one.

What its options' annotations name is imported for real, since typer reads them at run time.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stylecam.cli.common import (
    ExactOption,
    Quality,
    QualityOption,
    QuietOption,
    load_stylizer,
    parse_size,
    say,
)
from stylecam.errors import DeviceError
from stylecam.signals import StopSignals

if TYPE_CHECKING:
    from stylecam.live import LivePipeline
    from stylecam.livesource import SourceStatus
    from stylecam.recording import RecordingReport

__all__ = ["live", "open_window"]

_STATUS_EVERY_S = 2.0
_FPS = 24


def live(
    source: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="camera, camera:NAME, test, a video file, rtsp://… or http://… (a network camera); in the window a "
            "picture, too.",
            show_default=False,
        ),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option("--style", "-s", metavar="NAME[:WEIGHT][,NAME:WEIGHT]", help="A style, or a mix of two."),
    ] = None,
    strength: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="0 is the picture itself, 1 the painting.")
    ] = None,
    steadiness: Annotated[
        int | None, typer.Option(min=0, max=100, help="How calm a picture without movement is; 0 turns it off.")
    ] = None,
    keep_colors: Annotated[
        bool | None, typer.Option("--keep-colors/--new-colors", help="Keep the camera's own colours.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="auto|native|WxH",
            help="The size the network works at; auto keeps the rate of --fps, where 320x240 do.",
        ),
    ] = None,
    fps: Annotated[int | None, typer.Option(min=5, max=60, help="The rate that --size auto keeps.")] = None,
    quality: QualityOption = Quality.auto,
    device: Annotated[str | None, typer.Option(metavar="auto|cpu|cuda|mps", help="Where the network runs.")] = None,
    exact: ExactOption = False,
    mirror: Annotated[bool | None, typer.Option("--mirror/--no-mirror", help="Flip the picture left to right.")] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Record from the start: .mp4, .mov or .mkv.")
    ] = None,
    virtual_camera: Annotated[
        bool, typer.Option("--virtual-camera", help="Let other programs see the painting as a camera.")
    ] = False,
    window: Annotated[bool, typer.Option("--window/--no-window", help="Without a window it runs until Ctrl-C.")] = True,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Without a window: stop after so many seconds.")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Turn a camera into a moving painting, in a window or without one.

    What is not given is as it was when the window was last closed; without a window, as it is at first.

    Example: stylecam live --source test --style candy
    """
    parts = _parsed(style)
    if size is not None and size != "auto":
        parse_size(size)
    if window:
        if seconds is not None:
            raise typer.BadParameter("is for --no-window", param_hint="--seconds")
        raise typer.Exit(
            open_window(
                source=source,
                style=parts[0][0] if parts else None,
                mix=_second(parts),
                strength=None if strength is None else round(100 * strength),
                steadiness=steadiness,
                keep_colors=keep_colors,
                size=size,
                fps=fps,
                device=device,
                exact=exact or None,
                mirror=mirror,
                quality=quality.value,
                record=record,
                virtual_camera=virtual_camera,
            )
        )
    run = _Run(
        source=source or "camera",
        style=style or "candy",
        strength=1.0 if strength is None else strength,
        steadiness=steadiness,
        keep_colors=bool(keep_colors),
        size=size or "auto",
        fps=fps or _FPS,
        quality=quality,
        device=device or "auto",
        exact=exact,
        mirror=bool(mirror),
        record=record,
        virtual_camera=virtual_camera,
        seconds=seconds,
        quiet=quiet,
    )
    raise typer.Exit(_run_without_window(run))


def open_window(**options: Any) -> int:
    """Open the window with these fields of its `Options`; returns its exit code.

    Raises:
        DeviceError: no window can be opened here.
    """
    try:
        from stylecam.gui.app import Options, run_window
    except ImportError as exc:
        if "PySide6" not in str(exc) and ".so" not in str(exc):
            raise
        raise DeviceError(
            f"The window needs Qt, which cannot be loaded ({exc}). On Debian or Ubuntu: sudo apt install libegl1 "
            "libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1; elsewhere: pip install pyside6-essentials"
        ) from exc
    return run_window(Options(**options))


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run without a window is told."""

    source: str
    style: str
    strength: float
    steadiness: int | None
    keep_colors: bool
    size: str
    fps: int
    quality: Quality
    device: str
    exact: bool
    mirror: bool
    record: Path | None
    virtual_camera: bool
    seconds: float | None
    quiet: bool


def _run_without_window(run: _Run) -> int:
    if run.record is None and not run.virtual_camera:
        raise typer.BadParameter(
            "needs somewhere for the picture to go: --record FILE, --virtual-camera or both", param_hint="--no-window"
        )
    with StopSignals(quiet=run.quiet) as signals:
        from stylecam.live import LivePipeline
        from stylecam.opening import open_source
        from stylecam.recording import Recorder

        source = open_source(run.source, live=True)
        stylizer = load_stylizer(
            run.style,
            strength=run.strength,
            keep_colors=run.keep_colors,
            quality=run.quality,
            size="native",
            device=run.device,
            exact=run.exact,
        )
        failures: list[BaseException] = []
        ended = threading.Event()
        reports: list[RecordingReport] = []

        def on_error(error: BaseException) -> None:
            failures.append(error)
            ended.set()

        def on_recording_end(report: RecordingReport) -> None:
            reports.append(report)
            ended.set()

        pipeline = LivePipeline(
            on_status=None if run.quiet else _say_status,
            on_error=on_error,
            on_size=None if run.quiet else lambda size, _: say(f"working at {size[0]}x{size[1]}"),
        )
        pipeline.painter, pipeline.mirror = stylizer, run.mirror
        if run.steadiness is not None:
            pipeline.steadiness.amount = run.steadiness
        pipeline.hold_fps = run.fps if run.size == "auto" else None
        pipeline.size = None if run.size == "auto" else parse_size(run.size)
        if not run.quiet:
            say(f"{source.name}: {stylizer.describe()}")
        try:
            if run.record is not None:
                pipeline.record(Recorder(run.record, on_end=on_recording_end))
            if run.virtual_camera:
                from stylecam.virtualcamera import VirtualCameraSink

                pipeline.set_output(VirtualCameraSink((1280, 720)))
            pipeline.start(source)
            _wait(pipeline, signals.event, ended, run)
        finally:
            pipeline.stop()
        return _close(run, failures, reports, signals.exit_code)


def _wait(pipeline: LivePipeline, stop: threading.Event, ended: threading.Event, run: _Run) -> None:
    """Until a signal, the time asked for, or the end of what it does; a line of figures now and then."""
    began = told = time.monotonic()
    while not stop.is_set() and not ended.is_set():
        stop.wait(0.1)
        now = time.monotonic()
        if run.seconds is not None and now - began >= run.seconds:
            return
        if not run.quiet and now - told >= _STATUS_EVERY_S:
            told = now
            stats = pipeline.stats()
            latency = "" if stats.latency_p50_ms is None else f", latency {stats.latency_p50_ms:.0f} ms"
            say(f"{stats.paint_fps:.1f} fps (camera {stats.camera_fps:.1f}){latency}")


def _close(run: _Run, failures: list[BaseException], reports: list[RecordingReport], signalled: int | None) -> int:
    for report in reports:
        if report.error is not None:
            failures.append(report.error)
        if report.path is not None:
            dropped = f", {report.dropped} dropped" if report.dropped else ""
            typer.echo(f"{report.path} ({report.frames} frames, {report.seconds:.1f} s{dropped})")
        elif run.record is not None and report.error is None:
            say("no picture came; nothing was recorded")
    if failures:
        raise failures[0]
    return signalled or 0


def _say_status(status: SourceStatus) -> None:
    if status.text:
        say(status.text)


def _parsed(style: str | None) -> tuple[tuple[str, float], ...]:
    if style is None:
        return ()
    from stylecam.styles import parse_mix

    return parse_mix(style)


def _second(parts: tuple[tuple[str, float], ...]) -> tuple[str, int] | None:
    """The second style of a mix, and its share in percent."""
    if len(parts) < 2:
        return None
    if len(parts) > 2:
        raise typer.BadParameter("the window mixes two styles; more go with --no-window", param_hint="--style")
    (_, first), (name, second) = parts
    return name, round(100 * second / (first + second))
