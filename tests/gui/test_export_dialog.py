from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QDesktopServices, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QWidget,
)

from stylecam.errors import DiskFullError, OutputExistsError
from stylecam.gui.export_dialog import ExportDialog
from stylecam.pipeline import Progress, VideoReport, stylize_video
from tests.clips import Sound, make_clip, video_pts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


class FakeRun:
    """An export that goes on until it is let go, or asked to stop."""

    def __init__(self) -> None:
        self.calls: list[tuple[Path, bool]] = []
        self.encoders: list[str] = []
        self.threads: list[threading.Thread] = []
        self.tell: Callable[[Progress], None] = lambda progress: None
        self.go = threading.Event()
        self.started = threading.Event()
        self.error: BaseException | None = None
        self.frames = 900
        self.notices: tuple[str, ...] = ()
        self.ignores_stop = False

    def __call__(
        self,
        output: Path,
        force: bool,
        encoder: str,
        on_progress: Callable[[Progress], None],
        stop: threading.Event,
    ) -> VideoReport:
        self.calls.append((output, force))
        self.encoders.append(encoder)
        self.threads.append(threading.current_thread())
        self.tell = on_progress
        self.started.set()
        while not self.go.wait(0.005):
            if stop.is_set() and not self.ignores_stop:
                break
        if self.error is not None:
            raise self.error
        if self.frames:
            output.write_text("a video")
        stopped = stop.is_set()
        return VideoReport(output if self.frames else None, self.frames, 0, 0, (64, 48), stopped, self.notices)


@pytest.fixture
def run() -> Iterator[FakeRun]:
    run = FakeRun()
    yield run
    run.go.set()
    for thread in run.threads:
        thread.join()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.mp4"
    path.write_text("the video")
    return path


@pytest.fixture
def dialog(qtbot: QtBot, run: FakeRun, source: Path) -> ExportDialog:
    def end(dialog: ExportDialog) -> None:
        run.go.set()
        dialog.shutdown(10)

    dialog = ExportDialog(source, source.with_name("holiday in candy.mp4"), run)
    qtbot.addWidget(dialog, before_close_func=end)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def words(dialog: QWidget) -> str:
    """Everything that is to be read."""
    widgets: list[Any] = [*dialog.findChildren(QLabel), *dialog.findChildren(QAbstractButton)]
    return "\n".join(w.text().replace("&&", "\0").replace("&", "").replace("\0", "&") for w in widgets if w.isVisible())


def button(dialog: QWidget, text: str) -> QAbstractButton:
    found = [b for b in dialog.findChildren(QAbstractButton) if b.isVisible() and b.text().replace("&", "") == text]
    assert len(found) == 1, f"{text!r} is not one of {words(dialog)}"
    return found[0]


def name_field(dialog: ExportDialog) -> QLineEdit:
    (field,) = dialog.findChildren(QLineEdit)
    return field


def type_name(dialog: ExportDialog, name: str) -> None:
    name_field(dialog).selectAll()
    name_field(dialog).insert(name)


def bar(dialog: ExportDialog) -> QProgressBar:
    (bar,) = dialog.findChildren(QProgressBar)
    return bar


