"""What came out: figures with their meaning, a complaint where it paints nothing, the reason where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as PilImage
from PySide6.QtWidgets import QLabel

from stylecam.gui.training.end import TrainEndPage, result_picture
from stylecam.gui.training.story import Report, RunStory
from tests.gui.training.fakerun import noise, words
from tests.gui.widgets import pixels

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

GOOD = Report("fast", content=0.41, style=0.098, flicker=1.1, half_db=52.3, milliseconds=31.0, spread=0.4)


@pytest.fixture
def page(qtbot: QtBot) -> TrainEndPage:
    page = TrainEndPage()
    qtbot.addWidget(page)
    page.resize(760, 560)
    page.show()
    qtbot.waitExposed(page)
    return page


def story_of(*reports: Report, **fields: Any) -> RunStory:
    return RunStory(reports={report.variant: report for report in reports}, **fields)


def test_a_good_style_is_told_with_what_its_figures_mean(page: TrainEndPage) -> None:
    page.tell_style("mine", story_of(GOOD, elapsed=420.0))
    for text in (
        "“mine” is trained, and stands in the gallery",
        "Trained in 7 min.",
        "32 fps",
        "or more: a picture of 640×480 took 31 ms on this device while the live picture and all else went first",
        "steady: it does not amplify a camera's noise",
        "makes no visible difference",
        "0.098",
    ):
        assert text in words(page)
    assert "one flat colour" not in words(page)
    assert "The fast network" not in words(page)


def test_two_networks_are_told_apart(page: TrainEndPage) -> None:
    page.tell_style("mine", story_of(GOOD, replace(GOOD, variant="full", milliseconds=180.0)))
    assert "The fast network" in words(page)
    assert "The full network" in words(page)
    assert "5.6 fps" in words(page)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"flicker": 1.6}, "a little lively; the steadiness slider calms it"),
        ({"flicker": 2.7}, "flickers: use the steadiness slider"),
        ({"half_db": 31.0}, "is left out where it matters"),
        ({"spread": 0.003}, "It paints as good as one flat colour"),
    ],
)
def test_what_is_not_so_good_is_said(page: TrainEndPage, change: dict[str, float], text: str) -> None:
    page.tell_style("mine", story_of(GOOD))
    assert text not in page.text
    page.tell_style("mine", story_of(replace(GOOD, **change)))
    assert text in words(page)


def test_what_was_not_measured_is_not_told(page: TrainEndPage) -> None:
    page.tell_style("mine", story_of(Report("fast", None, None, None, None, None, None)))
    assert words(page) == "“mine” is trained, and stands in the gallery"


def test_a_failure_takes_the_style_s_place(page: TrainEndPage) -> None:
    page.tell_style("mine", story_of(GOOD))
    page.show_picture(noise(1))
    page.tell_failure("mine", RunStory(end="failed"), "the disk is full")
    assert words(page) == (
        "“mine” was not trained to its end\nThe disk is full.\n\n"
        "What was asked for is still there: change what is in the way, and try again."
    )


def test_what_was_stopped_is_no_failure(page: TrainEndPage) -> None:
    page.tell_failure("mine", RunStory(end="stopped", reason="stopped at step 1200", checkpoint=1200), "")
    assert words(page) == (
        "The training of “mine” was stopped\nStopped at step 1200.\n\n"
        "What it has learned up to step 1,200 is kept, and it can go on from there."
    )


def test_the_picture_is_shown(qtbot: QtBot, page: TrainEndPage) -> None:
    page.tell_style("mine", story_of(GOOD))
    before = page.grab().toImage()
    page.show_picture(noise(1, (300, 120)))
    qtbot.waitUntil(lambda: page.grab().toImage() != before, timeout=5000)
    page.show_picture(None)
    qtbot.waitUntil(lambda: page.grab().toImage() == before, timeout=5000)


def test_the_result_is_the_photographs_above_what_was_made_of_them(tmp_path: Path) -> None:
    painted, photographs = noise(1), noise(2)
    PilImage.fromarray(painted).save(tmp_path / "fast-0000005.png")
    assert result_picture(tmp_path / "fast-0000005.png").height() == 96, "without them it stands alone"
    PilImage.fromarray(photographs).save(tmp_path / "source.jpg", quality=100, subsampling=0)
    both = pixels(result_picture(tmp_path / "fast-0000005.png"))
    assert np.array_equal(both[-96:], painted)
    assert np.abs(both[:96].astype(int) - photographs).mean() < 2
    assert result_picture(tmp_path / "lost.jpg").isNull()


def test_a_large_picture_leaves_room_for_the_figures(qtbot: QtBot, page: TrainEndPage) -> None:
    page.tell_style("mine", story_of(GOOD))
    page.show_picture(noise(1, (700, 700)))
    assert page.heightForWidth(page.width()) <= page.height(), "it need not be scrolled"
    label = next(child for child in page.findChildren(QLabel) if child.text() == "0.098")
    qtbot.waitUntil(lambda: label.mapTo(page, label.rect().bottomLeft()).y() < page.height(), timeout=5000)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"step": 43}, "Stopped at step 43 of 1,500, after 15 min of training."),
        ({"step": 43, "made": {"fast": 36}}, "Stopped at step 36 of 1,500, after 15 min of training."),
        ({"step": 43, "networks": 2}, "Stopped at step 43 of 1,500 of network 1 of 2."),
        ({"step": 1500}, "Trained in 15 min."),
    ],
)
def test_a_style_that_was_not_trained_to_its_end_says_so(page: TrainEndPage, fields: dict[str, Any], text: str) -> None:
    page.tell_style("mine", story_of(GOOD, elapsed=900.0, steps=1500, variant="fast", **fields))
    assert text in words(page)
