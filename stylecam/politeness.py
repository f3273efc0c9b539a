"""Work in the background gives way to what is in front: another process, or a thread beside the one that paints."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NICENESS", "make_polite", "run_politely"]

NICENESS: Final = 10

_Result = TypeVar("_Result")


def make_polite(process: int) -> None:
    """Lower the priority of another process of ours, or our own (POSIX; on Windows it is given at the start).

    Linux desktops group processes by session (sched_autogroup) and weigh the groups first: in a session of its own, a
    nice process has half of the processor against one busy window. So its group is made nice, too.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, process, NICENESS)
    with contextlib.suppress(OSError):  # no Linux, or built without groups; or not ours to change
        if os.getsid(process) == process:  # else it shares the group of whoever started it
            Path(f"/proc/{process}/autogroup").write_text(str(NICENESS))


def run_politely(work: Callable[[], _Result]) -> _Result:
    """What `work` returns or raises, done in a thread of low priority while this one waits.

    On Linux, where each thread has a priority of its own, and hands it on to those that torch starts for it; it cannot
    be raised again, so the thread is a new one. Elsewhere it is a thread like any other.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=run, name="stylecam-politely")
    thread.start()
    thread.join()
    return future.result()
