from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from stylecam.bundled import bundled_path
from stylecam.errors import TrainError
from trainer.perceptual import (
    LAYERS,
    Vgg16,
    gram_matrix,
    out_of_range,
    relative_error,
    style_loss,
    style_target,
    total_variation,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    return Vgg16()


def test_vgg_computes_what_its_published_layers_compute(vgg: Vgg16) -> None:
    x = torch.rand(1, 3, 32, 40) * 255
    state = {name: tensor.float() for name, tensor in load_file(bundled_path("vgg16_features.safetensors")).items()}
    expected = {}
    y = x - torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
    for index in range(22):
        if index in (4, 9, 16):
            y = F.max_pool2d(y, 2)
        elif f"features.{index}.weight" in state:
            y = F.relu(F.conv2d(y, state[f"features.{index}.weight"], state[f"features.{index}.bias"], padding=1))
            expected[index] = y
    got = vgg(x)
    for index, name in ((2, "relu1_2"), (7, "relu2_2"), (14, "relu3_3"), (21, "relu4_3")):
        torch.testing.assert_close(got[name].contiguous(), expected[index], rtol=1e-4, atol=1e-2)


def test_torchvision_s_weights_give_the_features_of_torchvision(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from torchvision import models

    torch.manual_seed(0)
    theirs = models.vgg16(weights=None).eval().requires_grad_(False)
    monkeypatch.setattr(models, "vgg16", lambda weights: theirs)
    monkeypatch.setattr("trainer.perceptual.bundled_path", lambda relative: tmp_path / relative)
    x = (torch.rand(1, 3, 32, 32) * 255).round()
    normalised = models.VGG16_Weights.IMAGENET1K_FEATURES.transforms()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (normalised.mean, normalised.std))
    expected = theirs.features[:23]((x / 255 - mean) / std)
    assert expected.std() > 0.01
    torch.testing.assert_close(Vgg16()(x)["relu4_3"].contiguous(), expected, rtol=1e-3, atol=1e-3)


def test_vgg_stops_at_the_layer_asked_for(vgg: Vgg16) -> None:
    assert list(vgg(torch.zeros(1, 3, 16, 16), "relu2_2")) == ["relu1_2", "relu2_2"]
    with pytest.raises(ValueError, match="relu9_9"):
        vgg(torch.zeros(1, 3, 16, 16), "relu9_9")


def test_vgg_is_frozen_but_lets_gradients_through(vgg: Vgg16) -> None:
    x = (torch.rand(1, 3, 16, 16) * 255).requires_grad_()
    vgg(x)["relu4_3"].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in vgg.parameters())


def test_weights_that_are_not_vggs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, path)
    with pytest.raises(TrainError, match="does not hold VGG-16"):
        Vgg16(path)
    with pytest.raises(TrainError, match="cannot be read"):
        Vgg16(tmp_path / "missing.safetensors")


def test_gram_matrix_of_known_features() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # two channels, two pixels
    expected = torch.tensor([[[5.0, 11.0], [11.0, 25.0]]]) / 4
    torch.testing.assert_close(gram_matrix(features), expected)


def test_gram_matrix_does_not_overflow_in_half_precision() -> None:
    assert gram_matrix(torch.full((1, 4, 64, 64), 300.0, dtype=torch.float16)).isfinite().all()


def test_relative_error_is_zero_at_the_target_and_one_for_nothing() -> None:
    target = torch.rand(2, 3, 4, 4)
    assert relative_error(target, target).item() == 0
    assert relative_error(torch.zeros_like(target), target).item() == pytest.approx(1)


def test_a_painting_has_no_style_loss_against_itself(vgg: Vgg16) -> None:
    painting = torch.rand(1, 3, 64, 64) * 255
    target = style_target(vgg, painting)
    terms = style_loss(vgg(painting), target.full)
    assert len(terms) == len(LAYERS)
    assert max(term.item() for term in terms) < 1e-6
    assert min(term.item() for term in style_loss(vgg(255 - painting * 0.3), target.full)) > 0.01


def test_total_variation_is_zero_for_flat_and_one_for_a_checkerboard() -> None:
    board = ((torch.arange(8)[:, None] + torch.arange(8)) % 2 * 255.0).expand(1, 3, 8, 8)
    assert total_variation(torch.full((1, 3, 8, 8), 7.0)).item() == 0
    assert total_variation(board).item() == pytest.approx(1)


def test_only_values_outside_the_range_are_punished() -> None:
    assert out_of_range(torch.tensor([0.0, 128.0, 255.0])).item() == 0
    assert out_of_range(torch.tensor([-255.0, 510.0])).item() == pytest.approx(1)
