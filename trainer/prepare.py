"""Before the first step: photographs, a style to start from, the faster precision, and the steps there is time for."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stylecam.styles import StyleLibrary
from trainer.content import ContentImages, find_images, load_picture, to_tensor
from trainer.estimate import estimate
from trainer.gather import gather
from trainer.nearest import nearest_base
from trainer.options import make_config, texts_of, variants_of
from trainer.perceptual import style_target
from trainer.precision import network_precision, vgg_precision
from trainer.repeat import continued
from trainer.request import Request, copy_painting, read_request, with_own_base, write_request

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from stylecam.architecture import Variant
    from trainer.config import TrainConfig
    from trainer.events import EventLog
    from trainer.perceptual import Vgg16

__all__ = ["prepare"]


def prepare(
    arguments: argparse.Namespace,
    run: Path,
    events: EventLog,
    vgg: Vgg16,
    device: str,
    sha256: str,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Work out what `new` asks for - photographs, base, precision, steps - and write it into the run's folder.

    Painting and bases are copied there: from here on, the run needs no file of the user's but a folder of photographs.

    Args:
        arguments: of `trainer.options`; `painting` becomes the copy in the run's folder.
        run: the folder, which this process holds.
        events: told of each phase.
        vgg: on `device`.
        device: torch's name of it.
        sha256: of the painting's file.
        check: called between the parts, every few seconds; what it raises ends this.

    Raises:
        TrainError: too few photographs; no style to start from, or one without such a network.
        StyleError: the style to start from is not known, or cannot be read.
        SourceError: the painting, or the video or camera that gives the photographs, cannot be read.
    """
    earlier = read_request(run) if (run / "run.json").exists() else None
    begun = {config.variant: config for config in earlier.networks} if earlier else {}
    variants = variants_of(arguments, arguments.preset)
    asked = Request(
        name=arguments.name,
        preset=arguments.preset,
        content=arguments.content,
        networks=tuple(begun.values()),
        picture=arguments.painting.name.encode(errors="replace").decode(),
        texts=texts_of(arguments),
        out=str(arguments.out.resolve()) if arguments.out else "",
        device=arguments.device or "auto",
        threads=arguments.threads or 0,
        created=earlier.created if earlier else time.time(),
        replace=arguments.replace,
    )
    if begun:
        arguments.painting = Path(next(iter(begun.values())).painting)  # `trainer.repeat` has looked: it is the same
    else:
        write_request(run, asked)  # so that whoever watches knows from the start whose run this is
        arguments.painting, notice = copy_painting(arguments.painting, run, arguments.region)
        if notice:
            events.emit("notice", text=notice)
    events.emit("phase", phase="photographs", variant="")
    if earlier and earlier.content != arguments.content and (run / "content").is_dir():
        if begun:
            text = f"the run goes on with the photographs that it began with, of {earlier.content}"
            events.emit("notice", text=text)
        else:
            shutil.rmtree(run / "content")
    check()
    content = gather(arguments.content, run, on_progress=lambda _: check())
    where = {"sha256": sha256, "content": str(content.resolve())}
    base = "" if arguments.base == "none" else "?"
    wanted = [make_config(arguments, arguments.preset, variant, base=base, **where) for variant in variants]
    # Counted and looked at now: after a base is chosen and VGG is measured, that would be news of minutes ago.
    ContentImages(content, max(config.crop for config in wanted), 1, 0)
    check()
    found: dict[str, Any] = {"network_precision": network_precision(device)}
    if begun:
        found["vgg_precision"] = next(iter(begun.values())).vgg_precision
    elif arguments.vgg_precision is None:
        found["vgg_precision"] = vgg_precision(vgg, device)
    networks = []
    for variant in variants:
        check()
        if variant in begun:
            networks.append(replace(continued(arguments, begun[variant]), content=where["content"]))
        else:
            base = _base(arguments, variant, vgg, content, events, device, check)
            config = make_config(arguments, arguments.preset, variant, base=base, **where, **found)
            networks.append(with_own_base(config, run))
    fresh = [config for config in networks if config.variant not in begun]
    if arguments.minutes and fresh:
        timed = {
            config.variant: config
            for config in _within(arguments.minutes, fresh, vgg, arguments.threads, device, check)
        }
        networks = [timed.get(config.variant, config) for config in networks]
    # About twenty checkpoints, so that a slider acts soon; a lost minute or two where steps are slow.
    often = min(1000, max(50, max(config.steps for config in networks) // 20))
    write_request(run, replace(asked, networks=tuple(networks), checkpoint_every=arguments.checkpoint_every or often))


def _base(
    arguments: argparse.Namespace,
    variant: Variant,
    vgg: Vgg16,
    content: Path,
    events: EventLog,
    device: str,
    check: Callable[[], None],
) -> str:
    """Path of the style to start from, or nothing."""
    if arguments.base == "none":
        return ""
    library = StyleLibrary()
    if arguments.base != "nearest":
        given = Path(arguments.base)
        return str(given.resolve()) if given.is_file() else str(library[arguments.base].path)
    events.emit("phase", phase="base", variant=variant)
    side = arguments.painting_size or 512
    target = style_target(vgg, to_tensor(load_picture(arguments.painting, short_side=side)).to(device))
    picture = load_picture(find_images(content)[0], short_side=256)
    styles = [style for style in library.values() if style.name != arguments.name]
    style, distances = nearest_base(vgg, target, styles, variant, picture, device=device, check=check)
    events.emit("base", name=style.name, distances={name: round(far, 3) for name, far in distances.items()})
    return str(style.path)


def _within(
    minutes: float,
    networks: list[TrainConfig],
    vgg: Vgg16,
    threads: int | None,
    device: str,
    check: Callable[[], None],
) -> list[TrainConfig]:
    """The same networks, with as many steps as fit into the time on this device."""
    low, high = estimate({"wanted": networks}, vgg=vgg, device=device, threads=threads, check=check)["wanted"]
    factor = minutes * 60 / ((low + high) / 2)
    return [
        replace(config, steps=max(config.first_painted_step + 50, round(config.steps * factor))) for config in networks
    ]
