"""A mix of styles: shares that add up to one, what it is called, and the network that lies between theirs.

Invariant: a style alone is the mix of one, with its parameters as they are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stylecam.errors import StyleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stylecam.styles import Style

__all__ = ["mix_title", "mixed_weights", "normalised"]


def normalised(mix: Sequence[tuple[Style, float]]) -> list[tuple[Style, float]]:
    """The parts that count, with weights that add up to 1.

    Raises:
        ValueError: a weight is negative or not finite, or none is above 0.
    """
    if any(not math.isfinite(weight) or weight < 0 for _, weight in mix):
        raise ValueError(f"expected weights of 0 or more, got {[weight for _, weight in mix]}")
    total = sum(weight for _, weight in mix)
    if total <= 0:
        raise ValueError("expected at least one style with a weight above 0")
    return [(style, weight / total) for style, weight in mix if weight > 0]


def mix_title(mix: Sequence[tuple[Style, float]]) -> str:
    """For people: a style's name, or those of a mix with their shares, ``"candy 70% + wave 30%"``."""
    if len(mix) == 1:
        return mix[0][0].name
    return " + ".join(f"{style.name} {share:.0%}" for style, share in mix)


def mixed_weights(parts: Sequence[tuple[Mapping[str, NDArray[np.floating]], float]]) -> dict[str, NDArray[np.float32]]:
    """The weighted mean of the parameters ("deep network interpolation", https://arxiv.org/abs/1811.10515).

    Args:
        parts: parameters by name, of any float dtype, each with its share; the shares add up to 1.

    Raises:
        StyleError: they are not of one architecture.
    """
    names = parts[0][0].keys()
    if any(weights.keys() != names for weights, _ in parts):
        raise StyleError("These styles cannot be mixed: their networks differ.")
    if len(parts) == 1:
        return {name: array.astype(np.float32) for name, array in parts[0][0].items()}
    return {
        name: np.sum([share * weights[name].astype(np.float32) for weights, share in parts], axis=0, dtype=np.float32)
        for name in names
    }
