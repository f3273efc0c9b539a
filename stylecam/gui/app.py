"""The window's program: what starts when, and how it ends.

The order is the point. Qt alone is loaded first and the window shown; then, on the jobs thread, the source opens and
shows itself unpainted; then the styles are read; torch comes last, and the picture becomes a painting. At the end the
recording is closed first, and whatever thread has not ended after two seconds (a driver that does not answer) is left
behind with the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import PySide6
from PySide6.QtCore import QLibraryInfo, QLocale, QTimer, QTranslator
from PySide6.QtGui import QImageReader
from PySide6.QtWidgets import QApplication

from stylecam import __version__
from stylecam.errors import DeviceError, SinkError
from stylecam.gui import crash
from stylecam.gui.drop_control import DropControl
from stylecam.gui.export_control import ExportControl
from stylecam.gui.help_control import HelpControl
from stylecam.gui.jobs import Jobs
from stylecam.gui.main_window import MainWindow
from stylecam.gui.record_control import RecordControl
from stylecam.gui.session import Session
from stylecam.gui.settings import load_settings, save_settings
from stylecam.gui.source_control import SourceControl
from stylecam.gui.stills import Stills
from stylecam.gui.style_control import StyleControl
from stylecam.gui.style_removal import StyleRemoval
from stylecam.gui.theme import apply_theme
from stylecam.gui.training.control import TrainingControl
from stylecam.gui.words import sentence
from stylecam.logs import setup_logging

if TYPE_CHECKING:
    from stylecam.gui.settings import Settings
    from stylecam.gui.theme import Theme

__all__ = ["Options", "Studio", "check_display", "check_qt", "run_window"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks of the window; None leaves it to the settings."""

    source: str | None = None
    style: str | None = None
    mix: tuple[str, int] | None = None
    strength: int | None = None
    steadiness: int | None = None
    keep_colors: bool | None = None
    size: str | None = None
    fps: int | None = None
    device: str | None = None
    exact: bool | None = None
    mirror: bool | None = None
    quality: Literal["fast", "full", "auto"] = "auto"
    record: Path | None = None
    virtual_camera: bool = False

    def over(self, settings: Settings) -> Settings:
        """The settings with what was asked for in their place."""
        names = ("source", "style", "strength", "steadiness", "keep_colors", "size", "fps", "device", "exact", "mirror")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.style is not None:
            given["mix"], given["mix_share"] = self.mix or ("", settings.mix_share)
        return replace(settings, **given)


class Studio:
    """The window and everything behind it, made and ended together."""

    def __init__(self, settings: Settings, options: Options | None = None, *, log: Path | None = None) -> None:
        self._options = options or Options()
        settings = self._options.over(settings)
        self.jobs = Jobs()
        self.session = Session(self.jobs, device=settings.device, quality=self._options.quality, exact=settings.exact)
        self.stills = Stills(self.jobs, self.session)
        self.window = MainWindow(self.session, settings)
        self.sources = SourceControl(self.window, self.session)
        self.styles = StyleControl(self.window, self.session, self.stills)
        self.removal = StyleRemoval(self.window, self.session, self.jobs)
        self.training = TrainingControl(self.window, self.styles)
        self.recordings = RecordControl(self.window, self.session, self.stills, self.jobs)
        self.drops = DropControl(
            self.window, self.session, self.sources, self.styles, self.stills, self.training, self.recordings
        )
        self.exports = ExportControl(self.window, self.session, self.sources)
        self.help = HelpControl(self.window, self.session, log)
        self.ended_in_time = True
        self.jobs.failed.connect(self._on_failed)
        self.jobs.broken.connect(self._on_broken)
        self.window.first_shown.connect(lambda what: _log.info("%s is on the screen", what))
        self.window.closing.connect(self.close)

    def begin(self) -> None:
        """Show the window, then open the source, then read the styles, then load a style."""
        self.window.show()
        settings = self.window.settings
        self.sources.begin(settings.source)
        self.styles.begin(settings.style)
        self.recordings.look_for_unfinished()
        self.training.begin()
        if self._options.virtual_camera:
            self.session.set_virtual_camera(True)
        if self._options.record is not None:
            self.recordings.record_to(self._options.record)

    def close(self) -> None:
        """End everything; takes two seconds at most."""
        self.styles.shutdown()
        self.exports.shutdown()
        self.training.shutdown()
        self.ended_in_time = self.session.close() and self.jobs.wait(0.3)

    def _on_failed(self, text: str) -> None:
        self.window.banner.show_message(sentence(text), level="error")

    def _on_broken(self, error: BaseException) -> None:
        """A bug in another thread; the hook logs it and shows one dialog."""
        sys.excepthook(type(error), error, error.__traceback__)


