"""OpenVINO in a process of its own, since its converter has ended one before. Run by `peers.py`, never imported by it.

`python -m stylecam.benching.openvino_child MODEL PICTURE PRECISION`: an ONNX file, the picture as .npy, H×W×3 uint8,
and "f32" or "auto". Each line "paint" is answered with the seconds it took; "save PATH" too, with the painting there.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["main"]


def main(model: str, picture: str, precision: str) -> None:
    """Greet, and answer lines until there is no more."""
    try:
        openvino: Any = importlib.import_module("openvino")  # by name, since it is not there to be checked against
    except ImportError:
        _answer(missing="pip install openvino")
        return
    core = openvino.Core()
    settings = {"PERFORMANCE_HINT": "LATENCY"}
    if precision != "auto":
        settings["INFERENCE_PRECISION_HINT"] = precision
    compiled = core.compile_model(core.read_model(model), "CPU", settings)
    request = compiled.create_infer_request()
    image = np.load(picture)

    def paint() -> Any:
        x = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
        output = next(iter(request.infer({0: x}).values()))[0]
        return np.ascontiguousarray(np.rint(np.clip(output, 0, 255)).astype(np.uint8).transpose(1, 2, 0))

    taken = compiled.get_property("INFERENCE_PRECISION_HINT")
    _answer(precision=taken if isinstance(taken, str) else taken.get_type_name())
    for line in sys.stdin:
        order, _, path = line.strip().partition(" ")
        began = time.perf_counter()
        painted = paint()
        seconds = time.perf_counter() - began
        if order == "save":
            with Path(path).open("wb") as file:
                np.save(file, painted)
        _answer(seconds=seconds)


def _answer(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
