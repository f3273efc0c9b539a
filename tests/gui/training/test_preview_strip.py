"""Previews of a training: the newest is followed until a person goes back, and half-written files are waited for."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QSlider

from stylecam.gui.training.preview_pair import PreviewPair
from stylecam.gui.training.preview_strip import PreviewStrip
from stylecam.pictures import Picture, write_picture
from tests.gui.widgets import (
    BLUE,
    GREEN,
    RED,
    check_names,
    check_room,
    colour_at,
    grabbed,
    is_like,
    other_languages,
    plain,
    show,
)

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("dark")

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def strip(qtbot: QtBot) -> PreviewStrip:
    widget = PreviewStrip()
    show(qtbot, widget, 560, 340)
    return widget


@pytest.fixture
def told(strip: PreviewStrip) -> list[int]:
    """The step each time another preview is said to be shown."""
    heard: list[int] = []
    strip.current_changed.connect(lambda: heard.append(strip.current_step))
    return heard


def write(path: Path, colour: tuple[int, int, int]) -> Path:
    """As the trainer writes: whole, in place of what was there."""
    write_picture(path, Picture(plain(colour, (300, 100))), force=True)
    return path


def fill(strip: PreviewStrip, folder: Path, count: int, first: int = 0) -> None:
    for index in range(first, first + count):
        name = f"fast-{100 * index:07d}"
        strip.add(100 * index, write(folder / f"{name}.jpg", (20 * index, 60, 90)), folder / f"{name}.safetensors")


def named(strip: PreviewStrip, name: str) -> QAbstractButton:
    return next(button for button in strip.findChildren(QAbstractButton) if button.accessibleName() == name)


def scrubber(strip: PreviewStrip) -> QSlider:
    return strip.findChild(QSlider)  # type: ignore[return-value]


def pair(strip: PreviewStrip) -> PreviewPair:
    return strip.findChild(PreviewPair)  # type: ignore[return-value]


def seen(strip: PreviewStrip, ratio: float = 1.0) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """What is in the middles of the upper and the lower half."""
    image: QImage = grabbed(pair(strip), ratio)
    x, height = image.width() // 2, image.height()
    return colour_at(image, x, height // 4), colour_at(image, x, 3 * height // 4)


def test_before_the_first_preview_there_is_none(strip: PreviewStrip, tmp_path: Path) -> None:
    assert (strip.current, strip.current_step, strip.current_style, strip.count) == (-1, -1, None, 0)
    assert strip.words.startswith("The first preview")
    strip.set_source(write(tmp_path / "source.jpg", GREEN))
    assert is_like(seen(strip)[0], GREEN)
    assert not any(button.isEnabled() for button in strip.findChildren(QAbstractButton))
    strip.current = 3
    assert strip.current == -1


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_photographs_are_above_and_the_painted_below(strip: PreviewStrip, tmp_path: Path, ratio: float) -> None:
    strip.set_source(write(tmp_path / "source.jpg", GREEN))
    strip.add(10, write(tmp_path / "a.jpg", BLUE), tmp_path / "a.safetensors")
    upper, lower = seen(strip, ratio)
    assert is_like(upper, GREEN)
    assert is_like(lower, BLUE)
    assert strip.words == ""


def test_a_preview_without_photographs_has_all_the_room(strip: PreviewStrip, tmp_path: Path) -> None:
    strip.add(10, write(tmp_path / "a.jpg", BLUE), tmp_path / "a.safetensors")
    image = grabbed(pair(strip))
    assert is_like(colour_at(image, image.width() // 2, image.height() // 2), BLUE)


def test_the_newest_is_followed_until_a_person_goes_back(
    strip: PreviewStrip, told: list[int], tmp_path: Path, qtbot: QtBot
) -> None:
    fill(strip, tmp_path, 3)
    assert strip.current == 2
    assert strip.current_style == tmp_path / "fast-0000200.safetensors"
    qtbot.mouseClick(named(strip, "Earlier preview"), LEFT)
    fill(strip, tmp_path, 2, first=3)
    assert (strip.current, strip.current_step, strip.count) == (1, 100, 5)
    assert scrubber(strip).value() == 1
    for _ in range(3):
        qtbot.mouseClick(named(strip, "Later preview"), LEFT)
    assert not named(strip, "Later preview").isEnabled()
    fill(strip, tmp_path, 1, first=5)
    assert strip.current == 5, "at the end it follows again"
    assert told == [0, 100, 200, 100, 200, 300, 400, 500]


def test_a_click_goes_to_the_newest_and_follows_from_there(
    strip: PreviewStrip, told: list[int], tmp_path: Path, qtbot: QtBot
) -> None:
    fill(strip, tmp_path, 4)
    assert not named(strip, "Newest preview").isEnabled()
    strip.current = 0
    told.clear()
    qtbot.mouseClick(named(strip, "Newest preview"), LEFT)
    fill(strip, tmp_path, 1, first=4)
    assert told == [300, 400]


def test_keys_go_through_the_previews(strip: PreviewStrip, told: list[int], tmp_path: Path, qtbot: QtBot) -> None:
    fill(strip, tmp_path, 4)
    told.clear()
    scrubber(strip).setFocus()
    qtbot.keyClick(scrubber(strip), Qt.Key.Key_Left)
    qtbot.keyClick(scrubber(strip), Qt.Key.Key_Home)
    qtbot.keyClick(scrubber(strip), Qt.Key.Key_Right)
    assert told == [200, 0, 100]
    assert scrubber(strip).accessibleDescription() == "Step 100 · 2 of 4"
    qtbot.keyClick(scrubber(strip), Qt.Key.Key_End)
    fill(strip, tmp_path, 1, first=4)
    assert strip.current_step == 400


def test_the_keyboard_stays_here_when_its_button_has_done_its_work(
    strip: PreviewStrip, tmp_path: Path, qtbot: QtBot
) -> None:
    fill(strip, tmp_path, 3)
    strip.current = 0
    button = named(strip, "Newest preview")
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert strip.current == 2
    assert QApplication.focusWidget() is scrubber(strip)


def test_a_step_that_is_trained_once_more_moves_to_the_end(
    strip: PreviewStrip, told: list[int], tmp_path: Path
) -> None:
    strip.set_source(write(tmp_path / "source.jpg", GREEN))
    fill(strip, tmp_path, 4)
    strip.current = 2
    told.clear()
    again = write(tmp_path / "fast-0000100.jpg", RED)
    strip.add(100, again, tmp_path / "new.safetensors")
    assert (strip.count, strip.current, strip.current_step) == (4, 1, 200)
    assert told == [], "what is shown is the same"
    strip.current = 3
    assert strip.current_style == tmp_path / "new.safetensors"
    assert is_like(seen(strip)[1], RED), "not the picture of before"


def test_the_preview_that_is_shown_may_be_the_one_that_is_replaced(
    strip: PreviewStrip, told: list[int], tmp_path: Path
) -> None:
    fill(strip, tmp_path, 3)
    strip.current = 1
    strip.add(100, tmp_path / "fast-0000100.jpg", tmp_path / "new.safetensors")
    assert (strip.count, strip.current, strip.current_step) == (3, 2, 100)
    assert told[-1] == 100


def test_nothing_is_left_after_clearing_but_the_photographs(
    strip: PreviewStrip, told: list[int], tmp_path: Path
) -> None:
    strip.set_source(write(tmp_path / "source.jpg", GREEN))
    fill(strip, tmp_path, 2)
    told.clear()
    strip.clear()
    strip.clear()
    assert told == [-1]
    assert strip.current_style is None
    assert is_like(seen(strip)[0], GREEN)
    fill(strip, tmp_path, 1)
    assert strip.current == 0


def test_a_missing_file_is_waited_for(strip: PreviewStrip, tmp_path: Path, qtbot: QtBot) -> None:
    strip.add(10, tmp_path / "late.jpg", tmp_path / "a.safetensors")
    assert strip.words == "preview is being written…"
    assert pair(strip).accessibleDescription() == strip.words
    image = grabbed(pair(strip))
    assert len({colour_at(image, x, image.height() // 2) for x in range(image.width())}) > 2, "the words are painted"
    write(tmp_path / "late.jpg", BLUE)
    qtbot.waitUntil(lambda: strip.words == "", timeout=10_000)
    image = grabbed(pair(strip))
    assert is_like(colour_at(image, image.width() // 2, image.height() // 2), BLUE)


@pytest.mark.parametrize("part", [0, 2, 0.5, -2], ids=["empty", "two bytes", "half", "all but two bytes"])
def test_a_torn_file_is_waited_for(strip: PreviewStrip, tmp_path: Path, qtbot: QtBot, part: float) -> None:
    path = write(tmp_path / "torn.jpg", RED)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole)) if 0 < part < 1 else int(part)])
    strip.add(10, path, tmp_path / "a.safetensors")
    assert strip.words == "preview is being written…"
    path.write_bytes(whole)
    qtbot.waitUntil(lambda: strip.words == "", timeout=10_000)


def test_photographs_that_come_later_or_are_replaced_are_shown(
    strip: PreviewStrip, tmp_path: Path, qtbot: QtBot
) -> None:
    strip.set_source(tmp_path / "source.jpg")
    strip.add(10, write(tmp_path / "a.jpg", BLUE), tmp_path / "a.safetensors")
    write(tmp_path / "source.jpg", GREEN)
    qtbot.waitUntil(lambda: is_like(seen(strip)[0], GREEN), timeout=10_000)
    write(tmp_path / "source.jpg", RED)
    os.utime(tmp_path / "source.jpg", (1, 1))  # a time of its own, however coarse the clock is
    strip.add(20, write(tmp_path / "b.jpg", BLUE), tmp_path / "b.safetensors")
    assert is_like(seen(strip)[0], RED)


def test_only_what_is_shown_is_read_and_that_once(
    strip: PreviewStrip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import stylecam.pictures

    read: list[str] = []
    real = stylecam.pictures.read_picture
    monkeypatch.setattr(stylecam.pictures, "read_picture", lambda path: read.append(path.name) or real(path))
    fill(strip, tmp_path, 2)
    strip.current = 0
    strip.current = 1
    assert read == ["fast-0000000.jpg", "fast-0000100.jpg"]
    strip.current = 0
    fill(strip, tmp_path, 30, first=2)
    assert len(read) == 2, "those that came meanwhile were not looked at"
    for index in range(30):
        strip.current = index
    strip.current = 0
    assert read.count("fast-0000000.jpg") == 2, "no more than 16 are kept"


@pytest.mark.parametrize(("count", "expected"), [(1, 0), (2, 2), (12, 12)])
def test_the_scrubber_has_a_tick_at_each_preview(
    strip: PreviewStrip, tmp_path: Path, count: int, expected: int
) -> None:
    fill(strip, tmp_path, count)
    image = grabbed(scrubber(strip))
    row = [colour_at(image, x, image.height() - 2) for x in range(image.width())]
    ground = row[0]
    assert sum(not is_like(colour, ground, 30) for colour in row) == expected


def test_of_very_many_previews_not_each_has_a_tick(strip: PreviewStrip, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", RED)
    for step in range(2000):
        strip.add(step, path if step == 1999 else tmp_path / f"{step}.jpg", tmp_path / "a.safetensors")
    image = grabbed(scrubber(strip))
    row = [colour_at(image, x, image.height() - 2) for x in range(image.width())]
    ticks = [x for x, colour in enumerate(row) if not is_like(colour, row[0], 30)]
    assert len(ticks) > 20
    assert min(after - before for before, after in pairwise(ticks)) >= 4


def test_arrows_point_as_the_script_is_read(strip: PreviewStrip, tmp_path: Path, qapp: QApplication) -> None:
    fill(strip, tmp_path, 3)
    strip.current = 1
    before = grabbed(named(strip, "Earlier preview"))
    for where in other_languages(qapp):
        QApplication.processEvents()
        assert (grabbed(named(strip, "Later preview")) == before) == ("leftward=True" in where), where
        check_room(strip, where)


def test_everything_has_a_name_and_room(strip: PreviewStrip, tmp_path: Path, qtbot: QtBot) -> None:
    fill(strip, tmp_path, 3)
    check_names(strip)
    strip.resize(strip.minimumSizeHint())
    QApplication.processEvents()
    check_room(strip, "at its least size")
    qtbot.mouseClick(strip, LEFT, pos=QPoint(5, 5))
    assert strip.current == 2
