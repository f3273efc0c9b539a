"""What was asked of a run: `run.json` in its folder, enough to go on with after the command is forgotten."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stylecam.bundled import bundled_path
from stylecam.errors import OutputExistsError, SinkError, SourceOpenError, TrainError
from stylecam.pictures import Picture, on_white, read_picture, write_picture
from stylecam.styles import StyleLibrary, read_style, style_path
from stylecam.wholefile import write_whole
from trainer.config import TrainConfig

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
    "style_target_path",
    "write_request",
]

_VERSION: Final = 1
_FILE: Final = "run.json"
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
            replace(network, painting=painting, content=_moved(values["content"], network.content, run))
            for network in networks
        ]
        known = {name.name for name in fields(Request)}
        return Request(networks=tuple(placed), texts=texts, **{k: v for k, v in values.items() if k in known})
    except OSError as exc:
        raise TrainError(f"there is no training run in {run}: {_FILE} cannot be read ({exc.strerror})") from exc
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise TrainError(f"the run in {run} cannot be read ({exc}): begin a new one") from exc


def copy_painting(painting: Path, run: Path, region: Region | None) -> Path:
    """Put the picture, or a region of it, into the run's folder, where nobody moves it away; returns the copy.

    Raises:
        SourceOpenError: it is no picture.
        TrainError: the region lies outside, or is too small.
        SinkError: it cannot be written.
    """
    if region is None:
        try:
            data = painting.read_bytes()
        except OSError as exc:
            raise SourceOpenError(f"the painting {painting} cannot be read ({exc.strerror})") from exc
        copy = run / f"painting{painting.suffix.lower() or '.picture'}"
        write_whole(copy, data)
    else:
        copy = run / "painting.png"
        write_picture(copy, Picture(cut_out(painting, region)), force=True)
    for other in run.glob("painting.*"):  # of a command that was refused, and then given with another region
        if other != copy:
            other.unlink(missing_ok=True)
    return copy


def cut_out(painting: Path, region: Region | None) -> Image:
    """The picture, or a region of it, H×W×3 uint8.

    Raises:
        SourceOpenError: it is no picture.
        TrainError: the region lies outside, or is too small.
    """
    picture = read_picture(painting)
    image = picture.image if picture.alpha is None else on_white(picture.image, picture.alpha)
    if region is None:
        return image
    left, top, width, height = region
    if min(width, height) < _SMALLEST_SIDE:
        raise TrainError(f"the region must be at least {_SMALLEST_SIDE} pixels a side, got {width}×{height}")
    if left < 0 or top < 0 or left + width > image.shape[1] or top + height > image.shape[0]:
        raise TrainError(
            f"the region {left},{top},{width},{height} is not within the picture of {image.shape[1]}×{image.shape[0]}"
        )
    return image[top : top + height, left : left + width].copy()


def style_target_path(name: str, out: str, sha256: str, library: StyleLibrary) -> Path:
    """Where the style goes: said now, and not after hours, if it could not be written or would take another's place.

    Raises:
        StyleError: the name is unfit.
        OutputExistsError: a style of another painting has it.
        SinkError: the folder cannot be written to.
    """
    path = style_path(name, Path(out) if out else library.user_folder)
    make_folder(path.parent, "--out")
    if path.exists() and read_style(path).origin_sha256 != sha256:
        raise OutputExistsError(
            f"{path} is a style of another painting and is kept: choose another --name, or remove it first"
        )
    return path


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
