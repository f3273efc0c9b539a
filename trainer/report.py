"""The report on a style: what each of its networks paints, how steadily, how fast, and what half precision costs it.

Measured are the weights as the file stores them. No figure is ever infinite or NaN: one that cannot be had is None, so
that every report is plain JSON.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F

from stylecam.architecture import ARCHITECTURES
from stylecam.bundled import bundled_path
from stylecam.devices import choose_device
from stylecam.errors import StyleError, TrainError
from stylecam.inference import FORMS, build_network, to_network
from stylecam.styles import read_style
from stylecam.stylizer import Stylizer
from trainer.content import ContentImages, find_images, load_picture, to_tensor
from trainer.measure import content_error, load_measured, pan_flicker, spread, still_flicker, style_error
from trainer.perceptual import Vgg16, style_target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stylecam.architecture import Variant
    from stylecam.devices import Device
    from stylecam.frame import Image
    from stylecam.network import TransformerNet
    from stylecam.styles import Style
    from trainer.perceptual import StyleTarget

__all__ = ["Report", "report", "report_main"]

_SIZE: Final = 640, 480
_WARM_UPS: Final = 2
_RUNS: Final = 9
_HALF_SIDE: Final = 96
"""Short side of the picture for half precision: a processor without float16 arithmetic takes ten times longer."""
_FLICKER_PHOTOGRAPHS: Final = 2
_PHOTOGRAPHS: Final = 8
_SETTINGS: Final[dict[str, tuple[int, int, int]]] = {
    "crop": (64, 2048, 256),
    "painting_size": (64, 2048, 512),
    "seed": (0, 2**32, 0),
}
"""Of a training: least, most (a stranger's file must not have us fill the memory), and the trainer's own choice."""


@dataclass(frozen=True, slots=True)
class Report:
    """One network's figures; None where one cannot be had."""

    variant: Variant
    content: float | None
    """As in `trainer.measure.HeldOut`; None without VGG."""
    style: float | None
    """As in `trainer.measure.HeldOut`; None without VGG or painting."""
    flicker: float | None
    """`trainer.measure.still_flicker`, over the first two photographs."""
    pan_flicker: float | None
    """`trainer.measure.pan_flicker`, over the first two photographs."""
    half_db: float | None
    """Peak signal to noise, in decibels, of float16 against float32; None where float16 overflows."""
    milliseconds: float | None
    """Median time of one picture of 640×480, as `stylecam.Stylizer` paints it on the device asked for."""
    spread: float
    """`trainer.measure.spread`, over all photographs; 0 as well where a painting is not finite."""

    def to_json(self) -> str:
        """One line, with as many digits as mean something."""
        digits = {"half_db": 1, "milliseconds": 1}
        figures = {
            name: round(value, digits.get(name, 4)) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        return json.dumps(figures, allow_nan=False)


def report(
    style: Style,
    variant: Variant,
    *,
    vgg: Vgg16 | None,
    target: StyleTarget | None,
    photographs: Sequence[Path],
    device: str = "cpu",
    check: Callable[[], None] = lambda: None,
    on_progress: Callable[[int, int], None] = lambda number, count: None,
) -> Report:
    """Measure one network of a style. Some seconds for `fast` on a CPU, half a minute for `full`.

    Args:
        style: which holds `variant`.
        variant: the network.
        vgg: on the device; without it there are no losses.
        target: of the painting, on the device; without it there is no style loss.
        photographs: at least one; best those that no training has seen.
        device: for `stylecam.devices.choose_device`.
        check: called before each photograph and each further part; what it raises ends the measuring.
        on_progress: told before each photograph which it is, from 1, and of how many.

    Raises:
        StyleFormatError: the style has no such network, or its file is damaged.
        SourceOpenError: a photograph cannot be read.
        DeviceError: the device cannot be had, or failed.
    """
    if not photographs:
        raise ValueError("expected at least one photograph")
    place = choose_device(device)
    network = _network(style, variant, place)
    content: list[float] = []
    painted_style: list[float] = []
    still: list[float] = []
    pan: list[float] = []
    spreads: list[float] = []
    with torch.inference_mode():
        for number, path in enumerate(photographs, 1):
            check()
            on_progress(number, len(photographs))
            x = load_measured(path, device=place.label)
            y = network(x).float()
            if not bool(y.isfinite().all()):
                return Report(variant, None, None, None, None, None, None, 0.0)
            y = y.clamp(0, 255)
            spreads.append(spread(y))
            if vgg is not None:
                features = vgg(y)
                content.append(content_error(vgg, features, x))
                if target is not None:
                    painted_style.append(style_error(features, target))
            if len(still) < _FLICKER_PHOTOGRAPHS:
                still.append(still_flicker(network, x))
                pan.append(pan_flicker(network, x))
    check()
    return Report(
        variant,
        content=_mean(content),
        style=_mean(painted_style),
        flicker=_mean(still),
        pan_flicker=_mean(pan),
        half_db=_half_db(style, variant, load_picture(photographs[0], short_side=_HALF_SIDE), place),
        milliseconds=_milliseconds(style, variant, photographs[0], place),
        spread=statistics.fmean(spreads),
    )


def report_main(style_path: Path, painting: Path | None, content_folder: Path | None, device: str) -> None:
    """Print one line of JSON for each network of a style: `Report`'s fields.

    Args:
        style_path: the style's file.
        painting: what it was made from, for the style loss; scaled as in the training, where the style's record says
            how.
        content_folder: photographs to measure on: those that a training with this folder holds out, or, where it is too
            small a folder to train on, its first eight pictures. None: the bundled picture.
        device: for `stylecam.devices.choose_device`.

    Raises:
        StyleFormatError, SourceOpenError, TrainError, DeviceError: one of these cannot be used; says why.
    """
    style = read_style(style_path)
    place = choose_device(device)
    vgg = Vgg16().to(place.label)
    for variant in style.variants:
        target = None
        if painting is not None:
            picture = load_picture(painting, short_side=_trained_with(style, variant, "painting_size"))
            target = style_target(vgg, to_tensor(picture).to(place.label))
        measured = report(
            style,
            variant,
            vgg=vgg,
            target=target,
            photographs=_photographs(content_folder, style, variant),
            device=place.label,
        )
        sys.stdout.write(measured.to_json() + "\n")
        sys.stdout.flush()


def _network(style: Style, variant: Variant, device: Device) -> TransformerNet:
    """For pictures of 0–255, as the trainer's figures are measured."""
    form = replace(FORMS[device.kind], centred=False)
    place = torch.device(device.label)
    return build_network(ARCHITECTURES[variant], style.weights(variant), form=form, dtype=torch.float32, device=place)


def _trained_with(style: Style, variant: Variant, setting: str) -> int:
    """A setting of the training, if the style's record tells one that makes sense, else the trainer's own choice."""
    least, most, usual = _SETTINGS[setting]
    record = style.record.get(variant)
    settings = record.get("settings") if isinstance(record, dict) else None
    value = settings.get(setting) if isinstance(settings, dict) else None
    return value if isinstance(value, int) and least <= value <= most else usual


def _photographs(folder: Path | None, style: Style, variant: Variant) -> list[Path]:
    if folder is None:
        return [bundled_path("demo.jpg")]
    crop, seed = _trained_with(style, variant, "crop"), _trained_with(style, variant, "seed")
    try:
        return ContentImages(folder, crop, 1, seed).held_out
    except TrainError:  # few pictures, or small ones: no training has seen them
        return find_images(folder)[:_PHOTOGRAPHS]


def _mean(values: Sequence[float]) -> float | None:
    if not values:
        return None
    mean = statistics.fmean(values)
    return mean if math.isfinite(mean) else None


@torch.inference_mode()
def _half_db(style: Style, variant: Variant, picture: Image, device: Device) -> float | None:
    """As a GPU computes it: in its form, and on a CPU, too, in float16."""
    form = FORMS["cuda" if device.kind == "cpu" else device.kind]
    place = torch.device(device.label)
    pixels = torch.from_numpy(picture).to(place)
    outputs = []
    # cuDNN's float32 would else be rounded to about half precision, too.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        for dtype in (torch.float16, torch.float32):
            network: TransformerNet = build_network(
                ARCHITECTURES[variant], style.weights(variant), form=form, dtype=dtype, device=place
            )
            outputs.append(network(to_network(pixels, form=form, dtype=dtype)).float())
    if not all(bool(y.isfinite().all()) for y in outputs):
        return None
    half, exact = (y.clamp(0, 255) for y in outputs)
    return 10 * math.log10(255**2 / max(F.mse_loss(half, exact).item(), 1e-9))


def _milliseconds(style: Style, variant: Variant, photograph: Path, device: Device) -> float | None:
    width, height = _SIZE
    picture = load_picture(photograph, short_side=max(_SIZE))[:height, :width]
    try:
        stylizer = Stylizer(style, device=device, quality=variant)
        times = []
        for _ in range(_WARM_UPS + _RUNS):
            began = time.perf_counter()
            stylizer(picture)
            times.append(time.perf_counter() - began)
    except StyleError:  # paints what is not finite
        return None
    return 1000 * statistics.median(times[_WARM_UPS:])
