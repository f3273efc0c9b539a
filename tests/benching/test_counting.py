"""Multiply-adds from the architecture, against those that torch counts in the network itself."""

from __future__ import annotations

import pytest
import torch

from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.benching.counting import multiply_adds, multiply_adds_of
from stylecam.network import TransformerNet


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (100, 61)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_architecture_tells_what_torch_counts(variant: Variant, size: tuple[int, int]) -> None:
    with torch.device("meta"):
        network = TransformerNet(ARCHITECTURES[variant])
    assert multiply_adds(ARCHITECTURES[variant], size) == multiply_adds_of(network, size)


def test_full_needs_what_the_paper_s_network_is_known_to_need() -> None:
    assert 2 * multiply_adds(ARCHITECTURES["full"], (640, 480)) == pytest.approx(94e9, rel=0.01)


def test_the_sub_pixel_form_of_nearest_upsampling_needs_less() -> None:
    with torch.device("meta"):
        network = TransformerNet(ARCHITECTURES["full"], subpixel=True)
    assert multiply_adds_of(network, (640, 480)) < 0.9 * multiply_adds(ARCHITECTURES["full"], (640, 480))


def test_counting_leaves_the_network_as_it_is() -> None:
    network = TransformerNet(ARCHITECTURES["fast"])
    before = network.conv1.conv2d.weight
    multiply_adds_of(network, (64, 64))
    assert network.conv1.conv2d.weight is before
    assert before.device.type == "cpu"
