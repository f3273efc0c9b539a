"""Figures for TensorBoard, with its package played by a fake one."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from stylecam.errors import TrainError
from trainer.tensorboard import tensorboard_listener

if TYPE_CHECKING:
    from pathlib import Path


def test_each_figure_is_a_curve_of_its_network_and_everything_else_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[Any, ...]] = []

    class SummaryWriter:
        def __init__(self, folder: str) -> None:
            written.append((folder,))

        def add_scalar(self, *what: Any) -> None:
            written.append(what)

        def flush(self) -> None:
            pass

    fake = ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    listen = tensorboard_listener(tmp_path / "tensorboard")
    listen({"event": "phase", "time": 1.0, "phase": "painting", "variant": "fast"})
    listen({"event": "step", "time": 2.0, "variant": "fast", "step": 7, "steps": 9, "network": 1, "total": 0.5})
    listen({"event": "report", "time": 3.0, "variant": "fast", "half_db": None, "spread": 0.1})
    assert written == [
        (str(tmp_path / "tensorboard"),),
        ("training/fast total", 0.5, 7, 2.0),
        ("report/fast spread", 0.1, None, 3.0),
    ]


def test_without_its_package_the_words_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(TrainError, match=r"pip install \"stylecam\[tensorboard\]\""):
        tensorboard_listener(tmp_path)
