"""A training as it goes on: what its events say, what is tried live, what is wished of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QSlider

from stylecam.gui.training import progress as progress_page
from stylecam.gui.training.loss_plot import LossPlot
from stylecam.gui.training.parts import Page
from stylecam.gui.training.preview_strip import PreviewStrip
from stylecam.gui.training.progress import RunPage
from stylecam.gui.training.progress_bar import TrainingBar
from tests.gui.training.fakerun import FakeRun, button, words
from tests.gui.widgets import check_names, check_room, other_languages

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Shown:
    """The page, the run that feeds it, and what it wished to be tried."""

    def __init__(self, page: RunPage, run: FakeRun) -> None:
        self.page, self.run = page, run
        self.tried: list[Any] = []
        page.try_changed.connect(self.tried.append)
        run.event_read.connect(page.hear)
        page.begin(run.folder, "mine", (1.0, 1.0, 1.0))

    @property
    def plot(self) -> LossPlot:
        return self.page.findChild(LossPlot)

    @property
    def strip(self) -> PreviewStrip:
        return self.page.findChild(PreviewStrip)

    def press(self, text: str) -> None:
        button(self.page, text).click()


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path) -> Shown:
    page = RunPage()
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    qtbot.waitExposed(page)
    return Shown(page, FakeRun(tmp_path / "run"))


def says(qtbot: QtBot, shown: Shown, text: str) -> None:
    qtbot.waitUntil(lambda: text in words(shown.page), timeout=5000)


def test_the_phase_the_step_and_the_times_are_told(qtbot: QtBot, shown: Shown) -> None:
    says(qtbot, shown, "Getting ready…")
    shown.run.tell("phase", phase="photographs", variant="")
    says(qtbot, shown, "Looking at the photographs…")
    shown.run.begin()
    says(qtbot, shown, "24 photographs · on CPU")
    shown.run.step(40, left=450.0)
    says(qtbot, shown, "Learning to paint – step 40 of 100")
    assert "about 8 min left" in words(shown.page)
    assert "so far" in words(shown.page)
    bar = shown.page.findChild(TrainingBar)
    assert (bar.value(), bar.maximum()) == (40, 100)
    shown.run.tell("paused", step=40)
    says(qtbot, shown, "Paused – step 40 of 100")
    shown.run.tell("phase", phase="finishing", variant="fast")
    says(qtbot, shown, "Measuring how it paints, and making the style…")
    assert bar.busy


def test_a_trainer_that_is_slow_to_begin_is_told_of(
    qtbot: QtBot, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "The trainer is being started…" in words(shown.page)
    assert "so far" not in words(shown.page)
    monkeypatch.setattr(progress_page, "_SLOW_START_S", 0.0)
    says(qtbot, shown, "The trainer is being started; on a busy computer that takes a while.")
    shown.run.tell("phase", phase="photographs", variant="")
    says(qtbot, shown, "so far")
    assert "being started" not in words(shown.page)


def test_what_is_asked_for_leaves_the_progress_where_it_is(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    shown.run.step(40)
    bar = shown.page.findChild(TrainingBar)
    shown.page.wait_for("Pausing, when this step is done…")
    assert (bar.busy, bar.value(), bar.maximum()) == (False, 40, 100)
    shown.page.wait_for_style("The style is being made as it was at step 30…")
    assert bar.busy


def test_the_window_s_own_word_is_not_the_trainer_s_first(qtbot: QtBot, shown: Shown) -> None:
    shown.run.tell("asked")
    qtbot.wait(300)
    assert "The trainer is being started" in words(shown.page)


def test_a_training_that_is_slower_than_foretold_says_why(qtbot: QtBot, shown: Shown) -> None:
    shown.page.begin(shown.run.folder, "mine", (1.0, 1.0, 1.0), expected_s=100.0)
    shown.run.begin()
    shown.run.step(40, left=140.0)
    says(qtbot, shown, "about 2 min left")
    assert "slower than foreseen" not in words(shown.page)
    shown.run.step(41, left=450.0)
    says(qtbot, shown, "slower than foreseen: the computer is busy with other things")


def test_losses_are_plotted_and_a_roll_back_is_marked(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    for step in (1, 20, 40):
        shown.run.step(step)
    assert shown.plot.last_step == 40
    shown.run.tell("rolled_back", step=41, to_step=20, learning_rate=0.001)
    says(qtbot, shown, "step 20 of 100")
    assert "went back to step 20" in shown.page.notices


def test_the_second_network_begins_anew(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    shown.run.step(90)
    shown.run.preview(90)
    place = {"variant": "full", "network": 2, "networks": 2, "step": 0, "steps": 700}
    shown.run.tell("started", **place, device="cpu", photographs=24, skipped=[])
    assert (shown.plot.last_step, shown.strip.count) == (0, 0)
    shown.run.tell("step", **{**place, "step": 7}, content=0.5, style=0.2, seconds_left=10.0)
    says(qtbot, shown, "step 7 of 700, network 2 of 2")
    assert shown.plot.last_step == 7


def test_what_is_resumed_goes_on_in_the_same_plot(shown: Shown) -> None:
    shown.run.begin()
    shown.run.step(50)
    shown.run.preview(50)
    shown.run.tell("stopped", step=50, text="enough")
    shown.run.begin()
    shown.run.step(51)
    assert shown.plot.last_step == 51
    assert shown.strip.count == 1


def test_a_preview_is_tried_live_and_each_newer_one_as_it_comes(qtbot: QtBot, shown: Shown) -> None:
    assert not button(shown.page, "Try it live").isEnabled()
    shown.run.begin()
    first = shown.run.preview(10)
    button(shown.page, "Try it live").setFocus()
    qtbot.keyClick(button(shown.page, "Try it live"), Qt.Key.Key_Space)
    assert shown.tried == [first]
    second = shown.run.preview(20)
    assert shown.tried == [first, second]
    shown.press("Stop trying")
    assert shown.tried[2:] == [Path()]
    shown.run.preview(30)
    assert len(shown.tried) == 3


def test_an_older_preview_that_is_tried_stays_until_the_newest_is_chosen(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    first, second = shown.run.preview(10), shown.run.preview(20)
    shown.press("Try it live")
    scrubber = next(s for s in shown.strip.findChildren(QSlider))
    qtbot.keyClick(scrubber, Qt.Key.Key_Left)
    third = shown.run.preview(30)
    assert shown.tried == [second, first]
    assert (shown.page.chosen_step, shown.page.shows_newest) == (10, False)
    says(qtbot, shown, "This is an older preview")
    qtbot.keyClick(scrubber, Qt.Key.Key_End)
    assert shown.tried == [second, first, third]
    assert shown.page.shows_newest
    assert shown.page.chosen_picture == shown.run.folder / "previews" / "fast-0000030.jpg"


@pytest.mark.parametrize("how", ["end", "begin", "stop_trying"])
def test_whatever_ends_it_gives_the_style_before_back_once(shown: Shown, how: str) -> None:
    shown.run.begin()
    style = shown.run.preview(10)
    shown.press("Try it live")
    if how == "begin":
        shown.page.begin(shown.run.folder, "next", (1.0, 1.0, 1.0))
    else:
        getattr(shown.page, how)()
    shown.page.end()
    assert shown.tried == [style, Path()]


def test_what_is_wished_is_told(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    shown.run.preview(10)
    with qtbot.waitSignal(shown.page.use_requested):
        shown.press("Use this one…")
    slider = next(s for s in shown.page.findChildren(QSlider) if s.accessibleName() == "More style")
    with qtbot.waitSignal(shown.page.emphasis_changed, timeout=5000) as signal:
        qtbot.keyClick(slider, Qt.Key.Key_End)
    assert signal.args == [4.0, 1.0, 1.0]
    shown.run.tell("emphasis", step=50, style=4.0, content=1.0, steady=1.0)
    says(qtbot, shown, "In force since step 50.")


def test_while_an_end_is_waited_for_nothing_more_can_be_wished(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    shown.run.preview(10)
    shown.page.wait_for("The style is being made…")
    says(qtbot, shown, "The style is being made…")
    assert not button(shown.page, "Use this one…").isEnabled()
    assert not any(s.isEnabled() for s in shown.page.findChildren(QSlider) if s.accessibleName() == "Steadier")
    shown.page.wait_for("")
    assert button(shown.page, "Use this one…").isEnabled()


def test_what_happened_is_listed(qtbot: QtBot, shown: Shown) -> None:
    (list_,) = shown.page.findChildren(QPlainTextEdit)
    shown.run.tell("base", name="candy", distances={"candy": 0.1})
    skipped = [{"path": f"/photos/{n}.jpg", "reason": "too small"} for n in range(9)]
    shown.run.tell("started", variant="fast", step=0, steps=9, skipped=skipped)
    shown.run.tell("started", variant="fast", step=0, steps=9, skipped=skipped[:1])
    shown.run.tell("notice", text="the disk is nearly full")
    assert list_.toPlainText() == shown.page.notices
    assert shown.page.notices.splitlines() == [
        "• It starts from “candy”, the nearest of the styles.",
        "• 9 pictures were left out, among them 0.jpg (too small), 1.jpg (too small), 2.jpg (too small), "
        "3.jpg (too small), 4.jpg (too small).",
        "• One picture was left out: 0.jpg (too small).",
        "• The disk is nearly full.",
    ]


def test_held_out_figures_are_shown(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    says(qtbot, shown, "Unseen pictures: measured at each checkpoint")
    shown.run.tell("held_out", variant="fast", step=50, content=0.41, style=0.112, flicker=1.32)
    says(qtbot, shown, "Unseen pictures: style 0.112, content 0.41, flicker 1.3")


def test_garbage_hurts_nobody(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    for event in (
        {"event": "preview", "step": "x", "path": 5, "style": None},
        {"event": "step", "content": "much", "style": None, "step": 3, "steps": 100},
        {"event": "started", "skipped": "none"},
        {"event": "base"},
        {"event": "unheard-of"},
    ):
        shown.page.hear(event)
    says(qtbot, shown, "step 3 of 100")
    assert (shown.strip.count, shown.page.notices) == (0, "")


def test_everything_has_a_name(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    shown.run.preview(5)
    shown.run.tell("notice", text="the disk is nearly full")
    says(qtbot, shown, "24 photographs")
    check_names(shown.page)


def test_it_fits_a_small_dialog(qtbot: QtBot, tmp_path: Path) -> None:
    page = RunPage()
    shown, scrolled = Shown(page, FakeRun(tmp_path / "run")), Page(page)
    qtbot.addWidget(scrolled)
    scrolled.resize(728, 490)
    scrolled.show()
    qtbot.waitExposed(scrolled)
    shown.run.begin()
    shown.run.step(5)
    shown.run.preview(5)
    shown.run.tell("notice", text="the disk is nearly full")
    says(qtbot, shown, "step 5 of 100")
    assert scrolled.verticalScrollBar().maximum() == 0
    assert scrolled.horizontalScrollBar().maximum() == 0


def test_there_is_room_in_other_languages(qapp: QApplication, qtbot: QtBot, tmp_path: Path, dark: None) -> None:
    for where in other_languages(qapp):
        page = RunPage()
        qtbot.addWidget(page)
        shown = Shown(page, FakeRun(tmp_path / where))
        shown.run.begin()
        shown.run.preview(5)
        shown.run.tell("held_out", variant="fast", step=50, content=0.41, style=0.112, flicker=1.32)
        page.resize(728, max(490, page.heightForWidth(728)))
        page.show()
        qtbot.wait(150)
        check_room(page, where)
        page.close()


def test_the_measuring_at_the_end_is_followed(qtbot: QtBot, shown: Shown) -> None:
    shown.run.begin()
    shown.run.step(100)
    bar = shown.page.findChild(TrainingBar)
    shown.run.tell("phase", phase="finishing", variant="fast")
    shown.run.tell("measuring", variant="fast", number=3, count=8)
    says(qtbot, shown, "Measuring how it paints – photograph 3 of 8; then the style is made")
    assert (bar.busy, bar.value(), bar.maximum()) == (False, 2, 8)
    shown.run.tell("report", variant="fast")
    says(qtbot, shown, "Measuring how it paints, and making the style…")
    assert bar.busy
    shown.page.wait_for_style("The style is being made as it was at step 30…")
    shown.run.tell("measuring", variant="fast", number=5, count=8)
    qtbot.waitUntil(lambda: (bar.busy, bar.value(), bar.maximum()) == (False, 4, 8), timeout=5000)
