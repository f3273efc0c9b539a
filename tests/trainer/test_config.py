from __future__ import annotations

from typing import Any, get_args

import pytest

from stylecam.errors import TrainError
from trainer.config import Emphasis, Preset, TrainConfig, preset_settings, preset_variants


def test_a_configuration_survives_json() -> None:
    config = TrainConfig("p.png", "photos", layer_weights=(1, 2, 3, 4), scales=1)
    assert TrainConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"painting": "p"}',
        '{"painting": "p", "content": "c", "layer_weights": [1, 1, 1, 1], "steps": -1}',
    ],
)
def test_damaged_settings_are_refused(text: str) -> None:
    with pytest.raises(TrainError, match="start a new run"):
        TrainConfig.from_json(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 1500},
        {"crop": 8},
        {"variant": "slim"},
        {"content_layer": "relu5_1"},
        {"vgg_precision": "bf16"},
        {"style_weight": -1.0},
        {"style_weight": float("nan")},
        {"tv_weight": -0.1},
        {"color_weight": -0.1},
        {"layer_weights": (0, 0, 0, 0)},
        {"seed": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrainConfig("p.png", "photos", **wrong)


@pytest.mark.parametrize("from_base", [False, True])
def test_presets_grow(from_base: bool) -> None:
    base = "base.safetensors" if from_base else ""
    configs = [
        TrainConfig("p", "c", base=base, **preset_settings(preset, from_base=from_base)) for preset in get_args(Preset)
    ]
    work = [config.steps * config.batch * config.crop**2 for config in configs]
    assert work == sorted(work)
    assert len(set(work)) == 3
    assert set(preset_variants("best")) > set(preset_variants("quick"))


def test_a_base_saves_steps() -> None:
    for preset in get_args(Preset):
        assert preset_settings(preset, from_base=True)["steps"] < preset_settings(preset, from_base=False)["steps"]
        # A base has strokes and colours already: what it has is not unlearned while the style's weight rises.
        assert preset_settings(preset, from_base=True)["style_rise"] == 0


def test_emphasis_multiplies_weights_and_nothing_else() -> None:
    config = TrainConfig("p", "c", style_weight=4, content_weight=2, consistency_weight=10)
    changed = config.with_emphasis(Emphasis(style=2, content=0.5, steady=3))
    assert (changed.style_weight, changed.content_weight, changed.consistency_weight) == (8, 1, 30)
    assert changed.color_weight == 2 * config.color_weight
    assert config.with_emphasis(Emphasis()) == config
    with pytest.raises(ValueError, match="steady"):
        Emphasis(steady=float("nan"))
