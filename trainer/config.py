"""TrainConfig: everything that decides what a run computes. It is stored in every checkpoint."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from stylecam.architecture import VARIANTS, Variant
from stylecam.errors import TrainError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["LAYERS", "LONGEST", "Emphasis", "Precision", "Preset", "TrainConfig", "preset_settings", "preset_variants"]

Precision = Literal["float32", "bfloat16"]
Preset = Literal["quick", "standard", "best"]
LAYERS: Final = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
"""The layers of VGG-16 whose Gram matrices make a style, from fine to coarse."""
LONGEST: Final = 4
"""Long side over short side of what is learned of a picture, at most. The trainer scales by the short side: at its
usual 512 pixels, VGG takes 1.1 GB for 4:1, and would take 18 GB for a panorama of 20000×300."""


@dataclass(frozen=True, slots=True)
class Emphasis:
    """What whoever watches a run wants more of, as factors of the configured weights; from a checkpoint on."""

    style: float = 1.0
    content: float = 1.0
    steady: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0.1 <= getattr(self, field.name) <= 10:
                raise ValueError(f"{field.name} must be 0.1 to 10, got {getattr(self, field.name)}")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One network, one painting. Lengths are in pixels, weights are of relative losses (see `perceptual`)."""

    painting: str
    """Path of the style picture."""
    content: str
    """Path of a folder of photographs."""
    variant: Variant = "fast"
    painting_sha256: str = ""
    """Of the painting's file, so that a run never goes on with another picture of the same name."""
    base: str = ""
    """A style file to start from; empty: from noise, by way of `reconstruction_steps`."""

    steps: int = 8000
    batch: int = 1
    crop: int = 256
    painting_size: int = 512
    """The painting's short side: a larger painting has larger strokes, and so has what is painted after it."""
    learning_rate: float = 2e-3
    reconstruction_steps: int = 1500
    """Steps at the start, without a base, that only teach the network to give back its input. Cheap, for VGG is not
    asked; a network that has not learned to see yet falls into hatching and never shows its subject again."""
    style_rise: int = 1000
    """Steps over which the style's weight then rises from nothing, for the same reason; 0: it is there at once."""

    scales: Literal[1, 2] = 2
    """2: style and content of the picture at half its size, and the finest layers on a crop at full size; teaches
    large forms at a third of the cost. 1: everything at full size, as in the paper."""
    content_layer: str = "relu3_3"
    content_weight: float = 1.0
    style_weight: float = 5.0
    """Above 8, a painting of few large forms wins over its subject: rings and hatching everywhere."""
    layer_weights: tuple[float, float, float, float] = (0.5, 1.0, 1.5, 1.5)
    """Of the four style layers, fine to coarse. With two scales, the two fine layers on the crop weigh 0.75 each."""
    color_weight: float = 150.0
    """Of the colours' distance (see `colors`), which is a hundredth or two where the style's loss is a third."""
    tv_weight: float = 0.3
    consistency_weight: float = 20.0
    consistency_start: float = 0.3
    """Share of the steps after which the consistency loss comes in, rising to its weight over a tenth of the run."""
    seed: int = 0
    vgg_precision: Precision = "float32"
    """Of VGG's convolutions; Gram matrices and losses are float32 in any case."""
    network_precision: Precision = "float32"
    """Of the trained network's convolutions (mixed precision: its weights stay float32)."""

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"expected one of {VARIANTS}, got {self.variant = }")
        if self.content_layer not in LAYERS:
            raise ValueError(f"expected one of {LAYERS}, got {self.content_layer = }")
        if self.scales not in (1, 2):
            raise ValueError(f"expected 1 or 2, got {self.scales = }")
        for name in ("vgg_precision", "network_precision"):
            if getattr(self, name) not in get_args(Precision):
                raise ValueError(f"{name} must be float32 or bfloat16, got {getattr(self, name)!r}")
        least = {"steps": 1, "batch": 1, "crop": 64, "painting_size": 64, "reconstruction_steps": 0, "style_rise": 0}
        for name, limit in {**least, "seed": 0}.items():
            if getattr(self, name) < limit:
                raise ValueError(f"{name} must be at least {limit}, got {getattr(self, name)}")
        for name in ("learning_rate", "content_weight", "style_weight"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("color_weight", "tv_weight", "consistency_weight", "consistency_start"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be 0 or above, got {getattr(self, name)}")
        if not (all(0 <= weight < math.inf for weight in self.layer_weights) and any(self.layer_weights)):
            raise ValueError(f"layer_weights must be 0 or above and not all 0, got {self.layer_weights}")
        if self.first_painted_step >= self.steps:
            raise ValueError(
                f"the first {self.reconstruction_steps} steps (reconstruction_steps) do not paint yet, "
                f"so steps must be above that, got {self.steps}"
            )

    @property
    def first_painted_step(self) -> int:
        """Where style begins to count: a base can see already, and need not learn to give back its input."""
        return 0 if self.base else self.reconstruction_steps

    def with_emphasis(self, emphasis: Emphasis) -> TrainConfig:
        """What a step minimises under this emphasis. The run's own configuration is another matter and stays."""
        return replace(
            self,
            style_weight=self.style_weight * emphasis.style,
            color_weight=self.color_weight * emphasis.style,
            content_weight=self.content_weight * emphasis.content,
            consistency_weight=self.consistency_weight * emphasis.steady,
        )

    def check_goes_on(self, now: TrainConfig, run: Path) -> None:
        """A run goes on with the settings it began with; only its length may change, and where its pictures lie.

        Raises:
            TrainError: others have changed; names them.
        """
        changed = [
            f"{field.name} was {getattr(self, field.name)!r}, now {getattr(now, field.name)!r}"
            for field in fields(now)
            if field.name not in ("steps", "painting", "content", "base")
            and getattr(self, field.name) != getattr(now, field.name)
        ]
        if changed:
            raise TrainError(
                f"the run in {run} was begun with other settings ({'; '.join(changed)}): "
                "give those again, or begin a new run in another folder with --run"
            )

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
            values.setdefault("color_weight", 0.0)  # runs begun before there was one go on as they began
            values["layer_weights"] = tuple(values["layer_weights"])
            return cls(**{name: value for name, value in values.items() if name in known})
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            raise TrainError(f"the checkpoint's settings cannot be read ({exc}): start a new run") from exc


# From a base, a network can see and paint already, and only learns other strokes: a third of the steps, and style from
# the start: while its weight rose over 150 steps, content alone was learned at first, and what the base had in strokes
# and colours went (style loss 0.38, 0.43 at step 20; without, 0.38). From noise it has to learn to see first.
_FROM_BASE: Final[Mapping[str, Mapping[str, Any]]] = {
    "quick": {"steps": 1500, "crop": 224, "learning_rate": 1.5e-3, "style_rise": 0},
    "standard": {"steps": 5000, "learning_rate": 1.5e-3, "style_rise": 0},
    "best": {"steps": 12_000, "batch": 2, "learning_rate": 1.5e-3, "style_rise": 0},
}
_FROM_NOISE: Final[Mapping[str, Mapping[str, Any]]] = {
    "quick": {"steps": 3000, "crop": 224, "reconstruction_steps": 800, "style_rise": 400},
    "standard": {"steps": 9000},
    "best": {"steps": 20_000, "batch": 2},
}


def preset_settings(preset: Preset, *, from_base: bool) -> dict[str, Any]:
    """Fields of `TrainConfig` that a preset sets, for a run from a style's weights or from noise."""
    return dict((_FROM_BASE if from_base else _FROM_NOISE)[preset])


def preset_variants(preset: Preset) -> tuple[Variant, ...]:
    """The networks that a preset trains, in this order."""
    return ("fast", "full") if preset == "best" else ("fast",)
