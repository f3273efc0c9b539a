"""A run becomes a style: judged, recorded, joined to its other network."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from stylecam.errors import TrainError
from trainer.events import EventLog
from trainer.export import export_style, root_base
from trainer.perceptual import Vgg16
from trainer.request import Texts
from trainer.state import fresh_checkpoint
from trainer.watching import write_trial

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.styles import Style
    from trainer.config import TrainConfig


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    return Vgg16()


def _weights(config: TrainConfig, **changed: float) -> dict[str, torch.Tensor]:
    """Noise that paints; with some tensors all set to one value."""
    weights = dict(fresh_checkpoint(config, "").average)
    weights["deconv3.conv2d.weight"] = 40 * weights["deconv3.conv2d.weight"]
    weights["deconv3.conv2d.bias"] = torch.full_like(weights["deconv3.conv2d.bias"], 127.0)
    return {name: torch.full_like(t, changed[name]) if name in changed else t for name, t in weights.items()}


def _export(config: TrainConfig, folder: Path, vgg: Vgg16, texts: Texts = Texts(), **changed: float) -> Style:  # noqa: B008
    folder.mkdir(exist_ok=True)
    trial = write_trial(folder, config, 8, _weights(config, **changed))
    events = EventLog(folder / "events.jsonl")
    target = folder / "discs.safetensors"
    return export_style(trial, config, target, events, step=8, seconds=2.5, texts=texts, vgg=vgg)


def test_a_finished_run_becomes_a_style_with_a_record(config: TrainConfig, vgg: Vgg16, tmp_path: Path) -> None:
    style = _export(config, tmp_path, vgg, Texts(author="Tests"))
    assert style.name == "discs"
    assert style.variants == ("fast",)
    assert style.title == "Discs"
    assert style.thumbnail is not None
    record: Any = style.record["fast"]
    assert record["steps"] == 8
    assert record["settings"]["painting"] == "discs"
    assert set(record["held_out"]) == {"content", "style", "flicker", "pan_flicker"}
    assert np.isfinite(list(record["held_out"].values())).all()
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["measuring", "measuring", "report", "exported"]
    assert [(event["number"], event["count"]) for event in events[:2]] == [(1, 2), (2, 2)]
    assert events[2]["spread"] > 0.02

    # A second network from the same painting joins the first, and keeps its texts.
    both = _export(replace(config, variant="full"), tmp_path, vgg)
    assert set(both.variants) == {"fast", "full"}
    assert both.author == "Tests"
    before, after = style.weights("fast"), both.weights("fast")
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"deconv3.conv2d.weight": 0.0}, "one even colour"),
        ({"conv1.conv2d.weight": 60000.0, "conv1.conv2d.bias": 60000.0, "in1.weight": 60000.0}, ""),
    ],
)
def test_what_paints_nothing_is_refused_and_leaves_no_style(
    config: TrainConfig, vgg: Vgg16, tmp_path: Path, changed: dict[str, float], words: str
) -> None:
    if words:
        with pytest.raises(TrainError, match=words):
            _export(config, tmp_path, vgg, **changed)
        assert not (tmp_path / "discs.safetensors").exists()
    else:  # large weights are no fault as long as what is painted is finite
        assert _export(config, tmp_path, vgg, **changed).variants == ("fast",)


def test_a_style_names_the_root_that_it_comes_from(config: TrainConfig, vgg: Vgg16, tmp_path: Path) -> None:
    first = _export(config, tmp_path / "one", vgg)
    assert root_base(replace(config, base=str(first.path))) == "discs"
    second = _export(replace(config, base=str(first.path)), tmp_path / "two", vgg)
    assert second.base == "discs"
    grandchild = second.path.rename(second.path.with_name("other.safetensors"))
    assert root_base(replace(config, base=str(grandchild))) == "discs"
    assert root_base(config) == ""
