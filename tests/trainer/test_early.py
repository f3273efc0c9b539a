"""Before the first step, a run does what is wanted of it, too."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

import trainer.__main__ as program
from stylecam.runs import Control, EventReader, hold, read_run, write_control
from tests.test_runs import STEP, make_run
from trainer.early import EndedEarlyError, heed_early
from trainer.events import EventLog

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("wish", "state", "text"),
    [("cancel", "cancelled", ""), ("keep", "stopped", "nothing to keep yet"), ("stop", "stopped", "begin it anew")],
)
def test_what_ends_a_run_ends_it_before_its_first_step_too(tmp_path: Path, wish: str, state: str, text: str) -> None:
    run = make_run(tmp_path / "run")
    events = EventLog(run / "events.jsonl")
    heed_early(run, events, lambda: False)
    assert EventReader(run / "events.jsonl").read() == []
    if wish != "stop":
        write_control(run, Control(wish))  # type: ignore[arg-type]
    with pytest.raises(EndedEarlyError):
        heed_early(run, events, lambda: wish == "stop")
    info = read_run(run)
    assert (info.state, info.step) == (state, 0)
    assert text in info.text


def test_a_pause_is_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run")
    write_control(run, Control("pause"))
    states: list[str] = []

    def wait(seconds: float) -> None:
        if seconds < 0.1:  # whoever asks for the lock waits, too
            return
        states.append(read_run(run).state)
        if len(states) == 2:
            write_control(run, Control("run"))

    monkeypatch.setattr(time, "sleep", wait)
    with hold(run):
        heed_early(run, EventLog(run / "events.jsonl"), lambda: False)
        states.append(read_run(run).state)
    assert states == ["paused", "paused", "running"]
    assert [event["event"] for event in EventReader(run / "events.jsonl").read()] == ["paused", "resumed"]


def test_a_run_that_has_begun_keeps_its_step(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", STEP)
    (run / "fast").mkdir()
    (run / "fast" / "checkpoint-0000040.safetensors").touch()
    with pytest.raises(EndedEarlyError):
        heed_early(run, EventLog(run / "events.jsonl"), lambda: True)
    info = read_run(run)
    assert (info.state, info.step) == ("stopped", 40)
    assert "resumed, it goes on" in info.text


def test_a_command_that_is_told_to_end_looks_for_no_base(
    painting: Path, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_control(run, Control("cancel"))
    what = [str(painting), "--name", "discs", "--content", str(photographs), "--run", str(run), "--device", "cpu"]
    assert program.main(["new", *what]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in said] == ["phase", "cancelled"]
    assert not json.loads((run / "run.json").read_text())["networks"]
