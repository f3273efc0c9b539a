"""Training from the window: the real command once, and processes that fail, babble, or do not end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as PilImage

from stylecam.gui import training
from stylecam.gui.training import TrainingRun, training_command
from stylecam.styles import read_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot


class Run:
    """A training, and what it said."""

    def __init__(self, arguments: list[str]) -> None:
        self.lines: list[str] = []
        self.ends: list[tuple[bool, str]] = []
        self.training = TrainingRun(arguments)
        self.training.progressed.connect(self.lines.append)
        self.training.ended.connect(lambda done, text: self.ends.append((done, text)))


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start_one(script: str = "", *, arguments: list[str] | None = None) -> Run:
        runs.append(Run(arguments or ["-c", script]))
        return runs[-1]

    yield start_one
    for run in runs:
        run.training.shutdown()
        assert not run.training.running


def end_of(qtbot: QtBot, run: Run) -> tuple[bool, str]:
    qtbot.waitUntil(lambda: bool(run.ends), timeout=120_000)
    qtbot.wait(20)
    assert len(run.ends) == 1, "it ends once"
    return run.ends[0]


def says(*events: Any) -> str:
    return "".join(f"print({json.dumps(event)!r}, flush=True)\n" for event in events)


@pytest.mark.slow
def test_a_style_is_trained_by_the_real_command(start: Callable[..., Run], qtbot: QtBot, tmp_path: Path) -> None:
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    rng = np.random.default_rng(0)
    for index in range(16):
        small = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        PilImage.fromarray(small).resize((96, 96), PilImage.Resampling.BICUBIC).save(photographs / f"{index}.png")
    command = training_command(photographs / "0.png", photographs, "tiny", tmp_path / "runs")
    small_run = ["--steps", "2", "--reconstruction-steps", "1", "--crop", "64", "--painting-size", "64"]
    run = start(arguments=[*command, *small_run, "--out", str(tmp_path)])
    done, text = end_of(qtbot, run)
    assert done, text
    assert read_style(Path(text)).variants == ("fast",)
    assert Path(text) == tmp_path / "tiny.safetensors"
    assert run.lines
    assert run.lines[-1].startswith("step 2 of 2, ")
    assert list((tmp_path / "runs" / "tiny").iterdir())


def test_progress_is_a_line_that_a_person_reads(start: Callable[..., Run], qtbot: QtBot) -> None:
    steps = [{"event": "step", "step": n, "steps": 9, "seconds_left": left} for n, left in ((1, 400.0), (2, 12.0))]
    run = start(says(*steps, {"event": "finished", "path": "/styles/x.safetensors"}))
    assert end_of(qtbot, run) == (True, "/styles/x.safetensors")
    assert run.lines == ["step 1 of 9, about 7 min left", "step 2 of 9, less than a minute left"]


def test_a_last_line_without_an_end_counts(start: Callable[..., Run], qtbot: QtBot) -> None:
    event = json.dumps({"event": "finished", "path": "/styles/x.safetensors"})
    assert end_of(qtbot, start(f"print({event!r}, end='')")) == (True, "/styles/x.safetensors")


def test_the_reason_of_a_failure_is_told(start: Callable[..., Run], qtbot: QtBot) -> None:
    failed = says({"event": "failed", "text": "There are too few photographs."})
    run = start(failed + "import sys; print('some warning', file=sys.stderr); sys.exit(1)")
    assert end_of(qtbot, run) == (False, "There are too few photographs.")


def test_an_error_text_that_comes_in_pieces_is_put_together(start: Callable[..., Run], qtbot: QtBot) -> None:
    script = (
        "import sys, time\n"
        "sys.stderr.write('Traceback\\nerror: The painting can'); sys.stderr.flush(); time.sleep(0.2)\n"
        "sys.stderr.write('not be read.\\n'); sys.exit(2)"
    )
    assert end_of(qtbot, start(script)) == (False, "The painting cannot be read.")


def test_without_a_word_the_code_is_told(start: Callable[..., Run], qtbot: QtBot) -> None:
    assert end_of(qtbot, start("raise SystemExit(7)")) == (False, "The training ended with code 7.")
    done, _ = end_of(qtbot, start('print(\'{"event": "notice"}\')'))
    assert not done, "an end without a style is none"


def test_garbage_says_nothing_and_hurts_nobody(start: Callable[..., Run], qtbot: QtBot) -> None:
    garbage: list[Any] = [
        *("text", 5, None, [1], {}, {"event": "step"}, {"event": "finished"}, {"event": "failed"}),
        {"event": "step", "step": 1, "steps": 2, "seconds_left": None},
        {"event": "step", "step": 1, "steps": 2, "seconds_left": "soon"},
        {"event": "step", "step": 1, "steps": 2, "seconds_left": float("nan")},
        {"event": "step", "step": 1, "steps": 2, "seconds_left": float("inf")},
    ]
    script = (
        "import sys\n"
        "sys.stdout.buffer.write(b'\\xff\\xfe\\x00 not text\\n' + b'[' * 100000 + b'\\n'); sys.stdout.flush()\n"
        + says(*garbage)
        + "print('no json at all')\n"
        + says({"event": "finished", "path": "/styles/x.safetensors"})
    )
    run = start(script)
    assert end_of(qtbot, run) == (True, "/styles/x.safetensors")
    assert run.lines == []


def test_a_program_that_cannot_be_started_is_told(
    start: Callable[..., Run], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    done, text = end_of(qtbot, start("pass"))
    assert not done
    assert text


def test_stopping_is_no_failure(start: Callable[..., Run], qtbot: QtBot) -> None:
    step = {"event": "step", "step": 1, "steps": 9, "seconds_left": 1.0}
    run = start(says(step) + "import time; time.sleep(120)")
    qtbot.waitUntil(lambda: bool(run.lines), timeout=30_000)
    assert run.training.running
    run.training.stop()
    done, text = end_of(qtbot, run)
    assert not done
    assert "goes on from there" in text


def test_closing_the_window_ends_even_one_that_will_not(start: Callable[..., Run], qtbot: QtBot) -> None:
    step = {"event": "step", "step": 1, "steps": 9, "seconds_left": 1.0}
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    run = start(stubborn + says(step) + "time.sleep(120)")
    qtbot.waitUntil(lambda: bool(run.lines), timeout=30_000)
    run.training.shutdown(timeout_ms=200)
    assert not run.training.running
    assert run.ends == [], "nobody is there to be told"
    run.training.shutdown()


def test_a_training_is_less_urgent_than_the_picture(start: Callable[..., Run], qtbot: QtBot) -> None:
    # It waits for the process to be made less urgent, as a training that loads its libraries does.
    script = (
        "import os, json, time\n"
        "end = time.monotonic() + 30\n"
        f"while os.nice(0) < {training._NICENESS} and time.monotonic() < end: time.sleep(0.01)\n"
        "print(json.dumps({'event': 'finished', 'path': str(os.nice(0))}))"
    )
    assert end_of(qtbot, start(script)) == (True, str(training._NICENESS))


def test_the_command_is_this_very_stylecam_and_its_run_has_a_place_of_its_own(tmp_path: Path) -> None:
    command = training_command(Path("p.jpg"), Path("photos"), "x", tmp_path)
    assert command[:5] == ["-P", "-m", "stylecam", "train", "p.jpg"]
    assert command[command.index("--run") + 1] == str(tmp_path / "x")
    assert "--json" in command
