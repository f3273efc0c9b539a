from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stylecam.politeness import NICENESS, make_polite

_WAIT = [sys.executable, "-c", "input()"]


def test_a_process_in_a_session_of_its_own_is_polite_with_its_group() -> None:
    with subprocess.Popen(_WAIT, stdin=subprocess.PIPE, start_new_session=True) as process:
        make_polite(process.pid)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == NICENESS
        group = Path(f"/proc/{process.pid}/autogroup")
        if group.exists():
            assert group.read_text().split()[-1] == str(NICENESS)
        process.communicate(b"\n")


def test_the_group_of_whoever_started_it_is_left_alone() -> None:
    group = Path("/proc/self/autogroup")
    before = group.read_text() if group.exists() else ""
    with subprocess.Popen(_WAIT, stdin=subprocess.PIPE) as process:
        make_polite(process.pid)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == NICENESS
        process.communicate(b"\n")
    assert before == (group.read_text() if group.exists() else "")


def test_a_process_that_has_ended_is_no_fault() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    make_polite(process.pid)
