"""The training loop, top to bottom: one painting, one network, as `TrainConfig` says.

What a step computes depends on the configuration, the checkpoint and the step's number alone, so that a run that was
killed and resumed gives the losses of an unbroken one.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from stylecam.errors import StylecamError, TrainError
from stylecam.runs import Control
from trainer.checkpoint import Checkpoint, drop_torn, latest_checkpoint, write_checkpoint
from trainer.config import Emphasis
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.perceptual import Vgg16, style_target
from trainer.processes import ALONE, Processes
from trainer.state import State, fresh_checkpoint
from trainer.stepper import Stepper
from trainer.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainer.config import TrainConfig
    from trainer.events import EventLog

__all__ = ["Outcome", "train"]

Ending = Literal["done", "stopped", "kept", "cancelled"]

_ROLL_BACKS: Final = 2
_LOOK_AGAIN_S: Final = 0.2
_RUN, _HEED, _PAUSE, _KEEP, _CANCEL, _STOP = range(6)  # the more urgent, the greater
_WISHES: Final = {"run": _RUN, "pause": _PAUSE, "keep": _KEEP, "cancel": _CANCEL}
_ENDINGS: Final[dict[int, Ending]] = {_KEEP: "kept", _CANCEL: "cancelled", _STOP: "stopped"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and where."""

    checkpoint: Checkpoint
    """Also on disk, unless the run was cancelled."""
    ending: Ending


def train(
    config: TrainConfig,
    run: Path,
    events: EventLog,
    *,
    vgg: Vgg16 | None = None,
    stop: Callable[[], bool] = lambda: False,
    control: Callable[[], Control] = Control,
    device: str = "cpu",
    checkpoint_every: int = 250,
    processes: Processes = ALONE,
    title: str = "",
    place: tuple[int, int] = (1, 1),
    later_seconds: Callable[[float], float] = lambda seconds_per_step: 0.0,
) -> Outcome:
    """Train until `config.steps`, or until `stop()` or `control()` says otherwise.

    Goes on from the newest checkpoint in `run`/`config.variant`.

    Args:
        config: what to compute.
        run: the run's folder.
        events: told everything.
        vgg: on `device`; by default, one with the bundled weights.
        stop: whether to write a checkpoint and end; asked before every step.
        control: what whoever watches wants; asked before every step.
        device: torch's name of it.
        checkpoint_every: steps between two checkpoints, which are also judged.
        processes: those that share each batch.
        title: the style's, for those who try it before its time.
        place: which of how many networks this is, for the events.
        later_seconds: what the networks after this one will take, from this one's seconds a step.

    Raises:
        TrainError: unusable painting, photographs or base; a run in `run` with other settings; losses that stay
            non-finite; a device that is too small; a checkpoint that cannot be written.
    """
    folder = run / config.variant
    folder.mkdir(parents=True, exist_ok=True)
    photographs = ContentImages(Path(config.content), config.crop, config.batch, config.seed)
    vgg = (vgg or Vgg16()).to(device)
    painting = to_tensor(load_picture(Path(config.painting), short_side=config.painting_size)).to(device)
    target = style_target(vgg, painting)

    state = _begin(config, folder, photographs, events, device, processes)
    watching = Watching(run, config, events, title)
    number, count = place
    names = {"variant": config.variant, "network": number, "networks": count}
    events.emit(
        "started",
        **names,
        step=state.step,
        steps=config.steps,
        device=device,
        photographs=len(photographs.training),
        skipped=[{"path": str(skip.path), "reason": skip.reason} for skip in photographs.skipped],
    )
    stepper = Stepper(vgg, target, photographs, device, processes, events)
    roll_backs, wish, seconds_per_step, phase = 0, _RUN, 0.0, ""
    since_report = time.monotonic()
    while state.step < config.steps:
        wish = processes.agree(_STOP if stop() else _wish(control(), state), device)
        if wish == _HEED:
            _save(state, folder, events, control(), processes, device)
        if wish == _PAUSE:
            _pause(state, folder, events, processes, lambda: _STOP if stop() else _WISHES[control().state], device)
            continue
        if wish > _PAUSE:
            break
        phase = _enter_phase(phase, state.step, config, events)
        began = time.monotonic()
        effective = config.with_emphasis(state.saved.emphasis)
        try:
            losses, finite = stepper.gradients(state, effective)
        except (StylecamError, OSError):  # a photograph that has gone, a device that is full
            if processes.leads:
                write_checkpoint(folder, state.snapshot())
            raise
        if not finite:
            if roll_backs == _ROLL_BACKS:
                raise TrainError(
                    f"the loss stayed non-finite after step {state.step}, also at a quarter of the learning rate: "
                    "lower --style-weight or the learning rate"
                )
            roll_backs += 1
            failed_at = state.step
            state.roll_back()
            rate = config.learning_rate * state.saved.rate_factor
            events.emit("rolled_back", step=failed_at, to_step=state.step, learning_rate=rate)
            continue
        rate = config.learning_rate * state.saved.rate_factor * _schedule(state.step, config)
        state.advance(rate)

        elapsed = time.monotonic() - began
        state.seconds += elapsed
        seconds_per_step = elapsed if seconds_per_step == 0 else 0.95 * seconds_per_step + 0.05 * elapsed
        if time.monotonic() - since_report > 2 or state.step == config.steps:
            since_report = time.monotonic()
            left = (config.steps - state.step) * seconds_per_step + later_seconds(seconds_per_step)
            events.emit(
                "step",
                **names,
                step=state.step,
                steps=config.steps,
                **losses,
                learning_rate=rate,
                seconds_per_step=round(seconds_per_step, 4),
                seconds_left=round(left),
            )
        if state.step % checkpoint_every == 0 or state.step == config.steps:
            _save(state, folder, events, control(), processes, device)
            roll_backs = 0
            if processes.leads:
                watching.judge(state, vgg, target, photographs.held_out, device)
        if processes.leads:
            if state.step == config.steps:
                watching.preview(state, photographs.held_out, device)
            else:
                watching.look(state, photographs.held_out, device)

    ending = _ENDINGS.get(wish, "done") if state.step < config.steps else "done"
    if state.saved.step != state.step and ending != "cancelled":
        _save(state, folder, events, control(), processes, device)
    return Outcome(state.saved, ending)


