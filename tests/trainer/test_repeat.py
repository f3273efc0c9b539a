"""`new` given once more, and what else is refused of a run that stands: nothing of the run has changed afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import trainer.__main__ as program
import trainer.run
from stylecam.bundled import bundled_path
from stylecam.errors import OutputExistsError, TrainError
from stylecam.runs import read_run
from tests.test_runs import tell
from tests.trainer.conftest import draw_picture
from trainer.options import build_parser, make_config
from trainer.repeat import continued
from trainer.request import Request, copy_painting, read_request, write_request

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS = ["--variant", "fast", "--reconstruction-steps", "3", "--steps", "9", "--base", "none"]


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    draw_picture(9, (160, 128)).save(tmp_path / "discs.png")
    return tmp_path / "discs.png"


def _new(painting: Path, run: Path, *more: str) -> list[str]:
    return ["new", str(painting), "--name", "discs", "--run", str(run), "--out", str(run.parent), *_SETTINGS, *more]


@pytest.fixture
def run(painting: Path, tmp_path: Path) -> Path:
    """One that has finished."""
    run = tmp_path / "run"
    run.mkdir()
    arguments = build_parser().parse_args(_new(painting, run))
    copy_painting(painting, run, None)
    config = make_config(arguments, "quick", "fast", sha256=program._sha256(painting), vgg_precision="bfloat16")
    write_request(run, Request("discs", "quick", "bundled", (config,)))
    tell(run, {"event": "step", "variant": "fast", "step": 9, "steps": 9}, {"event": "finished", "path": "/a"})
    return run


@pytest.mark.parametrize("more", [["--style-weight", "9"], ["--region", "0,0,64,64"], ["--vgg-precision", "float32"]])
def test_what_would_make_another_run_of_it_is_refused_and_changes_nothing(
    run: Path, painting: Path, more: list[str]
) -> None:
    before = {path: path.read_bytes() for path in run.iterdir()}
    assert program.main(_new(painting, run, *more)) == TrainError.exit_code
    assert {path: path.read_bytes() for path in run.iterdir() if path.name != "lock"} == before
    assert read_run(run).state == "finished"


def test_another_painting_is_refused_and_the_run_stays_finished(run: Path, tmp_path: Path) -> None:
    draw_picture(1, (160, 128)).save(tmp_path / "other.png")
    assert program.main(_new(tmp_path / "other.png", run)) == TrainError.exit_code
    assert read_run(run).state == "finished"


def test_minutes_are_the_steps_that_they_were_when_the_run_began(run: Path, painting: Path) -> None:
    before = read_request(run).networks[0]
    again = continued(build_parser().parse_args([*_new(painting, run, "--steps", "70", "--minutes", "5")]), before)
    assert again.steps == 9
    assert continued(build_parser().parse_args(_new(painting, run, "--steps", "70")), before).steps == 70
    before.check_goes_on(again, run)


def test_too_few_steps_are_refused_before_the_run_is_taken_up(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (run / "run.json").read_bytes()
    assert program.main(["resume", str(run), "--steps", "2"]) == TrainError.exit_code
    assert "error: --steps 2: the first 3 steps" in capsys.readouterr().err
    assert (run / "run.json").read_bytes() == asked
    assert read_run(run).state == "finished"


def test_an_export_that_fails_leaves_the_run_as_it_was(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise TrainError("no preview of step 999")

    monkeypatch.setattr(program, "_train", refuse)
    assert program.main(["export", str(run), "--step", "999"]) == TrainError.exit_code
    assert read_run(run).state == "finished"
    assert program.main(["resume", str(run)]) == TrainError.exit_code
    assert read_run(run).state == "failed"


def test_a_device_that_is_full_before_the_first_step_is_explained(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: Any) -> int:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(program, "_train", fill)
    assert program.main(["resume", str(run)]) == TrainError.exit_code
    assert "choose a smaller --crop" in read_run(run).text


def test_a_picture_of_another_kind_is_refused_by_its_own_name_and_makes_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_picture(0).save(tmp_path / "discs.gif")
    assert program.main(_new(tmp_path / "discs.gif", tmp_path / "new")) == 3
    assert f"{tmp_path / 'discs.gif'}" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "more",
    [["--minutes", "nan"], ["--minutes", "inf"], ["--minutes", "0"], ["--checkpoint-every", "0"], ["--region", "1"]],
)
def test_numbers_that_mean_nothing_are_wrong_usage(
    painting: Path, tmp_path: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(_new(painting, tmp_path / "new", *more))
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: argument {more[0]}: expected ")
    assert said.endswith("'python -m trainer new --help' lists the options\n")
    assert said.count("\n") == 1


def test_the_copy_of_the_painting_is_the_one_last_asked_for(painting: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    config = make_config(build_parser().parse_args(_new(painting, run)), "quick", "fast")
    draw_picture(1, (160, 128)).save(tmp_path / "photo.jpg")
    copy_painting(tmp_path / "photo.jpg", run, None)
    whole_without_suffix = (tmp_path / "discs.png").rename(tmp_path / "discs")
    for source, region in ((tmp_path / "photo.jpg", (0, 0, 64, 64)), (whole_without_suffix, None)):
        copy, _ = copy_painting(source, run, region)
        write_request(run, Request("discs", "quick", "here", (config,)))
        assert read_request(run).networks[0].painting == str(copy)


def test_the_bundled_photographs_are_found_where_stylecam_now_stands(run: Path) -> None:
    asked = json.loads((run / "run.json").read_text())
    asked["networks"][0]["content"] = "/an/older/environment/assets/content"
    (run / "run.json").write_text(json.dumps(asked))
    assert read_request(run).networks[0].content == str(bundled_path("content"))


def test_a_run_goes_on_under_another_name_where_its_own_is_taken(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**asked, "name": "candy"}))  # an older version let it begin
    given: list[Request] = []

    def perform(request: Request, *_: Any, **__: Any) -> bool:
        given.append(request)
        return True

    monkeypatch.setattr(trainer.run, "perform", perform)
    before = (run / "events.jsonl").read_bytes()
    assert program.main(["resume", str(run), "--device", "cpu"]) == OutputExistsError.exit_code
    assert (run / "events.jsonl").read_bytes() == before
    assert program.main(["resume", str(run), "--device", "cpu", "--name", "mine", "--replace"]) == 0
    kept = read_request(run)
    assert (kept.name, kept.replace) == ("mine", True)
    assert given == [kept]
