"""PartLock: the mark that a process is writing a part file, which ends with the process however it ends.

Invariant: a part file without the mark belongs to nobody, so that the next start may offer it for recovery while
another window still records. On POSIX the mark is an advisory lock (flock) on the file itself: the system lets go of
it at a SIGKILL, too, and it stays with the file when FFmpeg opens it once more or its name changes. Windows needs none:
a file that FFmpeg has open cannot be renamed there, not even to its own name.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final, Self

from stylecam.errors import SinkError

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["PartLock"]

_STILL_S: Final = 15.0
"""Where a file system knows no locks, a file unchanged for this long is nobody's: writers flush twice a second."""


class PartLock:
    """Holds the mark from its making to `release`; also a context manager.

    Raises:
        SinkError: another process, or another part of this one, is writing the file.
        OSError: the file cannot be opened or, unless it `must_exist`, made.
    """

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        self._file: int | None = None
        self._path = path
        if sys.platform == "win32":
            if path.exists():
                self._ask_windows()
            return
        # Held as a number, since a file object would complain when a sink that broke is collected.
        self._file = os.open(path, os.O_RDWR | (0 if must_exist else os.O_CREAT), 0o666)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            self.release()
            raise self._busy() from exc
        except OSError as exc:  # some network folders know no locks
            if must_exist and time.time() - path.stat().st_mtime < _STILL_S:
                self.release()
                raise self._busy() from exc

    def release(self) -> None:
        """Let go of the mark; more than once does no harm."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.release()

    def __del__(self) -> None:
        self.release()

    def _ask_windows(self) -> None:
        try:
            os.rename(self._path, self._path)
        except PermissionError as exc:
            raise self._busy() from exc

    def _busy(self) -> SinkError:
        return SinkError(f"{self._path} is still being written by another stylecam; wait until that has finished")
