"""Which layout of a network a GPU runs fastest: tried once for each make of GPU, and remembered.

None is the fastest everywhere. Tensor cores like the channels last, but torch's norms are slow there with one channel a
group (https://github.com/pytorch/pytorch/issues/72341), and how much each weighs differs from one generation of GPUs to
the next. All candidates compute the same, so nothing but time depends on the choice.

Invariant: what is remembered only saves time. A file that is damaged, strange or cannot be written costs a line in the
log, and a GPU that fails at a candidate is not asked for it. Imports torch.
"""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import platformdirs
import torch

from stylecam.architecture import ARCHITECTURES, VARIANTS, parameter_shapes
from stylecam.errors import SinkError
from stylecam.inference import FORMS, Form, build_network, to_network, to_picture
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stylecam.accelerator import Accelerator
    from stylecam.architecture import Architecture, Variant
    from stylecam.network import Norm

__all__ = ["CANDIDATES", "KnownLayout", "fastest_form", "known_layouts", "layouts_path"]

_log = logging.getLogger(__name__)

_ORDERS: Final[tuple[Literal["NCHW", "NHWC"], ...]] = ("NCHW", "NHWC")
_NORMS: Final[tuple[Norm, ...]] = ("instance", "group")

# Without the sub-pixel form: its kernels are worked out from the parameters outside of the recording, which would go on
# with the old ones after another style is copied in. Worked out inside, they would cost some forty orders a frame.
CANDIDATES: Final[dict[str, Form]] = {
    f"{order}, {norm} norm": replace(FORMS["cuda"], norm=norm, channels_last=order == "NHWC")
    for order in _ORDERS
    for norm in _NORMS
}
"""By name, the one that is taken where nothing has been measured first."""

_TRIAL = 480, 640
"""Height and width of the picture that is timed: as cameras give it."""
_BUDGET_S: Final = 0.6
"""No candidate is begun after that, so that the first style is not kept waiting for more than about a second. What is
left is tried at the next start."""
_TIMED_MS: Final = 40.0
_MOST_TIMES: Final = 20
_VERSION: Final = 1
_DTYPES: Final = torch.float16, torch.bfloat16, torch.float32
_KEPT: Final = 30
"""Entries in the file; a new torch, driver library or architecture makes new ones."""


@dataclass(frozen=True, slots=True)
class KnownLayout:
    """What was measured of one network on one make of device."""

    model: str
    """The device's make, with the libraries that count: `Accelerator.model`."""
    variant: Variant
    precision: str
    """``"float16"`` or ``"float32"``."""
    milliseconds: dict[str, float]
    """For a picture of 640×480, by the candidate's name, the fastest first; not all need have been timed yet."""


def layouts_path() -> Path:
    """Where the times are remembered: a file that may be deleted at any time."""
    return platformdirs.user_cache_path("stylecam", appauthor=False) / "layouts.json"


def fastest_form(
    accelerator: Accelerator,
    architecture: Architecture,
    dtype: torch.dtype,
    *,
    path: Path | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Form:
    """The candidate that this make of device runs fastest, as far as it is known; tried now if it is not.

    Takes about a second the first time, nothing later. Give the device nothing else to do meanwhile. Nothing is raised:
    where nothing can be measured it is the first candidate.

    Args:
        accelerator: the device.
        architecture: the network's sizes.
        dtype: its precision.
        path: the file to remember the times in; by default `layouts_path()`.
        clock: seconds.
    """
    path = path or layouts_path()
    key = _key(accelerator.model, architecture, dtype)
    remembered = _read(path)
    times = remembered.pop(key, {})
    untried = [name for name in CANDIDATES if name not in times]
    if untried:
        began = clock()
        for name in untried:
            if clock() - began > _BUDGET_S:
                break
            try:
                times[name] = _milliseconds(accelerator, architecture, dtype, CANDIDATES[name])
            except RuntimeError as error:  # every error of torch's is one
                _log.warning("the layout %s cannot be timed here: %s", name, str(error).strip().splitlines()[:1])
        accelerator.free_unused()
        _log.info("layouts of %s: %s", key, ", ".join(f"{name} {ms:.2f} ms" for name, ms in times.items()))
        _write(path, {**remembered, key: times})
    return CANDIDATES[min(times, key=lambda name: times[name])] if times else next(iter(CANDIDATES.values()))


def known_layouts(path: Path | None = None) -> list[KnownLayout]:
    """What the file tells of this version of torch and of today's networks: all that `fastest_form` would use of it.

    Args:
        path: the file; by default `layouts_path()`. One that is not there or damaged tells nothing.
    """
    found = []
    for key, times in _read(path or layouts_path()).items():
        for variant in VARIANTS:
            for dtype in _DTYPES:
                of_it = _key("", ARCHITECTURES[variant], dtype)
                if times and key.endswith(of_it):
                    in_order = dict(sorted(times.items(), key=lambda timed: timed[1]))
                    precision = str(dtype).removeprefix("torch.")
                    found.append(KnownLayout(key.removesuffix(of_it), variant, precision, in_order))
    return found


def _key(model: str, architecture: Architecture, dtype: torch.dtype) -> str:
    return f"{model}, torch {torch.__version__}, {architecture}, {dtype}"


def _milliseconds(accelerator: Accelerator, architecture: Architecture, dtype: torch.dtype, form: Form) -> float:
    """What a frame takes, recorded as in use."""
    random = np.random.default_rng(0)
    weights = {
        name: 0.05 * random.standard_normal(shape, np.float32) for name, shape in parameter_shapes(architecture).items()
    }
    with accelerator.queue("compute"), torch.inference_mode():
        with torch.inference_mode(False):
            network = build_network(architecture, weights, form=form, dtype=dtype, device=accelerator.device)
        source = torch.zeros(*_TRIAL, 3, dtype=torch.uint8, device=accelerator.device)

        def paint() -> None:
            to_picture(network(to_network(source, form=form, dtype=dtype)))

        replay = accelerator.capture(paint)
        once = accelerator.time(replay, 1)
        return accelerator.time(replay, max(1, min(_MOST_TIMES, int(_TIMED_MS / max(once, 0.01)))))


def _read(path: Path) -> dict[str, dict[str, float]]:
    """Times by candidate, by make of device and network. Whatever is not as it should be is left out."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("the times of layouts in %s cannot be read: %s", path, error)
        return {}
    if not isinstance(held, dict) or held.get("version") != _VERSION or not isinstance(held.get("times"), dict):
        _log.warning("%s holds no times of layouts that this version knows", path)
        return {}
    return {
        key: {name: float(ms) for name, ms in times.items() if name in CANDIDATES and _is_time(ms)}
        for key, times in held["times"].items()
        if isinstance(times, dict)
    }


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _write(path: Path, times: dict[str, dict[str, float]]) -> None:
    latest = dict(list(times.items())[-_KEPT:])
    try:
        write_whole(path, json.dumps({"version": _VERSION, "times": latest}, indent=1).encode())
    except SinkError as error:
        _log.warning("%s; layouts are timed again at the next start", error)
