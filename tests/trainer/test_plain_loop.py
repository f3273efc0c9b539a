"""The plain loop is a fair peer: it minimises what the trainer does, and it does train."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from stylecam.benching.plain import PlainNet, plain_network
from stylecam.errors import TrainError
from stylecam.styles import read_style
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.objective import step_losses
from trainer.perceptual import Vgg16, gram_matrix, style_target
from trainer.plain_loop import Photographs, PlainVgg, plain_gram_matrix, plain_losses, train_plainly
from trainer.state import State, fresh_checkpoint

if TYPE_CHECKING:
    from trainer.config import TrainConfig


@pytest.fixture
def comparable(config: TrainConfig, base: Path) -> TrainConfig:
    """What both loops can be told."""
    return replace(
        config,
        variant="full",
        base=str(base),
        batch=2,
        scales=1,
        consistency_weight=0.0,
        color_weight=0.0,
        content_layer="relu2_2",
    )


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    return Vgg16()


def test_both_vggs_see_the_same(vgg: Vgg16) -> None:
    plain, x = PlainVgg(vgg), 255 * torch.rand(2, 3, 48, 40)
    features = plain(plain.normalize_batch(x))
    for ours, theirs in zip(vgg(x).values(), features, strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-2)
    assert not any(parameter.requires_grad for parameter in plain.parameters())
    assert plain.slices[0][0].weight.is_contiguous()  # the trainer's are channels_last


def test_both_gram_matrices_are_the_same() -> None:
    x = torch.rand(2, 5, 7, 6)
    torch.testing.assert_close(plain_gram_matrix(x), gram_matrix(x))


def test_both_loops_have_the_same_losses_and_gradients(comparable: TrainConfig, vgg: Vgg16) -> None:
    photographs = ContentImages(Path(comparable.content), comparable.crop, comparable.batch, comparable.seed)
    painting = to_tensor(load_picture(Path(comparable.painting), short_side=comparable.painting_size))
    step = 7
    state = State.begin(fresh_checkpoint(comparable, ""), "cpu")
    ours = step_losses(state.network, vgg, style_target(vgg, painting), photographs, comparable, step, "cpu")
    ours.total.backward()  # type: ignore[no-untyped-call]

    network = plain_network(read_style(Path(comparable.base)).weights("full"), torch.device("cpu"))
    plain_vgg = PlainVgg(vgg)
    gram_style = [plain_gram_matrix(y) for y in plain_vgg(plain_vgg.normalize_batch(painting))]
    x = photographs.batch_at(step)[0][: comparable.batch]
    theirs = plain_losses(network, plain_vgg, gram_style, x, comparable)
    theirs.total.backward()  # type: ignore[no-untyped-call]

    for name in ("content", "style", "tv", "total"):
        expected = getattr(ours, name).item()
        assert expected > 0
        assert getattr(theirs, name).item() == pytest.approx(expected, rel=1e-4), name
    one, other = (
        torch.cat([parameter.grad.flatten() for parameter in each.parameters() if parameter.grad is not None])
        for each in (state.network, network)
    )
    assert (one - other).norm() < 1e-2 * one.norm()  # poolings and signs are decided by rounding


def test_it_steps_until_it_is_told_to_stop(
    comparable: TrainConfig, vgg: Vgg16, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[PlainNet] = []

    def remembered(*arguments: object) -> PlainNet:
        made.append(plain_network(*arguments))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr("trainer.plain_loop.plain_network", remembered)
    asked = iter([False, False, False, True])
    train_plainly(comparable, vgg, device="cpu", stop=lambda: next(asked))
    assert next(asked, None) is None
    before = read_style(Path(comparable.base)).weights("full")
    moved = [not torch.equal(p, torch.from_numpy(before[name]).float()) for name, p in made[0].named_parameters()]
    assert all(moved)


def test_it_ends_after_its_steps(comparable: TrainConfig, vgg: Vgg16) -> None:
    asked = []
    train_plainly(replace(comparable, steps=2), vgg, device="cpu", stop=lambda: asked.append(1) is not None)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "change", [{"scales": 2}, {"consistency_weight": 1.0}, {"color_weight": 1.0}, {"variant": "fast"}]
)
def test_it_refuses_what_it_has_not(comparable: TrainConfig, vgg: Vgg16, change: dict[str, object]) -> None:
    with pytest.raises(TrainError, match="plain loop"):
        train_plainly(replace(comparable, **change), vgg, device="cpu", stop=lambda: True)  # type: ignore[arg-type]


def test_photographs_are_scaled_and_their_middle_is_taken(photographs: Path) -> None:
    paths = sorted(photographs.glob("*.png"))
    found = Photographs(paths, 64)
    assert len(found) == 20
    x = found[3]
    assert x.shape == (3, 64, 64)
    expected = to_tensor(load_picture(paths[3], short_side=64))[0, :, :, 5 : 5 + 64]  # 75 pixels wide
    assert (x - expected).abs().mean() < 4
    assert x.max() > 128
