"""What makes a short training good: ways to begin and to go about it, each given the same seconds of one core.

    python scripts/quick_ways.py painting.png --seconds 60 --ways "candy; noise; growing"
    python scripts/quick_ways.py painting.png --seconds 60 120 300 600 --ways "nearest; noise" --pictures /tmp/pictures

Each way trains the `fast` network on the bundled photographs with its whole schedule squeezed into the budget, and is
judged by the averaged weights on photographs that are kept back. docs/quick-training.md has a table.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stylecam.environment import set_environment

set_environment()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from PIL import Image as PilImage  # noqa: E402

from stylecam.architecture import ARCHITECTURES  # noqa: E402
from stylecam.bundled import bundled_path  # noqa: E402
from stylecam.network import TransformerNet  # noqa: E402
from stylecam.styles import StyleLibrary  # noqa: E402
from trainer.config import TrainConfig  # noqa: E402
from trainer.content import ContentImages, load_picture, to_tensor  # noqa: E402
from trainer.measure import measure_held_out, paint  # noqa: E402
from trainer.objective import step_losses  # noqa: E402
from trainer.perceptual import StyleTarget, Vgg16, style_target  # noqa: E402
from trainer.state import State, fresh_checkpoint  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTINGS: Final = {"crop": 224, "learning_rate": 1.5e-3, "style_weight": 5.0, "vgg_precision": "bfloat16"}
_BASES: Final = ("candy", "composition_vii", "starry_night", "the_scream", "udnie")


@dataclass(frozen=True)
class Way:
    """One way; shares are of the steps."""

    base: str = "candy"
    """A bundled style, "noise", "average" (of five styles) or "identity" (noise that learned to copy its input)."""
    crops: tuple[tuple[float, int], ...] = ((0.0, 224),)
    """From which share on which crop."""
    shallow: float = 0.0
    """Until which share VGG is asked up to relu3_3 only."""
    consistency: float = 0.3
    affine: float = 0.0
    """Until which share only the norms' weights and biases move."""
    teacher: str = ""
    """A bundled style whose `full` network is copied, without VGG."""


_GROWING: Final = ((0.0, 128), (0.4, 176), (0.7, 224))
WAYS: Final[dict[str, Way]] = {
    "noise": Way("noise"),
    "identity": Way("identity"),
    "candy": Way(),
    "nearest": Way("composition_vii"),
    "average": Way("average"),
    "growing": Way(crops=_GROWING),
    "growing, to 192": Way(crops=((0.0, 128), (0.4, 160), (0.7, 192))),
    "crop 160": Way(crops=((0.0, 160),)),
    "shallow": Way(shallow=0.4),
    "affine first": Way(affine=0.2),
    "consistency from 0": Way(consistency=0.0),
    "consistency from 0.6": Way(consistency=0.6),
    "copying full": Way(teacher="woodcut"),
    "noise, growing": Way("noise", crops=_GROWING),
    "nearest, growing": Way("composition_vii", crops=_GROWING),
}


@dataclass
class _Lab:
    painting: Path
    photographs: Path
    vgg: Vgg16
    target: StyleTarget
    judged: list[Path]


def _weights(name: str) -> dict[str, torch.Tensor]:
    return {k: torch.from_numpy(w).float() for k, w in StyleLibrary()[name].weights("fast").items()}


def _begin(way: Way, lab: _Lab, config: TrainConfig) -> State:
    checkpoint = fresh_checkpoint(replace(config, base=""), "")
    if way.base == "average":
        every = [_weights(name) for name in _BASES]
        weights = {key: torch.stack([w[key] for w in every]).mean(0) for key in every[0]}
    elif way.base in ("noise", "identity"):
        weights = checkpoint.network
    else:
        weights = _weights(way.base)
    return State.begin(replace(checkpoint, config=config, network=weights, average=weights), "cpu")


