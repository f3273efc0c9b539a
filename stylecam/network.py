"""TransformerNet, the feed-forward style network: the one definition that the application and the trainer share.

The `full` architecture is that of Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and
Super-Resolution" (ECCV 2016, https://arxiv.org/abs/1603.08155), in the form, with the parameter names and with the
output of pytorch/examples, so that its public checkpoints load unchanged. `fast` (see `architecture.py`) has the same
parts at smaller sizes.

What is computed is fixed by the parameters; how, is chosen when a network is built:

* `norm`: GroupNorm with one channel a group is InstanceNorm under another name, with the same parameters and the same
  result. On a CPU it keeps the channels_last layout, which InstanceNorm loses; on CUDA InstanceNorm is the faster.
* `subpixel`: kernels are worked out from the parameters that take the same sums in fewer or fuller products: see
  `ResizeConv`, and `columns` of `PaddedConv`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.architecture import Architecture, Upsampling

__all__ = ["Norm", "PaddedConv", "ResidualBlock", "ResizeConv", "TransformerNet"]

Norm = Literal["instance", "group"]

_LAST_COLUMNS: Final = 5


class PaddedConv(nn.Module):
    """A convolution behind reflection padding, which leaves no frame around the picture as zeros do.

    With `columns`, that many neighbours in a row are computed as the channels of one: a processor multiplies 16 numbers
    at a time, and of three channels it would throw 13 away. Five columns make 15 of them. Their kernels overlap but in
    part, so a 9×9 convolution takes 13/9 of the products, in a third of the time.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, columns: int = 1) -> None:
        super().__init__()
        self.padding = [kernel // 2] * 4
        self.conv2d = nn.Conv2d(inputs, outputs, kernel, stride)
        self.columns = columns
        self._spread = _Derived(lambda weight, bias: (_spread(weight, columns), bias.repeat(columns)))

    def forward(self, x: Tensor, *, rectify: bool = False) -> Tensor:
        """Convolve x, or what of it is positive."""
        left, right, top, bottom = self.padding
        if self.columns == 1:
            output: Tensor = self.conv2d(_pad(x, [left, right, top, bottom], "reflect", rectify=rectify))
            return output
        batch, _, height, width = x.shape
        x = _pad(x, [left, right + -width % self.columns, top, bottom], "reflect", rectify=rectify)
        y = F.conv2d(x, *self._spread.of(self.conv2d), stride=(1, self.columns))
        # With the channels last, five pixels of three channels lie in memory as one of fifteen does.
        pixels = y.permute(0, 2, 3, 1).reshape(batch, height, -1, self.conv2d.out_channels)
        return pixels[:, :, :width].permute(0, 3, 1, 2)


def _spread(weight: Tensor, columns: int) -> Tensor:
    """(outputs, inputs, k, k) to (columns·outputs, inputs, k, k + columns − 1): each kernel one further right."""
    outputs, inputs, height, width = weight.shape
    spread = weight.new_zeros(columns, outputs, inputs, height, width + columns - 1)
    for column in range(columns):
        spread[column, ..., column : column + width] = weight
    return spread.flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _pad(x: Tensor, padding: list[int], mode: Literal["reflect", "replicate"], *, rectify: bool) -> Tensor:
    """Pad x, or what of it is positive.

    On a CPU both in one pass over the memory, which is what bounds them. The border is made of few small copies, for
    which a GPU would have to be given as many orders. `padding` is left, right, top, bottom.
    """
    if not rectify:
        return F.pad(x, padding, mode=mode)
    one_pass = x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last)
    if torch.is_grad_enabled() or not one_pass:
        return F.pad(F.relu(x), padding, mode=mode)
    left, right, top, bottom = padding
    batch, channels, height, width = x.shape
    padded = x.new_empty(batch, height + top + bottom, width + left + right, channels).permute(0, 3, 1, 2)
    torch.clamp_min(x, 0, out=padded[..., top : top + height, left : left + width])
    across = padded[..., left : left + width]
    for before, after, rows in ((top, bottom, across.transpose(2, 3)), (left, right, padded)):
        last = rows.shape[3] - after - 1
        for step in range(1, max(before, after) + 1):
            inwards = step if mode == "reflect" else 0
            if step <= before:
                rows[..., before - step] = rows[..., before + inwards]
            if step <= after:
                rows[..., last + step] = rows[..., last - inwards]
    return padded


