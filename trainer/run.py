"""A run from its request to its style: one network after the other, each trained, judged and written.

What is wanted of a run is heeded while it finishes, too - while a network is judged and made a style:

    cancel   ends it, and nothing is written; once the style's file is written, that network stays in it
    keep     lets it finish, and no further network is begun
    pause    lets it finish; the run pauses before its next network, if there is one
    a signal ends it at once, for all that it needs is on disk: resumed, it judges the network and writes the style
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stylecam.errors import TrainError
from stylecam.runs import read_control, trial_styles
from stylecam.styles import read_style
from trainer.checkpoint import latest_checkpoint
from trainer.export import export_style
from trainer.loop import train
from trainer.target import target_of
from trainer.watching import write_trial

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.styles import Style
    from trainer.checkpoint import Checkpoint
    from trainer.config import TrainConfig
    from trainer.events import EventLog
    from trainer.perceptual import Vgg16
    from trainer.processes import Processes
    from trainer.request import Request

__all__ = ["export_run", "perform"]

_WORK: Final = {"fast": 1.0, "full": 1.8}
"""Time of a step, roughly, by network: most of it is VGG's."""
_FIGURES: Final = "report.json"
"""In each network's folder, what was measured of it."""


_WISHES: Final = ("", "keep", "cancel", "stop")
"""While a run finishes; the more urgent, the later. Empty: to go on, or to pause."""


class _EndedError(Exception):
    """While it finished, it was told to end."""


def perform(
    request: Request,
    run: Path,
    events: EventLog,
    *,
    vgg: Vgg16,
    device: str,
    processes: Processes,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train every network that is not trained yet, and write the style; whether it was not stopped before.

    Raises:
        TrainError: see `trainer.loop.train` and `trainer.export.export_style`.
        StyleError: the style cannot be written.
    """
    target = target_of(request, run)
    count = len(request.networks)
    style: Style | None = None
    finished: Checkpoint | None = None
    for number, config in enumerate(request.networks, 1):
        later = sum(other.steps * _WORK[other.variant] for other in request.networks[number:]) / _WORK[config.variant]
        outcome = train(
            config,
            run,
            events,
            vgg=vgg,
            stop=stop,
            control=lambda: read_control(run),
            device=device,
            checkpoint_every=request.checkpoint_every,
            processes=processes,
            title=request.texts.title,
            place=(number, count),
            later_seconds=lambda each, steps=later: steps * each,  # type: ignore[misc]
        )
        checkpoint, kept = outcome.checkpoint, outcome.ending == "kept"
        if outcome.ending == "stopped":
            return _stopped(events, checkpoint.step, f"stopped at step {checkpoint.step} of {config.steps}")
        if outcome.ending == "cancelled":
            return _cancelled(events, checkpoint.step, style)
        if kept and checkpoint.step == 0:
            if finished is None:
                return _stopped(events, 0, "stopped before its first step, with nothing to keep yet")
            break  # it was told to keep what the network before had come to
        wish, written = "", False
        if processes.leads:
            events.emit("phase", phase="finishing", variant=config.variant)
            try:
                style = _make_style(request, config, checkpoint, run, target, events, vgg, device, stop)
            except _EndedError as exc:
                wish = str(exc)
            else:
                wish, written, finished = _wish(run, stop), True, checkpoint
        last = kept or number == count
        if not last:  # the others wait here while the one that leads measures
            wish = _WISHES[processes.agree(_WISHES.index(wish), device)]
        if wish == "cancel" and not (last and written):
            return _cancelled(events, checkpoint.step, style)
        if wish == "stop" and not (last and written):
            where = "after" if written else "before"
            return _stopped(events, checkpoint.step, f"stopped {where} its {config.variant} network was made a style")
        if last or wish == "keep":
            break
    if style is not None and finished is not None:
        events.emit("finished", step=finished.step, seconds=round(finished.seconds), path=str(style.path))
    return True


def _make_style(
    request: Request,
    config: TrainConfig,
    checkpoint: Checkpoint,
    run: Path,
    target: Path,
    events: EventLog,
    vgg: Vgg16,
    device: str,
    stop: Callable[[], bool],
) -> Style:
    """The style file, with this network in it.

    Raises:
        _EndedError: it was told to end, and nothing is written; names the wish.
    """

    def check() -> None:
        if (wish := _wish(run, stop)) in ("cancel", "stop"):
            raise _EndedError(wish)

    check()
    target_of(request, run, [config.variant])  # its name may have been taken while it was trained
    trial = write_trial(run, config, checkpoint.step, checkpoint.average, request.texts.title)
    return export_style(
        trial,
        config,
        target,
        events,
        step=checkpoint.step,
        seconds=checkpoint.seconds,
        texts=request.texts,
        vgg=vgg,
        device=device,
        picture=request.picture,
        figures_file=run / config.variant / _FIGURES,
        check=check,
    )


def _wish(run: Path, stop: Callable[[], bool]) -> str:
    wanted = read_control(run).state
    return "stop" if stop() else wanted if wanted in _WISHES else ""


def _stopped(events: EventLog, step: int, text: str) -> bool:
    events.emit("stopped", step=step, text=f"{text}; resumed, it goes on from there")
    return False


def _cancelled(events: EventLog, step: int, style: Style | None) -> bool:
    if style is not None:
        events.emit("notice", text=f"the network that was finished before stays in {style.path}")
    events.emit("cancelled", step=step)
    return True


def export_run(
    request: Request,
    run: Path,
    events: EventLog,
    *,
    vgg: Vgg16,
    device: str,
    variant: str = "",
    step: int | None = None,
) -> Style:
    """Make the style of what a run came to: of one preview's step, or of the newest checkpoint.

    Raises:
        TrainError: the run has no such network or preview.
        OutputExistsError: the style's name is taken.
        StyleError: the style cannot be written.
    """
    config = _network(request, run, variant)
    target = target_of(request, run, [config.variant])
    checkpoint = latest_checkpoint(run / config.variant)
    if checkpoint is None:
        raise TrainError(f"the run in {run} has not begun its {config.variant} network: there is nothing to export")
    if step is None or step == checkpoint.step:
        trial = write_trial(run, config, checkpoint.step, checkpoint.average, request.texts.title)
    else:
        trial = _preview(run, config, step)
    taken = checkpoint.step if step is None else step
    seconds = checkpoint.seconds * taken / max(1, checkpoint.step)
    return export_style(
        trial,
        config,
        target,
        events,
        step=taken,
        seconds=seconds,
        texts=request.texts,
        vgg=vgg,
        device=device,
        picture=request.picture,
        figures_file=run / config.variant / _FIGURES,
    )


def _network(request: Request, run: Path, variant: str) -> TrainConfig:
    """The network of this variant; without one, the last that was begun."""
    begun = [config for config in request.networks if (run / config.variant).is_dir()]
    wanted = [config for config in request.networks if config.variant == variant] if variant else begun[-1:]
    if not wanted:
        trained = ", ".join(config.variant for config in request.networks)
        raise TrainError(f"the run in {run} trains {trained}, and nothing of {variant or 'it'} is there yet")
    return wanted[0]


def _preview(run: Path, config: TrainConfig, step: int) -> Style:
    names = {path.stem: path for path in trial_styles(run)}
    stem = f"{config.variant}-{step:07d}"
    if stem not in names:
        steps = ", ".join(str(int(name.partition("-")[2])) for name in names if name.startswith(config.variant))
        raise TrainError(f"the run in {run} has no preview of step {step}; it has {steps or 'none'}")
    return read_style(names[stem])
