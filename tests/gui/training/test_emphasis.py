"""Three wishes as factors: a person's change is told once, at rest; what is set is shown and not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSlider

from stylecam.gui.training.emphasis import EmphasisSliders
from tests.gui.widgets import check_names, check_room

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def sliders(qtbot: QtBot) -> EmphasisSliders:
    widget = EmphasisSliders()
    qtbot.addWidget(widget)
    widget.resize(300, widget.sizeHint().height())
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def slider(widget: EmphasisSliders, name: str) -> QSlider:
    return next(found for found in widget.findChildren(QSlider) if found.accessibleName() == name)


def texts(widget: EmphasisSliders) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel)]


def test_a_change_is_told_once_it_has_come_to_rest(qtbot: QtBot, sliders: EmphasisSliders) -> None:
    told: list[tuple[float, ...]] = []
    sliders.changed.connect(lambda *factors: told.append(factors))
    for _ in range(4):
        qtbot.keyClick(slider(sliders, "More style"), Qt.Key.Key_Right)
    qtbot.keyClick(slider(sliders, "Steadier"), Qt.Key.Key_Home)
    assert told == []
    qtbot.waitUntil(lambda: bool(told), timeout=5000)
    assert told == [(2.0, 1.0, 0.25)]
    assert "× 2" in texts(sliders)
    assert "× 0.25" in texts(sliders)


def test_what_is_set_is_shown_and_not_told(qtbot: QtBot, sliders: EmphasisSliders) -> None:
    told: list[object] = []
    sliders.changed.connect(lambda *factors: told.append(factors))
    sliders.factors = (4.0, 0.5, 100.0)
    assert sliders.factors == (4.0, 0.5, 4.0)
    assert slider(sliders, "More content").accessibleDescription() == "× 0.5"
    qtbot.wait(400)
    assert told == []


def test_it_is_said_from_when_on_a_change_counts(sliders: EmphasisSliders) -> None:
    assert "A change counts at once." in texts(sliders)
    sliders.factors = (2.0, 1.0, 1.0)
    assert "From the next step on." in texts(sliders)
    sliders.show_in_force((2.0, 1.0, 1.0), 400)
    assert "In force since step 400." in texts(sliders)


def test_everything_has_a_name_and_room(sliders: EmphasisSliders) -> None:
    check_names(sliders)
    check_room(sliders, "300 wide")
