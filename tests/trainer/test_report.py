"""The report on styles of random weights: every figure is there, and none is infinite, whatever the network does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import trainer.report
from stylecam.devices import choose_device
from stylecam.styles import write_style
from tests.tiny import random_weights, write_tiny_style
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.measure import measure_held_out
from trainer.perceptual import Vgg16, style_target
from trainer.report import Report, report, report_main

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stylecam.styles import Style


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    return Vgg16()


def test_every_figure_of_a_network_is_told(vgg: Vgg16, photographs: Path, painting: Path, tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "tiny.safetensors")
    target = style_target(vgg, to_tensor(load_picture(painting)))
    paths = sorted(photographs.iterdir())[:2]
    figures = report(style, "fast", vgg=vgg, target=target, photographs=paths)
    assert figures.variant == "fast"
    network = trainer.report._network(style, "fast", choose_device("cpu"))
    held_out = measure_held_out(network, vgg, target, paths)
    for name in ("content", "style", "flicker"):
        assert getattr(figures, name) == pytest.approx(getattr(held_out, name), rel=1e-5)
    assert figures.pan_flicker is not None
    assert figures.pan_flicker > 0
    assert figures.half_db is not None
    assert 40 < figures.half_db < 120
    assert figures.milliseconds is not None
    assert figures.milliseconds > 0
    assert 0.02 < figures.spread < 0.5


def test_without_vgg_or_painting_there_are_no_losses(vgg: Vgg16, photographs: Path, tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "tiny.safetensors")
    paths = sorted(photographs.iterdir())[:1]
    unseen = report(style, "fast", vgg=None, target=None, photographs=paths)
    assert unseen.content is None
    assert unseen.style is None
    assert unseen.flicker is not None
    seen = report(style, "fast", vgg=vgg, target=None, photographs=paths)
    assert seen.content is not None
    assert seen.style is None
    with pytest.raises(ValueError, match="at least one photograph"):
        report(style, "fast", vgg=None, target=None, photographs=[])


def test_a_network_that_paints_one_flat_colour_is_seen_by_its_spread(photographs: Path, tmp_path: Path) -> None:
    weights = random_weights("fast")
    weights["deconv3.conv2d.weight"] *= 0
    weights["deconv3.conv2d.bias"][:] = (10, 20, 200)
    style = write_style(tmp_path / "flat.safetensors", weights={"fast": weights}, title="Flat")
    figures = report(style, "fast", vgg=None, target=None, photographs=sorted(photographs.iterdir())[:1])
    assert figures.spread == pytest.approx(0, abs=1e-6)
    assert figures.flicker == pytest.approx(0, abs=1e-6)


def test_a_style_that_overflows_half_precision_says_so(photographs: Path, tmp_path: Path) -> None:
    weights = random_weights("fast")
    weights["deconv3.conv2d.weight"] *= 3000
    style = write_style(tmp_path / "loud.safetensors", weights={"fast": weights}, title="Loud")
    figures = report(style, "fast", vgg=None, target=None, photographs=sorted(photographs.iterdir())[:1])
    assert figures.half_db is None
    assert figures.milliseconds is not None


def test_a_network_that_is_not_finite_has_no_figures_and_no_spread(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    style = write_tiny_style(tmp_path / "tiny.safetensors")
    broken = {name: np.full_like(value, np.nan) for name, value in style.weights("fast").items()}
    monkeypatch.setattr("stylecam.stylefile.Style.weights", lambda style, variant: broken)
    figures = report(style, "fast", vgg=None, target=None, photographs=sorted(photographs.iterdir())[:1])
    assert figures == Report("fast", None, None, None, None, None, None, 0.0)
    assert json.loads(figures.to_json())["flicker"] is None
    assert trainer.report._milliseconds(style, "fast", next(photographs.iterdir()), choose_device("cpu")) is None


def test_a_line_of_json_is_printed_for_each_network(
    photographs: Path,
    painting: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[tuple[str, Sequence[Path], int]] = []

    def quick(style: Style, variant: Any, *, vgg: Any, target: Any, photographs: Sequence[Path], device: str) -> Report:
        measured.append((variant, photographs, target.full["relu1_2"].shape[-1] if target else 0))
        return Report(variant, 0.123456, None, 1.0, 1.0, 61.23456, 12.3456, 0.2)

    monkeypatch.setattr(trainer.report, "report", quick)
    sizes = {"painting_size": 64}
    record = {"full": {"settings": {**sizes, "crop": 64, "seed": 7}}, "fast": {"settings": sizes}}
    path = write_tiny_style(tmp_path / "both.safetensors", variants=("fast", "full"), record=record).path
    report_main(path, painting, photographs, "cpu")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["variant"] for line in lines] == ["full", "fast"]
    assert lines[0]["content"] == 0.1235
    assert lines[0]["half_db"] == 61.2
    assert lines[0]["style"] is None
    # Those that the training has not seen; of pictures that no training would take, the first.
    assert measured[0] == ("full", ContentImages(photographs, 64, 1, 7).held_out, 64)
    assert measured[1][1] == sorted(photographs.iterdir())[:8]
    few = tmp_path / "few"
    few.mkdir()
    for photograph in sorted(photographs.iterdir())[:3]:
        (few / photograph.name).write_bytes(photograph.read_bytes())
    report_main(path, None, few, "cpu")
    assert measured[2] == ("full", sorted(few.iterdir()), 0)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"fast": {"settings": {"painting_size": 700}}}, 700),
        ({"fast": {"settings": {"painting_size": 10**9}}}, 512),
        ({"fast": {"settings": ["painting_size"]}}, 512),
        ({"fast": 3}, 512),
        ({}, 512),
    ],
)
def test_the_painting_is_scaled_as_in_the_training_where_the_record_tells(
    record: dict[str, object], expected: int, tmp_path: Path
) -> None:
    style = write_tiny_style(tmp_path / "tiny.safetensors", record=record)
    assert trainer.report._trained_with(style, "fast", "painting_size") == expected
