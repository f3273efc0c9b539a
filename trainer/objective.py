"""What a step minimises: content, style, colours, smoothness, consistency; each a function of the seed and the step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.colors import color_distance
from trainer.perceptual import content_loss, out_of_range, style_loss, total_variation

if TYPE_CHECKING:
    from stylecam.network import TransformerNet
    from trainer.config import TrainConfig
    from trainer.content import ContentImages
    from trainer.perceptual import StyleTarget, Vgg16

__all__ = ["Losses", "step_losses"]

_FINE_CROP: Final = 112


@dataclass(frozen=True, slots=True)
class Losses:
    """One step's losses, unweighted but for the style layers' weights; scalars."""

    content: Tensor
    style: Tensor
    color: Tensor
    tv: Tensor
    consistency: Tensor
    total: Tensor


def step_losses(
    network: TransformerNet,
    vgg: Vgg16,
    target: StyleTarget,
    photographs: ContentImages,
    config: TrainConfig,
    step: int,
    device: str,
    items: range | None = None,
) -> Losses:
    """The losses of a step: the batch, the noise and the crop are functions of the seed and the step.

    Args:
        network: RGB 0–255 in and out.
        vgg: what looks at the paintings.
        target: the painting's Gram matrices and colours.
        photographs: what is painted.
        config: weights and sizes.
        step: which batch, which noise, which crop.
        device: torch's name of where the network is.
        items: which part of the batch (default: all); every loss is a mean over its items.
    """
    items = items if items is not None else range(config.batch)
    views, (down, right) = photographs.batch_at(step, items)
    views = views.to(device).contiguous(memory_format=torch.channels_last)
    x = views[: len(items)]
    none = torch.zeros((), device=device)

    def paint(pictures: Tensor) -> Tensor:
        with torch.autocast(views.device.type, torch.bfloat16, enabled=config.network_precision == "bfloat16"):
            return network(pictures).float()  # type: ignore[no-any-return]

    if step < config.first_painted_step:
        error = (paint(x) - x).abs().mean() / 255
        return Losses(content=error, style=none, color=none, tv=none, consistency=none, total=10 * error)

    risen = min(1.0, (step - config.first_painted_step + 1) / max(1, config.style_rise))
    rng = np.random.default_rng((config.seed, 2, step))
    consistency_weight = config.consistency_weight * _ramp(step / config.steps, config.consistency_start, 0.1)
    if consistency_weight:
        disturbed = [
            _disturb(view, config.seed, step, item) for view, item in zip(views[len(items) :], items, strict=True)
        ]
        y, moved = paint(torch.cat([x, torch.stack(disturbed)])).chunk(2)
        consistency = _overlap_error(y, moved, down, right)
    else:
        y = paint(x)
        consistency = none

    with torch.autocast(views.device.type, torch.bfloat16, enabled=config.vgg_precision == "bfloat16"):
        if config.scales == 2:
            # The picture at half its size teaches the large forms and costs a quarter; a crop of it at full size is
            # enough for the two finest layers, whose statistics are the same everywhere.
            features = vgg(F.avg_pool2d(y, 2))
            with torch.no_grad():
                wanted = vgg(F.avg_pool2d(x, 2), config.content_layer)
            side = min(_FINE_CROP, config.crop)
            top, left = (int(v) for v in rng.integers(0, config.crop - side + 1, 2))
            fine = vgg(y[..., top : top + side, left : left + side], "relu2_2")
            terms = [
                *style_loss(features, target.half, config.layer_weights),
                *style_loss(fine, target.full, (0.75, 0.75)),
            ]
            total_weight = sum(config.layer_weights) + 1.5
        else:
            features = vgg(y)
            with torch.no_grad():
                wanted = vgg(x, config.content_layer)
            terms = style_loss(features, target.full, config.layer_weights)
            total_weight = sum(config.layer_weights)
        content = content_loss(features, wanted, config.content_layer)
    style = torch.stack(terms).sum() / total_weight
    color = color_distance(y, target.colors, np.random.default_rng((config.seed, 5, step)))
    tv = total_variation(y)
    total = (
        config.content_weight * content
        + risen * (config.style_weight * style + config.color_weight * color)
        + config.tv_weight * tv
        + out_of_range(y)
        + consistency_weight * consistency
    )
    return Losses(content, style, color, tv, consistency, total)


def _disturb(x: Tensor, seed: int, step: int, item: int) -> Tensor:
    """What a camera does between two frames of a still scene: sensor noise, and a little exposure."""
    rng = np.random.default_rng((seed, 4, step, item))
    noise = torch.from_numpy(rng.standard_normal(tuple(x.shape), dtype=np.float32)).to(x)
    return (x * float(rng.uniform(0.97, 1.03)) + noise * float(rng.uniform(0, 6))).clamp(0, 255)


def _overlap_error(first: Tensor, second: Tensor, down: int, right: int) -> Tensor:
    """Mean square difference, in units of the range, where two views that lie (down, right) apart overlap.

    Consistency under noise is Rainy and de Berker 2018, "Stabilizing neural style-transfer for video with adversarial
    noise"; with noise and motion together, Wang et al. 2020, "Consistent Video Style Transfer via Compound
    Regularization". Moves by whole pixels of real pictures need no optical flow and no resampling, which would reward
    blur. Shifts that are no multiple of the network's stride matter most.
    """
    height, width = first.shape[-2:]
    a = first[..., max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)]
    b = second[..., max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)]
    return (a - b).div(255).square().mean()


def _ramp(position: float, start: float, length: float) -> float:
    return min(1.0, max(0.0, (position - start) / length))
