"""The sizes of the networks, without torch: what a style file must hold can be checked before torch is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["ARCHITECTURES", "VARIANTS", "Architecture", "Upsampling", "Variant", "parameter_shapes"]

Variant = Literal["full", "fast"]
Upsampling = Literal["nearest", "bilinear"]
VARIANTS: Final[tuple[Variant, ...]] = ("full", "fast")


@dataclass(frozen=True, slots=True)
class Architecture:
    """Sizes of the network's parts: three convolutions down, residual blocks, three convolutions up."""

    channels: tuple[int, int, int]
    """After each convolution on the way down; the residual blocks run at the last."""
    strides: tuple[int, int, int]
    blocks: int
    upsampled: tuple[int, int]
    """Channels after the first two convolutions on the way up; the third makes the picture."""
    first_kernel: int
    last_kernel: int
    last_upsamples: bool
    """Whether the last convolution doubles the size, too; its kernel is then 3."""
    upsampling: Upsampling
    """How the picture grows before a convolution. Bilinear costs little more and leaves no grid where the trunk, whose
    pixels are eight by eight of the picture's, has texture."""

    @property
    def multiple(self) -> int:
        """Sides that are no multiple of this are padded on the way in and cropped on the way out."""
        first, second, third = self.strides
        return first * second * third


ARCHITECTURES: Final[dict[Variant, Architecture]] = {
    # Johnson et al. 2016: 1,679,235 parameters, 94 GFLOP for a picture of 640×480.
    "full": Architecture(
        channels=(32, 64, 128),
        strides=(1, 2, 2),
        blocks=5,
        upsampled=(64, 32),
        first_kernel=9,
        last_kernel=9,
        last_upsamples=False,
        upsampling="nearest",
    ),
    # The same parts for a CPU and a live picture: the trunk runs at an eighth of the size, and no layer with many
    # channels ever sees the full size. 250,275 parameters.
    "fast": Architecture(
        channels=(16, 32, 48),
        strides=(2, 2, 2),
        blocks=5,
        upsampled=(32, 24),
        first_kernel=5,
        last_kernel=3,
        last_upsamples=True,
        upsampling="bilinear",
    ),
}


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of a `TransformerNet`, in the network's order."""
    first, second, third = architecture.channels
    up1, up2 = architecture.upsampled
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, inputs: int, outputs: int, kernel: int) -> None:
        shapes[f"{name}.conv2d.weight"] = (outputs, inputs, kernel, kernel)
        shapes[f"{name}.conv2d.bias"] = (outputs,)

    def norm(name: str, channels: int) -> None:
        shapes[f"{name}.weight"] = (channels,)
        shapes[f"{name}.bias"] = (channels,)

    convolution("conv1", 3, first, architecture.first_kernel)
    norm("in1", first)
    convolution("conv2", first, second, 3)
    norm("in2", second)
    convolution("conv3", second, third, 3)
    norm("in3", third)
    for block in range(1, architecture.blocks + 1):
        for half in (1, 2):
            convolution(f"res{block}.conv{half}", third, third, 3)
            norm(f"res{block}.in{half}", third)
    convolution("deconv1", third, up1, 3)
    norm("in4", up1)
    convolution("deconv2", up1, up2, 3)
    norm("in5", up2)
    convolution("deconv3", up2, 3, architecture.last_kernel)
    return shapes
