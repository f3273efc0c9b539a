"""What a run is told while it trains, who holds it, and what it tells: the files that trainer and watcher share.

Invariant: each file has one writer, who writes it whole (`control.json`, the watcher) or a line at a time
(`events.jsonl`, the trainer); `lock` is held, and means nothing by its being there.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shlex
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

from stylecam.errors import SinkError, TrainError
from stylecam.partlock import PartLock
from stylecam.printable import printable
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = [
    "EMPHASIS_RANGE",
    "Control",
    "EventReader",
    "RunLock",
    "Wish",
    "finite",
    "hold",
    "is_running",
    "last_events",
    "read_control",
    "read_object",
    "write_control",
]

Wish = Literal["run", "pause", "keep", "cancel"]
"""What a trainer is told to do; `keep` is: stop now and make the style from what is there.

While a run finishes (measures a network and makes the style of it), `cancel` ends it before the style is written,
`keep` lets it finish and begins no further network, `pause` waits for the next network, if there is one.
"""
EMPHASIS_RANGE: Final = (0.25, 4.0)

_TAIL: Final = 65_536


@dataclass(frozen=True, slots=True)
class Control:
    """What whoever watches a run wants of it."""

    state: Wish = "run"
    style: float = 1.0
    """Multiplies the weight of the style loss, 0.25–4; as do the two below. Acts from the next step on."""
    content: float = 1.0
    steady: float = 1.0


def read_control(folder: Path) -> Control:
    """What is wanted of the run now; where nothing readable says so, that it goes on as it is."""
    wanted = read_object(folder / "control.json")
    if wanted is None or wanted.get("state", "run") not in get_args(Wish):
        return Control()
    low, high = EMPHASIS_RANGE
    emphasis = {key: min(max(finite(wanted.get(key), 1.0), low), high) for key in ("style", "content", "steady")}
    return Control(state=wanted.get("state", "run"), **emphasis)


def write_control(folder: Path, control: Control) -> None:
    """Tell the run what is wanted; its trainer reads it before each step, and every few seconds while it finishes.

    Raises:
        SinkError: it cannot be written; what was wanted before still is.
    """
    write_whole(folder / "control.json", json.dumps(asdict(control)).encode())


class RunLock:
    """Held by the process that trains, until `release` or its end, however that comes; also a context manager."""

    def __init__(self, folder: Path) -> None:
        path = folder / "lock"
        typed = shlex.quote(str(folder))  # a name alone is found only in the folder of runs
        # Whoever asks whether a run is running holds its lock for some microseconds: that is no reason to give up.
        for remaining in reversed(range(10)):
            try:
                self._lock = PartLock(path)
                # Windows knows no advisory locks: there the file is held open, which PartLock sees.
                self._open = path.open("ab") if sys.platform == "win32" else None
                # Whose it is, so that a window that did not start the training can stop it.
                with contextlib.suppress(OSError):
                    path.write_text(str(os.getpid()))
                return
            except SinkError as exc:
                if not remaining:
                    raise TrainError(
                        f"{printable(folder.name)} is being trained already, by another process: "
                        f"see 'stylecam train list'; wait until it has ended, or end it with "
                        f"'stylecam train keep {typed}' or 'cancel {typed}'"
                    ) from exc
                time.sleep(0.02)
            except OSError as exc:
                raise TrainError(f"the run's folder {folder} cannot be written to ({exc.strerror or exc})") from exc

    def release(self) -> None:
        """Let go of the run; more than once does no harm."""
        if self._open is not None:
            self._open.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.release()


def hold(folder: Path) -> RunLock:
    """Take the run, so that no other process trains it meanwhile.

    Raises:
        TrainError: another one does, or the folder cannot be written to.
    """
    return RunLock(folder)


def is_running(folder: Path) -> bool:
    """Whether a living process trains it, paused or not."""
    for _ in range(2):
        try:
            PartLock(folder / "lock", must_exist=True).release()
        except SinkError:
            time.sleep(0.001)  # it may only be somebody else who asks the same
        except OSError:
            return False
        else:
            return False
    return True


class EventReader:
    """Follows a run's `events.jsonl` while it grows. The file is open only during `read`, so that it can be deleted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[dict[str, Any]]:
        """The events since the last call: complete lines only, those that are no event passed over."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._offset:  # another file under the same name
                    self._offset = 0
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        return _events(complete)


def last_events(path: Path) -> list[dict[str, Any]]:
    """The last 64 KB of a run's events; empty where there are none yet."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            # The first line may be torn, and is no event then.
            return _events(file.read())
    except OSError:
        return []


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object that a file holds; None if it cannot be read, or holds none."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def finite(value: object, otherwise: float) -> float:
    """A value out of a JSON file as a number, if it is one."""
    with contextlib.suppress(OverflowError):
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return otherwise


def _events(data: bytes) -> list[dict[str, Any]]:
    found = []
    for line in data.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            event = json.loads(line)
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                found.append(event)
    return found
