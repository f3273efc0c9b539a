"""A run as its watcher sees it: paused, steered, kept, cancelled, killed, shared by two processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

import trainer.export
import trainer.stepper
from stylecam.bundled import child_environment
from stylecam.errors import OutputExistsError, TrainError
from stylecam.runs import Control, EventReader, read_run, trial_styles, write_control
from stylecam.styles import read_style
from tests.tiny import write_tiny_style
from trainer.checkpoint import latest_checkpoint
from trainer.events import EventLog
from trainer.loop import train
from trainer.perceptual import Vgg16
from trainer.processes import ALONE
from trainer.request import Request, copy_painting, read_request, write_request
from trainer.run import export_run, perform

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainer.config import TrainConfig
    from trainer.objective import Losses

    Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    return Vgg16()


def _events(run: Path) -> list[dict[str, Any]]:
    return EventReader(run / "events.jsonl").read()


def _prepared(config: TrainConfig, run: Path, base: Path) -> Request:
    """A run that was asked for and not begun."""
    config = replace(config, base=str(base))
    run.mkdir()
    copy_painting(Path(config.painting), run, None)
    request = Request("discs", "quick", "here", (config,), out=str(run.parent / "out"), checkpoint_every=2)
    write_request(run, request)
    return read_request(run)


class Steering:
    """Writes control.json at the steps that a test says, as a watcher would."""

    def __init__(self, run: Path, wishes: dict[int, Control], monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[int] = []
        self.totals: dict[int, float] = {}
        original = trainer.stepper.step_losses

        def steered(*arguments: Any) -> Losses:
            step = arguments[5]
            self.steps.append(step)
            if step in wishes:
                write_control(run, wishes.pop(step))
            losses = original(*arguments)
            self.totals[step] = losses.total.item()
            return losses

        monkeypatch.setattr(trainer.stepper, "step_losses", steered)


def test_keep_makes_the_style_of_what_is_there(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    request = _prepared(config, run, base)
    Steering(run, {4: Control("keep")}, monkeypatch)
    assert perform(request, run, EventLog(run / "events.jsonl"), vgg=vgg, device="cpu", processes=ALONE)
    info = read_run(run)
    assert (info.state, info.step) == ("finished", 5)
    assert info.style == tmp_path / "out" / "discs.safetensors"
    style: Any = read_style(info.style)
    assert style.record["fast"]["steps"] == 5


def test_cancel_makes_none(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    request = _prepared(config, run, base)
    Steering(run, {3: Control("cancel")}, monkeypatch)
    perform(request, run, EventLog(run / "events.jsonl"), vgg=vgg, device="cpu", processes=ALONE)
    assert read_run(run).state == "cancelled"
    assert not list((tmp_path / "out").iterdir())


class Measuring:
    """In place of the report: how often each network is measured, and what somebody does meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.variants: list[str] = []
        original = trainer.export.report

        def measured(style: Any, variant: Any, **options: Any) -> Any:
            self.variants.append(variant)
            meanwhile()
            return original(style, variant, **options)

        monkeypatch.setattr(trainer.export, "report", measured)


def _two_networks(config: TrainConfig, run: Path, base: Path) -> Request:
    request = _prepared(replace(config, steps=3), run, base)
    request = replace(request, networks=(*request.networks, replace(request.networks[0], variant="full")))
    write_request(run, request)
    return read_request(run)


def _perform(
    request: Request, run: Path, vgg: Vgg16, listener: Any = None, stop: Callable[[], bool] = lambda: False
) -> bool:
    events = EventLog(run / "events.jsonl", listener=listener)
    return perform(request, run, events, vgg=vgg, device="cpu", processes=ALONE, stop=stop)


