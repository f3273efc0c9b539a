"""Nothing is lost in passing: only a press on the button that says so is a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from stylecam.gui.question import Question

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def asked(qtbot: QtBot, window: QWidget, *, destroys: bool = True) -> tuple[Question, list[bool]]:
    words = {"title": "Delete?", "text": "Delete <b>it</b>?", "more": "All is lost.", "yes": "&Delete", "no": "&Keep"}
    question = Question(window, **words, destroys=destroys)
    agreed: list[bool] = []
    question.agreed.connect(lambda: agreed.append(True))
    question.open()
    qtbot.waitExposed(question)
    return question, agreed


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
@pytest.mark.parametrize("destroys", [True, False])
def test_enter_and_escape_are_a_no(qtbot: QtBot, window: QWidget, key: Qt.Key, destroys: bool) -> None:
    question, agreed = asked(qtbot, window, destroys=destroys)
    qtbot.keyClick(question, key)
    assert not question.isVisible()
    assert agreed == []


@pytest.mark.parametrize(("words", "expected"), [("&Delete", [True]), ("&Keep", [])])
def test_a_button_does_what_it_says(qtbot: QtBot, window: QWidget, words: str, expected: list[bool]) -> None:
    question, agreed = asked(qtbot, window)
    next(button for button in question.findChildren(QPushButton) if button.text() == words).click()
    assert agreed == expected
    assert not question.isVisible()


def test_a_name_in_it_is_never_taken_for_markup(qtbot: QtBot, window: QWidget) -> None:
    question, _ = asked(qtbot, window)
    assert question.textFormat() == Qt.TextFormat.PlainText
    question.drop()
    assert not question.isVisible()
