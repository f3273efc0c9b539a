"""Which precision is the faster one here: asked of the device, since no list of processors stays right."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from trainer.config import Precision
    from trainer.perceptual import Vgg16

__all__ = ["network_precision", "vgg_precision"]

_SIDE: Final = 112
_RUNS: Final = 3
_WORTH: Final = 1.1
"""bfloat16 has three digits fewer: it is taken where it is clearly faster."""


def network_precision(device: str) -> Precision:
    """Of the network: bfloat16 on GPUs with units for it. On processors its convolutions are too small to gain."""
    return "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported(False) else "float32"


def vgg_precision(vgg: Vgg16, device: str) -> Precision:
    """Of VGG: measured on a small picture, forwards and backwards. Half a second on a CPU."""
    if device == "mps":
        return "float32"
    return "bfloat16" if _seconds(vgg, device, torch.bfloat16) * _WORTH < _seconds(vgg, device, None) else "float32"


def _seconds(vgg: Vgg16, device: str, dtype: torch.dtype | None) -> float:
    x = torch.full((1, 3, _SIDE, _SIDE), 128.0, device=device, requires_grad=True)
    times = []
    for _ in range(_RUNS + 1):  # the first is for warming up
        began = time.perf_counter()
        with torch.autocast(torch.device(device).type, dtype or torch.bfloat16, enabled=dtype is not None):
            features = vgg(x)
        torch.stack([feature.float().mean() for feature in features.values()]).sum().backward()  # type: ignore[no-untyped-call]
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times[1:])
