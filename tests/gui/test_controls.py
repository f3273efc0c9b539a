"""The knobs: what is set emits nothing, what a person does emits once, and everything can be read aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QSlider

from stylecam.gui.controls import SIZES, ControlPanel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("dark")

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot: QtBot) -> ControlPanel:
    widget = ControlPanel()
    qtbot.addWidget(widget)
    widget.set_mix_choices([("candy", "Candy"), ("night", "<b>Night</b>")])
    widget.resize(300, widget.sizeHint().height())
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def told(panel: ControlPanel) -> list[tuple[Any, ...]]:
    """Whatever the panel emits."""
    heard: list[tuple[Any, ...]] = []
    for name in ("strength", "steadiness", "keep_colors", "mix", "size", "mirror"):
        getattr(panel, f"{name}_changed").connect(lambda *values, name=name: heard.append((name, *values)))
    return heard


def slider(panel: ControlPanel, name: str) -> QSlider:
    return next(found for found in panel.findChildren(QSlider) if found.accessibleName() == name)


def combo(panel: ControlPanel, name: str) -> QComboBox:
    return next(found for found in panel.findChildren(QComboBox) if found.accessibleName() == name)


def box(panel: ControlPanel, name: str) -> QCheckBox:
    return next(found for found in panel.findChildren(QCheckBox) if found.accessibleName() == name)


def test_setting_shows_and_emits_nothing(panel: ControlPanel, told: list[tuple[Any, ...]]) -> None:
    panel.strength, panel.steadiness, panel.keep_colors, panel.mirror = 35, 70, True, True
    panel.working_size = "640x360"
    panel.set_mix("candy", 25)
    panel.set_auto_size_text("480×270")
    panel.set_mix_choices([("candy", "Candy")])
    assert told == []
    assert (panel.strength, panel.steadiness, panel.keep_colors, panel.mirror) == (35, 70, True, True)
    assert panel.working_size == "640x360"
    assert panel.mix == ("candy", 25)
    assert {"35 %", "70", "25 %"} <= {label.text() for label in panel.findChildren(QLabel)}


def test_keys_change_the_sliders(panel: ControlPanel, told: list[tuple[Any, ...]], qtbot: QtBot) -> None:
    panel.strength, panel.steadiness = 50, 50
    qtbot.keyClick(slider(panel, "Strength"), Qt.Key.Key_Right)
    qtbot.keyClick(slider(panel, "Strength"), Qt.Key.Key_PageDown)
    qtbot.keyClick(slider(panel, "Steadiness"), Qt.Key.Key_Home)
    assert told == [("strength", 51), ("strength", 41), ("steadiness", 0)]


def test_the_mouse_changes_the_boxes(panel: ControlPanel, told: list[tuple[Any, ...]], qtbot: QtBot) -> None:
    for name in ("Keep the camera's colours", "Mirror"):
        qtbot.mouseClick(box(panel, name), LEFT, pos=QPoint(10, box(panel, name).height() // 2))
    assert told == [("keep_colors", True), ("mirror", True)]


def test_a_size_is_chosen_by_key(panel: ControlPanel, told: list[tuple[Any, ...]], qtbot: QtBot) -> None:
    sizes = combo(panel, "Size")
    assert tuple(sizes.itemData(row) for row in range(sizes.count())) == SIZES
    qtbot.keyClick(sizes, Qt.Key.Key_Down)
    qtbot.keyClick(sizes, Qt.Key.Key_Down)
    assert told == [("size", "native"), ("size", "1280x720")]


def test_a_size_of_ones_own_joins_the_list(panel: ControlPanel) -> None:
    panel.working_size = "160x120"
    assert panel.working_size == "160x120"
    assert "160×120" in combo(panel, "Size").currentText()
    panel.working_size = "160x120"
    assert combo(panel, "Size").count() == len(SIZES) + 1


def test_auto_says_what_it_chose(panel: ControlPanel) -> None:
    sizes = combo(panel, "Size")
    panel.working_size = "auto"
    panel.set_auto_size_text("640×360")
    assert sizes.currentText().startswith("Auto")
    assert "640×360" in sizes.currentText()
    panel.set_auto_size_text("")
    assert sizes.currentText() == "Auto"


def test_a_mix_is_chosen_and_its_share_waits_for_one(
    panel: ControlPanel, told: list[tuple[Any, ...]], qtbot: QtBot
) -> None:
    share, mixes = slider(panel, "Share of the second style"), combo(panel, "Mix with")
    panel.set_mix("", 40)
    assert not share.isEnabled()
    assert mixes.currentText() == "None"
    qtbot.keyClick(mixes, Qt.Key.Key_Down)
    assert told == [("mix", "candy", 40)]
    assert share.isEnabled()
    qtbot.keyClick(share, Qt.Key.Key_Right)
    qtbot.keyClick(mixes, Qt.Key.Key_Up)
    assert told[1:] == [("mix", "candy", 41), ("mix", "", 41)]
    assert not share.isEnabled()


def test_dragging_the_share_tells_only_where_it_ends(
    panel: ControlPanel, told: list[tuple[Any, ...]], qtbot: QtBot
) -> None:
    panel.set_mix("candy", 50)
    share = slider(panel, "Share of the second style")
    at = share.rect().center()
    qtbot.mousePress(share, LEFT, pos=at)
    seen = []
    for step in (5, 12, 20, 30):
        qtbot.mouseMove(share, at + QPoint(step, 0))
        seen.append(share.value())
    assert len(set(seen)) > 2, "the slider follows the mouse"
    assert told == []
    assert f"{seen[-1]} %" in {label.text() for label in panel.findChildren(QLabel)}
    qtbot.mouseRelease(share, LEFT, pos=at + QPoint(30, 0))
    assert told == [("mix", "candy", seen[-1])]


def test_taking_hold_of_the_share_without_moving_it_loads_nothing(
    panel: ControlPanel, told: list[tuple[Any, ...]], qtbot: QtBot
) -> None:
    panel.set_mix("candy", 50)
    share = slider(panel, "Share of the second style")
    qtbot.mouseClick(share, LEFT, pos=share.rect().center())
    assert told == []


def test_a_mix_that_is_gone_is_none(panel: ControlPanel) -> None:
    panel.set_mix("candy", 30)
    panel.set_mix_choices([("night", "Night")])
    assert panel.mix == ("", 30)
    assert not slider(panel, "Share of the second style").isEnabled()


def test_everything_is_explained_and_can_be_read_aloud(panel: ControlPanel) -> None:
    knobs = [*panel.findChildren(QSlider), *panel.findChildren(QComboBox), *panel.findChildren(QCheckBox)]
    assert len(knobs) == 7
    for knob in knobs:
        assert knob.accessibleName()
        assert knob.toolTip()
    panel.strength = 35
    assert slider(panel, "Strength").accessibleDescription() == "35 %"
    slider(panel, "Steadiness").setValue(12)
    assert slider(panel, "Steadiness").accessibleDescription() == "12"
    buddies = {label.buddy() for label in panel.findChildren(QLabel)}
    assert {knob for knob in knobs if not isinstance(knob, QCheckBox)} <= buddies
