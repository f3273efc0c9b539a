"""Several processes, one training: each takes its share of every batch, and all make the same step.

Started by `torchrun`, which tells each process its place in the environment; without it, everything here is for one
process and costs nothing. Each process computes the gradients of its items, weighted by their share of the batch;
their sum over the processes is the gradient of the whole batch, so two processes give the losses and the weights of
one with the same batch. It is what DistributedDataParallel does, as one sum of one flat tensor: these networks have
0.3 to 1.7 million parameters, so there is nothing to overlap, and the figures a step reports travel along.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
import torch.distributed as dist

from stylecam.errors import TrainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

__all__ = ["ALONE", "Processes", "join_processes"]


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's place among those that train together."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    """Place on this machine: the number of its GPU."""

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes files and speaks."""
        return self.rank == 0

    def share(self, batch: int) -> range:
        """This process's items of a batch.

        Raises:
            TrainError: the batch cannot be divided evenly.
        """
        if batch % self.count:
            raise TrainError(
                f"a batch of {batch} cannot be shared by {self.count} processes: choose --batch {self.count} or a "
                "multiple of it"
            )
        size = batch // self.count
        return range(self.rank * size, (self.rank + 1) * size)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all processes, which is bit for bit the same in each of them."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.detach().reshape(-1).float() for tensor in tensors])
        with _all_there():
            dist.all_reduce(flat)
        position = 0
        for tensor in tensors:
            tensor.detach().copy_(flat[position : position + tensor.numel()].view_as(tensor))
            position += tensor.numel()

    def agree(self, wish: int, device: str) -> int:
        """The greatest of all processes' wishes: when one is to stop, all stop after the same step."""
        if self.count == 1:
            return wish
        greatest = torch.tensor(wish, device=device)
        with _all_there():
            dist.all_reduce(greatest, dist.ReduceOp.MAX)
        return int(greatest)

    def as_led(self, values: Sequence[float], device: str) -> list[float]:
        """The leading process's values, in each of them."""
        if self.count == 1:
            return list(values)
        shared = torch.tensor(values, dtype=torch.float64, device=device)
        with _all_there():
            dist.broadcast(shared, 0)
        return [float(value) for value in shared]

    def wait_for_all(self) -> None:
        if self.count > 1:
            with _all_there():
                dist.barrier()

    def leave(self) -> None:
        if self.count > 1:
            dist.destroy_process_group()


ALONE: Final = Processes()


@contextlib.contextmanager
def _all_there() -> Iterator[None]:
    try:
        yield
    except RuntimeError as exc:
        raise TrainError("another of the training processes has ended, and this one with it: see what it said") from exc


def join_processes(device: str) -> Processes:
    """Join the processes that `torchrun` started together with this one: over NCCL on GPUs, else over gloo."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return ALONE
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if device.startswith("cuda"):
        torch.cuda.set_device(local_rank)
    try:
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    except (RuntimeError, ValueError) as exc:
        raise TrainError(
            f"the {count} training processes could not find each other ({exc}): start them with torchrun"
        ) from exc
    return Processes(dist.get_rank(), dist.get_world_size(), local_rank)
