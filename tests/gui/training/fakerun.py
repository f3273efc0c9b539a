"""A training that a test plays: what the dialog tells it is written down, and its events come when the test says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PilImage
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from stylecam.runs import Control

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.frame import Image


class FakeRun(QObject):
    """As `TrainingRun`, without a trainer."""

    event_read = Signal(object)
    ended = Signal(bool, str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.running = False
        self.control = Control()
        self.calls: list[Any] = []
        self.time = 1000.0

    def start(self, arguments: list[str]) -> None:
        self.calls.append(list(arguments))
        self.running = True
        self.folder.mkdir(parents=True, exist_ok=True)

    def pause(self) -> None:
        self._told("pause")
        self.control = Control(state="pause")

    def go_on(self) -> None:
        self._told("go_on")
        self.control = Control()

    def keep(self) -> None:
        self._told("keep")

    def cancel(self) -> None:
        self._told("cancel")

    def stop(self) -> None:
        self._told("stop")

    def detach(self) -> None:
        self._told("detach")

    def set_emphasis(self, style: float, content: float, steady: float) -> None:
        self._told(("emphasis", style, content, steady))

    def _told(self, what: Any) -> None:
        self.calls.append(what)

    # What the trainer does.

    def tell(self, kind: str, **fields: Any) -> None:
        self.time += 1
        self.event_read.emit({"event": kind, "time": self.time, **fields})

    def write_down(self, **fields: Any) -> None:
        """`run.json`, as the trainer begins with it."""
        asked = {"version": 1, "name": "mine", "title": "", "preset": "quick", "content": "bundled"}
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "run.json").write_text(json.dumps({**asked, **fields}))

    def begin(self, *, variant: str = "fast", steps: int = 100) -> None:
        self.tell("phase", phase="painting", variant=variant)
        place = {"variant": variant, "network": 1, "networks": 1, "step": 0, "steps": steps}
        self.tell("started", **place, device="cpu", photographs=24, skipped=[])

    def step(self, step: int, *, variant: str = "fast", steps: int = 100, left: float = 300.0) -> None:
        place = {"variant": variant, "network": 1, "networks": 1, "step": step, "steps": steps}
        losses = {"content": 0.4, "style": 0.1, "tv": 1.0, "consistency": 0.1, "total": 2.0, "learning_rate": 0.001}
        self.tell("step", **place, **losses, seconds_per_step=0.2, seconds_left=left)

    def preview(self, step: int, *, variant: str = "fast") -> Path:
        """With files; returns that of the style."""
        for name in ("previews", "trials"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        source = self.folder / "previews" / "source.jpg"
        picture = self.folder / "previews" / f"{variant}-{step:07}.jpg"
        style = self.folder / "trials" / f"{variant}-{step:07}.safetensors"
        for path in (source, picture):
            PilImage.fromarray(noise(step)).save(path)
        style.write_bytes(b"a style")
        self.tell("preview", variant=variant, step=step, path=str(picture), style=str(style))
        return style

    def end(self, done: bool, text: str) -> None:
        self.running = False
        self.ended.emit(done, text)


def noise(seed: int, size: tuple[int, int] = (128, 96)) -> Image:
    """A picture (width, height) of coarse patches, unlike that of any other seed."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(PilImage.fromarray(small).resize(size, PilImage.Resampling.BICUBIC))


def write_painting(path: Path, size: tuple[int, int] = (320, 300)) -> Path:
    PilImage.fromarray(noise(7, size)).save(path)
    return path


def words(widget: QWidget) -> str:
    """Everything that is to be read."""
    widgets: list[Any] = [*widget.findChildren(QLabel), *widget.findChildren(QAbstractButton)]
    return "\n".join(_text(w) for w in widgets if w.isVisible() and w.text())


def button(widget: QWidget, text: str) -> QAbstractButton:
    found = [b for b in widget.findChildren(QAbstractButton) if b.isVisible() and _text(b) == text]
    assert len(found) == 1, f"{text!r} is not one of {words(widget)}"
    return found[0]


def _text(widget: Any) -> str:
    """Without the marks of its key."""
    return str(widget.text().replace("&&", "\0").replace("&", "").replace("\0", "&"))
