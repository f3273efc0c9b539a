"""Child processes: what has to be measured from outside (a start, a peak of memory), or may crash.

They stand in a session of their own, so that a Ctrl-C in the terminal ends the bench in order and not them in pieces.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from stylecam.benching.rounds import StoppedError
from stylecam.bundled import child_environment
from stylecam.errors import StylecamError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["ChildError", "Worker", "python", "run_child"]

_LOOK_AGAIN_S = 0.05


class ChildError(StylecamError):
    """A child process ended in another way than it should; the text says which."""


def python(*arguments: str) -> list[str]:
    """A command line for this interpreter, in which the folder it stands in counts for nothing."""
    return [sys.executable, "-P", *arguments]


def run_child(command: Sequence[str], *, stop: threading.Event | None = None) -> tuple[float, str]:
    """Seconds from its start to its end, and what it printed.

    Args:
        command: what to run.
        stop: once set, the child is killed; None: waited for without looking up, for times of a few milliseconds.

    Raises:
        ChildError: it failed.
        StoppedError: it was stopped.
    """
    began = time.perf_counter()
    with _started(command, subprocess.PIPE) as process:
        while True:
            try:
                output, errors = process.communicate(timeout=None if stop is None else _LOOK_AGAIN_S)
                break
            except subprocess.TimeoutExpired:
                if stop is not None and stop.is_set():
                    process.kill()
            except BaseException:
                process.kill()
                raise
        seconds = time.perf_counter() - began
    if stop is not None and stop.is_set():
        raise StoppedError
    if process.returncode:
        raise ChildError(_how_it_ended(process.returncode, errors))
    return seconds, output


class Worker:
    """A child that answers each line it is given with a line of JSON, until it is left."""

    def __init__(self, command: Sequence[str], stop: threading.Event) -> None:
        self._stop = stop
        self._process = _started(command, subprocess.DEVNULL)
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="stylecam-bench-child")
        self._reader.start()

    def ask(self, line: str = "") -> dict[str, Any]:
        """Its answer to a line; without one, its greeting.

        Raises:
            ChildError: it has ended.
            StoppedError: the bench was stopped.
        """
        if line:
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()
            except OSError as exc:
                raise ChildError(_how_it_ended(self._process.wait())) from exc
        return self._next_answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # a line that it never read
                stream.close()

    def _next_answer(self) -> dict[str, Any]:
        while not self._stop.is_set():
            try:
                answer = self._answers.get(timeout=_LOOK_AGAIN_S)
            except queue.Empty:
                continue
            if answer is None:
                raise ChildError(_how_it_ended(self._process.wait()))
            try:
                found = json.loads(answer)
            except ValueError:  # a library that speaks on standard output
                continue
            if isinstance(found, dict):
                return found
        raise StoppedError

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)


def _started(command: Sequence[str], errors: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=child_environment(),
        start_new_session=True,
    )


def _how_it_ended(code: int, errors: str = "") -> str:
    how = f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"
    said = errors.strip().splitlines()
    return f"{how}: {said[-1]}" if said else how
