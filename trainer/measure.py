"""How good a network is, in figures that can be compared between styles, variants and trainers.

What is measured is the network's own painting, not rounded, but clamped to 0–255. Chance is seeded: the same
network gives the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from stylecam.inference import to_picture
from trainer.content import load_picture, to_tensor
from trainer.perceptual import relative_error, style_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stylecam.frame import Image
    from stylecam.network import TransformerNet
    from trainer.perceptual import StyleTarget, Vgg16

__all__ = [
    "HeldOut",
    "content_error",
    "load_measured",
    "measure_held_out",
    "paint",
    "pan_flicker",
    "spread",
    "still_flicker",
    "style_error",
]

_SHORT_SIDE = 320
_NOISE: Final = 2.0
"""Standard deviation of a camera's noise in a living room."""
_STILL_FRAMES: Final = 6
_PAN_FRAMES: Final = 8
_PAN_STEP: Final = 3
"""Pixels a frame. Eight frames then stand at every place, modulo 8, of a trunk that works at an eighth of the size."""
_EDGE: Final = 32
"""Pixels left out along the window's edges, where the reflection behind the edge moves against the picture."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Means over photographs that the network was not trained on, with a short side of 320 pixels."""

    content: float
    """‖φ(y) − φ(x)‖² / ‖φ(x)‖² at relu2_2."""
    style: float
    """Mean over the four layers of ‖G(y) − G(s)‖² / ‖G(s)‖², at full size."""
    flicker: float
    """Standard deviation over time of the painted picture over that of the picture: a still with noise, σ = 2."""


@torch.inference_mode()
def paint(network: TransformerNet, image: Image, *, device: str = "cpu") -> Image:
    """A picture through the network; H×W×3 uint8 in and out."""
    painted: Tensor = network(to_tensor(image).to(device).contiguous(memory_format=torch.channels_last))
    return to_picture(painted)[0].cpu().numpy()


def load_measured(path: Path, *, device: str = "cpu") -> Tensor:
    """A photograph as it is measured on: 1×3×H×W, 0–255, with a short side of 320.

    Raises:
        SourceOpenError: the file is no picture, is damaged or too large.
    """
    x = to_tensor(load_picture(path, short_side=_SHORT_SIDE)).to(device)
    return x.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def measure_held_out(
    network: TransformerNet, vgg: Vgg16, target: StyleTarget, paths: Sequence[Path], *, device: str = "cpu"
) -> HeldOut:
    """Content and style over all photographs, flicker over the first two."""
    content: list[float] = []
    style: list[float] = []
    flicker: list[float] = []
    for path in paths:
        x = load_measured(path, device=device)
        features = vgg(network(x).float().clamp(0, 255))
        content.append(content_error(vgg, features, x))
        style.append(style_error(features, target))
        if len(flicker) < 2:
            flicker.append(still_flicker(network, x))
    return HeldOut(float(np.mean(content)), float(np.mean(style)), float(np.mean(flicker)))


@torch.inference_mode()
def content_error(vgg: Vgg16, features: Mapping[str, Tensor], photograph: Tensor) -> float:
    """`HeldOut.content` of one painting, by what VGG sees in it, and in the photograph (1×3×H×W, 0–255)."""
    return relative_error(features["relu2_2"], vgg(photograph, "relu2_2")["relu2_2"]).item()


@torch.inference_mode()
def style_error(features: Mapping[str, Tensor], target: StyleTarget) -> float:
    """`HeldOut.style` of one painting, by what VGG sees in it."""
    return torch.stack(style_loss(features, target.full)).mean().item()


@torch.inference_mode()
def still_flicker(network: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """How much the noise of a still scene shows in its paintings: 1 as much as in the frames themselves.

    Six frames are the picture with noise of σ = 2, clamped. The figure is the standard deviation over time of the
    painted values over that of the frames' values, each averaged over the pixels.

    Args:
        network: 1×3×H×W, 0–255, in and out; what it gives is clamped.
        x: the picture, 1×3×H×W, 0–255.
    """
    noise = _noise(_STILL_FRAMES, x)
    frames = [(x + part).clamp(0, 255) for part in noise]
    return _ratio([_painted(network, frame) for frame in frames], frames)


@torch.inference_mode()
def pan_flicker(network: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """How much the painting changes where only the camera moves: 1 as much as noise changes the frames themselves.

    Eight frames are what a window shows that moves 3 pixels to the right from frame to frame over the picture, each
    with noise of σ = 2 of its own, clamped. The paintings are shifted back by whole pixels, so that each place of the
    scene lies over itself, and cut to what all frames show, less 32 pixels along the window's edges. The figure is
    their standard deviation over time over that of the frames, shifted back and cut alike, each averaged over the
    pixels. A painting fixed to the scene gives about the figure of a still; one fixed to the screen gives more.

    Args:
        network: 1×3×H×W, 0–255, in and out; what it gives is clamped.
        x: the picture, 1×3×H×W, 0–255.

    Raises:
        ValueError: the picture is smaller than 128×128.
    """
    height, width = x.shape[-2:]
    if min(height, width) < 128:
        raise ValueError(f"expected at least 128×128 pixels, got {width}×{height}")
    travelled = _PAN_STEP * (_PAN_FRAMES - 1)
    window = width - travelled
    frames, paintings = [], []
    for index, part in enumerate(_noise(_PAN_FRAMES, x[..., :window])):
        at = _PAN_STEP * index
        frame = (x[..., at : at + window] + part).clamp(0, 255).contiguous(memory_format=torch.channels_last)
        left, right = travelled - at + _EDGE, window - at - _EDGE
        frames.append(frame[..., _EDGE:-_EDGE, left:right])
        paintings.append(_painted(network, frame)[..., _EDGE:-_EDGE, left:right])
    return _ratio(paintings, frames)


def spread(painting: Tensor) -> float:
    """How much a painting's values differ from pixel to pixel: 0 for one flat colour, 0.5 at most.

    The standard deviation over the pixels of each channel (a flat blue has none), averaged over the channels, over 255.

    Args:
        painting: 1×3×H×W; clamped to 0–255.
    """
    return float(painting.float().clamp(0, 255).std((-2, -1), correction=0).mean() / 255)


def _noise(frames: int, like: Tensor) -> list[Tensor]:
    rng = np.random.default_rng(0)
    shape = tuple(like.shape)
    return [_NOISE * torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)).to(like) for _ in range(frames)]


def _painted(network: Callable[[Tensor], Tensor], frame: Tensor) -> Tensor:
    return network(frame).float().clamp(0, 255)


def _ratio(paintings: Sequence[Tensor], frames: Sequence[Tensor]) -> float:
    before = torch.cat(list(frames)).std(0).mean()
    return float(torch.cat(list(paintings)).std(0).mean() / before)
