"""Which style to start from: the one whose painting already looks most like the new picture, to VGG.

A network from a near style has the strokes and colours half-way there, and a training from it is shorter. Each
candidate paints one and the same photograph, so that what differs is the style alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from stylecam.architecture import ARCHITECTURES
from stylecam.devices import choose_device
from stylecam.errors import StyleError, TrainError
from stylecam.inference import FORMS, build_network
from trainer.content import to_tensor
from trainer.perceptual import style_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from stylecam.architecture import Variant
    from stylecam.frame import Image
    from stylecam.styles import Style
    from trainer.perceptual import StyleTarget, Vgg16

__all__ = ["nearest_base"]


@torch.inference_mode()
def nearest_base(
    vgg: Vgg16,
    target: StyleTarget,
    styles: Sequence[Style],
    variant: Variant,
    picture: Image,
    *,
    device: str = "cpu",
    check: Callable[[], None] = lambda: None,
) -> tuple[Style, dict[str, float]]:
    """The style to start from, and how far each of them is, by name.

    The distance is the style loss that a training would begin with: the mean over the layers of ‖G(y) − G(s)‖² /
    ‖G(s)‖² for the painting y at half its size and, of the two finest layers, at its own. 0 is the picture's own style,
    1 or more misses it altogether. Styles at the same distance go by name. One to two seconds a style on a CPU.

    Args:
        vgg: on the device.
        target: of the picture to be learned, on the device.
        styles: candidates. Those without `variant` are left out, and so are those that cannot be read or paint what is
            not finite.
        variant: the network to start.
        picture: what is painted, H×W×3 uint8; a short side of 256 is enough.
        device: for `stylecam.devices.choose_device`.
        check: called before each style is tried; what it raises ends this.

    Raises:
        TrainError: none of the styles will do.
        DeviceError: the device cannot be had.
    """
    place = choose_device(device)
    form = replace(FORMS[place.kind], centred=False)
    x = to_tensor(picture).to(place.label).contiguous(memory_format=torch.channels_last)
    distances: dict[str, float] = {}
    candidates: dict[str, Style] = {}
    for style in styles:
        if variant not in style.variants:
            continue
        check()
        try:
            network = build_network(
                ARCHITECTURES[variant],
                style.weights(variant),
                form=form,
                dtype=torch.float32,
                device=torch.device(place.label),
            )
        except StyleError:  # damaged since it was listed: the others serve as well
            continue
        distance = _distance(vgg, target, network(x).float().clamp(0, 255))
        if math.isfinite(distance):
            distances[style.name], candidates[style.name] = distance, style
    if not candidates:
        raise TrainError(
            f"there is no style with a working {variant} network to start from: choose --base none, or another variant"
        )
    name = min(distances, key=lambda name: (distances[name], name))
    return candidates[name], distances


def _distance(vgg: Vgg16, target: StyleTarget, painting: Tensor) -> float:
    terms = [
        *style_loss(vgg(F.avg_pool2d(painting, 2)), target.half),
        *style_loss(vgg(painting, "relu2_2"), target.full),
    ]
    return torch.stack(terms).mean().item()
