"""StyleModel: the styles of the gallery in the order in which they are shown, for Qt's item views."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from stylecam.bundled import bundled_path
from stylecam.gui.scaling import qimage
from stylecam.gui.style_facts import style_facts
from stylecam.styles import user_styles_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtGui import QImage

    from stylecam.frame import Image
    from stylecam.styles import Style

__all__ = ["CHOSEN", "FAVOURITE", "NAME", "NUMBER", "PICTURE", "SUSPECT", "StyleCard", "StyleModel"]

NAME: Final = Qt.ItemDataRole.UserRole
PICTURE: Final = Qt.ItemDataRole.UserRole + 1
FAVOURITE: Final = Qt.ItemDataRole.UserRole + 2
NUMBER: Final = Qt.ItemDataRole.UserRole + 3
"""1–9, the key that chooses it; None beyond."""
SUSPECT: Final = Qt.ItemDataRole.UserRole + 4
CHOSEN: Final = Qt.ItemDataRole.UserRole + 5
"""Whether it is the style in use."""


@dataclass(frozen=True, slots=True, eq=False)
class StyleCard:
    """What the gallery shows of a style."""

    name: str
    title: str
    author: str = ""
    licence: str = ""
    thumbnail: Image | None = None
    """H×W×3 uint8 RGB."""
    suspect: bool = False
    """Whether something is wrong with it, as far as can be told."""
    path: Path | None = None
    """The file, if it may be deleted: a bundled style's may not."""
    own: bool = False
    """Whether it lies in the user's own folder, as what was imported or trained does."""
    facts: tuple[str, ...] = ()
    """What else there is to tell, a line each."""

    @classmethod
    def of(cls, style: Style) -> StyleCard:
        folder = style.path.parent
        return cls(
            style.name,
            style.title or style.name,
            style.author,
            style.licence,
            style.thumbnail,
            path=None if folder == bundled_path("styles") else style.path,
            own=folder == user_styles_folder(),
            facts=style_facts(style),
        )


class StyleModel(QAbstractListModel):
    """Favourites first, in their own order; then the others by title, a user's own ones last.

    So a style that was trained or imported takes no other one's key. A filter leaves out what does not match.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cards: dict[str, StyleCard] = {}
        self._shown: list[StyleCard] = []
        self._favourites: tuple[str, ...] = ()
        self._chosen: str | None = None
        self._filter = ""
        self._thumbnails: dict[str, QImage] = {}
        self._live: dict[str, QImage] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are shown, in order."""
        return tuple(card.name for card in self._shown)

    @property
    def is_empty(self) -> bool:
        """Whether there is no style at all, filtered or not."""
        return not self._cards

    @property
    def favourites(self) -> tuple[str, ...]:
        return self._favourites

    @property
    def chosen(self) -> str | None:
        """The style in use."""
        return self._chosen

    @chosen.setter
    def chosen(self, name: str | None) -> None:
        before, self._chosen = self._chosen, name
        for changed in {before, name} - {None}:
            self._tell_changed(str(changed))

    def card(self, name: str) -> StyleCard | None:
        """None if there is no such style."""
        return self._cards.get(name)

    def set_cards(self, cards: Sequence[StyleCard]) -> None:
        self._cards = {card.name: card for card in cards}
        self._thumbnails = {card.name: qimage(card.thumbnail) for card in cards if card.thumbnail is not None}
        self._live = {name: image for name, image in self._live.items() if name in self._cards}
        self._arrange()

    def set_favourites(self, names: Sequence[str]) -> None:
        self._favourites = tuple(dict.fromkeys(names))
        self._arrange()

    def toggle_favourite(self, name: str) -> None:
        others = tuple(other for other in self._favourites if other != name)
        self.set_favourites(others if name in self._favourites else (*others, name))

    def set_filter(self, text: str) -> None:
        self._filter = text.casefold().strip()
        self._arrange()

    def set_live_picture(self, name: str, image: Image) -> None:
        """Show this picture in place of the thumbnail."""
        if name in self._cards:
            self._live[name] = qimage(image)
            self._tell_changed(name)

    def clear_live_pictures(self) -> None:
        names, self._live = list(self._live), {}
        for name in names:
            self._tell_changed(name)

    def row_of(self, name: str) -> int:
        """-1 if it is not shown."""
        return self.names.index(name) if name in self.names else -1

    # Overridden.

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        card = self._shown[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return card.title
        if role == NAME:
            return card.name
        if role == PICTURE:
            return self._live.get(card.name) or self._thumbnails.get(card.name)
        if role == FAVOURITE:
            return card.name in self._favourites
        if role == NUMBER:
            return self._number(index.row())
        if role == SUSPECT:
            return card.suspect
        if role == CHOSEN:
            return card.name == self._chosen
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self._said(card, self._number(index.row()))
        if role == Qt.ItemDataRole.ToolTipRole:
            text = "\n".join(self._about(card))
            # What stands in a stranger's file is never read as markup; as markup, this shows what stands there.
            return f"<p style='white-space:pre-wrap'>{html.escape(text)}</p>"
        return None

    def _number(self, row: int) -> int | None:
        return row + 1 if row < 9 else None

    def _about(self, card: StyleCard) -> list[str]:
        lines = [card.title, card.author, card.licence]
        if card.suspect:
            lines.append(self.tr("Something is wrong with this style."))
        return [line for line in lines if line]

    def _said(self, card: StyleCard, number: int | None) -> str:
        """What is drawn beside the title, for a screen reader, which says the title itself."""
        said = self._about(card)[1:]
        if card.name == self._chosen:
            said.insert(0, self.tr("in use"))
        if card.name in self._favourites:
            said.append(self.tr("favourite"))
        if number is not None:
            said.append(self.tr("key {number}").format(number=number))
        return ", ".join(said)

    def _arrange(self) -> None:
        self.beginResetModel()
        ranks = {name: rank for rank, name in enumerate(self._favourites)}
        ordered = sorted(
            self._cards.values(),
            key=lambda card: (ranks.get(card.name, len(ranks)), card.own, card.title.casefold(), card.name),
        )
        self._shown = [
            card
            for card in ordered
            if self._filter in card.title.casefold()
            or self._filter in card.author.casefold()
            or self._filter in card.name
        ]
        self.endResetModel()

    def _tell_changed(self, name: str) -> None:
        row = self.row_of(name)
        if row >= 0:
            index = self.index(row)
            self.dataChanged.emit(index, index)
