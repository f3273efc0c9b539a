"""Every device that networks could run on here, usable or not, with what a person would ask about it. Imports torch."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from stylecam.devices import choose_device
from stylecam.errors import DeviceError

__all__ = ["DeviceFacts", "describe_devices", "processor_name"]

_CPUINFO: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device, whether or not it can be used."""

    label: str
    """What `--device` takes: ``"cpu"``, ``"cuda:0"``, ``"mps"``."""
    name: str
    """For people; empty where ``"cuda"`` stands for a device that is not there."""
    problem: str | None
    """Why it cannot be used, with what helps; None if it was tried and works."""
    cores: int | None = None
    """Of the CPU, as many as this process may use."""
    memory: int | None = None
    """Bytes, of a graphics card."""
    capability: str = ""
    """What torch's kernels are chosen by: ``"AVX512"``, ``"8.9"``."""

    @property
    def details(self) -> str:
        """For people: the name, what it has, and why it cannot be used."""
        parts = [self.name] if self.name else []
        if self.cores is not None:
            parts.append("1 core" if self.cores == 1 else f"{self.cores} cores")
        if self.memory is not None:
            parts.append(f"{self.memory / 2**30:.1f} GiB")
        if self.capability:
            parts.append(self.capability if self.cores else f"compute capability {self.capability}")
        if self.problem:
            parts.append(f"cannot be used: {self.problem}")
        return ", ".join(parts)


def describe_devices() -> list[DeviceFacts]:
    """All of them, the CPU first. Each graphics card is tried with a small sum, which takes a moment.

    Where there is no CUDA device at all, ``"cuda"`` stands for it, with the reason as its problem.
    """
    # Where a container or a scheduler gives a part of the machine, torch takes no more threads than that.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = [DeviceFacts("cpu", processor_name(), None, cores, capability=torch.backends.cpu.get_cpu_capability())]
    if platform.system() == "Darwin":
        return [*found, DeviceFacts("mps", "Apple GPU", _problem_of("mps"))]
    cards = [_card(index) for index in range(torch.cuda.device_count())]
    return [*found, *(cards or [DeviceFacts("cuda", "", _problem_of("cuda"))])]


def processor_name() -> str:
    """What the maker calls it; else the architecture's name."""
    system = platform.system()
    if system == "Linux":
        with contextlib.suppress(OSError):
            for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
                key, _, value = line.partition(":")
                if key.strip() == "model name" and value.strip():
                    return " ".join(value.split())
    if system == "Darwin":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    return platform.processor() or platform.machine() or "CPU"


def _card(index: int) -> DeviceFacts:
    label = f"cuda:{index}"
    problem = _problem_of(label)
    try:
        facts = torch.cuda.get_device_properties(index)
    except (RuntimeError, AssertionError):  # a driver that is half there
        return DeviceFacts(label, "CUDA device", problem)
    return DeviceFacts(label, facts.name, problem, None, facts.total_memory, f"{facts.major}.{facts.minor}")


def _problem_of(label: str) -> str | None:
    try:
        choose_device(label)
    except DeviceError as exc:
        return str(exc).removeprefix(f"{label} cannot be used: ").removeprefix("The Apple GPU cannot be used: ")
    return None
