"""How long a training will take here: measured once, said when it cannot be, and given up with the dialog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stylecam.gui.training import command as trainer_command
from stylecam.gui.training.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

PAINTING = Path("/pictures/mine.jpg")


@pytest.fixture
def estimate(qtbot: QtBot) -> Iterator[Estimate]:
    estimate = Estimate()
    yield estimate
    estimate.stop()


def prints(monkeypatch: pytest.MonkeyPatch, text: str, *, code: int = 0) -> None:
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", f"import sys; print({text!r}); sys.exit({code})"))


def test_it_is_measured_once(estimate: Estimate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    prints(monkeypatch, '{"quick": [400, 500], "best": [9000, 7000], "device": "cpu"}')
    changes: list[bool] = []
    estimate.changed.connect(lambda: changes.append(estimate.running))
    estimate.measure(PAINTING)
    qtbot.waitUntil(lambda: bool(estimate.times), timeout=60_000)
    assert estimate.times == {"quick": (400, 500), "best": (7000, 9000)}
    assert estimate.device == "cpu"
    assert estimate.failure == ""
    assert changes == [True, False]
    estimate.measure(PAINTING)
    assert not estimate.running


@pytest.mark.parametrize("text", ["", "{}", '{"quick": 5, "best": [1], "standard": [NaN, 3], "x": ["a", "b"]}'])
def test_an_answer_that_says_nothing_is_a_failure(
    estimate: Estimate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    prints(monkeypatch, text)
    estimate.measure(PAINTING)
    qtbot.waitUntil(lambda: bool(estimate.failure), timeout=60_000)
    assert estimate.times == {}


def test_after_a_failure_it_is_tried_again(estimate: Estimate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    prints(monkeypatch, '{"event": "failed", "text": "No memory."}', code=1)
    estimate.measure(PAINTING)
    qtbot.waitUntil(lambda: estimate.failure == "No memory.", timeout=60_000)
    prints(monkeypatch, '{"quick": [1, 2]}')
    estimate.measure(PAINTING)
    assert estimate.failure == ""
    qtbot.waitUntil(lambda: bool(estimate.times), timeout=60_000)


def test_the_trainer_is_asked_for_the_picture(
    estimate: Estimate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import sys; print('{\"quick\": [1, 2], \"device\": \"' + ' '.join(sys.argv[1:]) + '\"}')"
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", script))
    estimate.measure(PAINTING)
    qtbot.waitUntil(lambda: bool(estimate.times), timeout=60_000)
    assert estimate.device == f"estimate {PAINTING}"
