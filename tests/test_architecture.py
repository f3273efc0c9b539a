from __future__ import annotations

import math
import subprocess
import sys

import pytest

from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant, parameter_shapes


@pytest.mark.parametrize(("variant", "count"), [("full", 1_679_235), ("fast", 250_275)])
def test_each_variant_has_its_number_of_parameters(variant: Variant, count: int) -> None:
    assert sum(math.prod(shape) for shape in parameter_shapes(ARCHITECTURES[variant]).values()) == count


@pytest.mark.parametrize(("variant", "multiple"), [("full", 4), ("fast", 8)])
def test_sides_are_padded_to_the_product_of_the_strides(variant: Variant, multiple: int) -> None:
    assert ARCHITECTURES[variant].multiple == multiple


def test_there_is_an_architecture_for_every_variant() -> None:
    assert tuple(ARCHITECTURES) == VARIANTS


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_shapes_are_those_of_the_network_and_in_its_order(variant: Variant) -> None:
    from stylecam.network import TransformerNet

    network = TransformerNet(ARCHITECTURES[variant])
    expected = [(name, tuple(parameter.shape)) for name, parameter in network.state_dict().items()]
    assert list(parameter_shapes(ARCHITECTURES[variant]).items()) == expected


def test_the_shapes_are_known_without_torch() -> None:
    code = "import sys, stylecam.architecture; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
