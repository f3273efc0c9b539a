"""Stand-ins for a GPU: one that writes down what it is told, one that does it as late and as mixed up as it may."""

from __future__ import annotations

import random
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from stylecam.architecture import ARCHITECTURES, Variant
from stylecam.devices import Device
from stylecam.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stylecam.accelerator import Queue
    from stylecam.frame import Image

CUDA = Device("cuda", 0, "A GPU", "as asked")


def picture(height: int = 32, width: int = 40, *, seed: int = 0) -> Image:
    coarse = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(seed)) * 255
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 255)
    image: Image = fine[0].permute(1, 2, 0).to(torch.uint8).contiguous().numpy()
    return image


class Recorder:
    """An accelerator on the CPU that does what it is told at once and writes down in which order it was told."""

    model = "A GPU, compute capability 9.9"

    def __init__(self) -> None:
        self.device = torch.device("cpu")
        self.said: list[str] = []
        self.out_of_memory = 0
        self._marks = 0
        self._queue: Queue | None = None
        self._at_work = False

    def pinned(self, *shape: int) -> Tensor:
        self.said.append(f"pinned {'×'.join(map(str, shape))}")
        return torch.full(shape, 99, dtype=torch.uint8)  # whatever was there before

    @contextmanager
    def queue(self, name: Queue) -> Iterator[None]:
        assert self._queue is None
        self._queue = name
        try:
            with _Copies(self):
                yield
        finally:
            self._queue = None

    def mark(self) -> RecordedMark:
        self._marks += 1
        return RecordedMark(self, self._marks - 1)

    @contextmanager
    def aside(self) -> Iterator[None]:
        assert self._queue is None, "orders aside must not enter the queues of the thread that paints"
        self.said.append("aside")
        yield
        self.said.append("aside done")

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        assert self._queue == "compute"
        if self.out_of_memory:
            self.out_of_memory -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        self.synchronise()
        self.said[-1] = "capture"
        self._do(work)

        def replay() -> None:
            assert self._queue == "compute"
            self.order("replay", lambda: self._do(work))

        return replay

    def time(self, work: Callable[[], None], times: int) -> float:
        assert self._queue == "compute"
        self.said.append(f"time {times}")
        return 1.0

    def synchronise(self) -> None:
        self.said.append("synchronise")

    def free_unused(self) -> None:
        self.said.append("free")

    def order(self, name: str, work: Callable[[], object]) -> None:
        self.said.append(f"{self._queue}: {name}")
        work()

    def heard(self) -> list[str]:
        said, self.said = self.said, []
        return said

    @property
    def copies_are_orders(self) -> bool:
        return not self._at_work

    def _do(self, work: Callable[[], None]) -> None:
        self._at_work = True
        try:
            work()
        finally:
            self._at_work = False


class RecordedMark:
    def __init__(self, accelerator: Recorder, number: int) -> None:
        self.accelerator = accelerator
        self.number = number

    def record(self) -> None:
        self.accelerator.order(f"record {self.number}", lambda: None)

    def wait(self) -> None:
        self.accelerator.order(f"wait {self.number}", lambda: None)

    def synchronize(self) -> None:
        self.accelerator.said.append(f"wait {self.number}")


class Lazy(Recorder):
    """An accelerator on the CPU whose queues do nothing until somebody waits, and then as little as will do.

    Which queue goes on is drawn by lot among those that no mark holds up. So a wait that is missing, or a buffer that
    is used again too soon, shows in the pictures.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)
        self._queues: dict[str, deque[_Order]] = {"upload": deque(), "compute": deque(), "download": deque()}

    def mark(self) -> LazyMark:
        return LazyMark(self)

    def order(self, name: str, work: Callable[[], object], *, after: Ticket | None = None) -> None:
        assert self._queue is not None
        self._queues[self._queue].append(_Order(work, after))
        for _ in range(self._random.choice([0, 0, 0, 1, 3])):
            self._go_on()

    def synchronise(self) -> None:
        super().synchronise()
        while self._go_on():
            pass
        assert not any(self._queues.values()), "the queues wait for each other"

    def run_until(self, ticket: Ticket) -> None:
        while not ticket.reached:
            assert self._go_on(), "waited for what nothing will do"

    def _go_on(self) -> bool:
        ready = [queue for queue in self._queues.values() if queue and (not queue[0].after or queue[0].after.reached)]
        if ready:
            self._do(self._random.choice(ready).popleft().work)
        return bool(ready)


class Ticket:
    reached = False

    def reach(self) -> None:
        self.reached = True


class LazyMark:
    """As CUDA's events: a wait is for what was recorded last when it was ordered, and for nothing if nothing was."""

    def __init__(self, accelerator: Lazy) -> None:
        self._accelerator = accelerator
        self._ticket: Ticket | None = None

    def record(self) -> None:
        self._ticket = Ticket()
        self._accelerator.order("record", self._ticket.reach)

    def wait(self) -> None:
        self._accelerator.order("wait", lambda: None, after=self._ticket)

    def synchronize(self) -> None:
        if self._ticket:
            self._accelerator.run_until(self._ticket)


class _Order:
    def __init__(self, work: Callable[[], Any], after: Ticket | None) -> None:
        self.work = work
        self.after = after


class _Copies(TorchDispatchMode):
    """Makes copying into a tensor an order of the queue in use."""

    def __init__(self, accelerator: Recorder) -> None:
        super().__init__()
        self._accelerator = accelerator

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.copy_.default and self._accelerator.copies_are_orders:
            self._accelerator.order("copy", lambda: func(*args, **(kwargs or {})))
            return args[0]
        return func(*args, **(kwargs or {}))


class Elsewhere(Recorder):
    """A recorder whose device is claimed to be a GPU."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.device = torch.device(kind)


class Watch(TorchDispatchMode):
    """Writes down the operation, device and dtype of every tensor that is made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[tuple[str, str, torch.dtype]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, Tensor):
                self.made.append((str(func), value.device.type, value.dtype))
        return result


def gpu_engine(accelerator: Recorder, variant: Variant = "fast", *, exact: bool = False) -> Engine:
    """With `exact` in float32, in which a CPU is faster."""
    return Engine(ARCHITECTURES[variant], CUDA, exact=exact, accelerator=accelerator)