def begin(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    run.started.clear()
    dialog.start()
    assert run.started.wait(10)


def question(dialog: ExportDialog) -> QMessageBox | None:
    shown = [box for box in dialog.findChildren(QMessageBox) if box.isVisible()]
    return shown[0] if shown else None


def until(qtbot: QtBot, dialog: ExportDialog, state: str) -> None:
    qtbot.waitUntil(lambda: dialog.state == state, timeout=20_000)


def test_it_asks_for_a_name_and_starts_nothing(dialog: ExportDialog, run: FakeRun) -> None:
    assert dialog.state == "asking"
    assert not dialog.isModal()
    assert run.calls == []
    assert name_field(dialog).text() == "holiday in candy.mp4"
    # Typing replaces the name and leaves the suffix.
    assert name_field(dialog).selectedText() == "holiday in candy"
    assert "holiday.mp4" in dialog.windowTitle()
    assert not dialog.busy


def test_enter_starts_under_the_name_that_was_typed_in_a_named_thread(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path
) -> None:
    qtbot.keyClicks(name_field(dialog), "other")
    qtbot.keyClick(name_field(dialog), Qt.Key.Key_Return)
    until(qtbot, dialog, "running")
    assert run.started.wait(10)
    assert run.calls == [(source.with_name("other.mp4"), False)]
    assert run.threads[0].name == "stylecam-export"
    assert not run.threads[0].daemon
    assert dialog.busy


@pytest.mark.parametrize(
    ("name", "becomes"),
    [("film", "film.mp4"), ("film.mkv", "film.mkv"), ("film.v2", "film.v2.mp4"), (" ä & <b>.mov ", "ä & <b>.mov")],
)
def test_a_name_gets_a_video_s_suffix_and_is_else_kept(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path, name: str, becomes: str
) -> None:
    type_name(dialog, name)
    begin(qtbot, dialog, run)
    assert run.calls == [(source.with_name(becomes), False)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "needs a name"),
        ("   ", "needs a name"),
        ("x" * 300, "No file can have this name"),
        ("missing/film.mp4", "does not exist"),
    ],
)
def test_a_name_that_cannot_be_is_told_and_nothing_starts(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, name: str, told: str
) -> None:
    type_name(dialog, name)
    dialog.start()
    assert dialog.state == "asking"
    assert run.calls == []
    assert told in words(dialog)
    type_name(dialog, "right")
    assert told not in words(dialog)


@pytest.mark.parametrize("replace", [True, False])
def test_a_name_that_is_taken_is_kept_or_replaced_as_said(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path, replace: bool
) -> None:
    taken = source.with_name("ours & theirs.mp4")
    taken.touch()
    assert "already" not in words(dialog)
    type_name(dialog, taken.name)
    assert "A file of this name is there already." in words(dialog)
    keep = button(dialog, "Keep both: save as ours  theirs 2.mp4")
    assert "Keep both: save as ours & theirs 2.mp4" in words(dialog)
    assert keep.isChecked()
    if replace:
        button(dialog, "Replace it").click()
    begin(qtbot, dialog, run)
    assert run.calls == [(taken, True) if replace else (taken.with_name("ours & theirs 2.mp4"), False)]


def test_the_wish_to_replace_does_not_go_over_to_another_name(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path
) -> None:
    for name in ("one.mp4", "two.mp4"):
        source.with_name(name).touch()
    type_name(dialog, "one.mp4")
    button(dialog, "Replace it").click()
    type_name(dialog, "two.mp4")
    begin(qtbot, dialog, run)
    assert run.calls == [(source.with_name("two 2.mp4"), False)]


@pytest.mark.parametrize(("ticked", "encoder"), [(False, "software"), (True, "h264_fake")])
def test_an_encoder_that_works_is_offered_and_taken_only_if_it_is_ticked(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, ticked: bool, encoder: str
) -> None:
    (box,) = dialog.findChildren(QCheckBox)
    assert not box.isVisible()
    dialog.offer_hardware("h264_fake", "Fake & Co")
    assert "Encode on the graphics chip (Fake & Co)" in words(dialog)
    assert not box.isChecked()
    if ticked:
        box.click()
    begin(qtbot, dialog, run)
    assert run.encoders == [encoder]


