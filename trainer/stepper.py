"""One step's gradients, in as many parts as the device's memory asks for, added up over all processes."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import torch

from stylecam.errors import TrainError
from trainer.objective import Losses, step_losses

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.content import ContentImages
    from trainer.events import EventLog
    from trainer.perceptual import StyleTarget, Vgg16
    from trainer.processes import Processes
    from trainer.state import State

__all__ = ["NO_MEMORY", "Stepper", "is_out_of_memory"]

_LARGEST_GRADIENT: Final = 10.0
NO_MEMORY: Final = (
    "has not enough memory for this training: choose a smaller --crop, a smaller --batch, or --device cpu"
)
_OUT_OF_MEMORY: Final = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass
class Stepper:
    """What does not change from step to step, but for `parts`, which a full device doubles."""

    vgg: Vgg16
    target: StyleTarget
    photographs: ContentImages
    device: str
    processes: Processes
    events: EventLog
    parts: int = 1

    def gradients(self, state: State, config: TrainConfig) -> tuple[dict[str, float], bool]:
        """Leave the whole batch's gradients in the network; returns the losses by name, and whether all is finite."""
        items = self.processes.share(config.batch)
        while True:
            try:
                return self._in_parts(state, config, items)
            except RuntimeError as exc:
                if not is_out_of_memory(exc):
                    raise
                self._halve(items, exc)

    def _halve(self, items: range, error: RuntimeError) -> None:
        if self.parts >= len(items) or self.processes.count > 1:
            raise TrainError(f"{self.device} {NO_MEMORY}") from error
        self.parts *= 2
        text = f"{self.device} has not enough memory for {len(items)} pictures at once: taken in {self.parts} parts"
        self.events.emit("notice", text=text)

    def _in_parts(self, state: State, config: TrainConfig, items: range) -> tuple[dict[str, float], bool]:
        names = [field.name for field in fields(Losses)]
        state.optimiser.zero_grad(set_to_none=True)
        sums = torch.zeros(len(names), device=self.device)
        size = math.ceil(len(items) / self.parts)
        for start in range(0, len(items), size):
            part = items[start : start + size]
            losses = step_losses(
                state.network, self.vgg, self.target, self.photographs, config, state.step, self.device, part
            )
            share = len(part) / config.batch
            (losses.total * share).backward()  # type: ignore[no-untyped-call]
            sums += share * torch.stack([getattr(losses, name).detach() for name in names])
        gradients: list[Any] = [parameter.grad for parameter in state.network.parameters()]
        self.processes.add_up([*gradients, sums])
        norm = torch.nn.utils.clip_grad_norm_(state.network.parameters(), _LARGEST_GRADIENT)
        values = dict(zip(names, sums.tolist(), strict=True))
        return values, math.isfinite(float(norm) + values["total"])


def is_out_of_memory(error: Exception) -> bool:
    """Of a GPU, of Python's, or of a processor's allocator, which has no exception of its own."""
    said = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in said for words in _OUT_OF_MEMORY)
