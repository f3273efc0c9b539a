"""From a picture to a style in one dialog: what it starts, what it tells a training, what it tells the window."""

from __future__ import annotations

import itertools
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QMessageBox, QRadioButton, QWidget

from stylecam.gui.training import command as trainer_command
from stylecam.gui.training import gathering
from stylecam.gui.training.dialog import TrainDialog
from stylecam.gui.training.parts import Page
from stylecam.runs import Control
from tests.gui.training.fakerun import FakeRun, button, noise, words, write_painting
from tests.gui.widgets import check_names, check_room
from tests.live import wait_until
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image

TIMES = '{"quick": [402, 530], "standard": [1900, 2400], "best": [7000, 9100], "device": "cpu"}'


class Opened:
    """A dialog, the trainings that it began, and what it told the window."""

    def __init__(self, qtbot: QtBot, tmp_path: Path) -> None:
        self.qtbot = qtbot
        self.runs: list[FakeRun] = []
        self.told: list[Any] = []
        self.seen: Image | None = None
        self.look: Callable[[], Image | None] = lambda: self.seen
        self.painting = write_painting(tmp_path / "sea.png")
        self.dialog = TrainDialog(still=lambda: self.look(), runs=tmp_path / "runs", new_run=self.new_run)
        self.dialog.run_started.connect(lambda run: self.told.append(("started", run)))
        self.dialog.try_requested.connect(lambda path: self.told.append(("try", path)))
        self.dialog.kept.connect(lambda name: self.told.append(("kept", name)))
        self.dialog.made.connect(lambda name: self.told.append(("made", name)))
        self.dialog.closed_while_running.connect(lambda: self.told.append("closed"))

    def new_run(self, folder: Path, owner: QObject) -> FakeRun:
        self.runs.append(FakeRun(folder, owner))
        return self.runs[-1]

    @property
    def run(self) -> FakeRun:
        return self.runs[-1]

    def until(self, text: str) -> None:
        self.qtbot.waitUntil(lambda: text in words(self.dialog), timeout=20_000)

    def press(self, text: str) -> None:
        found = button(self.dialog, text)
        assert found.isEnabled(), f"{text!r} cannot be pressed"
        self.qtbot.mouseClick(found, Qt.MouseButton.LeftButton)

    def choose(self, name: str) -> None:
        next(r for r in self.dialog.findChildren(QRadioButton) if r.accessibleName() == name).click()

    def field(self, name: str) -> QLineEdit:
        return next(f for f in self.dialog.findChildren(QLineEdit) if f.accessibleName() == name)

    def take_picture(self) -> None:
        self.dialog.open_picture(self.painting)
        self.qtbot.waitUntil(lambda: button(self.dialog, "Train").isEnabled(), timeout=20_000)

    def begin(self) -> FakeRun:
        """A training that has made its first steps, and a preview."""
        self.take_picture()
        self.press("Train")
        self.run.begin()
        self.run.step(10)
        self.run.preview(10)
        self.until("step 10 of 100")
        return self.run

    def go_back(self) -> None:
        """To the preview before."""
        buttons = self.dialog.findChildren(QAbstractButton)
        next(b for b in buttons if b.accessibleName() == "Earlier preview").click()

    @property
    def question(self) -> QMessageBox | None:
        shown = [box for box in self.dialog.findChildren(QMessageBox) if box.isVisible()]
        return shown[0] if shown else None


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", f"print({TIMES!r})"))
    opened = Opened(qtbot, tmp_path)
    qtbot.addWidget(opened.dialog, before_close_func=lambda dialog: dialog.shutdown())
    opened.dialog.show()
    qtbot.waitExposed(opened.dialog)
    yield opened
    opened.dialog.shutdown()


def test_it_asks_for_a_picture_first_and_starts_nothing(opened: Opened) -> None:
    assert (opened.dialog.state, opened.dialog.busy, opened.dialog.run) == ("setup", False, None)
    assert not opened.dialog.isModal()
    assert "Choose a picture to learn from." in words(opened.dialog)
    assert not button(opened.dialog, "Train").isEnabled()
    assert opened.runs == []


