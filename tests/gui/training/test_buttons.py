"""The buttons of each state: which there are, which Enter presses, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton

from stylecam.gui.question import Question
from stylecam.gui.training.buttons import TrainButtons
from tests.gui.training.fakerun import button
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


def test_a_button_that_cannot_be_pressed_has_its_reason_for_a_tip(qtbot: QtBot) -> None:
    row = TrainButtons()
    qtbot.addWidget(row)
    row.show()
    row.show_state("running")
    tip = button(row, "Stop & keep").toolTip()
    assert "make the style" in tip
    row.enable("keep", False, "Nearly done.")
    assert button(row, "Stop & keep").toolTip() == "Nearly done."
    row.enable("keep", False)
    assert button(row, "Stop & keep").toolTip() == tip


def test_the_keyboard_never_slips_on_to_what_ends_a_training(qtbot: QtBot) -> None:
    row = TrainButtons()
    qtbot.addWidget(row)
    row.show()
    row.show_state("running")
    row.focus("pause")
    for name in ("pause", "keep"):
        row.enable(name, False)
    assert row.window().focusWidget() is button(row, "Close")


def test_a_training_is_never_cancelled_in_passing(qtbot: QtBot) -> None:
    row = TrainButtons()
    qtbot.addWidget(row)
    row.show()
    chosen: list[bool] = []
    row.cancel_chosen.connect(lambda: chosen.append(True))

    def asked() -> Question:
        row.ask_to_cancel("mine")
        row.ask_to_cancel("mine")
        (box,) = [box for box in row.findChildren(Question) if box.isVisible()]
        return box

    assert "mine" in asked().text()
    qtbot.keyClick(asked(), Qt.Key.Key_Return)
    assert chosen == []
    asked()
    row.drop_question()
    assert not any(box.isVisible() for box in row.findChildren(Question))
    button(asked(), "Cancel and delete").click()
    assert chosen == [True]
    assert not any(box.isVisible() for box in row.findChildren(Question))


def test_what_paints_already_need_not_be_painted_with(qtbot: QtBot) -> None:
    row = TrainButtons()
    qtbot.addWidget(row)
    row.show()
    row.show_state("done", paints=True)
    assert [b.text() for b in row.findChildren(QPushButton) if b.isDefault()] == ["Close"]


def test_a_preview_is_never_used_in_passing(qtbot: QtBot) -> None:
    row = TrainButtons()
    qtbot.addWidget(row)
    row.show()
    chosen: list[bool] = []
    row.use_chosen.connect(chosen.append)

    def asked() -> Question:
        row.ask_to_use("mine", 1200)
        (box,) = [box for box in row.findChildren(Question) if box.isVisible()]
        return box

    assert asked().text() == "Make the style “mine” as it was at step 1,200?"
    qtbot.keyClick(asked(), Qt.Key.Key_Return)
    button(asked(), "Cancel").click()
    assert chosen == []
    button(asked(), "Use it and stop training").click()
    button(asked(), "Use it and go on training").click()
    assert chosen == [False, True]
    assert not any(box.isVisible() for box in row.findChildren(Question))


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
