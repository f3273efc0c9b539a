"""From a network's averaged weights to a style file: judged, with a thumbnail and the record of how it came about."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from stylecam.architecture import ARCHITECTURES
from stylecam.bundled import bundled_path
from stylecam.errors import SinkError, StyleError, TrainError
from stylecam.inference import FORMS, build_network
from stylecam.runcontrol import finite, read_object
from stylecam.styles import read_style, write_style
from stylecam.wholefile import write_whole
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.measure import paint
from trainer.perceptual import style_target
from trainer.report import Report, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stylecam.architecture import Variant
    from stylecam.frame import Image
    from stylecam.network import TransformerNet
    from stylecam.styles import Style
    from trainer.config import TrainConfig
    from trainer.events import EventLog
    from trainer.perceptual import Vgg16
    from trainer.request import Texts

__all__ = ["export_style", "root_base"]

_THUMBNAIL = 192
_LEAST_SPREAD = 0.02
"""Of the values within a painting: a photograph has about 0.2. Below, what was painted is one even colour."""


def export_style(
    trial: Style,
    config: TrainConfig,
    target: Path,
    events: EventLog,
    *,
    step: int,
    seconds: float,
    texts: Texts,
    vgg: Vgg16,
    device: str = "cpu",
    picture: str = "",
    figures_file: Path | None = None,
    check: Callable[[], None] = lambda: None,
) -> Style:
    """Write the style file `target` (`<name>.safetensors`) from the weights that a run came to.

    Where a style made from the same painting stands there already, its other network, and texts that are not given,
    are kept from it. The events `measuring`, `report` and `exported` tell how far it is, and what came out.

    Args:
        trial: the weights, as previews hold them.
        config: of the network's run.
        target: where the style goes.
        events: told what came out.
        step: after so many steps.
        seconds: which took so long.
        texts: what the style says about itself.
        vgg: to judge with.
        device: torch's name of where to judge.
        picture: name of the painting's file, before a run copied it.
        figures_file: where what is measured is kept. If it holds the figures of the same weights on the same device,
            nothing is measured again: that takes some seconds for `fast` and half a minute for `full` on a CPU.
        check: called every few seconds, and for the last time right before the style is written; what it raises ends
            this, and the style folder is as it was.

    Raises:
        TrainError: the network paints non-finite pictures, or one even colour.
        StyleError: the name is unfit, or the file cannot be written.
    """
    painting = Path(config.painting)
    key = _key(trial, config.variant, device)
    known = _read_figures(figures_file, key, config.variant)
    if known is None:
        figures, photographs = _measure(trial, config, vgg, device, events, check)
        _write_figures(figures_file, key, figures, photographs)
    else:
        figures, photographs = known
    _refuse_useless(figures)

    earlier = _earlier(target, config.painting_sha256)
    weights: dict[Variant, dict[str, NDArray[np.float16]]] = {config.variant: trial.weights(config.variant)}
    record: dict[str, object] = {config.variant: _record(config, figures, step, seconds, photographs)}
    thumbnail = earlier.thumbnail if earlier else None
    for variant in earlier.variants if earlier else ():
        if earlier and variant != config.variant:
            weights[variant] = earlier.weights(variant)
            record[variant] = earlier.record.get(variant)
    if thumbnail is None or config.variant == "full" or earlier is None or "full" not in earlier.variants:
        thumbnail = _thumbnail(weights[config.variant], config.variant, painting)
    check()
    style = write_style(
        target,
        weights=weights,
        title=texts.title or (earlier.title if earlier else target.stem.replace("_", " ").replace("-", " ").title()),
        author=texts.author or (earlier.author if earlier else ""),
        licence=texts.licence or (earlier.licence if earlier else ""),
        origin=texts.origin or (earlier.origin if earlier else picture or painting.name),
        origin_sha256=config.painting_sha256,
        base=root_base(config) or (earlier.base if earlier else ""),
        record=record,
        thumbnail=thumbnail,
    )
    events.emit("report", **asdict(figures))
    events.emit("exported", variant=config.variant, step=step, seconds=round(seconds), path=str(style.path))
    return style


def root_base(config: TrainConfig) -> str:
    """Name of the style from which all began: styles of one root can be mixed, however many lie between."""
    if not config.base:
        return ""
    try:
        return read_style(Path(config.base)).base or Path(config.base).stem
    except StyleError:  # it has gone since the run began
        return Path(config.base).stem


def _measure(
    trial: Style, config: TrainConfig, vgg: Vgg16, device: str, events: EventLog, check: Callable[[], None]
) -> tuple[Report, int]:
    """Its figures, and how many photographs it has learned on."""

    def tell(number: int, count: int) -> None:
        events.emit("measuring", variant=config.variant, number=number, count=count)

    photographs = ContentImages(Path(config.content), config.crop, config.batch, config.seed)
    check()
    full_size = to_tensor(load_picture(Path(config.painting), short_side=config.painting_size)).to(device)
    goal = style_target(vgg.to(device), full_size)
    figures = report(
        trial,
        config.variant,
        vgg=vgg,
        target=goal,
        photographs=photographs.held_out,
        device=device,
        check=check,
        on_progress=tell,
    )
    return figures, len(photographs.training)


def _key(trial: Style, variant: Variant, device: str) -> str:
    """Of these weights on this device: the same weights are as good everywhere, and not as fast."""
    digest = hashlib.sha256(device.encode())
    for name, values in sorted(trial.weights(variant).items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _read_figures(path: Path | None, key: str, variant: Variant) -> tuple[Report, int] | None:
    kept = (read_object(path) if path is not None else None) or {}
    figures, photographs = kept.get("figures"), kept.get("photographs")
    if kept.get("key") != key or not isinstance(figures, dict) or not isinstance(photographs, int):
        return None
    found: dict[str, Any] = {
        name: None if value is None else finite(value, math.nan) for name, value in figures.items()
    }
    if found.get("spread") is None or any(value is not None and math.isnan(value) for value in found.values()):
        return None
    try:
        return Report(variant=variant, **found), photographs
    except TypeError:  # of another version
        return None


def _write_figures(path: Path | None, key: str, figures: Report, photographs: int) -> None:
    values = asdict(figures)
    del values["variant"]
    if path is not None:
        with contextlib.suppress(SinkError):  # they can be measured once more
            write_whole(path, json.dumps({"key": key, "photographs": photographs, "figures": values}).encode())


def _earlier(path: Path, sha256: str) -> Style | None:
    if not sha256:
        return None
    try:
        style = read_style(path)
    except StyleError:
        return None
    return style if style.origin_sha256 == sha256 else None


def _refuse_useless(figures: Report) -> None:
    if figures.content is None:
        raise TrainError("the trained network paints non-finite pictures: train again with a lower --learning-rate")
    if figures.spread < _LEAST_SPREAD:
        raise TrainError(
            "the trained network paints one even colour, whatever it is shown: train again from a base, or with a "
            "lower --style-weight"
        )


def _record(config: TrainConfig, figures: Report, step: int, seconds: float, photographs: int) -> dict[str, Any]:
    settings = asdict(config)
    # Paths are nobody's business, and mean nothing elsewhere.
    for field in ("painting", "content", "base"):
        settings[field] = Path(settings[field]).stem
    held_out = {name: getattr(figures, name) for name in ("content", "style", "flicker", "pan_flicker")}
    return {
        "steps": step,
        "seconds": round(seconds),
        "photographs": photographs,
        "held_out": {name: round(value, 4) for name, value in held_out.items() if value is not None},
        "settings": settings,
    }


def _thumbnail(halves: dict[str, NDArray[np.float16]], variant: Variant, painting: Path) -> Image:
    """The bundled picture in this style, so that a gallery can be compared; else the painting itself."""
    demo = bundled_path("demo.jpg")
    if demo.is_file():
        network: TransformerNet = build_network(
            ARCHITECTURES[variant], halves, form=FORMS["cpu"], dtype=torch.float32, device=torch.device("cpu")
        )
        image = paint(network, load_picture(demo, short_side=2 * _THUMBNAIL))
        pairs = _middle(image, 2 * _THUMBNAIL).reshape(_THUMBNAIL, 2, _THUMBNAIL, 2, 3)
        halved: Image = pairs.mean((1, 3)).round().astype(np.uint8)
        return halved
    return _middle(load_picture(painting, short_side=_THUMBNAIL), _THUMBNAIL)


def _middle(image: Image, side: int) -> Image:
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return np.ascontiguousarray(image[top : top + side, left : left + side])
