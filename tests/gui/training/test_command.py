"""The trainer's short commands: what they say is heard, how they end is told, and none outlives who asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from stylecam.gui.training import command as trainer_command
from stylecam.gui.training.command import TrainerCommand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot


class Heard:
    def __init__(self, command: TrainerCommand) -> None:
        self.command = command
        self.said: list[Any] = []
        self.ends: list[tuple[bool, str]] = []
        command.said.connect(self.said.append)
        command.ended.connect(lambda done, text: self.ends.append((done, text)))


@pytest.fixture
def run(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Heard]]:
    heard: list[Heard] = []

    def run_one(script: str, *arguments: str) -> Heard:
        monkeypatch.setattr(trainer_command, "COMMAND", ("-c", script))
        heard.append(Heard(TrainerCommand()))
        heard[-1].command.start(arguments)
        return heard[-1]

    yield run_one
    for one in heard:
        one.command.stop()


def end_of(qtbot: QtBot, heard: Heard) -> tuple[bool, str]:
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=60_000)
    assert len(heard.ends) == 1
    return heard.ends[0]


def test_objects_are_heard_and_other_lines_passed_over(run: Callable[..., Heard], qtbot: QtBot) -> None:
    script = "import sys; print('hello'); print('[1]'); print('{\"a\": 1}'); print(sys.argv[1], end='')"
    heard = run(script, '{"b": "given"}')
    assert end_of(qtbot, heard) == (True, "")
    assert heard.said == [{"a": 1}, {"b": "given"}]
    assert not heard.command.running


def test_the_reason_of_a_failure_is_that_of_its_event_or_its_last_line(run: Callable[..., Heard], qtbot: QtBot) -> None:
    failed = 'print(\'{"event": "failed", "text": "No photographs."}\'); '
    assert end_of(qtbot, run(failed + "raise SystemExit(1)")) == (False, "No photographs.")
    script = "import sys; sys.stderr.write('Traceback\\nerror: There is no such run.\\n'); sys.exit(2)"
    assert end_of(qtbot, run(script)) == (False, "There is no such run.")
    assert end_of(qtbot, run("raise SystemExit(7)")) == (False, "The trainer ended with code 7.")


def test_a_program_that_cannot_be_started_is_told(
    run: Callable[..., Heard], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    done, text = end_of(qtbot, run("pass"))
    assert not done
    assert text


def test_what_is_stopped_says_nothing_more(run: Callable[..., Heard], qtbot: QtBot) -> None:
    heard = run("import time; print('{\"a\": 1}', flush=True); time.sleep(60)")
    qtbot.waitUntil(lambda: bool(heard.said), timeout=60_000)
    heard.command.stop()
    assert not heard.command.running
    qtbot.wait(50)
    assert heard.ends == []


def test_the_second_start_takes_the_first_one_s_place(run: Callable[..., Heard], qtbot: QtBot) -> None:
    heard = run("import sys, time; time.sleep(float(sys.argv[1])); print('{\"slept\": ' + sys.argv[1] + '}')", "60")
    heard.command.start(["0"])
    assert end_of(qtbot, heard) == (True, "")
    assert heard.said == [{"slept": 0}]


def test_it_ends_with_its_owner(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", "import time; time.sleep(60)"))
    owner = QObject()
    command = TrainerCommand(owner)
    command.start([])
    qtbot.waitUntil(lambda: command.running, timeout=10_000)
    owner.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # a process that still ran would be warned of