def _begin(
    config: TrainConfig,
    folder: Path,
    photographs: ContentImages,
    events: EventLog,
    device: str,
    processes: Processes,
) -> State:
    """From the newest checkpoint, else from the base or from noise."""
    resumed = latest_checkpoint(folder)
    processes.wait_for_all()  # until each has looked; then the first is written
    if processes.leads:
        drop_torn(folder)
    if resumed is None:
        checkpoint = fresh_checkpoint(config, photographs.fingerprint)
        if processes.leads:
            write_checkpoint(folder, checkpoint)
        return State.begin(checkpoint, device)
    resumed.config.check_goes_on(config, folder)
    if resumed.photographs != photographs.fingerprint:
        events.emit("notice", text=f"the photographs in {config.content} are not those that the run began with")
    return State.begin(replace(resumed, config=config), device)


def _wish(control: Control, state: State) -> int:
    wanted = Emphasis(control.style, control.content, control.steady)
    return _HEED if control.state == "run" and wanted != state.saved.emphasis else _WISHES[control.state]


def _schedule(step: int, config: TrainConfig) -> float:
    """A short rise, then half a cosine down to a fiftieth."""
    rise = min(1.0, (step + 1) / 50)
    return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))


def _enter_phase(before: str, step: int, config: TrainConfig, events: EventLog) -> str:
    phase = "painting" if step >= config.first_painted_step else "reconstruction"
    if phase != before:
        events.emit("phase", phase=phase, variant=config.variant)
    return phase


def _save(state: State, folder: Path, events: EventLog, control: Control, processes: Processes, device: str) -> None:
    """Write a checkpoint; what the watcher wants more of counts from here on, and a resumed run knows it, too.

    So a change of mind is a checkpoint of its own: the run can be gone over again from there, with the same losses.
    """
    # Each process reads the file at a moment of its own: what the leading one read counts for all.
    wanted = Emphasis(*processes.as_led([control.style, control.content, control.steady], device))
    if wanted != state.saved.emphasis:
        events.emit("emphasis", step=state.step, style=wanted.style, content=wanted.content, steady=wanted.steady)
    checkpoint = state.snapshot(wanted)
    if processes.leads:
        path = write_checkpoint(folder, checkpoint)
        events.emit("checkpoint", variant=checkpoint.config.variant, step=state.step, path=str(path))


def _pause(
    state: State,
    folder: Path,
    events: EventLog,
    processes: Processes,
    wish: Callable[[], int],
    device: str,
) -> None:
    """Wait, with everything on disk, until something else is wanted."""
    checkpoint = state.snapshot()  # in every process: all go back to it, if they must
    if processes.leads:
        write_checkpoint(folder, checkpoint)
    events.emit("paused", step=state.step)
    while (wanted := processes.agree(wish(), device)) == _PAUSE:
        time.sleep(_LOOK_AGAIN_S)
    if wanted == _RUN:
        events.emit("resumed", step=state.step)
