"""Rules for every test: seeded chance, no thread left behind, no user files touched, no GPU test in silence."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.environment import set_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Before anything loads Qt: no test may need a screen, except those that start one of their own.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Before anything loads torch, as the command line does: threads that spin while they wait starve the test beside them.
set_environment()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("STYLECAM_REQUIRE_GPU"):
        return
    gpu_items = [item for item in items if item.get_closest_marker("gpu")]
    if not gpu_items:
        return
    import torch

    if not torch.cuda.is_available():
        for item in gpu_items:
            item.add_marker(pytest.mark.skip(reason="no CUDA device; STYLECAM_REQUIRE_GPU=1 makes this a failure"))


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert not left, f"threads left running: {left}"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """User folders of the test's own: neither the tester's styles nor their settings are read or written."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.delenv("STYLECAM_STYLES", raising=False)
    return home
