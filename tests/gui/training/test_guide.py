"""What is wished of a training comes to exactly one end: a style, a reason, or a cancel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stylecam.gui.background import Background
from stylecam.gui.training import command as trainer_command
from stylecam.gui.training.guide import RunGuide
from stylecam.pictures import read_picture
from stylecam.runs import hold
from stylecam.styles import user_styles_folder
from tests.gui.training.fakerun import FakeRun, noise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


class Guided:
    """A guide, its run, and what it told."""

    def __init__(self, tmp_path: Path) -> None:
        self.background = Background()
        self.still: Any = None
        self.guide = RunGuide(lambda: self.still, self.background)
        self.ends: list[tuple[str, Any]] = []
        self.waits: list[str] = []
        for name in ("finished", "failed", "cancelled"):
            getattr(self.guide, name).connect(lambda value, name=name: self.ends.append((name, value)))
        self.guide.interrupted.connect(lambda path, text: self.ends.append(("interrupted", (path, text))))
        self.guide.waiting.connect(self.waits.append)
        self.run = self.begin(tmp_path / "run")

    def begin(self, folder: Path) -> FakeRun:
        run = FakeRun(folder, self.guide)
        run.start([])
        self.guide.follow(run, "mine")
        return run


@pytest.fixture
def guided(qtbot: QtBot, tmp_path: Path) -> Iterator[Guided]:
    guided = Guided(tmp_path)
    yield guided
    guided.guide.forget()
    assert guided.background.shut(10)


def exports(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", script))


def test_a_style_that_comes_is_the_end(guided: Guided) -> None:
    guided.run.end(True, "/styles/mine.safetensors")
    assert guided.ends == [("finished", Path("/styles/mine.safetensors"))]


def test_a_run_that_ends_by_itself_without_one_has_failed(guided: Guided) -> None:
    guided.run.end(False, "the disk is full")
    assert guided.ends == [("failed", "the disk is full")]


def test_a_pause_is_waited_for_and_taken_back(guided: Guided) -> None:
    guided.guide.pause_or_go_on()
    assert guided.run.calls[-1] == "pause"
    assert guided.guide.wants_pause
    assert guided.waits[-1].startswith("Pausing")
    guided.run.tell("paused", step=4)
    assert guided.waits[-1] == ""
    guided.guide.pause_or_go_on()
    assert guided.run.calls[-1] == "go_on"
    assert not guided.guide.wants_pause


def test_keeping_ends_it_with_the_style_as_it_is(guided: Guided) -> None:
    guided.guide.keep()
    guided.guide.keep()
    guided.guide.pause_or_go_on()
    assert guided.run.calls[-1] == "keep"
    assert guided.run.calls.count("keep") == 1
    assert guided.guide.aim == "keep"
    guided.run.end(True, "/styles/mine.safetensors")
    assert (guided.guide.aim, guided.ends[0][0]) == ("", "finished")


def test_an_older_preview_is_made_a_style_when_its_trainer_has_ended(
    qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports(
        monkeypatch,
        "import json, sys\n"
        "print(json.dumps({'event': 'report', 'variant': ' '.join(sys.argv[1:])}))\n"
        "print(json.dumps({'event': 'exported', 'path': '/styles/mine.safetensors'}))",
    )
    events: list[dict[str, Any]] = []
    guided.guide.event_read.connect(events.append)
    guided.guide.use("fast", 1250, go_on=False)
    assert guided.run.calls[-1] == "stop"
    assert "step 1,250" in guided.waits[-1]
    guided.run.end(False, "stopped")
    assert guided.ends == []
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=60_000)
    assert guided.ends == [("finished", Path("/styles/mine.safetensors"))]
    assert events[0]["variant"] == f"export {guided.run.folder} --variant fast --step 1250"


@pytest.mark.parametrize("works", [True, False])
def test_a_run_that_is_to_go_on_after_the_style_of_a_preview_is_only_interrupted(
    qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    exports(monkeypatch, "pass" if works else "raise SystemExit('error: the trial is gone')")
    makings: list[str] = []
    guided.guide.making.connect(makings.append)
    guided.guide.use("fast", 10, go_on=True)
    assert "Interrupting the training" in guided.waits[-1]
    assert makings == []
    guided.run.end(False, "stopped")
    assert "step 10" in makings[-1]
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=60_000)
    path = user_styles_folder() / "mine.safetensors"
    assert guided.ends == [("interrupted", (path, "") if works else (None, "the trial is gone"))]


def test_a_stop_is_told_at_once_and_leaves_what_can_go_on(guided: Guided) -> None:
    guided.guide.stop()
    guided.guide.stop()
    assert guided.run.calls.count("stop") == 1
    assert (guided.guide.aim, guided.waits[-1][:8]) == ("stop", "Stopping")
    guided.run.end(False, "stopped at step 4")
    assert guided.ends == [("failed", "stopped at step 4")]


def test_a_trainer_that_can_only_be_paused_is_paused_by_a_stop(guided: Guided) -> None:
    guided.guide.stop()
    guided.run.tell("paused", step=4)
    assert (guided.guide.aim, guided.waits[-1]) == ("", "")


def test_what_is_interrupted_and_stopped_is_not_taken_up_again(
    qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports(monkeypatch, "pass")
    guided.guide.use("fast", 10, go_on=True)
    guided.guide.stop()
    guided.run.end(False, "stopped")
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=60_000)
    assert guided.ends[0][0] == "finished"


def test_an_export_that_says_no_path_is_where_styles_are(
    qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports(monkeypatch, "pass")
    guided.guide.use("fast", 10, go_on=False)
    guided.run.end(False, "stopped")
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=60_000)
    assert guided.ends == [("finished", user_styles_folder() / "mine.safetensors")]


def test_an_export_that_fails_is_told(qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch) -> None:
    exports(monkeypatch, "raise SystemExit('error: the trial is gone')")
    guided.guide.use("fast", 10, go_on=False)
    guided.run.end(False, "stopped")
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=60_000)
    assert guided.ends == [("failed", "the trial is gone")]


def test_a_style_that_was_quicker_than_the_wish_is_kept(guided: Guided) -> None:
    guided.guide.cancel()
    guided.run.end(True, "/styles/mine.safetensors")
    assert guided.ends == [("finished", Path("/styles/mine.safetensors"))]


def test_a_cancel_deletes_the_run_once_its_trainer_has_let_go(qtbot: QtBot, guided: Guided) -> None:
    guided.run.write_down()
    guided.run.preview(10)
    with hold(guided.run.folder):
        guided.guide.cancel()
        guided.guide.cancel()
        assert guided.run.calls[-1] == "cancel"
        guided.run.end(False, "cancelled")
        qtbot.wait(150)
        assert guided.ends == []
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=20_000)
    assert guided.ends[0][0] == "cancelled"
    assert "is deleted" in guided.ends[0][1]
    assert not guided.run.folder.exists()


def test_a_cancel_that_leaves_something_says_so(qtbot: QtBot, guided: Guided) -> None:
    guided.run.write_down()
    guided.run.tell("notice", text="one photograph is gone")
    guided.guide.cancel()
    guided.run.tell("notice", text="the network that was finished before stays in /styles/mine.safetensors")
    guided.run.end(False, "cancelled")
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=20_000)
    assert guided.ends[0][1] == (
        "The training was cancelled, and what it made is deleted. "
        "The network that was finished before stays in /styles/mine.safetensors."
    )


def test_what_cannot_be_deleted_is_told(qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stylecam.gui.training.guide._DELETE_TRIES", 1)
    guided.guide.cancel()
    guided.run.end(False, "cancelled")  # before it wrote down whose folder it is
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=20_000)
    assert guided.ends[0][0] == "cancelled"
    assert "not all of it was deleted" in guided.ends[0][1]


def test_a_cancel_during_an_export_ends_that(qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch) -> None:
    exports(monkeypatch, "import time; time.sleep(60)")
    guided.run.write_down()
    guided.guide.use("fast", 10, go_on=False)
    guided.run.end(False, "stopped")
    guided.guide.cancel()
    qtbot.waitUntil(lambda: bool(guided.ends), timeout=20_000)
    assert guided.ends[0][0] == "cancelled"
    assert not guided.run.folder.exists()


def test_the_camera_s_picture_is_given_to_the_previews(
    qtbot: QtBot, guided: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = guided.run.folder / "still.jpg"
    assert not still.exists()
    guided.still = noise(3, (1280, 720))
    run = guided.begin(guided.run.folder)
    qtbot.waitUntil(still.exists, timeout=10_000)
    assert read_picture(still).size == (640, 360)
    assert run.calls == [[]]


def test_what_is_let_go_of_is_not_heard_any_more(guided: Guided, tmp_path: Path) -> None:
    first = guided.run
    second = guided.begin(tmp_path / "second")
    assert first.calls[-1] == "detach"
    first.end(True, "/styles/first.safetensors")
    assert guided.ends == []
    guided.guide.set_emphasis(2.0, 1.0, 1.0)
    assert second.calls[-1] == ("emphasis", 2.0, 1.0, 1.0)
