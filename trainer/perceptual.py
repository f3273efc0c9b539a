"""Content and style as numbers: VGG-16 features, Gram matrices and the losses on them.

Losses are relative: 1 means "as far from the target as a black picture is", whatever the layer or the painting, so
that one set of weights serves every style.

* Features and Gram matrices: Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks".
* Their use to train a network: Johnson, Alahi and Fei-Fei 2016, https://arxiv.org/abs/1603.08155.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from stylecam.bundled import bundled_path
from stylecam.errors import TrainError
from trainer.colors import palette_of
from trainer.config import LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from trainer.colors import Palette

__all__ = [
    "StyleTarget",
    "Vgg16",
    "content_loss",
    "gram_matrix",
    "out_of_range",
    "relative_error",
    "style_loss",
    "style_target",
    "total_variation",
]

# torchvision's numbering of the convolutions up to relu4_3; None is a 2×2 max pooling.
_PLAN: Final = (0, 2, None, 5, 7, None, 10, 12, 14, None, 17, 19, 21)
_NAMES: Final = {2: "relu1_2", 7: "relu2_2", 14: "relu3_3", 21: "relu4_3"}
_CHANNELS: Final = {0: 64, 2: 64, 5: 128, 7: 128, 10: 256, 12: 256, 14: 256, 17: 512, 19: 512, 21: 512}


class Vgg16(nn.Module):
    """VGG-16 up to relu4_3, frozen. RGB 0–255 in, N×3×H×W; a dictionary of features by layer name out.

    The weights are a file's, or those that ship with stylecam (Oxford VGG's of 2014, CC BY 4.0), or torchvision's.

    Raises:
        TrainError: the weights cannot be had, or are not VGG-16's.
    """

    def __init__(self, weights: Path | None = None) -> None:
        super().__init__()
        inputs = 3
        self.convolutions = nn.ModuleDict()
        for index, outputs in _CHANNELS.items():
            self.convolutions[str(index)] = nn.Conv2d(inputs, outputs, 3, padding=1)
            inputs = outputs
        state, mean = _read_weights(weights)
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        try:
            self.convolutions.load_state_dict(state)
        except RuntimeError as exc:
            raise TrainError(f"{weights or 'the bundled file'} does not hold VGG-16's weights: {exc}") from exc
        self.requires_grad_(False)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, last: str = "relu4_3") -> dict[str, Tensor]:
        x = (x - self.mean).contiguous(memory_format=torch.channels_last)
        features: dict[str, Tensor] = {}
        for index in _PLAN:
            if index is None:
                x = F.max_pool2d(x, 2)
                continue
            x = F.relu(self.convolutions[str(index)](x), inplace=True)
            if index in _NAMES:
                features[_NAMES[index]] = x
                if _NAMES[index] == last:
                    return features
        raise ValueError(f"expected one of {LAYERS}, got {last = }")


def _read_weights(path: Path | None) -> tuple[dict[str, Tensor], tuple[float, float, float]]:
    """Weights named `<index>.weight` and `<index>.bias`, for RGB 0–255 minus the mean that comes with them."""
    bundled = bundled_path("vgg16_features.safetensors")
    if path is None and not bundled.is_file():
        return _torchvision_weights()
    try:
        state = load_file(path or bundled)
    except (OSError, SafetensorError) as exc:
        raise TrainError(f"the VGG-16 weights in {path or bundled} cannot be read: {exc}") from exc
    return _renamed(state), (123.68, 116.779, 103.939)


def _torchvision_weights() -> tuple[dict[str, Tensor], tuple[float, float, float]]:
    from torchvision.models import VGG16_Weights, vgg16  # a download of 528 MB

    weights = VGG16_Weights.IMAGENET1K_FEATURES  # the same caffe model as the bundled file
    try:
        state = vgg16(weights=weights).state_dict()
    except OSError as exc:
        raise TrainError(
            f"no VGG-16 weights: the bundled file is missing and torchvision's cannot be downloaded ({exc}). "
            "Reinstall stylecam, or name a file with --vgg."
        ) from exc
    # torchvision's pictures are (x/255 − mean) / std, ours x − 255·mean: the rest of the scale goes into the weights.
    normalised = weights.transforms()
    scale = 1 / (255 * torch.tensor(normalised.std).view(1, 3, 1, 1))
    state["features.0.weight"] = state["features.0.weight"] * scale
    red, green, blue = (255 * mean for mean in normalised.mean)
    return _renamed(state), (red, green, blue)


def _renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    wanted = {f"features.{index}.{kind}": f"{index}.{kind}" for index in _CHANNELS for kind in ("weight", "bias")}
    return {wanted[name]: tensor.float() for name, tensor in state.items() if name in wanted}


def gram_matrix(features: Tensor) -> Tensor:
    """N×C×H×W features to N×C×C channel products, averaged over the pixels and channels; float32 in any case.

    In half precision the sums overflow.
    """
    batch, channels, height, width = features.shape
    flat = features.float().permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    return flat.mT @ flat / (channels * height * width)


def relative_error(x: Tensor, target: Tensor) -> Tensor:
    """‖x − target‖² / ‖target‖², over all but the first axis, averaged over the first."""
    axes = tuple(range(1, target.dim()))
    error = (x.float() - target.float()).square().sum(axes)
    return (error / target.float().square().sum(axes).clamp_min(1e-12)).mean()


def content_loss(features: Mapping[str, Tensor], target: Mapping[str, Tensor], layer: str) -> Tensor:
    return relative_error(features[layer], target[layer])


@dataclass(frozen=True, slots=True)
class StyleTarget:
    """A painting's Gram matrices (1×C×C), by layer, as seen at its own size and at half of it; and its colours."""

    full: dict[str, Tensor]
    half: dict[str, Tensor]
    colors: Palette


@torch.no_grad()
def style_target(vgg: Vgg16, painting: Tensor) -> StyleTarget:
    """Gram matrices and colours of a painting, 1×3×H×W, RGB 0–255."""
    full = {name: gram_matrix(f) for name, f in vgg(painting).items()}
    half = {name: gram_matrix(f) for name, f in vgg(F.avg_pool2d(painting, 2)).items()}
    return StyleTarget(full, half, palette_of(painting))


def style_loss(
    features: Mapping[str, Tensor], target: Mapping[str, Tensor], weights: Sequence[float] = (1, 1, 1, 1)
) -> list[Tensor]:
    """One weighted term a layer, for the layers that `features` holds, fine to coarse."""
    return [
        weight * relative_error(gram_matrix(features[name]), target[name].expand(len(features[name]), -1, -1))
        for name, weight in zip(LAYERS, weights, strict=False)
        if name in features
    ]


def total_variation(x: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, in units of the full range: 0 is flat, 1 a checkerboard."""
    down = (x[..., 1:, :] - x[..., :-1, :]).abs().mean()
    right = (x[..., 1:] - x[..., :-1]).abs().mean()
    return (down + right) / (2 * 255)


def out_of_range(x: Tensor) -> Tensor:
    """Mean square of what lies below 0 or above 255, in units of the range: the network has no tanh to bound it."""
    return (x - x.clamp(0, 255)).div(255).square().mean()
