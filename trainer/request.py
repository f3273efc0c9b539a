"""What was asked of a run: `run.json` in its folder, enough to go on with after the command is forgotten.

Invariant: a run stands alone. Its painting and the styles that it starts from are copied into its folder before the
first step, so that nobody can move them away or replace them while it goes on.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stylecam.bundled import bundled_path
from stylecam.errors import SinkError, SourceOpenError, StyleFormatError, TrainError
from stylecam.pictures import Picture, middle_of, read_picture, write_picture
from stylecam.styles import read_style
from stylecam.wholefile import write_whole
from trainer.config import LONGEST, TrainConfig

if TYPE_CHECKING:
    from stylecam.frame import Image

__all__ = [
    "Region",
    "Request",
    "Texts",
    "copy_painting",
    "cut_out",
    "make_folder",
    "read_request",
    "with_own_base",
    "write_request",
]

_VERSION: Final = 1
_FILE: Final = "run.json"
_BASES: Final = "bases"
_SMALLEST_SIDE: Final = 64

Region = tuple[int, int, int, int]
"""Left, top, width and height in a picture, in pixels."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What a style says about itself, in its maker's words; empty where nothing was said."""

    title: str = ""
    author: str = ""
    licence: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A run, as it was asked for. The networks' paintings and folders are filled in when it is read."""

    name: str
    preset: str
    content: str
    """In a person's words: "bundled", a folder, a video file, "camera"."""
    networks: tuple[TrainConfig, ...]
    picture: str = ""
    """Name of the painting's file before it was copied."""
    texts: Texts = field(default_factory=Texts)
    out: str = ""
    """Folder of the style; empty: the user's style folder."""
    device: str = "auto"
    threads: int = 0
    checkpoint_every: int = 250
    created: float = 0.0
    replace: bool = False
    """Whether its style may take the place of one of the same name."""


def write_request(run: Path, request: Request) -> None:
    """Write it whole.

    Raises:
        SinkError: it cannot be written.
    """
    values = {"version": _VERSION, **asdict(request), **asdict(request.texts)}
    del values["texts"]
    write_whole(run / _FILE, json.dumps(values, indent=1).encode())


def read_request(run: Path) -> Request:
    """What `write_request` wrote, with the painting where it now is: a run's folder may have been moved.

    Raises:
        TrainError: it is missing, damaged, or of a newer version.
    """
    try:
        values: dict[str, Any] = json.loads((run / _FILE).read_bytes())
        if values.pop("version") != _VERSION:
            raise TrainError(f"{run} was made by a newer stylecam: use that one")
        texts = Texts(**{name.name: str(values.pop(name.name)) for name in fields(Texts)})
        asked = values.pop("networks")
        painting = str(_painting(run)) if asked else ""
        networks = [TrainConfig.from_json(json.dumps(network)) for network in asked]
        placed = [
            replace(
                network,
                painting=painting,
                content=_moved(values["content"], network.content, run),
                base=_own_base(network, run) or network.base,
            )
            for network in networks
        ]
        known = {name.name for name in fields(Request)}
        return Request(networks=tuple(placed), texts=texts, **{k: v for k, v in values.items() if k in known})
    except OSError as exc:
        raise TrainError(f"there is no training run in {run}: {_FILE} cannot be read ({exc.strerror})") from exc
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise TrainError(f"the run in {run} cannot be read ({exc}): begin a new one") from exc


