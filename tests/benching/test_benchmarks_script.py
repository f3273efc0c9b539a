"""scripts/benchmarks.py: a page is written whole or stays, and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stylecam
from stylecam.bundled import child_environment

if TYPE_CHECKING:
    from collections.abc import Callable

_SCRIPT = Path(stylecam.__file__).resolve().parents[1] / "scripts" / "benchmarks.py"
# Runs the script's own function with a command of the test's.
_DRIVER = (
    "import runpy, sys; from pathlib import Path;"
    f"make_page = runpy.run_path({str(_SCRIPT)!r})['make_page'];"
    "sys.exit(make_page([sys.executable, '-c', sys.argv[1]], Path(sys.argv[2]), patience_s=float(sys.argv[3])))"
)
_WORKS_FOR_A_MINUTE = "import os, time; from pathlib import Path; Path({pid!r}).write_text(str(os.getpid())); {more}"


def _start(code: str, page: Path, patience_s: float = 30) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _DRIVER, code, str(page), str(patience_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=child_environment())


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_becomes_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    process = _start("print('## The networks ×')", page)
    assert process.communicate()[0].strip() == str(page)
    assert process.returncode == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Benchmarks\n")
    assert text.endswith("\n\n## The networks ×\n")


def test_a_run_that_fails_leaves_the_page_as_it_was(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("old")
    process = _start("print('half'); import sys; sys.exit(7)", page)
    printed, errors = process.communicate()
    assert process.returncode == 7
    assert "half" in printed
    assert "not written: the run ended with exit code 7" in errors
    assert page.read_text() == "old"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("more", "patience_s"),
    [
        ("time.sleep(60)", 30),
        # It ends in order, as the real one does, and even says that all is well.
        ("import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print(1); time.sleep(60)", 30),
        ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", 0.1),
    ],
    ids=["at once", "in order", "not at all"],
)
def test_a_signal_ends_the_command_too(number: signal.Signals, more: str, patience_s: float, tmp_path: Path) -> None:
    page, pid = tmp_path / "page.md", tmp_path / "pid"
    page.write_text("old")
    process = _start(_WORKS_FOR_A_MINUTE.format(pid=str(pid), more=more), page, patience_s)
    _until(lambda: pid.exists() and pid.read_text())
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == 128 + number
    assert "not written" in errors
    assert not _is_there(int(pid.read_text()))
    assert page.read_text() == "old"


@pytest.mark.slow
def test_the_real_command_is_ended_in_the_middle(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    command = [sys.executable, str(_SCRIPT), "--output", str(page), "--", "--quick", "--only", "start"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while "warming up" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate()  # at the end of stderr, which the command has from us, it has ended
    assert process.returncode == 128 + signal.SIGTERM
    assert "stopped; what was measured by then is above" in errors
    assert not page.exists()
