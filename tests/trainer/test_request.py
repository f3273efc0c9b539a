"""What lies in a run's folder so that the run needs nothing else: its painting, of a fair shape, and its bases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.errors import StyleError, TrainError
from stylecam.pictures import read_picture
from tests.tiny import write_tiny_style
from tests.trainer.conftest import draw_picture
from trainer.request import Request, copy_painting, cut_out, read_request, with_own_base, write_request
from trainer.state import fresh_checkpoint

if TYPE_CHECKING:
    from trainer.config import TrainConfig


@pytest.mark.parametrize(("size", "kept"), [((1000, 64), (256, 64)), ((64, 1000), (64, 256)), ((257, 64), (256, 64))])
def test_of_a_panorama_the_middle_is_learned_and_that_is_said(
    tmp_path: Path, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    path = tmp_path / "long.png"
    draw_picture(0, size).save(path)
    copy, notice = copy_painting(path, tmp_path, None)
    image, whole = read_picture(copy).image, read_picture(path).image
    left, top = (size[0] - kept[0]) // 2, (size[1] - kept[1]) // 2
    np.testing.assert_array_equal(image, whole[top : top + kept[1], left : left + kept[0]])
    assert f"of {size[0]}×{size[1]} pixels, the middle {kept[0]}×{kept[1]} are learned" in notice
    # Given once more, the command asks for what the run holds.
    np.testing.assert_array_equal(cut_out(path, None), cut_out(copy, None))


def test_a_painting_that_is_not_too_long_is_copied_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    draw_picture(0, (256, 64)).save(path)
    copy, notice = copy_painting(path, tmp_path, None)
    assert (copy.read_bytes(), notice) == (path.read_bytes(), "")


def test_a_region_of_a_panorama_is_cut_only_where_it_is_too_long_itself(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    draw_picture(0, (2000, 64)).save(path)
    copy, notice = copy_painting(path, tmp_path, (10, 0, 256, 64))
    assert (read_picture(copy).size, notice) == ((256, 64), "")
    copy, notice = copy_painting(path, tmp_path, (10, 0, 1000, 64))
    assert read_picture(copy).size == (256, 64)
    assert "1000×64" in notice


def test_a_base_that_has_gone_or_was_replaced_is_still_the_run_s(config: TrainConfig, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    base = write_tiny_style(tmp_path / "mine.safetensors", variants=("fast", "full")).path
    copy_painting(Path(config.painting), run, None)
    networks = tuple(replace(config, base=str(base), variant=v) for v in ("fast", "full"))
    expected = [fresh_checkpoint(network, "") for network in networks]
    write_request(run, Request("discs", "best", "here", tuple(with_own_base(network, run) for network in networks)))
    write_tiny_style(base, seed=9)  # one that lacks the second network, too
    for gone in (False, True):
        if gone:
            base.unlink()
            run = run.rename(tmp_path / "moved")
        for network, before in zip(read_request(run).networks, expected, strict=True):
            assert Path(network.base).is_relative_to(run)
            assert Path(network.base).name == "mine.safetensors"
            begun = fresh_checkpoint(with_own_base(network, run), "")
            assert all((begun.network[name] == tensor).all() for name, tensor in before.network.items())


def test_a_base_without_the_network_is_refused_before_anything_is_trained(config: TrainConfig, tmp_path: Path) -> None:
    base = write_tiny_style(tmp_path / "mine.safetensors").path
    with pytest.raises(TrainError, match="has no full network to start from"):
        with_own_base(replace(config, base=str(base), variant="full"), tmp_path)
    with pytest.raises(StyleError):
        with_own_base(replace(config, base=str(tmp_path / "nothing.safetensors")), tmp_path)
    assert with_own_base(config, tmp_path) is config  # from noise


def test_a_network_that_has_begun_needs_its_base_no_more(config: TrainConfig, tmp_path: Path) -> None:
    config = replace(config, base=str(tmp_path / "gone.safetensors"))
    (tmp_path / "fast").mkdir()
    (tmp_path / "fast" / "checkpoint-0000004.safetensors").touch()
    assert with_own_base(config, tmp_path) is config


@pytest.mark.parametrize("size", [(20, 20), (63, 200), (2000, 40)])
def test_a_picture_too_small_to_learn_from_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "tiny.png"
    draw_picture(0, size).save(path)
    with pytest.raises(TrainError, match=f"too small: 64 pixels a side are needed, it has {size[0]}×{size[1]}"):
        cut_out(path, None)
    with pytest.raises(TrainError, match="too small"):
        copy_painting(path, tmp_path, None)
