"""StyleGallery: choose a style by its picture; with a search field, favourites, and the live picture in each style."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from stylecam.gui.icons import icon
from stylecam.gui.style_delegate import StyleDelegate
from stylecam.gui.style_grid import StyleGrid
from stylecam.gui.style_model import NAME, StyleCard, StyleModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.frame import Image

__all__ = ["StyleCard", "StyleGallery"]

_ROW: Final = 31
"""As high as the bar above the picture, so that both stand on one line."""


class StyleGallery(QWidget):
    """Shows styles and tells which one is chosen.

    Signals:
        style_chosen(str): a person chose it; setting `current` emits nothing.
        favourites_changed()
        live_pictures_toggled(bool): whether the present picture is wanted in every style.
        hovered(str): the style under the mouse, or empty.
        import_requested(), train_requested()
        deletion_requested(str): the style of this name shall go; only for one that may.
    """

    style_chosen = Signal(str)
    favourites_changed = Signal()
    live_pictures_toggled = Signal(bool)
    hovered = Signal(str)
    import_requested = Signal()
    train_requested = Signal()
    deletion_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = StyleModel()
        self.view = StyleGrid(StyleDelegate(self), self)
        self.view.setAccessibleName(self.tr("Styles"))
        self.view.setModel(self._model)
        self.view.chosen.connect(self._choose)
        self.view.starred.connect(self._toggle_favourite)
        self.view.hovered.connect(self.hovered)
        self.view.customContextMenuRequested.connect(self._on_context_menu)
        self._search = QLineEdit(self)
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search for a style"))
        self._search.setToolTip(self.tr("Search by title or author (Ctrl+F)"))
        self._search.setClearButtonEnabled(True)
        self._search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._search.textChanged.connect(self._on_search)
        self._search.installEventFilter(self)
        QShortcut(QKeySequence.StandardKey.Find, self).activated.connect(self._on_find)
        self._live = QCheckBox(self.tr("M&y picture"), self)
        self._live.setAccessibleName(self.tr("My picture"))
        self._live.setToolTip(self.tr("Show the present picture in every style (key G)"))
        self._live.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._live.toggled.connect(self.live_pictures_toggled)
        self._empty = QLabel(self)
        self._empty.setObjectName("faint")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        buttons = QHBoxLayout()
        for text, name, signal in (
            (self.tr("&Import…"), "import", self.import_requested),
            (self.tr("&Train…"), "train", self.train_requested),
        ):
            button = QPushButton(icon(name), text, self)
            button.setAccessibleName(text.replace("&", ""))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(signal)
            buttons.addWidget(button)
        top = QHBoxLayout()
        top.addWidget(self._search, 1)
        top.addWidget(self._live)
        top.addStrut(_ROW)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._empty, 1)
        column.addWidget(self.view, 1)
        column.addLayout(buttons)
        # As they are seen, not as they were made.
        for before, after in pairwise((self._search, self._live, self.view, *self.findChildren(QPushButton))):
            QWidget.setTabOrder(before, after)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._show_emptiness()

    @property
    def names(self) -> tuple[str, ...]:
        """The styles that are shown, in order; the first nine have the keys 1–9."""
        return self._model.names

    @property
    def current(self) -> str | None:
        """The style that is marked as being in use."""
        return self._model.chosen

    @current.setter
    def current(self, name: str | None) -> None:
        self._model.chosen = name
        self._show_current()

    @property
    def favourites(self) -> tuple[str, ...]:
        return self._model.favourites

    @favourites.setter
    def favourites(self, names: Sequence[str]) -> None:
        self._model.set_favourites(names)
        self._show_current()

    @property
    def live_pictures(self) -> bool:
        """Whether the present picture is wanted in every style."""
        return self._live.isChecked()

    @live_pictures.setter
    def live_pictures(self, on: bool) -> None:
        blocked = self._live.blockSignals(True)
        self._live.setChecked(on)
        self._live.blockSignals(blocked)

    def set_styles(self, styles: Sequence[StyleCard]) -> None:
        """Show these."""
        self._model.set_cards(styles)
        self._show_emptiness()
        self._show_current()

    def card(self, name: str) -> StyleCard | None:
        """What is shown of a style; None if there is none of this name."""
        return self._model.card(name)

    def index_of(self, name: str) -> QModelIndex:
        """Where in the view it is; invalid if it is not shown."""
        return self._model.index(self._model.row_of(name))

    def select_next(self, step: int) -> None:
        """Choose the style so many places on; after the last comes the first."""
        names = self.names
        if names:
            at = names.index(self.current) if self.current in names else -1 if step > 0 else 0
            self._choose(names[(at + step) % len(names)])

    def select_number(self, number: int) -> None:
        """Choose the style with this key, 1–9; nothing if there is none."""
        if 1 <= number <= len(self.names):
            self._choose(self.names[number - 1])

    def set_live_picture(self, name: str, image: Image) -> None:
        """Show this picture (H×W×3 uint8 RGB) for a style, in place of its thumbnail."""
        self._model.set_live_picture(name, image)

    def clear_live_pictures(self) -> None:
        """Show the thumbnails again."""
        self._model.clear_live_pictures()

    # Overridden.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_search_key(event)
        return super().eventFilter(watched, event)

    def _on_search_key(self, event: QKeyEvent) -> bool:
        """Down goes to what was found, Enter chooses it, Escape takes the search away."""
        key, index = event.key(), self.view.currentIndex()
        if key == Qt.Key.Key_Escape and self._search.text():
            self._search.clear()
            return True
        if key == Qt.Key.Key_Down and index.isValid():
            self.view.setFocus(Qt.FocusReason.TabFocusReason)
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self._choose(str(index.data(NAME)))
            return True
        return False

    def _on_find(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def _on_search(self, text: str) -> None:
        self._model.set_filter(text)
        self._show_emptiness()
        self._show_current()
        if text and self.names:
            self.view.setCurrentIndex(self._model.index(0))  # what Enter chooses

    def _on_context_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        name = str(index.data(NAME))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        favourite = QAction(self.tr("Favourite"), menu)
        favourite.setCheckable(True)
        favourite.setChecked(name in self.favourites)
        favourite.triggered.connect(lambda: self._toggle_favourite(name))
        details = QAction(self.tr("Show details"), menu)
        details.triggered.connect(lambda: self._show_details(name))
        delete = QAction(self.tr("Delete…"), menu)
        delete.triggered.connect(lambda: self.deletion_requested.emit(name))
        card = self._model.card(name)
        if card is None or card.path is None:
            delete.setEnabled(False)
            delete.setToolTip(self.tr("This style belongs to stylecam itself: only your own ones can be deleted"))
        menu.setToolTipsVisible(True)
        menu.addActions([favourite, details])
        menu.addSeparator()
        menu.addAction(delete)
        menu.popup(self.view.viewport().mapToGlobal(at))

    def _show_details(self, name: str) -> None:
        card = self._model.card(name)
        if card is None:
            return
        lines = [
            self.tr("Author: {author}").format(author=card.author or self.tr("not said")),
            self.tr("Licence: {licence}").format(licence=card.licence or self.tr("not said")),
            *card.facts,
            self.tr("Name in commands: {name}").format(name=card.name),
        ]
        if card.suspect:
            lines.append(self.tr("Something is wrong with this style."))
        box = QMessageBox(QMessageBox.Icon.NoIcon, card.title, card.title, QMessageBox.StandardButton.Close, self)
        box.setTextFormat(Qt.TextFormat.PlainText)  # it was read from a stranger's file
        box.setInformativeText("\n".join(lines))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _choose(self, name: str) -> None:
        """Mark it at once and tell; who listens marks another if it cannot be had."""
        if name != self.current:
            self.current = name
            self.style_chosen.emit(name)

    def _toggle_favourite(self, name: str) -> None:
        self._model.toggle_favourite(name)
        self._show_current()
        index = self.index_of(name)
        if index.isValid():
            self.view.setCurrentIndex(index)
        self.favourites_changed.emit()

    def _show_current(self) -> None:
        index = self.index_of(self.current) if self.current else QModelIndex()
        if index.isValid():
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)
        elif not self.view.currentIndex().isValid() and self.names:
            self.view.setCurrentIndex(self._model.index(0))
        self.view.viewport().update()

    def _show_emptiness(self) -> None:
        """An empty gallery says what to do."""
        empty = not self.names
        self.view.setVisible(not empty)
        self._empty.setVisible(empty)
        self._empty.setText(
            self.tr("There are no styles yet. Import one, or train one from a picture.")
            if self._model.is_empty
            else self.tr("No style has that in its name.")
        )
