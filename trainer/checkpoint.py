"""Checkpoints: all that a run needs to go on exactly. Tensors and JSON in one safetensors file; nothing is unpickled.

Written beside, synced, then moved into place: a kill at any moment leaves the newest whole checkpoint readable.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from stylecam.errors import DiskFullError, SinkError, TrainError
from stylecam.wholefile import write_whole
from trainer.config import Emphasis, TrainConfig

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

__all__ = ["Checkpoint", "drop_torn", "latest_checkpoint", "read_checkpoint", "write_checkpoint"]

_KEPT = 2


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after `step` steps."""

    step: int
    config: TrainConfig
    rate_factor: float
    """What the learning rate has been multiplied with after roll-backs."""
    seconds: float
    """Spent training so far."""
    emphasis: Emphasis
    """In force from this step on."""
    photographs: str
    """Fingerprint of the photographs learned on."""
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    """The moving average of the weights: what a style is made of."""
    first_moment: dict[str, Tensor]
    second_moment: dict[str, Tensor]


_GROUPS = ("network", "average", "first_moment", "second_moment")


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write `checkpoint-<step>.safetensors` and drop all but the newest two.

    Raises:
        TrainError: it cannot be written; the earlier checkpoints stay.
    """
    path = folder / f"checkpoint-{checkpoint.step:07d}.safetensors"
    tensors = {
        f"{group}.{name}": tensor.detach().cpu().contiguous()
        for group in _GROUPS
        for name, tensor in getattr(checkpoint, group).items()
    }
    header = {
        "step": checkpoint.step,
        "rate_factor": checkpoint.rate_factor,
        "seconds": checkpoint.seconds,
        "emphasis": asdict(checkpoint.emphasis),
        "photographs": checkpoint.photographs,
        "config": checkpoint.config.to_json(),
    }
    try:
        write_whole(path, save(tensors, {"run": json.dumps(header)}))
    except SinkError as exc:
        remedy = ": free some room and resume" if isinstance(exc, DiskFullError) else ""
        raise TrainError(
            f"the checkpoint cannot be written to {folder} ({exc}); the one before it is kept{remedy}"
        ) from exc
    # By age, not by step: the one just written stays, whatever else lies here.
    for old in sorted(_checkpoints(folder), key=lambda file: file.stat().st_mtime_ns)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        TrainError: the file is damaged or no checkpoint.
    """
    groups: dict[str, dict[str, Tensor]] = {group: {} for group in _GROUPS}
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["run"])
            for key in file.keys():  # noqa: SIM118 - no mapping
                group, _, name = key.partition(".")
                groups[group][name] = file.get_tensor(key)
        return Checkpoint(
            step=int(header["step"]),
            config=TrainConfig.from_json(header["config"]),
            rate_factor=float(header["rate_factor"]),
            seconds=float(header["seconds"]),
            emphasis=Emphasis(**header.get("emphasis", {})),
            photographs=str(header["photographs"]),
            **groups,
        )
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as exc:
        raise TrainError(f"{path} is not a readable checkpoint ({exc})") from exc


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest readable checkpoint of a run's folder; a torn one is passed over.

    Raises:
        TrainError: there are checkpoints, but none can be read: a run must not begin again in silence.
    """
    problems = []
    for path in reversed(_checkpoints(folder)):
        try:
            return read_checkpoint(path)
        except TrainError as exc:
            problems.append(str(exc))
    if problems:
        raise TrainError(f"{problems[0]}; move the files in {folder} away to begin again, or name another --run")
    return None


def drop_torn(folder: Path) -> None:
    """Remove what saves that were killed left behind; only for the process that holds the run."""
    for part in folder.glob(".checkpoint-*.part"):
        with contextlib.suppress(OSError):  # it takes room, and does no other harm
            part.unlink()


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*.safetensors"))
