"""How many multiply-adds a network needs for a picture: exact, since the sizes of all its layers are known.

Norms, pads and other passes over memory are not counted: they are what keeps a network from the machine's limit.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from stylecam.architecture import Architecture
    from stylecam.network import TransformerNet

__all__ = ["multiply_adds", "multiply_adds_of"]


def multiply_adds(architecture: Architecture, size: tuple[int, int], *, subpixel: bool = False) -> int:
    """Of all convolutions as the architecture has them: upsample first, convolve then.

    Args:
        architecture: of the network.
        size: width and height of the picture.
        subpixel: count an upsampling and its convolution as one at the small size, whose kernels make the four pixels
            each. After nearest-neighbour upsampling, a 3×3 kernel sees but 2×2 different pixels, so this needs 16
            products in place of 36; after bilinear upsampling it sees 3×3 of them, and needs as many as before.
    """
    multiple = architecture.multiple
    pixels = [-(-side // multiple) * multiple for side in size]
    first, second, third = architecture.channels
    up1, up2 = architecture.upsampled
    total = 0

    def convolution(inputs: int, outputs: int, kernel: int) -> None:
        nonlocal total
        total += pixels[0] * pixels[1] * inputs * outputs * kernel**2

    for stride, inputs, outputs, kernel in zip(
        architecture.strides, (3, first, second), architecture.channels, (architecture.first_kernel, 3, 3), strict=True
    ):
        pixels = [side // stride for side in pixels]
        convolution(inputs, outputs, kernel)
    for _ in range(2 * architecture.blocks):
        convolution(third, third, 3)
    growing = [(third, up1), (up1, up2), *([(up2, 3)] if architecture.last_upsamples else [])]
    for inputs, outputs in growing:
        pixels = [2 * side for side in pixels]
        convolution(inputs, outputs, 2 if subpixel and architecture.upsampling == "nearest" else 3)
    if not architecture.last_upsamples:
        convolution(up2, 3, architecture.last_kernel)
    return total


@torch.inference_mode()
def multiply_adds_of(network: TransformerNet, size: tuple[int, int]) -> int:
    """Of this very network as it is run, whatever its form costs. Computes nothing.

    Less than `multiply_adds` where the same sums are taken in a cheaper form; more where a layer multiplies by zeros to
    fill a processor's registers.
    """
    bare = copy.deepcopy(network).to("meta")
    picture = torch.empty(1, 3, size[1], size[0], dtype=next(network.parameters()).dtype, device="meta")
    with FlopCounterMode(display=False) as counter:
        bare(picture)
    return int(counter.get_total_flops()) // 2
