"""A style file with random weights, for tests that need a style and do not care which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stylecam.architecture import ARCHITECTURES, Variant, parameter_shapes
from stylecam.stylefile import write_style

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stylecam.stylefile import Style


def random_weights(variant: Variant, *, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Seeded weights whose network turns a picture into finite, coloured noise about grey, within 0–255 for the most.

    Every value is one that float16 holds exactly, so that writing and reading them changes nothing.
    """
    rng = np.random.default_rng(seed)
    weights: dict[str, NDArray[Any]] = {}
    for key, shape in parameter_shapes(ARCHITECTURES[variant]).items():
        if key.endswith("conv2d.weight"):
            fan_in = float(np.prod(shape[1:]))
            scale = (40.0 if key.startswith("deconv3") else 1.0) / fan_in**0.5
            value = rng.normal(0, scale, shape)
        elif key == "deconv3.conv2d.bias":
            value = np.full(shape, 127.0)
        elif "conv2d" in key:
            value = np.zeros(shape)
        elif key.endswith(".weight"):
            value = rng.uniform(0.5, 1.5, shape)
        else:
            value = rng.normal(0, 0.1, shape)
        weights[key] = value.astype(np.float16).astype(np.float32)
    return weights


def write_tiny_style(path: Path, *, variants: tuple[Variant, ...] = ("fast",), seed: int = 0, **fields: Any) -> Style:
    """Write `path` (``<name>.safetensors``) with random weights; `fields` go to `write_style`."""
    fields = {"title": path.stem.title(), "author": "A Test", "licence": "CC0-1.0", **fields}
    return write_style(path, weights={v: random_weights(v, seed=seed) for v in variants}, **fields)


def spoil_weights(path: Path) -> None:
    """Make one weight of a style file NaN; size and header stay as they were."""
    data = bytearray(path.read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    data[begin : begin + 2] = b"\xff\x7f"
    path.write_bytes(data)
