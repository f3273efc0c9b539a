"""What is counted and multiplied; how fast this machine is, no test can know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

import trainer.estimate
from trainer.config import TrainConfig, preset_settings
from trainer.estimate import estimate

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"painting": "no such painting", "content": "no such folder", "crop": 64, "painting_size": 64}


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Steps and looks that take so long, each the double at first; and how often each was taken."""
    pace = {"reconstruction": 1.0, "painting": 10.0, "consistent": 100.0}

    def take(network: Any, kind: str) -> float:
        return pace[kind] * (1 if network.times.get(kind) else 2)

    monkeypatch.setattr(trainer.estimate._Timed, "take", take)
    monkeypatch.setattr(trainer.estimate, "_BUDGET_S", 1e6)
    monkeypatch.setattr(trainer.estimate._Looks, "seconds", lambda *_: 0.0)
    monkeypatch.setattr(trainer.estimate, "_START_S", (0.0, 0.0))
    return pace


def foretold(config: TrainConfig) -> float:
    """The middle of what is foretold for one network, its margins taken out."""
    low, high = estimate({"one": [config]})["one"]
    assert low / trainer.estimate._LOW == pytest.approx(high / trainer.estimate._HIGH)
    return low / trainer.estimate._LOW


def test_steps_are_counted_by_their_kind(seconds: dict[str, float]) -> None:
    config = TrainConfig(**SMALL, steps=100, reconstruction_steps=20, consistency_start=0.5)
    # Steps 0-19, 20-50 and 51-99: the consistency's weight is still nothing at exactly half.
    assert foretold(config) == pytest.approx(20 * 1 + 31 * 10 + 49 * 100)


def test_a_base_leaves_the_reconstruction_out(seconds: dict[str, float]) -> None:
    config = TrainConfig(**SMALL, base="no such style", steps=100, reconstruction_steps=200, consistency_start=0.5)
    assert foretold(config) == pytest.approx(51 * 10 + 49 * 100)


def test_without_a_weight_or_after_the_end_nothing_is_consistent(seconds: dict[str, float]) -> None:
    common: dict[str, Any] = {**SMALL, "base": "?", "steps": 10}
    assert foretold(TrainConfig(**common, consistency_weight=0)) == pytest.approx(100)
    assert foretold(TrainConfig(**common, consistency_start=2)) == pytest.approx(100)


def test_a_batch_of_two_takes_twice_as_long_on_a_processor(seconds: dict[str, float]) -> None:
    one = TrainConfig(**SMALL, base="?", steps=10, consistency_weight=0)
    two = TrainConfig(**SMALL, base="?", steps=10, consistency_weight=0, batch=2)
    both = estimate({"one": [one], "two": [two]})
    assert both["two"][0] == pytest.approx(2 * both["one"][0])


def test_what_trainings_share_is_timed_once_and_added_up(
    seconds: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    original = trainer.estimate._Timed.take

    def counting(network: Any, kind: Any) -> float:
        taken.append(network.state.saved.config.crop)
        return original(network, kind)

    monkeypatch.setattr(trainer.estimate._Timed, "take", counting)
    short = TrainConfig(**SMALL, base="?", steps=10, consistency_weight=0)
    long = TrainConfig(**SMALL, base="?", steps=30, consistency_weight=0)
    times = estimate({"short": [short], "long": [long], "both": [short, long]})
    assert len(taken) == 1 + trainer.estimate._MOST_SAMPLES
    assert times["long"][0] == pytest.approx(3 * times["short"][0])
    assert times["both"][1] == pytest.approx(times["short"][1] + times["long"][1])


def test_where_there_is_no_time_each_kind_is_timed_once(
    seconds: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.estimate, "_BUDGET_S", 0.0)
    config = TrainConfig(**SMALL, base="?", steps=10, consistency_weight=0)
    assert foretold(config) == pytest.approx(10 * 2 * 10)  # the first, slow one, for want of another


def test_real_steps_of_every_kind_are_taken_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trainer.estimate, "_MOST_SAMPLES", 1)
    seen: dict[str, tuple[bool, bool]] = {}
    original = trainer.estimate._Timed.take

    def noting(network: Any, kind: Any) -> float:
        config, step = network.examples[kind]
        network.state.step = step
        losses, finite = network.stepper.gradients(network.state, config)
        assert finite
        seen[kind] = losses["style"] > 0, losses["consistency"] > 0
        return original(network, kind)

    monkeypatch.setattr(trainer.estimate._Timed, "take", noting)
    chance, threads = torch.get_rng_state(), torch.get_num_threads()
    configs = {
        "scratch": [TrainConfig(**SMALL, steps=40, reconstruction_steps=8)],
        "two": [TrainConfig(**SMALL, base="?", variant=v, steps=40, batch=2) for v in ("fast", "full")],
    }
    times = estimate(configs, threads=1)
    assert seen == {"reconstruction": (False, False), "painting": (True, False), "consistent": (True, True)}
    assert list(times) == ["scratch", "two"]
    assert all(0 < low < high < 3600 for low, high in times.values())
    assert torch.equal(torch.get_rng_state(), chance)
    assert torch.get_num_threads() == threads
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_more_checkpoints_and_more_photographs_take_longer() -> None:
    looks = trainer.estimate._Looks(paint=0.1, vgg=1.0)
    config = TrainConfig(**SMALL, steps=1000, reconstruction_steps=0)
    often, seldom = (looks.seconds(config, 500, every) for every in (50, 500))
    each = 4 * (0.1 + 1.35) + 12 * 0.1
    assert often - seldom == pytest.approx(18 * each)


@pytest.mark.parametrize("preset", ["quick", "standard", "best"])
@pytest.mark.parametrize("base", ["", "?"])
def test_every_step_of_every_preset_is_of_one_kind(preset: Any, base: str) -> None:
    config = TrainConfig(painting="", content="", base=base, **preset_settings(preset, from_base=bool(base)))
    kinds = trainer.estimate._schedule(config)
    assert [step for steps in kinds.values() for step in steps] == list(range(config.steps))
