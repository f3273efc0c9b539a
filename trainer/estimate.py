"""How long a training would take here: a few of its own steps, timed, and multiplied by what its schedule says.

Nothing is read but VGG's weights and nothing is written: photographs and painting are noise of the right size, which
costs a step the same.
"""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import torch

from trainer.content import ContentImages
from trainer.events import EventLog
from trainer.perceptual import StyleTarget, Vgg16, style_target
from trainer.processes import ALONE
from trainer.state import State, empty_network, fresh_checkpoint
from trainer.stepper import Stepper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor

    from stylecam.architecture import Variant
    from stylecam.frame import Image
    from trainer.config import TrainConfig

__all__ = ["estimate"]

Kind = Literal["reconstruction", "painting", "consistent"]

_BUDGET_S: Final = 10.0
"""For timing steps; each kind is timed once in any case."""
_MOST_SAMPLES: Final = 8
_LOW, _HIGH = 0.8, 1.5
"""Margins. Before runs of 60 steps, on two cores that other programs shared, the mean pace foretold 0.75 to 1.4 of what
the steps then took: the load of other programs changes by that much within a minute."""
_START_S: Final = 3.0, 15.0
"""Least and most for starting Python and torch and for looking through some hundred photographs."""


@dataclass(frozen=True, slots=True)
class _Looks:
    """Seconds for one picture of 480×320, forwards only."""

    paint: float
    vgg: float

    def seconds(self, config: TrainConfig, steps_take: float, checkpoint_every: int) -> float:
        """Of all that a training does between and after its steps: see `trainer.watching` and `trainer.report`."""
        # A painting whole and a photograph up to relu2_2, which is a third of VGG's work.
        judged = self.paint + 1.35 * self.vgg
        checkpoint = 4 * judged + 12 * self.paint
        # Every 20 seconds, then every tenth of the time so far; three smaller pictures, written.
        previews = min(steps_take, 200) / 20 + math.log(max(1, steps_take / 200)) / math.log(1.1)
        # The painting is looked at, whole and at half its size, before the steps and for the report.
        paintings = 2 * 1.25 * (config.painting_size / 320) ** 2 * self.vgg
        report = 8 * judged + 70 * self.paint
        pictures = previews * (2 * self.paint + 0.1)
        return math.ceil(config.steps / checkpoint_every) * checkpoint + pictures + paintings + report


class _Noise(ContentImages):
    """Photographs that are in no folder: the same work as with real ones, once those are in memory."""

    def __post_init__(self) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (321, 481, 3), dtype=np.uint8)
        self._noise: Image = noise
        self.training = [Path()] * 64
        self.held_out = []

    def _picture(self, index: int) -> Image:
        return self._noise


@dataclass
class _Timed:
    """One network at one size, ready to take steps of each kind, and how long they took."""

    stepper: Stepper
    state: State
    examples: dict[Kind, tuple[TrainConfig, int]] = field(default_factory=dict)
    """Whose schedule has a step of this kind, and where."""
    times: dict[Kind, list[float]] = field(default_factory=dict)

    def take(self, kind: Kind) -> float:
        """One step as the loop makes it; seconds."""
        config, step = self.examples[kind]
        began = time.perf_counter()
        self.state.step = step
        self.stepper.gradients(self.state, config)
        self.state.advance(config.learning_rate)
        next(self.state.network.parameters()).sum().item()  # until then a GPU has only been given its orders
        return time.perf_counter() - began


