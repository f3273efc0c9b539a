"""MainWindow: lays the parts out and wires them to the session. What a part does, and how, stands in its own file."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent
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
from stylecam.gui.preview import Preview
from stylecam.gui.record_bar import RecordBar
from stylecam.gui.source_bar import SourceBar
from stylecam.gui.status_line import StatusLine
from stylecam.gui.style_gallery import StyleCard, StyleGallery

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent

    from stylecam.gui.session import Look, Session
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
        self._show_settings()
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

    def set_size(self, size: str) -> None:
        """Work at "auto", "native" or "WxH"."""
        if size == "auto":
            self.session.set_size(None, hold_fps=float(self.settings.fps))
        elif size == "native":
            self.session.set_size(None)
        else:
            width, height = size.split("x")
            self.session.set_size((int(width), int(height)))

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
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

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

    def _show_settings(self) -> None:
        settings, controls, actions = self.settings, self.controls, self.actions_
        controls.strength, controls.steadiness = settings.strength, settings.steadiness
        controls.keep_colors, controls.mirror, controls.working_size = (
            settings.keep_colors,
            settings.mirror,
            settings.size,
        )
        actions.keep_colors.setChecked(settings.keep_colors)
        actions.mirror.setChecked(settings.mirror)
        actions.split.setChecked(settings.split)
        actions.live_pictures.setChecked(settings.live_pictures)
        self.preview.split, self.preview.split_position = settings.split, settings.split_position
        for theme in actions.themes.actions():
            theme.setChecked(theme.data() == settings.theme)
        self.session.set_strength(settings.strength)
        self.session.set_steadiness(settings.steadiness)
        self.session.set_keep_colors(settings.keep_colors)
        self.session.set_mirror(settings.mirror)
        self.set_size(settings.size)

    def _connect(self) -> None:
        session, actions, controls, gallery = self.session, self.actions_, self.controls, self.gallery
        session.painting_ready.connect(self._on_painting_ready)
        session.size_changed.connect(self._on_size_changed)
        gallery.style_chosen.connect(self.choose_style)
        gallery.favourites_changed.connect(lambda: self.change(favourites=gallery.favourites))
        controls.strength_changed.connect(self._on_strength)
        controls.steadiness_changed.connect(self._on_steadiness)
        controls.keep_colors_changed.connect(self._on_keep_colors)
        controls.mix_changed.connect(self._on_mix)
        controls.size_changed.connect(self._on_size)
        controls.mirror_changed.connect(self._on_mirror)
        actions.keep_colors.toggled.connect(self._on_keep_colors)
        actions.mirror.toggled.connect(self._on_mirror)
        actions.split.toggled.connect(self._on_split)
        self.preview.split_moved.connect(lambda at: self.change(split_position=at))
        self.preview.double_clicked.connect(lambda: self.set_full_screen(not self.isFullScreen()))
        actions.full_screen.triggered.connect(self.set_full_screen)
        actions.next_style.triggered.connect(lambda: gallery.select_next(1))
        actions.previous_style.triggered.connect(lambda: gallery.select_next(-1))
        for number, action in enumerate(actions.numbers, start=1):
            action.triggered.connect(lambda _=False, n=number: gallery.select_number(n))
        actions.weaker.triggered.connect(lambda: self._step_strength(-5))
        actions.stronger.triggered.connect(lambda: self._step_strength(5))
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

    def _on_strength(self, percent: int) -> None:
        self.session.set_strength(percent)
        self.change(strength=percent)

    def _step_strength(self, step: int) -> None:
        percent = max(0, min(100, self.controls.strength + step))
        self.controls.strength = percent
        self._on_strength(percent)

    def _on_steadiness(self, amount: int) -> None:
        self.session.set_steadiness(amount)
        self.change(steadiness=amount)

    def _on_keep_colors(self, keep: bool) -> None:
        self.controls.keep_colors = keep
        self.actions_.keep_colors.setChecked(keep)
        self.session.set_keep_colors(keep)
        self.change(keep_colors=keep)

    def _on_mix(self, second: str, share: int) -> None:
        self.change(mix=second, mix_share=share)
        if self.gallery.current:
            self.session.set_look(self.gallery.current, second, share)

    def _on_size(self, size: str) -> None:
        self.change(size=size)
        self.set_size(size)

    def _on_size_changed(self, width: int, height: int, for_memory: bool) -> None:
        if for_memory:
            self.banner.show_message(
                self.tr("The memory is full, so the network works at {size} now.").format(size=f"{width}×{height}"),
                level="warning",
            )

    def _on_mirror(self, mirror: bool) -> None:
        self.controls.mirror = mirror
        self.actions_.mirror.setChecked(mirror)
        self.session.set_mirror(mirror)
        self.change(mirror=mirror)

    def _on_split(self, split: bool) -> None:
        self.preview.split = split
        self.change(split=split)

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

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
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
