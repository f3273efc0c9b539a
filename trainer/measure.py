"""How good a network is, in figures that can be compared between styles, variants and trainers; and previews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image as PilImage
from torch import Tensor

from stylecam.inference import to_picture
from trainer.content import load_picture, to_tensor
from trainer.perceptual import relative_error, style_loss

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stylecam.frame import Image
    from stylecam.network import TransformerNet
    from trainer.perceptual import StyleTarget, Vgg16

__all__ = ["HeldOut", "measure_held_out", "paint", "save_preview"]

_SHORT_SIDE = 320


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


@torch.inference_mode()
def measure_held_out(
    network: TransformerNet, vgg: Vgg16, target: StyleTarget, paths: Sequence[Path], *, device: str = "cpu"
) -> HeldOut:
    content: list[float] = []
    style: list[float] = []
    flicker: list[float] = []
    for path in paths:
        x = to_tensor(load_picture(path, short_side=_SHORT_SIDE)).to(device)
        x = x.contiguous(memory_format=torch.channels_last)
        y = network(x).float().clamp(0, 255)
        features, wanted = vgg(y), vgg(x, "relu2_2")
        content.append(relative_error(features["relu2_2"], wanted["relu2_2"]).item())
        style.append(torch.stack(style_loss(features, target.full)).mean().item())
        if len(flicker) < 2:
            flicker.append(_flicker(network, x))
    return HeldOut(float(np.mean(content)), float(np.mean(style)), float(np.mean(flicker)))


def _flicker(network: TransformerNet, x: Tensor, frames: int = 6) -> float:
    rng = np.random.default_rng(0)
    noisy = [
        (x + 2 * torch.from_numpy(rng.standard_normal(tuple(x.shape), dtype=np.float32)).to(x)).clamp(0, 255)
        for _ in range(frames)
    ]
    before = torch.cat(noisy).std(0).mean()
    after = torch.cat([network(frame).float().clamp(0, 255) for frame in noisy]).std(0).mean()
    return float(after / before)


def save_preview(network: TransformerNet, paths: Sequence[Path], target: Path, *, device: str = "cpu") -> Path:
    """The photographs above their paintings, as one JPEG."""
    columns = []
    for path in paths:
        image = load_picture(path, short_side=256)[:256, :384]
        columns.append(np.concatenate([image, paint(network, image, device=device)]))
    sheet = np.concatenate(columns, axis=1)
    PilImage.fromarray(sheet).save(target, quality=90)
    return target
