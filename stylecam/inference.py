"""The network as it is run: built from a style's weights in the form its device likes, with the same result.

Every function here is plain tensor work on whatever device its arguments stand, so that a CPU can prove what a GPU
will compute. Imports torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylecam.errors import StyleError
from stylecam.network import TransformerNet

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from stylecam.architecture import Architecture
    from stylecam.devices import DeviceKind
    from stylecam.network import Norm

__all__ = [
    "FORMS",
    "HALF_PRECISION_DB",
    "Form",
    "build_network",
    "half_precision",
    "half_precision_problem",
    "to_network",
    "to_picture",
]

HALF_PRECISION_DB: Final = 40.0
"""Sixteen bits are used where they come this near to float32, in decibels of peak signal to noise."""

_TRIAL = 96, 128
"""Height and width of the picture that decides it: small, for on a CPU a live picture is painted meanwhile."""

_CENTRE: Final = 128.0
_SCALE: Final = 1 / 16


@dataclass(frozen=True, slots=True)
class Form:
    """How a network is laid out for one kind of device. No choice here changes what is computed."""

    norm: Norm
    subpixel: bool
    channels_last: bool
    centred: bool
    """Pictures reach the first convolution as (x − 128)/16 instead of 0–255.

    The first norm takes every offset and scale out again, so with its epsilon scaled alike the result is the same. But
    no sum comes near to half precision's largest number, all 256 levels stay exact, and an even picture keeps its
    detail. A scale of 1/255 would be one step too far: where a picture is black throughout, the norm divides by the
    root of its epsilon, and 1/sqrt(1e-5/255²) is itself too large for half precision.
    """


FORMS: Final[dict[DeviceKind, Form]] = {
    "cpu": Form(norm="group", subpixel=True, channels_last=True, centred=False),
    # The sub-pixel form keeps kernels that are worked out from the parameters. A recorded graph would go on with the
    # old ones after a style is copied in.
    "cuda": Form(norm="instance", subpixel=False, channels_last=False, centred=True),
    "mps": Form(norm="instance", subpixel=False, channels_last=False, centred=True),
}


def half_precision(kind: DeviceKind) -> torch.dtype | None:
    """The type of sixteen bits that this kind of device multiplies faster than float32, if there is one here.

    float16 on a GPU. On a CPU bfloat16, where it has instructions for it (AMD since Zen 4, Intel's servers since Cooper
    Lake): `fast` then takes two thirds of the time and `full` half, 46–62 dB from float32 in the bundled styles.
    Elsewhere it would be the slower one.
    """
    if kind != "cpu":
        return torch.float16
    # The same names as in the processor's own list of features.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else None


def build_network(
    architecture: Architecture,
    weights: Mapping[str, NDArray[np.floating]],
    *,
    form: Form,
    dtype: torch.dtype,
    device: torch.device,
) -> TransformerNet:
    """A network with these weights (any float dtype), ready to run, its parameters on `device` in `dtype`.

    Raises:
        StyleError: the weights do not fit the architecture.
    """
    with torch.device("meta"):  # nothing is drawn at random, and the caller's random numbers stay as they are
        network = TransformerNet(architecture, norm=form.norm, subpixel=form.subpixel)
    state: dict[str, Tensor] = {}
    for name, array in weights.items():
        tensor = torch.from_numpy(array.astype("float32"))
        if form.centred and name.endswith("conv2d.bias") and not name.startswith("deconv3"):
            tensor = torch.zeros_like(tensor)  # a norm follows and takes it out again; without it nothing is lost to it
        state[name] = tensor.to(device=device, dtype=dtype)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise StyleError(f"The style does not fit its network: {' '.join(str(error).split())}") from error
    if form.centred:
        assert isinstance(network.in1, nn.InstanceNorm2d | nn.GroupNorm)
        network.in1.eps *= _SCALE**2
    if form.channels_last:
        network.to(memory_format=torch.channels_last)
    return network.requires_grad_(False).eval()


def to_network(picture: Tensor, *, form: Form, dtype: torch.dtype) -> Tensor:
    """H×W×3 uint8 to the 1×3×H×W floats that a network of this form expects, on the same device."""
    x = picture.permute(2, 0, 1)[None].to(dtype)  # strided like the picture, which is channels_last
    if form.centred:
        x = (x - _CENTRE) * _SCALE
    return x if form.channels_last else x.contiguous()


def to_picture(output: Tensor) -> tuple[Tensor, Tensor]:
    """1×3×H×W of any float dtype to H×W×3 uint8, rounded, with a scalar that is finite where every value is.

    Both stay on the output's device: nothing here waits for it.
    """
    y = output[0].permute(1, 2, 0)
    # A sum is finite only where all its parts are, and is cheaper than asking each.
    return y.clamp(0, 255).round_().to(torch.uint8).contiguous(), y.sum(dtype=torch.float32)


@torch.inference_mode()
def half_precision_problem(half: TransformerNet, exact: TransformerNet, *, form: Form) -> str | None:
    """Why the network of sixteen bits must not be used in place of the exact one, in a few words, or None.

    Both are run on a picture with the statistics of a natural one, and on a black one, where a norm divides by least.
    """
    device, dtype = half.conv1.conv2d.weight.device, half.conv1.conv2d.weight.dtype
    name = "half precision" if dtype == torch.float16 else str(dtype).removeprefix("torch.")
    pictures = [picture.to(device) for picture in (_natural_picture(), torch.zeros(48, 64, 3, dtype=torch.uint8))]
    # cuDNN's float32 would else be rounded to about half precision, too.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        outputs = [
            (
                half(to_network(picture, form=form, dtype=dtype)).float(),
                exact(to_network(picture, form=form, dtype=torch.float32)),
            )
            for picture in pictures
        ]
    if not all(bool(y.isfinite().all()) for y, _ in outputs):
        return f"{name} overflows in this style"
    error = F.mse_loss(outputs[0][0].clamp(0, 255), outputs[0][1].clamp(0, 255)).item()
    decibels = 10 * math.log10(255**2 / max(error, 1e-9))
    if decibels < HALF_PRECISION_DB:
        return f"{name} differs too much in this style ({decibels:.0f} dB)"
    return None


def _natural_picture() -> Tensor:
    """H×W×3 uint8: noise whose strength grows with its wavelength, as in photographs. Always the same one."""
    random = torch.Generator().manual_seed(0)
    height, width = _TRIAL
    picture = torch.zeros(1, 3, height, width)
    for step in (64, 32, 16, 8, 4, 2, 1):
        noise = torch.randn(1, 3, height // step, width // step, generator=random)
        picture += step**0.5 * F.interpolate(noise, size=(height, width), mode="bilinear")
    return (128 + 5 * picture).clamp(0, 255)[0].permute(1, 2, 0).to(torch.uint8)
