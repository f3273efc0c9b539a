"""`python -m trainer new PAINTING --name NAME`: train a style; prints one JSON event a line.

Everything of a run lies in its folder. The first Ctrl-C or SIGTERM writes a checkpoint and ends with 130 or 143;
`resume` goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from stylecam.environment import set_environment
from stylecam.errors import SourceOpenError, StylecamError, TrainError
from stylecam.runs import hold, runs_folder
from stylecam.signals import HANG_UP, STOP, StopSignals
from trainer.early import EndedEarlyError, heed_early
from trainer.events import EventLog
from trainer.options import build_parser, make_config, texts_of, variants_of
from trainer.repeat import check_repeated
from trainer.request import cut_out, make_folder, read_request, with_own_base, write_request
from trainer.target import style_target_path, target_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from trainer.perceptual import Vgg16
    from trainer.processes import Processes
    from trainer.request import Request

__all__ = ["main", "main_and_exit"]


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    set_environment()
    arguments = build_parser().parse_args(argv)
    try:
        if arguments.command in ("estimate", "report"):
            {"estimate": _estimate, "report": _report}[arguments.command](arguments)
            return 0
        # The short commands keep nothing, and a signal ends them at once.
        with StopSignals(quiet=True, numbers=(*STOP, *HANG_UP)) as signals:
            return _in_run(arguments, signals)
    except StylecamError as exc:
        sys.stderr.write(f"error: {exc}\n")
        return exc.exit_code


def _in_run(arguments: argparse.Namespace, signals: StopSignals) -> int:
    """Everything that can be refused is refused before the run is taken, and before the first step."""
    sha256 = ""
    # Absolute: what the run's events name is looked for from other folders, too.
    run = Path(os.path.abspath(arguments.run or runs_folder() / arguments.name))
    if arguments.command == "new":
        sha256 = _sha256(arguments.painting)
        cut_out(arguments.painting, arguments.region)
        variants = variants_of(arguments, arguments.preset)
        out = str(arguments.out.resolve()) if arguments.out else ""
        style_target_path(arguments.name, out, sha256=sha256, variants=variants, run=run, replace=arguments.replace)
        texts_of(arguments)
        for variant in variants:
            make_config(arguments, arguments.preset, variant, base="" if arguments.base == "none" else "?")
    request = None if arguments.command == "new" else _asked(arguments, run)
    if request is not None and arguments.command == "resume":
        target_of(request, run)
    make_folder(run, "--run")
    # Other launchers set RANK, too: alone, this process leads.
    follower = os.environ.get("WORLD_SIZE", "1") != "1" and int(os.environ.get("RANK", "0")) > 0
    with _hold(run, follower):
        if request is None:
            check_repeated(arguments, run, sha256)
        events = EventLog(run / "events.jsonl", silent=follower, listener=_tensorboard(arguments, run, follower))
        try:
            with _memory_errors_translated():
                return _train(arguments, run, request, events, signals, sha256)
        except StylecamError as exc:
            if arguments.command != "export":  # what has come of the run stays true
                events.emit("failed", text=str(exc))
            raise


def _asked(arguments: argparse.Namespace, run: Path) -> Request:
    """What was asked of a run that is to go on, or to be exported."""
    request = read_request(run)
    if not request.networks:
        raise TrainError(f"the run in {run} ended before its first step: begin it anew with stylecam train new")
    request = replace(request, name=arguments.name or request.name, replace=arguments.replace or request.replace)
    if arguments.command != "resume" or not arguments.steps:
        return request
    try:
        return replace(request, networks=tuple(replace(config, steps=arguments.steps) for config in request.networks))
    except ValueError as exc:
        raise TrainError(f"--steps {arguments.steps}: {exc}") from exc


@contextmanager
def _memory_errors_translated() -> Iterator[None]:
    """Steps have an answer to a full device; before them and between them there is none."""
    try:
        yield
    except (RuntimeError, MemoryError) as exc:
        from trainer.stepper import NO_MEMORY, is_out_of_memory

        if not is_out_of_memory(exc):
            raise
        raise TrainError(f"the device {NO_MEMORY}") from exc


def _train(
    arguments: argparse.Namespace,
    run: Path,
    request: Request | None,
    events: EventLog,
    signals: StopSignals,
    sha256: str,
) -> int:
    import torch

    from stylecam.devices import choose_device
    from trainer.perceptual import Vgg16
    from trainer.processes import join_processes
    from trainer.run import export_run, perform

    chosen = choose_device(arguments.device or (request.device if request else "auto"))
    threads = arguments.threads or (request.threads if request else 0)
    if threads:
        torch.set_num_threads(threads)
    processes = join_processes(chosen.label)
    try:
        device = f"cuda:{processes.local_rank}" if processes.count > 1 and chosen.kind == "cuda" else chosen.label
        vgg = Vgg16(getattr(arguments, "vgg", None)).to(device)
        if request is None:
            check = partial(heed_early, run, events, signals.event.is_set)
            request = _new_request(arguments, run, events, vgg, device, sha256, processes, check)
        if arguments.command == "export":
            if arguments.out:
                request = replace(request, out=str(arguments.out.resolve()))
            export_run(request, run, events, vgg=vgg, device=device, variant=arguments.variant, step=arguments.step)
            return 0
        if arguments.command == "resume":
            rewrite = bool(arguments.steps or arguments.name or arguments.replace)
            request = _resumed(request, run, events, processes, rewrite=rewrite)
        done = perform(request, run, events, vgg=vgg, device=device, processes=processes, stop=signals.event.is_set)
    except EndedEarlyError:
        return signals.exit_code or 0
    finally:
        processes.leave()
    return 0 if done else signals.exit_code or 0


def _new_request(
    arguments: argparse.Namespace,
    run: Path,
    events: EventLog,
    vgg: Vgg16,
    device: str,
    sha256: str,
    processes: Processes,
    check: Callable[[], None],
) -> Request:
    """What `new` asks for, worked out once by the process that leads, and read by the others."""
    if processes.leads:
        from trainer.prepare import prepare

        prepare(arguments, run, events, vgg, device, sha256, check)
    processes.wait_for_all()
    return read_request(run)


def _resumed(request: Request, run: Path, events: EventLog, processes: Processes, *, rewrite: bool) -> Request:
    """What is to be done now, written down; a run that an older version began gets its bases into its folder, too."""
    if processes.leads:
        networks = []
        for config in request.networks:
            try:
                networks.append(with_own_base(config, run))
            except StylecamError as exc:  # the network before it can be trained all the same
                networks.append(config)
                text = f"the {config.variant} network cannot begin as it is ({exc}): put {config.base} back before that"
                events.emit("notice", text=text)
        if rewrite or tuple(networks) != request.networks:
            request = replace(request, networks=tuple(networks))
            write_request(run, request)
    processes.wait_for_all()
    return request


def _estimate(arguments: argparse.Namespace) -> None:
    from typing import get_args

    from stylecam.devices import choose_device
    from trainer.config import Preset
    from trainer.estimate import estimate
    from trainer.perceptual import Vgg16
    from trainer.precision import network_precision, vgg_precision

    device = choose_device(arguments.device or "auto").label
    vgg = Vgg16(arguments.vgg).to(device)
    found: dict[str, Any] = {
        "vgg_precision": vgg_precision(vgg, device),
        "network_precision": network_precision(device),
    }
    base = "" if arguments.base == "none" else "?"
    presets = {
        preset: [
            make_config(arguments, preset, variant, base=base, **found) for variant in variants_of(arguments, preset)
        ]
        for preset in get_args(Preset)
    }
    times = estimate(presets, vgg=vgg, device=device, threads=arguments.threads)
    sys.stdout.write(json.dumps({**times, "device": device}) + "\n")


def _report(arguments: argparse.Namespace) -> None:
    from trainer.report import report_main

    report_main(arguments.style, arguments.painting, arguments.content, arguments.device)


def _tensorboard(arguments: argparse.Namespace, run: Path, follower: bool) -> Callable[[dict[str, Any]], None] | None:
    if follower or not getattr(arguments, "tensorboard", False):
        return None
    from trainer.tensorboard import tensorboard_listener

    return tensorboard_listener(run / "tensorboard")


def _hold(run: Path, follower: bool) -> Any:
    """Taken by the process that leads; the others train with its leave."""
    from contextlib import nullcontext

    return nullcontext() if follower else hold(run)


def _sha256(painting: Path) -> str:
    try:
        return hashlib.sha256(painting.read_bytes()).hexdigest()
    except OSError as exc:
        raise SourceOpenError(f"the painting {painting} cannot be read ({exc.strerror})") from exc


def main_and_exit() -> NoReturn:
    """Do what the command line says and end the process; one of several without taking the interpreter down.

    gloo's threads let go of their last tensors a little after the last sum, and need the interpreter's lock for it: if
    it is ending by then, the process is aborted. https://github.com/pytorch/pytorch/pull/179291
    """
    code = main()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main_and_exit()
