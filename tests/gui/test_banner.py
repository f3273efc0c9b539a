"""The banner: its buttons act, its words are plain text, and it goes when it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QToolButton

from stylecam.gui.banner import Banner
from stylecam.gui.theme import apply_theme

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("dark")

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def banner(qtbot: QtBot) -> Banner:
    widget = Banner()
    qtbot.addWidget(widget)
    widget.resize(700, 60)
    return widget


def button(banner: Banner, name: str) -> QPushButton | QToolButton:
    found = [b for kind in (QPushButton, QToolButton) for b in banner.findChildren(kind) if b.accessibleName() == name]
    return found[-1]


def words(banner: Banner) -> QLabel:
    return next(label for label in banner.findChildren(QLabel) if label.text())


def drawn_icon(banner: Banner) -> QImage:
    label = next(label for label in banner.findChildren(QLabel) if not label.pixmap().isNull())
    return label.pixmap().toImage()


def test_it_is_hidden_until_there_is_a_message(banner: Banner) -> None:
    assert banner.isHidden()
    assert banner.text == ""
    banner.show_message("Saved.", level="info")
    assert banner.isVisible()
    assert (banner.text, banner.level, banner.accessibleName()) == ("Saved.", "info", "Saved.")


def test_actions_run_by_mouse_and_by_key(banner: Banner, qtbot: QtBot) -> None:
    done: list[str] = []
    actions = [("Try again", lambda: done.append("again")), ("Choose…", lambda: done.append("choose"))]
    banner.show_message("It failed.", level="error", actions=actions)
    again, choose = banner.action_buttons
    qtbot.mouseClick(again, LEFT)
    qtbot.keyClick(choose, Qt.Key.Key_Space)
    assert done == ["again", "choose"]
    assert not again.hasFocus(), "a later Space must not press it again"


def test_a_new_message_forgets_the_buttons_and_details_of_the_old(banner: Banner) -> None:
    banner.show_message("One.", level="error", actions=[("Old", lambda: None)], details="old details")
    old = banner.action_buttons[0]
    button(banner, "Details").click()
    banner.show_message("Two.", level="info")
    assert banner.text == "Two."
    assert banner.action_buttons == ()
    assert not old.isVisible()
    assert not button(banner, "Details").isVisible()
    details = banner.findChild(QPlainTextEdit)
    assert isinstance(details, QPlainTextEdit)
    assert not details.isVisible()
    assert details.toPlainText() == ""


def test_an_action_may_show_the_next_message(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message(
        "One.", level="warning", actions=[("Next", lambda: banner.show_message("Two.", level="info", timeout_s=60))]
    )
    qtbot.mouseClick(banner.action_buttons[0], LEFT)
    assert banner.text == "Two."


def test_close_and_escape_hide_it(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("One.", level="info")
    qtbot.mouseClick(button(banner, "Close this message"), LEFT)
    assert banner.isHidden()
    assert banner.text == ""
    banner.show_message("Two.", level="info")
    qtbot.keyClick(button(banner, "Close this message"), Qt.Key.Key_Escape)
    assert banner.isHidden()


def test_a_message_with_a_timeout_goes_by_itself(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("Saved.", level="info", timeout_s=0.05)
    assert banner.text == "Saved."
    qtbot.waitUntil(banner.isHidden, timeout=10_000)


def test_the_timeout_of_a_message_does_not_hide_the_next(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("Saved.", level="info", timeout_s=0.05)
    banner.show_message("The disk is full.", level="error")
    qtbot.wait(150)
    assert banner.text == "The disk is full."


def test_details_are_shown_on_demand_and_copied(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("It failed.", level="error", details="errno 28\nno space")
    details = banner.findChild(QPlainTextEdit)
    assert isinstance(details, QPlainTextEdit)
    assert not details.isVisible()
    qtbot.mouseClick(button(banner, "Details"), LEFT)
    assert details.isVisible()
    qtbot.mouseClick(button(banner, "Copy the details"), LEFT)
    assert QGuiApplication.clipboard().text() == "errno 28\nno space"
    qtbot.mouseClick(button(banner, "Details"), LEFT)
    assert not details.isVisible()


def test_markup_is_shown_as_it_stands(banner: Banner) -> None:
    hostile = "<b>x</b><img src='file:///etc/passwd'>"
    banner.show_message(hostile, level="info", details=hostile)
    assert words(banner).textFormat() == Qt.TextFormat.PlainText
    assert words(banner).text() == hostile


def test_levels_differ_by_icon_and_in_words_and_follow_the_theme(banner: Banner, qapp: QApplication) -> None:
    seen, said = [], set()
    for level in ("info", "warning", "error"):
        banner.show_message("Text.", level=level)  # type: ignore[arg-type]
        seen.append(drawn_icon(banner))
        said.add(banner.accessibleDescription())
    assert seen[0] != seen[1] != seen[2] != seen[0]
    assert len(said) == 3
    apply_theme(qapp, "light")
    assert drawn_icon(banner) != seen[2]


def test_where_there_is_little_room_the_buttons_stand_below_the_text(banner: Banner, qtbot: QtBot) -> None:
    text = "Webcam C920 was disconnected. It is looked for; a recording goes on with the last picture."
    actions = [("Choose another…", lambda: None), ("Try again", lambda: None)]
    banner.show_message(text, level="warning", actions=actions, details="x")
    qtbot.waitExposed(banner)

    def is_below() -> bool:
        first = banner.action_buttons[0]
        return first.mapTo(banner, first.rect().topLeft()).y() >= words(banner).geometry().bottom()

    for width, below in ((1100, False), (480, True), (1100, False)):
        banner.resize(width, banner.heightForWidth(width))
        qtbot.waitUntil(lambda below=below: is_below() is below, timeout=5000)  # type: ignore[misc]
        assert words(banner).width() >= 260


def test_words_are_changed_without_touching_the_buttons(banner: Banner) -> None:
    banner.show_message("Step 1.", level="info", actions=[("Stop", lambda: None)])
    buttons = banner.action_buttons
    assert banner.reword("Step 1.", "Step 2.")
    assert (banner.text, banner.accessibleName(), banner.action_buttons) == ("Step 2.", "Step 2.", buttons)
    assert not banner.reword("Step 1.", "Step 3.")
    banner.hide_message()
    assert not banner.reword("Step 2.", "Step 3.")
    assert not banner.reword("", "Step 3.")
    assert banner.isHidden()
