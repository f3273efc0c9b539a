"""How far a painting's colours are from the style picture's: as a distribution, wherever in the picture they are.

Gram matrices alone leave a network pale: they are matched well enough by strokes of a middling colour. The sliced
Wasserstein distance compares the colours themselves, so that a sky of two colours stays one of two colours.

* As a loss, on VGG's features: Heitz, Vanhoey, Chambon and Belcour 2021, "A Sliced Wasserstein Loss for Neural Texture
  Synthesis", https://arxiv.org/abs/2006.07229; here on RGB.
* Of colours, to recolour a picture: Pitié, Kokaram and Dahyot 2007, "Automated colour grading using colour
  distribution transfer".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Palette", "color_distance", "palette_of"]

Palette = dict[int, Tensor]
"""A picture's colours, 0–255, by the side of the squares whose means they are: along each direction, in order."""

_POOLS: Final = (1, 4, 16)
"""Strokes, patches and regions: the same colours in a finer mixture would be another picture."""
_MOST_COLORS: Final = 2048
_DIRECTIONS: Final = 64
_AT_ONCE: Final = 8
"""Directions that one distance looks along. Sorting costs: all 64 would take a third of a training step."""


def palette_of(picture: Tensor) -> Palette:
    """The colours of a picture, 1×3×H×W, 0–255."""
    directions = _directions(picture)
    palette: Palette = {}
    for pool in _POOLS:
        if min(picture.shape[-2:]) >= pool:
            along = (directions @ _colors(picture, pool)[0].T).sort(-1).values
            palette[pool] = along[:, _quantiles(min(_MOST_COLORS, along.shape[1]), along)]
    return palette


def color_distance(pictures: Tensor, wanted: Mapping[int, Tensor], rng: np.random.Generator) -> Tensor:
    """Squared sliced Wasserstein distance between colours, in units of the range: 0 the same, 1 black from white.

    The mean over the sizes in `wanted`, eight random directions in RGB, and all pictures.

    Args:
        pictures: N×3×H×W, 0–255.
        wanted: the style picture's colours, on the same device.
        rng: chooses directions and pixels, the same for each picture.
    """
    directions = _directions(pictures)
    terms = []
    for pool, palette in wanted.items():
        if min(pictures.shape[-2:]) < pool:
            continue
        chosen = torch.from_numpy(rng.choice(_DIRECTIONS, _AT_ONCE, replace=False)).to(palette.device)
        seen = _colors(pictures, pool)
        if seen.shape[1] > _MOST_COLORS:
            kept = np.sort(rng.choice(seen.shape[1], _MOST_COLORS, replace=False))
            seen = seen[:, torch.from_numpy(kept).to(seen.device)]
        along = (directions[chosen] @ seen.mT).sort(-1).values
        # The same quantiles of both, whatever the number of pixels in each.
        along_wanted = palette[chosen][:, _quantiles(along.shape[-1], palette)]
        terms.append((along - along_wanted).div(255).square().mean())
    return torch.stack(terms).mean()


def _directions(like: Tensor) -> Tensor:
    """Unit vectors in RGB, the same ones each time."""
    directions = np.random.default_rng(0).standard_normal((_DIRECTIONS, 3))
    return torch.from_numpy(directions / np.linalg.norm(directions, axis=1, keepdims=True)).to(like)


def _colors(pictures: Tensor, pool: int) -> Tensor:
    """N×M×3: the means of squares."""
    if pool > 1:
        pictures = F.avg_pool2d(pictures, pool)
    return pictures.permute(0, 2, 3, 1).reshape(len(pictures), -1, 3)


def _quantiles(count: int, along: Tensor) -> Tensor:
    """Which of the sorted values of each row stand for `count` equal shares of them."""
    length = along.shape[-1]
    at = (torch.arange(count, device=along.device) + 0.5) * (length / count)
    return at.long().clamp_max(length - 1)
