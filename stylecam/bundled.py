"""Where the files that ship with stylecam stand: inside the installed package, or at the top of a checkout."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["bundled_path", "child_environment"]

_PACKAGE = Path(__file__).resolve().parent


def bundled_path(relative: str) -> Path:
    """Path of a bundled file or folder, for example ``"styles"`` or ``"vgg16_features.safetensors"``.

    Nothing is checked: a file that is missing is reported by whoever opens it.
    """
    installed = _PACKAGE / "assets"
    root = installed if installed.is_dir() else _PACKAGE.parent / "assets"
    return root / relative


def child_environment() -> dict[str, str]:
    """For a child process: as ours, and stylecam and its trainer are found where we are, whatever folder it runs in."""
    paths = [str(_PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
