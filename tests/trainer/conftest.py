from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageDraw

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
