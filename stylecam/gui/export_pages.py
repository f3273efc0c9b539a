"""The three pages of the export dialog: the name, the progress, the end. They show and ask; the dialog decides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from stylecam.errors import SinkError
from stylecam.gui.savedfiles import unused_path
from stylecam.gui.words import clock, sentence
from stylecam.videofiles import CONTAINERS

if TYPE_CHECKING:
    from stylecam.pipeline import Progress, VideoReport

__all__ = ["EndPage", "NamePage", "ProgressPage"]

_WIDTH: Final = 480


class NamePage(QWidget):
    """Which name, in which folder, and what to do with a file that has it; what encodes, where there is a choice."""

    browse_requested = Signal()

    def __init__(self, source: Path, output: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(_WIDTH)
        self._source = source
        self._suffix = output.suffix or ".mp4"
        self._folder = output.absolute().parent
        heading = _heading(self.tr("Paint all of {name} into a new video").format(name=source.name), self)
        self._name = QLineEdit(output.name, self)
        self._name.setAccessibleName(self.tr("Name of the new video"))
        self._name.textChanged.connect(self._on_name_changed)
        name_label = QLabel(self.tr("&Name"), self)
        name_label.setBuddy(self._name)
        folder_label = QLabel(self.tr("Folder"), self)
        self._folder_text = _plain(self)
        self._folder_text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        browse = QPushButton(self.tr("&Browse…"), self)
        browse.setAutoDefault(False)
        browse.setAccessibleName(self.tr("Choose folder and name"))
        browse.clicked.connect(self.browse_requested)
        self._taken = _plain(self)
        self._keep = QRadioButton(self)
        self._replace = QRadioButton(self.tr("&Replace it"), self)
        self._keep.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self._keep)
        group.addButton(self._replace)
        self._hardware_name = "software"
        self._hardware = QCheckBox(self)
        self._hardware.hide()
        self._problem = _plain(self)
        self._problem.setAccessibleName(self.tr("What is wrong with the name"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        grid.addWidget(heading, 0, 0, 1, 3)
        grid.addWidget(name_label, 1, 0)
        grid.addWidget(self._name, 1, 1, 1, 2)
        grid.addWidget(folder_label, 2, 0)
        grid.addWidget(self._folder_text, 2, 1)
        grid.addWidget(browse, 2, 2)
        for row, widget in enumerate((self._taken, self._keep, self._replace, self._hardware, self._problem), 3):
            grid.addWidget(widget, row, 1, 1, 2)
        self.setTabOrder(self._name, browse)
        self.setTabOrder(browse, self._keep)
        self.setTabOrder(self._replace, self._hardware)
        self.look()

    @property
    def wished(self) -> Path:
        """The path that folder and name make, with the suffix of a video."""
        path = self._folder / (self._name.text().strip() or self._source.stem)
        if not path.name:  # no more than "/"
            path = self._folder / self._source.stem
        return path if path.suffix.lower() in CONTAINERS else path.with_name(path.name + self._suffix)

    def wish(self, path: Path) -> None:
        """Take another folder and name."""
        self._folder = path.absolute().parent
        self._name.setText(path.name)
        self._on_name_changed()

    def target(self) -> tuple[Path, bool]:
        """The output, and whether it may replace what is there.

        Raises:
            SinkError: there is no name, or it cannot be one.
        """
        name = self._name.text().strip()
        if not name:
            raise SinkError(self.tr("The video needs a name."))
        try:
            taken = self.wished.exists()
        except (OSError, ValueError) as exc:  # too long, or with a character that no name may have
            raise SinkError(self.tr("No file can have this name; choose another.")) from exc
        if not taken:
            return self.wished, False
        return (self.wished, True) if self._replace.isChecked() else (unused_path(self.wished), False)

    @property
    def encoder(self) -> str:
        """What shall encode: ``"software"``, unless one in hardware was offered and is wished."""
        return self._hardware_name if self._hardware.isChecked() else "software"

    def offer_hardware(self, encoder: str, title: str) -> None:
        """Offer an encoder; nothing but a person's tick takes it."""
        self._hardware_name = encoder
        self._hardware.setText(self.tr("&Encode on the graphics chip ({title})").format(title=_mild(title)))
        self._hardware.setToolTip(
            self.tr("Leaves the processor to the painting. For the same look the file is somewhat larger.")
        )
        self._hardware.show()

    def focus(self) -> None:
        """Let the keyboard begin with the name."""
        self._name.setFocus()
        self._name.setSelection(0, len(Path(self._name.text()).stem))

    def show_problem(self, text: str) -> None:
        """Tell why it cannot be exported so."""
        self._problem.setText(f"⚠ {sentence(text)}")
        self._problem.show()

    @Slot()
    def look(self) -> None:
        """See whether the name is taken, and offer what can be done."""
        self._problem.hide()
        metrics, folder = self._folder_text.fontMetrics(), str(self._folder)
        self._folder_text.setText(metrics.elidedText(folder, Qt.TextElideMode.ElideMiddle, _WIDTH - 180))
        self._folder_text.setToolTip(folder)
        self._folder_text.setAccessibleName(folder)
        try:
            taken = bool(self._name.text().strip()) and self.wished.exists()
            is_source = taken and self.wished.samefile(self._source)
        except (OSError, ValueError):
            taken = is_source = False
        if taken:
            told = (
                self.tr("This is the video itself.") if is_source else self.tr("A file of this name is there already.")
            )
            self._taken.setText(told)
            self._keep.setText(self.tr("&Keep both: save as {name}").format(name=_mild(unused_path(self.wished).name)))
        if not taken or is_source:
            self._keep.setChecked(True)
        for widget in (self._taken, self._keep):
            widget.setVisible(taken)
        self._replace.setVisible(taken and not is_source)

    @Slot()
    def _on_name_changed(self) -> None:
        self._keep.setChecked(True)  # the wish to replace one file is none to replace the next
        self.look()