def test_a_picture_is_measured_and_trained_from(opened: Opened, tmp_path: Path) -> None:
    opened.take_picture()
    opened.until("7–9 min on this device")
    opened.press("Train")
    folder = tmp_path / "runs" / "sea"
    assert opened.run.calls == [
        [
            *("new", str(opened.painting), "--name", "sea", "--run", str(folder), "--preset", "quick"),
            *("--content", "bundled", "--painting-size", "512"),
        ]
    ]
    assert (opened.dialog.state, opened.dialog.busy, opened.dialog.style_name) == ("running", True, "sea")
    assert opened.dialog.run is opened.run
    assert opened.told == [("started", opened.run)]
    assert opened.run.parent() is opened.dialog


def test_all_of_it_goes_by_the_keyboard(qtbot: QtBot, opened: Opened) -> None:
    opened.take_picture()
    name = opened.field("Name of the style")
    name.setFocus()
    name.selectAll()
    qtbot.keyClicks(name, "my-sea")
    seen: list[QWidget | None] = []
    for _ in range(60):
        qtbot.keyClick(opened.dialog.focusWidget() or opened.dialog, Qt.Key.Key_Tab)
        seen.append(opened.dialog.focusWidget())
    reached = {widget.text().replace("&", "") for widget in seen if isinstance(widget, QAbstractButton)}
    assert {"Train", "Close", "About the picture", "Choose another…", "Quick", "Bundled photographs"} <= reached
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert opened.run.calls[0][3] == "my-sea"


