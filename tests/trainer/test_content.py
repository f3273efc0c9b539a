from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image as PilImage

from stylecam.errors import TrainError
from trainer.content import ContentImages, find_images, load_picture

from .conftest import draw_picture

if TYPE_CHECKING:
    from pathlib import Path


def test_a_batch_depends_on_seed_and_step_alone(photographs: Path) -> None:
    one = ContentImages(photographs, 64, 2, seed=3)
    other = ContentImages(photographs, 64, 2, seed=3)
    for step in (5, 0, 11):
        other.batch_at(step)
    views, shift = one.batch_at(7)
    again, shift_again = other.batch_at(7)
    assert torch.equal(views, again)
    assert shift == shift_again
    assert not torch.equal(views, ContentImages(photographs, 64, 2, seed=4).batch_at(7)[0])


def test_the_two_views_show_the_same_places_where_they_overlap(photographs: Path) -> None:
    images = ContentImages(photographs, 64, 2, seed=0)
    seen = set()
    for step in range(12):
        views, (down, right) = images.batch_at(step)
        assert views.shape == (4, 3, 64, 64)
        first, second = views[:2], views[2:]
        a = first[..., max(0, down) : 64 + min(0, down), max(0, right) : 64 + min(0, right)]
        b = second[..., max(0, -down) : 64 + min(0, -down), max(0, -right) : 64 + min(0, -right)]
        assert torch.equal(a, b)
        seen.add((down > 0, right > 0))
    assert len(seen) == 4  # all directions were tried


def test_an_epoch_shows_every_photograph_once(photographs: Path) -> None:
    images = ContentImages(photographs, 64, 1, seed=0)
    drawn: list[int] = []
    pick = images._picture
    images._picture = lambda index: drawn.append(index) or pick(index)  # type: ignore[method-assign,func-returns-value]
    for step in range(2 * len(images.training)):
        images.batch_at(step)
    half = len(images.training)
    assert sorted(drawn[:half]) == list(range(half)) == sorted(drawn[half:])
    assert drawn[:half] != drawn[half:]


def test_photographs_to_be_judged_by_are_never_learned_from(photographs: Path) -> None:
    images = ContentImages(photographs, 64, 1, seed=0)
    assert images.held_out
    assert not set(images.held_out) & set(images.training)


def test_unusable_files_are_named_and_skipped(photographs: Path, tmp_path: Path) -> None:
    for path in photographs.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "torn.png").write_bytes((photographs / "00.png").read_bytes()[:200])
    (tmp_path / "text.jpg").write_text("no picture")
    draw_picture(0, (20, 20)).save(tmp_path / "tiny.png")
    images = ContentImages(tmp_path, 64, 1, seed=0)
    reasons = {skip.path.name: skip.reason for skip in images.skipped}
    assert sorted(reasons) == ["text.jpg", "tiny.png", "torn.png"]
    assert "too small" in reasons["tiny.png"]


def test_too_few_photographs_are_refused_with_the_number(tmp_path: Path) -> None:
    for seed in range(3):
        draw_picture(seed).save(tmp_path / f"{seed}.png")
    with pytest.raises(TrainError, match="3 usable photographs, training needs at least 8"):
        ContentImages(tmp_path, 64, 1, seed=0)
    with pytest.raises(TrainError, match="is not a folder"):
        find_images(tmp_path / "nowhere")


def test_pictures_come_upright_and_in_colour(tmp_path: Path) -> None:
    picture = PilImage.fromarray(np.arange(60 * 40, dtype=np.uint16).reshape(40, 60).astype(np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6  # turned by a quarter
    picture.save(tmp_path / "grey.jpg", exif=exif)
    assert load_picture(tmp_path / "grey.jpg").shape == (60, 40, 3)
    assert load_picture(tmp_path / "grey.jpg", short_side=20).shape == (30, 20, 3)


def test_a_name_that_is_not_unicode_is_a_name(photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    shutil.copytree(photographs, folder)
    (folder / "00.png").rename(folder / "\udcff.png")
    before = ContentImages(folder, 64, 1, 0).fingerprint
    (folder / "\udcff.png").rename(folder / "\udcfe.png")
    assert ContentImages(folder, 64, 1, 0).fingerprint != before


def test_of_a_picture_that_is_far_too_long_the_middle_is_scaled(tmp_path: Path) -> None:
    draw_picture(0, (1000, 20)).save(tmp_path / "long.png")
    draw_picture(0, (80, 20)).save(tmp_path / "fair.png")
    assert load_picture(tmp_path / "long.png").shape == (20, 1000, 3)
    scaled = load_picture(tmp_path / "long.png", short_side=20)
    np.testing.assert_array_equal(scaled, load_picture(tmp_path / "long.png")[:, 460:540])
    assert load_picture(tmp_path / "long.png", short_side=40).shape == (40, 160, 3)
    assert load_picture(tmp_path / "fair.png", short_side=40).shape == (40, 160, 3)
