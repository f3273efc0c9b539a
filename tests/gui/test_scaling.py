"""Pictures at the screen's own resolution: their pixels stay what they were, and each size is made once."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from PySide6.QtCore import QRect, QSize

from stylecam.gui.scaling import ScaledImages, centred, qimage
from tests.gui.widgets import BLUE, RED, colour_at, pixels, plain


def test_a_picture_is_the_same_for_qt_also_where_a_row_has_an_odd_number_of_bytes() -> None:
    image = np.random.default_rng(1).integers(0, 256, (25, 33, 3), dtype=np.uint8)
    assert (pixels(qimage(image)) == image).all()
    assert (pixels(qimage(image[:, ::-1])) == image[:, ::-1]).all(), "rows that are no C-contiguous array"


def test_a_picture_outlives_the_array_it_came_from() -> None:
    made = qimage(plain(RED, (640, 480)))
    gc.collect()
    litter = [plain(BLUE, (640, 480)) for _ in range(20)]  # would be given the freed memory
    assert colour_at(made, 320, 240) == RED
    assert litter


@pytest.mark.parametrize(
    ("size", "expected"), [((400, 100), (200, 50)), ((150, 90), (150, 90)), ((30, 300), (20, 200))]
)
def test_a_large_picture_is_brought_to_the_longest_side_that_is_wanted(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    made = qimage(plain(RED, size), longest=200)
    assert made.size().toTuple() == expected
    assert colour_at(made, 1, 1) == RED


def test_fine_stripes_become_grey_and_do_not_glitter() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = ScaledImages(keep=1).get(qimage(stripes), QSize(8, 8), 1.0)
    assert np.abs(pixels(small).astype(int) - 127).max() <= 3


def test_a_size_is_made_once_and_the_oldest_is_forgotten() -> None:
    scaled = ScaledImages(keep=2)
    red, blue = qimage(plain(RED)), qimage(plain(BLUE))
    first = scaled.get(red, QSize(10, 10), 2.0)
    assert (first.width(), first.devicePixelRatio()) == (20, 2.0)
    assert red.devicePixelRatio() == 1.0
    scaled.get(blue, QSize(10, 10), 2.0)
    assert scaled.get(red, QSize(10, 10), 2.0).cacheKey() == first.cacheKey()
    other = scaled.get(blue, QSize(11, 11), 2.0)
    assert scaled.get(red, QSize(10, 10), 2.0).cacheKey() == first.cacheKey(), "asked for later than the one forgotten"
    assert other.size().toTuple() == (22, 22)


def test_the_picture_s_own_size_leaves_the_picture_as_it_was() -> None:
    red = qimage(plain(RED, (20, 20)))
    ScaledImages(keep=1).get(red, QSize(10, 10), 2.0)
    assert red.devicePixelRatio() == 1.0


def test_a_shape_is_fitted_into_the_middle_of_its_room() -> None:
    assert centred(QSize(200, 100), QRect(10, 10, 100, 100)).getRect() == (10, 35, 100, 50)
    assert centred(QSize(1000, 1), QRect(0, 0, 100, 100)).getRect() == (0, 49, 100, 1)
