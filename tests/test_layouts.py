from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import torch

from stylecam import layouts
from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.engine import Engine
from stylecam.inference import FORMS, build_network, to_network
from stylecam.layouts import CANDIDATES, KnownLayout, fastest_form, known_layouts, layouts_path
from stylecam.network import TransformerNet
from tests.accelerators import CUDA, Recorder, picture
from tests.tiny import random_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stylecam.inference import Form

NAMES = list(CANDIDATES)
FAST = ARCHITECTURES["fast"]


class Timed(Recorder):
    """Takes the milliseconds it is told to, candidate after candidate; None fails."""

    def __init__(self, *milliseconds: float | None, model: str = "A GPU, compute capability 9.9") -> None:
        super().__init__()
        self.model = model
        self.captured = 0
        self._left = list(milliseconds)

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        self.captured += 1
        if self._left[0] is None:
            self._left.pop(0)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().capture(work)

    def time(self, work: Callable[[], None], times: int) -> float:
        super().time(work, times)
        work()
        milliseconds = self._left[0] if times == 1 else self._left.pop(0)
        assert milliseconds is not None
        return milliseconds


@pytest.fixture(autouse=True)
def _a_small_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "_TRIAL", (16, 16))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "layouts.json"


def pick(gpu: Timed, path: Path, **settings: Any) -> Form:
    """With a clock that stands still, so that time never runs out."""
    settings = {"architecture": FAST, "dtype": torch.float32, **settings}
    return fastest_form(gpu, **settings, path=path, clock=lambda: 0.0)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("form", CANDIDATES.values(), ids=CANDIDATES)
def test_every_candidate_computes_the_same(form: Form, variant: Variant) -> None:
    weights = random_weights(variant)
    weights["conv1.conv2d.bias"] += 3.0
    plain = TransformerNet(ARCHITECTURES[variant])
    plain.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    network = build_network(ARCHITECTURES[variant], weights, form=form, dtype=torch.float32, device=torch.device("cpu"))
    for size in ((32, 48), (37, 50)):
        source = torch.from_numpy(picture(*size))
        with torch.no_grad():
            y = network(to_network(source, form=form, dtype=torch.float32))
            expected = plain(source.permute(2, 0, 1)[None].float())
        assert expected.std() > 5
        assert (y - expected).abs().max() < 1e-3 * 255


def test_the_candidates_differ_and_the_usual_one_comes_first() -> None:
    assert len(set(CANDIDATES.values())) == len(CANDIDATES) == 4
    assert next(iter(CANDIDATES.values())) == FORMS["cuda"]


@pytest.mark.parametrize("fastest", range(4))
def test_the_fastest_is_taken_and_remembered(fastest: int, path: Path) -> None:
    gpu = Timed(*[2.0 if n == fastest else 3.0 for n in range(4)])
    assert pick(gpu, path) == CANDIDATES[NAMES[fastest]]
    assert gpu.captured == 4
    again = Timed()
    assert pick(again, path) == CANDIDATES[NAMES[fastest]]
    assert again.said == []


def test_each_candidate_is_recorded_as_in_use_and_timed_for_a_short_while(path: Path) -> None:
    gpu = Timed(0.001, 1.0, 4.0, 400.0)
    pick(gpu, path)
    said = [line for line in gpu.said if line.startswith(("capture", "time", "free"))]
    timed = [("capture", "time 1", f"time {times}") for times in (20, 20, 10, 1)]
    assert said == [line for lines in timed for line in lines] + ["free"]


