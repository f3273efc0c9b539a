"""CUDA's streams, recorded graphs and pinned memory behind one small interface, so that their order can be tested.

`Engine` calls these in a fixed order; a test that hands it a recorder in place of `CudaAccelerator` reads that order
without a GPU. Nothing here knows of networks or styles. Imports torch.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from torch import Tensor

__all__ = ["Accelerator", "CudaAccelerator"]

_WARM_UPS: Final = 3


class Accelerator(Protocol):
    """What `Engine` needs of a device that takes orders without waiting for them to be done."""

    device: torch.device

    def pinned(self, *shape: int) -> Tensor:
        """A uint8 buffer in host memory that the device can read and write while the CPU goes on."""

    def stream(self) -> AbstractContextManager[None]:
        """Orders given inside are done one after another, in the engine's own queue. The inference thread's alone."""

    def aside(self) -> AbstractContextManager[None]:
        """Orders given inside go to another queue, and are done when it is left. For any other thread."""

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record the orders that `work` gives, and return what gives them all again at once.

        Call it inside `stream()`. The addresses are recorded, too: `work` must read and write buffers that stay.
        """

    def synchronise(self) -> None:
        """Wait until every order given inside `stream()` is done."""

    def free_unused(self) -> None:
        """Give memory that is no longer in use back to the device."""


class CudaAccelerator:
    """The real one."""

    def __init__(self, index: int) -> None:
        self.device = torch.device("cuda", index)
        self._stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        self._aside = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]

    def pinned(self, *shape: int) -> Tensor:
        return torch.empty(shape, dtype=torch.uint8, pin_memory=True)

    @contextmanager
    def stream(self) -> Iterator[None]:
        with torch.cuda.stream(self._stream):
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        with torch.cuda.stream(self._aside):
            yield
            self._aside.synchronize()

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        # cuDNN tries its algorithms for this size while warming up, since nothing may be tried while recording.
        with torch.backends.cudnn.flags(enabled=True, benchmark=True):
            for _ in range(_WARM_UPS):
                work()
            self._stream.synchronize()
            graph = torch.cuda.CUDAGraph()
            # "thread_local": CUDA calls of other threads (a style prepared aside, a training) neither fail nor spoil
            # the recording, as they would in the default mode.
            with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
                work()
        return graph.replay

    def synchronise(self) -> None:
        self._stream.synchronize()

    def free_unused(self) -> None:
        torch.cuda.empty_cache()
