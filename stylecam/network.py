"""TransformerNet, the feed-forward style network: the one definition that the application and the trainer share.

The `full` architecture is that of Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and
Super-Resolution" (ECCV 2016, https://arxiv.org/abs/1603.08155), in the form, with the parameter names and with the
output of pytorch/examples, so that its public checkpoints load unchanged. `fast` (see `architecture.py`) has the same
parts at smaller sizes.

What is computed is fixed by the parameters; how, is chosen when a network is built:

* `norm`: GroupNorm with one channel a group is InstanceNorm under another name, with the same parameters and the same
  result. On a CPU it keeps the channels_last layout, which InstanceNorm loses; on CUDA InstanceNorm is the faster.
* `subpixel`: see `ResizeConv`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from stylecam.architecture import Architecture, Upsampling

__all__ = ["Norm", "PaddedConv", "ResidualBlock", "ResizeConv", "TransformerNet"]

Norm = Literal["instance", "group"]


class PaddedConv(nn.Module):
    """A convolution behind reflection padding, which leaves no frame around the picture as zeros do."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.padding = [kernel // 2] * 4
        self.conv2d = nn.Conv2d(inputs, outputs, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.conv2d(F.pad(x, self.padding, mode="reflect"))
        return output


class ResizeConv(nn.Module):
    """Upsampling by two, then a 3×3 convolution: no checkerboard, flat stays flat.

    Resizing before convolving is https://distill.pub/2016/deconv-checkerboard. Each of the four pixels that grow out
    of one sees only the same few small pixels, so the same sums can be taken at the small size with four smaller
    kernels, and their results interleaved ("sub-pixel form"; Aitken et al. 2017, https://arxiv.org/abs/1707.02937).
    The upsampled picture then never exists, and after nearest-neighbour a pixel costs 4 products instead of 9: 2.5–3
    times faster on a CPU, the same result but for rounding.
    """

    def __init__(
        self, inputs: int, outputs: int, *, upsampling: Upsampling = "nearest", subpixel: bool = False
    ) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(inputs, outputs, 3)
        self.upsampling: Upsampling = upsampling
        self.subpixel = subpixel
        self._cache: tuple[object, object, tuple[Tensor, Tensor]] | None = None

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        # One replicated pixel around the small picture gives one repeated around the large one, which after nearest-
        # neighbour upsampling is its reflection, too.
        x = F.pad(x, [1, 1, 1, 1], mode="replicate")
        if self.subpixel:
            weight, bias = self._folded()
            return _interleave(F.conv2d(x, weight, bias), height, width)
        if self.upsampling == "nearest":
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        else:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        output: Tensor = self.conv2d(x[..., 1:-1, 1:-1])
        return output

    def _folded(self) -> tuple[Tensor, Tensor]:
        weight, bias = self.conv2d.weight, self.conv2d.bias
        assert bias is not None
        if torch.is_grad_enabled() or weight.is_inference():  # inference tensors count no versions
            return _fold(weight, self.upsampling), bias.repeat(4)
        # Copying another style into the parameters raises their versions, assigning others changes their addresses,
        # and the fold is made anew. The views keep those addresses from being given to anything else.
        views = weight.detach(), bias.detach()
        key = [(view.data_ptr(), view._version, view.dtype, view.device) for view in views]
        if self._cache is None or self._cache[0] != key:
            self._cache = key, views, (_fold(views[0], self.upsampling), views[1].repeat(4))
        return self._cache[2]


def _fold(weight: Tensor, upsampling: Upsampling) -> Tensor:
    """Kernels of the four phases at the small size: (4·outputs, inputs, 2, 2) for nearest, (…, 3, 3) for bilinear."""
    outputs, inputs, _, _ = weight.shape
    # seen[a, p, k]: how much of the small pixel i + p - 1 tap k of the large kernel sees, for the pixel at 2i + a.
    seen = torch.zeros(2, 3, 3)
    for phase in (0, 1):
        for tap in (-1, 0, 1):
            pixel, odd = divmod(phase + tap, 2)
            if upsampling == "nearest":
                seen[phase, pixel + 1, tap + 1] = 1
            else:  # a quarter comes from the neighbour on the nearer side
                seen[phase, pixel + 1, tap + 1] = 0.75
                seen[phase, pixel + (2 if odd else 0), tap + 1] = 0.25
    if upsampling == "nearest":  # phase 0 never looks right, phase 1 never looks left
        seen = torch.stack([seen[0, :2], seen[1, 1:]])
    seen = seen.to(weight)
    small = seen.shape[1]
    folded = torch.einsum("apk,bql,ockl->abocpq", seen, seen, weight)
    return folded.reshape(4 * outputs, inputs, small, small).contiguous(memory_format=torch.channels_last)


def _interleave(phases: Tensor, height: int, width: int) -> Tensor:
    """(batch, 4·channels, about height, about width) to (batch, channels, 2·height, 2·width)."""
    batch, channels = phases.shape[0], phases.shape[1] // 4
    # A 2×2 kernel gives one row and column too many: phase 0 leaves out the last, phase 1 the first.
    shift = phases.shape[2] - height
    output = phases.new_empty(batch, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)
    for index in range(4):
        row, column = divmod(index, 2)
        top, left = row * shift, column * shift
        output[..., row::2, column::2] = phases[
            :, index * channels : (index + 1) * channels, top : top + height, left : left + width
        ]
    return output


def _norm(kind: Norm, channels: int) -> nn.Module:
    if kind == "group":
        return nn.GroupNorm(channels, channels)
    return nn.InstanceNorm2d(channels, affine=True)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions around the identity, as in http://torch.ch/blog/2016/02/04/resnets.html."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.conv1 = PaddedConv(channels, channels, 3)
        self.in1 = _norm(norm, channels)
        self.conv2 = PaddedConv(channels, channels, 3)
        self.in2 = _norm(norm, channels)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.in1(self.conv1(x)), inplace=True)
        output: Tensor = self.in2(self.conv2(y)) + x
        return output