def copy_painting(painting: Path, run: Path, region: Region | None) -> tuple[Path, str]:
    """Put what is learned of the picture (`cut_out`) into the run's folder, where nobody moves it away.

    Returns:
        The copy, which is the file itself where all of it is learned; and, where a part was chosen that nobody asked
        for, a sentence that says so, else nothing.

    Raises:
        SourceOpenError: it is no picture.
        TrainError: it or the region is too small, or the region lies outside.
        SinkError: it cannot be written.
    """
    asked = _asked_for(painting, region)
    image = middle_of(asked, LONGEST)
    notice = ""
    if image is not asked:
        (height, width), (kept_height, kept_width) = asked.shape[:2], image.shape[:2]
        notice = (
            f"of {width}×{height} pixels, the middle {kept_width}×{kept_height} are learned: a painting may be "
            f"{LONGEST} times as long as it is wide; --region chooses another part"
        )
    if region is None and image is asked:
        try:
            data = painting.read_bytes()
        except OSError as exc:
            raise SourceOpenError(f"the painting {painting} cannot be read ({exc.strerror})") from exc
        copy = run / f"painting{painting.suffix.lower() or '.picture'}"
        write_whole(copy, data)
    else:
        copy = run / "painting.png"
        write_picture(copy, Picture(image), force=True)
    for other in run.glob("painting.*"):  # of a command that was refused, and then given with another region
        if other != copy:
            other.unlink(missing_ok=True)
    return copy, notice


def cut_out(painting: Path, region: Region | None) -> Image:
    """What is learned of a picture: it or a region of it, and of a panorama the middle; H×W×3 uint8.

    The long side is at most four times the short side.

    Raises:
        SourceOpenError: it is no picture.
        TrainError: it or the region is too small, or the region lies outside.
    """
    return middle_of(_asked_for(painting, region), LONGEST)


def with_own_base(config: TrainConfig, run: Path) -> TrainConfig:
    """The same network, with a base that lies in the run's folder: it is copied there, if there is one.

    A network that has begun does without: its weights are its own by then.

    Raises:
        StyleError: the base cannot be read.
        TrainError: it has no such network.
        SinkError: it cannot be written.
    """
    if not config.base:
        return config
    if own := _own_base(config, run):
        return replace(config, base=own)
    if any((run / config.variant).glob("checkpoint-*.safetensors")):
        return config
    base = Path(config.base)
    if config.variant not in read_style(base).variants:
        raise TrainError(f"{base} has no {config.variant} network to start from: name another --base, or --variant")
    try:
        data = base.read_bytes()
    except OSError as exc:
        raise StyleFormatError(f"the base {base} cannot be read ({exc.strerror})") from exc
    copy = run / _BASES / config.variant / base.name
    write_whole(copy, data)
    return replace(config, base=str(copy))


def make_folder(folder: Path, option: str) -> None:
    """Make a folder, or find that it can be written to.

    Raises:
        SinkError: neither; names the option that says another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SinkError(f"the folder {folder} cannot be made ({exc.strerror}): name another with {option}") from exc
    if not os.access(folder, os.W_OK):
        raise SinkError(f"the folder {folder} may not be written to: name another with {option}")


def _asked_for(painting: Path, region: Region | None) -> Image:
    image = read_picture(painting).opaque
    if region is None:
        height, width = image.shape[:2]
        if min(width, height) < _SMALLEST_SIDE:
            raise TrainError(
                f"the picture {painting} is too small: {_SMALLEST_SIDE} pixels a side are needed, it has "
                f"{width}×{height}; take a larger one"
            )
        return image
    left, top, width, height = region
    if min(width, height) < _SMALLEST_SIDE:
        raise TrainError(f"the region must be at least {_SMALLEST_SIDE} pixels a side, got {width}×{height}")
    if left < 0 or top < 0 or left + width > image.shape[1] or top + height > image.shape[0]:
        raise TrainError(
            f"the region {left},{top},{width},{height} is not within the picture of {image.shape[1]}×{image.shape[0]}"
        )
    return image[top : top + height, left : left + width].copy()


def _own_base(config: TrainConfig, run: Path) -> str:
    """Where its copy lies, if it has one."""
    copy = run / _BASES / config.variant / Path(config.base).name
    return str(copy) if config.base and copy.is_file() else ""


def _painting(run: Path) -> Path:
    for path in sorted(run.glob("painting.*")):
        return path
    raise TrainError(f"the painting in {run} is missing: begin a new run")


def _moved(asked: str, content: str, run: Path) -> str:
    """Photographs that were taken for this run lie in its folder, and the bundled ones by stylecam, wherever it is."""
    if asked == "bundled":
        return str(bundled_path("content"))
    inside = run / "content"
    return str(inside) if Path(content).name == "content" and inside.is_dir() else content
