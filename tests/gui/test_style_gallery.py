"""The gallery by mouse and by keyboard: choosing, favourites, searching, live pictures, and how it fills its room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QMenu, QMessageBox, QPushButton

from stylecam.gui.style_delegate import StyleDelegate
from stylecam.gui.style_gallery import StyleCard, StyleGallery
from stylecam.gui.style_model import NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image

pytestmark = pytest.mark.usefixtures("dark")

LEFT = Qt.MouseButton.LeftButton
RED, BLUE = (200, 30, 40), (20, 40, 210)


def plain(colour: tuple[int, int, int]) -> Image:
    image = np.empty((96, 128, 3), np.uint8)
    image[:] = colour
    return image


def cards(count: int) -> list[StyleCard]:
    return [StyleCard(f"s{n:02d}", f"Style {n:02d}", f"Author {n:02d}", "CC0", plain(RED)) for n in range(count)]


@pytest.fixture
def gallery(qtbot: QtBot) -> StyleGallery:
    widget = StyleGallery()
    qtbot.addWidget(widget)
    widget.set_styles(cards(5))
    widget.resize(320, 500)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def chosen(gallery: StyleGallery) -> list[str]:
    """What the gallery says was chosen."""
    names: list[str] = []
    gallery.style_chosen.connect(names.append)
    return names


def middle(gallery: StyleGallery, name: str) -> QPoint:
    return gallery.view.visualRect(gallery.index_of(name)).center()


def star(gallery: StyleGallery, name: str) -> QPoint:
    delegate = gallery.view.itemDelegate()
    assert isinstance(delegate, StyleDelegate)
    return delegate.star_rect(gallery.view.visualRect(gallery.index_of(name))).center()


def search(gallery: StyleGallery) -> QLineEdit:
    field = gallery.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    return field


def columns(gallery: StyleGallery) -> int:
    QApplication.processEvents()
    return len({gallery.view.visualRect(gallery.index_of(name)).x() for name in gallery.names})


def numbers(gallery: StyleGallery) -> dict[str, int | None]:
    return {name: gallery.index_of(name).data(NUMBER) for name in gallery.names}


def test_a_click_chooses_once(gallery: StyleGallery, chosen: list[str], qtbot: QtBot) -> None:
    for _ in range(2):
        qtbot.mouseClick(gallery.view.viewport(), LEFT, pos=middle(gallery, "s02"))
    qtbot.mouseDClick(gallery.view.viewport(), LEFT, pos=middle(gallery, "s02"))
    qtbot.mouseRelease(gallery.view.viewport(), LEFT, pos=middle(gallery, "s02"))
    assert chosen == ["s02"]
    assert gallery.current == "s02"


def test_other_mouse_buttons_and_empty_places_choose_nothing(
    gallery: StyleGallery, chosen: list[str], qtbot: QtBot
) -> None:
    qtbot.mouseClick(gallery.view.viewport(), Qt.MouseButton.MiddleButton, pos=middle(gallery, "s02"))
    below = gallery.view.viewport().rect().bottomLeft() + QPoint(20, -5)
    assert not gallery.view.indexAt(below).isValid()
    qtbot.mouseClick(gallery.view.viewport(), LEFT, pos=below)
    assert chosen == []


def test_arrows_move_and_enter_chooses(gallery: StyleGallery, chosen: list[str], qtbot: QtBot) -> None:
    gallery.current = "s00"
    gallery.view.setFocus()
    qtbot.keyClick(gallery.view, Qt.Key.Key_Right)
    qtbot.keyClick(gallery.view, Qt.Key.Key_Down)
    assert chosen == []
    qtbot.keyClick(gallery.view, Qt.Key.Key_Return)
    assert chosen == ["s03"]
    qtbot.keyClick(gallery.view, Qt.Key.Key_Left)
    qtbot.keyClick(gallery.view, Qt.Key.Key_Enter)
    assert chosen == ["s03", "s02"]


def test_setting_the_current_style_emits_nothing(gallery: StyleGallery, chosen: list[str]) -> None:
    gallery.current = "s03"
    assert gallery.current == "s03"
    assert gallery.view.currentIndex() == gallery.index_of("s03")
    gallery.current = None
    gallery.current = "not there"
    assert chosen == []


def test_next_previous_and_numbers_choose_in_the_order_shown(gallery: StyleGallery, chosen: list[str]) -> None:
    gallery.favourites = ("s04",)
    assert gallery.names == ("s04", "s00", "s01", "s02", "s03")
    gallery.select_number(1)
    gallery.select_next(1)
    gallery.select_next(-1)
    gallery.select_next(-1)
    gallery.select_number(9)
    assert chosen == ["s04", "s00", "s04", "s03"]


def test_the_star_makes_a_favourite_by_mouse(gallery: StyleGallery, chosen: list[str], qtbot: QtBot) -> None:
    told: list[tuple[str, ...]] = []
    gallery.favourites_changed.connect(lambda: told.append(gallery.favourites))
    gallery.current = "s00"
    qtbot.mouseClick(gallery.view.viewport(), LEFT, pos=star(gallery, "s03"))
    assert gallery.names == ("s03", "s00", "s01", "s02", "s04")
    assert gallery.view.currentIndex() == gallery.index_of("s03"), "the item stays current where it went"
    qtbot.mouseClick(gallery.view.viewport(), LEFT, pos=star(gallery, "s03"))
    assert gallery.names[0] == "s00"
    assert told == [("s03",), ()]
    assert chosen == []
    assert gallery.current == "s00"


def test_a_double_click_on_a_star_never_stars_what_moved_under_the_mouse(gallery: StyleGallery, qtbot: QtBot) -> None:
    at = star(gallery, "s03")
    viewport = gallery.view.viewport()
    qtbot.mouseClick(viewport, LEFT, pos=at)
    qtbot.mouseDClick(viewport, LEFT, pos=at)
    qtbot.mouseRelease(viewport, LEFT, pos=at)
    assert set(gallery.favourites) <= {"s03"}


def test_the_key_f_makes_a_favourite(gallery: StyleGallery, qtbot: QtBot) -> None:
    gallery.current = "s04"
    gallery.view.setFocus()
    qtbot.keyClick(gallery.view, Qt.Key.Key_F)
    assert gallery.favourites == ("s04",)
    assert gallery.names[0] == "s04"
    assert gallery.view.currentIndex() == gallery.index_of("s04")
    qtbot.keyClick(gallery.view, Qt.Key.Key_F)
    assert gallery.favourites == ()


def test_the_search_finds_titles_and_authors_and_can_be_cleared(gallery: StyleGallery, qtbot: QtBot) -> None:
    qtbot.keyClicks(search(gallery), "STYLE 01")
    assert gallery.names == ("s01",)
    search(gallery).clear()
    qtbot.keyClicks(search(gallery), "author 04")
    assert gallery.names == ("s04",)
    qtbot.keyClick(search(gallery), Qt.Key.Key_Escape)
    assert search(gallery).text() == ""
    assert len(gallery.names) == 5


def test_what_was_found_is_chosen_from_the_keyboard(gallery: StyleGallery, chosen: list[str], qtbot: QtBot) -> None:
    gallery.current = "s00"
    qtbot.keyClicks(search(gallery), "04")
    qtbot.keyClick(search(gallery), Qt.Key.Key_Return)
    assert chosen == ["s04"]


def test_numbers_follow_the_order_shown(gallery: StyleGallery, chosen: list[str], qtbot: QtBot) -> None:
    gallery.set_styles(cards(12))
    gallery.favourites = ("s11",)
    assert list(numbers(gallery).values()) == [*range(1, 10), None, None, None]
    assert numbers(gallery)["s11"] == 1
    qtbot.keyClicks(search(gallery), "style 07")
    assert numbers(gallery) == {"s07": 1}
    gallery.select_number(1)
    assert chosen == ["s07"], "the key does what the badge says"


def test_an_empty_gallery_says_what_to_do(gallery: StyleGallery, qtbot: QtBot) -> None:
    def said() -> str:
        return " ".join(label.text() for label in gallery.findChildren(QLabel) if label.isVisible())

    assert said() == ""
    qtbot.keyClicks(search(gallery), "zzz")
    assert gallery.view.isHidden()
    assert "No style" in said()
    search(gallery).clear()
    gallery.set_styles([])
    assert "Import" in said()
    gallery.select_next(1)
    gallery.select_number(1)
    assert gallery.current is None
    gallery.set_styles(cards(1))
    assert said() == ""
    assert gallery.view.isVisible()


def test_buttons_and_the_box_tell(gallery: StyleGallery, qtbot: QtBot) -> None:
    asked: list[str] = []
    gallery.import_requested.connect(lambda: asked.append("import"))
    gallery.train_requested.connect(lambda: asked.append("train"))
    gallery.live_pictures_toggled.connect(lambda on: asked.append(f"live {on}"))
    for button in gallery.findChildren(QPushButton):
        qtbot.mouseClick(button, LEFT)
    gallery.live_pictures = True
    box = gallery.findChild(QCheckBox)
    assert isinstance(box, QCheckBox)
    qtbot.mouseClick(box, LEFT, pos=QPoint(10, box.height() // 2))
    assert asked == ["import", "train", "live False"]


def test_live_pictures_take_the_thumbnails_place_and_go(gallery: StyleGallery) -> None:
    def painted(name: str) -> tuple[int, int, int]:
        QApplication.processEvents()
        c = gallery.view.viewport().grab().toImage().pixelColor(middle(gallery, name))
        return c.red(), c.green(), c.blue()

    assert painted("s01") == RED
    gallery.set_live_picture("s01", plain(BLUE))
    gallery.set_live_picture("not there", plain(BLUE))
    assert (painted("s01"), painted("s02")) == (BLUE, RED)
    gallery.set_live_picture("s01", plain((1, 2, 3)))
    assert painted("s01") == (1, 2, 3)
    gallery.clear_live_pictures()
    assert painted("s01") == RED


@pytest.mark.parametrize("title", ["<b>x</b><img src='file:///etc/passwd'>", "a &lt;b&gt; c", "plain & simple"])
def test_a_hostile_title_is_shown_as_it_stands(gallery: StyleGallery, title: str) -> None:
    gallery.set_styles([StyleCard("bad", title, "An <i>author</i>", "CC0", suspect=True)])
    tooltip = gallery.index_of("bad").data(Qt.ItemDataRole.ToolTipRole)
    assert tooltip.startswith("<p")  # else Qt would guess whether it is markup
    document = QTextDocument()
    document.setHtml(tooltip)
    lines = document.toPlainText().replace("\u2028", "\n").splitlines()
    assert lines == [title, "An <i>author</i>", "CC0", "Something is wrong with this style."]
    assert "￼" not in document.toPlainText(), "no picture was put in"
    assert gallery.index_of("bad").data(Qt.ItemDataRole.AccessibleTextRole) == title


def test_a_screen_reader_hears_what_is_only_drawn(gallery: StyleGallery) -> None:
    gallery.favourites = ("s02",)
    gallery.current = "s02"
    said = gallery.index_of("s02").data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert {"in use", "favourite", "key 1", "Author 02"} <= set(said.split(", "))
    assert "in use" not in gallery.index_of("s03").data(Qt.ItemDataRole.AccessibleDescriptionRole)


@pytest.mark.parametrize("count", [5, 20])
@pytest.mark.parametrize(("width", "expected"), [(220, 1), (300, 2), (320, 2), (460, 3)])
def test_as_many_columns_as_fit(gallery: StyleGallery, width: int, expected: int, count: int) -> None:
    gallery.set_styles(cards(count))
    gallery.resize(width, 500)
    assert columns(gallery) == expected
    right = max(gallery.view.visualRect(gallery.index_of(name)).right() for name in gallery.names)
    assert right <= gallery.view.viewport().width()
    assert right >= 0.85 * gallery.view.viewport().width(), "they fill the room"


def test_twenty_styles_scroll_and_the_current_one_comes_into_view(gallery: StyleGallery) -> None:
    gallery.set_styles(cards(20))
    QApplication.processEvents()
    bar = gallery.view.verticalScrollBar()
    assert bar.isVisible()
    assert bar.maximum() > 0
    visible = gallery.view.viewport().rect()
    assert not visible.intersects(gallery.view.visualRect(gallery.index_of("s19")))
    gallery.current = "s19"
    QApplication.processEvents()
    assert visible.contains(middle(gallery, "s19"))
    assert gallery.view.horizontalScrollBar().maximum() == 0


def test_the_style_under_the_mouse_is_told(gallery: StyleGallery, qtbot: QtBot) -> None:
    hovered: list[str] = []
    gallery.hovered.connect(hovered.append)
    viewport = gallery.view.viewport()
    for name in ("s00", "s01", "s01"):
        qtbot.mouseMove(viewport, middle(gallery, name))
        qtbot.mouseMove(viewport, middle(gallery, name) + QPoint(2, 2))
        QApplication.processEvents()
    assert hovered == ["s00", "s01"]
    QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))
    assert hovered == ["s00", "s01", ""]


def _menu_entry(gallery: StyleGallery, name: str, words: str) -> Callable[[], None]:
    gallery.view.customContextMenuRequested.emit(middle(gallery, name))
    menu = gallery.findChild(QMenu)
    assert isinstance(menu, QMenu)
    action = next(action for action in menu.actions() if action.text() == words)
    menu.close()
    return action.trigger


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_menu_of_a_style_makes_it_a_favourite_and_tells_about_it(gallery: StyleGallery) -> None:
    _menu_entry(gallery, "s02", "Favourite")()
    assert gallery.favourites == ("s02",)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    _menu_entry(gallery, "s03", "Show details")()
    box = gallery.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert "Author 03" in box.informativeText()
    box.close()


def test_digits_and_letters_are_left_to_the_window(gallery: StyleGallery, chosen: list[str], qtbot: QtBot) -> None:
    gallery.current = "s00"
    gallery.view.setFocus()
    qtbot.keyClicks(gallery.view, "style 04")
    assert gallery.view.currentIndex() == gallery.index_of("s00")
    assert chosen == []


def test_a_style_of_ones_own_takes_no_other_ones_key(gallery: StyleGallery) -> None:
    mine = StyleCard("mine", "A First Try", own=True)
    gallery.set_styles([mine, *cards(9)])
    assert gallery.names[-1] == "mine"
    assert (numbers(gallery)["s08"], numbers(gallery)["mine"]) == (9, None)
    gallery.favourites = ("mine",)
    assert numbers(gallery)["mine"] == 1


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_only_what_has_a_file_of_its_own_can_be_deleted(gallery: StyleGallery, tmp_path: Path, qtbot: QtBot) -> None:
    gallery.set_styles([StyleCard("mine", "Mine", path=tmp_path / "mine.safetensors"), StyleCard("theirs", "Theirs")])
    asked: list[str] = []
    gallery.deletion_requested.connect(asked.append)
    for name in ("theirs", "mine"):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gallery.view.customContextMenuRequested.emit(middle(gallery, name))
        menu = gallery.findChild(QMenu)
        assert isinstance(menu, QMenu)
        entry = next(action for action in menu.actions() if action.text() == "Delete…")
        assert entry.isEnabled() == (name == "mine")
        assert ("only your own ones" in entry.toolTip()) == (name == "theirs")
        menu.close()
        entry.trigger()
    assert asked == ["mine"]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_details_name_the_painting_and_the_training(gallery: StyleGallery) -> None:
    gallery.set_styles([StyleCard("one", "One", "Ada", "CC0", facts=("Painting: One, oil", "Trained from: candy"))])
    _menu_entry(gallery, "one", "Show details")()
    box = gallery.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    lines = box.informativeText().splitlines()
    assert lines == [
        "Author: Ada",
        "Licence: CC0",
        "Painting: One, oil",
        "Trained from: candy",
        "Name in commands: one",
    ]
    box.close()
