"""Trainings in the window: begun, followed with the dialog closed, tried live, found at the next start, kept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QPushButton

from stylecam.gui.jobs import Jobs
from stylecam.gui.looks import TRIAL
from stylecam.gui.session import Session
from stylecam.gui.training import command as trainer_command
from stylecam.gui.training import control as training_control
from stylecam.gui.training import process as training_process
from stylecam.gui.training.dialog import TrainDialog
from stylecam.pictures import Picture, write_picture
from stylecam.runs import is_running, runs_folder
from stylecam.styles import user_styles_folder
from tests.gui.conftest import painted
from tests.gui.training.faketrainer import SCRIPT, step, stopped, write_run
from tests.live import wait_until
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio


@pytest.fixture(autouse=True)
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The fake trainer in the real one's place; whatever of it still runs afterwards is killed."""
    tiny = write_tiny_style(tmp_path / "tiny.safetensors", seed=7)
    script = tmp_path / "fake.py"
    script.write_text(SCRIPT.format(tiny=str(tiny.path)))
    monkeypatch.setattr(trainer_command, "COMMAND", (str(script),))
    monkeypatch.setattr(training_process, "COMMAND", (str(script),))
    yield script
    for process in list(training_process._started.values()):
        process.kill()
        process.wait(20)
    training_process._started.clear()


@pytest.fixture
def stranger(trainer: Path) -> Iterator[Path]:
    """The folder of a training that goes on already when the window opens."""
    folder = write_run(runs_folder() / "x")
    process = subprocess.Popen([sys.executable, str(trainer), "resume", str(folder)], stdout=subprocess.DEVNULL)
    wait_until(lambda: is_running(folder) and '"step"' in (folder / "events.jsonl").read_text(), seconds=60)
    yield folder
    process.kill()
    process.wait(20)


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    """A style of a run's step 5, in no library."""
    folder = write_run(runs_folder() / "x", *stopped())
    (folder / "trials").mkdir()
    return write_tiny_style(folder / "trials" / "fast-0000005.safetensors", seed=5).path


def dialog_of(studio: Studio) -> TrainDialog:
    dialog = studio.training.dialog
    assert dialog is not None
    return dialog


def press(studio: Studio, text: str) -> None:
    next(button for button in studio.window.banner.action_buttons if button.text() == text).click()


def says(qtbot: QtBot, studio: Studio, text: str) -> None:
    qtbot.waitUntil(lambda: text in studio.window.banner.text, timeout=60_000)


def quiet(qtbot: QtBot, studio: Studio) -> None:
    """The start is over: alpha paints, and nothing is said."""
    painted(qtbot, studio.window, "alpha")
    qtbot.waitUntil(lambda: not studio.jobs.busy, timeout=30_000)
    assert studio.window.banner.text == ""


# Trying a style live.


