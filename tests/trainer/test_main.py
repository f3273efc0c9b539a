"""The trainer's commands as a whole: what they hold, what they load, how they end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trainer.__main__ as program
import trainer.estimate
import trainer.perceptual
import trainer.run
from stylecam.errors import TrainError
from stylecam.runs import EventReader, hold, is_running
from tests.tiny import write_tiny_style
from trainer.request import Request, copy_painting, read_request, write_request

if TYPE_CHECKING:
    from trainer.config import TrainConfig


def _made(run: Path, *networks: TrainConfig) -> Path:
    run.mkdir()
    copy_painting(Path(networks[0].painting), run, None)
    write_request(run, Request("discs", "best", "here", networks, out=str(run.parent / "out")))
    return run


@pytest.mark.parametrize("command", ["resume", "export", "new"])
@pytest.mark.parametrize("rank", [None, "1"])
def test_a_second_trainer_of_a_run_is_refused_in_one_line_that_says_what_to_do(
    config: TrainConfig,
    tmp_path: Path,
    command: str,
    rank: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if rank is not None:  # set by some other launcher: without others to lead it, it is no follower
        monkeypatch.setenv("RANK", rank)
    run = _made(tmp_path / "run", config)
    new = [config.painting, "--name", "discs", "--run", str(run), "--out", str(tmp_path)]
    before = {path: path.read_bytes() for path in run.iterdir()}
    with hold(run):
        assert program.main([command, *(new if command == "new" else [str(run)])]) == TrainError.exit_code == 9
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "error: 'run' is being trained already" in said
    assert "'stylecam train list'" in said
    assert f"'stylecam train keep {run}' or 'cancel {run}'" in said
    assert {path: path.read_bytes() for path in run.iterdir() if path.name != "lock"} == before


def test_the_processes_that_share_a_training_hold_its_run_once(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _made(tmp_path / "run", config)
    held: list[bool] = []

    def train(*_: Any) -> int:
        held.append(is_running(run))
        return 0

    monkeypatch.setattr(program, "_train", train)
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        assert program.main(["resume", str(run)]) == 0
    assert held == [True, False]


def test_a_run_of_an_older_version_gets_its_bases_once_it_is_resumed(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = write_tiny_style(tmp_path / "mine.safetensors").path
    full = replace(config, variant="full", base=str(tmp_path / "gone.safetensors"))
    run = _made(tmp_path / "run", replace(config, base=str(base)), full)
    performed: list[Request] = []

    def perform(request: Request, *_: Any, **__: Any) -> bool:
        performed.append(request)
        return True

    monkeypatch.setattr(trainer.run, "perform", perform)
    assert program.main(["resume", str(run), "--device", "cpu"]) == 0
    own = str(run / "bases" / "fast" / "mine.safetensors")
    assert [network.base for network in performed[0].networks] == [own, full.base]
    assert [network.base for network in read_request(run).networks] == [own, full.base]
    notices = [event["text"] for event in EventReader(run / "events.jsonl").read()]
    assert len(notices) == 1  # the first network can be trained, and said is what is missing for the second
    assert f"put {full.base} back" in notices[0]


def test_an_estimate_reads_vgg_s_weights_once(
    painting: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reads: list[object] = []
    original = trainer.perceptual._read_weights

    def counted(path: Path | None) -> Any:
        reads.append(path)
        return original(path)

    monkeypatch.setattr(trainer.perceptual, "_read_weights", counted)
    monkeypatch.setattr(trainer.estimate, "_BUDGET_S", 0.0)
    small = ["--variant", "fast", "--crop", "64", "--vgg-precision", "float32", "--device", "cpu"]
    assert program.main(["estimate", str(painting), *small]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"quick", "standard", "best", "device"}
    assert len(reads) == 1
