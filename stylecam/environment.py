"""What the libraries under us read from the environment as they load. No value that somebody has set is changed."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["set_environment"]

_VALUES: Final = {
    # Threads that wait by spinning take the cores from capture, encoder and window. On two busy cores a frame took a
    # tenth of the time without; with as many busy processes as cores, a training step up to twenty times as long.
    "OMP_WAIT_POLICY": "passive",
    # But a thread that sleeps at once must be woken for each of a frame's hundred parallel parts: a moment of
    # spinning first saves a fifth of a `fast` frame. GNU's OpenMP, which torch's Linux builds bring.
    "GOMP_SPINCOUNT": "5000",
    # Large pages for large tensors. Every big picture of features is new memory, and for 39 MB of it (32 channels of
    # 640×480 in float32) ten thousand small pages took 10 ms.
    "THP_MEM_ALLOC_ENABLE": "1",
}


def set_environment() -> None:
    """Set what is not set. Call it before torch is first imported: afterwards it does nothing."""
    for name, value in _VALUES.items():
        os.environ.setdefault(name, value)
