"""What a run shows to whoever watches: pictures every few seconds, a style to try with each, figures now and then.

Nothing here changes what is trained: a run that nobody watches gives the same weights.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PilImage

from stylecam.errors import StylecamError
from stylecam.styles import write_style
from trainer.content import load_picture
from trainer.measure import measure_held_out, paint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from stylecam.frame import Image
    from stylecam.network import TransformerNet
    from stylecam.styles import Style
    from trainer.config import TrainConfig
    from trainer.events import EventLog
    from trainer.perceptual import StyleTarget, Vgg16
    from trainer.state import State

__all__ = ["Watching", "write_trial"]

_FIRST_STEP: Final = 5
"""The first preview comes after so many steps: seconds, even where a step is slow."""
_EVERY_S: Final = 20.0
_EVERY_SHARE: Final = 0.1
"""Of the time since the start: previews grow rarer, so that a night of training leaves about a hundred."""
_HELD_OUT: Final = 2
"""Photographs that checkpoints are judged on: two tell the way, a second each; a style's report takes all."""
_HEIGHT, _WIDTH = 256, 384


@dataclass
class Watching:
    """Of one network's run."""

    run: Path
    config: TrainConfig
    events: EventLog
    title: str = ""
    _next: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def look(self, state: State, photographs: Sequence[Path], device: str) -> None:
        """A preview, if it is time for one."""
        now = time.monotonic()
        if state.step < _FIRST_STEP or now < self._next:
            return
        self._next = now + max(_EVERY_S, _EVERY_SHARE * (now - self._began))
        self.preview(state, photographs, device)

    def preview(self, state: State, photographs: Sequence[Path], device: str) -> None:
        """Paint the first photographs, and the watcher's own picture if there is one; write them, and the style."""
        network = state.averaged_network()
        stem = f"{self.config.variant}-{state.step:07d}"
        try:
            sources = [_fitted(load_picture(path, short_side=_HEIGHT)) for path in photographs[:2]]
            sources += self._still()
            folder = _made(self.run / "previews")
            _save(folder / "source.jpg", sources)
            path = _save(folder / f"{stem}.jpg", [paint(network, image, device=device) for image in sources])
            style = write_trial(self.run, self.config, state.step, state.average, self.title).path
        except (OSError, StylecamError) as exc:  # a full disk, weights that overflow: the run is worth more than this
            self.events.emit("notice", text=f"the preview of step {state.step} could not be made ({exc})")
        else:
            where = {"path": str(path), "style": str(style)}
            self.events.emit("preview", variant=self.config.variant, step=state.step, **where)

    def judge(self, state: State, vgg: Vgg16, target: StyleTarget, held_out: Sequence[Path], device: str) -> None:
        """Figures of the averaged weights, on photographs that are kept back."""
        network: TransformerNet = state.averaged_network()
        try:
            figures = measure_held_out(network, vgg, target, held_out[:_HELD_OUT], device=device)
        except StylecamError as exc:  # a photograph that has gone
            self.events.emit("notice", text=f"step {state.step} could not be judged ({exc})")
            return
        if not math.isfinite(figures.content + figures.style + figures.flicker):
            self.events.emit("notice", text=f"at step {state.step}, the averaged weights paint what is not finite")
            return
        self.events.emit(
            "held_out",
            variant=self.config.variant,
            step=state.step,
            content=figures.content,
            style=figures.style,
            flicker=figures.flicker,
        )

    def _still(self) -> list[Image]:
        path = self.run / "still.jpg"
        try:
            return [_fitted(load_picture(path, short_side=_HEIGHT))] if path.exists() else []
        except StylecamError:  # it is being replaced, or is none
            return []


def write_trial(run: Path, config: TrainConfig, step: int, average: Mapping[str, Tensor], title: str = "") -> Style:
    """Write the averaged weights of a step as a style file that can be tried, and made a style of.

    Raises:
        StyleFormatError: weights that are not finite in half precision.
        SinkError: the file cannot be written.
    """
    path = _made(run / "trials") / f"{config.variant}-{step:07d}.safetensors"
    halves = {name: tensor.half().cpu().numpy() for name, tensor in average.items()}
    return write_style(path, weights={config.variant: halves}, title=f"{title[:80] or 'Trial'}, step {step}")


def _fitted(image: Image) -> Image:
    left = max(0, (image.shape[1] - _WIDTH) // 2)
    return np.ascontiguousarray(image[:_HEIGHT, left : left + _WIDTH])


def _save(path: Path, images: Sequence[Image]) -> Path:
    part = path.with_suffix(".part")
    PilImage.fromarray(np.concatenate(images, axis=1)).save(part, "JPEG", quality=90)
    return part.replace(path)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
