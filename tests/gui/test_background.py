"""Work beside the window: answers come in its thread, the later asking counts, and nothing is lost in silence."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from stylecam.errors import SourceOpenError
from stylecam.gui.background import Background

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    background = Background()
    yield background
    assert background.shut(10)


def test_work_is_done_in_another_thread_and_answered_in_this_one(qtbot: QtBot, background: Background) -> None:
    threads: list[threading.Thread] = []
    background.ask("x", threading.current_thread, lambda there: threads.extend([there, threading.current_thread()]))
    assert background.is_busy("x")
    qtbot.waitUntil(lambda: bool(threads), timeout=10_000)
    assert threads[0] is not threads[1] is threading.main_thread()
    assert not background.is_busy("x")


def test_only_the_later_of_two_askings_is_answered(qtbot: QtBot, background: Background) -> None:
    answers: list[str] = []
    go = threading.Event()
    background.ask("x", lambda: go.wait(10) and "first", answers.append)
    background.ask("x", lambda: "second", answers.append)
    background.ask("y", lambda: "other", answers.append)
    qtbot.waitUntil(lambda: len(answers) == 2, timeout=10_000)
    go.set()
    assert background.shut(10)
    qtbot.wait(20)
    assert sorted(answers) == ["other", "second"]


def test_what_is_forgotten_is_not_answered(qtbot: QtBot, background: Background) -> None:
    answers: list[int] = []
    background.ask("x", lambda: 1, answers.append)
    background.forget("x")
    assert background.shut(10)
    qtbot.wait(20)
    assert answers == []


def test_an_error_is_told_in_words_and_a_bug_is_handed_on(
    qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: handed.append(error))
    told: list[str] = []

    def fail() -> None:
        raise SourceOpenError("there is no such file")

    background.ask("x", fail, lambda _: told.append("done"), otherwise=told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    assert told == ["there is no such file"]
    assert not handed
    background.ask("x", lambda: 1 / 0, lambda _: told.append("done"), otherwise=told.append)
    qtbot.waitUntil(lambda: len(told) == 2, timeout=10_000)
    assert "a bug in stylecam" in told[1]
    assert isinstance(handed[0], ZeroDivisionError)
