"""SetupPage: what to train - the picture and its part, the size of the strokes, a name, how long, on what.

Nothing here blocks the window: pictures are read, folders counted and names looked up beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from stylecam.gui.training.content import ContentChoice
from stylecam.gui.training.crop_view import CropView
from stylecam.gui.training.facts import PictureFacts
from stylecam.gui.training.parts import Content, faint, heading, push_button
from stylecam.gui.training.presets import PresetCards
from stylecam.gui.training.request import TrainRequest
from stylecam.gui.training.stroke_preview import StrokePreview
from stylecam.gui.training.taken_names import taken_names
from stylecam.gui.words import sentence
from stylecam.stylename import style_name_from

if TYPE_CHECKING:
    from stylecam.frame import Image
    from stylecam.gui.background import Background
    from stylecam.gui.training.estimate import Estimate

__all__ = ["PAINTING_SIZES", "SetupPage"]

PAINTING_SIZES: Final = (256, 768)
"""Least and most pixels of the painting's short side."""
_USUAL_SIZE: Final = 512
_SIZE_STEP: Final = 32
_MEDIUM_SIZES: Final = (416, 608)
"""The least and the most pixels at which strokes are called neither small nor large."""
_LEAST_SIDE: Final = 64
_SMALL_SIDE: Final = 256
_SETTLE_MS: Final = 120
"""After the region's last change: the strokes are drawn anew once, not for every pixel of a drag."""


