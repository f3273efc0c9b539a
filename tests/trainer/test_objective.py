from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from trainer.config import TrainConfig
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.objective import _disturb, _overlap_error, step_losses
from trainer.perceptual import Vgg16, style_target
from trainer.state import State, fresh_checkpoint

if TYPE_CHECKING:
    from torch import Tensor


class _Identity(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class _Darker(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / 4


def test_views_of_one_scene_do_not_differ_whichever_way_they_lie_apart() -> None:
    scene = torch.rand(1, 3, 40, 40) * 255
    for down, right in ((3, 5), (-3, 5), (0, -7), (-4, -1), (0, 0)):
        first = scene[..., 10 : 10 + 20, 10 : 10 + 20]
        second = scene[..., 10 + down : 30 + down, 10 + right : 30 + right]
        assert _overlap_error(first, second, down, right).item() == 0
        assert _overlap_error(first, second + 25.5, down, right).item() == pytest.approx(0.01, rel=1e-3)


def test_a_disturbed_picture_stays_a_picture_and_is_another_each_time() -> None:
    x = torch.full((3, 32, 32), 250.0)
    one, other = _disturb(x, 0, 4, 0), _disturb(x, 0, 4, 1)
    assert one.max() <= 255
    assert not torch.equal(one, other)
    assert (one - x).abs().mean() < 15


def test_losses_are_weighted_as_the_configuration_says(painting: Path, photographs: Path) -> None:
    config = TrainConfig(
        str(painting),
        str(photographs),
        crop=64,
        reconstruction_steps=2,
        style_rise=4,
        steps=10,
        color_weight=7.0,
        tv_weight=2.0,
    )
    vgg = Vgg16()
    target = style_target(vgg, to_tensor(load_picture(painting)))
    images = ContentImages(photographs, 64, 1, seed=0)
    network = _Identity()

    def at(step: int, config: TrainConfig = config) -> tuple[float, ...]:
        losses = step_losses(network, vgg, target, images, config, step, "cpu")  # type: ignore[arg-type]
        parts = (losses.content, losses.style, losses.color, losses.tv, losses.consistency, losses.total)
        return tuple(t.item() for t in parts)

    # The network that gives back its input has learned all there is to learn at first, and no content is lost later.
    assert at(1) == (0, 0, 0, 0, 0, 0)
    content, style, color, tv, consistency, total = at(2)
    assert content == pytest.approx(0, abs=1e-9)
    assert consistency == 0
    assert total == pytest.approx((5 * style + 7 * color) / 4 + 2 * tv, rel=1e-4)  # the first of four steps up
    content, style, color, tv, consistency, total = at(8)
    assert consistency > 0
    assert total == pytest.approx(5 * style + 7 * color + 2 * tv + 20 * consistency, rel=1e-4)
    assert color > 0
    # A network that changes the picture loses content, too.
    darker = _Darker()
    losses = step_losses(darker, vgg, target, images, replace(config, content_weight=3.0), 4, "cpu")  # type: ignore[arg-type]
    parts = 3 * losses.content + 3 / 4 * (5 * losses.style + 7 * losses.color) + 2 * losses.tv
    assert losses.content > 0.1
    assert losses.total.item() == pytest.approx(parts.item(), rel=1e-4)
    # At one scale every layer is seen at full size.
    single = at(2, replace(config, scales=1))
    assert single[1] != pytest.approx(style, rel=1e-3)


def test_a_network_in_bfloat16_has_nearly_the_losses_and_gradients_of_float32(config: TrainConfig, base: Path) -> None:
    photographs = ContentImages(Path(config.content), config.crop, config.batch, config.seed)
    vgg = Vgg16()
    target = style_target(vgg, to_tensor(load_picture(Path(config.painting), short_side=96)))
    totals, gradients = [], []
    for precision in ("float32", "bfloat16"):
        chosen = replace(config, base=str(base), network_precision=precision)
        state = State.begin(fresh_checkpoint(chosen, ""), "cpu")
        losses = step_losses(state.network, vgg, target, photographs, chosen, 7, "cpu")
        losses.total.backward()  # type: ignore[no-untyped-call]
        assert losses.total.dtype == torch.float32
        totals.append(losses.total.item())
        gradients.append(torch.cat([p.grad.flatten() for p in state.network.parameters() if p.grad is not None]))
    assert totals[0] != totals[1]
    assert totals[1] == pytest.approx(totals[0], rel=0.03)
    assert torch.nn.functional.cosine_similarity(gradients[0], gradients[1], dim=0) > 0.9
