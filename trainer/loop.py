"""The training loop, top to bottom: one painting, one network, as `TrainConfig` says.

What a step computes depends on the configuration and the step's number alone, so that a run that was killed and
resumed gives the losses of an unbroken one.
"""

from __future__ import annotations

import math
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from stylecam.architecture import ARCHITECTURES
from stylecam.errors import StylecamError, TrainError
from stylecam.network import TransformerNet
from stylecam.styles import read_style
from trainer.checkpoint import Checkpoint, latest_checkpoint, write_checkpoint
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.measure import measure_held_out, save_preview
from trainer.objective import step_losses
from trainer.perceptual import StyleTarget, Vgg16, style_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from trainer.config import TrainConfig
    from trainer.events import EventLog

__all__ = ["train"]

_AVERAGE_DECAY: Final = 0.998
_LARGEST_GRADIENT: Final = 10.0
_ROLL_BACKS: Final = 2


def train(
    config: TrainConfig,
    folder: Path,
    events: EventLog,
    *,
    vgg_weights: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    device: str = "cpu",
    checkpoint_every: int = 250,
) -> Checkpoint:
    """Train until `config.steps`, or until `stop()`; goes on from the newest checkpoint in `folder`.

    Returns:
        The last checkpoint, which is also on disk. Its step is below `config.steps` if the run was stopped.

    Raises:
        TrainError: unusable painting, photographs or base; a run in `folder` with other settings; losses that stay
            non-finite; a checkpoint that cannot be written.
    """
    photographs = ContentImages(Path(config.content), config.crop, config.batch, config.seed)
    vgg = Vgg16(vgg_weights).to(device)
    painting = to_tensor(load_picture(Path(config.painting), short_side=config.painting_size)).to(device)
    target = style_target(vgg, painting)

    resumed = latest_checkpoint(folder)
    if resumed is not None:
        _check_same_run(resumed.config, config, folder)
        if resumed.photographs != photographs.fingerprint:
            events.emit("notice", text=f"the photographs in {config.content} are not those that the run began with")
    state = replace(resumed, config=config) if resumed else _fresh(config, photographs.fingerprint)
    step, rate_factor, seconds = state.step, state.rate_factor, state.seconds
    network = _network(config, device)
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    average = _restore(state, network, optimiser)
    if resumed is None:
        write_checkpoint(folder, state)
    events.emit(
        "started",
        variant=config.variant,
        step=step,
        steps=config.steps,
        device=device,
        photographs=len(photographs.training),
        skipped=[{"path": str(skip.path), "reason": skip.reason} for skip in photographs.skipped],
    )

    roll_backs = 0
    since_report = time.monotonic()
    seconds_per_step = 0.0
    while step < config.steps and not stop():
        began = time.monotonic()
        rate = config.learning_rate * rate_factor * _schedule(step, config)
        for group in optimiser.param_groups:
            group["lr"] = rate
        try:
            losses = step_losses(network, vgg, target, photographs, config, step, device)
        except (StylecamError, OSError, torch.OutOfMemoryError):  # a photograph that has gone, a device that is full
            write_checkpoint(folder, _snapshot(state, step, rate_factor, seconds, network, average, optimiser))
            raise
        optimiser.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
        if not math.isfinite(float(norm) + losses.total.item()):
            if roll_backs == _ROLL_BACKS:
                raise TrainError(
                    f"the loss stayed non-finite after step {step}, also at a quarter of the learning rate: "
                    "lower --style-weight or the learning rate"
                )
            roll_backs += 1
            rate_factor /= 2
            average = _restore(state, network, optimiser)
            events.emit("rolled_back", step=step, to_step=state.step, learning_rate=config.learning_rate * rate_factor)
            step = state.step
            continue
        optimiser.step()
        step += 1
        _follow(average, network, max(0, step - config.first_painted_step))

        elapsed = time.monotonic() - began
        seconds += elapsed
        seconds_per_step = elapsed if seconds_per_step == 0 else 0.95 * seconds_per_step + 0.05 * elapsed
        if time.monotonic() - since_report > 2 or step == config.steps:
            since_report = time.monotonic()
            events.emit(
                "step",
                step=step,
                steps=config.steps,
                content=losses.content.item(),
                style=losses.style.item(),
                tv=losses.tv.item(),
                consistency=losses.consistency.item(),
                total=losses.total.item(),
                learning_rate=rate,
                seconds_per_step=round(seconds_per_step, 4),
                seconds_left=round((config.steps - step) * seconds_per_step),
            )
        if step % checkpoint_every == 0 or step == config.steps:
            state = _snapshot(state, step, rate_factor, seconds, network, average, optimiser)
            events.emit("checkpoint", step=step, path=str(write_checkpoint(folder, state)))
            roll_backs = 0
            _judge(average, config, vgg, target, photographs, folder, events, step, device)

    if state.step != step:
        state = _snapshot(state, step, rate_factor, seconds, network, average, optimiser)
        events.emit("checkpoint", step=step, path=str(write_checkpoint(folder, state)))
    return state


