"""make_polite: a process that works in the background gives way to those in front, whatever session it runs in."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["NICENESS", "make_polite"]

NICENESS: Final = 10


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
