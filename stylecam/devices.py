"""Which processors can run a network here, and why one of them was taken. Imports torch.

A device that was asked for by name is had or refused with a remedy: never replaced by another in silence. Whoever
asks for `auto` is told what was taken, and why nothing faster was.
"""

from __future__ import annotations

import os
import platform
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import TYPE_CHECKING, Final, Literal

import torch

from stylecam.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Device", "DeviceKind", "choose_device", "limit_threads", "list_devices", "shared_threads"]

DeviceKind = Literal["cpu", "cuda", "mps"]

_INSTALL: Final = "https://pytorch.org/get-started/locally"


@dataclass(frozen=True, slots=True)
class Device:
    """A processor that was tried and works."""

    kind: DeviceKind
    index: int | None
    """Which of several CUDA devices; None for the others."""
    name: str
    """For people: ``"CPU"``, ``"NVIDIA GeForce RTX 4070"``, ``"Apple GPU"``."""
    reason: str
    """Why this one, in a few words that follow the name in brackets."""

    @property
    def label(self) -> str:
        """What `choose_device` takes to get this one again: ``"cpu"``, ``"cuda:0"``, ``"mps"``."""
        return self.kind if self.index is None else f"{self.kind}:{self.index}"

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"


def choose_device(wanted: str = "auto") -> Device:
    """The device that `wanted` names, tried with a small sum.

    Args:
        wanted: ``"auto"`` (CUDA, else MPS, else the CPU), ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"mps"``.

    Raises:
        DeviceError: that device cannot be had here; the text says why and what helps.
    """
    if wanted == "auto":
        return list_devices()[0]
    if wanted == "cpu":
        return _cpu("as asked")
    if wanted == "mps":
        if problem := _mps_problem():
            raise DeviceError(f"The Apple GPU cannot be used: {problem}. Choose --device cpu or auto.")
        return _mps("as asked")
    match = re.fullmatch(r"cuda(?::(\d{1,3}))?", wanted)
    if match is None:
        raise DeviceError(f"There is no device {wanted!r}. Choose auto, cpu, cuda, cuda:0 (and so on) or mps.")
    index = int(match[1] or 0)
    if problem := _cuda_problem(index):
        raise DeviceError(f"{wanted} cannot be used: {problem}. {_cuda_remedy()}")
    return _cuda(index, "as asked")


def list_devices() -> list[Device]:
    """Every device that works here, the one that ``"auto"`` takes first, the CPU last.

    The CPU's reason tells why nothing faster stands before it.
    """
    found: list[Device] = []
    problem = _cuda_problem(0)
    if problem is None:
        usable = [index for index in range(torch.cuda.device_count()) if index == 0 or _cuda_problem(index) is None]
        found += [_cuda(index, "the first CUDA device" if index == 0 else "CUDA device") for index in usable]
    if platform.system() == "Darwin":  # where there never is CUDA, and its absence explains nothing
        problem = _mps_problem()
        if problem is None:
            found.append(_mps("the Apple GPU"))
    found.append(_cpu(problem if problem else "slower than the graphics processor"))
    return found


def limit_threads(count: int) -> None:
    """Let networks on the CPU use `count` threads, in this whole process; without a call torch takes every core.

    Leave one core to whatever decodes, encodes or shows the pictures, where there are four or more.
    """
    if count < 1:
        raise ValueError(f"expected at least one thread, got {count = }")
    torch.set_num_threads(count)


@contextmanager
def shared_threads(most: int) -> Iterator[tuple[ThreadPoolExecutor, int]]:
    """Up to `most` workers, among whom the threads that networks on the CPU may use are divided, and how many they are.

    Two pictures at a time with one thread each are done sooner than one after another with two: no thread waits for
    the other's part, and what else is to be done fits in between.
    """
    threads = torch.get_num_threads()
    workers = min(most, threads)
    all_there = Barrier(workers)

    def begin() -> None:
        torch.get_num_threads()  # the first time, a thread takes over what was set for all
        torch.set_num_threads(threads // workers)
        all_there.wait()

    pool = ThreadPoolExecutor(workers, thread_name_prefix="stylecam-painter")
    try:
        for begun in [pool.submit(begin) for _ in range(workers)]:
            begun.result()
        # What a thread sets holds for itself and for threads that begin later: for those it is set back.
        torch.set_num_threads(threads)
        yield pool, workers
    finally:
        pool.shutdown(cancel_futures=True)


def _cpu(reason: str) -> Device:
    return Device("cpu", None, "CPU", reason)


def _mps(reason: str) -> Device:
    return Device("mps", None, "Apple GPU", reason)


def _cuda(index: int, reason: str) -> Device:
    return Device("cuda", index, torch.cuda.get_device_name(index), reason)


def _cuda_problem(index: int) -> str | None:
    """Why CUDA device `index` cannot be used, or None."""
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        return "no CUDA device found: this build of torch has no GPU support"
    with warnings.catch_warnings():  # the reason is told below, once
        warnings.simplefilter("ignore")
        available = torch.cuda.is_available()
    if not available:
        return _why_cuda_is_not_available()
    if index >= torch.cuda.device_count():
        names = ", ".join(f"cuda:{i} is {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count()))
        return f"there is no CUDA device of that number ({names})"
    return _failure_of_a_small_sum(torch.device("cuda", index))


def _why_cuda_is_not_available() -> str:
    if os.environ.get("CUDA_VISIBLE_DEVICES", "unset") in ("", "-1"):
        return "no CUDA device found: CUDA_VISIBLE_DEVICES hides them all"
    try:
        # is_available() swallows the reason, this tells it.
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except (RuntimeError, AssertionError) as error:
        said = str(error)
        if "too old" in said:
            found = re.search(r"found version (\d+)", said)
            return f"the NVIDIA driver is too old for this build of torch{f' ({found[0]})' if found else ''}"
        if "no NVIDIA driver" in said:
            return "no CUDA device found: no NVIDIA driver is installed"
    return "no CUDA device found"


def _cuda_remedy() -> str:
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        return f"Install a build of torch for your GPU ({_INSTALL}), or choose --device cpu."
    return "Check that `nvidia-smi` lists the GPU and update its driver, or choose --device cpu."


def _mps_problem() -> str | None:
    if platform.system() != "Darwin":
        return f"only Macs have it, and this is {platform.system()}"
    if not torch.backends.mps.is_built():
        return "this build of torch has no support for it"
    if not torch.backends.mps.is_available():
        return "macOS 14 or newer on Apple silicon is needed"
    return _failure_of_a_small_sum(torch.device("mps"))


def _failure_of_a_small_sum(device: torch.device) -> str | None:
    """A device can be listed and not work: too old for this build, in use by one process alone, out of memory."""
    try:
        # Warns about processors this build holds no code for, which the sum then proves.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            total = float(torch.ones(8, device=device).sum())
    except RuntimeError as error:
        return f"it was found but does not work ({str(error).strip().splitlines()[0]})"
    return None if total == 8.0 else f"it was found but does not count right (8 ones make {total:g})"
