"""TrainConfig: everything that decides what a run computes. It is stored in every checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from stylecam.architecture import VARIANTS, Variant
from stylecam.errors import TrainError
from trainer.perceptual import LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PRESETS", "Preset", "TrainConfig"]

Preset = Literal["quick", "standard", "best"]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One network, one painting. Lengths are in pixels, weights are of relative losses (see `perceptual`)."""

    painting: str
    """Path of the style picture."""
    content: str
    """Path of a folder of photographs."""
    variant: Variant = "fast"
    base: str = ""
    """A style file to start from; empty: from noise, by way of `reconstruction_steps`."""

    steps: int = 6000
    batch: int = 1
    crop: int = 256
    painting_size: int = 512
    """The painting's short side: larger gives finer strokes."""
    learning_rate: float = 2e-3
    reconstruction_steps: int = 1500
    """Steps at the start, without a base, that only teach the network to give back its input. Cheap, for VGG is not
    asked; a network that has not learned to see yet falls into hatching and never shows its subject again."""
    style_rise: int = 1000
    """Steps over which the style's weight then rises from nothing, for the same reason."""

    scales: Literal[1, 2] = 2
    """2: style and content of the picture at half its size, and the finest layers on a crop at full size; teaches
    large forms at a third of the cost. 1: everything at full size, as in the paper."""
    content_layer: str = "relu3_3"
    content_weight: float = 1.0
    style_weight: float = 8.0
    layer_weights: tuple[float, float, float, float] = (0.5, 1.0, 1.5, 1.5)
    """Of the four style layers, fine to coarse."""
    tv_weight: float = 0.3
    consistency_weight: float = 20.0
    consistency_start: float = 0.5
    """Share of the steps after which the consistency loss comes in, rising to its weight over a tenth of the run."""
    seed: int = 0
    vgg_precision: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"expected one of {VARIANTS}, got {self.variant = }")
        if self.content_layer not in LAYERS:
            raise ValueError(f"expected one of {LAYERS}, got {self.content_layer = }")
        if self.scales not in (1, 2):
            raise ValueError(f"expected 1 or 2, got {self.scales = }")
        for name, least in (("steps", 1), ("batch", 1), ("crop", 64), ("painting_size", 64)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        for name in ("learning_rate", "content_weight", "style_weight"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TrainConfig:
        """The configuration that `to_json` wrote.

        Raises:
            TrainError: the text is of another version, or damaged.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            known = {field.name for field in fields(cls)}
            values["layer_weights"] = tuple(values["layer_weights"])
            return cls(**{name: value for name, value in values.items() if name in known})
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            raise TrainError(f"the checkpoint's settings cannot be read ({exc}): start a new run") from exc

    def with_preset(self, preset: Preset) -> TrainConfig:
        """The same run at another length."""
        if preset not in get_args(Preset):
            raise ValueError(f"expected one of {get_args(Preset)}, got {preset = }")
        return replace(self, **PRESETS[preset])


PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "quick": {"steps": 3000, "crop": 224, "reconstruction_steps": 800, "style_rise": 400},
    "standard": {"steps": 8000},
    "best": {"steps": 20_000, "batch": 2},
}