class _Derived:
    """Kernels worked out from a convolution's parameters, kept until these change."""

    def __init__(self, work_out: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
        self._work_out = work_out
        self._kept: tuple[object, object, tuple[Tensor, Tensor]] | None = None

    def of(self, conv2d: nn.Conv2d) -> tuple[Tensor, Tensor]:
        weight, bias = conv2d.weight, conv2d.bias
        assert bias is not None
        if torch.is_grad_enabled() or weight.is_inference():  # inference tensors count no versions
            return self._work_out(weight, bias)
        # Copying another style into the parameters raises their versions, assigning others changes their addresses,
        # and the kernels are made anew. The views keep those addresses from being given to anything else.
        views = weight.detach(), bias.detach()
        key = [(view.data_ptr(), view._version, view.dtype, view.device) for view in views]
        if self._kept is None or self._kept[0] != key:
            self._kept = key, views, self._work_out(*views)
        return self._kept[2]


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
        self._folded = _Derived(lambda weight, bias: (_fold(weight, upsampling), bias.repeat(4)))

    def forward(self, x: Tensor, *, rectify: bool = False) -> Tensor:
        """Grow and convolve x, or what of it is positive."""
        height, width = x.shape[-2:]
        # One replicated pixel around the small picture gives one repeated around the large one, which after nearest-
        # neighbour upsampling is its reflection, too.
        x = _pad(x, [1, 1, 1, 1], "replicate", rectify=rectify)
        if self.subpixel:
            return _interleave(F.conv2d(x, *self._folded.of(self.conv2d)), height, width)
        if self.upsampling == "nearest":
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        else:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        output: Tensor = self.conv2d(x[..., 1:-1, 1:-1])
        return output


def _fold(weight: Tensor, upsampling: Upsampling) -> Tensor:
    """Kernels of the four phases at the small size: (4·outputs, inputs, 2, 2) for nearest, (…, 3, 3) for bilinear."""
    outputs, inputs, _, _ = weight.shape
    # seen[a, p, k]: how much of the small pixel i + p - 1 tap k of the large kernel sees, for the pixel at 2i + a.
    seen = torch.zeros(2, 3, 3, dtype=torch.float64)
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
    small = seen.shape[1]
    # In float64, whatever the parameters are in: a folded kernel is rounded once.
    folded = torch.einsum("apk,bql,ockl->abocpq", *[seen.to(weight.device)] * 2, weight.double()).to(weight.dtype)
    return folded.reshape(4 * outputs, inputs, small, small).contiguous(memory_format=torch.channels_last)


def _interleave(phases: Tensor, height: int, width: int) -> Tensor:
    """(batch, 4·channels, about height, about width) to (batch, channels, 2·height, 2·width)."""
    batch, channels = phases.shape[0], phases.shape[1] // 4
    phases = phases.permute(0, 2, 3, 1)
    if phases.shape[1] == height:  # row, row phase, column, column phase and channel: one copy in long runs
        picture = phases.reshape(batch, height, width, 2, 2 * channels).transpose(2, 3)
        return picture.reshape(batch, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)
    # A 2×2 kernel gives one row and column too many: phase 0 leaves out the last, phase 1 the first.
    output = phases.new_empty(batch, height, 2, width, 2, channels)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        first = (2 * row + column) * channels
        output[:, :, row, :, column] = phases[:, row : row + height, column : column + width, first : first + channels]
    return output.view(batch, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)


class _ChannelNorm(nn.GroupNorm):
    """GroupNorm with one channel a group.

    On a CPU it walks small pictures with the channels last in strides, and takes 30 times as long as batch norm, which
    for a batch of one gives the same.
    """

    _SMALL = 1024  # pixels: the threshold of ATen's group_norm_kernel.cpp

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == 1 and x.shape[2] * x.shape[3] < self._SMALL and x.device.type == "cpu":
            return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)
        return super().forward(x)


def _norm(kind: Norm, channels: int) -> nn.Module:
    if kind == "group":
        return _ChannelNorm(channels)
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
        y = self.in1(self.conv1(x))
        output: Tensor = self.in2(self.conv2(y, rectify=True)) + x
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
            else PaddedConv(up2, 3, architecture.last_kernel, columns=_LAST_COLUMNS if subpixel else 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if height < 16 or width < 16:
            raise ValueError(f"expected at least 16×16 pixels, got {width}×{height}")
        multiple = self.architecture.multiple
        if width % multiple or height % multiple:  # padding by nothing would still copy the picture
            x = F.pad(x, [0, -width % multiple, 0, -height % multiple], mode="reflect")
        y = self.in1(self.conv1(x))
        y = self.in2(self.conv2(y, rectify=True))
        y = F.relu(self.in3(self.conv3(y, rectify=True)), inplace=True)
        for block in range(1, self.architecture.blocks + 1):
            y = self.get_submodule(f"res{block}")(y)
        y = self.in4(self.deconv1(y))
        y = self.in5(self.deconv2(y, rectify=True))
        output: Tensor = self.deconv3(y, rectify=True)
        return output[..., :height, :width]
