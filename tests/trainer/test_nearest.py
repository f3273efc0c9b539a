from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image as PilImage

from stylecam.errors import TrainError
from stylecam.styles import write_style
from tests.tiny import random_weights, write_tiny_style
from trainer.config import TrainConfig
from trainer.content import to_tensor
from trainer.measure import paint
from trainer.nearest import nearest_base
from trainer.perceptual import Vgg16, gram_matrix, relative_error, style_target
from trainer.state import empty_network

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.frame import Image
    from stylecam.styles import Style
    from trainer.perceptual import StyleTarget


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    return Vgg16()


@pytest.fixture
def picture(photographs: Path) -> Image:
    return np.array(PilImage.open(photographs / "00.png").convert("RGB"))


def target_of(vgg: Vgg16, style: Style, picture: Image) -> StyleTarget:
    """What a painting that this style made would be."""
    network = empty_network(TrainConfig(painting="", content=""), "cpu").eval()
    network.load_state_dict({name: torch.from_numpy(w).float() for name, w in style.weights("fast").items()})
    return style_target(vgg, to_tensor(paint(network, picture)))


def test_the_style_whose_paintings_look_most_alike_is_taken(vgg: Vgg16, picture: Image, tmp_path: Path) -> None:
    styles = [write_tiny_style(tmp_path / f"{name}.safetensors", seed=seed) for seed, name in enumerate("abc")]
    for style in styles:
        chosen, distances = nearest_base(vgg, target_of(vgg, style, picture), styles, "fast", picture)
        assert chosen is style
        assert set(distances) == {"a", "b", "c"}
        assert distances[style.name] < 0.01 < min(far for name, far in distances.items() if name != style.name)


def test_styles_at_one_distance_go_by_name(vgg: Vgg16, picture: Image, tmp_path: Path) -> None:
    styles = [write_tiny_style(tmp_path / f"{name}.safetensors") for name in "bac"]
    chosen, distances = nearest_base(vgg, target_of(vgg, styles[0], picture), styles, "fast", picture)
    assert chosen.name == "a"
    assert len(set(distances.values())) == 1


def test_styles_that_will_not_do_are_left_out(vgg: Vgg16, picture: Image, tmp_path: Path) -> None:
    good = write_tiny_style(tmp_path / "good.safetensors", seed=1)
    other = write_tiny_style(tmp_path / "other.safetensors", variants=("full",))
    gone = write_tiny_style(tmp_path / "gone.safetensors")
    target = target_of(vgg, gone, picture)
    gone.path.unlink()
    chosen, distances = nearest_base(vgg, target, [gone, other, good], "fast", picture)
    assert chosen is good
    assert set(distances) == {"good"}
    with pytest.raises(TrainError, match="no style with a working fast network"):
        nearest_base(vgg, target, [gone, other], "fast", picture)


def test_a_style_that_paints_what_is_not_finite_is_left_out(
    vgg: Vgg16, picture: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = (write_tiny_style(tmp_path / f"{name}.safetensors") for name in ("good", "bad"))
    target = target_of(vgg, good, picture)
    honest = type(good).weights

    def weights(style: Style, variant: str) -> dict[str, np.ndarray]:
        values = honest(style, variant)  # type: ignore[arg-type]
        return values if style.name == "good" else {name: np.full_like(v, np.nan) for name, v in values.items()}

    monkeypatch.setattr("stylecam.stylefile.Style.weights", weights)
    assert nearest_base(vgg, target, [bad, good], "fast", picture)[1].keys() == {"good"}


def test_the_distance_is_the_style_loss_at_both_sizes(vgg: Vgg16, picture: Image, tmp_path: Path) -> None:
    weights = random_weights("fast")
    weights["deconv3.conv2d.weight"] *= 0
    weights["deconv3.conv2d.bias"][:] = 0
    black = write_style(tmp_path / "black.safetensors", weights={"fast": weights}, title="Black")
    vivid = write_tiny_style(tmp_path / "vivid.safetensors")
    target = target_of(vgg, vivid, picture)
    _, distances = nearest_base(vgg, target, [black], "fast", picture)
    whole = vgg(torch.zeros(1, 3, *picture.shape[:2]))
    half = vgg(torch.zeros(1, 3, picture.shape[0] // 2, picture.shape[1] // 2))
    fine = [relative_error(gram_matrix(whole[name]), target.full[name]) for name in ("relu1_2", "relu2_2")]
    coarse = [relative_error(gram_matrix(half[name]), target.half[name]) for name in half]
    assert distances["black"] == pytest.approx(float(sum(fine + coarse)) / 6, rel=1e-4)
