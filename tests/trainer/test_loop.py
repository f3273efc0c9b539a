"""The loop on a small painting, with the real VGG: it learns, goes on exactly, and survives what breaks runs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image as PilImage

import trainer.state
import trainer.stepper
from stylecam.errors import TrainError
from stylecam.styles import read_style
from trainer.checkpoint import latest_checkpoint
from trainer.content import ContentImages
from trainer.events import EventLog
from trainer.loop import train
from trainer.watching import write_trial

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainer.checkpoint import Checkpoint
    from trainer.config import TrainConfig
    from trainer.objective import Losses


def _run(config: TrainConfig, folder: Path, **options: Any) -> tuple[Checkpoint, list[float]]:
    """Train, and return the last checkpoint and every step's total loss."""
    totals: list[float] = []
    original = trainer.stepper.step_losses

    def noting(*arguments: Any) -> Losses:
        losses = original(*arguments)
        totals.append(losses.total.item())
        return losses

    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.stepper, "step_losses", noting)
        outcome = train(config, folder, EventLog(folder / "events.jsonl"), **options)
    return outcome.checkpoint, totals


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
    with pytest.raises(TrainError, match=r"begun with other settings \(style_weight was 5\.0, now 3\.0\)"):
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
    original = trainer.stepper.step_losses
    broken: list[int] = []

    def once_broken(*arguments: Any) -> Losses:
        losses, step = original(*arguments), arguments[5]
        if step == 5 and not broken:
            broken.append(step)
            return replace(losses, total=losses.total * float("nan"))
        return losses

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.stepper, "step_losses", once_broken)
        checkpoint = train(config, tmp_path, EventLog(tmp_path / "events.jsonl"), checkpoint_every=4).checkpoint
    assert checkpoint.step == config.steps
    assert checkpoint.rate_factor == 0.5
    assert all(tensor.isfinite().all() for tensor in checkpoint.network.values())
    rolled = [event for event in _events(tmp_path) if event["event"] == "rolled_back"]
    assert [(event["step"], event["to_step"]) for event in rolled] == [(5, 4)]


def test_a_loss_that_stays_non_finite_ends_the_run_with_a_reason(config: TrainConfig, tmp_path: Path) -> None:
    original = trainer.stepper.step_losses

    def broken(*arguments: Any) -> Losses:
        losses = original(*arguments)
        return replace(losses, total=losses.total * float("inf"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.stepper, "step_losses", broken)
        with pytest.raises(TrainError, match="stayed non-finite"):
            train(config, tmp_path, EventLog(tmp_path / "events.jsonl"))


def test_events_tell_the_whole_story(config: TrainConfig, tmp_path: Path) -> None:
    _run(config, tmp_path, checkpoint_every=4)
    events = _events(tmp_path)
    kinds = [event["event"] for event in events]
    assert kinds[0] == "started"
    assert kinds.count("checkpoint") == kinds.count("held_out") == 2
    assert [event["phase"] for event in events if event["event"] == "phase"] == ["reconstruction", "painting"]
    last_step = [event for event in events if event["event"] == "step"][-1]
    assert last_step["step"] == last_step["steps"] == config.steps
    assert {"content", "style", "tv", "consistency", "seconds_left"} <= set(last_step)
    preview = [event for event in events if event["event"] == "preview"][-1]
    with PilImage.open(preview["path"]) as painted, PilImage.open(tmp_path / "previews/source.jpg") as source:
        assert painted.size == source.size
    assert preview["step"] == config.steps
    assert read_style(preview["style"]).variants == ("fast",)


@pytest.mark.parametrize("with_base", [False, True])
def test_the_style_is_the_average_of_the_weights_since_painting_began(
    config: TrainConfig, tmp_path: Path, with_base: bool
) -> None:
    if with_base:
        first, _ = _run(config, tmp_path / "base")
        style = write_trial(tmp_path / "base", config, first.step, first.average)
        config = replace(config, base=str(style.path))
    seen: list[torch.Tensor] = []
    follow = trainer.state.State._follow

    def noting(state: trainer.state.State, painted_steps: int) -> None:
        seen.append(state.network.get_parameter("conv1.conv2d.weight").detach().clone())
        follow(state, painted_steps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.state.State, "_follow", noting)
        checkpoint, _ = _run(config, tmp_path / "run")
    begin = 0 if with_base else config.reconstruction_steps
    expected = torch.zeros_like(seen[0]) if begin else checkpoint.network["conv1.conv2d.weight"] * 0
    for step, weights in enumerate(seen, start=1):
        painted = max(0, step - begin)
        decay = painted / (painted + 10)
        expected = weights if step == 1 and not with_base else expected * decay + weights * (1 - decay)
        if step == 1 and with_base:
            start = read_style(config.base).weights("fast")["conv1.conv2d.weight"]
            expected = torch.from_numpy(start).float() * decay + weights * (1 - decay)
    torch.testing.assert_close(checkpoint.average["conv1.conv2d.weight"], expected)
    assert not torch.equal(checkpoint.average["conv1.conv2d.weight"], checkpoint.network["conv1.conv2d.weight"])


def test_a_photograph_that_goes_away_loses_no_step(config: TrainConfig, tmp_path: Path) -> None:
    original = trainer.stepper.step_losses

    def gone(*arguments: Any) -> Losses:
        if arguments[5] == 6:
            raise TrainError("the photograph has gone")
        return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.stepper, "step_losses", gone)
        with pytest.raises(TrainError, match="has gone"):
            train(config, tmp_path, EventLog(tmp_path / "events.jsonl"))
    latest = latest_checkpoint(tmp_path / "fast")
    assert latest is not None
    assert latest.step == 6


def _events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_a_photograph_to_be_judged_by_that_goes_away_ends_no_run(config: TrainConfig, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    shutil.copytree(config.content, folder)
    config = replace(config, content=str(folder), steps=3)
    held_out = ContentImages(folder, config.crop, config.batch, config.seed).held_out

    def take_away() -> bool:
        for path in held_out:
            path.unlink(missing_ok=True)
        return False

    checkpoint, _ = _run(config, tmp_path / "run", stop=take_away)
    assert checkpoint.step == 3
    told = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert any("step 3 could not be judged" in event.get("text", "") for event in told)