@pytest.mark.parametrize(
    "other",
    [
        {"gpu": "Another GPU, compute capability 9.9"},
        {"gpu": "A GPU, compute capability 9.8"},
        {"architecture": ARCHITECTURES["full"]},
        {"dtype": torch.float16},
        {"torch": "2.99.0"},
    ],
    ids=str,
)
def test_another_gpu_torch_network_or_precision_is_timed_for_itself(
    other: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick(Timed(1, 2, 2, 2), path)
    if version := other.pop("torch", None):
        monkeypatch.setattr(torch, "__version__", version)
    gpu = Timed(2, 2, 2, 1, model=other.pop("gpu", Timed().model))
    assert pick(gpu, path, **other) == CANDIDATES[NAMES[3]]
    monkeypatch.undo()
    assert pick(Timed(), path) == CANDIDATES[NAMES[0]]  # both are remembered


def test_where_time_runs_out_the_rest_is_tried_the_next_time(path: Path) -> None:
    def ticks(step: float) -> Iterator[float]:
        now = 0.0
        while True:
            yield now
            now += step

    slow = ticks(0.5)
    gpu = Timed(3, 4)
    assert fastest_form(gpu, FAST, torch.float32, path=path, clock=lambda: next(slow)) == CANDIDATES[NAMES[0]]
    assert gpu.captured == 1
    gpu = Timed(4, 1, 2)
    assert pick(gpu, path) == CANDIDATES[NAMES[2]]
    assert gpu.captured == 3


def test_a_candidate_that_fails_is_not_taken_and_is_no_error(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert pick(Timed(None, 3, None, 2), path) == CANDIDATES[NAMES[3]]
    assert "NCHW, instance norm cannot be timed here: " in caplog.text
    assert pick(Timed(None, None), path) == CANDIDATES[NAMES[3]]


def test_where_nothing_can_be_timed_it_is_the_usual_one(path: Path) -> None:
    assert pick(Timed(None, None, None, None), path) == FORMS["cuda"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        "[]",
        "null",
        '{"version": 2, "times": {}}',
        '{"version": 1}',
        '{"version": 1, "times": []}',
        '{"version": 1, "times": {"KEY": 5}}',
        '{"version": 1, "times": {"KEY": {"NHWC, group norm": "0.1"}}}',
        '{"version": 1, "times": {"KEY": {"NHWC, group norm": -1, "NHWC, instance norm": true}}}',
        '{"version": 1, "times": {"KEY": {"NHWC, group norm": NaN, "NHWC, instance norm": Infinity}}}',
        '{"version": 1, "times": {"KEY": {"sideways": 0.1}}}',
        b"\xff\xfe\x00",
    ],
    ids=lambda text: repr(text[:40]),
)
def test_a_file_that_is_not_as_it_should_be_is_left_out_of_account(text: str | bytes, path: Path) -> None:
    pick(Timed(1, 2, 2, 2), path)
    (key,) = json.loads(path.read_text())["times"]
    path.write_bytes(text if isinstance(text, bytes) else text.replace("KEY", key.replace('"', '\\"')).encode())
    assert pick(Timed(2, 2, 1, 2), path) == CANDIDATES[NAMES[2]]
    assert pick(Timed(), path) == CANDIDATES[NAMES[2]]


def test_a_file_that_cannot_be_written_or_read_costs_a_line_in_the_log(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.write_text("a file where the folder should be")
    assert pick(Timed(2, 1, 2, 2), path) == CANDIDATES[NAMES[1]]
    path.parent.unlink()
    path.mkdir(parents=True)
    caplog.clear()
    assert pick(Timed(2, 1, 2, 2), path) == CANDIDATES[NAMES[1]]
    assert [record.levelno for record in caplog.records if record.levelno >= logging.WARNING] == [logging.WARNING] * 2


def test_the_file_does_not_grow_for_ever(path: Path) -> None:
    for number in range(layouts._KEPT + 3):
        layouts._write(path, {**layouts._read(path), f"gpu {number}": {NAMES[0]: 1.0}})
    kept = list(json.loads(path.read_text())["times"])
    assert (len(kept), kept[-1]) == (layouts._KEPT, f"gpu {layouts._KEPT + 2}")


def test_it_lies_in_the_cache_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, **_: tmp_path / name)
    assert layouts_path() == tmp_path / "stylecam" / "layouts.json"


def test_an_engine_asks_once_for_each_precision_and_paints_with_what_it_is_told() -> None:
    asked: list[torch.dtype] = []
    gpu = Recorder()

    def choose(accelerator: Any, architecture: Any, dtype: torch.dtype) -> Form:
        assert (accelerator, architecture) == (gpu, FAST)
        asked.append(dtype)
        return CANDIDATES["NHWC, group norm"]

    engine = Engine(FAST, CUDA, exact=True, accelerator=gpu, choose_form=choose)
    painters = [engine.prepare(random_weights("fast", seed=seed)) for seed in range(2)]
    assert asked == [torch.float32]
    usual = Engine(FAST, CUDA, exact=True, accelerator=Recorder())
    for seed, painter in enumerate(painters):
        expected = usual.paint(usual.prepare(random_weights("fast", seed=seed)), picture())
        assert abs(engine.paint(painter, picture()).astype(int) - expected).max() <= 1
    assert engine._recorded is not None
    live = engine._recorded._live
    assert live is not None
    assert isinstance(live.in1, torch.nn.GroupNorm)
    assert live.conv2.conv2d.weight.is_contiguous(memory_format=torch.channels_last)


def test_what_is_remembered_can_be_asked_for_and_names_the_fastest_first(path: Path) -> None:
    assert known_layouts(path) == []
    pick(Timed(4, 2, 3, 1), path, dtype=torch.float16)
    pick(Timed(5, None, 7, 6), path, architecture=ARCHITECTURES["full"])
    model = "A GPU, compute capability 9.9"
    fast, full = known_layouts(path)
    assert fast == KnownLayout(model, "fast", "float16", {NAMES[3]: 1, NAMES[1]: 2, NAMES[2]: 3, NAMES[0]: 4})
    assert full == KnownLayout(model, "full", "float32", {NAMES[0]: 5, NAMES[3]: 6, NAMES[2]: 7})
    for known in (fast, full):
        assert list(known.milliseconds.values()) == sorted(known.milliseconds.values())


def test_what_is_remembered_of_another_torch_or_network_is_not_told(path: Path) -> None:
    pick(Timed(1, 2, 3, 4), path)
    held = json.loads(path.read_text())
    (key,) = held["times"]
    strange = [key.replace(torch.__version__, "1.0"), key.replace("blocks=5", "blocks=4"), "", "fast"]
    held["times"] = {name: {NAMES[0]: 1.0} for name in strange} | {key: {"nonesuch": 1.0}}
    path.write_text(json.dumps(held))
    assert known_layouts(path) == []
    path.write_text("{")
    assert known_layouts(path) == []