def test_what_was_chosen_reaches_the_trainer(opened: Opened, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(20):
        (photos / f"{number}.jpg").touch()
    opened.take_picture()
    opened.choose("Best")
    opened.dialog._setup.content.choose_folder(photos)
    opened.field("Title").setText("The Sea")
    opened.field("Licence").setText("CC0-1.0")
    opened.until("photos: 20 pictures")
    opened.press("Train")
    arguments = opened.run.calls[0]
    assert arguments[arguments.index("--preset") + 1] == "best"
    assert arguments[arguments.index("--content") + 1] == str(photos)
    assert arguments[-2:] == ["--title=The Sea", "--licence=CC0-1.0"]


def test_why_it_cannot_begin_is_said(opened: Opened) -> None:
    opened.take_picture()
    opened.field("Name of the style").setText("con")
    opened.until("is no name for a style")
    assert not button(opened.dialog, "Train").isEnabled()
    assert "is no name" in button(opened.dialog, "Train").accessibleDescription()
    opened.field("Name of the style").setText("candy")
    opened.until("taken by a bundled style")
    assert words(opened.dialog).count("taken by a bundled style") == 1
    opened.field("Name of the style").setText("sea")
    opened.choose("A folder with photographs")
    opened.until("Choose the folder with the photographs.")


def test_a_measurement_that_fails_is_said_and_hinders_nothing(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", "raise SystemExit(1)"))
    opened.take_picture()
    opened.until("not measured")
    assert button(opened.dialog, "Train").isEnabled()


def test_the_camera_is_collected_from_before_the_training(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_camera(monkeypatch, 5000)
    opened.take_picture()
    opened.choose("Half a minute of my camera")
    opened.until("There is no picture of a camera now")
    seeds = itertools.count()
    opened.look = lambda: noise(next(seeds))
    opened.qtbot.waitUntil(lambda: button(opened.dialog, "Train").isEnabled(), timeout=10_000)
    opened.press("Train")
    assert (opened.dialog.state, opened.dialog.busy, opened.runs) == ("gathering", True, [])
    opened.until("Collecting pictures of the camera:")
    opened.qtbot.waitUntil(lambda: bool(opened.runs), timeout=30_000)
    content = tmp_path / "runs" / "sea" / "content"
    arguments = opened.run.calls[0]
    assert arguments[arguments.index("--content") + 1] == str(content)
    assert len(list(content.iterdir())) >= 16
    assert opened.dialog.state == "running"


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_collecting_can_be_broken_off(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    quick_camera(monkeypatch, 60_000)
    opened.seen = noise(1)
    opened.take_picture()
    opened.choose("Half a minute of my camera")
    opened.qtbot.waitUntil(lambda: button(opened.dialog, "Train").isEnabled(), timeout=10_000)
    opened.press("Train")
    opened.until("1 so far")
    if how == "cancel":
        opened.press("Cancel")
    else:
        opened.dialog.close()
    assert (opened.dialog.state, opened.runs, "closed" in opened.told) == ("setup", [], False)
    assert opened.dialog._background.shut(10)
    assert not (tmp_path / "runs" / "sea").exists()


def test_a_camera_that_sees_too_little_is_told(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_camera(monkeypatch, 300)
    opened.seen = noise(1)
    opened.take_picture()
    opened.choose("Half a minute of my camera")
    opened.qtbot.waitUntil(lambda: button(opened.dialog, "Train").isEnabled(), timeout=10_000)
    opened.press("Train")
    opened.until("Only 1 different pictures were seen")
    assert opened.dialog.state == "setup"
    assert button(opened.dialog, "Train").isEnabled()


def quick_camera(monkeypatch: pytest.MonkeyPatch, lasts_ms: int) -> None:
    defaults = {"lasts_ms": lasts_ms, "every_ms": 20}
    monkeypatch.setattr(gathering.CameraGathering.__init__, "__kwdefaults__", defaults)


def test_trying_live_and_going_back(opened: Opened) -> None:
    run = opened.begin()
    opened.told.clear()
    opened.press("Try it live")
    newer = run.preview(20)
    opened.press("Stop trying")
    first = run.folder / "trials" / "fast-0000010.safetensors"
    assert opened.told == [("try", first), ("try", newer), ("try", Path())]


def test_pause_and_go_on(opened: Opened) -> None:
    run = opened.begin()
    opened.press("Pause")
    assert run.calls[-1] == "pause"
    opened.until("Pausing, when this step is done…")
    assert "Closing this dialog leaves the training paused." in words(opened.dialog)
    run.tell("paused", step=10)
    opened.until("Paused – step 10 of 100")
    opened.press("Go on")
    assert run.calls[-1] == "go_on"
    run.tell("resumed", step=10)
    opened.until("Learning to paint – step 10 of 100")
    assert button(opened.dialog, "Pause")


def test_more_style_is_wished_for(qtbot: QtBot, opened: Opened) -> None:
    run = opened.begin()
    slider = next(s for s in opened.dialog.findChildren(QWidget) if s.accessibleName() == "More style")
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: run.calls[-1] == ("emphasis", 2.0, 1.0, 1.0), timeout=5000)


def finish(opened: Opened, tmp_path: Path) -> Path:
    style = write_tiny_style(tmp_path / "sea.safetensors").path
    figures = {"content": 0.4, "style": 0.1, "flicker": 1.1, "half_db": 50.0, "milliseconds": 25.0, "spread": 0.3}
    opened.run.tell("report", variant="fast", **figures)
    opened.run.tell("finished", step=100, seconds=60, path=str(style))
    opened.run.end(True, str(style))
    return style


def test_stop_and_keep_comes_to_a_style(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = opened.begin()
    opened.press("Try it live")
    opened.told.clear()
    opened.press("Stop & keep")
    assert run.calls[-1] == "keep"
    opened.until("the style is being made and measured…")
    style = finish(opened, tmp_path)
    assert opened.dialog.state == "done"
    assert opened.told == [("try", Path()), ("kept", "sea")]
    assert button(opened.dialog, "Close").isDefault(), "it paints already"
    assert "“sea” is trained, and stands in the gallery" in words(opened.dialog)
    assert "40 fps" in words(opened.dialog)
    shown: list[Path] = []
    monkeypatch.setattr("stylecam.gui.training.aftermath.show_in_folder", shown.append)
    opened.press("Open folder")
    assert shown == [style]
    opened.told.clear()
    opened.press("Paint with it")
    assert opened.told == [("kept", "sea")]
    assert not opened.dialog.isVisible()


def exports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: int) -> None:
    """The trainer makes a style of this step, and of no other."""
    style = write_tiny_style(tmp_path / "sea.safetensors").path
    event = json.dumps({"event": "exported", "variant": "fast", "step": step, "path": str(style)})
    script = f"import sys; assert sys.argv[-4:] == ['--variant', 'fast', '--step', '{step}']; print({event!r})"
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", script))


def answer(opened: Opened, text: str) -> None:
    assert opened.question is not None
    button(opened.question, text).click()


def test_use_this_one_asks_before_it_ends_a_training(opened: Opened) -> None:
    run = opened.begin()
    opened.press("Use this one…")
    assert opened.question is not None
    assert opened.question.text() == "Make the style “sea” as it was at step 10?"
    answer(opened, "Cancel")
    assert "stop" not in run.calls
    assert "keep" not in run.calls
    assert opened.dialog.state == "running"


@pytest.mark.parametrize(("back", "step"), [(False, 20), (True, 10)])
def test_use_this_one_makes_the_style_of_the_preview_that_was_shown(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool, step: int
) -> None:
    run = opened.begin()
    run.preview(20)
    if back:
        opened.go_back()
    exports(monkeypatch, tmp_path, step)
    opened.press("Use this one…")
    run.preview(30)  # while the question stands
    answer(opened, "Use it and stop training")
    assert run.calls[-1] == "stop"
    opened.until("Stopping; then the style is made")
    run.end(False, "stopped")
    opened.qtbot.waitUntil(lambda: opened.dialog.state == "done", timeout=60_000)
    assert opened.told[-1] == ("kept", "sea")
    assert f"Stopped at step {step} of 100" in words(opened.dialog)


def test_a_training_goes_on_after_one_of_its_previews_was_made_a_style(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = opened.begin()
    exports(monkeypatch, tmp_path, 10)
    opened.press("Use this one…")
    answer(opened, "Use it and go on training")
    opened.until("Interrupting the training")
    run.end(False, "stopped")
    opened.until("is being made and measured as it was at step 10")
    opened.qtbot.waitUntil(lambda: opened.run is not run, timeout=60_000)
    assert opened.run.calls == [["resume", str(run.folder)]]
    assert opened.dialog.state == "running"
    assert opened.told[-2:] == [("started", opened.run), ("kept", "sea")]
    assert "“sea” was made of a preview." in opened.dialog._course.page.notices


def test_a_training_goes_on_also_where_the_style_could_not_be_made(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = opened.begin()
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", "raise SystemExit('error: the disk is full')"))
    opened.press("Use this one…")
    answer(opened, "Use it and go on training")
    run.end(False, "stopped")
    opened.qtbot.waitUntil(lambda: opened.run is not run, timeout=60_000)
    assert opened.run.calls == [["resume", str(run.folder)]]
    assert "was not made: the disk is full." in opened.dialog._course.page.notices
    assert ("kept", "sea") not in opened.told


def test_a_stop_is_told_at_once(opened: Opened) -> None:
    run = opened.begin()
    opened.dialog.stop_training()
    assert run.calls[-1] == "stop"
    opened.until("Stopping, as soon as what is being done is saved…")
    assert not button(opened.dialog, "Pause").isEnabled()
    assert "leaves the training running" not in words(opened.dialog)
    run.tell("stopped", step=10, text="stopped at step 10 of 100")
    run.end(False, "stopped at step 10 of 100")
    assert "The training of “sea” was stopped" in words(opened.dialog)


def test_a_run_of_before_that_is_looked_at_is_told_to_nobody(opened: Opened, tmp_path: Path) -> None:
    run = FakeRun(tmp_path / "runs" / "sea", opened.dialog)
    opened.dialog.follow(run, looks_back=True)
    opened.runs.append(run)
    finish(opened, tmp_path)
    assert opened.dialog.state == "done"
    assert opened.told == []
    assert button(opened.dialog, "Paint with it").isDefault()


def test_more_goes_on_with_the_same_run(opened: Opened, tmp_path: Path) -> None:
    run = opened.begin()
    finish(opened, tmp_path)
    opened.press("Train more")
    assert opened.run is not run
    assert opened.run.calls == [["resume", str(run.folder)]]
    assert opened.told[-1] == ("started", opened.run)
    opened.run.begin()
    opened.run.step(100)
    finish(opened, tmp_path)
    opened.press("Train more")
    assert opened.run.calls == [["resume", str(run.folder), "--steps", "200"]]


def test_a_cancel_is_asked_about_and_deletes(opened: Opened) -> None:
    run = opened.begin()
    run.write_down(name="sea")
    opened.press("Cancel…")
    assert opened.question is not None
    button(opened.question, "Go on training").click()
    assert opened.question is None
    assert "cancel" not in run.calls
    opened.press("Cancel…")
    assert opened.question is not None
    button(opened.question, "Cancel and delete").click()
    assert run.calls[-1] == "cancel"
    run.end(False, "cancelled")
    opened.until("The training was cancelled, and what it made is deleted.")
    assert opened.dialog.state == "setup"
    assert not run.folder.exists()
    assert opened.field("Name of the style").text() == "sea"
    opened.qtbot.waitUntil(lambda: button(opened.dialog, "Train").isEnabled(), timeout=10_000)


def test_a_question_that_is_overtaken_goes(opened: Opened, tmp_path: Path) -> None:
    opened.begin()
    opened.press("Cancel…")
    finish(opened, tmp_path)
    assert opened.question is None
    assert opened.dialog.state == "done"


def test_what_would_come_to_nothing_is_not_offered_while_the_style_is_being_made(
    opened: Opened, tmp_path: Path
) -> None:
    run = opened.begin()
    run.tell("phase", phase="finishing", variant="fast")
    opened.until("Nearly done: the style is being made and measured.")
    for text in ("Pause", "Stop & keep"):
        assert not button(opened.dialog, text).isEnabled()
        assert button(opened.dialog, text).toolTip() == "Nearly done: the style is being made and measured."
    slider = next(s for s in opened.dialog.findChildren(QWidget) if s.accessibleName() == "More style")
    assert not slider.isEnabled(), "no checkpoint comes from which it could act"
    opened.press("Cancel…")  # which the trainer looks out for
    assert opened.question is not None
    button(opened.question, "Cancel and delete").click()
    assert run.calls[-1] == "cancel"
    finish(opened, tmp_path)
    assert opened.dialog.state == "done", "the style was quicker"


def test_between_two_networks_everything_is_offered(opened: Opened) -> None:
    run = opened.begin()
    place = {"variant": "fast", "network": 1, "networks": 2, "step": 100, "steps": 100}
    run.tell("step", **place, content=0.4, style=0.1)
    run.tell("phase", phase="finishing", variant="fast")
    opened.until("Measuring how it paints, and making the style…")
    assert button(opened.dialog, "Pause").isEnabled()
    assert button(opened.dialog, "Cancel…").isEnabled()
    opened.press("Stop & keep")
    assert run.calls[-1] == "keep"
    opened.until("Nearly done")
    assert not button(opened.dialog, "Pause").isEnabled()


def test_a_run_that_was_told_to_keep_by_another_window_ends_so(opened: Opened, tmp_path: Path) -> None:
    run = FakeRun(tmp_path / "runs" / "wave")
    run.control = Control(state="keep")
    opened.dialog.follow(run)
    place = {"variant": "fast", "network": 1, "networks": 2, "step": 40, "steps": 100}
    run.tell("step", **place, content=0.4, style=0.1)
    opened.until("the style is being made and measured…")
    assert not button(opened.dialog, "Stop & keep").isEnabled()
    run.tell("phase", phase="finishing", variant="fast")
    opened.until("Nearly done")
    assert button(opened.dialog, "Cancel…").isEnabled()


def test_closing_leaves_the_training_running(opened: Opened, tmp_path: Path) -> None:
    run = opened.begin()
    assert "Closing this dialog leaves the training running." in words(opened.dialog)
    opened.press("Try it live")
    opened.told.clear()
    opened.dialog.close()
    assert opened.told == [("try", Path()), "closed"]
    assert "detach" not in run.calls
    run.step(50)
    opened.dialog.show()
    opened.until("step 50 of 100")
    opened.dialog.close()
    finish(opened, tmp_path)
    assert opened.told[-1] == ("made", "sea"), "nobody's picture is changed"
    opened.dialog.show()
    assert opened.dialog.state == "done"
    assert button(opened.dialog, "Paint with it").isDefault()


def test_a_failure_says_what_to_do(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    run = opened.begin()
    run.tell("failed", text="the disk is full")
    run.end(False, "the disk is full")
    assert opened.dialog.state == "failed"
    assert "The disk is full." in words(opened.dialog)
    assert "change what is in the way, and try again" in words(opened.dialog)
    folders: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: folders.append(url.toLocalFile()))
    opened.press("Open folder")
    assert folders == [str(run.folder)]
    opened.press("Try again")
    assert opened.dialog.state == "setup"
    assert opened.field("Name of the style").text() == "sea"


def test_what_was_stopped_can_go_on(opened: Opened) -> None:
    run = opened.begin()
    run.tell("checkpoint", variant="fast", step=10, path="x")
    run.tell("stopped", step=10, text="stopped at step 10 of 100")
    run.end(False, "stopped at step 10 of 100")
    assert "The training of “sea” was stopped" in words(opened.dialog)
    assert "up to step 10 is kept" in words(opened.dialog)
    opened.press("Go on")
    assert opened.run.calls == [["resume", str(run.folder)]]
    assert opened.dialog.state == "running"
    assert run.calls[-1] == "detach"


def test_a_run_of_before_is_followed(opened: Opened, tmp_path: Path) -> None:
    run = FakeRun(tmp_path / "runs" / "wave-2")
    run.write_down(name="wave", networks=[{"variant": "fast", "steps": 100}])
    opened.dialog.follow(run)
    assert (opened.dialog.state, opened.dialog.style_name, opened.told) == ("running", "wave", [])
    run.begin()
    run.step(60)
    opened.until("step 60 of 100")
    run.tell("failed", text="no room")
    run.end(False, "no room")
    write_painting(run.folder / "painting.png")
    opened.press("Try again")
    opened.qtbot.waitUntil(lambda: opened.dialog._setup.painting == run.folder / "painting.png", timeout=10_000)


def test_following_another_lets_go_of_the_first(opened: Opened, tmp_path: Path) -> None:
    first = opened.begin()
    second = FakeRun(tmp_path / "runs" / "other")
    opened.dialog.follow(second)
    assert first.calls[-1] == "detach"
    first.end(True, "/styles/sea.safetensors")
    assert opened.dialog.state == "running"


def test_a_picture_is_not_taken_while_it_is_busy(opened: Opened, tmp_path: Path) -> None:
    opened.begin()
    opened.dialog.open_picture(tmp_path / "other.png")
    assert opened.dialog.state == "running"


@pytest.mark.parametrize("at", ["setup", "reading", "running", "exporting", "done"])
def test_a_shutdown_leaves_no_process_and_no_thread(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", "import time; time.sleep(60)"))
    if at == "reading":
        opened.dialog.open_picture(opened.painting)
    elif at == "setup":
        opened.take_picture()
        opened.until("measuring…")
    else:
        opened.begin()
    if at == "exporting":
        opened.run.preview(20)
        opened.go_back()
        opened.press("Use this one…")
        answer(opened, "Use it and stop training")
        opened.run.end(False, "stopped")
    if at == "done":
        finish(opened, tmp_path)
    opened.dialog.shutdown()
    assert not opened.dialog.isVisible()
    assert opened.dialog.run is None
    opened.dialog.shutdown()


def test_a_window_that_is_deleted_takes_it_along(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_command, "COMMAND", ("-c", "import time; time.sleep(60)"))
    window = QWidget()
    dialog = TrainDialog(window, runs=tmp_path / "runs")
    dialog.show()
    dialog.open_picture(write_painting(tmp_path / "sea.png"))
    qtbot.waitUntil(lambda: "measuring…" in words(dialog), timeout=20_000)
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # What is being read beside the window ends by itself, and has nobody to tell.
    wait_until(lambda: not any(thread.name.startswith("stylecam-") for thread in threading.enumerate()))


@pytest.mark.parametrize("size", [(1000, 720), (760, 560)])
def test_every_page_has_room_and_names(opened: Opened, tmp_path: Path, dark: None, size: tuple[int, int]) -> None:
    def check(where: str) -> None:
        opened.qtbot.wait(100)  # a page that begins to scroll is laid out twice
        assert (opened.dialog.width(), opened.dialog.height()) == size, where
        for page in opened.dialog.findChildren(Page):
            if page.isVisible():
                assert page.horizontalScrollBar().maximum() == 0
                content = page.takeWidget()  # a scroll area's contents are not looked at
                content.show()
                try:
                    check_names(content)
                    check_room(content, where)
                finally:
                    page.setWidget(content)

    opened.dialog.resize(*size)
    opened.take_picture()
    opened.field("Name of the style").setText("candy")
    opened.until("taken by a bundled style")
    check("setup")
    opened.field("Name of the style").setText("sea")
    opened.begin()
    check("running")
    finish(opened, tmp_path)
    QApplication.processEvents()
    check_room(opened.dialog._buttons, "done")