class TransformerNet(nn.Module):
    """RGB 0–255 in, RGB about 0–255 out (not clamped), N×3×H×W floats of any size from 16×16, the same size out."""

    def __init__(self, architecture: Architecture, *, norm: Norm = "instance", subpixel: bool = False) -> None:
        super().__init__()
        self.architecture = architecture
        first, second, third = architecture.channels
        up1, up2 = architecture.upsampled
        strides = architecture.strides
        self.conv1 = PaddedConv(3, first, architecture.first_kernel, strides[0])
        self.in1 = _norm(norm, first)
        self.conv2 = PaddedConv(first, second, 3, strides[1])
        self.in2 = _norm(norm, second)
        self.conv3 = PaddedConv(second, third, 3, strides[2])
        self.in3 = _norm(norm, third)
        for block in range(1, architecture.blocks + 1):
            self.add_module(f"res{block}", ResidualBlock(third, norm))
        # Named after the transposed convolutions that the paper had here, as the public checkpoints still are.
        upsampling = architecture.upsampling
        self.deconv1 = ResizeConv(third, up1, upsampling=upsampling, subpixel=subpixel)
        self.in4 = _norm(norm, up1)
        self.deconv2 = ResizeConv(up1, up2, upsampling=upsampling, subpixel=subpixel)
        self.in5 = _norm(norm, up2)
        self.deconv3: nn.Module = (
            ResizeConv(up2, 3, upsampling=upsampling, subpixel=subpixel)
            if architecture.last_upsamples
            else PaddedConv(up2, 3, architecture.last_kernel)
        )

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if height < 16 or width < 16:
            raise ValueError(f"expected at least 16×16 pixels, got {width}×{height}")
        multiple = self.architecture.multiple
        if width % multiple or height % multiple:  # padding by nothing would still copy the picture
            x = F.pad(x, [0, -width % multiple, 0, -height % multiple], mode="reflect")
        y = F.relu(self.in1(self.conv1(x)), inplace=True)
        y = F.relu(self.in2(self.conv2(y)), inplace=True)
        y = F.relu(self.in3(self.conv3(y)), inplace=True)
        for block in range(1, self.architecture.blocks + 1):
            y = self.get_submodule(f"res{block}")(y)
        y = F.relu(self.in4(self.deconv1(y)), inplace=True)
        y = F.relu(self.in5(self.deconv2(y)), inplace=True)
        output: Tensor = self.deconv3(y)
        return output[..., :height, :width]
