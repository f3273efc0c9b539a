"""CUDA's streams, recorded graphs and pinned memory behind one small interface, so that their order can be tested.

`RecordedPainting` calls these; a test that hands it a stand-in for `CudaAccelerator` reads the order without a GPU, or
carries the orders out as late and as mixed up as the marks allow. Nothing here knows of networks or styles. Imports
torch.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from torch import Tensor

__all__ = ["Accelerator", "CudaAccelerator", "Mark", "Queue"]

Queue = Literal["upload", "compute", "download"]
"""Each does its orders one after another, beside the others: a GPU copies both ways while it computes."""

_WARM_UPS: Final = 3


class Mark(Protocol):
    """A place in a queue: reached once every order that was given before it is done. Used again and again."""

    def record(self) -> None:
        """Set it at the end of the queue that orders are given to now."""

    def wait(self) -> None:
        """Let what is ordered from now on, in the queue that orders are given to now, wait for it. The CPU goes on."""

    def synchronize(self) -> None:
        """Let the calling thread wait for it."""


class Accelerator(Protocol):
    """What painting needs of a device that takes orders without waiting for them to be done."""

    device: torch.device

    @property
    def model(self) -> str:
        """What tells one make of device, with its libraries, from another."""

    def pinned(self, *shape: int) -> Tensor:
        """A uint8 buffer in host memory that the device can read and write while the CPU goes on."""

    def queue(self, name: Queue) -> AbstractContextManager[None]:
        """Orders given inside go to this queue. For the thread that paints."""

    def mark(self) -> Mark:
        """A new mark, which counts as reached until it is recorded."""

    def aside(self) -> AbstractContextManager[None]:
        """Orders given inside go to another queue, and are done when it is left. For any other thread."""

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record the orders that `work` gives, and return what gives them all again at once.

        Call it inside `queue("compute")`; every order given before, in whichever queue, is done when it returns. The
        addresses are recorded, too: `work` must read and write buffers that stay.
        """

    def time(self, work: Callable[[], None], times: int) -> float:
        """Milliseconds that the device takes for what `work` orders, the mean of so many. Inside `queue("compute")`."""

    def synchronise(self) -> None:
        """Wait until every order in the three queues is done."""

    def free_unused(self) -> None:
        """Give memory that is no longer in use back to the device."""


class CudaAccelerator:
    """The real one."""

    def __init__(self, index: int) -> None:
        self.device = torch.device("cuda", index)
        self._streams: dict[Queue, torch.cuda.Stream] = {
            "upload": self._stream(),
            "compute": self._stream(),
            "download": self._stream(),
        }
        self._aside = self._stream()

    @property
    def model(self) -> str:
        facts = torch.cuda.get_device_properties(self.device)
        cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
        return f"{facts.name}, compute capability {facts.major}.{facts.minor}, cuDNN {cudnn}"

    def pinned(self, *shape: int) -> Tensor:
        return torch.empty(shape, dtype=torch.uint8, pin_memory=True)

    @contextmanager
    def queue(self, name: Queue) -> Iterator[None]:
        with torch.cuda.stream(self._streams[name]):
            yield

    def mark(self) -> Mark:
        # Blocking: a thread that spins while it waits would take a core from decoding and encoding.
        mark: Mark = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        return mark

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
            self.synchronise()
            graph = torch.cuda.CUDAGraph()
            # "thread_local": CUDA calls of other threads (a style prepared aside, a training) neither fail nor spoil
            # the recording, as they would in the default mode.
            with torch.cuda.graph(graph, stream=self._streams["compute"], capture_error_mode="thread_local"):
                work()
        return graph.replay

    def time(self, work: Callable[[], None], times: int) -> float:
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        began.record()
        for _ in range(times):
            work()
        ended.record()
        ended.synchronize()
        return float(began.elapsed_time(ended)) / times

    def synchronise(self) -> None:
        for stream in self._streams.values():
            stream.synchronize()

    def free_unused(self) -> None:
        torch.cuda.empty_cache()

    def _stream(self) -> torch.cuda.Stream:
        return torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