class SetupPage(Content):
    """Asks for everything, with something sensible in every place but the picture.

    Signals:
        changed(): `problem` may be another.
        opened(Path): a picture was read, and is the one from now on.
    """

    changed = Signal()
    opened = Signal(object)

    def __init__(self, background: Background, runs: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background, self._runs = background, runs
        self._path: Path | None = None
        self._image: Image | None = None
        self._failure = ""
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self._view = CropView(self)
        self._view.file_dropped.connect(lambda path: self.open_picture(Path(path)))
        self._view.clicked.connect(self._on_choose)
        self._view.region_changed.connect(self._on_region)
        self._choose = push_button(self, self.tr("&Choose a picture…"), self._on_choose)
        self._about_picture = faint(self)
        self._size = QSlider(Qt.Orientation.Horizontal, self)
        self._size.setRange(PAINTING_SIZES[0] // _SIZE_STEP, PAINTING_SIZES[1] // _SIZE_STEP)
        self._size.setPageStep(2)
        self._size.setValue(_USUAL_SIZE // _SIZE_STEP)
        self._size.setAccessibleName(self.tr("Size of the strokes"))
        self._size.valueChanged.connect(self._on_size)
        self._strokes = StrokePreview(self)
        self._facts = PictureFacts(self)
        self._presets = PresetCards(self)
        self._content = ContentChoice(background, self)
        self._facts.changed.connect(self.changed)
        self._content.changed.connect(self.changed)
        self._lay_out()
        self._on_size()
        self._show_picture()

    @property
    def problem(self) -> str:
        """Why it cannot be trained yet, in words; empty if it can."""
        if self._background.is_busy("picture"):
            return self.tr("The picture is being read…")
        if self._image is None:
            return self.tr("Choose a picture to learn from.")
        if min(self._view.region[2:]) < _LEAST_SIDE:
            return self.tr("The picture is too small: {n} pixels a side are needed.").format(n=_LEAST_SIDE)
        return self._facts.problem or self._content.problem

    @property
    def said(self) -> str:
        """The problem that stands on the page already, beside what it is of; empty if none does."""
        return self._facts.said

    @property
    def wants_camera(self) -> bool:
        """Whether the camera's pictures are what is learned on."""
        return self._content.kind == "camera"

    @property
    def request(self) -> TrainRequest | None:
        """What was asked for; None while there is a problem."""
        if self._path is None or self._image is None or self.problem:
            return None
        region, (height, width) = self._view.region, self._image.shape[:2]
        return TrainRequest(
            painting=self._path,
            name=self._facts.name,
            preset=self._presets.preset,
            content=self._content.value,
            painting_size=self.painting_size,
            region=None if region == (0, 0, width, height) else region,
            title=self._facts.title,
            author=self._facts.author,
            licence=self._facts.licence,
        )

    @property
    def painting(self) -> Path | None:
        """The picture that was read last; None before."""
        return self._path if self._image is not None else None

    @property
    def painting_size(self) -> int:
        """Pixels of the painting's short side in training."""
        return self._size.value() * _SIZE_STEP

    @property
    def content(self) -> ContentChoice:
        """What the network learns to paint."""
        return self._content

    def open_picture(self, path: Path) -> None:
        """Read a picture; `opened` follows, or the page says why not and keeps the one before."""

        def read() -> Image:
            from stylecam.pictures import read_picture

            return read_picture(path).opaque

        self._failure = ""
        self._background.ask("picture", read, lambda image: self._on_read(path, image), otherwise=self._on_not_read)
        self._show_picture()

    def look_up_names(self) -> None:
        """See which names are taken; the answer comes later."""
        self._background.ask("names", lambda: taken_names(self._runs), self._facts.set_taken)

    def show_still(self, still: Image | None) -> None:
        """What the strokes are compared with, and whether there is a camera."""
        self._strokes.set_still(still)

    def show_estimate(self, estimate: Estimate) -> None:
        """What each preset takes here, as far as it is known."""
        otherwise = ""
        if estimate.running:
            otherwise = self.tr("measuring…")
        elif estimate.failure:
            otherwise = self.tr("not measured")
        self._presets.show_times(estimate.times, otherwise)
        self._presets.setToolTip(sentence(estimate.failure) if estimate.failure else "")

    def focus(self) -> None:
        """Let the keyboard begin where something is missing."""
        if self._image is None:
            self._view.setFocus()
        else:
            self._facts.focus()

    def _on_choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("A picture to learn from"),
            str(self._path or ""),
            self.tr("Pictures (*.jpg *.jpeg *.png *.webp)"),
        )
        if chosen:
            self.open_picture(Path(chosen))

    def _on_read(self, path: Path, image: Image) -> None:
        self._path, self._image = path, image
        self._view.set_picture(image)
        self._facts.suggest(style_name_from(path.stem))
        self._on_settled()
        self._show_picture()
        self.opened.emit(path)

    def _on_not_read(self, text: str) -> None:
        self._failure = sentence(text)
        self._show_picture()

    def _on_region(self) -> None:
        self._settle.start()
        self._show_picture()

    def _on_settled(self) -> None:
        if self._image is None:
            return
        x, y, width, height = self._view.region
        self._strokes.set_painting(self._image[y : y + height, x : x + width])

    def _on_size(self) -> None:
        self._strokes.set_short_side(self.painting_size)
        size = self.painting_size
        text = self.tr("medium")
        if size < _MEDIUM_SIZES[0]:
            text = self.tr("small")
        elif size > _MEDIUM_SIZES[1]:
            text = self.tr("large")
        self._size_text.setText(text)
        self._size.setAccessibleDescription(text)
        told = self.tr("The painting is learned from at {n} pixels of its short side: the more, the larger the strokes")
        for widget in (self._size, self._size_text):
            widget.setToolTip(told.format(n=size))

    def _show_picture(self) -> None:
        self._choose.setText(self.tr("&Choose another…") if self._image is not None else self.tr("&Choose a picture…"))
        text = ""
        if self._background.is_busy("picture"):
            text = self.tr("Reading…")
        elif self._failure:
            text = f"⚠ {self._failure}"
        elif self._image is not None and self._path is not None:
            short = min(self._view.region[2:])
            text = self._path.name
            if _LEAST_SIDE <= short < _SMALL_SIDE:  # what is smaller yet cannot be learned from, which is said
                told = self.tr("{name} – only {n} pixels a side: its texture will be soft")
                text = told.format(name=self._path.name, n=short)
        self._about_picture.setText(text)
        self.changed.emit()

    def _lay_out(self) -> None:
        self._size_text = QLabel(self)
        self._size_text.setObjectName("faint")
        strokes_label = QLabel(self.tr("Size of the st&rokes"), self)
        strokes_label.setBuddy(self._size)
        file_row = QHBoxLayout()
        file_row.addWidget(self._choose)
        file_row.addWidget(self._about_picture, 1)
        size_row = QHBoxLayout()
        size_row.addWidget(strokes_label)
        size_row.addWidget(self._size, 1)
        size_row.addWidget(self._size_text)
        self._view.setMinimumHeight(180)
        self._strokes.setMinimumHeight(150)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self._view, 5)
        left.addLayout(file_row)
        left.addSpacing(4)
        left.addLayout(size_row)
        left.addWidget(self._strokes, 4)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self._facts)
        right.addSpacing(8)
        right.addWidget(heading(self, self.tr("How much to train")))
        right.addWidget(self._presets)
        right.addSpacing(8)
        right.addWidget(heading(self, self.tr("What it learns to paint")))
        right.addWidget(self._content)
        right.addStretch(1)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 8, 0)
        columns.setSpacing(22)
        columns.addLayout(left, 11)
        columns.addLayout(right, 10)