def estimate(
    configs: Mapping[str, Sequence[TrainConfig]],
    *,
    vgg: Vgg16 | None = None,
    device: str = "cpu",
    threads: int | None = None,
    checkpoint_every: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> dict[str, tuple[float, float]]:
    """Seconds that each of some trainings would take from start to style: (low, high), by name.

    Low is what the quickest of the timed steps says, high is what their mean says, each with a margin: other programs
    come and go. Takes ten to fifteen seconds on two cores; what several trainings share is timed once. Random numbers
    and the number of threads are left as they were.

    Args:
        configs: the networks of each training, in order. Painting, photographs and base need not exist; whether a base
            is named matters.
        vgg: on `device`; None: with the bundled weights, which takes a second.
        device: torch's name of it.
        threads: of the processor; None or 0: torch's choice.
        checkpoint_every: steps between two; None: about twenty in all.
        check: called before each step that is timed; what it raises ends this.

    Raises:
        TrainError: VGG's weights cannot be had; the device has too little memory.
    """
    before = torch.get_num_threads()
    if threads:
        torch.set_num_threads(threads)
    every = [config for networks in configs.values() for config in networks]
    try:
        with torch.random.fork_rng(devices=[]):
            vgg = vgg or Vgg16().to(device)
            timed = _time_steps(every, vgg, device, check)
            looks = _time_looks(every, vgg, device)
    finally:
        torch.set_num_threads(before)
    totals = {}
    for name, networks in configs.items():
        low, high = _START_S
        longest = max(config.steps for config in networks)
        interval = checkpoint_every or min(1000, max(50, longest // 20))
        for config in networks:
            quickest, mean = _steps_take(config, timed[_shape(config, device)].times, device)
            low += _LOW * (quickest + looks[config.variant].seconds(config, quickest, interval))
            high += _HIGH * (mean + looks[config.variant].seconds(config, mean, interval))
        totals[name] = low, high
    return totals


def _schedule(config: TrainConfig) -> dict[Kind, range]:
    """Which steps are of which kind (`trainer.objective.step_losses`); only kinds that there are."""
    paints = config.first_painted_step
    settles = config.steps
    if config.consistency_weight:
        settles = min(config.steps, max(paints, math.floor(config.steps * config.consistency_start) + 1))
    kinds: dict[Kind, range] = {
        "reconstruction": range(paints),
        "painting": range(paints, settles),
        "consistent": range(settles, config.steps),
    }
    return {kind: steps for kind, steps in kinds.items() if steps}


def _measured(config: TrainConfig, device: str) -> TrainConfig:
    """What is timed for it: on a processor, time grows with the batch, so one item tells; a GPU takes them at once."""
    return replace(config, batch=1) if device == "cpu" else config


def _shape(config: TrainConfig, device: str) -> tuple[object, ...]:
    """Networks that are alike in these take the same time for a step of the same kind."""
    batch = _measured(config, device).batch
    return config.variant, config.crop, batch, config.scales, config.vgg_precision, config.network_precision


def _time_steps(
    configs: Iterable[TrainConfig], vgg: Vgg16, device: str, check: Callable[[], None]
) -> dict[tuple[object, ...], _Timed]:
    """Each kind of step of each shape: once, and again in turn as long as there is time."""
    target = _target(vgg, device)
    timed: dict[tuple[object, ...], _Timed] = {}
    for config in configs:
        shape, measured = _shape(config, device), _measured(config, device)
        if shape not in timed:
            # The base need not exist: weights do not change the time.
            begin = fresh_checkpoint(replace(measured, base="", reconstruction_steps=0), "")
            noise = _Noise(Path(), measured.crop, measured.batch, 0)
            stepper = Stepper(vgg, target, noise, device, ALONE, EventLog(Path(), silent=True))
            timed[shape] = _Timed(stepper, State.begin(begin, device))
        for kind, steps in _schedule(measured).items():
            timed[shape].examples.setdefault(kind, (measured, steps[0] if kind == "painting" else steps[-1]))
    began = time.monotonic()
    turns = [(network, kind) for network in timed.values() for kind in network.examples]
    for number in range(1 + _MOST_SAMPLES):
        for network, kind in turns:
            times = network.times.setdefault(kind, [])
            if number == 0 or time.monotonic() - began + times[-1] < _BUDGET_S:
                check()
                times.append(network.take(kind))
    return timed


def _steps_take(config: TrainConfig, times: Mapping[Kind, Sequence[float]], device: str) -> tuple[float, float]:
    """Seconds of all steps, at the pace of the quickest of each kind and at the mean pace."""
    items = config.batch / _measured(config, device).batch
    counts = {kind: items * len(steps) for kind, steps in _schedule(config).items()}
    # The first of each chooses kernels and asks for memory; it counts only where there was no time for another.
    warm = {kind: times[kind][1:] or times[kind] for kind in counts}
    quickest = sum(count * min(warm[kind]) for kind, count in counts.items())
    return quickest, sum(count * statistics.fmean(warm[kind]) for kind, count in counts.items())


@torch.inference_mode()
def _time_looks(configs: Iterable[TrainConfig], vgg: Vgg16, device: str) -> dict[Variant, _Looks]:
    parts = 4 if device == "cpu" else 1  # a quarter of the picture, four times
    x = torch.full((1, 3, 320 // parts, 480), 128.0, device=device).contiguous(memory_format=torch.channels_last)

    def seconds(network: Callable[[Tensor], Tensor]) -> float:
        times = []
        for _ in range(3):
            began = time.perf_counter()
            network(x).sum().item()
            times.append(time.perf_counter() - began)
        return parts * min(times)

    by_vgg = seconds(lambda x: vgg(x)["relu4_3"])
    networks = {config.variant: empty_network(config, device) for config in configs}
    return {variant: _Looks(seconds(network), by_vgg) for variant, network in networks.items()}


@torch.no_grad()
def _target(vgg: Vgg16, device: str) -> StyleTarget:
    return style_target(vgg, torch.full((1, 3, 64, 64), 128.0, device=device))
