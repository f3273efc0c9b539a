"""`stylecam train` as its user starts it: a process that trains, says how it goes, and stops in good order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as PilImage

from stylecam.cli import main, training_output
from stylecam.cli.training_output import Narrator, duration, event_line
from stylecam.runs import Control, hold, read_control, read_run, runs_folder, write_control
from stylecam.styles import read_style
from tests.test_runs import STEP, make_run, tell
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FAKE = """
import json, pathlib, sys
pathlib.Path(sys.argv[1]).write_text(json.dumps(sys.argv[3:]))
exec(sys.argv[2])
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Callable[[], list[str]]]:
    """In place of the trainer, a process that runs the code given; returns what tells the arguments it was given."""
    record = tmp_path / "arguments.json"

    def install(code: str = "") -> Callable[[], list[str]]:
        def command(arguments: list[str]) -> list[str]:
            return [sys.executable, "-c", _FAKE, str(record), code, *arguments]

        monkeypatch.setattr(training_output, "trainer_command", command)
        return lambda: list(json.loads(record.read_text()))

    return install


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STYLECAM_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def run(*arguments: object) -> int:
    return main(["train", *map(str, arguments)])


def _begun(folder: Path) -> None:
    (folder / "fast").mkdir()
    (folder / "fast" / "checkpoint-0000000.safetensors").touch()


def say_events(*events: dict[str, Any]) -> str:
    return "\n".join(f"print({json.dumps({'time': 1.0, **event})!r}, flush=True)" for event in events)


