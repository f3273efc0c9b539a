"""What most programs do with these weights: the network and the loop of pytorch/examples, in their own words.

A peer to measure against, so it must stay as it is there: a reflection pad before each convolution, instance norm, an
upsampled picture that is convolved at full size, NCHW, float32, one order after another, a new tensor for each frame.
https://github.com/pytorch/examples/tree/main/fast_neural_style (BSD-3-Clause)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stylecam.frame import Image

__all__ = ["ConvLayer", "PlainNet", "ResidualBlock", "UpsampleConvLayer", "paint_plainly", "plain_network"]


class ConvLayer(nn.Module):
    """A reflection pad, then a convolution."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.reflection_pad = nn.ReflectionPad2d(kernel_size // 2)
        self.conv2d = nn.Conv2d(in_channels, out_channels, kernel_size, stride)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv2d(self.reflection_pad(x))
        return out


class ResidualBlock(nn.Module):
    """Two convolutions around the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = ConvLayer(channels, channels, kernel_size=3, stride=1)
        self.in1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = ConvLayer(channels, channels, kernel_size=3, stride=1)
        self.in2 = nn.InstanceNorm2d(channels, affine=True)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.in1(self.conv1(x)))
        summed: Tensor = self.in2(self.conv2(out)) + x
        return summed


class UpsampleConvLayer(nn.Module):
    """Nearest-neighbour upsampling where asked for, a reflection pad, a convolution."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, upsample: int | None = None
    ) -> None:
        super().__init__()
        self.upsample = upsample
        self.reflection_pad = nn.ReflectionPad2d(kernel_size // 2)
        self.conv2d = nn.Conv2d(in_channels, out_channels, kernel_size, stride)

    def forward(self, x: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, mode="nearest", scale_factor=self.upsample)
        out: Tensor = self.conv2d(self.reflection_pad(x))
        return out


class PlainNet(nn.Module):
    """Their TransformerNet: RGB 0–255 in and out, N×3×H×W, sides that are multiples of four."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = ConvLayer(3, 32, kernel_size=9, stride=1)
        self.in1 = nn.InstanceNorm2d(32, affine=True)
        self.conv2 = ConvLayer(32, 64, kernel_size=3, stride=2)
        self.in2 = nn.InstanceNorm2d(64, affine=True)
        self.conv3 = ConvLayer(64, 128, kernel_size=3, stride=2)
        self.in3 = nn.InstanceNorm2d(128, affine=True)
        self.res1 = ResidualBlock(128)
        self.res2 = ResidualBlock(128)
        self.res3 = ResidualBlock(128)
        self.res4 = ResidualBlock(128)
        self.res5 = ResidualBlock(128)
        self.deconv1 = UpsampleConvLayer(128, 64, kernel_size=3, stride=1, upsample=2)
        self.in4 = nn.InstanceNorm2d(64, affine=True)
        self.deconv2 = UpsampleConvLayer(64, 32, kernel_size=3, stride=1, upsample=2)
        self.in5 = nn.InstanceNorm2d(32, affine=True)
        self.deconv3 = ConvLayer(32, 3, kernel_size=9, stride=1)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.in1(self.conv1(x)))
        y = self.relu(self.in2(self.conv2(y)))
        y = self.relu(self.in3(self.conv3(y)))
        y = self.res1(y)
        y = self.res2(y)
        y = self.res3(y)
        y = self.res4(y)
        y = self.res5(y)
        y = self.relu(self.in4(self.deconv1(y)))
        y = self.relu(self.in5(self.deconv2(y)))
        output: Tensor = self.deconv3(y)
        return output


def plain_network(weights: Mapping[str, NDArray[np.floating]], device: torch.device) -> PlainNet:
    """Their network with the weights of a `full` style."""
    network = PlainNet()
    network.load_state_dict({name: torch.from_numpy(array.astype(np.float32)) for name, array in weights.items()})
    return network.to(device).eval()


def paint_plainly(network: PlainNet, image: Image, device: torch.device) -> Image:
    """One frame of their loop: H×W×3 uint8 to the same. Values are cut off to whole numbers, not rounded."""
    content = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float()
    with torch.no_grad():
        output = network(content.unsqueeze(0).to(device)).cpu()
    picture: Image = output[0].clone().clamp(0, 255).numpy().transpose(1, 2, 0).astype("uint8")
    return picture
