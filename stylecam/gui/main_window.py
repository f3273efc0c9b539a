"""MainWindow: lays the parts out and wires them to the session. What a part does, and how, stands in its own file."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from stylecam.gui.actions import make_actions
from stylecam.gui.banner import Banner
from stylecam.gui.controls import ControlPanel
from stylecam.gui.filemanager import open_folder
from stylecam.gui.picture_control import PictureControl
from stylecam.gui.preview import Preview
from stylecam.gui.record_bar import RecordBar
from stylecam.gui.source_bar import SourceBar
from stylecam.gui.status_line import StatusLine
from stylecam.gui.style_gallery import StyleCard, StyleGallery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPaintEvent

    from stylecam.gui.looks import Look
    from stylecam.gui.session import Session
    from stylecam.gui.settings import Settings
    from stylecam.live import Painting
    from stylecam.styles import Style

__all__ = ["MainWindow"]

_STATUS_EVERY_MS: Final = 500
_SAVE_AFTER_MS: Final = 800


class MainWindow(QMainWindow):
    """The window. It shows what the session says and hands on what a person does.

    Signals:
        settings_changed(Settings): after a moment without further changes.
        first_shown(str): "the window", "a picture" or "a painting" is on the screen for the first time.
        dropped(list[Path]): files were let fall on the window.
        closing: the window closes; whoever runs something ends it now.
    """

    settings_changed = Signal(object)
    first_shown = Signal(str)
    dropped = Signal(object)
    closing = Signal()

    def __init__(self, session: Session, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.settings = settings
        self._noted: set[str] = set()
        self.painting: Painting | None = None
        """The last one that was shown."""
        self.describe_drop: Callable[[Sequence[Path]], str] = lambda paths: ""
        """Tells what letting these files go would do."""
        self.setWindowTitle("stylecam")
        self.setMinimumSize(760, 540)
        self.setAcceptDrops(True)
        self.actions_ = make_actions(self)
        self.preview = Preview(self)
        self.banner = Banner(self)
        self.gallery = StyleGallery(self)
        self.controls = ControlPanel(self)
        self.source_bar = SourceBar(self)
        self.record_bar = RecordBar(self.actions_.record, self.actions_.snapshot, self)
        self.status = StatusLine(self)
        self._side = QWidget(self)
        self._lay_out()
        self._save_later = QTimer(self, singleShot=True, interval=_SAVE_AFTER_MS)
        self._save_later.timeout.connect(lambda: self.settings_changed.emit(self.settings))
        self._refresh = QTimer(self, interval=_STATUS_EVERY_MS)
        self._refresh.timeout.connect(self._on_refresh)
        self.actions_.live_pictures.setChecked(settings.live_pictures)
        for theme in self.actions_.themes.actions():
            theme.setChecked(theme.data() == settings.theme)
        self.pictures = PictureControl(self, session)
        self._connect()
        self._refresh.start()
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def change(self, **fields: Any) -> None:
        """Change settings; they are saved a moment later."""
        self.settings = replace(self.settings, **fields)
        self._save_later.start()

    def choose_style(self, name: str) -> None:
        """Paint with this style, and with the second one if a mix is set."""
        mix, share = self.settings.mix, self.settings.mix_share
        self.session.set_look(name, mix, share)

    def show_styles(self, styles: list[Style]) -> None:
        """Fill the gallery and the list of what can be mixed."""
        self.gallery.set_styles([StyleCard.of(style) for style in styles])
        self.gallery.favourites = self.settings.favourites
        self.controls.set_mix_choices([(style.name, style.title) for style in styles])
        self.controls.set_mix(self.settings.mix, self.settings.mix_share)

    def show_look(self, look: Look) -> None:
        """Mark what is in place."""
        name, second, share = look
        self.gallery.current = name
        self.controls.set_mix(second, share)

    def set_full_screen(self, on: bool) -> None:
        """The picture alone on the whole screen, or everything again."""
        for part in (self._side, self.source_bar, self.record_bar, self.status, self.menuBar()):
            part.setVisible(not on)
        self.actions_.full_screen.setChecked(on)
        if on:
            self.showFullScreen()
            self.preview.setFocus()
        else:
            self.showNormal()

    def show_folder(self, folder: Path) -> None:
        """Open a folder in the system's file manager."""
        open_folder(folder)

    def _lay_out(self) -> None:
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(12, 10, 6, 10)
        column.setSpacing(10)
        column.addWidget(self.source_bar)
        column.addWidget(self.banner)
        column.addWidget(self.preview, 1)
        column.addWidget(self.record_bar)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(6, 10, 12, 10)
        side.setSpacing(12)
        side.addWidget(self.gallery, 1)
        side.addWidget(self.controls)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.addWidget(centre)
        self._splitter.addWidget(self._side)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 0)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setSizes([900, 320])
        self.setCentralWidget(self._splitter)
        self.setStatusBar(self.status)
        for action in (self.actions_.open_video, self.actions_.split, self.actions_.mirror):
            self.source_bar.add_action_button(action)
        for action in (self.actions_.full_screen, self.actions_.preferences):
            self.source_bar.add_action_button(action)
        self.resize(1180, 760)
        if self.settings.window_geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(self.settings.window_geometry)))

    def _connect(self) -> None:
        actions, gallery = self.actions_, self.gallery
        self.session.painting_ready.connect(self._on_painting_ready)
        gallery.style_chosen.connect(self.choose_style)
        gallery.favourites_changed.connect(lambda: self.change(favourites=gallery.favourites))
        self.preview.double_clicked.connect(lambda: self.set_full_screen(not self.isFullScreen()))
        actions.full_screen.triggered.connect(self.set_full_screen)
        actions.next_style.triggered.connect(lambda: gallery.select_next(1))
        actions.previous_style.triggered.connect(lambda: gallery.select_next(-1))
        for number, action in enumerate(actions.numbers, start=1):
            action.triggered.connect(lambda _=False, n=number: gallery.select_number(n))
        actions.quit.triggered.connect(self.close)

    def _on_painting_ready(self) -> None:
        painting = self.session.take_painting()
        if painting is not None:
            self._note_first("a painting" if painting.style else "a picture")
            self.painting = painting
            self.preview.show_picture(painting.frame.image, painting.source.image)

    def _note_first(self, what: str) -> None:
        if what not in self._noted:
            self._noted.add(what)
            self.first_shown.emit(what)

    def _on_refresh(self) -> None:
        stats = self.session.stats()
        self.status.update_stats(stats, self.preview.frames_painted)
        if stats and stats.working_size and self.settings.size == "auto":
            self.controls.set_auto_size_text("{}×{}".format(*stats.working_size))
        self.record_bar.show_state(self.session.recording_state())

    # Overridden.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """B, held down, shows the original, wherever the focus is, unless somebody types."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and isinstance(event, QKeyEvent):
            typing = isinstance(QApplication.focusWidget(), QLineEdit)
            if event.key() == Qt.Key.Key_B and not event.modifiers() and not typing and self.isActiveWindow():
                if not event.isAutoRepeat():
                    self.preview.show_original = event.type() == QEvent.Type.KeyPress
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.set_full_screen(False)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._note_first("the window")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.preview.show_original = False  # the key may be let go elsewhere
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.preview.drop_words = self.describe_drop(_local_files(event))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.preview.drop_words = ""
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.preview.drop_words = ""
        paths = _local_files(event)
        event.acceptProposedAction()
        if paths:
            self.dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        geometry = base64.b64encode(self.saveGeometry().data()).decode("ascii")
        if not self.isFullScreen():
            self.settings = replace(self.settings, window_geometry=geometry)
        self._save_later.stop()
        self._refresh.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.settings_changed.emit(self.settings)
        self.closing.emit()
        super().closeEvent(event)


def _local_files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