def test_a_picture_alone_is_enough(
    fake: Callable[..., Callable[[], list[str]]], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = fake(say_events({"event": "finished", "step": 2, "path": "/styles/the_scream_1893.safetensors"}))
    assert run("new", "The Scream (1893).jpg") == 0
    assert told() == [
        *("new", "The Scream (1893).jpg", "--name", "the_scream_1893", "--run", str(runs / "the_scream_1893")),
        *("--preset", "quick", "--content", "bundled", "--device", "auto"),
    ]
    assert capsys.readouterr() == ("/styles/the_scream_1893.safetensors\n", "")


def test_every_option_reaches_the_trainer_also_those_that_only_it_knows(
    fake: Callable[..., Callable[[], list[str]]], tmp_path: Path
) -> None:
    told = fake()
    options = ["--name", "mine", "--preset", "best", "--content", "camera:0", "--variant", "fast", "--variant", "full"]
    options += ["--minutes", "7.5", "--run", str(tmp_path / "x"), "--device", "cpu", "--replace"]
    further = ["--crop", "64", "--title", "A title", "--tensorboard"]
    assert run("new", "a.png", *options, *further) == 0
    arguments = told()
    assert arguments[:2] == ["new", "a.png"]
    assert arguments[-len(further) :] == further
    assert "--replace" in arguments
    given = {key: value for key, value in pairwise(arguments) if key.startswith("--")}
    expected = {"--name": "mine", "--preset": "best", "--content": "camera:0", "--minutes": "7.5", "--device": "cpu"}
    assert expected.items() <= given.items()
    assert given["--run"] == str(tmp_path / "x")
    assert [v for k, v in pairwise(arguments) if k == "--variant"] == ["fast", "full"]
    assert run("new", "a.png", "--name", "mine", "--", "--crop", "64") == 0
    assert told()[-2:] == ["--crop", "64"]


def test_a_new_run_never_takes_another_one_s_folder(fake: Callable[..., Callable[[], list[str]]], runs: Path) -> None:
    told = fake()
    _begun(make_run(runs / "wave"))
    (runs / "wave" / "fast" / "checkpoint-0000250.safetensors").touch()
    assert run("new", "wave.jpg", "-q") == 0
    assert told()[told().index("--run") + 1] == str(runs / "wave-2")


def test_a_try_that_failed_before_its_first_step_makes_way(
    fake: Callable[..., Callable[[], list[str]]], runs: Path
) -> None:
    told = fake()
    _begun(make_run(runs / "wave", {"event": "failed", "text": "no room"}))
    assert run("new", "wave.jpg", "-q") == 0
    assert told()[told().index("--run") + 1] == str(runs / "wave")
    assert not (runs / "wave").exists()
    with hold(make_run(runs / "wave")):  # one that is getting ready does not
        assert run("new", "wave.jpg", "-q") == 0
    assert told()[told().index("--run") + 1] == str(runs / "wave-2")


def test_a_style_s_name_finds_the_run_that_is_going(
    fake: Callable[..., Callable[[], list[str]]], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = fake()
    make_run(runs / "wave", {"event": "failed", "text": "no"}, created=1.0)
    make_run(runs / "wave-3", STEP, created=3.0)
    with hold(make_run(runs / "wave-2", STEP, created=2.0)):
        assert run("pause", "wave") == 0
        assert capsys.readouterr().err == "wave-2 pauses after this step\n"
        # What is not for a run that is going is for the one of that folder.
        assert run("export", "wave", "-q") == 0
        assert told()[:2] == ["export", str(runs / "wave")]
        assert run("cancel", "wave", "--delete", "-q") == 0
        assert sorted(path.name for path in runs.iterdir()) == ["wave-2", "wave-3"]
    assert read_control(runs / "wave-2").state == "pause"
    assert run("export", "wave", "-q") == 0  # by the style's name, the newest
    assert told()[:2] == ["export", str(runs / "wave-3")]


def test_wrong_usage_and_wrong_names_start_nothing(fake: Callable[..., object], tmp_path: Path) -> None:
    fake()
    assert run("new", "--crop", "64", "a.png") == 2
    assert run("new", "a.png", "--preset", "slow") == 2
    assert run("new", "a.png", "--minutes", "0") == 2
    assert run("new", "a.png", "--name", "../../x") == 5
    assert run("new") == 2
    assert not (tmp_path / "arguments.json").exists()


def test_events_go_to_a_person_as_lines_and_to_a_program_as_they_are(
    fake: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    events = [
        {"event": "phase", "phase": "painting", "variant": "fast"},
        {"event": "from the future"},
        {"event": "step", **{**STEP, "content": 1.0, "style": 0.5}},
        {"event": "exported", "path": "/styles/x.safetensors"},
        {"event": "finished", "path": "/styles/x.safetensors"},
    ]
    fake(say_events(*events) + "\nprint('no event at all')")
    assert run("new", "x.png") == 0
    output = capsys.readouterr()
    assert output.out == "/styles/x.safetensors\n"
    assert output.err == "fast: learning to paint\nstep 40/900  content 1.000  style 0.500  1 min 02 s left\n"
    assert run("new", "x.png", "--json") == 0
    output = capsys.readouterr()
    assert [json.loads(line)["event"] for line in output.out.splitlines()[:5]] == [e["event"] for e in events]
    assert output.err == ""
    assert run("new", "x.png", "-q") == 0
    assert capsys.readouterr() == ("", "")


def test_what_the_trainer_refuses_keeps_its_words_and_its_exit_code(
    fake: Callable[..., object], capfd: pytest.CaptureFixture[str]
) -> None:
    fake(say_events({"event": "failed", "text": "no"}) + "\nprint('error: no', file=sys.stderr); sys.exit(9)")
    assert run("new", "x.png") == 9
    assert capfd.readouterr() == ("", "error: no\n")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"event": "phase", "phase": "photographs", "variant": ""}, "looking through the photographs"),
        ({"event": "phase", "phase": "base"}, "choosing what to start from"),
        ({"event": "phase", "phase": "dancing"}, ""),
        (
            {"event": "base", "name": "candy", "distances": {"udnie": 1.5, "candy": 0.25}},
            "starts from candy (nearest: candy 0.25, udnie 1.50)",
        ),
        ({"event": "base", "name": "candy", "distances": {}}, "starts from candy"),
        ({"event": "base", "name": ""}, "starts from chance"),
        (
            {"event": "started", "variant": "full", "network": 2, "networks": 2, "device": "cpu", "photographs": 20}
            | {"step": 0, "skipped": [{"path": "a.png", "reason": "damaged"}]},
            "full on cpu, network 2 of 2, 20 photographs to learn on, from step 0\nskipped a.png: damaged",
        ),
        ({**STEP, "content": 1.0, "style": 0}, "step 40/900  learning to see, before it paints"),
        ({**STEP, "content": 1.0, "style": None}, ""),
        ({"event": "preview", "step": 5, "path": "p/fast-0000005.jpg"}, "preview: p/fast-0000005.jpg"),
        (
            {"event": "held_out", "content": 0.5, "style": 0.25, "flicker": 1.125},
            "held out: content 0.500, style 0.250, flicker 1.12",
        ),
        (
            {"event": "measuring", "variant": "fast", "number": 3, "count": 8},
            "fast: measuring on photograph 3 of 8",
        ),
        ({"event": "checkpoint", "step": 5, "path": "x"}, ""),
        (
            {"event": "emphasis", "step": 50, "style": 2.0, "content": 1, "steady": 0.25},
            "from step 50 on: style ×2, content ×1, steady ×0.25",
        ),
        (
            {"event": "rolled_back", "step": 50, "to_step": 40},
            "the loss became non-finite at step 50: back to step 40, slower",
        ),
        ({"event": "paused", "step": 50}, "paused at step 50"),
        ({"event": "resumed", "step": 50}, "goes on at step 50"),
        ({"event": "notice", "text": "smaller batch"}, "smaller batch"),
        ({"event": "stopped", "step": 5, "text": "stopped at step 5"}, "stopped at step 5"),
        ({"event": "cancelled", "step": 5}, "cancelled at step 5"),
        ({"event": "finished", "step": 5, "path": "x"}, ""),
        (
            {"event": "report", "variant": "fast", "content": 0.5, "style": None, "flicker": 1.1, "half_db": 52.34}
            | {"milliseconds": 41.6, "spread": 0.4},
            "fast: content 0.500, flicker 1.10, float16 52 dB, 42 ms a picture of 640×480",
        ),
        (
            {"event": "report", "variant": "fast", "content": 0.5, "spread": 0.0},
            "fast: content 0.500; it paints next to nothing but one colour",
        ),
        ({}, ""),
    ],
)
def test_each_event_is_a_short_line(event: dict[str, Any], line: str) -> None:
    assert event_line(event) == line


