"""The loop on a small painting, with the real VGG: it learns, goes on exactly, and survives what breaks runs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import trainer.loop
from stylecam.errors import TrainError
from stylecam.styles import read_style
from trainer.checkpoint import latest_checkpoint, read_checkpoint, write_checkpoint
from trainer.config import TrainConfig
from trainer.events import EventLog
from trainer.export import export_style
from trainer.loop import train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainer.checkpoint import Checkpoint
    from trainer.objective import Losses


@pytest.fixture
def config(painting: Path, photographs: Path) -> TrainConfig:
    return TrainConfig(
        painting=str(painting),
        content=str(photographs),
        painting_sha256="5" * 64,
        steps=8,
        crop=64,
        painting_size=96,
        reconstruction_steps=2,
        style_rise=1,
        consistency_start=0.5,
    )


def _run(config: TrainConfig, folder: Path, **options: Any) -> tuple[Checkpoint, list[float]]:
    """Train, and return the last checkpoint and every step's total loss."""
    totals: list[float] = []
    original = trainer.loop.step_losses

    def noting(*arguments: Any) -> Losses:
        losses = original(*arguments)
        totals.append(losses.total.item())
        return losses

    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.loop, "step_losses", noting)
        checkpoint = train(config, folder, EventLog(folder / "events.jsonl"), **options)
    return checkpoint, totals


def _stop_after(steps: int) -> Callable[[], bool]:
    asked = iter(range(1000))
    return lambda: next(asked) >= steps


def test_a_resumed_run_gives_the_losses_and_weights_of_an_unbroken_one(config: TrainConfig, tmp_path: Path) -> None:
    unbroken, expected = _run(config, tmp_path / "unbroken")
    stopped, first = _run(config, tmp_path / "broken", stop=_stop_after(5))
    assert stopped.step == 5
    resumed, second = _run(config, tmp_path / "broken")
    assert first + second == expected
    for name, tensor in unbroken.average.items():
        assert torch.equal(tensor, resumed.average[name])


def test_a_run_is_not_gone_on_with_under_other_settings(config: TrainConfig, tmp_path: Path) -> None:
    _run(config, tmp_path, stop=_stop_after(1))
    with pytest.raises(TrainError, match=r"begun with other settings \(style_weight was 8\.0, now 3\.0\)"):
        _run(replace(config, style_weight=3.0), tmp_path)
    longer, _ = _run(replace(config, steps=9), tmp_path)
    assert longer.step == 9


@pytest.mark.parametrize("scales", [1, 2])
def test_training_lowers_the_losses(config: TrainConfig, tmp_path: Path, scales: Any) -> None:
    config = replace(config, steps=140, reconstruction_steps=60, scales=scales, consistency_weight=0)
    _, totals = _run(config, tmp_path / "run")
    assert np.mean(totals[40:60]) < 0.95 * np.mean(totals[:20])  # learns to give back its input
    assert np.mean(totals[-20:]) < 0.95 * np.mean(totals[60:80])  # then to paint


def test_a_non_finite_loss_is_rolled_back_at_half_the_rate(config: TrainConfig, tmp_path: Path) -> None:
    original = trainer.loop.step_losses
    broken: list[int] = []

    def once_broken(*arguments: Any) -> Losses:
        losses, step = original(*arguments), arguments[5]
        if step == 5 and not broken:
            broken.append(step)
            return replace(losses, total=losses.total * float("nan"))
        return losses

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.loop, "step_losses", once_broken)
        checkpoint = train(config, tmp_path, EventLog(tmp_path / "events.jsonl"), checkpoint_every=4)
    assert checkpoint.step == config.steps
    assert checkpoint.rate_factor == 0.5
    assert all(tensor.isfinite().all() for tensor in checkpoint.network.values())
    rolled = [event for event in _events(tmp_path) if event["event"] == "rolled_back"]
    assert [(event["step"], event["to_step"]) for event in rolled] == [(5, 4)]


