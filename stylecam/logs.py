"""The log file: what happened, for the day when somebody asks. No Qt here.

Invariant: logging costs no one anything: a device that fails a thousand times a second writes a line a second, the
files never grow beyond 10 MB, and a folder that cannot be written ends the log, not the program.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import platform
import re
import sys
import time
from collections import OrderedDict, deque
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RepeatLimit", "report", "setup_logging", "stop_logging", "without_personal_paths"]

_log = logging.getLogger(__name__)

_NAME: Final = "stylecam.log"
_FILE_SIZE: Final = 2_000_000
_FILES: Final = 5
_EVERY_S: Final = 1.0
_REMEMBERED: Final = 256
"""Different messages whose repeats are counted at once."""
_LONGEST: Final = 16_000
"""Characters of one message; a traceback of a runaway recursion has more."""
_FORMAT: Final = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"


def setup_logging(folder: Path | None = None) -> Path:
    """Write what is logged from now on into a file, and return its path, whether or not it can be written.

    "stylecam" is logged from INFO on, everything else from WARNING on. Called again, it moves the log.

    Args:
        folder: where to; made if missing. By default the platform's place for logs.
    """
    stop_logging()
    path = (folder or platformdirs.user_log_path("stylecam", appauthor=False)) / _NAME
    root = logging.getLogger()
    logging.getLogger("stylecam").setLevel(logging.INFO)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RepeatLimit(_LogFile(path))
    except OSError as exc:
        # Without a handler, Python prints warnings to stderr: the next best place.
        _log.warning("no log file: %s cannot be written (%s)", path, exc.strerror or exc)
        return path
    root.addHandler(handler)
    logging.captureWarnings(True)
    return path


def stop_logging() -> None:
    """Write what is still to be said and close the file; harmless if there is none."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, RepeatLimit)]:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        handler.close()


def report(path: Path, *, lines: int = 200) -> str:
    """What to send with a question: this machine in a few words and the end of the log, without personal paths."""
    from stylecam import __version__

    machine = f"stylecam {__version__}, Python {platform.python_version()}, {platform.platform()}"
    kept: deque[str] = deque(maxlen=lines)
    for file in (path.with_name(path.name + ".1"), path):
        with contextlib.suppress(OSError), file.open(encoding="utf-8", errors="replace") as text:
            kept.extend(line.rstrip("\n") for line in text)
    return without_personal_paths("\n".join([machine, "", *(kept or ["(no log)"])])) + "\n"


def without_personal_paths(text: str) -> str:
    """The text with `~` for the user's home, and without the name and password in an address."""
    text = re.sub(r"(\w://)[^/\s@]+@", r"\1", text)
    home = Path.home()
    forms = {str(home), home.as_posix(), quote(home.as_posix())}
    with contextlib.suppress(OSError):
        forms.add(str(home.resolve()))
    forms |= {form.replace("\\", "\\\\") for form in forms}  # as repr writes it
    flags = re.IGNORECASE if sys.platform in ("win32", "darwin") else re.NOFLAG
    for form in sorted(forms, key=len, reverse=True):
        if len(form) > 3:  # not "/" or "C:\"
            text = re.sub(re.escape(form.rstrip("/\\")) + r"(?![\w-])", "~", text, flags=flags)
    return text


class RepeatLimit(logging.Handler):
    """Passes a message on to `target` once a second, counts it meanwhile, and then says how often it was repeated.

    Messages are the same if logger, level, text and exception are. The count is told when the second is over and
    anything is logged, at the latest by `close`, which closes `target`, too.
    """

    def __init__(
        self, target: logging.Handler, *, every_s: float = _EVERY_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._target = target
        self._every_s = every_s
        self._clock = clock
        self._said: OrderedDict[tuple[object, ...], _Said] = OrderedDict()

    def emit(self, record: logging.LogRecord) -> None:
        now = self._clock()
        try:
            text = record.getMessage()
            error = repr(record.exc_info[1]) if record.exc_info else ""
        except Exception:  # a wrong format string, an exception that cannot be shown
            self.handleError(record)
            return
        key = (record.name, record.levelno, text, error)
        said = self._said.get(key)
        if said is not None and now - said.at < self._every_s:
            said.repeats += 1
            return
        self._tell_repeats(before=now - self._every_s)
        self._said[key] = _Said(now, _shortened(record, text))
        if len(self._said) > _REMEMBERED:
            self._tell(self._said.popitem(last=False)[1])
        self._target.handle(self._said[key].record)

    def close(self) -> None:
        self.acquire()
        try:
            self._tell_repeats(before=float("inf"))
            self._target.close()
        finally:
            self.release()
        super().close()

    def _tell_repeats(self, *, before: float) -> None:
        for key in [key for key, said in self._said.items() if said.at <= before]:
            self._tell(self._said.pop(key))

    def _tell(self, said: _Said) -> None:
        if said.repeats:
            times = "once" if said.repeats == 1 else f"{said.repeats:,} times"
            self._target.handle(_copy(said.record, f"(repeated {times}) {said.record.getMessage()}"))


class _Said:
    """A message that was passed on."""

    def __init__(self, at: float, record: logging.LogRecord) -> None:
        self.at = at
        self.record = record
        self.repeats = 0


def _shortened(record: logging.LogRecord, text: str) -> logging.LogRecord:
    """The record as it is written: without the objects it was made of, which would be held in memory."""
    trace = logging.Formatter().formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
    whole = f"{text}\n{trace}" if trace else text
    if len(whole) > _LONGEST:
        whole = f"{whole[: _LONGEST // 2]}\n… {len(whole) - _LONGEST:,} characters …\n{whole[-_LONGEST // 2 :]}"
    return _copy(record, whole)


def _copy(record: logging.LogRecord, text: str) -> logging.LogRecord:
    copy = logging.makeLogRecord(record.__dict__)
    copy.msg, copy.args, copy.exc_info, copy.exc_text, copy.stack_info = text, None, None, None, None
    return copy


class _LogFile(logging.handlers.RotatingFileHandler):
    """A file that may become full, be rotated by another process or vanish: then lines are lost, and nothing else."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_FILE_SIZE, backupCount=_FILES - 1, encoding="utf-8", errors="backslashreplace")
        self.setFormatter(logging.Formatter(_FORMAT))
        self._complained = False

    def doRollover(self) -> None:  # noqa: N802
        with contextlib.suppress(OSError):  # Windows lets nobody rename what a second window has open
            super().doRollover()
        if self.stream is None:
            self.stream = self._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not self._complained:
            self._complained = True
            super().handleError(record)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what did not fit on a full disk is tried once more
            super().close()
