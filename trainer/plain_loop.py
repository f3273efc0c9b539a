"""How most programs train these networks: the loop of pytorch/examples' fast_neural_style, in its own words.

A peer to measure the trainer against, so it must stay as it is there (and, but for names, in chapter 8 of
chenyuntc/pytorch-book): the plain network, VGG-16 up to its last layer over the photograph and over the painting, NCHW,
float32, photographs decoded and scaled in the same thread, one batch after another. What it minimises is the trainer's,
so that nothing but the way there differs: relative losses, smoothness, and a penalty for values out of range.
https://github.com/pytorch/examples/tree/main/fast_neural_style (BSD-3-Clause)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
import torch.nn.functional as F
from PIL import Image as PilImage
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from stylecam.benching.plain import plain_network
from stylecam.errors import TrainError
from stylecam.styles import read_style
from trainer.config import LAYERS
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.objective import Losses

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainer.config import TrainConfig
    from trainer.perceptual import Vgg16

__all__ = ["Photographs", "PlainVgg", "plain_gram_matrix", "plain_losses", "train_plainly"]

_SLICES: Final[tuple[tuple[str | None, ...], ...]] = (
    ("0", None, "2", None),
    ("pool", "5", None, "7", None),
    ("pool", "10", None, "12", None, "14", None),
    ("pool", "17", None, "19", None, "21", None),
)
"""torchvision's layers between one feature and the next: convolutions by number, ReLUs, poolings."""


class PlainVgg(nn.Module):
    """Their VGG-16 in four slices, with the trainer's weights: N×3×H×W, RGB 0–255, to the features of `LAYERS`."""

    def __init__(self, vgg: Vgg16) -> None:
        super().__init__()
        self.mean: Tensor
        self.register_buffer("mean", vgg.mean.clone())
        self.slices = nn.ModuleList(nn.Sequential(*[_layer(name, vgg) for name in names]) for names in _SLICES)
        self.requires_grad_(False)

    def normalize_batch(self, batch: Tensor) -> Tensor:
        return batch - self.mean

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for part in self.slices:
            x = part(x)
            features.append(x)
        return features


def _layer(name: str | None, vgg: Vgg16) -> nn.Module:
    if name is None:
        return nn.ReLU(inplace=True)
    if name == "pool":
        return nn.MaxPool2d(kernel_size=2, stride=2)
    given: Any = vgg.convolutions[name]
    layer = nn.Conv2d(given.in_channels, given.out_channels, 3, padding=1, device=given.weight.device)
    layer.load_state_dict(given.state_dict())
    return layer


class Photographs(Dataset[Tensor]):
    """As their image folder: read from the disk each time, scaled to the crop's short side, its middle taken."""

    def __init__(self, paths: list[Path], side: int) -> None:
        self._paths = paths
        self._transform = transforms.Compose(
            [
                transforms.Resize(side),
                transforms.CenterCrop(side),
                transforms.ToTensor(),
                transforms.Lambda(lambda x: x.mul(255)),
            ]
        )

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> Tensor:
        with PilImage.open(self._paths[index]) as picture:
            x: Tensor = self._transform(picture.convert("RGB"))
        return x


def plain_gram_matrix(y: Tensor) -> Tensor:
    """N×C×H×W to N×C×C."""
    b, ch, h, w = y.size()
    features = y.view(b, ch, w * h)
    return features.bmm(features.transpose(1, 2)) / (ch * h * w)


def plain_losses(network: nn.Module, vgg: PlainVgg, gram_style: list[Tensor], x: Tensor, config: TrainConfig) -> Losses:
    """One batch's losses, as `trainer.objective.step_losses` has them at one scale, but of colour and consistency.

    Args:
        network: RGB 0–255 in and out.
        vgg: what looks at the paintings.
        gram_style: the painting's Gram matrices, 1×C×C, for each of `LAYERS`.
        x: photographs, N×3×H×W, 0–255.
        config: weights, and the layer for the content.
    """
    y = network(x)
    features_y = vgg(vgg.normalize_batch(y))
    features_x = vgg(vgg.normalize_batch(x))
    seen, wanted = (features[LAYERS.index(config.content_layer)] for features in (features_y, features_x))
    content = ((seen - wanted).square().sum((1, 2, 3)) / wanted.square().sum((1, 2, 3))).mean()
    style = torch.zeros((), device=x.device)
    for ft_y, gm_s, weight in zip(features_y, gram_style, config.layer_weights, strict=True):
        gm_y = plain_gram_matrix(ft_y)
        style = style + weight * F.mse_loss(gm_y, gm_s.expand_as(gm_y)) / gm_s.square().mean()
    style = style / sum(config.layer_weights)
    tv = ((y[..., 1:, :] - y[..., :-1, :]).abs().mean() + (y[..., 1:] - y[..., :-1]).abs().mean()) / (2 * 255)
    outside = (y - y.clamp(0, 255)).div(255).square().mean()
    total = config.content_weight * content + config.style_weight * style + config.tv_weight * tv + outside
    none = torch.zeros((), device=x.device)
    return Losses(content, style, none, tv, none, total)


def train_plainly(config: TrainConfig, vgg: Vgg16, *, device: str, stop: Callable[[], bool]) -> None:
    """Train until `config.steps`, or until `stop()`, which is asked before every step. Nothing is kept.

    Args:
        config: of a `full` network with a base, one scale, no losses of colour and consistency.
        vgg: whose weights are taken, on `device`.
        device: torch's name of it.
        stop: whether to end.

    Raises:
        TrainError: the configuration asks for what this loop does not have.
    """
    if (
        config.variant != "full"
        or not config.base
        or config.scales != 1
        or config.consistency_weight
        or config.color_weight
    ):
        raise TrainError(
            "the plain loop trains full from a base, at one scale, without losses of colour and consistency"
        )
    paths = ContentImages(Path(config.content), config.crop, config.batch, config.seed).training
    train_loader: DataLoader[Tensor] = DataLoader(Photographs(paths, config.crop), batch_size=config.batch)
    network = plain_network(read_style(Path(config.base)).weights("full"), torch.device(device)).train()
    optimizer = torch.optim.Adam(network.parameters(), config.learning_rate)
    plain_vgg = PlainVgg(vgg)
    with torch.no_grad():
        style = to_tensor(load_picture(Path(config.painting), short_side=config.painting_size)).to(device)
        gram_style = [plain_gram_matrix(y) for y in plain_vgg(plain_vgg.normalize_batch(style))]
    step, agg_content_loss, agg_style_loss = 0, 0.0, 0.0
    while True:
        for batch in train_loader:
            if step == config.steps or stop():
                return
            optimizer.zero_grad()
            losses = plain_losses(network, plain_vgg, gram_style, batch.to(device), config)
            losses.total.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            agg_content_loss += losses.content.item()
            agg_style_loss += losses.style.item()
            step += 1