def test_a_loss_that_stays_non_finite_ends_the_run_with_a_reason(config: TrainConfig, tmp_path: Path) -> None:
    original = trainer.loop.step_losses

    def broken(*arguments: Any) -> Losses:
        losses = original(*arguments)
        return replace(losses, total=losses.total * float("inf"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.loop, "step_losses", broken)
        with pytest.raises(TrainError, match="stayed non-finite"):
            train(config, tmp_path, EventLog(tmp_path / "events.jsonl"))


def test_events_tell_the_whole_story(config: TrainConfig, tmp_path: Path) -> None:
    _run(config, tmp_path, checkpoint_every=4)
    events = _events(tmp_path)
    kinds = [event["event"] for event in events]
    assert kinds[0] == "started"
    assert kinds.count("checkpoint") == kinds.count("held_out") == kinds.count("preview") == 2
    last_step = [event for event in events if event["event"] == "step"][-1]
    assert last_step["step"] == last_step["steps"] == config.steps
    assert {"content", "style", "tv", "consistency", "seconds_left"} <= set(last_step)
    preview = [event for event in events if event["event"] == "preview"][-1]
    assert (tmp_path / preview["path"]).is_file()


def test_a_torn_checkpoint_is_passed_over_and_old_ones_go(config: TrainConfig, tmp_path: Path) -> None:
    checkpoint, _ = _run(config, tmp_path, checkpoint_every=2)
    files = sorted(tmp_path.glob("checkpoint-*.safetensors"))
    assert len(files) == 2
    files[-1].write_bytes(files[-1].read_bytes()[:1000])
    older = latest_checkpoint(tmp_path)
    assert older is not None
    assert older.step == config.steps - 2
    with pytest.raises(TrainError, match="not a readable checkpoint"):
        read_checkpoint(files[-1])
    assert checkpoint.step == config.steps
    # Where none can be read, a run does not begin again in silence.
    files[0].write_bytes(b"?")
    with pytest.raises(TrainError, match="move the files"):
        latest_checkpoint(tmp_path)


def test_what_was_just_written_stays_whatever_else_lies_there(config: TrainConfig, tmp_path: Path) -> None:
    checkpoint, _ = _run(config, tmp_path)
    for step in (100, 200):
        (tmp_path / f"checkpoint-{step:07d}.safetensors").write_bytes(b"?")
    path = write_checkpoint(tmp_path, replace(checkpoint, step=9))
    assert path.is_file()
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert latest.step == 9


@pytest.mark.parametrize("with_base", [False, True])
def test_the_style_is_the_average_of_the_weights_since_painting_began(
    config: TrainConfig, tmp_path: Path, with_base: bool
) -> None:
    if with_base:
        first, _ = _run(config, tmp_path / "base")
        style = export_style(first, tmp_path / "discs.safetensors", EventLog(tmp_path / "events.jsonl"))
        config = replace(config, base=str(style.path))
    seen: list[torch.Tensor] = []
    follow = trainer.loop._follow

    def noting(average: dict[str, torch.Tensor], network: torch.nn.Module, step: int) -> None:
        seen.append(network.get_parameter("conv1.conv2d.weight").detach().clone())
        follow(average, network, step)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.loop, "_follow", noting)
        checkpoint, _ = _run(config, tmp_path / "run")
    begin = 0 if with_base else config.reconstruction_steps
    expected = torch.zeros_like(seen[0]) if begin else checkpoint.network["conv1.conv2d.weight"] * 0
    for step, weights in enumerate(seen, start=1):
        painted = max(0, step - begin)
        decay = painted / (painted + 10)
        expected = weights if step == 1 and not with_base else expected * decay + weights * (1 - decay)
        if step == 1 and with_base:
            start = read_style(tmp_path / "discs.safetensors").weights("fast")["conv1.conv2d.weight"]
            expected = torch.from_numpy(start).float() * decay + weights * (1 - decay)
    torch.testing.assert_close(checkpoint.average["conv1.conv2d.weight"], expected)
    assert not torch.equal(checkpoint.average["conv1.conv2d.weight"], checkpoint.network["conv1.conv2d.weight"])


def test_a_photograph_that_goes_away_loses_no_step(config: TrainConfig, tmp_path: Path) -> None:
    original = trainer.loop.step_losses

    def gone(*arguments: Any) -> Losses:
        if arguments[5] == 6:
            raise TrainError("the photograph has gone")
        return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.loop, "step_losses", gone)
        with pytest.raises(TrainError, match="has gone"):
            train(config, tmp_path, EventLog(tmp_path / "events.jsonl"))
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert latest.step == 6


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(config: TrainConfig, tmp_path: Path) -> None:
    checkpoint, _ = _run(config, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.replace", _no_room)
        with pytest.raises(TrainError, match="cannot be written"):
            write_checkpoint(tmp_path, replace(checkpoint, step=99))
    assert not list(tmp_path.glob("*.part"))
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert latest.step == config.steps


def test_a_finished_run_becomes_a_style_with_a_record(config: TrainConfig, tmp_path: Path) -> None:
    checkpoint, _ = _run(config, tmp_path / "run")
    events = EventLog(tmp_path / "events.jsonl")
    style = export_style(checkpoint, tmp_path / "discs.safetensors", events, author="Tests")
    assert style.name == "discs"
    assert style.variants == ("fast",)
    assert style.thumbnail is not None
    record: Any = style.record["fast"]
    assert record["steps"] == config.steps
    assert record["settings"]["painting"] == "discs"
    assert np.isfinite(list(record["held_out"].values())).all()

    # A second network from the same painting joins the first.
    full = replace(config, variant="full", steps=1, reconstruction_steps=0)
    other, _ = _run(full, tmp_path / "full")
    both = export_style(other, tmp_path / "discs.safetensors", events)
    assert set(both.variants) == {"fast", "full"}
    assert both.author == "Tests"
    np.testing.assert_array_equal(
        both.weights("fast")["conv1.conv2d.weight"], checkpoint.average["conv1.conv2d.weight"].half().numpy()
    )

    # A run can start from it.
    warm = replace(config, base=str(both.path), steps=1)
    started, _ = _run(warm, tmp_path / "warm")
    before = both.weights("fast")["res1.conv1.conv2d.weight"].astype(np.float32)
    np.testing.assert_allclose(started.network["res1.conv1.conv2d.weight"].numpy(), before, atol=2e-3)


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def _events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
