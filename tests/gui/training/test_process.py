"""A training as the window sees it: trainers that work, fail, babble, die early, outlive it - and the real one once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as PilImage

from stylecam.gui.training import process as training_process
from stylecam.gui.training.process import TrainingRun
from stylecam.politeness import NICENESS
from stylecam.runs import Control, is_running, read_control, read_run, write_control
from stylecam.styles import read_style
from tests.live import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

_TRAINER = """
import json, os, signal, sys, time
from pathlib import Path
from stylecam.runs import hold, read_control
folder = Path(sys.argv[1])
def say(event, **fields):
    line = json.dumps({"event": event, "time": time.time(), **fields})
    with (folder / "events.jsonl").open("a") as file:
        file.write(line + "\\n")
    print(line, flush=True)
def on_signal(number, frame):
    say("stopped", step=step, text="stopped at step 3; resumed, it goes on from there")
    sys.exit(143)
signal.signal(signal.SIGTERM, on_signal)
step = 0
"""
_LOYAL = (
    _TRAINER
    + """
with hold(folder):
    (folder / "lock").write_text(str(os.getpid()))
    say("started", variant="fast", step=0, steps=9)
    said = ""
    while (state := read_control(folder).state) in ("run", "pause"):
        if state != said and (said or state == "pause"):
            say({"run": "resumed", "pause": "paused"}[state], step=step)
        said = state
        if state == "run" and step < 3:
            step += 1
            say("step", variant="fast", step=step, steps=9, seconds_left=5.0)
        time.sleep(0.01)
    if state == "cancel":
        say("cancelled", step=step)
    else:
        say("finished", step=step, seconds=1, path="/styles/x.safetensors")
"""
)
"""It trains three steps, and then waits for what it is told."""


class Followed:
    """A run, and what was heard of it."""

    def __init__(self, folder: Path) -> None:
        self.run = TrainingRun(folder)
        self.events: list[dict[str, Any]] = []
        self.ends: list[tuple[bool, str]] = []
        self.asked: list[int] = []
        """How many events were told before each of the window's own."""
        self.run.event_read.connect(self._hear)
        self.run.ended.connect(lambda done, text: self.ends.append((done, text)))

    def _hear(self, event: dict[str, Any]) -> None:
        if event["event"] == "asked":
            assert event["time"] <= time.time()
            self.asked.append(len(self.events))
        else:
            self.events.append(event)

    @property
    def kinds(self) -> list[str]:
        return [event["event"] for event in self.events]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "x"


@pytest.fixture
def start(qtbot: QtBot, folder: Path) -> Iterator[Callable[..., Followed]]:
    """Start a script as the trainer; whatever still runs afterwards is killed, and must not be left a zombie."""

    def start_one(script: str) -> Followed:
        followed = Followed(folder)
        program = [sys.executable, "-c", textwrap.dedent(script)]
        followed.run.start([str(folder)], program=program)
        return followed

    yield start_one
    for trainer in list(training_process._started.values()):
        trainer.kill()
        trainer.wait(20)
    training_process._started.clear()


