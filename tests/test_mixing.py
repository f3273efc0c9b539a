from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.errors import StyleError
from stylecam.mixing import mix_title, mixed_weights, normalised
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.styles import Style


@pytest.fixture
def styles(tmp_path: Path) -> list[Style]:
    return [write_tiny_style(tmp_path / f"{name}.safetensors", seed=seed) for seed, name in enumerate("ab")]


def test_shares_add_up_to_one_and_what_has_none_is_left_out(styles: list[Style]) -> None:
    a, b = styles
    assert normalised([(a, 1.0), (b, 3.0)]) == [(a, 0.25), (b, 0.75)]
    assert normalised([(a, 0.2), (b, 0.0)]) == [(a, 1.0)]


@pytest.mark.parametrize("weights", [(-0.1, 1.0), (float("nan"), 1.0), (float("inf"), 1.0), (0.0, 0.0), ()])
def test_weights_that_mean_nothing_are_refused(weights: tuple[float, ...], styles: list[Style]) -> None:
    with pytest.raises(ValueError, match="expected"):
        normalised(list(zip(styles, weights, strict=False)))


def test_a_mix_is_called_by_its_parts_and_a_style_alone_by_its_name(styles: list[Style]) -> None:
    a, b = styles
    assert mix_title([(a, 1.0)]) == "a"
    assert mix_title([(a, 0.25), (b, 0.75)]) == "a 25% + b 75%"


def test_the_mean_is_taken_in_float32_and_one_style_alone_is_as_it_is() -> None:
    large = np.float16(60000)
    a, b = {"w": np.full(3, large)}, {"w": np.full(3, large) / 2}
    mixed = mixed_weights([(a, 0.5), (b, 0.5)])["w"]
    assert mixed.dtype == np.float32
    assert mixed.tolist() == pytest.approx([45000] * 3)
    alone = mixed_weights([(a, 1.0)])["w"]
    assert (alone.dtype, alone.tolist()) == (np.float32, a["w"].tolist())


def test_networks_that_differ_cannot_be_mixed() -> None:
    one = np.ones(1, np.float16)
    with pytest.raises(StyleError, match="their networks differ"):
        mixed_weights([({"a": one}, 0.5), ({"b": one}, 0.5)])
