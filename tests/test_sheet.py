from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.sheet import contact_sheet
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.frame import Image
    from stylecam.styles import Style


def flat(value: int) -> Callable[[Image], Image]:
    return lambda image: np.full_like(image, value)


def test_a_sheet_shows_the_picture_and_every_style_once(tmp_path: Path) -> None:
    colours = {"a": 10, "b": 90, "c": 170}
    styles = [write_tiny_style(tmp_path / f"{name}.safetensors") for name in colours]
    asked: list[str] = []

    def make_stylizer(style: Style) -> Callable[[Image], Image]:
        asked.append(style.name)
        return flat(colours[style.name])

    sheet = contact_sheet(np.full((300, 400, 3), 200, np.uint8), styles, make_stylizer=make_stylizer, cell=100)
    assert asked == ["a", "b", "c"]
    for value in (200, *colours.values()):
        assert (sheet == value).all(axis=-1).sum() == pytest.approx(100 * 75, abs=60)  # letters' edges are grey, too


def test_titles_differ_and_a_long_one_stays_in_its_column(tmp_path: Path) -> None:
    styles = [
        write_tiny_style(tmp_path / f"s{n}.safetensors", title=title) for n, title in enumerate(("Short", "Wide " * 20))
    ]
    sheet = contact_sheet(
        np.zeros((64, 64, 3), np.uint8), styles, make_stylizer=lambda style: flat(0), cell=64, columns=1
    )
    ink = (sheet < 128).all(axis=-1)
    right_of_column = ink[:, 12 + 64 :]
    assert not right_of_column.any()
    first, second = (ink[12 + n * 106 + 66 : 12 + n * 106 + 94] for n in (1, 2))
    assert first.any()
    assert second.any()
    assert not np.array_equal(first, second)


def test_the_columns_can_be_chosen_and_the_picture_is_painted_at_twice_its_cell(tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "s.safetensors")
    sizes: list[tuple[int, ...]] = []

    def painter(image: Image) -> Image:
        sizes.append(image.shape)
        return image

    wide = contact_sheet(np.zeros((500, 1000, 3), np.uint8), [style] * 3, make_stylizer=lambda _: painter, columns=4)
    tall = contact_sheet(np.zeros((500, 1000, 3), np.uint8), [style] * 3, make_stylizer=lambda _: painter, columns=1)
    assert set(sizes) == {(384, 768, 3)}
    assert wide.shape[1] > 4 * 384 > wide.shape[0]
    assert tall.shape[0] > 4 * 192
    assert tall.shape[1] < 2 * 384