def test_a_style_that_took_the_name_meanwhile_stays_and_the_run_goes_on_under_another(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    request = _prepared(replace(config, steps=3), run, base)
    theirs = tmp_path / "out" / "discs.safetensors"

    def take(event: dict[str, Any]) -> None:
        if event["event"] == "started":
            write_tiny_style(theirs, title="Theirs")

    with pytest.raises(OutputExistsError, match=r"taken by 'Theirs' by .*choose another --name"):
        _perform(request, run, vgg, take)
    assert read_style(theirs).title == "Theirs"
    assert _perform(replace(request, name="mine"), run, vgg)
    assert read_run(run).style == theirs.with_name("mine.safetensors")
    with pytest.raises(OutputExistsError):
        export_run(request, run, EventLog(run / "events.jsonl"), vgg=vgg, device="cpu")
    assert read_style(theirs).title == "Theirs"


def test_cancel_while_a_style_is_made_makes_none(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    request = _prepared(config, run, base)
    Measuring(monkeypatch, lambda: write_control(run, Control("cancel")))
    assert _perform(request, run, vgg)
    info = read_run(run)
    assert (info.state, info.step) == ("cancelled", config.steps)
    assert not list((tmp_path / "out").iterdir())


def test_a_signal_while_a_style_is_made_ends_the_run_which_makes_it_once_resumed(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, signals = tmp_path / "run", list[int]()
    request = _prepared(config, run, base)
    measuring = Measuring(monkeypatch, lambda: signals.append(15))
    assert not _perform(request, run, vgg, stop=lambda: bool(signals))
    info = read_run(run)
    assert (info.state, info.step) == ("stopped", config.steps)
    assert "before its fast network was made a style" in info.text
    assert not list((tmp_path / "out").iterdir())
    assert _perform(request, run, vgg)
    assert read_run(run).state == "finished"
    assert measuring.variants == ["fast", "fast"]


def test_keep_while_a_style_is_made_lets_it_finish_and_begins_no_further_network(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    request = _two_networks(config, run, base)
    Measuring(monkeypatch, lambda: write_control(run, Control("keep")))
    assert _perform(request, run, vgg)
    info = read_run(run)
    assert (info.state, info.variant, info.step) == ("finished", "fast", 3)
    assert info.style is not None
    assert read_style(info.style).variants == ("fast",)
    assert not (run / "full").exists()


def test_keep_before_a_network_s_first_step_makes_no_style_of_its_base(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    request = _two_networks(config, run, base)

    def keep(event: dict[str, Any]) -> None:
        if event["event"] == "started" and event["network"] == 2:
            write_control(run, Control("keep"))

    assert _perform(request, run, vgg, keep)
    info = read_run(run)
    assert (info.state, info.step) == ("finished", 3)
    assert info.style is not None
    assert read_style(info.style).variants == ("fast",)

    run = tmp_path / "other"
    request = replace(_prepared(config, run, base), name="others")
    write_control(run, Control("keep"))
    assert not _perform(request, run, vgg)
    assert (read_run(run).state, read_run(run).step) == ("stopped", 0)
    assert "nothing to keep yet" in read_run(run).text


@pytest.mark.parametrize(("wish", "state"), [("cancel", "cancelled"), ("stop", "stopped")])
def test_what_ends_a_run_between_two_networks_leaves_the_first_in_the_style(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, wish: str, state: str
) -> None:
    run = tmp_path / "run"
    request = _two_networks(config, run, base)
    told: list[str] = []

    def end(event: dict[str, Any]) -> None:
        if event["event"] == "exported":
            told.append(wish)
            write_control(run, Control("cancel" if wish == "cancel" else "run"))

    assert _perform(request, run, vgg, end, lambda: "stop" in told) == (wish == "cancel")
    assert (read_run(run).state, read_run(run).variant) == (state, "fast")
    assert read_style(tmp_path / "out" / "discs.safetensors").variants == ("fast",)
    assert not (run / "full").exists()
    if wish == "cancel":
        assert [e["text"] for e in _events(run) if e["event"] == "notice"] == [
            f"the network that was finished before stays in {tmp_path / 'out' / 'discs.safetensors'}"
        ]


def test_a_network_whose_weights_were_measured_is_not_measured_again(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    request = _prepared(config, run, base)
    measuring = Measuring(monkeypatch)
    _perform(request, run, vgg)
    style = read_style(tmp_path / "out" / "discs.safetensors")
    style.path.unlink()
    _perform(request, run, vgg)
    again = read_style(style.path)
    assert measuring.variants == ["fast"]
    assert again.record == style.record
    reports = [{k: v for k, v in e.items() if k != "time"} for e in _events(run) if e["event"] == "report"]
    assert reports[0] == reports[1]

    kept = run / "fast" / "report.json"
    for damaged in ("", "{}", kept.read_text().replace('"spread"', '"spreads"'), kept.read_text()[:-9] + "null}}"):
        kept.write_text(damaged)
        _perform(request, run, vgg)
    assert measuring.variants == ["fast"] * 5
    # Other weights are another matter.
    _perform(replace(request, networks=(replace(request.networks[0], steps=config.steps + 1),)), run, vgg)
    assert len(measuring.variants) == 6


def test_a_pause_is_on_disk_and_goes_on_to_the_same_losses(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = tmp_path / "unbroken"
    request = _prepared(config, unbroken, base)
    with monkeypatch.context() as patch:
        expected = Steering(unbroken, {}, patch)
        train(request.networks[0], unbroken, EventLog(unbroken / "events.jsonl"), vgg=vgg)
    run = tmp_path / "run"
    _prepared(config, run, base)
    steering = Steering(run, {4: Control("pause")}, monkeypatch)
    paused_at: list[int] = []

    def wait(_seconds: float) -> None:
        checkpoint = latest_checkpoint(run / "fast")
        assert checkpoint is not None
        paused_at.append(checkpoint.step)
        write_control(run, Control("run"))

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", wait)
        perform(
            request,
            run,
            EventLog(run / "events.jsonl"),
            vgg=vgg,
            device="cpu",
            processes=ALONE,
        )
    assert paused_at == [5]
    assert steering.totals == expected.totals
    assert [e["event"] for e in _events(run) if e["event"] in ("paused", "resumed")] == ["paused", "resumed"]


def test_emphasis_acts_from_the_next_step_on_by_way_of_a_checkpoint_and_survives_a_resume(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, steered, broken = tmp_path / "plain", tmp_path / "steered", tmp_path / "broken"
    totals: dict[str, dict[int, float]] = {}
    for run in (plain, steered, broken):
        _prepared(config, run, base)
        with monkeypatch.context() as patch:
            wishes = {} if run == plain else {4: Control(style=4.0)}
            steering = Steering(run, wishes, patch)

            def read(run: Path = run) -> Control:
                from stylecam.runs import read_control

                return read_control(run)

            options: Any = {"vgg": vgg, "control": read, "checkpoint_every": 100}
            if run == broken:
                train(config, run, EventLog(run / "events.jsonl"), stop=lambda s=steering: len(s.steps) >= 7, **options)
                (run / "control.json").unlink()
                write_control(run, Control(style=4.0))
            train(config, run, EventLog(run / "events.jsonl"), **options)
            totals[run.name] = steering.totals
    assert all(totals["plain"][step] == totals["steered"][step] for step in range(5))
    assert all(totals["steered"][step] > 1.5 * totals["plain"][step] for step in (5, 6, 7))
    assert totals["steered"] == totals["broken"]
    assert [e["step"] for e in _events(steered) if e["event"] == "emphasis"] == [5]
    assert [e["step"] for e in _events(steered) if e["event"] == "checkpoint"] == [5, config.steps]


def test_what_does_not_fit_into_memory_is_taken_in_parts(
    config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(config, batch=4, steps=5)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    expected = train(config, whole, EventLog(tmp_path / "whole.jsonl"), vgg=vgg).checkpoint
    original = trainer.stepper.step_losses

    def small_device(*arguments: Any) -> Losses:
        if len(arguments[7]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(*arguments)

    monkeypatch.setattr(trainer.stepper, "step_losses", small_device)
    got = train(config, parts, EventLog(tmp_path / "parts.jsonl"), vgg=vgg).checkpoint
    for name, tensor in expected.network.items():
        torch.testing.assert_close(got.network[name], tensor, rtol=1e-3, atol=2e-4)
    notices = [e["text"] for e in EventReader(tmp_path / "parts.jsonl").read() if e["event"] == "notice"]
    assert len(notices) == 2
    assert "taken in 4 parts" in notices[-1]
    monkeypatch.setattr(trainer.stepper, "step_losses", _no_memory)
    with pytest.raises(TrainError, match="choose a smaller --crop"):
        train(config, tmp_path / "none", EventLog(tmp_path / "none.jsonl"), vgg=vgg)


def test_any_preview_can_be_made_a_style(config: TrainConfig, base: Path, vgg: Vgg16, tmp_path: Path) -> None:
    run = tmp_path / "run"
    request = _prepared(config, run, base)
    events = EventLog(run / "events.jsonl")
    perform(request, run, events, vgg=vgg, device="cpu", processes=ALONE)
    first = trial_styles(run)[0]
    step = int(first.stem.rpartition("-")[2])
    assert step < config.steps
    style = export_run(request, run, events, vgg=vgg, device="cpu", step=step)
    for name, weights in read_style(first).weights("fast").items():
        assert (style.weights("fast")[name] == weights).all()
    with pytest.raises(TrainError, match=rf"no preview of step 3; it has {step}, {config.steps}"):
        export_run(request, run, events, vgg=vgg, device="cpu", step=3)
    with pytest.raises(TrainError, match="nothing of full is there"):
        export_run(request, run, events, vgg=vgg, device="cpu", variant="full")


def _arguments(painting: Path, photographs: Path, base: Path, run: Path, *more: str) -> list[str]:
    small = ["--crop", "64", "--painting-size", "64", "--reconstruction-steps", "1", "--style-rise", "1"]
    fixed = ["--base", str(base), "--vgg-precision", "float32", "--threads", "1", "--out", str(run / "styles")]
    what = [str(painting), "--name", "discs", "--content", str(photographs), "--folder", str(run), "--variant", "fast"]
    return ["new", *what, *small, *fixed, *more]


_SMALL = """
import trainer.measure, trainer.report
trainer.measure._SHORT_SIDE, trainer.report._SIZE, trainer.report._HALF_SIDE = 128, (64, 48), 64
from trainer.__main__ import main_and_exit
main_and_exit()
"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start the trainer as a process of its own; only what it measures is smaller than a user's."""
    program = tmp_path / "trainer_on_small_pictures.py"
    program.write_text(_SMALL)

    def start_one(*arguments: str, launcher: tuple[str, ...] = (sys.executable,)) -> subprocess.Popen[bytes]:
        environment = {**child_environment(), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [*launcher, str(program), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)

    return start_one


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_losses_of_an_unbroken_one(
    start: Start, painting: Path, photographs: Path, base: Path, tmp_path: Path
) -> None:
    unbroken, killed = tmp_path / "unbroken", tmp_path / "killed"
    more = ["--steps", "24", "--checkpoint-every", "4"]
    with start(*_arguments(painting, photographs, base, unbroken, *more)) as process:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    with start(*_arguments(painting, photographs, base, killed, *more)) as process:
        # After a checkpoint and before the next: what was trained since is trained again.
        _until(lambda: any(e["event"] == "checkpoint" and e["step"] >= 8 for e in _events(killed)))
        time.sleep(0.15)
        process.send_signal(signal.SIGKILL)
    assert read_run(killed).state == "stopped"
    with start("resume", str(killed)) as process:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    one, other = latest_checkpoint(unbroken / "fast"), latest_checkpoint(killed / "fast")
    assert one is not None
    assert other is not None
    for group in ("network", "average", "first_moment", "second_moment"):
        for name, tensor in getattr(one, group).items():
            assert torch.equal(getattr(other, group)[name], tensor)


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_whole_batch(
    start: Start, painting: Path, photographs: Path, base: Path, tmp_path: Path
) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    more = ["--steps", "8", "--batch", "2", "--checkpoint-every", "4", "--consistency-start", "0.5"]
    with start(*_arguments(painting, photographs, base, alone, *more)) as process:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    with start(*_arguments(painting, photographs, base, shared, *more), launcher=torchrun) as process:
        out, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
    one, other = latest_checkpoint(alone / "fast"), latest_checkpoint(shared / "fast")
    assert one is not None
    assert other is not None
    assert one.step == other.step == 8
    # Compared is the way that they went: Adam makes whole steps of rounding where a gradient is nothing but that.
    start_at = read_style(base).weights("fast")
    ways = [
        torch.cat(
            [
                (checkpoint.network[name] - torch.from_numpy(before).float()).flatten()
                for name, before in start_at.items()
            ]
        )
        for checkpoint in (one, other)
    ]
    assert (ways[1] - ways[0]).norm() < 0.05 * ways[0].norm()
    # Its voice is one, and the losses that it tells are the whole batch's.
    told = [json.loads(line) for line in out.decode().splitlines()]
    assert [e["event"] for e in told].count("finished") == 1
    last = [[e for e in _events(run) if e["event"] == "step"][-1] for run in (alone, shared)]
    assert last[1]["total"] == pytest.approx(last[0]["total"], rel=1e-3)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(TrainError, match="choose --batch 2"):
        replace(ALONE, count=2).share(3)
    assert replace(ALONE, rank=1, count=2).share(4) == range(2, 4)
    assert os.environ.get("WORLD_SIZE") is None


def _no_memory(*_: object) -> None:
    raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")