def _check_same_run(before: TrainConfig, now: TrainConfig, folder: Path) -> None:
    """A run goes on with the settings it began with; only its length may change."""
    changed = [
        f"{field.name} was {getattr(before, field.name)!r}, now {getattr(now, field.name)!r}"
        for field in fields(now)
        if field.name not in ("steps", "painting") and getattr(before, field.name) != getattr(now, field.name)
    ]
    if changed:
        raise TrainError(
            f"the run in {folder} was begun with other settings ({'; '.join(changed)}): "
            "give those again, or begin a new run in another folder with --run"
        )


def _schedule(step: int, config: TrainConfig) -> float:
    """A short rise, then half a cosine down to a fiftieth."""
    rise = min(1.0, (step + 1) / 50)
    return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))


def _network(config: TrainConfig, device: str) -> TransformerNet:
    on_cpu = device == "cpu"
    network = TransformerNet(ARCHITECTURES[config.variant], norm="group" if on_cpu else "instance", subpixel=on_cpu).to(
        device
    )
    return network.to(memory_format=torch.channels_last) if on_cpu else network


def _fresh(config: TrainConfig, photographs: str) -> Checkpoint:
    """Step 0: the base's weights, or seeded noise."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = TransformerNet(ARCHITECTURES[config.variant])
    if config.base:
        base = read_style(Path(config.base))
        if config.variant not in base.variants:
            raise TrainError(f"{config.base} has no {config.variant} network to start from: choose another base")
        network.load_state_dict({k: torch.from_numpy(w).float() for k, w in base.weights(config.variant).items()})
    weights = _copied(network.state_dict())
    zeros = {name: torch.zeros_like(tensor) for name, tensor in weights.items()}
    return Checkpoint(0, config, 1.0, 0.0, photographs, weights, _copied(weights), zeros, _copied(zeros))


def _restore(state: Checkpoint, network: TransformerNet, optimiser: torch.optim.Adam) -> dict[str, Tensor]:
    """Put a checkpoint into the network and the optimiser; returns the average, to be gone on with."""
    network.load_state_dict(state.network)
    for name, parameter in network.named_parameters():
        optimiser.state[parameter] = {
            "step": torch.tensor(float(state.step)),
            "exp_avg": state.first_moment[name].to(parameter, copy=True),
            "exp_avg_sq": state.second_moment[name].to(parameter, copy=True),
        }
    device = next(network.parameters()).device
    return {name: tensor.to(device, copy=True) for name, tensor in state.average.items()}


def _snapshot(
    before: Checkpoint,
    step: int,
    rate_factor: float,
    seconds: float,
    network: TransformerNet,
    average: dict[str, Tensor],
    optimiser: torch.optim.Adam,
) -> Checkpoint:
    moments = {name: optimiser.state[parameter] for name, parameter in network.named_parameters()}
    return replace(
        before,
        step=step,
        rate_factor=rate_factor,
        seconds=seconds,
        network=_copied(network.state_dict()),
        average=_copied(average),
        first_moment=_copied({name: moment["exp_avg"] for name, moment in moments.items()}),
        second_moment=_copied({name: moment["exp_avg_sq"] for name, moment in moments.items()}),
    )


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


@torch.no_grad()
def _follow(average: dict[str, Tensor], network: TransformerNet, step: int) -> None:
    """Move the average towards the weights; it starts young, so that the first steps do not weigh it down."""
    decay = min(_AVERAGE_DECAY, step / (step + 10))
    for name, parameter in network.named_parameters():
        average[name].lerp_(parameter, 1 - decay)


def _judge(
    average: dict[str, Tensor],
    config: TrainConfig,
    vgg: Vgg16,
    target: StyleTarget,
    photographs: ContentImages,
    folder: Path,
    events: EventLog,
    step: int,
    device: str,
) -> None:
    """Held-out losses and a picture of what the network paints now, for whoever watches."""
    network = _network(config, device).eval()
    network.load_state_dict(average)
    figures = measure_held_out(network, vgg, target, photographs.held_out, device=device)
    events.emit("held_out", step=step, content=figures.content, style=figures.style, flicker=figures.flicker)
    try:
        path = save_preview(network, photographs.held_out[:2], folder / f"preview-{step:07d}.jpg", device=device)
    except OSError as exc:  # a full disk, say: the run is worth more than its preview
        events.emit("notice", text=f"the preview of step {step} could not be written ({exc})")
    else:
        events.emit("preview", step=step, path=str(path))
