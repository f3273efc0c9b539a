"""Losses as TensorBoard draws them, for who watches many runs at once; needs its package, which nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stylecam.errors import TrainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["tensorboard_listener"]

_GROUPS: Final = {"step": "training", "held_out": "held out", "report": "report"}
_NO_FIGURES: Final = {"time", "step", "steps", "network", "networks"}


def tensorboard_listener(folder: Path) -> Callable[[dict[str, Any]], None]:
    """Something for `EventLog.listener` that writes a run's figures into this folder.

    Raises:
        TrainError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as exc:
        raise TrainError(
            f'TensorBoard cannot be used ({exc}): python -m pip install "stylecam[tensorboard]", '
            "or leave out --tensorboard"
        ) from exc
    writer = SummaryWriter(str(folder))

    def listen(event: dict[str, Any]) -> None:
        group = _GROUPS.get(event["event"])
        if group is None:
            return
        for name, value in event.items():
            if isinstance(value, int | float) and name not in _NO_FIGURES:
                writer.add_scalar(f"{group}/{event.get('variant', '')} {name}", value, event.get("step"), event["time"])
        writer.flush()

    return listen
