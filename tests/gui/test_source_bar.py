"""The list of sources: cameras by name, what is open, and buttons that keep the focus where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox

from stylecam.cameras import CameraInfo
from stylecam.gui.source_bar import TEST_PATTERN, SourceBar

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

FRONT, BACK = CameraInfo("usb-1", "Front camera", 0, 200), CameraInfo("usb-2", "<i>Back</i> camera", 1, 200)


@pytest.fixture
def bar(qtbot: QtBot) -> SourceBar:
    widget = SourceBar()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def listed(bar: SourceBar) -> list[tuple[str, str]]:
    combo = bar.findChild(QComboBox)
    assert isinstance(combo, QComboBox)
    return [(combo.itemText(row), combo.itemData(row)) for row in range(combo.count())]


def shown(bar: SourceBar) -> str:
    combo = bar.findChild(QComboBox)
    assert isinstance(combo, QComboBox)
    return combo.currentText()


def test_cameras_come_first_and_filling_the_list_chooses_nothing(bar: SourceBar) -> None:
    chosen: list[str] = []
    bar.source_chosen.connect(chosen.append)
    bar.show_cameras([FRONT, BACK])
    assert listed(bar) == [
        ("Front camera", "camera:usb-1"),
        ("<i>Back</i> camera", "camera:usb-2"),
        ("Test pattern", TEST_PATTERN),
    ]
    bar.select("camera:usb-2", "Back camera")
    bar.show_cameras([BACK, FRONT])
    assert bar.current == "camera:usb-2"
    assert chosen == []


def test_a_source_is_chosen_by_key(bar: SourceBar, qtbot: QtBot) -> None:
    bar.show_cameras([FRONT])
    bar.select("camera:usb-1", "Front camera")
    combo = bar.findChild(QComboBox)
    assert isinstance(combo, QComboBox)
    with qtbot.waitSignal(bar.source_chosen) as signal:
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert signal.args == [TEST_PATTERN]


def test_a_clip_joins_the_list_once_and_stays(bar: SourceBar) -> None:
    bar.select("/tmp/clip.mp4", "clip.mp4")
    bar.select(TEST_PATTERN, "Test pattern")
    bar.select("/tmp/clip.mp4", "clip.mp4")
    bar.show_cameras([FRONT])
    assert listed(bar)[-1] == ("clip.mp4", "/tmp/clip.mp4")
    assert len(listed(bar)) == 3
    assert bar.current == "/tmp/clip.mp4"


def test_a_camera_that_is_gone_keeps_its_name_and_is_not_doubled_when_it_comes_back(bar: SourceBar) -> None:
    bar.show_cameras([FRONT, BACK])
    bar.select("camera:usb-1", "Front camera")
    bar.show_cameras([BACK])
    assert (shown(bar), bar.current) == ("Front camera", "camera:usb-1")
    bar.show_cameras([FRONT, BACK])
    assert (shown(bar), bar.current) == ("Front camera", "camera:usb-1")
    assert [spec for _, spec in listed(bar)].count("camera:usb-1") == 1


def test_a_button_runs_its_action_and_leaves_the_focus_where_it_is(bar: SourceBar, qtbot: QtBot) -> None:
    action = QAction("&Mirror", bar)
    action.setCheckable(True)
    button = bar.add_action_button(action)
    combo = bar.findChild(QComboBox)
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert action.isChecked()
    assert not button.hasFocus()
    assert button.accessibleName() == "Mirror"
    action.setText("No &mirror")
    assert button.accessibleName() == "No mirror"


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_list_opens_for_who_is_told_to_choose(bar: SourceBar, qtbot: QtBot) -> None:
    bar.show_cameras([FRONT])
    bar.show_list()
    combo = bar.findChild(QComboBox)
    assert isinstance(combo, QComboBox)
    qtbot.waitUntil(combo.view().isVisible)
    combo.hidePopup()
