"""How large strokes will be: picture and painting at one scale, proved by pixels whose place can be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.gui.theme import colours
from stylecam.gui.training.stroke_preview import StrokePreview
from tests.gui.widgets import BLUE, GREEN, RED, colour_at, grabbed, is_like, pixels, plain

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image

pytestmark = pytest.mark.usefixtures("dark")


@pytest.fixture
def preview(qtbot: QtBot) -> StrokePreview:
    """As large as the scene: a pixel is a pixel."""
    widget = StrokePreview()
    qtbot.addWidget(widget)
    widget.resize(640, 480)
    return widget


def halves(left: tuple[int, int, int], right: tuple[int, int, int], size: tuple[int, int]) -> Image:
    image = plain(left, size).copy()
    image[:, size[0] // 2 :] = right
    return image


def edges(row: Image) -> list[int]:
    """Where a row of pixels changes from mostly red to mostly blue or back."""
    red = row[:, 0].astype(int) > row[:, 2]
    return [int(x) + 1 for x in np.flatnonzero(red[1:] != red[:-1])]


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_painting_has_the_short_side_that_is_set(preview: StrokePreview, ratio: float) -> None:
    preview.set_painting(halves(RED, BLUE, (900, 600)))  # its short side at 200: 300 wide, 150 of each colour
    preview.set_short_side(200)
    found = edges(pixels(grabbed(preview, ratio))[round(100 * ratio)])
    # The tile is in the middle, from 170 to 470, and mirrored on either side.
    assert found == pytest.approx([20 * ratio, 320 * ratio, 620 * ratio], abs=ratio)


def test_another_short_side_makes_the_strokes_larger(preview: StrokePreview) -> None:
    preview.set_painting(halves(RED, BLUE, (600, 600)))
    distances = []
    for short_side in (128, 256):
        preview.set_short_side(short_side)
        assert preview.short_side == short_side
        found = edges(pixels(grabbed(preview))[100])
        distances.append(found[1] - found[0])
    assert distances == pytest.approx([128, 256], abs=2)


def test_a_smaller_widget_shows_both_smaller(preview: StrokePreview) -> None:
    preview.resize(320, 400)
    assert preview.scene_rect.getRect() == (0, 80, 320, 240)
    preview.set_painting(halves(RED, BLUE, (600, 600)))
    preview.set_short_side(256)
    found = edges(pixels(grabbed(preview))[130])
    assert np.diff(found) == pytest.approx([128] * (len(found) - 1), abs=2)
    assert found


def test_the_picture_is_left_and_the_painting_right(preview: StrokePreview) -> None:
    preview.set_painting(plain(RED))
    preview.set_still(plain(GREEN))
    image = grabbed(preview)
    assert colour_at(image, 100, 100) == GREEN
    assert colour_at(image, 310, 100) == GREEN
    assert colour_at(image, 330, 100) == RED
    preview.set_still(None)
    assert colour_at(grabbed(preview), 100, 100) == RED


def test_of_a_wide_picture_the_middle_is_shown(preview: StrokePreview) -> None:
    still = plain(BLUE, (1600, 480)).copy()
    still[:, 480:1120] = GREEN
    preview.set_painting(plain(RED))
    preview.set_still(still)
    image = grabbed(preview)
    assert is_like(colour_at(image, 4, 100), GREEN)
    assert is_like(colour_at(image, 310, 100), GREEN)


def test_training_s_view_of_a_fine_pattern_is_blurred_even_in_a_large_widget(preview: StrokePreview) -> None:
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    preview.resize(1280, 960)
    preview.set_painting(stripes)
    preview.set_short_side(128)
    assert np.abs(pixels(grabbed(preview))[100].astype(int) - 127).max() < 12


def test_what_is_on_the_screen_is_resampled_once_for_each_change(preview: StrokePreview) -> None:
    preview.set_painting(plain(RED))
    preview.set_still(plain(GREEN))
    grabbed(preview)
    before = {name: image.cacheKey() for name, (_, image) in preview._scenes.items()}
    grabbed(preview)
    preview.set_short_side(preview.short_side)
    grabbed(preview)
    assert {name: image.cacheKey() for name, (_, image) in preview._scenes.items()} == before
    preview.set_still(plain(BLUE))
    grabbed(preview)
    after = {name: image.cacheKey() for name, (_, image) in preview._scenes.items()}
    assert after["texture"] == before["texture"]
    assert after["still"] != before["still"]


def test_captions_say_what_is_what_where_there_is_room(preview: StrokePreview) -> None:
    preview.set_painting(plain(RED))
    preview.set_still(plain(GREEN))
    image = grabbed(preview)
    assert colour_at(image, 16, 480 - 20) != GREEN
    assert colour_at(image, 640 - 16, 480 - 20) != RED
    preview.setMinimumSize(0, 0)
    preview.resize(100, 75)
    small = preview.scene_rect
    image = grabbed(preview)
    assert colour_at(image, small.left() + 12, small.bottom() - 12) == GREEN


@pytest.mark.parametrize("size", [(3000, 17), (17, 3000), (1, 1)])
def test_a_painting_of_any_shape_fills_its_half(preview: StrokePreview, size: tuple[int, int]) -> None:
    preview.set_painting(plain(RED, size))
    preview.set_short_side(1)
    assert preview.short_side == 16
    seen = pixels(grabbed(preview))[:400]
    assert np.abs(seen.astype(int) - RED).max() <= 1


def test_without_a_painting_words_say_what_is_missing(preview: StrokePreview) -> None:
    preview.set_still(plain(GREEN))
    image = grabbed(preview)
    assert is_like(colour_at(image, 5, 5), tuple(bytes.fromhex(colours().stage[1:])))  # type: ignore[arg-type]
    assert len({colour_at(image, x, y) for x in range(100, 540, 2) for y in range(225, 255)}) > 2, "words are painted"
    assert preview.accessibleDescription().startswith("Choose a picture")


def test_a_screen_reader_is_told_the_size(preview: StrokePreview) -> None:
    preview.set_painting(plain(RED))
    preview.set_short_side(384)
    assert "384 pixels" in preview.accessibleDescription()
    assert preview.accessibleName()
    assert preview.focusPolicy() == preview.focusPolicy().NoFocus
