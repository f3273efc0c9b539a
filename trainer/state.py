"""A run's tensors between a checkpoint and the network, the optimiser and the average that train."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from stylecam.architecture import ARCHITECTURES
from stylecam.errors import TrainError
from stylecam.network import TransformerNet
from stylecam.styles import read_style
from trainer.checkpoint import Checkpoint
from trainer.config import Emphasis

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.config import TrainConfig

__all__ = ["State", "empty_network", "fresh_checkpoint"]

_AVERAGE_DECAY: Final = 0.998


def empty_network(config: TrainConfig, device: str) -> TransformerNet:
    """The network that a run trains, in the form that its device likes best; its weights are yet to be loaded."""
    on_cpu = device == "cpu"
    network = TransformerNet(ARCHITECTURES[config.variant], norm="group" if on_cpu else "instance", subpixel=on_cpu)
    return network.to(memory_format=torch.channels_last) if on_cpu else network.to(device)


def fresh_checkpoint(config: TrainConfig, photographs: str) -> Checkpoint:
    """Step 0: the base's weights, or seeded noise.

    Raises:
        TrainError: the base has no such network.
        StyleError: the base cannot be read.
    """
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
    return Checkpoint(0, config, 1.0, 0.0, Emphasis(), photographs, weights, _copied(weights), zeros, _copied(zeros))


@dataclass
class State:
    """What changes with every step, and the checkpoint that it can go back to."""

    saved: Checkpoint
    network: TransformerNet
    optimiser: torch.optim.Adam
    average: dict[str, Tensor]
    step: int
    seconds: float
    """Spent training so far."""

    @classmethod
    def begin(cls, checkpoint: Checkpoint, device: str) -> State:
        """As the checkpoint says, on this device."""
        network = empty_network(checkpoint.config, device)
        optimiser = torch.optim.Adam(network.parameters(), lr=checkpoint.config.learning_rate)
        state = cls(checkpoint, network, optimiser, {}, checkpoint.step, checkpoint.seconds)
        state._restore()
        return state

    def roll_back(self) -> None:
        """To the last checkpoint, and on from there at half the rate."""
        self.saved = replace(self.saved, rate_factor=self.saved.rate_factor / 2)
        self.step = self.saved.step
        self._restore()

    def snapshot(self, emphasis: Emphasis | None = None) -> Checkpoint:
        """All of it as a checkpoint, which is also what a roll-back goes to from now on."""
        moments = {name: self.optimiser.state[parameter] for name, parameter in self.network.named_parameters()}
        self.saved = replace(
            self.saved,
            step=self.step,
            seconds=self.seconds,
            emphasis=emphasis or self.saved.emphasis,
            network=_copied(self.network.state_dict()),
            average=_copied(self.average),
            first_moment=_copied({name: moment["exp_avg"] for name, moment in moments.items()}),
            second_moment=_copied({name: moment["exp_avg_sq"] for name, moment in moments.items()}),
        )
        return self.saved

    def advance(self, rate: float) -> None:
        """Take the step that the gradients say, and let the average follow."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.step += 1
        self._follow(max(0, self.step - self.saved.config.first_painted_step))

    def averaged_network(self) -> TransformerNet:
        """What a style would be made of now, ready to paint."""
        device = next(self.network.parameters()).device
        network = empty_network(self.saved.config, device.type if device.type == "cpu" else str(device)).eval()
        network.load_state_dict(self.average)
        return network

    def _restore(self) -> None:
        self.network.load_state_dict(self.saved.network)
        for name, parameter in self.network.named_parameters():
            self.optimiser.state[parameter] = {
                "step": torch.tensor(float(self.saved.step)),
                "exp_avg": self.saved.first_moment[name].to(parameter, copy=True),
                "exp_avg_sq": self.saved.second_moment[name].to(parameter, copy=True),
            }
        device = next(self.network.parameters()).device
        self.average = {name: tensor.to(device, copy=True) for name, tensor in self.saved.average.items()}

    @torch.no_grad()
    def _follow(self, painted_steps: int) -> None:
        """Move the average towards the weights; it starts young, so that the first steps do not weigh it down."""
        decay = min(_AVERAGE_DECAY, painted_steps / (painted_steps + 10))
        for name, parameter in self.network.named_parameters():
            self.average[name].lerp_(parameter, 1 - decay)


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}