def test_a_trial_paints_until_one_goes_back(qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    studio.styles.try_style(trial, "x, step 5")
    painted(qtbot, window, "fast-0000005")
    says(qtbot, studio, "Trying x, step 5.")
    assert studio.session.look == (TRIAL + "fast-0000005", "", 50)
    assert window.status.device_text.startswith("Trying x, step 5 – ")
    assert window.gallery.current is None
    assert window.settings.style == "alpha"
    press(studio, "Back to alpha")
    painted(qtbot, window, "alpha")
    qtbot.waitUntil(lambda: window.gallery.current == "alpha", timeout=10_000)
    assert window.banner.text == ""
    assert "Trying" not in window.status.device_text


def test_another_style_of_the_gallery_ends_a_trial(
    qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path
) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    studio.styles.try_style(trial, "x, step 5")
    painted(qtbot, window, "fast-0000005")
    with qtbot.waitSignal(studio.styles.trial_ended, timeout=30_000):
        window.gallery.select_number(2)
    painted(qtbot, window, "beta")
    assert window.gallery.current == "beta"
    assert window.settings.style == "beta"
    studio.styles.end_trial()  # the dialog is closed later: beta stays
    qtbot.waitUntil(lambda: not studio.jobs.busy, timeout=10_000)
    assert studio.session.wanted == ("beta", "", 50)


def test_the_gallery_is_read_anew_and_the_mix_changed_while_one_is_tried(
    qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path, styles: Path
) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    studio.styles.try_style(trial, "x, step 5")
    painted(qtbot, window, "fast-0000005")
    write_tiny_style(styles / "delta.safetensors", seed=8)
    studio.session.load_styles()
    qtbot.waitUntil(lambda: "delta" in window.gallery.names, timeout=20_000)
    assert window.gallery.current is None
    window.controls.mix_changed.emit("beta", 30)
    studio.session.set_device("cpu")  # it goes on there
    qtbot.waitUntil(lambda: not studio.jobs.busy, timeout=20_000)
    assert studio.session.look == (TRIAL + "fast-0000005", "", 50)
    studio.styles.end_trial()
    qtbot.waitUntil(lambda: studio.session.look == ("alpha", "beta", 30), timeout=20_000)
    qtbot.waitUntil(lambda: window.gallery.current == "alpha", timeout=10_000)
    assert window.settings.style == "alpha"


def test_a_trial_that_cannot_be_loaded_leaves_the_style_before(
    qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path
) -> None:
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    trial.write_bytes(b"half of one")
    studio.styles.try_style(trial, "x, step 5")
    says(qtbot, studio, "“x, step 5” could not be loaded; the style before stays.")
    assert studio.window.gallery.current == "alpha"
    assert studio.session.look == studio.session.wanted == ("alpha", "", 50)


def test_a_style_that_fails_while_one_is_tried_leaves_the_trial(
    qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path, styles: Path
) -> None:
    studio = open_studio()
    window = studio.window
    painted(qtbot, window, "alpha")
    studio.styles.try_style(trial, "x, step 5")
    painted(qtbot, window, "fast-0000005")
    (styles / "beta.safetensors").write_bytes(b"nothing of the kind")
    window.gallery.select_number(2)
    says(qtbot, studio, "“beta” could not be loaded")
    assert window.gallery.current is None
    studio.styles.end_trial()
    painted(qtbot, window, "alpha")


def test_what_is_painted_beside_is_painted_with_the_trial_too(
    qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path, tmp_path: Path
) -> None:
    write_picture(tmp_path / "photo.png", Picture(np.full((40, 60, 3), 90, np.uint8)))
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.styles.try_style(trial, "x, step 5")
    painted(qtbot, studio.window, "fast-0000005")
    assert studio.session.copy_of_stylizer().style == "fast-0000005"
    studio.window.dropped.emit([tmp_path / "photo.png"])
    qtbot.waitUntil((studio.recordings.folder / "photo in fast-0000005.png").exists, timeout=20_000)


def test_a_trial_needs_no_style_before(qtbot: QtBot, trial: Path) -> None:
    jobs = Jobs()
    session = Session(jobs, device="cpu")
    with qtbot.waitSignal(session.style_changed, timeout=60_000) as changed:
        session.try_style(trial)
    assert changed.args[0] == session.look == (TRIAL + "fast-0000005", "", 50)
    assert session.library is None, "it was not needed"
    session.close()
    assert jobs.wait(20)


# The dialog.


def test_the_dialog_opens_from_the_menu_and_the_gallery_and_is_one(
    qtbot: QtBot, open_studio: Callable[..., Studio]
) -> None:
    studio = open_studio()
    quiet(qtbot, studio)
    studio.window.actions_.train.trigger()
    dialog = dialog_of(studio)
    assert dialog.isVisible()
    assert not dialog.isModal()
    studio.window.gallery.train_requested.emit()
    assert dialog_of(studio) is dialog


def test_the_dialog_opens_beside_the_picture_and_stays_where_a_person_puts_it(
    qtbot: QtBot, open_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_control, "beside", lambda *_: QPoint(5, 7))
    studio = open_studio()
    quiet(qtbot, studio)
    studio.training.train()
    dialog = dialog_of(studio)
    assert dialog.pos() == QPoint(5, 7)
    dialog.move(40, 30)
    dialog.reject()
    studio.training.show_dialog()
    assert dialog.pos() == QPoint(40, 30)


def test_a_dropped_picture_goes_to_the_dialog_while_it_is_open(
    qtbot: QtBot, open_studio: Callable[..., Studio], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Path] = []
    monkeypatch.setattr(TrainDialog, "open_picture", lambda _, path: taken.append(path))
    for name in ("one", "two"):
        write_picture(tmp_path / f"{name}.png", Picture(np.full((40, 60, 3), 90, np.uint8)))
    studio = open_studio()
    quiet(qtbot, studio)
    studio.training.train()
    studio.window.dropped.emit([tmp_path / "one.png", tmp_path / "two.png"])
    assert taken == [tmp_path / "one.png"]
    folder = studio.recordings.folder
    qtbot.waitUntil((folder / "two in alpha.png").exists, timeout=20_000)
    assert not (folder / "one in alpha.png").exists()
    dialog_of(studio).reject()
    studio.window.dropped.emit([tmp_path / "one.png"])
    qtbot.waitUntil((folder / "one in alpha.png").exists, timeout=20_000)
    assert taken == [tmp_path / "one.png"]


def test_what_the_dialog_tries_is_told_by_name_and_step(
    qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path
) -> None:
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.training.resume(trial.parents[1])
    dialog = dialog_of(studio)
    qtbot.waitUntil(lambda: is_running(trial.parents[1]), timeout=60_000)
    dialog.try_requested.emit(trial)
    painted(qtbot, studio.window, "fast-0000005")
    says(qtbot, studio, "Trying x, step 5.")
    dialog.try_requested.emit(Path(""))
    painted(qtbot, studio.window, "alpha")


def test_a_style_that_is_chosen_meanwhile_releases_the_dialog_s_button(
    qtbot: QtBot, open_studio: Callable[..., Studio], trial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.training.train()
    dialog = dialog_of(studio)
    released: list[bool] = []
    monkeypatch.setattr(dialog, "stop_trying", lambda: released.append(True))
    dialog.try_requested.emit(trial)
    painted(qtbot, studio.window, "fast-0000005")
    assert not released
    with qtbot.waitSignal(studio.styles.trial_ended, timeout=30_000):
        studio.window.gallery.select_number(2)
    assert released == [True]
    dialog.try_requested.emit(Path(""))  # as its button says then: nothing is taken from the style that was chosen
    assert studio.session.wanted == ("beta", "", 50)


# A training that goes on.


def test_a_closed_dialog_leaves_a_line_that_follows_the_training(
    qtbot: QtBot, open_studio: Callable[..., Studio]
) -> None:
    folder = write_run(runs_folder() / "x-2", *stopped(3), name="x")
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    says(qtbot, studio, "stopped at step 3")
    banner = studio.window.banner
    press(studio, "Resume")
    dialog = dialog_of(studio)
    assert dialog.isVisible()
    assert banner.text == ""
    qtbot.waitUntil(lambda: is_running(folder), timeout=60_000)
    dialog.reject()
    assert banner.text.startswith("Training “x”: ")
    says(qtbot, studio, "Training “x”: step 400 of 1,500, about 4 min left.")
    press(studio, "Show")
    assert dialog_of(studio) is dialog
    assert dialog.isVisible()
    assert banner.text == ""
    dialog.reject()
    run = dialog.run
    assert run is not None
    run.pause()
    says(qtbot, studio, "paused at step 400")
    banner.show_message("Something else.", level="info")
    run.go_on()
    qtbot.wait(500)
    assert banner.text == "Something else."
    banner.hide_message()
    run.pause()
    says(qtbot, studio, "Training “x”: paused")  # it was replaced, not closed
    banner.hide_message()
    run.go_on()
    qtbot.wait(500)
    assert banner.text == ""  # closed: it is not said again
    run.keep()
    says(qtbot, studio, "“x” is trained, and stands in the gallery.")
    qtbot.waitUntil(lambda: "x" in studio.window.gallery.names, timeout=20_000)
    qtbot.waitUntil(lambda: not studio.jobs.busy, timeout=20_000)
    assert studio.window.gallery.current == "alpha", "nobody looked: nobody's picture is changed"
    press(studio, "Paint with it")
    painted(qtbot, studio.window, "x")
    assert studio.window.gallery.current == "x"
    assert not studio.window.actions_.stop_training.isEnabled()


def test_the_banner_s_stop_leaves_what_can_go_on(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    folder = write_run(runs_folder() / "x", *stopped(3))
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.training.resume(folder)
    dialog_of(studio).reject()
    says(qtbot, studio, "step 400")
    assert studio.window.actions_.stop_training.isEnabled()
    press(studio, "Stop")
    assert studio.window.banner.text == "Stopping the training of “x”…"
    assert not studio.window.actions_.stop_training.isEnabled()
    says(qtbot, studio, "The training of “x” was stopped; it can go on later.")
    assert not studio.window.actions_.stop_training.isEnabled()
    press(studio, "Show")
    assert dialog_of(studio).isVisible()
    assert dialog_of(studio).state == "failed"


def test_a_training_that_is_interrupted_for_a_preview_goes_on_also_while_nobody_looks(
    qtbot: QtBot, open_studio: Callable[..., Studio]
) -> None:
    folder = write_run(runs_folder() / "x", *stopped(3))
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.training.resume(folder)
    dialog = dialog_of(studio)
    first = dialog.run
    qtbot.waitUntil(lambda: dialog._course.story.step == 400, timeout=60_000)
    dialog._course._chosen = ("fast", 5)
    dialog._buttons.use_chosen.emit(True)
    dialog.reject()
    says(qtbot, studio, "“x” stands in the gallery as it was at that preview; its training goes on.")
    assert dialog.run is not first
    qtbot.waitUntil(lambda: "x" in studio.window.gallery.names, timeout=20_000)
    assert studio.window.gallery.current == "alpha"
    studio.window.banner.hide_message()
    qtbot.waitUntil(lambda: is_running(folder), timeout=60_000)
    says(qtbot, studio, "Training “x”: step 400 of 1,500")
    assert studio.window.actions_.stop_training.isEnabled()


def test_a_training_that_fails_while_nobody_looks_is_told(
    qtbot: QtBot, open_studio: Callable[..., Studio], trainer: Path
) -> None:
    folder = write_run(runs_folder() / "x", *stopped(3))
    trainer.write_text("import sys, time; time.sleep(1); sys.exit('error: the painting cannot be read')")
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.training.resume(folder)
    dialog_of(studio).reject()
    says(qtbot, studio, "The training of “x” has ended.")
    assert studio.window.banner.level == "warning"


def test_one_at_a_time(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    first = write_run(runs_folder() / "x", *stopped(3))
    second = write_run(runs_folder() / "y", *stopped(3))
    studio = open_studio()
    painted(qtbot, studio.window, "alpha")
    studio.training.resume(first)
    dialog = dialog_of(studio)
    dialog.reject()
    studio.training.resume(second)
    assert dialog.isVisible(), "what goes on is shown"
    says(qtbot, studio, "One training at a time: end that of “x” first")
    studio.training.train()
    assert dialog_of(studio) is dialog
    assert not is_running(second)


def test_closing_the_window_leaves_it_running_and_the_next_one_finds_it(
    qtbot: QtBot, open_studio: Callable[..., Studio]
) -> None:
    folder = write_run(runs_folder() / "x", *stopped(3))
    first = open_studio()
    painted(qtbot, first.window, "alpha")
    first.training.resume(folder)
    lock = folder / "lock"  # which is held a moment before it says by whom
    qtbot.waitUntil(lambda: is_running(folder) and lock.read_text().isdigit(), timeout=60_000)
    first.window.close()
    process = int(lock.read_text())
    assert is_running(folder)
    assert not dialog_of(first).isVisible()

    second = open_studio()
    says(qtbot, second, "Training “x”: step 400 of 1,500")
    painted(qtbot, second.window, "alpha")  # a style that is being loaded cannot be broken off
    press(second, "Show")
    assert dialog_of(second).isVisible()
    dialog_of(second).reject()
    second.training.stop()
    says(qtbot, second, "was stopped")
    assert '"stopped"' in (folder / "events.jsonl").read_text()
    with pytest.raises(ProcessLookupError):  # and it is no zombie
        os.kill(process, 0)
    second.window.close()


# What the start finds.


def test_somebody_else_s_training_is_found_shown_and_kept(
    qtbot: QtBot, open_studio: Callable[..., Studio], stranger: Path
) -> None:
    studio = open_studio()
    says(qtbot, studio, "Training “x”: step 400 of 1,500, about 4 min left.")
    painted(qtbot, studio.window, "alpha")
    press(studio, "Show")
    run = dialog_of(studio).run
    assert run is not None
    assert run.folder == stranger
    run.keep()
    painted(qtbot, studio.window, "x")
    assert (user_styles_folder() / "x.safetensors").exists()


def test_a_stopped_training_is_offered_once(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    folder = write_run(runs_folder() / "x", *stopped())
    studio = open_studio()
    says(qtbot, studio, "The training of “x” was stopped at step 400 of 1,500. It can go on from there.")
    press(studio, "Not now")
    assert studio.window.banner.text == ""
    studio.window.close()

    again = open_studio()
    quiet(qtbot, again)
    again.window.close()

    os.utime(folder / "events.jsonl", (time.time() + 5, time.time() + 5))  # it went on, and was stopped once more
    third = open_studio()
    says(qtbot, third, "was stopped at step 400")
    third.window.close()


def test_an_offer_waits_until_nothing_else_is_said(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    write_run(runs_folder() / "x", *stopped())
    studio = open_studio()
    studio.window.banner.show_message("Something else.", level="info")
    painted(qtbot, studio.window, "alpha")
    qtbot.wait(1500)
    assert studio.window.banner.text == "Something else."
    studio.window.banner.hide_message()
    says(qtbot, studio, "The training of “x” was stopped")


def test_what_is_old_or_over_is_not_offered(qtbot: QtBot, open_studio: Callable[..., Studio]) -> None:
    old = write_run(runs_folder() / "old", *stopped())
    week = time.time() - 8 * 24 * 3600
    os.utime(old / "events.jsonl", (week, week))
    write_run(runs_folder() / "over", step(1500), {"event": "finished", "path": "/styles/over.safetensors"})
    write_run(runs_folder() / "given up", step(), {"event": "cancelled", "step": 400})
    studio = open_studio()
    quiet(qtbot, studio)
    assert studio.training.dialog is None


# The list.


def test_the_list_leads_to_the_dialog_and_forgets_what_is_deleted(
    qtbot: QtBot, open_studio: Callable[..., Studio]
) -> None:
    user_styles_folder().mkdir(parents=True)
    path = write_tiny_style(user_styles_folder() / "mine.safetensors", seed=9).path
    finished = {"event": "finished", "step": 1500, "path": str(path)}
    folder = write_run(runs_folder() / "mine", step(1500), finished)
    studio = open_studio()
    quiet(qtbot, studio)
    studio.window.actions_.trainings.trigger()
    trainings = studio.training.trainings
    assert trainings is not None
    assert trainings.isVisible()
    assert not trainings.isModal()
    qtbot.waitUntil(lambda: trainings.selected is not None, timeout=10_000)
    next(b for b in trainings.findChildren(QPushButton) if b.text() == "&Show").click()
    dialog = dialog_of(studio)
    qtbot.waitUntil(lambda: dialog.state == "done", timeout=20_000)
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: not studio.jobs.busy, timeout=20_000)
    assert studio.window.gallery.current == "alpha", "looking at it is no reason to paint with it"
    dialog.kept.emit("mine")
    painted(qtbot, studio.window, "mine")
    trainings.deleted.emit(folder)
    assert not dialog.isVisible()
    assert studio.training.dialog is None
