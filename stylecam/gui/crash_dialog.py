"""CrashDialog: an error that nobody foresaw, as a person sees it, and the report that helps to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from stylecam.logs import report, without_personal_paths

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CrashDialog"]


class CrashDialog(QDialog):
    """One error, and what can be done about it."""

    def __init__(self, text: str, log_path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log_path = log_path
        self._text = without_personal_paths(text)
        self._more = 0
        self.setWindowTitle(self.tr("Something went wrong in stylecam"))
        self.setMinimumWidth(520)
        icon = QLabel()
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_MessageBoxIconSize)
        warning = self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        icon.setPixmap(warning.pixmap(size, size))
        icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QLabel(
            self.tr(
                "stylecam met an error that it did not foresee. It goes on, but may not work as it should; if so, "
                "start it anew. A report helps to mend it: it tells what went wrong and the end of the log, without "
                "personal paths."
            )
        )
        self._counter = QLabel()
        self._counter.hide()
        details = QPlainTextEdit(self._text)
        details.setReadOnly(True)
        details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        details.setAccessibleName(self.tr("Details of the error"))
        details.setTabChangesFocus(True)
        details.moveCursor(details.textCursor().MoveOperation.End)
        for label in (words, self._counter):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._copy = buttons.addButton(self.tr("Copy report"), QDialogButtonBox.ButtonRole.ActionRole)
        open_log = buttons.addButton(self.tr("Open log"), QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.clicked.connect(self._on_copy)
        open_log.clicked.connect(self._on_open_log)
        buttons.rejected.connect(self.reject)
        for button in (self._copy, open_log):
            button.setAutoDefault(False)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setDefault(True)
        close.setFocus()
        column = QVBoxLayout()
        for widget in (words, self._counter, details):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.addWidget(icon)
        row.addLayout(column, 1)
        row.setSpacing(14)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(row)
        layout.addWidget(buttons)

    @property
    def more(self) -> int:
        """Errors that came while it was open."""
        return self._more

    def count(self) -> None:
        """One more error came; the log has it."""
        self._more += 1
        told = self.tr("1 more error since; the log has it.")
        if self._more > 1:
            told = self.tr("{number} more errors since; the log has them.").format(number=self._more)
        self._counter.setText(told)
        self._counter.show()

    def report(self) -> str:
        """The text that "Copy report" copies."""
        return f"{self._text}\n{report(self._log_path)}"

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self._copy.setText(self.tr("Copied"))

    @Slot()
    def _on_open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_path)))
