from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stylecam.politeness import NICENESS, make_polite, run_politely

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


def test_polite_work_has_a_low_priority_and_whoever_waits_for_it_keeps_his() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)

    def work() -> tuple[int, int]:
        return threading.get_ident(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    thread, niceness = run_politely(work)
    assert thread != threading.get_ident()
    assert niceness == (max(before, NICENESS) if sys.platform == "linux" else before)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_what_polite_work_raises_is_raised() -> None:
    def work() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        run_politely(work)
