from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

import trainer.measure
from stylecam.architecture import ARCHITECTURES
from stylecam.inference import FORMS, build_network
from tests.tiny import random_weights
from trainer.measure import (
    content_error,
    load_measured,
    measure_held_out,
    pan_flicker,
    spread,
    still_flicker,
    style_error,
)
from trainer.perceptual import Vgg16, style_target

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def picture() -> Tensor:
    """Coarse noise well within the range, so that nothing is clamped."""
    coarse = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(1))
    return 60 + 130 * torch.nn.functional.interpolate(coarse, size=(160, 240), mode="bilinear")


def halved_contrast(x: Tensor) -> Tensor:
    return 128 + 0.5 * (x - 128)


def screen_door(x: Tensor) -> Tensor:
    """A painting whose texture stands still on the screen, whatever moves behind it."""
    columns = torch.arange(x.shape[-1]) % 8
    return x + 20.0 * (columns < 4)


def test_a_network_that_gives_back_its_input_flickers_as_much_as_its_input(picture: Tensor) -> None:
    assert still_flicker(lambda x: x, picture) == pytest.approx(1, abs=1e-6)
    assert pan_flicker(lambda x: x, picture) == pytest.approx(1, abs=1e-6)


def test_half_the_contrast_is_half_the_flicker(picture: Tensor) -> None:
    assert still_flicker(halved_contrast, picture) == pytest.approx(0.5, abs=1e-4)
    assert pan_flicker(halved_contrast, picture) == pytest.approx(0.5, abs=1e-4)


def test_what_moves_with_the_camera_shows_in_the_pan_alone(picture: Tensor) -> None:
    assert still_flicker(screen_door, picture) == pytest.approx(1, abs=1e-4)
    # Eight frames, 3 pixels apart, stand at every one of the texture's eight columns: half of them 20 brighter.
    noise, texture = 2.0, 10.0 * (8 / 7) ** 0.5
    assert pan_flicker(screen_door, picture) == pytest.approx((noise**2 + texture**2) ** 0.5 / noise, rel=0.05)


def test_the_paintings_are_shifted_back_onto_each_other(picture: Tensor) -> None:
    """A painting that follows the scene is steady, however sharp: an error of one pixel would show."""
    sharp = torch.rand(1, 3, 160, 240, generator=torch.Generator().manual_seed(2)) * 200 + 25
    assert pan_flicker(lambda x: x, sharp) == pytest.approx(1, abs=1e-6)
    assert pan_flicker(lambda x: x.roll(1, -1), sharp) == pytest.approx(1, abs=0.02)  # moved, but always alike
    steps = iter(range(8))
    assert pan_flicker(lambda x: x.roll(next(steps) % 2, -1), sharp) > 10


def test_the_edges_are_left_out_of_the_pan(picture: Tensor) -> None:
    def framed(x: Tensor) -> Tensor:
        y = x.clone()
        y[..., :32] = y[..., -32:] = 255.0
        y[..., :32, :] = y[..., -32:, :] = 0.0
        return y

    assert pan_flicker(framed, picture) == pytest.approx(pan_flicker(lambda x: x, picture), abs=1e-6)


def test_a_picture_that_is_too_small_to_pan_over_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 128×128 pixels, got 200×100"):
        pan_flicker(lambda x: x, torch.zeros(1, 3, 100, 200))


def test_one_flat_colour_has_no_spread_and_black_and_white_the_most() -> None:
    blue = torch.zeros(1, 3, 32, 32)
    blue[:, 2] = 255
    assert spread(blue) == 0
    board = ((torch.arange(32)[:, None] + torch.arange(32)) % 2 * 510.0 - 127.5).expand(1, 3, 32, 32)
    assert spread(board) == pytest.approx(0.5)


def test_held_out_figures_are_means_of_what_each_photograph_gives(photographs: Path) -> None:
    network = build_network(
        ARCHITECTURES["fast"],
        random_weights("fast"),
        form=FORMS["cpu"],
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    vgg = Vgg16()
    target = style_target(vgg, torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 255)
    paths = sorted(photographs.iterdir())[:2]
    both = measure_held_out(network, vgg, target, paths)
    alone = [measure_held_out(network, vgg, target, [path]) for path in paths]
    for name in ("content", "style", "flicker"):
        expected = sum(getattr(figures, name) for figures in alone) / 2
        assert getattr(both, name) == pytest.approx(expected, rel=1e-5)
    x = load_measured(paths[0])
    assert min(x.shape[-2:]) == trainer.measure._SHORT_SIDE
    with torch.inference_mode():
        y = network(x).clamp(0, 255)
    assert content_error(vgg, vgg(y), x) == pytest.approx(alone[0].content, rel=1e-5)
    assert content_error(vgg, vgg(x), x) == 0
    assert style_error(vgg(y), target) == pytest.approx(alone[0].style, rel=1e-5)
