"""The most memory that a process takes which paints and does nothing else: a child for each network and size.

Run as a module, it is that child: `python -m stylecam.benching.memory DEVICE STYLE VARIANT WIDTH HEIGHT`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stylecam.benching.children import python, run_child
from stylecam.benching.rounds import StoppedError
from stylecam.benching.sections import Column, Section, number, plain, size

if TYPE_CHECKING:
    from stylecam.benching.plan import Bench

__all__ = ["main", "measure_memory", "peak_mib"]

_COLUMNS = (
    Column("network", plain("variant")),
    Column("size", size("size")),
    Column("peak, MiB", number("peak_mib", 0)),
    Column("of it painting", number("painting_mib", 0)),
    Column("on the device, MiB", number("device_mib", 0)),
)
_PICTURES = 3


def measure_memory(bench: Bench) -> Section:
    """Every variant at every size."""
    section = Section("memory", "Memory", _COLUMNS)
    for at in bench.memory_sizes:
        for variant in bench.variants:
            if bench.stop.is_set():
                break
            bench.say(f"{variant} at {at[0]}×{at[1]}")
            arguments = [bench.device.label, str(bench.style.path), variant, *map(str, at)]
            try:
                _, printed = run_child(python("-m", "stylecam.benching.memory", *arguments), stop=bench.stop)
            except StoppedError:
                break
            section.rows.append({"variant": variant, "size": list(at), **json.loads(printed.splitlines()[-1])})
    section.notes.append(
        f"The largest resident size of a process that paints {_PICTURES} pictures; 'of it painting' is what is above "
        "the same process with torch loaded and the device chosen."
    )
    return section


def peak_mib() -> float | None:
    """This process's largest resident size so far; None where the system does not tell."""
    try:
        # Not getrusage: there a child begins with what its parent had.
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main(device_name: str, style: str, variant: str, width: str, height: str) -> None:
    """Paint, and print what it took as a line of JSON."""
    import torch

    from stylecam.benching.pictures import frames
    from stylecam.devices import choose_device
    from stylecam.styles import read_style
    from stylecam.stylizer import Stylizer

    picture = frames((int(width), int(height)), 1)[0].image
    device = choose_device(device_name)
    before = peak_mib()
    stylizer = Stylizer(read_style(style), device=device, quality=variant)  # type: ignore[arg-type]
    for _ in range(_PICTURES):
        stylizer(picture)
    peak = peak_mib()
    found: dict[str, Any] = {"peak_mib": peak and round(peak, 1)}
    found["painting_mib"] = round(peak - before, 1) if peak and before else None
    found["device_mib"] = round(torch.cuda.max_memory_allocated() / 2**20, 1) if device.kind == "cuda" else None
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
