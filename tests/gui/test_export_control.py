"""The export of the video that plays: which encoder is offered, and what becomes of a trial when the window goes."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QCheckBox

from stylecam import encoders
from stylecam.bundled import bundled_path
from stylecam.gui import export_control
from stylecam.gui.settings import Settings
from tests.clips import make_clip, video_pts
from tests.gui.conftest import painted
from tests.hardware import REFUSING, WORKING, install
from tests.live import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.gui.app import Studio
    from stylecam.gui.export_dialog import ExportDialog


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "holiday.mp4", frames=20, size=(96, 64))


def ask(qtbot: QtBot, studio: Studio) -> tuple[ExportDialog, QCheckBox]:
    """The export dialog and its offer, as soon as the video plays."""
    painted(qtbot, studio.window, "alpha")
    studio.window.actions_.export.trigger()
    dialog = studio.exports.dialogs[-1]
    return dialog, dialog.findChildren(QCheckBox)[0]


def studio_with(open_studio: Callable[..., Studio], clip: Path) -> Studio:
    return open_studio(Settings(source=str(clip), style="alpha", size="160x120"))


def test_an_encoder_that_works_for_this_video_is_offered_and_taken_if_ticked(
    qtbot: QtBot, open_studio: Callable[..., Studio], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, REFUSING, WORKING)
    used: list[Any] = []
    really = encoders.choose_encoder
    monkeypatch.setattr("stylecam.pipeline.choose_encoder", lambda *asked: used.append(asked) or really(*asked))
    dialog, box = ask(qtbot, studio_with(open_studio, clip))
    qtbot.waitUntil(box.isVisible, timeout=30_000)
    assert "(Works)" in box.text()
    box.click()
    dialog.start()
    qtbot.waitUntil(lambda: dialog.finished_path is not None, timeout=60_000)
    assert dialog.finished_path is not None
    assert used == [("libx264", (96, 64))]
    assert video_pts(dialog.finished_path) == pytest.approx(video_pts(clip), abs=1e-3)
    dialog.close()


def test_without_an_encoder_that_works_there_is_nothing_to_choose(
    qtbot: QtBot, open_studio: Callable[..., Studio], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, REFUSING)
    dialog, box = ask(qtbot, studio_with(open_studio, clip))
    qtbot.waitUntil(lambda: bool(encoders._problems), timeout=30_000)
    wait_until(lambda: not any(thread.name.startswith("stylecam-encoders") for thread in threading.enumerate()))
    qtbot.wait(50)
    assert not box.isVisible()
    dialog.close()


def test_no_trial_is_begun_before_the_dialog_opens_and_a_hanging_one_ends_with_the_window(
    qtbot: QtBot, open_studio: Callable[..., Studio], clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, WORKING)
    sign = tmp_path / "begun"
    code = f"import os, time; open({json.dumps(str(sign))}, 'w').write(str(os.getpid())); time.sleep(600)"
    monkeypatch.setattr(encoders, "_command", lambda task: [sys.executable, "-c", code])
    studio = studio_with(open_studio, clip)
    painted(qtbot, studio.window, "alpha")
    assert not sign.exists()
    ask(qtbot, studio)
    qtbot.waitUntil(lambda: sign.exists() and bool(sign.read_text()), timeout=30_000)
    studio.window.close()
    assert studio.ended_in_time
    with pytest.raises(ProcessLookupError):
        os.kill(int(sign.read_text()), 0)


def test_the_sample_clip_is_not_exported_beside_itself(
    qtbot: QtBot, open_studio: Callable[..., Studio], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, REFUSING)
    suggested: list[Path] = []
    really = export_control.ExportDialog

    def noted(video: Path, suggestion: Path, *others: Any) -> ExportDialog:
        suggested.append(suggestion)
        return really(video, suggestion, *others)

    monkeypatch.setattr(export_control, "ExportDialog", noted)
    studio = studio_with(open_studio, clip)
    ask(qtbot, studio)[0].close()
    studio.sources.open(str(bundled_path("demo.mp4")))
    qtbot.waitUntil(lambda: studio.sources.video == bundled_path("demo.mp4"), timeout=60_000)
    ask(qtbot, studio)[0].close()
    assert [path.parent for path in suggested] == [clip.parent, studio.recordings.folder]
