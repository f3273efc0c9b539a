from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.colors import color_distance, palette_of


def _distance(picture: torch.Tensor, wanted: torch.Tensor, seed: int = 1) -> float:
    return color_distance(picture, palette_of(wanted), np.random.default_rng(seed)).item()


def _plain(*color: float, side: int = 64) -> torch.Tensor:
    return torch.tensor(color, dtype=torch.float32).view(1, 3, 1, 1).expand(1, 3, side, side)


def test_a_picture_has_its_own_colors_wherever_they_lie() -> None:
    picture = torch.cat([_plain(10, 20, 30), _plain(200, 180, 90)], dim=3)
    for same in (picture, picture.flip(3), picture.transpose(2, 3)):
        assert _distance(same, picture) < 0.003  # not 0, for only some of the pixels are looked at
    assert _distance(picture / 2, picture) > 0.03


def test_two_plain_colors_are_as_far_apart_as_their_difference_along_a_random_direction() -> None:
    """The mean of the squared cosine of an angle in three dimensions is a third."""
    distances = [_distance(_plain(100, 50, 0), _plain(100, 50, 102), seed) for seed in range(40)]
    assert np.mean(distances) == pytest.approx(0.4**2 / 3, rel=0.15)


def test_a_middling_color_is_not_two_colors() -> None:
    two = torch.cat([_plain(0, 0, 0), _plain(255, 255, 255)], dim=3)
    assert _distance(_plain(127.5, 127.5, 127.5), two) > 0.1


def test_a_fine_mixture_of_colors_is_not_large_forms_of_them() -> None:
    board = (torch.arange(128).view(-1, 1) + torch.arange(128)) % 2 * 255.0
    fine = board.expand(1, 3, 128, 128)
    halves = torch.cat([_plain(0, 0, 0, side=128)[..., :64], _plain(255, 255, 255, side=128)[..., :64]], dim=3)
    assert _distance(fine, halves) > 0.05


def test_pictures_of_other_sizes_are_compared_by_quantiles() -> None:
    rng = np.random.default_rng(0)
    large = torch.from_numpy(rng.uniform(0, 255, (1, 3, 256, 320)).astype(np.float32))
    small = torch.from_numpy(rng.uniform(0, 255, (1, 3, 96, 80)).astype(np.float32))
    assert _distance(small, large) < 0.003
    assert _distance(small / 2, large) > 0.01


def test_a_batch_is_the_mean_of_its_pictures_and_the_same_seed_gives_the_same_distance() -> None:
    wanted = palette_of(_plain(90, 10, 10))
    a, b = _plain(0, 0, 0), torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255

    def of(pictures: torch.Tensor) -> float:
        return color_distance(pictures, wanted, np.random.default_rng(3)).item()

    assert of(torch.cat([a, b])) == pytest.approx((of(a) + of(b)) / 2, rel=1e-5)
    assert of(b) == of(b)


def test_it_teaches_colors_by_its_gradient() -> None:
    picture = torch.full((1, 3, 64, 64), 128.0) + torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    picture.requires_grad_()
    wanted = palette_of(torch.cat([_plain(230, 60, 20), _plain(10, 60, 70)], dim=3))
    optimiser = torch.optim.Adam([picture], 8.0)
    rng = np.random.default_rng(0)
    first = color_distance(picture, wanted, rng).item()
    for _ in range(60):
        optimiser.zero_grad()
        loss = color_distance(picture, wanted, rng)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert loss.item() < first / 5
    assert picture[:, 0].std() > 40


def test_a_picture_smaller_than_a_region_is_compared_by_what_it_has() -> None:
    assert _distance(_plain(10, 10, 10, side=8), _plain(10, 10, 10)) == pytest.approx(0, abs=1e-9)
    assert _distance(_plain(10, 10, 10), _plain(10, 10, 10, side=3)) == pytest.approx(0, abs=1e-9)
