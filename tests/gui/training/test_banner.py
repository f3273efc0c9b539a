"""The line that stands for a training: its words, and what can be pressed beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject

from stylecam.gui.banner import Banner
from stylecam.gui.training.banner import TrainingBanner

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

STEP = {"event": "step", "step": 1200, "steps": 1500, "seconds_left": 240.0}
FINISHING = {"event": "phase", "phase": "finishing", "variant": "fast"}


class Line:
    """A line in a banner of its own."""

    def __init__(self, qtbot: QtBot) -> None:
        self.banner = Banner()
        qtbot.addWidget(self.banner)
        self.owner = QObject()
        self.pressed: list[str] = []
        self.line = TrainingBanner(
            self.banner, lambda: self.pressed.append("show"), lambda: self.pressed.append("stop"), self.owner
        )
        self.line.begin("sea")

    def hear(self, event: dict[str, Any], *, may_speak: bool = True) -> None:
        self.line.hear(event, may_speak=may_speak)

    @property
    def said(self) -> tuple[str, list[str]]:
        return self.banner.text, [button.text() for button in self.banner.action_buttons]


@pytest.fixture
def line(qtbot: QtBot) -> Line:
    return Line(qtbot)


def test_it_says_how_far_the_training_is(line: Line) -> None:
    line.line.show()
    assert line.said == ("Training “sea”: getting ready.", ["Show", "Stop"])
    line.hear(STEP)
    assert line.said == ("Training “sea”: step 1,200 of 1,500, about 4 min left.", ["Show", "Stop"])


def test_what_was_heard_while_it_could_not_speak_counts_when_it_is_shown(line: Line) -> None:
    line.hear(FINISHING, may_speak=False)
    line.line.show()
    assert line.said == ("Training “sea”: making the style.", ["Show", "Stop"])


def test_a_stop_is_told_at_once_and_nothing_else_until_it_has_stopped(line: Line) -> None:
    line.line.show()
    line.line.stop(may_speak=True)
    assert line.said == ("Stopping the training of “sea”…", ["Show"])
    line.hear(STEP)
    assert line.said == ("Stopping the training of “sea”…", ["Show"])
    line.hear({"event": "paused", "step": 40})  # a trainer that can only be paused
    assert line.said == ("Training “sea”: paused at step 40.", ["Show", "Stop"])


def test_a_stop_is_not_told_over_another_message(line: Line) -> None:
    line.banner.show_message("Saved.", level="info")
    line.line.stop(may_speak=True)
    assert line.said == ("Saved.", [])


def test_it_never_speaks_over_another_message_nor_after_it_was_closed(line: Line) -> None:
    line.line.show()
    line.banner.show_message("Saved.", level="info")
    line.hear(FINISHING)
    assert line.said == ("Saved.", [])
    line.banner.hide_message()
    line.hear(STEP)
    assert line.said[0].startswith("Training “sea”: step 1,200"), "the other has gone"
    line.banner.hide_message()
    line.hear(FINISHING)
    assert line.said[0] == ""
