"""PreferencesDialog: the few settings that are not in the window itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from stylecam.gui.settings import Settings

__all__ = ["PreferencesDialog"]


class PreferencesDialog(QDialog):
    """Folder of the recordings, the rate that Auto size keeps, the device, and how exactly it computes."""

    def __init__(self, settings: Settings, parent: QWidget | None = None, *, inexact: bool | None = None) -> None:
        """Show the settings.

        Args:
            settings: as they are.
            parent: the window.
            inexact: whether the device that runs has a faster number of sixteen bits; None: it is not known yet.
        """
        super().__init__(parent)
        self._inexact = inexact
        self.setWindowTitle(self.tr("Preferences"))
        self._settings = settings
        self._folder = QLineEdit(str(settings.recordings_path), self)
        self._folder.setAccessibleName(self.tr("Folder for recordings and snapshots"))
        self._folder.setMinimumWidth(320)
        browse = QPushButton(self.tr("Browse…"), self)
        browse.setAccessibleName(self.tr("Browse for a folder"))
        browse.clicked.connect(self._on_browse)
        self._fps = QSpinBox(self)
        self._fps.setRange(5, 60)
        self._fps.setValue(settings.fps)
        self._fps.setSuffix(self.tr(" fps"))
        self._fps.setAccessibleName(self.tr("Rate that the size Auto keeps"))
        self._fps.lineEdit().setAccessibleName(self._fps.accessibleName())
        self._device = QComboBox(self)
        self._device.setAccessibleName(self.tr("Device"))
        for name, value in (
            (self.tr("Automatic"), "auto"),
            (self.tr("Processor"), "cpu"),
            (self.tr("NVIDIA graphics card"), "cuda"),
            (self.tr("Apple graphics processor"), "mps"),
        ):
            self._device.addItem(name, value)
        if self._device.findData(settings.device) < 0:  # one of several cards, by its number: it stays what it is
            self._device.addItem(self._name_of(settings.device), settings.device)
        self._device.setCurrentIndex(self._device.findData(settings.device))
        self._device.currentIndexChanged.connect(self._show_exact)
        self._exact = QCheckBox(self.tr("&Exact: compute in full precision (slower)"), self)
        self._exact.setAccessibleName(self.tr("Exact: compute in full precision (slower)"))
        self._exact.setChecked(settings.exact)
        self._show_exact()
        folder_row = QHBoxLayout()
        folder_row.addWidget(self._folder, 1)
        folder_row.addWidget(browse)
        form = QFormLayout()
        folder_label = QLabel(self.tr("&Recordings and snapshots go to"), self)
        folder_label.setBuddy(self._folder)  # a form knows no buddy for a row of two
        form.addRow(folder_label, folder_row)
        form.addRow(self.tr("With the size Auto, &keep at least"), self._fps)
        form.addRow(self.tr("The &network runs on"), self._device)
        form.addRow("", self._exact)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addSpacing(8)
        column.addWidget(buttons)

    @property
    def result_settings(self) -> Settings:
        """The settings with what was chosen here."""
        return replace(
            self._settings,
            recordings_folder=self._folder.text().strip(),
            fps=self._fps.value(),
            device=str(self._device.currentData()),
            exact=self._exact.isChecked(),
        )

    def _name_of(self, device: str) -> str:
        kind, _, number = device.partition(":")
        return self.tr("NVIDIA graphics card {number}").format(number=number) if kind == "cuda" else device

    def _show_exact(self) -> None:
        """It can be chosen where it changes something; of a device that does not run yet, that is not known."""
        same = self._device.currentData() == self._settings.device
        useless = same and self._inexact is False
        self._exact.setEnabled(not useless)
        self._exact.setToolTip(
            self.tr("The processor that the network runs on computes in full precision anyhow")
            if useless
            else self.tr(
                "Without it, numbers of sixteen bits are used where they are faster; the pictures look the same"
            )
        )

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder for recordings"), self._folder.text())
        if folder:
            self._folder.setText(folder)
