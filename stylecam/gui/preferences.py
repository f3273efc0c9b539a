"""PreferencesDialog: the few settings that are not in the window itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
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
    """Folder of the recordings, the rate that Auto size keeps, the device."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        self._device.setCurrentIndex(max(0, self._device.findData(settings.device)))
        folder_row = QHBoxLayout()
        folder_row.addWidget(self._folder, 1)
        folder_row.addWidget(browse)
        form = QFormLayout()
        folder_label = QLabel(self.tr("&Recordings and snapshots go to"), self)
        folder_label.setBuddy(self._folder)  # a form knows no buddy for a row of two
        form.addRow(folder_label, folder_row)
        form.addRow(self.tr("With the size Auto, &keep at least"), self._fps)
        form.addRow(self.tr("The &network runs on"), self._device)
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
        )

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder for recordings"), self._folder.text())
        if folder:
            self._folder.setText(folder)
