"""Other shapes of the `fast` network: how quick each is here, and how well it learns. docs/fast-network.md has a table.

    python scripts/shapes.py speed                        # all of them in turns, as they are run here
    python scripts/shapes.py train thin-end painting.png --content photographs/ --steps 3000 --base none --name thin …

`train` takes the options of `python -m trainer new`, and prints the report on the style that comes out.
"""

from __future__ import annotations

import math
import runpy
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from stylecam.architecture import ARCHITECTURES, Architecture, parameter_shapes
from stylecam.environment import set_environment

_FAST: Final = ARCHITECTURES["fast"]
SHAPES: Final[dict[str, Architecture]] = {
    "fast": _FAST,
    "thin-end": replace(_FAST, upsampled=(32, 16)),
    "wide-end": replace(_FAST, upsampled=(32, 32)),
    "thin-end-7": replace(_FAST, upsampled=(32, 16), blocks=7),
    "wide-trunk-3": replace(_FAST, channels=(16, 32, 64), upsampled=(32, 16), blocks=3),
    "wide-trunk-4": replace(_FAST, channels=(16, 32, 64), upsampled=(32, 16), blocks=4),
    "wide-trunk-5": replace(_FAST, channels=(16, 32, 64), upsampled=(32, 16)),
    "wide-trunk-5-16": replace(_FAST, channels=(16, 32, 64), upsampled=(16, 16)),
    "wide-trunk-5-48": replace(_FAST, channels=(16, 32, 64), upsampled=(48, 16)),
    "96-trunk-3": replace(_FAST, channels=(16, 32, 96), upsampled=(32, 16), blocks=3),
    "thin-start": replace(_FAST, channels=(8, 32, 64), upsampled=(32, 16)),
}
_SIZE: Final = 480, 640
_ROUNDS: Final = 15


def _speed() -> None:
    set_environment()
    import torch

    from stylecam.inference import FORMS, half_precision, to_network, to_picture
    from stylecam.network import TransformerNet

    picture = torch.randint(256, (*_SIZE, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    form = FORMS["cpu"]
    types = [torch.float32, *filter(None, [half_precision("cpu")])]
    networks = {
        (name, dtype): TransformerNet(shape, norm=form.norm, subpixel=form.subpixel)
        .to(dtype)
        .to(memory_format=torch.channels_last)
        .requires_grad_(False)
        for name, shape in SHAPES.items()
        for dtype in types
    }
    times: dict[tuple[str, torch.dtype], list[float]] = {key: [] for key in networks}
    with torch.no_grad():
        for turn in range(_ROUNDS):
            for (name, dtype), network in networks.items():
                for warm in (False, True):
                    began = time.perf_counter()
                    to_picture(network(to_network(picture, form=form, dtype=dtype)))
                    if warm and turn:
                        times[name, dtype].append(1000 * (time.perf_counter() - began))
    for name, shape in SHAPES.items():
        parameters = sum(math.prod(sizes) for sizes in parameter_shapes(shape).values())
        taken = ", ".join(f"{statistics.median(times[name, dtype]):.1f} ms in {str(dtype)[6:]}" for dtype in types)
        print(f"{name}: {parameters:,} parameters, {taken}")


def _train(name: str, words: list[str]) -> None:
    """With the trainer's own commands, which take the shape from the one table that there is."""
    ARCHITECTURES["fast"] = SHAPES[name]
    out = Path(words[words.index("--out") + 1])
    style = out / f"{words[words.index('--name') + 1]}.safetensors"
    for command in (["new", *words, "--variant", "fast"], ["report", str(style), "--painting", words[0]]):
        sys.argv = ["trainer", *command]
        try:
            runpy.run_module("trainer", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if end.code:
                raise


if __name__ == "__main__":
    if sys.argv[1:] == ["speed"]:
        _speed()
    elif len(sys.argv) > 3 and sys.argv[1] == "train" and sys.argv[2] in SHAPES and "--out" in sys.argv:
        _train(sys.argv[2], sys.argv[3:])
    else:
        print(__doc__, f"\nShapes: {', '.join(SHAPES)}. train needs --name and --out.", file=sys.stderr)
        sys.exit(2)
