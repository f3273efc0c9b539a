"""A style's name, checked as it is typed; and what is said about its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QToolButton

from stylecam.gui.training.facts import PictureFacts
from stylecam.gui.training.taken_names import Taken
from tests.gui.training.fakerun import words
from tests.gui.widgets import check_names, check_room, other_languages

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

TAKEN = {
    "night": Taken("bundled", "The Starry Night", "Vincent van Gogh"),
    "mine": Taken("own", "My own", ""),
    "other": Taken("other", "Other", "A Friend"),
    "torn": Taken("damaged"),
    "now": Taken("training", "Now"),
}


@pytest.fixture
def facts(qtbot: QtBot) -> PictureFacts:
    widget = PictureFacts()
    qtbot.addWidget(widget)
    widget.set_taken(TAKEN)
    widget.resize(380, 300)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def field(facts: PictureFacts, name: str) -> QLineEdit:
    return next(found for found in facts.findChildren(QLineEdit) if found.accessibleName() == name)


def type_name(qtbot: QtBot, facts: PictureFacts, name: str) -> None:
    field(facts, "Name of the style").selectAll()
    qtbot.keyClicks(field(facts, "Name of the style"), name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("con", "Windows keeps it"),
        ("night", "taken by a bundled style, “The Starry Night” by Vincent van Gogh"),
        ("mine", "taken by a style of your own, “My own”."),
        ("other", "“Other” by A Friend, in a folder of STYLECAM_STYLES"),
        ("torn", "a style file that cannot be used"),
        ("now", "is being trained now"),
    ],
)
def test_what_is_wrong_with_a_name_is_said_as_it_is_typed(
    qtbot: QtBot, facts: PictureFacts, name: str, problem: str
) -> None:
    type_name(qtbot, facts, name)
    assert problem in facts.problem
    assert problem in words(facts)
    assert problem in field(facts, "Name of the style").accessibleDescription()
    type_name(qtbot, facts, "free_1")
    assert (facts.problem, facts.name) == ("", "free_1")
    assert "⚠" not in words(facts)


def test_a_missing_name_is_no_mistake_yet(facts: PictureFacts) -> None:
    assert facts.problem == "The style needs a name."
    assert "needs a name" not in words(facts)


def test_a_suggestion_is_free_and_gives_way_to_what_a_person_types(qtbot: QtBot, facts: PictureFacts) -> None:
    facts.suggest("night")
    assert facts.name == "night_2"
    facts.set_taken({**TAKEN, "night_2": Taken("own")})
    assert facts.name == "night_2_2"
    facts.suggest("day")
    assert facts.name == "day"
    type_name(qtbot, facts, "sea")
    facts.suggest("day")
    assert facts.name == "sea"


def test_the_fold_holds_title_author_and_licence(qtbot: QtBot, facts: PictureFacts) -> None:
    (fold,) = facts.findChildren(QToolButton)
    assert not field(facts, "Title").isVisible()
    fold.setFocus()
    qtbot.keyClick(fold, Qt.Key.Key_Space)
    assert "may be yours to use, and still not yours to share" in words(facts)
    for name, text in (("Title", " My  title "), ("Author", "Me"), ("Licence", "CC0-1.0")):
        assert field(facts, name).isVisible()
        field(facts, name).setText(text)
    assert (facts.title, facts.author, facts.licence) == ("My  title", "Me", "CC0-1.0")
    field(facts, "Title").setText("x" * 500)
    assert len(facts.title) == 120


def test_everything_has_a_name_and_room(qapp: QApplication, qtbot: QtBot) -> None:
    for where in other_languages(qapp):
        facts = PictureFacts()
        qtbot.addWidget(facts)
        facts.set_taken(TAKEN)
        field(facts, facts._name.accessibleName()).setText("night")
        facts._fold.setChecked(True)
        facts.resize(380, facts.heightForWidth(380))
        facts.show()
        qapp.processEvents()
        check_names(facts)
        check_room(facts, where)
        facts.close()


@pytest.mark.parametrize(
    ("typed", "name"),
    [("My Wave", "my_wave"), ("-mine-", "mine_2"), ("Night", "night_2"), ("波", "mine_2"), ("x" * 70, "x" * 64)],
)
def test_what_is_no_name_becomes_the_title_of_one(qtbot: QtBot, facts: PictureFacts, typed: str, name: str) -> None:
    field(facts, "Name of the style").setText(typed)
    assert (facts.name, facts.title, facts.problem, facts.said) == (name, typed, "", "")
    assert f"Its file will be called {name}." in words(facts)
    field(facts, "Title").setText("The title")
    assert (facts.name, facts.title) == (name, "The title")
    type_name(qtbot, facts, "free_1")
    assert "Its file" not in words(facts)


def test_nothing_moves_while_a_name_is_typed(qtbot: QtBot, facts: PictureFacts) -> None:
    (fold,) = facts.findChildren(QToolButton)
    type_name(qtbot, facts, "free_1")
    qtbot.wait(50)
    before = fold.y()
    for name in ("night", "My Wave"):
        type_name(qtbot, facts, name)
        qtbot.wait(50)
        assert fold.y() == before
