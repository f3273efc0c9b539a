"""Before the first step: what `new` asks for is worked out, said, and in the run's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import trainer.prepare
from stylecam.errors import TrainError
from stylecam.runs import EventReader
from tests.tiny import write_tiny_style
from tests.trainer.conftest import draw_picture
from trainer.events import EventLog
from trainer.options import build_parser
from trainer.perceptual import Vgg16
from trainer.prepare import prepare
from trainer.request import read_request

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    return Vgg16()


def _prepare(painting: Path, photographs: Path, run: Path, vgg: Vgg16, *more: str) -> list[dict[str, Any]]:
    run.mkdir(exist_ok=True)
    what = [str(painting), "--name", "discs", "--content", str(photographs), "--vgg-precision", "float32"]
    arguments = build_parser().parse_args(["new", *what, "--crop", "64", *more])
    prepare(arguments, run, EventLog(run / "events.jsonl"), vgg, "cpu", "5" * 64)
    return EventReader(run / "events.jsonl").read()


def test_every_network_s_base_lies_in_the_run_before_the_first_step(
    painting: Path, photographs: Path, base: Path, vgg: Vgg16, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    _prepare(painting, photographs, run, vgg, "--preset", "best", "--base", str(base))
    bases = [config.base for config in read_request(run).networks]
    assert bases == [str(run / "bases" / variant / base.name) for variant in ("fast", "full")]


def test_a_base_without_the_second_network_is_refused_at_the_start(
    painting: Path, photographs: Path, vgg: Vgg16, tmp_path: Path
) -> None:
    base = write_tiny_style(tmp_path / "mine.safetensors").path
    with pytest.raises(TrainError, match=r"mine\.safetensors has no full network"):
        _prepare(painting, photographs, tmp_path / "run", vgg, "--preset", "best", "--base", str(base))


def test_a_panorama_is_cut_with_a_notice(photographs: Path, base: Path, vgg: Vgg16, tmp_path: Path) -> None:
    draw_picture(0, (2000, 64)).save(tmp_path / "long.png")
    events = _prepare(tmp_path / "long.png", photographs, tmp_path / "run", vgg, "--base", str(base))
    assert [e["text"][:49] for e in events if e["event"] == "notice"] == [
        "of 2000×64 pixels, the middle 256×64 are learned:"
    ]


def test_minutes_are_measured_with_the_vgg_that_is_loaded(
    painting: Path, photographs: Path, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def foretell(_configs: Any, **options: Any) -> dict[str, tuple[float, float]]:
        given.append(options["vgg"])
        return {"wanted": (600.0, 600.0)}

    monkeypatch.setattr(trainer.prepare, "estimate", foretell)
    _prepare(painting, photographs, tmp_path / "run", vgg, "--base", str(base), "--minutes", "5")
    assert given == [vgg]
    assert read_request(tmp_path / "run").networks[0].steps == 750


def test_too_few_photographs_are_news_before_a_base_is_looked_for(
    painting: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for seed in range(2):
        draw_picture(seed, (300, 300)).save(few / f"{seed}.png")
    monkeypatch.setattr(trainer.prepare, "nearest_base", None)  # would be called in vain
    with pytest.raises(TrainError, match="2 usable photographs, training needs at least 8"):
        _prepare(painting, few, tmp_path / "run", vgg)
    said = [event.get("phase") for event in EventReader(tmp_path / "run" / "events.jsonl").read()]
    assert said == ["photographs"]


def test_somebody_is_listened_to_between_the_parts(
    painting: Path, photographs: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    styles = [write_tiny_style(tmp_path / f"{name}.safetensors") for name in ("one", "two", "three")]
    monkeypatch.setattr(trainer.prepare, "StyleLibrary", lambda: {style.name: style for style in styles})
    run = tmp_path / "run"
    run.mkdir()
    what = [str(painting), "--name", "discs", "--content", str(photographs), "--vgg-precision", "float32"]
    events = EventLog(run / "events.jsonl")

    class EndedError(Exception):
        pass

    looks: list[bool] = []

    def look() -> None:
        looks.append(any(event.get("phase") == "base" for event in EventReader(events.path).read()))
        if looks.count(True) == 2:  # the second candidate
            raise EndedError

    arguments = build_parser().parse_args(["new", *what, "--crop", "64", "--painting-size", "64"])
    with pytest.raises(EndedError):
        prepare(arguments, run, events, vgg, "cpu", "5" * 64, look)
    assert looks.count(False) >= 3
    assert "base" not in {event["event"] for event in EventReader(events.path).read()}