def run_window(options: Options | None = None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Raises:
        DeviceError: no window can be opened here; says what is missing.
    """
    check_display()
    check_qt()
    # cv2's other build points these at its own Qt; ours must not look there (opencv-python#736).
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in os.environ.get(name, ""):
            del os.environ[name]
    application = _make_application()
    log = setup_logging()
    _log.info("stylecam %s starts", __version__)
    settings, notice = load_settings()
    apply_theme(application, cast("Theme", settings.theme))
    studio = Studio(settings, options, log=log)
    uninstall = crash.install(log=log, before_dialog=studio.session.stop_recording)
    studio.window.settings_changed.connect(lambda changed: _save(studio, changed))
    with _quits_on_signals(studio.window) as code:
        # The event loop first: the window is painted before anything else is begun.
        QTimer.singleShot(0, studio.begin)
        if notice:
            QTimer.singleShot(0, lambda: studio.window.banner.show_message(notice, level="warning"))
        application.exec()
    uninstall()
    return _leave(code[0] if code else 0, studio)


def check_display() -> None:
    """Whether a window can be opened, asked before Qt, which ends the process where it cannot.

    Raises:
        DeviceError: says what is missing, and how to get it.
    """
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal", "vnc"):
        return
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        raise DeviceError(
            "There is no screen here for a window. Use `stylecam video` or `stylecam image`, or "
            "`stylecam live --no-window --record FILE`."
        )
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    plugin = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms" / "libqxcb.so"
    try:
        ctypes.CDLL(str(plugin))
    except OSError as exc:
        raise DeviceError(
            f"Qt lacks a system library ({str(exc).split(':', maxsplit=1)[0]}). On Debian or Ubuntu: "
            "sudo apt install libegl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 "
            "libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
        ) from exc


def check_qt() -> None:
    """Whether this PySide6 counts its references right; 6.12.0 does not, and ends the process before Python 3.12.

    Raises:
        DeviceError: it does not; says which to install.
    """
    if sys.version_info >= (3, 12):
        return
    timer = QTimer()
    before = sys.getrefcount(None)
    for _ in range(100):
        timer.stop()
    if sys.getrefcount(None) - before < -50:
        raise DeviceError(
            f"PySide6 {PySide6.__version__} crashes with Python {sys.version_info.major}.{sys.version_info.minor}. "
            'Install an older one (python -m pip install "pyside6-essentials<6.12") or a newer Python.'
        )


def _make_application() -> QApplication:
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["stylecam"])
    application.setApplicationName("stylecam")
    application.setApplicationDisplayName("stylecam")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("stylecam")
    QImageReader.setAllocationLimit(256)
    translator = QTranslator(application)
    if translator.load(
        QLocale(), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):  # Qt's own buttons, in the user's language
        application.installTranslator(translator)
    return application


def _save(studio: Studio, settings: Settings) -> None:
    try:
        save_settings(settings)
    except SinkError as exc:
        _log.warning("%s", exc)
        studio.window.banner.show_message(sentence(str(exc)), level="warning")


@contextlib.contextmanager
def _quits_on_signals(window: MainWindow):  # type: ignore[no-untyped-def]
    """Ctrl-C in the terminal and `kill` close the window, as its button would."""
    code: list[int] = []

    def close(number: int, _frame: object) -> None:
        code.append(128 + number)
        window.close()

    previous = {number: signal.signal(number, close) for number in (signal.SIGINT, signal.SIGTERM)}
    # Python handles a signal only when it runs: Qt alone may sleep for ever.
    awake = QTimer(interval=200)
    awake.timeout.connect(lambda: None)
    awake.start()
    try:
        yield code
    finally:
        awake.stop()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _leave(code: int, studio: Studio) -> int:
    """Return the code, unless a thread would keep the process from ending: then leave without it."""
    if studio.ended_in_time:
        return code
    late = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    _log.warning("left behind: %s", ", ".join(late))
    logging.shutdown()
    os._exit(code)
