"""Icons: all draw something, sharp at any scale, in the colour of the text around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPalette

from stylecam.gui.icons import ICONS, icon
from stylecam.gui.theme import apply_theme

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.usefixtures("dark")


def drawn(made: QIcon, side: int = 24, ratio: float = 1.0, mode: QIcon.Mode = QIcon.Mode.Normal) -> NDArray[np.uint8]:
    """H×W×4 uint8 RGBA, colours not multiplied by alpha."""
    image = made.pixmap(QSize(side, side), ratio, mode).toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return pixels[:, : image.width()].copy()


def _text_colour(app: QApplication, group: QPalette.ColorGroup = QPalette.ColorGroup.Active) -> QColor:
    return app.palette().color(group, QPalette.ColorRole.ButtonText)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("side", [16, 24, 48])
@pytest.mark.parametrize("name", list(ICONS))
def test_every_icon_draws_something_at_every_size(qapp: QApplication, name: str, side: int, ratio: float) -> None:
    pixels = drawn(icon(name), side, ratio)
    assert pixels.shape[:2] == (side * ratio, side * ratio)
    alpha = pixels[..., 3]
    assert 0.02 < (alpha > 127).mean() < 0.7
    # In the middle, and not cut off at an edge.
    rows, columns = np.nonzero(alpha > 127)
    assert abs(rows.mean() / len(alpha) - 0.5) < 0.15
    assert abs(columns.mean() / len(alpha) - 0.5) < 0.15
    assert max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) < 64


def test_no_two_icons_look_the_same(qapp: QApplication) -> None:
    assert len({drawn(icon(name)).tobytes() for name in ICONS}) == len(ICONS)


def test_an_icon_has_the_colour_of_the_text_and_follows_the_theme(qapp: QApplication) -> None:
    made = icon("stop")
    apply_theme(qapp, "dark")
    dark = drawn(made)[12, 12]
    assert tuple(dark) == _text_colour(qapp).toTuple()
    apply_theme(qapp, "light")
    light = drawn(made)[12, 12]
    assert tuple(light) == _text_colour(qapp).toTuple()
    assert light[:3].mean() < 100 < dark[:3].mean()


def test_an_icon_can_have_a_colour_of_its_own(qapp: QApplication) -> None:
    assert tuple(drawn(icon("stop", colour="#ff0000"))[12, 12]) == (255, 0, 0, 255)


@pytest.mark.parametrize("name", list(ICONS))
def test_a_disabled_icon_is_paler(qapp: QApplication, name: str) -> None:
    normal, disabled = drawn(icon(name), 48), drawn(icon(name), 48, mode=QIcon.Mode.Disabled)
    assert 0 < disabled[..., 3].max() < 200 < normal[..., 3].max()


def test_a_copied_icon_draws_the_same(qapp: QApplication) -> None:
    assert np.array_equal(drawn(QIcon(icon("camera"))), drawn(icon("camera")))


def test_an_unknown_name_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        icon("no such icon")