def test_an_offer_that_comes_while_it_runs_shows_nothing(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    begin(qtbot, dialog, run)
    dialog.offer_hardware("h264_fake", "Fake")
    assert "Encode" not in words(dialog)
    assert run.encoders == ["software"]


def test_the_video_itself_is_never_replaced(qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path) -> None:
    type_name(dialog, source.name)
    assert "This is the video itself." in words(dialog)
    assert "Replace it" not in words(dialog)
    begin(qtbot, dialog, run)
    assert run.calls == [(source.with_name("holiday 2.mp4"), False)]


def test_browsing_takes_folder_and_name(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    (tmp_path / "elsewhere").mkdir()
    chosen = tmp_path / "elsewhere" / "film.mkv"
    chosen.touch()

    def choose(*args: Any, **settings: Any) -> tuple[str, str]:
        asked.append((args[2], settings["options"]))
        return str(chosen), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    button(dialog, "Browse…").click()
    assert asked == [(str(tmp_path / "holiday in candy.mp4"), QFileDialog.Option.DontConfirmOverwrite)]
    assert "A file of this name is there already." in words(dialog)
    begin(qtbot, dialog, run)
    assert run.calls == [(chosen.with_name("film 2.mkv"), False)]


def test_progress_is_shown_in_words_bar_and_title(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    begin(qtbot, dialog, run)
    assert "Getting ready…" in words(dialog)
    assert bar(dialog).maximum() == 0
    run.tell(Progress(120, 900, 23.44, 33.6, 4.0))
    qtbot.waitUntil(lambda: "frame 120 of 900 · 23.4 fps · 0:34 left" in words(dialog))
    assert (bar(dialog).value(), bar(dialog).maximum()) == (120, 900)
    assert dialog.windowTitle().startswith("13 %")
    assert "Into holiday in candy.mp4" in words(dialog)
    run.tell(Progress(450, 900, 20.0, 4000.0, 15.0))
    qtbot.waitUntil(lambda: "1:06:40 left" in words(dialog))
    # A header that promised too little.
    run.tell(Progress(950, 900, 0.0, None, 30.0))
    qtbot.waitUntil(lambda: "frame 950 of 950" in words(dialog))
    assert bar(dialog).value() == bar(dialog).maximum() == 900


def test_without_a_total_the_bar_tells_only_that_it_works(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    begin(qtbot, dialog, run)
    run.tell(Progress(120, None, 23.4, None, 4.0))
    qtbot.waitUntil(lambda: "frame 120 · 23.4 fps · 0:04 of video" in words(dialog))
    assert bar(dialog).maximum() == 0


def test_the_window_s_event_loop_goes_on_while_it_runs(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    other = QLineEdit()
    qtbot.addWidget(other)
    other.show()
    begin(qtbot, dialog, run)
    qtbot.keyClicks(other, "hello")
    assert other.text() == "hello"
    assert dialog.state == "running"


def test_a_finished_export_is_told_with_its_notices_and_can_be_shown(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    monkeypatch.setattr("stylecam.gui.filemanager.sys.platform", "linux")
    run.notices = ("holiday.mp4 is <b>HDR</b>",)
    begin(qtbot, dialog, run)
    assert dialog.finished_path is None
    output = source.with_name("holiday in candy.mp4")
    with qtbot.waitSignal(dialog.exported) as signal:
        run.go.set()
    assert signal.args == [str(output)]
    assert dialog.state == "done"
    assert dialog.finished_path == output
    assert not dialog.busy
    for part in ("Saved to holiday in candy.mp4", "900 frames, 64×48", str(source.parent), "holiday.mp4 is <b>HDR"):
        assert part in words(dialog)
    button(dialog, "Show in folder").click()
    assert opened == [str(source.parent)]
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.parametrize("way", ["escape", "close", "button"])
def test_closing_while_it_runs_asks_and_keeps_what_is_there(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path, way: str
) -> None:
    begin(qtbot, dialog, run)
    for answer in ("Go on", "Stop and keep"):
        if way == "escape":
            qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        elif way == "close":
            dialog.close()
        else:
            button(dialog, "Stop…").click()
        box = question(dialog)
        assert box is not None
        assert dialog.isVisible()
        assert dialog.state == "running"
        run.frames = 360
        button(box, answer).click()
    with qtbot.waitSignal(dialog.exported):
        until(qtbot, dialog, "stopped")
    assert "Stopped early: the first 360 frames are there." in words(dialog)
    assert dialog.finished_path == source.with_name("holiday in candy.mp4")
    assert question(dialog) is None
    assert dialog.isVisible()


def test_enter_never_stops_an_export(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    begin(qtbot, dialog, run)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert question(dialog) is None
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    box = question(dialog)
    assert box is not None
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert question(dialog) is None
    assert dialog.state == "running"


def test_a_question_goes_when_the_export_ends_by_itself(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    begin(qtbot, dialog, run)
    dialog.close()
    assert question(dialog) is not None
    run.go.set()
    until(qtbot, dialog, "done")
    assert question(dialog) is None


def test_while_the_file_is_finished_nothing_can_be_asked_again(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun
) -> None:
    run.ignores_stop = True
    begin(qtbot, dialog, run)
    dialog.stop()
    assert dialog.state == "stopping"
    assert "Finishing the file…" in words(dialog)
    assert not button(dialog, "Stop…").isEnabled()
    dialog.close()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert question(dialog) is None
    run.tell(Progress(1, 10, 1.0, 1.0, 0.0))
    qtbot.wait(250)
    assert "Finishing the file…" in words(dialog)


def test_an_export_stopped_before_the_first_frame_leaves_no_file(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun
) -> None:
    run.frames = 0
    begin(qtbot, dialog, run)
    dialog.stop()
    until(qtbot, dialog, "stopped")
    assert "Nothing was saved" in words(dialog)
    assert "Show in folder" not in words(dialog)
    assert dialog.finished_path is None


def test_an_error_is_told_with_what_is_kept_and_can_be_tried_again(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun
) -> None:
    run.error = DiskFullError("no room left while writing x; free some and try again")
    run.error.add_note("the 5 frames finished before that are in .x.part.mp4 and play")
    begin(qtbot, dialog, run)
    run.go.set()
    until(qtbot, dialog, "failed")
    assert "holiday.mp4 was not exported" in words(dialog)
    assert "No room left while writing x; free some and try again." in words(dialog)
    assert "The 5 frames finished before" in words(dialog)
    assert not dialog.busy
    run.error = None
    button(dialog, "Try again").click()
    assert dialog.state == "asking"
    begin(qtbot, dialog, run)
    until(qtbot, dialog, "done")


def test_a_file_that_appeared_meanwhile_is_said_to_be_kept(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    run.error = OutputExistsError("x exists and is kept; choose another output, or replace it with --force")
    begin(qtbot, dialog, run)
    run.go.set()
    until(qtbot, dialog, "failed")
    assert "holiday in candy.mp4 appeared there meanwhile" in words(dialog)
    assert "--force" not in words(dialog)


def test_a_bug_is_told_and_handed_on_once(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: handed.append(error))
    run.error = ZeroDivisionError("deep inside")
    begin(qtbot, dialog, run)
    run.go.set()
    until(qtbot, dialog, "failed")
    qtbot.wait(250)
    assert handed == [run.error]
    assert "a bug in stylecam" in words(dialog)
    assert "deep inside" not in words(dialog)


@pytest.mark.parametrize("at", ["asking", "running", "asked", "done"])
def test_a_shutdown_ends_everything_without_asking(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path, at: str
) -> None:
    if at != "asking":
        begin(qtbot, dialog, run)
    if at == "asked":
        dialog.close()
    if at == "done":
        run.go.set()
        until(qtbot, dialog, "done")
    assert dialog.shutdown(10)
    assert not dialog.isVisible()
    assert question(dialog) is None
    assert not dialog.busy
    assert all(not thread.is_alive() for thread in run.threads)
    assert dialog.finished_path == (None if at == "asking" else source.with_name("holiday in candy.mp4"))
    assert dialog.shutdown()


def test_a_shutdown_waits_no_longer_than_it_is_given(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    run.ignores_stop = True
    begin(qtbot, dialog, run)
    assert not dialog.shutdown(0.05)
    assert not dialog.isVisible()
    assert run.threads[0].is_alive()


def test_the_program_s_end_ends_the_export(qtbot: QtBot, dialog: ExportDialog, run: FakeRun) -> None:
    begin(qtbot, dialog, run)
    QApplication.instance().aboutToQuit.emit()  # type: ignore[union-attr]
    assert not run.threads[0].is_alive()
    assert not dialog.isVisible()


def test_a_window_that_is_deleted_asks_the_export_to_end(qtbot: QtBot, run: FakeRun, source: Path) -> None:
    window = QWidget()
    dialog = ExportDialog(source, source.with_name("out.mp4"), run, window)
    begin(qtbot, dialog, run)
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    run.threads[0].join(10)
    assert not run.threads[0].is_alive()


def test_everything_that_takes_the_keyboard_has_a_name(
    qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path
) -> None:
    source.with_name("holiday in candy.mp4").touch()
    type_name(dialog, "holiday in candy.mp4")

    def nameless() -> list[QWidget]:
        takers = [
            w for w in dialog.findChildren(QWidget) if w.isVisible() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        assert takers
        return [w for w in takers if not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))]

    assert nameless() == []
    begin(qtbot, dialog, run)
    assert nameless() == []
    assert bar(dialog).accessibleName()
    run.go.set()
    until(qtbot, dialog, "done")
    assert nameless() == []


def test_every_text_is_plain(dialog: ExportDialog) -> None:
    assert {label.textFormat() for label in dialog.findChildren(QLabel) if label.wordWrap()} == {
        Qt.TextFormat.PlainText
    }


def test_nothing_is_cut_off_in_any_state(qtbot: QtBot, dialog: ExportDialog, run: FakeRun, source: Path) -> None:
    def cut_off() -> list[str]:
        QApplication.processEvents()
        labels = [label for label in dialog.findChildren(QLabel) if label.isVisible() and label.text()]
        return [label.text() for label in labels if label.height() < label.heightForWidth(label.width())]

    run.notices = ("a notice that goes on and on " * 12,)
    source.with_name("holiday in candy.mp4").touch()
    type_name(dialog, "holiday in candy.mp4")
    assert cut_off() == []
    begin(qtbot, dialog, run)
    assert cut_off() == []
    run.go.set()
    until(qtbot, dialog, "done")
    assert cut_off() == []


def test_the_text_can_be_read_on_dark_and_on_light(qtbot: QtBot, dialog: ExportDialog, qapp: QApplication) -> None:
    before = qapp.palette()
    try:
        for background in ("#202020", "#f4f4f4"):
            qapp.setPalette(QPalette(QColor(background)))
            QApplication.processEvents()
            image = dialog.grab().toImage()
            # The dialog paints nothing of its own: the background is the palette's wherever there is nothing.
            assert image.pixelColor(3, 3).name() == qapp.palette().window().color().name()
            text = qapp.palette().windowText().color().lightness()
            assert abs(text - image.pixelColor(3, 3).lightness()) > 100
    finally:
        qapp.setPalette(before)


def test_a_real_video_is_exported_and_stopped_half_way(qtbot: QtBot, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=50, sounds=[Sound()])
    painted = threading.Semaphore(0)
    may_paint = threading.Semaphore(0)

    def run(output: Path, force: bool, encoder: str, on_progress: Any, stop: threading.Event) -> VideoReport:
        def invert(image: Any) -> Any:
            may_paint.acquire()
            painted.release()
            return 255 - image

        return stylize_video(clip, output, invert, force=force, encoder=encoder, on_progress=on_progress, stop=stop)

    dialog = ExportDialog(clip, tmp_path / "painted.mp4", run)
    qtbot.addWidget(dialog)
    dialog.show()
    may_paint.release(60)
    dialog.start()
    until(qtbot, dialog, "done")
    assert video_pts(tmp_path / "painted.mp4") == pytest.approx(video_pts(clip))
    assert "50 frames, 64×48" in words(dialog)
    dialog.close()

    second = ExportDialog(clip, tmp_path / "half.mp4", run)
    qtbot.addWidget(second)
    second.show()
    while painted.acquire(blocking=False):
        pass
    while may_paint.acquire(blocking=False):
        pass
    second.start()
    may_paint.release(20)
    qtbot.waitUntil(lambda: "frame " in words(second), timeout=20_000)
    second.stop()
    may_paint.release(60)
    until(qtbot, second, "stopped")
    assert 0 < len(video_pts(tmp_path / "half.mp4")) < 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "half.mp4", "painted.mp4"]
    second.close()
