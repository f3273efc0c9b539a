"""`stylecam devices`: what networks and encoders run on, which cameras there are, and if the painting can be one."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from stylecam.cli.common import JsonOption

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["devices"]

_T = TypeVar("_T")


def devices(
    open_them: Annotated[
        bool, typer.Option("--open", help="Open each camera, and the virtual one, for a moment: does it work?")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List processors, graphics cards, video encoders and cameras.

    A name in the first column is one that --device, --encoder and --source take. Encoders are tried by encoding with
    them. The layout that each network runs in fastest on a graphics card is shown once it has been timed, at its first
    use. Cameras are listed, and not opened unless --open is given: a lamp that goes on by itself is alarming.

    Example: stylecam devices --open
    """
    from stylecam.devicefacts import describe_devices
    from stylecam.devices import choose_device
    from stylecam.layouts import CANDIDATES, known_layouts

    auto = choose_device()
    found = describe_devices()
    layouts = known_layouts()
    encoders, encoder_problem = _told(_encoders)
    cameras, camera_problem = _told(lambda: _cameras(open_them=open_them))
    name, virtual_problem = _told(lambda: _virtual_camera(open_it=open_them))
    if as_json:
        report = {
            "schema": 1,
            "auto": {"device": auto.label, "name": auto.name, "reason": auto.reason},
            "devices": [{**asdict(facts), "usable": facts.problem is None} for facts in found],
            "layouts": [{**asdict(known), "fastest": next(iter(known.milliseconds))} for known in layouts],
            "encoders": encoders or [],
            "encoders_problem": encoder_problem,
            "cameras": cameras or [],
            "cameras_problem": camera_problem,
            "virtual_camera": {"available": not virtual_problem, "name": name or None, "problem": virtual_problem},
        }
        typer.echo(json.dumps(report, indent=2))
        return
    typer.echo("networks run on")
    for facts in found:
        typer.echo(f"  {facts.label:<8}{facts.details}")
    typer.echo(f"  {'auto':<8}takes {auto.label}: {auto.reason}")
    if layouts:
        typer.echo("fastest layouts, as timed here with a picture of 640×480")
    for known in layouts:
        name, took = next(iter(known.milliseconds.items()))
        count = len(known.milliseconds)
        left = "" if count == len(CANDIDATES) else f"; {count} of {len(CANDIDATES)} are timed so far"
        typer.echo(f"  {known.variant}, {known.precision}: {name}, {took:.2f} ms, on {known.model}{left}")
    typer.echo("videos are encoded with")
    typer.echo(f"  {'software':<19}x264, on the processor")
    if encoder_problem:
        typer.echo(f"  {encoder_problem}")
    for encoder in encoders or []:
        problem = encoder["problem"]
        typer.echo(f"  {encoder['name']:<19}{encoder['title']}{f', cannot be used: {problem}' if problem else ''}")
    typer.echo("cameras")
    for camera in cameras or []:
        typer.echo(f"  {camera['name']}  ({camera['id']}){_opened(camera)}")
    if not cameras:
        typer.echo(f"  {camera_problem or 'none is connected'}")
    typer.echo("virtual camera")
    typer.echo(f"  {virtual_problem or name or 'can be had, as far as can be told without opening it'}")


def _told(ask: Callable[[], _T]) -> tuple[_T | None, str | None]:
    """The answer, or why there is none: one thing that is broken does not keep the rest from being listed."""
    try:
        return ask(), None
    except Exception as exc:
        return None, str(exc) or type(exc).__name__


def _encoders() -> list[dict[str, Any]]:
    """In hardware. Each is tried by encoding some pictures with it, which takes half a second."""
    from stylecam.encoders import USUAL_SIZE, built_in_encoders, try_encoder

    found = [(encoder, try_encoder(encoder, USUAL_SIZE)) for encoder in built_in_encoders()]
    return [
        {"name": e.name, "title": e.title, "usable": not problem, "problem": problem or None} for e, problem in found
    ]


def _cameras(*, open_them: bool) -> list[dict[str, Any]]:
    from stylecam.cameras import CameraFault, LocalCamera, list_cameras
    from stylecam.livesource import PROBLEM_TEXTS

    listed: list[dict[str, Any]] = []
    for info in list_cameras():
        facts: dict[str, Any] = {"id": info.id, "name": info.name}
        if open_them:
            try:
                handle = LocalCamera(info.id, info.name).open()
                try:
                    height, width, _ = handle.read()[0].shape
                finally:
                    handle.close()
            except CameraFault as fault:
                facts |= {"size": None, "problem": PROBLEM_TEXTS[fault.problem].format(name=info.name)}
            else:
                facts |= {"size": [width, height], "problem": None}
        listed.append(facts)
    return listed


def _opened(camera: Mapping[str, Any]) -> str:
    if "size" not in camera:
        return ""
    return f": {camera['problem']}" if camera["size"] is None else ": gives {}×{}".format(*camera["size"])


def _virtual_camera(*, open_it: bool) -> str:
    """Its name; empty if it was not opened.

    Raises:
        SinkError: there is none; says what is missing.
    """
    from stylecam.virtualcamera import VirtualCameraSink, check_virtual_camera

    check_virtual_camera()
    if not open_it:
        return ""
    with VirtualCameraSink((1280, 720)) as sink:
        return sink.name
