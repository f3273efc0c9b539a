from __future__ import annotations

import copy
import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylecam.architecture import ARCHITECTURES, VARIANTS, Upsampling, Variant
from stylecam.network import Norm, ResizeConv, TransformerNet
from tests.tiny import random_weights


def parameters_of(variant: Variant, *, seed: int = 0) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in random_weights(variant, seed=seed).items()}


def network_of(variant: Variant, *, norm: Norm = "instance", subpixel: bool = False, seed: int = 0) -> TransformerNet:
    network = TransformerNet(ARCHITECTURES[variant], norm=norm, subpixel=subpixel)
    network.load_state_dict(parameters_of(variant, seed=seed))
    return network.requires_grad_(False)


def plain_formulation(variant: Variant, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
    """The network of the paper as everyone writes it, layer by layer, for sides that are multiples of the strides."""
    architecture = ARCHITECTURES[variant]

    def convolution(name: str, x: Tensor, *, stride: int = 1, upsample: bool = False) -> Tensor:
        weight = parameters[f"{name}.weight"]
        if upsample:
            x = nn.Upsample(scale_factor=2, mode=architecture.upsampling)(x)
        # At the border of a nearest-neighbour upsampled picture, reflection by one repeats its outermost pixel.
        pad = nn.ReplicationPad2d if upsample else nn.ReflectionPad2d
        x = pad(weight.shape[-1] // 2)(x)
        return F.conv2d(x, weight, parameters[f"{name}.bias"], stride)

    def norm(name: str, x: Tensor) -> Tensor:
        layer = nn.InstanceNorm2d(x.shape[1], affine=True)
        layer.load_state_dict({key: parameters[f"{name}.{key}"] for key in ("weight", "bias")})
        output: Tensor = layer(x)
        return output

    for number, stride in enumerate(architecture.strides, start=1):
        x = norm(f"in{number}", convolution(f"conv{number}.conv2d", x, stride=stride)).relu()
    for block in range(1, architecture.blocks + 1):
        y = norm(f"res{block}.in1", convolution(f"res{block}.conv1.conv2d", x)).relu()
        x = x + norm(f"res{block}.in2", convolution(f"res{block}.conv2.conv2d", y))
    x = norm("in4", convolution("deconv1.conv2d", x, upsample=True)).relu()
    x = norm("in5", convolution("deconv2.conv2d", x, upsample=True)).relu()
    return convolution("deconv3.conv2d", x, upsample=architecture.last_upsamples)


def picture(height: int, width: int, *, seed: int = 0) -> Tensor:
    coarse = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 255
    return F.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 255)


@pytest.mark.parametrize("channels_last", [False, True], ids=["nchw", "channels_last"])
@pytest.mark.parametrize("subpixel", [False, True], ids=["plain", "subpixel"])
@pytest.mark.parametrize("norm", ["instance", "group"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_network_equals_the_plain_formulation_whatever_form_runs_it(
    variant: Variant, norm: Norm, subpixel: bool, channels_last: bool
) -> None:
    x = picture(48, 64)
    with torch.no_grad():
        expected = plain_formulation(variant, parameters_of(variant), x)
        network = network_of(variant, norm=norm, subpixel=subpixel)
        if channels_last:
            network = network.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)
        output = network(x)
    assert expected.std() > 5  # equal greys would prove nothing
    assert (output - expected).abs().max() < 1e-3 * 255


def test_full_has_the_parameters_of_the_public_network() -> None:
    network = TransformerNet(ARCHITECTURES["full"])
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_679_235
    assert not list(network.buffers())


@pytest.mark.parametrize("size", [(16, 16), (17, 16), (16, 23), (19, 31), (33, 50), (45, 47)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_picture_of_any_size_comes_back_at_its_size(variant: Variant, size: tuple[int, int]) -> None:
    with torch.no_grad():
        output = network_of(variant, norm="group", subpixel=True)(picture(*size))
    assert output.shape == (1, 3, *size)
    assert output.isfinite().all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_picture_below_16_pixels_is_refused(variant: Variant) -> None:
    with pytest.raises(ValueError, match="at least 16×16 pixels, got 40×15"):
        network_of(variant)(picture(15, 40))


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_odd_size_is_the_padded_picture_cropped(variant: Variant) -> None:
    """What the border of an odd picture shows is what a larger picture, mirrored there, shows at that place."""
    x = picture(45, 51)
    mirrored = F.pad(x, [0, -51 % 8, 0, -45 % 8], mode="reflect")
    with torch.no_grad():
        network = network_of(variant, norm="group", subpixel=True)
        # `full` needs multiples of 4 only, so its statistics differ where 8 pads more.
        padded = network(mirrored if variant == "fast" else F.pad(x, [0, -51 % 4, 0, -45 % 4], mode="reflect"))
        output = network(x)
    assert (output - padded[..., :45, :51]).abs().max() < 1e-2


@pytest.mark.parametrize("size", [(48, 64), (41, 50), (47, 33), (16, 17)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_even_picture_has_no_seam_at_its_border(
    variant: Variant, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever padding brings in that is not in the picture, in any layer, would show on an even one most clearly."""
    network = network_of(variant, norm="group", subpixel=True).double()
    for layer in network.modules():
        if isinstance(layer, nn.GroupNorm):
            layer.eps = 1.0  # else each norm would blow up what rounding leaves of a variance of zero
    x = torch.full((1, 3, *size), 90.0, dtype=torch.double)
    with torch.no_grad():
        assert network(x).std(dim=(2, 3)).max() < 1e-9

        real_pad = F.pad
        monkeypatch.setattr(F, "pad", lambda x, padding, mode: real_pad(x, padding))
        assert network(x).std(dim=(2, 3)).max() > 1, "the check above does not see the seam of zero padding"


@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
def test_the_subpixel_form_equals_upsampling_then_convolving_and_so_do_its_gradients(upsampling: Upsampling) -> None:
    plain = ResizeConv(5, 7, upsampling=upsampling).double()
    folded = copy.deepcopy(plain)
    folded.subpixel = True
    outcomes = []
    for layer in (plain, folded):
        x = torch.rand(2, 5, 9, 6, dtype=torch.double, generator=torch.Generator().manual_seed(1)).requires_grad_()
        y = layer(x)
        (y * torch.arange(y.numel(), dtype=torch.double).view_as(y).sin()).sum().backward()
        assert layer.conv2d.weight.grad is not None
        assert layer.conv2d.bias is not None
        outcomes.append((y.detach(), x.grad, layer.conv2d.weight.grad, layer.conv2d.bias.grad))
    assert outcomes[0][0].shape == (2, 7, 18, 12)
    for ours, theirs in zip(*outcomes, strict=True):
        assert ours is not None
        assert theirs is not None
        torch.testing.assert_close(ours, theirs)


def _assert_equals_plain(layer: ResizeConv, x: Tensor, *, tolerance: float = 1e-5) -> None:
    plain = ResizeConv(layer.conv2d.in_channels, layer.conv2d.out_channels)
    plain.load_state_dict(layer.state_dict())
    plain = plain.to(x.dtype)
    torch.testing.assert_close(layer(x), plain(x), atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_folded_kernels_follow_every_change_of_the_parameters(mode: type[torch.no_grad]) -> None:
    layer = ResizeConv(4, 4, subpixel=True)
    x = torch.rand(1, 4, 6, 6)
    other = {name: torch.rand_like(value) for name, value in layer.state_dict().items()}
    with mode():
        _assert_equals_plain(layer, x)
        for name, parameter in layer.named_parameters():
            parameter.copy_(other[name])
        _assert_equals_plain(layer, x)
        layer.load_state_dict({name: value + 1 for name, value in other.items()})
        _assert_equals_plain(layer, x)
    # New parameter objects, whose version counters begin again.
    for step in range(3):
        layer.load_state_dict({name: value + step for name, value in other.items()}, assign=True)
        with mode():
            _assert_equals_plain(layer, x)


def test_the_folded_kernels_follow_a_change_of_precision_and_back() -> None:
    layer = ResizeConv(4, 4, subpixel=True)
    x = torch.rand(1, 4, 6, 6)
    with torch.no_grad():
        _assert_equals_plain(layer, x)
        _assert_equals_plain(layer.half(), x.half(), tolerance=1e-2)
        _assert_equals_plain(layer.float(), x)
        _assert_equals_plain(layer.double(), x.double())


def test_a_round_trip_through_half_is_seen_even_if_nothing_ran_between() -> None:
    layer = ResizeConv(4, 4, subpixel=True)
    x = torch.rand(1, 4, 6, 6)
    with torch.no_grad():
        layer(x)
        layer.half().float()
        _assert_equals_plain(layer, x, tolerance=1e-6)


def test_a_copied_network_follows_its_own_parameters() -> None:
    layer = ResizeConv(4, 4, subpixel=True)
    x = torch.rand(1, 4, 6, 6)
    with torch.no_grad():
        layer(x)
        twin = copy.deepcopy(layer)
        twin.conv2d.weight.mul_(2)
        _assert_equals_plain(twin, x)
        _assert_equals_plain(layer, x)


def test_a_network_that_ran_for_pictures_can_be_trained_through_after() -> None:
    """As a perceptual loss does with a frozen network: no gradient for the parameters, one for the picture."""
    network = network_of("fast", norm="group", subpixel=True)
    with torch.inference_mode():
        network(picture(16, 16))
    x = picture(16, 16).requires_grad_()
    network(x).sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize(("variant", "seed"), list(itertools.product(VARIANTS, range(2))))
def test_half_precision_on_the_cpu_comes_close_to_float32(variant: Variant, seed: int) -> None:
    x = picture(48, 64, seed=seed)
    network = network_of(variant, norm="group", subpixel=True, seed=seed)
    with torch.no_grad():
        exact = network(x)
        half = copy.deepcopy(network).half()(x.half()).float()
    assert half.isfinite().all()
    error = F.mse_loss(half.clamp(0, 255), exact.clamp(0, 255))
    assert 10 * torch.log10(255**2 / error) > 45
