from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageDraw

from tests.tiny import write_tiny_style
from trainer.config import TrainConfig

if TYPE_CHECKING:
    from pathlib import Path


def draw_picture(seed: int, size: tuple[int, int] = (112, 96)) -> PilImage.Image:
    """Coloured discs on a gradient: enough structure to have a content and a style."""
    rng = np.random.default_rng(seed)
    down = np.linspace(0, 255, size[1])[:, None, None]
    picture = PilImage.fromarray(np.broadcast_to(down, (size[1], size[0], 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, r = rng.integers(0, size[0]), rng.integers(0, size[1]), rng.integers(4, 20)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(v) for v in rng.integers(0, 256, 3)))
    return picture


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 20 small pictures."""
    folder = tmp_path_factory.mktemp("photographs")
    for seed in range(20):
        draw_picture(seed).save(folder / f"{seed:02d}.png")
    return folder


@pytest.fixture(scope="session")
def painting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("painting") / "discs.png"
    draw_picture(99, (128, 128)).save(path)
    return path


@pytest.fixture
def config(painting: Path, photographs: Path) -> TrainConfig:
    """A run of eight small steps: two that learn to see, six that paint, the last four with consistency."""
    return TrainConfig(
        painting=str(painting),
        content=str(photographs),
        painting_sha256="5" * 64,
        steps=8,
        crop=64,
        painting_size=96,
        reconstruction_steps=2,
        style_rise=1,
        consistency_start=0.5,
    )


@pytest.fixture(autouse=True)
def _measured_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of small pictures: the same arithmetic in a tenth of the time."""
    monkeypatch.setattr("trainer.measure._SHORT_SIDE", 128)
    monkeypatch.setattr("trainer.report._SIZE", (64, 48))
    monkeypatch.setattr("trainer.report._HALF_SIDE", 64)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A style to start from, whose networks paint coloured noise from the first step on."""
    return write_tiny_style(tmp_path_factory.mktemp("base") / "base.safetensors", variants=("fast", "full")).path