def test_a_log_has_a_step_now_and_then_and_the_last_one(capsys: pytest.CaptureFixture[str]) -> None:
    narrator = Narrator()
    for step in range(1, 41):
        event = {**STEP, "step": step, "steps": 40, "content": 1.0, "style": 1.0, "time": 2.0 * step}
        narrator.tell(event)
    narrator.tell({**STEP, "content": 1.0, "style": 1.0, "time": "noon"})
    steps = [line.split()[1] for line in capsys.readouterr().err.splitlines()]
    assert steps == ["1/40", "11/40", "21/40", "31/40", "40/40", "40/900"]
    narrator = Narrator()
    for number in range(1, 9):
        event = {"event": "measuring", "variant": "fast", "number": number, "count": 8, "time": 200 + 9.0 * number}
        narrator.tell(event)
    assert capsys.readouterr().err == (
        "fast: measuring on photograph 1 of 8\nfast: measuring on photograph 4 of 8\n"
        "fast: measuring on photograph 7 of 8\n"
    )


def test_a_terminal_has_one_line_for_the_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "24")
    narrator = Narrator()
    for step in (1, 2):
        narrator.tell({**STEP, "step": step, "content": 1.0, "style": 1.0})
    narrator.tell({"event": "notice", "text": "by the way"})
    narrator.end_line()
    assert capsys.readouterr().err == ("\rstep 1/900  content 1.0\x1b[K\rstep 2/900  content 1.0\x1b[K\nby the way\n")


