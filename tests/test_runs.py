"""A run's folder: its state at every turn, and that what is wanted of it and what it says come through whole."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stylecam.errors import SinkError, TrainError
from stylecam.runs import (
    Control,
    EventReader,
    RunInfo,
    delete_run,
    drop_unbegun,
    has_begun,
    hold,
    is_running,
    list_runs,
    new_run_folder,
    read_control,
    read_run,
    runs_folder,
    trial_styles,
    write_control,
)
from stylecam.styles import user_styles_folder

if TYPE_CHECKING:
    from pathlib import Path

STEP = {"event": "step", "variant": "fast", "step": 40, "steps": 900, "seconds_left": 61.5}


def make_run(folder: Path, *events: dict[str, Any], **asked: Any) -> Path:
    folder.mkdir(parents=True)
    networks = [{"variant": "fast", "steps": 900}, {"variant": "full", "steps": 300}]
    asked = {"version": 1, "name": "wave", "title": "The Wave", "preset": "quick", "created": 7.0, **asked}
    (folder / "run.json").write_text(json.dumps({"networks": networks, **asked}))
    tell(folder, *events)
    return folder


def tell(folder: Path, *events: dict[str, Any]) -> None:
    with (folder / "events.jsonl").open("a") as file:
        file.writelines(json.dumps({"time": 1.0, **event}) + "\n" for event in events)


def test_a_run_that_has_not_begun_is_stopped_and_tells_what_was_asked_for(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    assert read_run(folder) == RunInfo(
        folder=folder,
        name="wave",
        title="The Wave",
        preset="quick",
        state="stopped",
        variant="fast",
        step=0,
        steps=900,
        created=7.0,
        seconds_left=None,
        style=None,
        text="",
    )


def test_a_run_is_running_while_its_lock_is_held_and_stopped_when_its_trainer_is_gone(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", STEP)
    with hold(folder):
        assert is_running(folder)
        run = read_run(folder)
        assert (run.state, run.step, run.steps, run.seconds_left) == ("running", 40, 900, 61.5)
    assert not is_running(folder)
    run = read_run(folder)
    assert run.state == "stopped"
    assert "last checkpoint" in run.text


def test_a_paused_run_is_paused_until_it_goes_on(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", STEP, {"event": "paused", "step": 41})
    with hold(folder):
        assert read_run(folder).state == "paused"
        assert read_run(folder).step == 41
        tell(folder, {"event": "checkpoint", "step": 41})
        assert read_run(folder).state == "paused"
        tell(folder, {"event": "resumed", "step": 41})
        assert read_run(folder).state == "running"


@pytest.mark.parametrize(
    ("event", "state", "text"),
    [
        ({"event": "finished", "step": 900, "path": "/styles/wave.safetensors"}, "finished", ""),
        ({"event": "failed", "text": "out of memory"}, "failed", "out of memory"),
        ({"event": "stopped", "step": 41, "text": "by a signal"}, "stopped", "by a signal"),
        ({"event": "cancelled", "step": 41}, "cancelled", ""),
    ],
)
def test_the_last_word_of_a_trainer_says_how_it_ended(
    tmp_path: Path, event: dict[str, Any], state: str, text: str
) -> None:
    folder = make_run(tmp_path / "run", STEP, event, {"event": "notice", "text": "by the way"})
    run = read_run(folder)
    assert (run.state, run.text) == (state, text)
    assert (run.style.name if run.style else None) == ("wave.safetensors" if state == "finished" else None)
    with hold(folder):  # taken up again, and killed before it is through
        assert read_run(folder).state == "running"
        tell(folder, {"event": "started", "variant": "full", "step": 0, "steps": 300})
    run = read_run(folder)
    assert (run.state, run.variant, run.step, run.steps, run.style) == ("stopped", "full", 0, 300, None)


def test_the_state_of_a_long_run_stands_in_its_last_lines(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", *[{**STEP, "step": step} for step in range(5000)])
    tell(folder, {"event": "rolled_back", "step": 4999, "to_step": 4900})
    assert (folder / "events.jsonl").stat().st_size > 4 * 65_536
    assert read_run(folder).step == 4900


def test_nonsense_in_the_files_is_passed_over(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", STEP, title=3, created="now", networks=[7])
    tell(folder, {"event": "step", "step": "x", "steps": None, "seconds_left": 10**400}, {"event": 3}, {})
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b'\xff\n[1]\n"text"\n' + b"[" * 100_000 + b'\n{"event": "finis')
    run = read_run(folder)
    assert (run.title, run.created, run.step, run.seconds_left, run.state) == ("wave", 0.0, 0, None, "stopped")


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"name": 3}', '{"name": "wa'])
def test_a_folder_without_a_readable_run_is_refused_and_not_listed(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "run").mkdir()
    if text is not None:
        (tmp_path / "run" / "run.json").write_text(text)
    with pytest.raises(TrainError, match="holds no training run"):
        read_run(tmp_path / "run")
    assert list_runs(tmp_path) == []


def test_runs_are_listed_the_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLECAM_RUNS", str(tmp_path / "runs"))
    assert list_runs() == []
    for name, created in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
        make_run(runs_folder() / name, created=created)
    (runs_folder() / "file").touch()
    assert [run.folder.name for run in list_runs()] == ["b", "c", "a"]
    assert [run.folder.name for run in list_runs(tmp_path)] == []


def test_runs_stand_beside_the_styles_unless_another_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runs_folder() == user_styles_folder().parent / "runs"
    monkeypatch.setenv("STYLECAM_RUNS", str(tmp_path))
    assert runs_folder() == tmp_path


def test_a_new_run_takes_no_folder_that_is_there(tmp_path: Path) -> None:
    assert new_run_folder("wave", tmp_path) == tmp_path / "wave"
    assert not (tmp_path / "wave").exists()
    (tmp_path / "wave").mkdir()
    (tmp_path / "wave-2").symlink_to("nowhere")
    assert new_run_folder("wave", tmp_path) == tmp_path / "wave-3"
    for name in ("", "..", "a/b", "a\\b"):
        with pytest.raises(TrainError, match="name of a run"):
            new_run_folder(name, tmp_path)


def test_a_run_that_makes_its_style_is_finishing_while_its_trainer_lives(tmp_path: Path) -> None:
    finishing = {"event": "phase", "phase": "finishing", "variant": "fast"}
    folder = make_run(tmp_path / "run", STEP, finishing, {"event": "report", "variant": "fast"})
    with hold(folder):
        assert (read_run(folder).state, read_run(folder).finishing) == ("running", True)
        tell(folder, {"event": "started", "variant": "full", "step": 0, "steps": 300})
        assert not read_run(folder).finishing
        tell(folder, finishing)
    assert not read_run(folder).finishing


def test_what_is_foretold_ends_with_the_steps_and_the_measuring_is_counted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", STEP, {"event": "phase", "phase": "finishing", "variant": "fast"})
    with hold(folder):
        assert read_run(folder).seconds_left is None
        assert read_run(folder).measuring is None
        tell(folder, {"event": "measuring", "variant": "fast", "number": 3, "count": 8})
        assert read_run(folder).measuring == (3, 8)
        assert read_run(folder).finishing
        tell(folder, {"event": "phase", "phase": "painting", "variant": "full"}, {**STEP, "variant": "full"})
        assert (read_run(folder).measuring, read_run(folder).seconds_left) == (None, 61.5)


@pytest.mark.parametrize("without_steps", [False, True])
def test_a_run_without_a_step_makes_way_and_no_other_does(tmp_path: Path, without_steps: bool) -> None:
    names = ("asked", "filmed", "held", "zero", "begun")
    asked, filmed, held, zero, begun = (make_run(tmp_path / name) for name in names)
    (filmed / "content").mkdir()
    for folder, step in ((zero, 0), (begun, 0), (begun, 40)):
        (folder / "fast").mkdir(exist_ok=True)
        (folder / "fast" / f"checkpoint-{step:07d}.safetensors").touch()
    with hold(held):
        for folder in (asked, filmed, held, zero, begun):
            drop_unbegun(folder, without_steps=without_steps)
    left = {"filmed", "held", "begun"} | (set() if without_steps else {"zero"})
    assert {path.name for path in tmp_path.iterdir()} == left
    assert [has_begun(folder) for folder in (filmed, begun)] == [False, True]


def test_only_one_process_trains_a_run(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from stylecam.runs import hold; hold(Path(sys.argv[1]))"
    with hold(tmp_path) as held:
        with pytest.raises(TrainError, match="is being trained already"):
            hold(tmp_path)
        run = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
        assert "is being trained already" in run.stderr
        held.release()
        held.release()
        subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    with pytest.raises(TrainError, match="cannot be written to"):
        hold(tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_trainer_that_is_killed_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from stylecam.runs import hold\n"
        "lock = hold(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert is_running(tmp_path)
        process.kill()
    assert not is_running(tmp_path)
    hold(tmp_path).release()


def test_asking_whether_a_run_runs_makes_no_file(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    assert not is_running(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_what_is_wanted_comes_through_whole(tmp_path: Path) -> None:
    assert read_control(tmp_path) == Control() == Control(state="run", style=1.0, content=1.0, steady=1.0)
    wanted = Control(state="pause", style=2.5, content=0.25, steady=4.0)
    write_control(tmp_path, wanted)
    assert read_control(tmp_path) == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["control.json"]
    (tmp_path / "file").touch()
    with pytest.raises(SinkError):
        write_control(tmp_path / "file", wanted)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "explode", "style": 2}', '{"state": ["run"]}', "\0"])
def test_a_damaged_wish_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "control.json").write_text(text)
    assert read_control(tmp_path) == Control()


def test_an_emphasis_beyond_its_range_is_held_to_it(tmp_path: Path) -> None:
    (tmp_path / "control.json").write_text('{"state": "keep", "style": 100, "content": 0, "steady": NaN, "new": 1}')
    assert read_control(tmp_path) == Control(state="keep", style=4.0, content=0.25, steady=1.0)
    (tmp_path / "control.json").write_text('{"style": true, "content": "2"}')
    assert read_control(tmp_path) == Control()


def test_events_are_read_once_each_and_only_when_their_line_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert reader.read() == []
    with path.open("wb", buffering=0) as file:
        file.write(b'{"event": "a", "text": "caf\xc3\xa9"}\nnonsense\n\n{"ev')
        assert reader.read() == [{"event": "a", "text": "café"}]
        assert reader.read() == []
        file.write(b'ent": "b"}\n{"event": "c"}\n')
        assert [event["event"] for event in reader.read()] == ["b", "c"]
    path.write_bytes(b'{"event": "d"}\n')
    assert [event["event"] for event in reader.read()] == ["d"]
    path.unlink()
    assert reader.read() == []


def test_deleting_a_run_leaves_the_style_and_what_is_not_the_run_s(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", STEP)
    for name in (
        "painting.jpg",
        "lock",
        ".control.json.1234.part",
        "previews/fast-0000001.jpg",
        "fast/checkpoint-1",
        "bases/fast/a",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "wave.safetensors").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "photo.jpg").touch()
    (folder / "content").symlink_to(tmp_path / "elsewhere")
    delete_run(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["content", "wave.safetensors"]
    assert (tmp_path / "elsewhere" / "photo.jpg").exists()
    with pytest.raises(TrainError, match="nothing there is deleted"):
        delete_run(folder)


def test_deleting_a_run_takes_its_folder_away_but_never_under_its_trainer(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", STEP)
    with hold(folder), pytest.raises(TrainError, match="is being trained"):
        delete_run(folder)
    assert read_run(folder).step == 40
    delete_run(folder)
    assert not folder.exists()


def test_trials_are_sorted_by_network_and_step(tmp_path: Path) -> None:
    assert trial_styles(tmp_path) == []
    (tmp_path / "trials").mkdir()
    for name in ("full-0000010", "fast-10000000", "fast-0000200", ".fast-0000300.part", "notes"):
        (tmp_path / "trials" / f"{name}.safetensors").touch()
    assert [path.stem for path in trial_styles(tmp_path)] == ["fast-0000200", "fast-10000000", "full-0000010"]


def test_reading_runs_loads_nothing_heavy() -> None:
    code = "import sys, stylecam.runs; assert not {'torch', 'numpy', 'cv2', 'PIL', 'PySide6'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_export_of_an_earlier_step_does_not_set_the_run_back(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    tell(folder, {**STEP, "step": 900}, {"event": "finished", "path": "/a"}, {"event": "exported", "step": 40})
    assert (read_run(folder).state, read_run(folder).step) == ("finished", 900)


def test_a_run_that_was_killed_while_it_took_photographs_can_be_deleted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    (folder / ".content.part").mkdir()
    (folder / ".content.part" / "001.jpg").write_bytes(b"x")
    delete_run(folder)
    assert not folder.exists()
