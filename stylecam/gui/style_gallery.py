"""StyleGallery: choose a style by its picture; with a search field, favourites, and the live picture in each style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from stylecam.gui.icons import icon
from stylecam.gui.style_delegate import StyleDelegate
from stylecam.gui.style_model import NAME, StyleCard, StyleModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from stylecam.frame import Image

__all__ = ["StyleCard", "StyleGallery"]

_CELL: Final = 128
"""About as wide is a style; as many columns as fit."""


class StyleGallery(QWidget):
    """Shows styles and tells which one is chosen.

    Signals:
        style_chosen(str): a person chose it; setting `current` emits nothing.
        favourites_changed()
        live_pictures_toggled(bool): whether the present picture is wanted in every style.
        hovered(str): the style under the mouse, or empty.
        import_requested(), train_requested()
    """

    style_chosen = Signal(str)
    favourites_changed = Signal()
    live_pictures_toggled = Signal(bool)
    hovered = Signal(str)
    import_requested = Signal()
    train_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = StyleModel()
        self._delegate = StyleDelegate(self)
        self._hovered = ""
        self.view = _Grid(self)
        self.view.setObjectName("styleView")
        self.view.setAccessibleName(self.tr("Styles"))
        self.view.setModel(self._model)
        self.view.setItemDelegate(self._delegate)
        self.view.viewport().installEventFilter(self)
        self.view.installEventFilter(self)
        self.view.resized.connect(self._fit_cells)
        self.view.activated.connect(self._on_activated)
        self.view.customContextMenuRequested.connect(self._on_context_menu)
        self._search = QLineEdit(self)
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search for a style"))
        self._search.setClearButtonEnabled(True)
        self._search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._search.textChanged.connect(self._on_search)
        self._live = QCheckBox(self.tr("M&y picture"), self)
        self._live.setAccessibleName(self.tr("My picture"))
        self._live.setToolTip(self.tr("Show the present picture in every style (key G)"))
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
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._empty, 1)
        column.addWidget(self.view, 1)
        column.addLayout(buttons)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._show_emptiness()

    @property
    def names(self) -> tuple[str, ...]:
        """The styles that are shown, in order; the first nine have the keys 1–9."""
        return self._model.names

    @property
    def current(self) -> str | None:
        """The style that is marked as being in use."""
        return self._delegate.chosen

    @current.setter
    def current(self, name: str | None) -> None:
        self._delegate.chosen = name
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
        if watched is self.view.viewport():
            if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
                if event.type() == QEvent.Type.MouseButtonPress:
                    return self._on_press(event.position().toPoint())
            elif event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
                self._on_hover(self.view.indexAt(event.position().toPoint()))
            elif event.type() == QEvent.Type.Leave:
                self._on_hover(QModelIndex())
        elif watched is self.view and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            index = self.view.currentIndex()
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
                self._choose(str(index.data(NAME)))
                return True
            if event.key() == Qt.Key.Key_F and not event.modifiers() and index.isValid():
                self._toggle_favourite(str(index.data(NAME)))
                return True
        return super().eventFilter(watched, event)

    def _on_press(self, at: QPoint) -> bool:
        index = self.view.indexAt(at)
        if not index.isValid():
            return False
        if self._delegate.star_rect(self.view.visualRect(index)).contains(at):
            self._toggle_favourite(str(index.data(NAME)))
            return True
        self.view.setCurrentIndex(index)
        self._choose(str(index.data(NAME)))
        return False

    def _on_hover(self, index: QModelIndex) -> None:
        name = str(index.data(NAME)) if index.isValid() else ""
        if name != self._hovered:
            self._hovered = name
            self.hovered.emit(name)

    def _on_activated(self, index: QModelIndex) -> None:
        self._choose(str(index.data(NAME)))

    def _on_search(self, text: str) -> None:
        self._model.set_filter(text)
        self._show_emptiness()
        self._show_current()

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
        menu.addAction(favourite)
        menu.popup(self.view.viewport().mapToGlobal(at))

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

    def _fit_cells(self, width: int) -> None:
        """As many columns as fit, and these as wide as the room allows."""
        columns = max(1, width // _CELL)
        self._delegate.cell_width = max(80, width // columns - 1)
        self.view.setGridSize(self._delegate.cell_size(self.view.fontMetrics().height()))


class _Grid(QListView):
    """A list view in icon mode that tells when there is another width to fill."""

    resized = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMinimumSize(QSize(150, 150))
        self.setFrameShape(QListView.Shape.NoFrame)
        # One tab stop; letters are for the window's commands.
        self.setTabKeyNavigation(False)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: letters and digits are the window's keys."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # As if the bar were there, as Qt lays out, too: else it could come and go for ever.
        bar = max(self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent), self.verticalScrollBar().width())
        self.resized.emit(self.width() - bar - 4)