@pytest.fixture
def stranger(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A loyal trainer that somebody else has started."""
    folder.mkdir(parents=True)
    process = subprocess.Popen([sys.executable, "-c", _LOYAL, str(folder)], stdout=subprocess.DEVNULL)
    wait_until(lambda: is_running(folder), seconds=30)
    yield process
    process.kill()
    process.wait(20)


def end_of(qtbot: QtBot, followed: Followed) -> tuple[bool, str]:
    qtbot.waitUntil(lambda: bool(followed.ends), timeout=280_000)
    qtbot.wait(2 * training_process._POLL_MS)
    assert len(followed.ends) == 1, "it ends once"
    assert not followed.run.running
    return followed.ends[0]


def heard(qtbot: QtBot, followed: Followed, kind: str) -> None:
    qtbot.waitUntil(lambda: kind in followed.kinds, timeout=60_000)


def says(*events: dict[str, Any]) -> str:
    """A script that writes these events as they are."""
    lines = "".join(json.dumps(event) + "\n" for event in events)
    return _TRAINER + f"(folder / 'events.jsonl').open('a').write({lines!r})\n"


def alive(pid: int) -> bool:
    """Not a zombie, either."""
    with contextlib.suppress(OSError):
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
        return bool(state.strip()) and not state.startswith("Z")
    return False


@pytest.mark.slow
def test_a_style_is_trained_by_the_real_trainer(qtbot: QtBot, tmp_path: Path, folder: Path) -> None:
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    rng = np.random.default_rng(0)
    for index in range(16):
        small = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        PilImage.fromarray(small).resize((96, 96), PilImage.Resampling.BICUBIC).save(photographs / f"{index}.png")
    followed = Followed(folder)
    asked = ["--content", str(photographs), "--name", "tiny", "--run", str(folder), "--out", str(tmp_path)]
    small_run = ["--base", "candy", "--variant", "fast", "--steps", "2", "--crop", "64"]
    followed.run.start(["new", str(photographs / "0.png"), *asked, *small_run, "--painting-size", "64"])
    done, text = end_of(qtbot, followed)
    assert done, text
    assert read_style(text).variants == ("fast",)
    assert followed.kinds[-1] == "finished"
    assert read_run(folder).state == "finished"


def test_every_event_is_told_once_and_in_order(start: Callable[..., Followed], qtbot: QtBot) -> None:
    steps = [{"event": "step", "step": n, "time": n} for n in range(3 * training_process._PORTION)]
    followed = start(says(*steps, {"event": "finished", "path": "/styles/x.safetensors"}))
    assert end_of(qtbot, followed) == (True, "/styles/x.safetensors")
    assert [event.get("step") for event in followed.events] == [*range(3 * training_process._PORTION), None]
    assert followed.asked == [0], "the clock runs before the trainer's first word"
    again = start(says({"event": "finished", "path": "/styles/x.safetensors"}))
    end_of(qtbot, again)
    assert again.asked == [len(followed.events)], "after what was told in its earlier life"


def test_it_does_what_it_is_told(start: Callable[..., Followed], qtbot: QtBot, folder: Path) -> None:
    followed = start(_LOYAL)
    run = followed.run
    assert run.folder == folder
    assert run.running
    heard(qtbot, followed, "step")
    run.set_emphasis(2.0, 0.5, 99.0)
    assert read_control(folder) == run.control == Control(style=2.0, content=0.5, steady=4.0)
    run.pause()
    heard(qtbot, followed, "paused")
    assert run.running
    run.go_on()
    heard(qtbot, followed, "resumed")
    assert run.control == Control(style=2.0, content=0.5, steady=4.0)
    run.keep()
    assert end_of(qtbot, followed) == (True, "/styles/x.safetensors")


def test_a_cancelled_one_ends_without_a_style(start: Callable[..., Followed], qtbot: QtBot) -> None:
    followed = start(_LOYAL)
    heard(qtbot, followed, "step")
    followed.run.pause()
    heard(qtbot, followed, "paused")
    followed.run.cancel()
    assert end_of(qtbot, followed) == (False, "The training was cancelled.")


def test_a_stopped_one_says_that_it_can_go_on(start: Callable[..., Followed], qtbot: QtBot) -> None:
    followed = start(_LOYAL)
    heard(qtbot, followed, "step")
    followed.run.stop()
    assert end_of(qtbot, followed) == (False, "stopped at step 3; resumed, it goes on from there")


def test_one_that_is_stopped_while_it_loads_its_libraries_was_stopped_too(
    start: Callable[..., Followed], qtbot: QtBot
) -> None:
    followed = start("import time; time.sleep(120)")
    followed.run.stop()
    done, text = end_of(qtbot, followed)
    assert (done, "was stopped" in text) == (False, True)


def test_the_reason_of_a_failure_is_told(start: Callable[..., Followed], qtbot: QtBot) -> None:
    failed = says({"event": "failed", "text": "There are too few photographs."})
    followed = start(failed + "print('some warning', file=sys.stderr); sys.exit(1)")
    assert end_of(qtbot, followed) == (False, "There are too few photographs.")


def test_one_that_dies_before_its_first_word_is_told_by_its_log(start: Callable[..., Followed], qtbot: QtBot) -> None:
    script = """
        import sys
        print('{"event": "notice", "text": "of no help here"}')
        sys.exit("Traceback\\nerror: The painting cannot be read.\\n\\n")
    """
    assert end_of(qtbot, start(script)) == (False, "The painting cannot be read.")


def test_what_an_earlier_life_left_in_the_folder_is_no_reason(
    start: Callable[..., Followed], qtbot: QtBot, folder: Path
) -> None:
    folder.mkdir(parents=True)
    before = [{"event": "step", "step": 1, "time": 1.0}, {"event": "failed", "text": "long ago", "time": 2.0}]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in before))
    (folder / "trainer.log").write_text("an old traceback\n")
    write_control(folder, Control(state="cancel", style=2.0))
    followed = start("raise SystemExit(7)")
    assert end_of(qtbot, followed) == (False, "The training ended with code 7.")
    assert followed.events == before, "but it is told, for it is part of the run"
    assert read_control(folder) == Control(state="run", style=2.0)


def test_a_resumed_one_ends_as_it_ends_this_time(start: Callable[..., Followed], qtbot: QtBot, folder: Path) -> None:
    first = start(_LOYAL)
    heard(qtbot, first, "step")
    first.run.stop()
    end_of(qtbot, first)
    second = start(_LOYAL)
    qtbot.waitUntil(lambda: second.kinds.count("started") == 2, timeout=60_000)
    second.run.keep()
    assert end_of(qtbot, second) == (True, "/styles/x.safetensors")
    assert second.kinds[: len(first.kinds)] == first.kinds


def test_without_a_word_the_exit_is_told(start: Callable[..., Followed], qtbot: QtBot) -> None:
    done, text = end_of(qtbot, start("import os; os.kill(os.getpid(), 9)"))
    assert not done
    assert "signal 9" in text
    done, _ = end_of(qtbot, start(says({"event": "finished"})))
    assert not done, "an end without a style is none"


def test_garbage_says_nothing_and_hurts_nobody(start: Callable[..., Followed], qtbot: QtBot) -> None:
    garbage = b'\xff\xfe\x00 not text\n[1]\n5\n{}\n{"event": 3}\n'
    script = _TRAINER + f"garbage = {garbage!r} + b'[' * 100000 + b'\\n'\n"
    script += "(folder / 'events.jsonl').write_bytes(garbage)\nsys.stdout.buffer.write(garbage)\n"
    followed = start(script + says({"event": "finished", "path": "/styles/x.safetensors"}))
    assert end_of(qtbot, followed) == (True, "/styles/x.safetensors")
    assert followed.kinds == ["finished"]


def test_a_program_that_cannot_be_started_is_told(qtbot: QtBot, folder: Path) -> None:
    followed = Followed(folder)
    followed.run.start([], program=["/no/such/python"])
    assert followed.ends == [], "whoever starts it listens only then"
    done, text = end_of(qtbot, followed)
    assert not done
    assert "No such file" in text


def test_a_folder_that_cannot_be_made_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    followed = Followed(tmp_path / "file" / "x")
    followed.run.start([])
    done, text = end_of(qtbot, followed)
    assert not done
    assert "could not be started" in text


def test_a_wish_that_cannot_be_written_is_told_among_the_events(
    start: Callable[..., Followed], qtbot: QtBot, folder: Path
) -> None:
    followed = start(_LOYAL)
    heard(qtbot, followed, "step")
    (folder / "control.json").mkdir()
    followed.run.pause()
    heard(qtbot, followed, "notice")
    assert "could not be told" in followed.events[-1]["text"]
    assert followed.run.control.state == "run"


def test_letting_go_of_it_leaves_it_alive_and_taking_it_up_again_tells_all(
    start: Callable[..., Followed], qtbot: QtBot, folder: Path
) -> None:
    first = start(_LOYAL)
    heard(qtbot, first, "step")
    process = training_process._started[folder].pid
    first.run.detach()
    assert not first.run.running
    del first.run  # and no warning of a process that still runs
    assert os.getsid(process) != os.getsid(0), "no signal of the terminal reaches it"
    assert alive(process)

    second = Followed(folder)
    second.run.attach()
    heard(qtbot, second, "step")
    assert second.kinds[0] == "started"
    second.run.keep()
    assert end_of(qtbot, second) == (True, "/styles/x.safetensors")
    assert first.ends == []
    assert folder not in training_process._started, "it was asked after, and is no zombie"


def test_one_that_is_let_go_of_and_ends_is_no_zombie_for_long(
    start: Callable[..., Followed], qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    first = start("pass")
    first.run.detach()
    process = training_process._started[folder].pid
    other = Followed(tmp_path / "other")
    other.run.start([], program=[sys.executable, "-c", "import time; time.sleep(0.5)"])
    end_of(qtbot, other)
    qtbot.waitUntil(lambda: not alive(process), timeout=20_000)
    assert first.ends == []


def test_an_unhurried_start_is_no_end_for_one_who_takes_it_up(
    start: Callable[..., Followed], qtbot: QtBot, folder: Path
) -> None:
    first = start("import time; time.sleep(1)\n" + _LOYAL)  # it has no lock yet
    first.run.detach()
    second = Followed(folder)
    second.run.attach()
    heard(qtbot, second, "step")
    assert second.ends == []


@pytest.mark.usefixtures("stranger")
def test_somebody_else_s_training_is_followed_and_told_what_to_do(qtbot: QtBot, folder: Path) -> None:
    followed = Followed(folder)
    followed.run.attach()
    heard(qtbot, followed, "step")
    followed.run.pause()
    heard(qtbot, followed, "paused")
    followed.run.keep()
    assert end_of(qtbot, followed) == (True, "/styles/x.safetensors")


@pytest.mark.usefixtures("stranger")
def test_somebody_else_s_training_is_stopped_by_who_holds_its_lock(qtbot: QtBot, folder: Path) -> None:
    followed = Followed(folder)
    followed.run.attach()
    heard(qtbot, followed, "step")
    followed.run.stop()
    assert end_of(qtbot, followed) == (False, "stopped at step 3; resumed, it goes on from there")


@pytest.mark.usefixtures("stranger")
def test_where_nobody_knows_the_process_it_is_paused_instead(qtbot: QtBot, folder: Path) -> None:
    followed = Followed(folder)
    followed.run.attach()
    heard(qtbot, followed, "step")
    (folder / "lock").write_text("")
    followed.run.stop()
    heard(qtbot, followed, "paused")
    assert followed.run.running
    followed.run.detach()


def test_somebody_else_s_training_that_is_killed_ends_with_a_word(
    qtbot: QtBot, folder: Path, stranger: subprocess.Popen[bytes]
) -> None:
    followed = Followed(folder)
    followed.run.attach()
    heard(qtbot, followed, "step")
    stranger.send_signal(signal.SIGKILL)
    done, text = end_of(qtbot, followed)
    assert not done
    assert "can go on from its last checkpoint" in text


def test_whoever_hears_an_event_may_let_go_of_the_run(start: Callable[..., Followed], qtbot: QtBot) -> None:
    followed = start(says(*({"event": "step", "step": n} for n in range(9))))
    followed.run.event_read.connect(lambda event: event["event"] == "step" and followed.run.detach())
    heard(qtbot, followed, "step")
    qtbot.wait(3 * training_process._POLL_MS)
    assert len(followed.events) == 1
    assert followed.ends == []


def test_a_training_is_less_urgent_than_the_picture(start: Callable[..., Followed], qtbot: QtBot) -> None:
    # It waits for the process to be made less urgent, as a training that loads its libraries does.
    script = f"""
        import os, sys, time
        end = time.monotonic() + 30
        while os.nice(0) < {NICENESS} and time.monotonic() < end: time.sleep(0.01)
        sys.exit(str(os.nice(0)))
    """
    assert end_of(qtbot, start(script)) == (False, str(NICENESS))


def test_the_trainer_is_that_of_this_very_stylecam(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trainer.py").write_text("print('the wrong one')")
    followed = Followed(folder)
    followed.run.start(["--help"])
    end_of(qtbot, followed)
    assert "the wrong one" not in (folder / "trainer.log").read_text()