def _step(way: Way, lab: _Lab, state: State, config: TrainConfig, photographs: dict[int, ContentImages]) -> None:
    share = state.step / config.steps
    crop = [size for start, size in way.crops if start <= share][-1]
    config = replace(config, crop=crop)
    if way.shallow > share:
        config = replace(config, layer_weights=(*config.layer_weights[:3], 0.0))
    vgg: Callable[..., dict[str, torch.Tensor]] = lab.vgg
    if way.shallow > share:

        def vgg(x: torch.Tensor, last: str = "relu3_3") -> dict[str, torch.Tensor]:
            return lab.vgg(x, last)

    state.network.requires_grad_(True)
    if way.affine > share:
        for module in state.network.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.requires_grad_(False)
    state.optimiser.zero_grad(set_to_none=True)
    if way.teacher:
        views, _ = photographs[crop].batch_at(state.step)
        x = views[:1].contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            wanted = _teacher(way.teacher)(x)
        painted = state.network(x)
        total = (painted - wanted).abs().mean() / 255 + (F.avg_pool2d(painted - wanted, 4)).abs().mean() / 255
    else:
        total = step_losses(state.network, vgg, lab.target, photographs[crop], config, state.step, "cpu").total
    total.backward()
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 10.0)
    rise = min(1.0, (state.step + 1) / 50)
    state.advance(config.learning_rate * rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share))))


_teachers: dict[str, TransformerNet] = {}


def _teacher(name: str) -> TransformerNet:
    if name not in _teachers:
        network = TransformerNet(ARCHITECTURES["full"], norm="group", subpixel=True)
        weights = StyleLibrary()[name].weights("full")
        network.load_state_dict({k: torch.from_numpy(w).float() for k, w in weights.items()})
        _teachers[name] = network.to(memory_format=torch.channels_last).eval()
    return _teachers[name]


def _config(way: Way, lab: _Lab, steps: int) -> TrainConfig:
    learns = {"noise": min(800, steps // 4), "identity": min(400, steps // 4)}.get(way.base, 0)
    return TrainConfig(
        str(lab.painting),
        str(lab.photographs),
        base="" if learns else way.base,
        steps=steps,
        reconstruction_steps=learns,
        style_rise=min(150, steps // 10) if not learns else min(400, steps // 6),
        consistency_start=way.consistency,
        **_SETTINGS,  # type: ignore[arg-type]
    )


def _pace(way: Way, lab: _Lab, photographs: dict[int, ContentImages]) -> float:
    """Seconds a step takes on the whole, by a few of each kind."""
    config = _config(way, lab, 1000)
    state = _begin(way, lab, config)
    total, marks = 0.0, [0.02, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]
    for mark in marks:
        state.step = int(mark * 1000)
        _step(way, lab, state, config, photographs)
        state.step = int(mark * 1000)
        began = time.process_time()
        _step(way, lab, state, config, photographs)
        total += time.process_time() - began
    return total / len(marks)


def run(name: str, lab: _Lab, marks: list[float], pictures: Path | None) -> None:
    """Train one way until the last mark, in seconds of this core; a line of figures at each mark."""
    way = WAYS[name]
    photographs = {c: ContentImages(lab.photographs, c, 1, 0) for _, c in way.crops}
    steps = max(20, round(marks[-1] / _pace(way, lab, photographs)))
    config = _config(way, lab, steps)
    state = _begin(way, lab, config)
    waiting, spent = marks[:-1], 0.0
    while state.step < steps:
        began = time.process_time()
        _step(way, lab, state, config, photographs)
        spent += time.process_time() - began
        if state.step == steps or (waiting and spent >= waiting[0]):
            waiting = waiting[1:]
            network = state.averaged_network()
            figures = measure_held_out(network, lab.vgg, lab.target, lab.judged)
            told = f"{figures.content:.2f} | {figures.style:.3f} | {figures.flicker:.2f}"
            print(f"| {name} | {state.step} | {spent:.0f} | {told} |", flush=True)
            if pictures:
                image = paint(network, load_picture(lab.judged[-1], short_side=320))
                PilImage.fromarray(image).save(pictures / f"{name.replace(' ', '_')}-{spent:03.0f}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("painting", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0], help="budget; before it, marks to judge at")
    parser.add_argument("--ways", default=";".join(WAYS), help="which, with semicolons between")
    parser.add_argument("--pictures", type=Path, help="folder for what each way paints at its end")
    options = parser.parse_args()
    torch.set_num_threads(1)
    vgg = Vgg16()
    target = style_target(vgg, to_tensor(load_picture(options.painting, short_side=512)))
    content = bundled_path("content")
    judged = [*ContentImages(content, 224, 1, 0).held_out, bundled_path("demo.jpg")]
    lab = _Lab(options.painting, content, vgg, target, judged)
    print("| way | steps | seconds of one core | content | style | flicker |\n|---|---:|---:|---:|---:|---:|")
    for name in options.ways.split(";"):
        run(name.strip(), lab, sorted(options.seconds), options.pictures)


if __name__ == "__main__":
    main()
