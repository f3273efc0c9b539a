"""The buttons of each state: which there are, which Enter presses, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from stylecam.gui.train_buttons import CancelQuestion, TrainButtons
from tests.gui.trainings import button
from tests.gui.widgets import check_names, check_room, other_languages

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize(
    ("state", "can_go_on", "texts", "default"),
    [
        ("setup", False, ["Close", "Train"], "Train"),
        ("gathering", False, ["Cancel"], ""),
        ("running", True, ["Pause", "Stop & keep", "Cancel…", "Close"], ""),
        ("done", True, ["Open folder", "Train more", "Close", "Paint with it"], "Paint with it"),
        ("failed", False, ["Open folder", "Try again", "Close"], "Try again"),
        ("failed", True, ["Open folder", "Go on", "Try again", "Close"], "Go on"),
    ],
)
def test_each_state_has_its_buttons(qtbot: QtBot, state: str, can_go_on: bool, texts: list[str], default: str) -> None:
    row = TrainButtons()
    qtbot.addWidget(row)
    row.show()
    row.show_state(state, can_go_on=can_go_on)
    pressed: list[str] = []
    row.pressed.connect(pressed.append)
    found = [button(row, text) for text in texts]
    assert sum(b.isVisible() for b in row.findChildren(QPushButton)) == len(found)
    for one in found:
        one.click()
    assert len(set(pressed)) == len(found)
    assert [b.text().replace("&", "") for b in row.findChildren(QPushButton) if b.isDefault()] == [default] * bool(
        default
    )
    check_names(row)


def test_a_button_that_cannot_be_pressed_says_why(qtbot: QtBot) -> None:
    row = TrainButtons()
    qtbot.addWidget(row)
    row.show()
    row.show_state("setup")
    row.enable("train", False, "Choose a picture.")
    assert not button(row, "Train").isEnabled()
    assert button(row, "Train").accessibleDescription() == "Choose a picture."
    row.enable("train", True)
    assert button(row, "Train").accessibleDescription() == ""


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_a_training_is_never_cancelled_in_passing(qtbot: QtBot, key: Qt.Key) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    box = CancelQuestion("mine", window)
    chosen: list[bool] = []
    box.cancel_chosen.connect(lambda: chosen.append(True))
    box.open()
    assert "mine" in box.text()
    qtbot.keyClick(box, key)
    assert not box.isVisible()
    assert chosen == []
    box.open()
    button(box, "Cancel and delete").click()
    assert chosen == [True]


@pytest.mark.parametrize("state", ["setup", "gathering", "running", "done", "failed"])
def test_there_is_room_in_other_languages(qapp: QApplication, qtbot: QtBot, state: str) -> None:
    for where in other_languages(qapp):
        row = TrainButtons()
        qtbot.addWidget(row)
        row.show_state(state, can_go_on=True)
        row.say("a word or two")
        row.resize(728, row.heightForWidth(728))
        row.show()
        qapp.processEvents()
        check_room(row, where)
        row.close()
