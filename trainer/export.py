"""From a finished checkpoint to a style file: averaged weights, a thumbnail, and the record of how it came about."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from stylecam.architecture import ARCHITECTURES
from stylecam.bundled import bundled_path
from stylecam.errors import StyleError, TrainError
from stylecam.inference import FORMS, build_network
from stylecam.styles import read_style, write_style
from trainer.content import ContentImages, load_picture, to_tensor
from trainer.measure import measure_held_out, paint
from trainer.perceptual import Vgg16, style_target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stylecam.architecture import Variant
    from stylecam.frame import Image
    from stylecam.network import TransformerNet
    from stylecam.styles import Style
    from trainer.checkpoint import Checkpoint
    from trainer.events import EventLog

__all__ = ["export_style"]

_THUMBNAIL = 192


def export_style(
    checkpoint: Checkpoint,
    target: Path,
    events: EventLog,
    *,
    title: str = "",
    author: str = "",
    licence: str = "",
    origin: str = "",
    vgg_weights: Path | None = None,
) -> Style:
    """Write the style file `target` (`<name>.safetensors`) from the averaged weights of a trained network.

    Where a style made from the same painting stands there already, its other network, and texts that are not given,
    are kept from it.

    Raises:
        TrainError: the network paints non-finite pictures.
        StyleError: the name is unfit, or the file cannot be written.
    """
    config = checkpoint.config
    painting = Path(config.painting)
    earlier = _earlier(target, config.painting_sha256)
    # Half precision is what is stored, so half precision is what is measured.
    halves = {key: tensor.half().numpy() for key, tensor in checkpoint.average.items()}
    network = build_network(
        ARCHITECTURES[config.variant], halves, form=FORMS["cpu"], dtype=torch.float32, device=torch.device("cpu")
    )
    weights: dict[Variant, dict[str, NDArray[np.float16]]] = {config.variant: halves}
    record: dict[str, object] = {config.variant: _record(checkpoint, network, Vgg16(vgg_weights))}
    thumbnail = earlier.thumbnail if earlier else None
    for variant in earlier.variants if earlier else ():
        if earlier and variant != config.variant:
            weights[variant] = earlier.weights(variant)
            record[variant] = earlier.record.get(variant)
    if thumbnail is None or config.variant == "full":
        thumbnail = _thumbnail(network, painting)
    style = write_style(
        target,
        weights=weights,
        title=title or (earlier.title if earlier else target.stem.replace("_", " ").replace("-", " ").title()),
        author=author or (earlier.author if earlier else ""),
        licence=licence or (earlier.licence if earlier else ""),
        origin=origin or (earlier.origin if earlier else painting.name),
        origin_sha256=config.painting_sha256,
        base=Path(config.base).stem or (earlier.base if earlier else ""),
        record=record,
        thumbnail=thumbnail,
    )
    events.emit("finished", step=checkpoint.step, seconds=round(checkpoint.seconds), path=str(style.path))
    return style


def _earlier(path: Path, sha256: str) -> Style | None:
    if not sha256:
        return None
    try:
        style = read_style(path)
    except StyleError:
        return None
    return style if style.origin_sha256 == sha256 else None


def _record(checkpoint: Checkpoint, network: TransformerNet, vgg: Vgg16) -> dict[str, Any]:
    config = checkpoint.config
    photographs = ContentImages(Path(config.content), config.crop, config.batch, config.seed)
    painting = to_tensor(load_picture(Path(config.painting), short_side=config.painting_size))
    held_out = measure_held_out(network, vgg, style_target(vgg, painting), photographs.held_out)
    if not np.isfinite([held_out.content, held_out.style, held_out.flicker]).all():
        raise TrainError("the trained network paints non-finite pictures: train again with a lower learning rate")
    settings = asdict(config)
    # Paths are nobody's business, and mean nothing elsewhere.
    for field in ("painting", "content", "base"):
        settings[field] = Path(settings[field]).stem
    return {
        "steps": checkpoint.step,
        "seconds": round(checkpoint.seconds),
        "photographs": len(photographs.training),
        "held_out": {name: round(value, 4) for name, value in asdict(held_out).items()},
        "settings": settings,
    }


def _thumbnail(network: TransformerNet, painting: Path) -> Image:
    """The bundled picture in this style, so that a gallery can be compared; else the painting itself."""
    demo = bundled_path("demo.jpg")
    if demo.is_file():
        image = paint(network, load_picture(demo, short_side=2 * _THUMBNAIL))
        pairs = _middle(image, 2 * _THUMBNAIL).reshape(_THUMBNAIL, 2, _THUMBNAIL, 2, 3)
        halved: Image = pairs.mean((1, 3)).round().astype(np.uint8)
        return halved
    return _middle(load_picture(painting, short_side=_THUMBNAIL), _THUMBNAIL)


def _middle(image: Image, side: int) -> Image:
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return np.ascontiguousarray(image[top : top + side, left : left + side])
