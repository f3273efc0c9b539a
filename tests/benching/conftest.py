"""A bench so small that it runs within seconds: random styles, tiny pictures, one round or two."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from stylecam.benching.plan import Bench, ExportCase, LiveCase
from stylecam.devices import choose_device
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[..., Bench]:
    """Makes a bench; what is given replaces the small figures. `said` of it is not kept: give `say`."""
    style = write_tiny_style(tmp_path / "alpha.safetensors", variants=("full", "fast"))
    other = write_tiny_style(tmp_path / "beta.safetensors", seed=1)

    def make(**changes: Any) -> Bench:
        small: dict[str, Any] = {
            "style": style,
            "other": other,
            "device": choose_device("cpu"),
            "stop": threading.Event(),
            "product_side": 32,
            "rounds": 2,
            "sizes": ((32, 24), (48, 32)),
            "peer_rounds": 2,
            "peer_size": (32, 32),
            "exports": (ExportCase("fast", (32, 32), 4), ExportCase("fast", (64, 32), 4)),
            "export_rounds": 1,
            "lives": (LiveCase("fast", (32, 24)),),
            "live_rounds": 2,
            "live_seconds": 0.2,
            "swap": (LiveCase("fast", (32, 24)), LiveCase("full", (32, 24))),
            "swaps": 2,
            "start_rounds": 1,
            "memory_sizes": ((32, 24),),
            "training_rounds": 2,
            "training_seconds": 0.0,
        }
        return Bench(**{**small, **changes})

    return make
