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


def test_the_sub_pixel_form_of_nearest_upsampling_needs_four_ninths_of_its_products() -> None:
    full, size = ARCHITECTURES["full"], (640, 480)
    upsampled = 9 * (320 * 240 * 128 * 64 + 640 * 480 * 64 * 32)
    assert multiply_adds(full, size) - multiply_adds(full, size, subpixel=True) == upsampled * 5 // 9


def test_after_bilinear_upsampling_there_is_nothing_to_save() -> None:
    fast, size = ARCHITECTURES["fast"], (640, 480)
    assert multiply_adds(fast, size, subpixel=True) == multiply_adds(fast, size)


def test_what_is_run_needs_no_fewer_products_than_the_sub_pixel_form() -> None:
    full, size = ARCHITECTURES["full"], (640, 480)
    with torch.device("meta"):
        network = TransformerNet(full, subpixel=True)
    needed = multiply_adds(full, size, subpixel=True)
    assert needed <= multiply_adds_of(network, size) < 1.1 * needed


def test_counting_leaves_the_network_as_it_is() -> None:
    network = TransformerNet(ARCHITECTURES["fast"])
    before = network.conv1.conv2d.weight
    multiply_adds_of(network, (64, 64))
    assert network.conv1.conv2d.weight is before
    assert before.device.type == "cpu"
