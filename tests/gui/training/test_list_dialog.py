"""The list of trainings: how each stands, what can be done with it, and that nothing is deleted unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QTreeWidget

from stylecam.gui.training import command as trainer_command
from stylecam.gui.training.list_dialog import TrainingsDialog
from stylecam.runs import hold
from tests.gui.training.faketrainer import SCRIPT, step, stopped, write_run
from tests.gui.widgets import check_names, check_room, other_languages, show
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("dark")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """One of each kind, the newest first: a, b, c, d."""
    folder = tmp_path / "runs"
    finished = {"event": "finished", "step": 1500, "path": str(tmp_path / "b.safetensors")}
    write_run(folder / "a", *stopped(), title="An A", age_s=10)
    write_run(folder / "b", step(1500), finished, age_s=20)
    write_run(folder / "c", {"event": "failed", "text": "The disk is full."}, age_s=30)
    write_run(folder / "broken", step(), age_s=40)
    return folder


@pytest.fixture
def open_dialog(qtbot: QtBot, runs: Path) -> Iterator[Callable[[], TrainingsDialog]]:
    opened: list[TrainingsDialog] = []

    def open_one() -> TrainingsDialog:
        dialog = TrainingsDialog(runs=runs)
        opened.append(dialog)
        show(qtbot, dialog, 720, 380)
        qtbot.waitUntil(lambda: bool(rows(dialog)) or not any(runs.iterdir()), timeout=10_000)
        return dialog

    yield open_one
    for dialog in opened:
        dialog.shutdown()


@pytest.fixture
def fake_trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = write_tiny_style(tmp_path / "tiny.safetensors")
    script = tmp_path / "fake.py"
    script.write_text(SCRIPT.format(tiny=str(tiny.path)))
    monkeypatch.setattr(trainer_command, "COMMAND", (str(script),))


def rows(dialog: TrainingsDialog) -> list[list[str]]:
    tree = dialog.findChild(QTreeWidget)
    items = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [[item.text(at) for at in range(4)] for item in items]


def choose(dialog: TrainingsDialog, row: int) -> None:
    tree = dialog.findChild(QTreeWidget)
    tree.setCurrentItem(tree.topLevelItem(row))


def button(dialog: TrainingsDialog, text: str) -> QPushButton:
    return next(b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "").rstrip("…") == text)


def test_each_training_is_listed_with_how_it_stands(open_dialog: Callable[[], TrainingsDialog], runs: Path) -> None:
    with hold(runs / "broken"):
        dialog = open_dialog()
        assert rows(dialog) == [
            ["An A", "quick", "stopped, can go on", "400 of 1,500"],
            ["b", "quick", "finished", "1,500 of 1,500"],
            ["c", "quick", "failed", ""],
            ["broken", "quick", "is being trained", "400 of 1,500"],
        ]
        tree = dialog.findChild(QTreeWidget)
        assert tree.topLevelItem(2).toolTip(2) == "The disk is full."
        assert dialog.selected is not None
        assert dialog.selected.folder == runs / "a", "the newest is chosen"


def test_what_can_be_done_depends_on_how_it_stands(open_dialog: Callable[[], TrainingsDialog], runs: Path) -> None:
    with hold(runs / "broken"):
        dialog = open_dialog()

        def can() -> list[str]:
            return [b.text().replace("&", "") for b in dialog.findChildren(QPushButton) if b.isEnabled()]

        end = ["Open the folder", "Close"]
        assert can() == ["Resume", "Keep the style", "Delete…", *end]
        choose(dialog, 1)
        assert can() == ["Show", "Keep the style", "Delete…", *end]
        choose(dialog, 2)
        assert can() == ["Resume", "Delete…", *end], "there is nothing to make a style of"
        choose(dialog, 3)
        assert can() == ["Show", *end]


def test_it_asks_for_what_others_do(open_dialog: Callable[[], TrainingsDialog], runs: Path, qtbot: QtBot) -> None:
    dialog = open_dialog()
    asked: list[tuple[str, Path]] = []
    dialog.resume_requested.connect(lambda folder: asked.append(("resume", folder)))
    dialog.show_requested.connect(lambda folder: asked.append(("show", folder)))
    dialog.folder_requested.connect(lambda folder: asked.append(("folder", folder)))
    button(dialog, "Resume").click()
    choose(dialog, 1)
    qtbot.keyClick(dialog.findChild(QTreeWidget), Qt.Key.Key_Return)
    button(dialog, "Open the folder").click()
    assert asked == [("resume", runs / "a"), ("show", runs / "b"), ("folder", runs / "b")]


def test_what_changes_is_seen_and_the_choice_stays(
    open_dialog: Callable[[], TrainingsDialog], runs: Path, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    choose(dialog, 1)
    write_run(runs / "a", *stopped(700), title="An A", age_s=10)
    write_run(runs / "new", step(3), age_s=1)
    qtbot.waitUntil(lambda: len(rows(dialog)) == 5, timeout=20_000)
    assert [row[3] for row in rows(dialog)][:2] == ["3 of 1,500", "700 of 1,500"]
    assert dialog.selected is not None
    assert dialog.selected.folder == runs / "b"
    for _ in range(3):
        dialog._on_listed(list(dialog._runs.values()))
    QApplication.processEvents()
    assert dialog.findChild(QTreeWidget).horizontalScrollBar().maximum() == 0, "no column grows each time"


def test_a_training_is_deleted_when_that_was_confirmed(
    open_dialog: Callable[[], TrainingsDialog], runs: Path, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    gone: list[Path] = []
    dialog.deleted.connect(gone.append)
    for answer in ("Keep it", "Delete"):
        button(dialog, "Delete").click()
        box = dialog.findChild(QMessageBox)
        assert "An A" in box.text()
        assert box.defaultButton().text() == "&Keep it"
        next(b for b in box.buttons() if b.text() == f"&{answer}").click()
        qtbot.waitUntil(lambda: not dialog.findChildren(QMessageBox), timeout=5000)
        assert (runs / "a").exists() or answer == "Delete"
    qtbot.waitUntil(lambda: len(rows(dialog)) == 3, timeout=10_000)
    assert gone == [runs / "a"]
    assert not (runs / "a").exists()


def test_one_that_cannot_be_deleted_is_told(
    open_dialog: Callable[[], TrainingsDialog], runs: Path, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    button(dialog, "Delete").click()
    with hold(runs / "a"):  # somebody took it up meanwhile
        next(b for b in dialog.findChild(QMessageBox).buttons() if b.text() == "&Delete").click()
        qtbot.waitUntil(lambda: "is being trained" in dialog.note, timeout=10_000)
    assert (runs / "a").exists()


@pytest.mark.usefixtures("fake_trainer")
def test_a_style_is_made_of_what_is_there(open_dialog: Callable[[], TrainingsDialog], qtbot: QtBot) -> None:
    dialog = open_dialog()
    kept: list[str] = []
    dialog.kept.connect(kept.append)
    button(dialog, "Keep the style").click()
    assert "Making the style “a”" in dialog.note
    assert not button(dialog, "Resume").isEnabled()
    qtbot.waitUntil(lambda: kept == ["a"], timeout=60_000)
    assert dialog.note == "“a” is in the gallery."
    assert button(dialog, "Resume").isEnabled()


@pytest.mark.usefixtures("fake_trainer")
def test_why_no_style_can_be_made_is_told(open_dialog: Callable[[], TrainingsDialog], qtbot: QtBot) -> None:
    dialog = open_dialog()
    choose(dialog, 3)
    button(dialog, "Keep the style").click()
    qtbot.waitUntil(lambda: "nothing to export" in dialog.note, timeout=60_000)


def test_an_empty_list_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = TrainingsDialog(runs=tmp_path / "none")
    show(qtbot, dialog, 720, 380)
    qtbot.waitUntil(lambda: "No style was trained" in dialog.note, timeout=10_000)
    dialog.shutdown()


def test_everything_has_a_name_and_room(open_dialog: Callable[[], TrainingsDialog], qapp: QApplication) -> None:
    dialog = open_dialog()
    check_names(dialog)
    check_room(dialog, "as it is")
    dialog.shutdown()
    for where in other_languages(qapp):
        other = open_dialog()
        check_room(other, where)
        other.shutdown()
