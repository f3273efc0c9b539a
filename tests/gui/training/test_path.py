"""From a picture to an exported video by clicks alone, with the real trainer; only the size of its work is a test's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageDraw
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QWidget

from stylecam import politeness
from stylecam.gui.settings import Settings
from stylecam.gui.training import process as training_process
from stylecam.gui.training.request import TrainRequest
from stylecam.runs import read_run, runs_folder, trial_styles
from stylecam.sources import VideoFileSource
from stylecam.styles import StyleLibrary
from stylecam.stylizer import Stylizer
from tests.clips import make_clip, number_in
from tests.gui.conftest import painted
from tests.gui.training.fakerun import button
from tests.tiny import write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from stylecam.frame import Image
    from stylecam.gui.app import Studio

Called = TypeVar("Called", bound=QWidget)

_LONG_ENOUGH = 100_000
"""Steps: it is to be ended by a click."""


def drawn(seed: int, size: tuple[int, int]) -> PilImage.Image:
    """Discs and bars, in colours of their own."""
    rng = np.random.default_rng(seed)
    picture = PilImage.new("RGB", size, tuple(int(v) for v in rng.integers(0, 256, 3)))
    draw = ImageDraw.Draw(picture)
    for n in range(24):
        x, y, r = rng.integers(0, size[0]), rng.integers(0, size[1]), rng.integers(4, 24)
        shape = draw.ellipse if n % 2 else draw.rectangle
        shape((x - r, y - r, x + r, y + r), fill=tuple(int(v) for v in rng.integers(0, 256, 3)))
    return picture


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    path = tmp_path / "Sea Shells.png"
    drawn(99, (160, 128)).save(path)
    return path


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for seed in range(16):
        drawn(seed, (96, 80)).save(folder / f"{seed:02d}.png")
    return folder


@pytest.fixture(autouse=True)
def small_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small crops, from a base that knows nothing, as urgent as the test itself, whatever else the machine does.

    Whatever of a trainer still runs afterwards is killed.
    """
    monkeypatch.setattr(politeness, "NICENESS", 0)
    base = write_tiny_style(tmp_path / "base.safetensors", variants=("fast", "full"), seed=9).path
    small = ["--crop", "64", "--steps", str(_LONG_ENOUGH), "--checkpoint-every", "10", "--base", str(base)]
    small += ["--painting-size", "96", "--vgg-precision", "float32", "--network-precision", "float32", "--threads", "1"]
    whole = TrainRequest.arguments
    monkeypatch.setattr(TrainRequest, "arguments", lambda request, folder: [*whole(request, folder), *small])
    yield
    for process in list(training_process._started.values()):
        process.kill()
        process.wait(20)
    training_process._started.clear()


def click(qtbot: QtBot, root: QWidget, text: str) -> None:
    """Press the button that says this, once it is there and can be pressed."""
    qtbot.waitUntil(lambda: button(root, text).isEnabled(), timeout=240_000)
    qtbot.mouseClick(button(root, text), Qt.MouseButton.LeftButton)


def called(root: QWidget, kind: type[Called], name: str) -> Called:
    """The one of this kind that a screen reader calls so."""
    (found,) = (widget for widget in root.findChildren(kind) if widget.accessibleName() == name)
    return found


def difference(one: Image, other: Image) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.slow
def test_a_picture_is_trained_tried_kept_and_used_in_an_export(
    qtbot: QtBot,
    open_studio: Callable[..., Studio],
    painting: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = make_clip(tmp_path / "holiday.mp4", frames=20, size=(96, 64))
    # No steadiness: a painted frame is then a function of the frame.
    studio = open_studio(Settings(source=str(clip), style="alpha", size="native", steadiness=0))
    window = studio.window
    painted(qtbot, window, "alpha")

    # What is asked for.
    window.actions_.train.trigger()
    dialog = studio.training.dialog
    assert dialog is not None
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(painting), ""))
    click(qtbot, dialog, "Choose a picture…")
    name = called(dialog, QLineEdit, "Name of the style")
    qtbot.waitUntil(lambda: name.text() == "sea_shells", timeout=20_000)
    name.selectAll()
    QTest.keyClicks(name, "shells")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photographs))
    qtbot.mouseClick(called(dialog, QPushButton, "Choose a folder with photographs"), Qt.MouseButton.LeftButton)
    click(qtbot, dialog, "Train")

    # The first preview, tried on the clip that plays.
    folder = runs_folder() / "shells"
    qtbot.waitUntil(lambda: dialog.state == "running", timeout=20_000)
    click(qtbot, dialog, "Try it live")
    (trial,) = trial_styles(folder)
    painted(qtbot, window, trial.stem)
    assert window.gallery.current is None
    assert f"Trying shells, step {int(trial.stem.removeprefix('fast-')):,}" in window.banner.text

    # Kept, long before its end.
    click(qtbot, dialog, "Use this one…")
    click(qtbot, dialog, "Use it and stop training")
    qtbot.waitUntil(lambda: dialog.state == "done", timeout=240_000)
    painted(qtbot, window, "shells")
    qtbot.waitUntil(lambda: window.gallery.current == "shells", timeout=20_000)
    assert window.settings.style == "shells"
    run = read_run(folder)
    assert run.state == "stopped"
    assert 0 < run.step < _LONG_ENOUGH
    (record,) = StyleLibrary()["shells"].record.values()
    assert record["steps"] == int(trial.stem.removeprefix("fast-")), "exactly the preview that was shown"
    click(qtbot, dialog, "Close")

    # Used.
    window.actions_.export.trigger()
    export = studio.exports.dialogs[-1]
    click(qtbot, export, "Export")
    qtbot.waitUntil(lambda: export.finished_path is not None, timeout=60_000)
    assert export.finished_path == tmp_path / "holiday in shells.mp4"
    with VideoFileSource(clip) as source, VideoFileSource(export.finished_path) as result:
        before, after = list(source), list(result)
    assert [frame.pts for frame in after] == [frame.pts for frame in before]
    library = StyleLibrary()
    own, other = (Stylizer(library[style], device="cpu") for style in ("shells", "alpha"))
    for index in (0, 11, 19):
        assert number_in(before[index].image) == index
        expected, image = own(before[index].image), after[index].image
        assert difference(image, expected) < 0.5 * difference(image, other(before[index].image))
        assert difference(image, expected) < 0.5 * difference(image, own(before[index - 7].image))
    export.close()