class ProgressPage(QWidget):
    """How far it is."""

    def __init__(self, source: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(_WIDTH)
        self._source = source
        heading = _heading(self.tr("Painting {name}").format(name=source.name), self)
        self._bar = QProgressBar(self)
        self._bar.setAccessibleName(self.tr("Progress of the export"))
        self._details = _plain(self)
        self._file = _plain(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for widget in (heading, self._bar, self._details, self._file):
            column.addWidget(widget)

    @property
    def text(self) -> str:
        """How far, in words."""
        return self._details.text()

    def begin(self, output: Path) -> None:
        """Show that the work begins: to load the style takes a moment."""
        self._show_busy()
        self._details.setText(self.tr("Getting ready…"))
        self._file.setText(self.tr("Into {name}").format(name=output.name))
        self._file.setToolTip(str(output))

    def show_progress(self, progress: Progress) -> int | None:
        """Show how far it is; returns the percentage, or None where the whole is not known."""
        frame, total = progress.frame, progress.total
        parts = [self.tr("frame {frame}").format(frame=frame)]
        if total:
            parts = [self.tr("frame {frame} of {total}").format(frame=frame, total=max(frame, total))]
        if progress.fps:
            parts.append(self.tr("{fps} fps").format(fps=f"{progress.fps:.1f}"))
        if progress.eta_s is not None:
            parts.append(self.tr("{time} left").format(time=clock(progress.eta_s)))
        elif not total:
            parts.append(self.tr("{time} of video").format(time=clock(progress.pts)))
        self._details.setText(" · ".join(parts))
        if not total:
            return None
        self._bar.setTextVisible(True)
        self._bar.setRange(0, total)
        self._bar.setValue(min(frame, total))
        return 100 * min(frame, total) // total

    def show_stopping(self) -> None:
        """Show that only the file is being finished."""
        self._show_busy()
        self._details.setText(self.tr("Finishing the file…"))

    def _show_busy(self) -> None:
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)


class EndPage(QWidget):
    """How it ended."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(_WIDTH)
        self._icon = QLabel(self)
        self._icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._heading = _heading("", self)
        self._text = _plain(self)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(self._heading)
        words.addWidget(self._text)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(self._icon)
        row.addLayout(words, 1)

    @property
    def text(self) -> str:
        """Everything it says."""
        return f"{self._heading.text()}\n{self._text.text()}"

    def show_report(self, report: VideoReport) -> None:
        """Tell of a finished file, whole or ended early, or that there is none."""
        frames = self.tr("1 frame") if report.frames == 1 else self.tr("{n} frames").format(n=f"{report.frames:,}")
        if report.output is None:
            heading, lines = self.tr("Nothing was saved"), [self.tr("It was stopped before the first frame.")]
        else:
            heading = self.tr("Saved to {name}").format(name=report.output.name)
            told = self.tr("Stopped early: the first {frames} are there.") if report.stopped else "{frames}, {size}"
            size = "{}×{}".format(*report.size)
            lines = [str(report.output.absolute().parent), told.format(frames=frames, size=size)]
        lines += [f"• {notice}" for notice in report.notices]
        self._show(QStyle.StandardPixmap.SP_MessageBoxInformation, heading, lines)

    def show_failure(self, heading: str, text: str) -> None:
        """Tell why there is no file."""
        self._show(QStyle.StandardPixmap.SP_MessageBoxCritical, heading, [sentence(line) for line in text.splitlines()])

    def _show(self, icon: QStyle.StandardPixmap, heading: str, lines: list[str]) -> None:
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_MessageBoxIconSize)
        self._icon.setPixmap(self.style().standardIcon(icon).pixmap(size, size))
        self._heading.setText(heading)
        self._text.setText("\n".join(lines))


def _plain(parent: QWidget) -> QLabel:
    """A label of several lines whose text is never taken for markup, and can be copied."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _heading(text: str, parent: QWidget) -> QLabel:
    label = _plain(parent)
    font = label.font()
    font.setBold(True)
    font.setPointSizeF(font.pointSizeF() * 1.15)
    label.setFont(font)
    label.setText(text)
    return label


def _mild(name: str) -> str:
    """A name in a button's text, where "&" would mark a key."""
    return name.replace("&", "&&")