@pytest.mark.parametrize(("seconds", "text"), [(41.4, "41 s"), (123, "2 min 03 s"), (3900, "1 h 05 min")])
def test_times_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_trainer_that_is_killed_is_not_passed_over_in_silence(
    fake: Callable[..., object], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    _begun(make_run(runs / "wave", STEP))
    assert run("resume", "wave", "-q") == 128 + signal.SIGKILL
    output = capsys.readouterr().err
    assert "out of memory" in output
    assert "'stylecam train resume wave' goes on from its last checkpoint" in output


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
def test_a_signal_is_handed_on_and_told_how_to_go_on(
    fake: Callable[..., object], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The fake trainer signals its parent, which is us, and waits for the signal to come back.
    fake(
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(60)"
    )
    _begun(make_run(runs / "wave", STEP))
    before = signal.getsignal(signal.SIGTERM)
    assert run("resume", runs / "wave") == 143
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().err == "'stylecam train resume wave' goes on from its last checkpoint\n"


def test_resuming_takes_back_what_ended_it_and_passes_options_on(
    fake: Callable[..., Callable[[], list[str]]], runs: Path
) -> None:
    told = fake()
    folder = make_run(runs / "wave", STEP)
    write_control(folder, Control(state="cancel", style=2.0))
    assert run("resume", "wave", "--steps", "4000") == 0
    assert told() == ["resume", str(folder), "--steps", "4000"]
    assert read_control(folder) == Control(state="run", style=2.0)


def test_resuming_a_paused_run_lets_it_go_on_where_it_is(
    fake: Callable[..., object], runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake()
    folder = make_run(runs / "wave", STEP, {"event": "paused", "step": 40})
    with hold(folder):
        write_control(folder, Control(state="pause", steady=3.0))
        assert run("resume", "wave") == 0
        assert read_control(folder) == Control(state="run", steady=3.0)
        assert "goes on" in capsys.readouterr().err
        tell(folder, {"event": "resumed", "step": 40})
        assert run("resume", "wave") == 9
        assert "already" in capsys.readouterr().err
        assert run("pause", "wave") == 0  # and one that has not paused yet
        assert run("resume", "wave", "-q") == 0
        assert read_control(folder).state == "run"
    assert not (tmp_path / "arguments.json").exists()


@pytest.mark.parametrize("wish", ["pause", "keep", "cancel"])
def test_a_run_is_told_what_is_to_become_of_it_and_only_while_it_is_trained(
    runs: Path, wish: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run(runs / "wave", STEP)
    write_control(folder, Control(content=0.5))
    with hold(folder):
        assert run(wish, "wave", "-q") == 0
    assert read_control(folder) == Control(state=wish, content=0.5)  # type: ignore[arg-type]
    write_control(folder, Control())
    assert capsys.readouterr() == ("", "")
    assert run(wish, "wave") == 9
    assert "is not being trained" in capsys.readouterr().err
    assert read_control(folder).state == "run"


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("pause", "finishes that; it pauses before its next network"),
        ("keep", "is making its style already, and ends with that"),
        ("cancel", "ends without it, unless it has just been written"),
    ],
)
def test_what_a_wish_means_to_a_run_that_is_making_its_style_is_said(
    runs: Path, wish: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run(runs / "wave", STEP, {"event": "phase", "phase": "finishing", "variant": "fast"})
    with hold(folder):
        assert run(wish, "wave") == 0
    assert said in capsys.readouterr().err
    assert read_control(folder).state == wish


@pytest.mark.parametrize("wish", ["pause", "keep", "cancel", "resume"])
def test_as_json_a_wish_is_answered_with_how_the_run_stood(
    runs: Path, wish: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run(runs / "wave", STEP, {"event": "paused", "step": 40})
    with hold(folder):
        assert run(wish, "wave", "--json") == 0
    output = capsys.readouterr()
    facts = json.loads(output.out)
    assert (facts["folder"], facts["state"], facts["step"]) == (str(folder), "paused", 40)
    assert facts["wish"] == ("run" if wish == "resume" else wish)
    assert output.err == ""
    if wish == "cancel":
        assert run("cancel", "wave", "--delete", "--json") == 0
        assert json.loads(capsys.readouterr().out)["deleted"] is True
        assert not folder.exists()


def test_a_run_that_was_refused_before_its_first_step_is_not_left_behind(
    fake: Callable[..., object], runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "folder = pathlib.Path(sys.argv[sys.argv.index('--run') + 1]); name = sys.argv[sys.argv.index('--name') + 1]\n"
        "folder.mkdir(parents=True, exist_ok=True); (folder / 'run.json').write_text(json.dumps({'name': name}))\n"
        "if name == 'begun': (folder / 'fast').mkdir(); (folder / 'fast' / 'checkpoint-0000000.safetensors').touch()\n"
        "if name == 'filmed': (folder / 'content').mkdir()\n"
        "if name == 'nodevice': (folder / 'run.json').unlink(); (folder / 'lock').touch()\n"
        "sys.exit(130 if name == 'early' else 9)"
    )
    fake(code)
    (tmp_path / "mine").mkdir()
    for name in ("refused", "early", "nodevice", "begun", "filmed"):
        assert run("new", "x.png", "--name", name) == (130 if name == "early" else 9)
    assert run("new", "x.png", "--name", "x", "--run", tmp_path / "mine") == 9
    assert sorted(path.name for path in runs.iterdir()) == ["begun", "filmed"]
    assert (tmp_path / "mine" / "run.json").exists()  # the folder was there before
    assert "goes on from its last checkpoint" not in capsys.readouterr().err


def test_a_run_elsewhere_is_named_by_its_whole_path(
    fake: Callable[..., object],
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(runs / "wave")
    with hold(make_run(tmp_path / "wave")):
        assert run("new", "x.png", "--name", "x", "--run", "wave") == 9
    # 'wave' alone would be the one among the runs.
    assert f"'stylecam train keep {tmp_path / 'wave'}' or 'cancel {tmp_path / 'wave'}'" in capsys.readouterr().err


def test_cancelling_may_delete_the_run_once_its_trainer_has_ended(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run(runs / "wave", STEP)
    lock = hold(folder)

    def trainer() -> None:
        deadline = time.monotonic() + 60
        while read_control(folder).state != "cancel" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert folder.exists()
        lock.release()

    thread = threading.Thread(target=trainer)
    thread.start()
    try:
        assert run("cancel", "wave", "--delete") == 0
    finally:
        thread.join()
    assert not folder.exists()
    make_run(runs / "old", STEP)
    assert run("cancel", "old", "--delete", "-q") == 0
    assert not (runs / "old").exists()
    assert run("cancel", "old", "--delete") == 9
    assert capsys.readouterr().err.count("error: ") == 1


def test_deleting_checkpoints_is_asked_about(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(runs / "wave", STEP)
    _begun(folder)
    assert run("cancel", "wave", "--delete") == 2
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text))  # and no
    with hold(folder):
        assert run("cancel", "wave", "--delete") == 0
    assert asked == [f"Delete {folder}, its checkpoints and previews?"]
    assert read_control(folder).state == "run"
    assert folder.exists()
    assert run("cancel", "wave", "--delete", "--yes") == 0
    assert not folder.exists()


def test_a_run_is_found_by_its_name_or_by_its_folder(
    fake: Callable[..., Callable[[], list[str]]],
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = fake()
    make_run(runs / "wave")
    make_run(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    assert run("export", "wave") == 0
    assert told() == ["export", str(runs / "wave")]
    assert run("export", "elsewhere", "--step", "40", "--variant", "full", "-o", "styles") == 0
    assert told() == ["export", "elsewhere", "--step", "40", "--variant", "full", "--out", "styles"]
    assert run("export", "elsewhere", "--name", "mine", "--replace") == 0
    assert told() == ["export", "elsewhere", "--name", "mine", "--replace"]
    assert run("export", "waves") == 9
    assert capsys.readouterr().err == "error: no run is called 'waves': did you mean 'wave'? there are wave\n"
    for name in ("", "x" * 5000, "a\0b", "../.."):
        assert run("export", name) == 9
    assert "bug" not in capsys.readouterr().err


def test_an_export_prints_its_path(fake: Callable[..., object], runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(runs / "wave")
    fake(say_events({"event": "exported", "variant": "fast", "step": 4, "path": "/styles/wave.safetensors"}))
    assert run("export", "wave") == 0
    assert capsys.readouterr().out == "/styles/wave.safetensors\n"


def test_runs_are_listed_for_programs_and_for_people(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run("list") == 0
    assert capsys.readouterr() == ("", "")
    folder = make_run(runs / "wave", STEP, created=2.0)
    make_run(runs / "done", {"event": "finished", "step": 900, "path": "/styles/done.safetensors"}, created=3.0)
    make_run(runs / "bad", {"event": "failed", "text": "the photographs\nare gone"}, created=1.0)
    with hold(folder):
        assert run("list", "--json") == 0
        facts = json.loads(capsys.readouterr().out)
        assert run("list") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(fact["folder"], fact["state"], fact["style"], fact["seconds_left"]) for fact in facts] == [
        (str(runs / "done"), "finished", "/styles/done.safetensors", None),
        (str(runs / "wave"), "running", None, 61.5),
        (str(runs / "bad"), "failed", None, None),
    ]
    assert [row[0:4] for row in rows] == [
        ["done", "finished", "fast 900/900", ""],
        ["wave", "running", "fast 40/900", "1 min 02 s"],
        ["bad", "failed", "fast 0/900", ""],
    ]
    assert [row[6] for row in rows] == ["/styles/done.safetensors", "", "the photographs are gone"]
    tell(folder, {"event": "phase", "phase": "finishing"}, {"event": "measuring", "number": 2, "count": 8})
    with hold(folder):
        assert run("list") == 0
    row = capsys.readouterr().out.splitlines()[1].split("\t")
    assert (row[1], row[3], row[6]) == ("running", "", "measuring, and making the style, photograph 2 of 8")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run("list") == 0
    assert "state" in capsys.readouterr().out


def test_steering_and_listing_load_nothing_heavy(runs: Path) -> None:
    make_run(runs / "wave")
    code = (
        "import sys; from stylecam.cli import main\n"
        "main(['train', *sys.argv[1:]])\n"
        "assert not {'torch', 'numpy', 'cv2', 'av', 'PIL'} & set(sys.modules)\n"
    )
    for command in (["list"], ["pause", "wave"], ["--help"], ["new", "--help"]):
        subprocess.run([sys.executable, "-c", code, *command], check=True, timeout=60, capture_output=True)


@pytest.mark.parametrize("command", ["new", "resume", "list", "export", "pause", "keep", "cancel"])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert f"Example: stylecam train {command}" in capsys.readouterr().out


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(16):
        small = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        PilImage.fromarray(small).resize((96, 96), PilImage.Resampling.BICUBIC).save(folder / f"{index}.png")
    return folder


def _command(photographs: Path, *extra: str) -> list[str]:
    return [
        *(sys.executable, "-m", "stylecam", "train", "new", str(photographs / "0.png"), "--content", str(photographs)),
        *("--name", "tiny", "--variant", "fast", "--base", "none", "--crop", "64", "--painting-size", "64"),
        *("--reconstruction-steps", "1", "--style-rise", "1", *extra),
    ]


@pytest.mark.slow
def test_a_style_is_trained_and_its_path_printed(photographs: Path, tmp_path: Path) -> None:
    out = tmp_path / "styles"
    # A folder called trainer where the user stands must not be taken for ours.
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "__main__.py").write_text("raise SystemExit('the wrong trainer')")
    command = _command(photographs, "--steps", "2", "--base", "candy", "--out", str(out))
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(out / "tiny.safetensors")
    assert "step 2/2" in run.stderr
    assert read_style(out / "tiny.safetensors").variants == ("fast",)
    run_info = read_run(runs_folder() / "tiny")
    assert (run_info.state, run_info.step, run_info.style) == ("finished", 2, out / "tiny.safetensors")


@pytest.mark.slow
def test_a_signal_writes_a_checkpoint_and_resume_goes_on(photographs: Path, tmp_path: Path) -> None:
    command = _command(photographs, "--steps", "400", "--base", "candy", "--out", str(tmp_path), "--json")
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "step":
                process.send_signal(signal.SIGTERM)
                break
        events = [json.loads(line) for line in process.stdout]
        assert process.wait() == 128 + signal.SIGTERM
    told = {event["event"]: event for event in events}
    reached = told["checkpoint"]["step"]
    assert events[-1]["event"] == "stopped"
    assert 0 < reached < 400
    assert not (tmp_path / "tiny.safetensors").exists()
    assert read_run(runs_folder() / "tiny").state == "stopped"

    command = [*(sys.executable, "-m", "stylecam", "train", "resume", "tiny", "--steps", str(reached + 1), "--json")]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ})
    assert run.returncode == 0, run.stderr
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert next(event for event in events if event["event"] == "started")["step"] == reached
    assert read_style(tmp_path / "tiny.safetensors").variants == ("fast",)


@pytest.mark.parametrize(
    ("extra", "code", "reason"),
    [
        (["--name", "../../x"], 5, "x"),
        (["--device", "cuda:99"], 7, "cuda:99"),
        (["--base", "nothere"], 5, "nothere"),
        (["--out", "photographs/0.png/styles"], 4, "--out"),
        (["--style-weight", "-1"], 9, "style_weight"),
        (["--title", "x" * 200], 9, "--title"),
        (["--steps", "1"], 9, "reconstruction_steps"),
    ],
)
def test_what_would_fail_at_the_end_is_refused_at_the_start(
    photographs: Path, tmp_path: Path, extra: list[str], code: int, reason: str
) -> None:
    run = subprocess.run(_command(photographs, *extra), cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == code
    assert "\nerror: " in f"\n{run.stderr}"
    assert reason in run.stderr
    assert "Traceback" not in run.stderr


def test_a_style_of_another_painting_is_kept(photographs: Path, tmp_path: Path) -> None:
    write_tiny_style(tmp_path / "tiny.safetensors", title="Kept")
    run = subprocess.run(_command(photographs, "--out", str(tmp_path)), cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 4
    assert f"the name tiny is taken by 'Kept' by 'A Test' in {tmp_path}: choose another --name" in run.stderr
    assert read_style(tmp_path / "tiny.safetensors").title == "Kept"


def test_what_cannot_start_says_why_in_one_line(photographs: Path, tmp_path: Path) -> None:
    for path in sorted(photographs.glob("*.png"))[7:]:
        path.unlink()
    assert (photographs / "0.png").is_file()
    run = subprocess.run(_command(photographs, "-q"), cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 9
    assert "7 usable photographs, training needs at least 8" in run.stderr
    assert run.stderr.startswith("error: ")
    assert run.stderr.count("\n") == 1


def test_a_command_given_once_more_takes_back_what_ended_its_run_but_never_another_s(
    fake: Callable[..., Callable[[], list[str]]], tmp_path: Path
) -> None:
    fake()
    folder = make_run(tmp_path / "wave")
    write_control(folder, Control("cancel", style=2.0))
    with hold(folder):
        assert run("new", "wave.jpg", "--run", folder) == 9
        assert read_control(folder).state == "cancel"
    assert run("new", "wave.jpg", "--run", folder) == 0
    assert read_control(folder) == Control("run", style=2.0)
