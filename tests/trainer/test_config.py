from __future__ import annotations

from typing import Any, get_args

import pytest

from stylecam.errors import TrainError
from trainer.config import PRESETS, Preset, TrainConfig


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
        {"layer_weights": (0, 0, 0, 0)},
        {"seed": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrainConfig("p.png", "photos", **wrong)


def test_presets_grow() -> None:
    steps = [TrainConfig("p", "c", **PRESETS[preset]).steps for preset in get_args(Preset)]
    assert steps == sorted(steps)
    assert len(set(steps)) == 3
