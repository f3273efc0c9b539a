"""StyleRemoval: a style of the user's own is deleted, after one question; what paints goes on.

Invariant: the picture is never without a style. If the one that paints goes, the next one is chosen first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QFile, QObject, Signal

from stylecam.errors import SinkError
from stylecam.gui.question import Question
from stylecam.gui.words import sentence

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.gui.jobs import Jobs
    from stylecam.gui.main_window import MainWindow
    from stylecam.gui.session import Session

__all__ = ["StyleRemoval", "remove_file"]


def remove_file(path: Path) -> bool:
    """Put a file into the system's trash, or delete it where there is none; whether it lies in the trash now.

    Raises:
        SinkError: it is still there, and why.
    """
    moved = QFile.moveToTrash(str(path))
    if moved[0] if isinstance(moved, tuple) else moved:
        return True
    try:
        path.unlink(missing_ok=True)
    except OSError as exc:
        raise SinkError(f"{path} cannot be deleted: {exc.strerror or exc}. Is the folder read-only?") from exc
    return False


class StyleRemoval(QObject):
    """Wires the menus' "Delete".

    Signals:
        removed(str, bool): the style with this title has gone; whether into the trash.
        failed(str, str): the style with this title is still there, and why.
    """

    removed = Signal(str, bool)
    failed = Signal(str, str)

    def __init__(self, window: MainWindow, session: Session, jobs: Jobs) -> None:
        super().__init__(window)
        self._window, self._session, self._jobs = window, session, jobs
        self._question: Question | None = None
        actions = window.actions_
        actions.delete_style.triggered.connect(lambda: self.ask(window.gallery.current or ""))
        actions.styles.aboutToShow.connect(self.show_state)
        actions.styles.setToolTipsVisible(True)
        window.gallery.deletion_requested.connect(self.ask)
        self.removed.connect(self._on_removed)
        self.failed.connect(self._on_failed)

    @property
    def question(self) -> Question | None:
        """The one that was asked last."""
        return self._question

    def show_state(self) -> None:
        """Whether the style in use can be deleted, and if not, why, in the menu."""
        gallery, action = self._window.gallery, self._window.actions_.delete_style
        card = gallery.card(gallery.current or "")
        if card is None:
            why = self.tr("No style of the gallery is in use")
        elif card.path is None:
            why = self.tr("“{title}” belongs to stylecam itself: only your own styles can be deleted")
            why = why.format(title=card.title)
        else:
            why = ""
        action.setEnabled(not why)
        action.setToolTip(why)

    def ask(self, name: str) -> None:
        """Delete this style, if the answer is yes; nothing for one that cannot be deleted."""
        card = self._window.gallery.card(name)
        if card is None or card.path is None:
            return
        path = card.path
        if self._question is not None:
            self._question.drop()
        self._question = question = Question(
            self._window,
            title=self.tr("Delete a style"),
            text=self.tr("Delete the style “{title}”?").format(title=card.title),
            more=self.tr("Its file {name} goes to the trash; where there is none, it is gone for good.").format(
                name=path.name
            ),
            yes=self.tr("&Delete"),
            no=self.tr("&Keep it"),
        )
        question.agreed.connect(lambda: self._remove(name, card.title, path))
        question.open()

    def _remove(self, name: str, title: str, path: Path) -> None:
        self._let_go(name)

        def work() -> None:
            try:
                trashed = remove_file(path)
            except SinkError as error:
                self._jobs.tell(self.failed, title, str(error))
                return
            self._jobs.tell(self.removed, title, trashed)

        self._jobs.submit(work)  # after the next style, which the jobs load before

    def _let_go(self, name: str) -> None:
        """Choose another style, or no mix with it, where it paints or would be mixed in."""
        window = self._window
        names, current = window.gallery.names, window.gallery.current
        if window.settings.mix == name:
            window.change(mix="")
            window.controls.set_mix("", window.settings.mix_share)
            if current is not None and current != name:
                window.choose_style(current)
        if current == name:
            at = names.index(name) if name in names else -1
            others = [*names[at + 1 :], *names[: max(at, 0)]]
            if not others:  # a search shows this one alone
                others = [other for other in self._session.library or () if other != name]
            if others:
                window.gallery.current = others[0]
                window.choose_style(others[0])

    def _on_removed(self, title: str, trashed: bool) -> None:
        told = self.tr("“{title}” was moved to the trash.") if trashed else self.tr("“{title}” was deleted.")
        self._window.banner.show_message(told.format(title=title), level="info", timeout_s=8)
        self._session.load_styles()

    def _on_failed(self, title: str, why: str) -> None:
        self._window.banner.show_message(
            self.tr("“{title}” could not be deleted.").format(title=title), level="error", details=sentence(why)
        )
