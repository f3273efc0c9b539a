"""Settings: what the window remembers between two starts, in one JSON file. No Qt here.

Invariant: loading never fails and saving never loses what was there. The file is replaced whole, its last good version
stays beside it as `settings.json.bak`, a damaged one is set aside and named. A field that cannot be right is taken from
the defaults, alone; a field of a newer stylecam is kept as it is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import platformdirs

from stylecam.errors import SinkError
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Settings", "load_settings", "save_settings", "settings_path"]

_VERSION: Final = 1
_LARGEST: Final = 1_000_000
"""Bytes; a file larger than this is none of ours."""
_LONGEST: Final = 4096
_MOST: Final = 1000


@dataclass(frozen=True)
class Settings:
    """Change one with `dataclasses.replace`."""

    version: int = _VERSION
    """Of the file's format; that of a newer stylecam is kept, as its fields are."""
    source: str = "camera"
    """What `open_source` takes: "camera", "test", a path, an address."""
    camera_id: str = ""
    """The camera's stable id; empty for the first one."""
    style: str = ""
    """A style's name; empty for the first one."""
    mix: str = ""
    """The second style's name; empty for none."""
    mix_share: int = 50
    """Of the second style, 0–100 %."""
    strength: int = 100
    """0–100 %."""
    steadiness: int = 50
    """0–100."""
    keep_colors: bool = False
    size: str = "auto"
    """ "auto", "native" or "WxH"."""
    fps: int = 24
    """The rate that "auto" holds, 1–240 frames per second."""
    device: str = "auto"
    """ "auto", "cpu", "cuda", "cuda:N" or "mps"."""
    exact: bool = False
    """Compute in float32 even where sixteen bits are faster."""
    mirror: bool = True
    theme: str = "system"
    """ "system", "light" or "dark"."""
    split: bool = False
    split_position: float = 0.5
    """0 (all painted) to 1."""
    favourites: tuple[str, ...] = ()
    """Names of styles, in the order of the keys 1–9."""
    recent: tuple[str, ...] = ()
    """Paths of videos, the newest first."""
    recordings_folder: str = ""
    """Empty for `recordings_path`'s own."""
    window_geometry: str = ""
    """QWidget.saveGeometry in base64."""
    live_pictures: bool = False
    unknown: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """Fields that this stylecam does not know; written back as they were read."""

    @property
    def recordings_path(self) -> Path:
        """Where recordings and snapshots go; need not exist."""
        return Path(self.recordings_folder) if self.recordings_folder else platformdirs.user_videos_path() / "stylecam"


def settings_path() -> Path:
    """Where the settings lie; need not exist."""
    return platformdirs.user_config_path("stylecam", appauthor=False) / "settings.json"


def load_settings(path: Path | None = None) -> tuple[Settings, str | None]:
    """The settings, and what a person should know of how they were got; the defaults if there is no file yet.

    A damaged file is renamed to `settings.bad-<date>.json` and the last good version takes its place, if there is one.
    Never raises.
    """
    path = path or settings_path()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings(), None
    except OSError as exc:
        return Settings(), f"The settings in {path} cannot be read ({exc.strerror}), so the usual ones are in use."
    fields = _fields(data)
    if fields is not None:
        return _settings(fields), None
    aside = _set_aside(path)
    kept = f"it was kept as {aside.name}" if aside else "it could not be set aside"
    try:
        spare = _backup(path).read_bytes()
    except OSError:
        spare = b""
    fields = _fields(spare)
    if fields is None:
        return Settings(), f"The settings file was damaged, so the usual settings are in use; {kept}."
    if aside:
        with contextlib.suppress(SinkError):  # the next save tells
            write_whole(path, spare)
    return _settings(fields), f"The settings file was damaged, so those of the time before are in use; {kept}."


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings; what was there before becomes the backup. Safe against a kill at any moment.

    Raises:
        SinkError: they cannot be written; `DiskFullError` where there is no room. The file is as it was.
    """
    path = path or settings_path()
    known = {item.name: getattr(settings, item.name) for item in dataclasses.fields(settings) if item.name != "unknown"}
    # ASCII, since a file's name may hold what is no Unicode; strict, since NaN is no JSON.
    data = json.dumps({**settings.unknown, **known}, indent=1, allow_nan=False).encode("ascii") + b"\n"
    try:
        present = path.read_bytes()
    except OSError:
        present = b""
    if present == data:
        return
    if _fields(present) is not None:
        write_whole(_backup(path), present)
    write_whole(path, data)


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".bak")


def _set_aside(path: Path) -> Path | None:
    name = f"{path.stem}.bad-{datetime.now():%Y-%m-%d}"
    aside, number = path.with_name(f"{name}{path.suffix}"), 2
    while aside.exists():
        aside, number = path.with_name(f"{name}-{number}{path.suffix}"), number + 1
    try:
        return path.rename(aside)
    except OSError:
        return None


def _fields(data: bytes) -> dict[str, Any] | None:
    """The file's JSON object; None if it is none. Numbers that are not finite become None, which no field takes."""
    if len(data) > _LARGEST:
        return None
    try:
        read = json.loads(data.decode("utf-8-sig"), parse_float=_finite, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _settings(fields: dict[str, Any]) -> Settings:
    known = {name: _as_field(value) for name, value in fields.items() if name in _RIGHT}
    right = {name: value for name, value in known.items() if _RIGHT[name](value)}
    return Settings(**right, unknown={name: value for name, value in fields.items() if name not in _RIGHT})


def _as_field(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(dict.fromkeys(item for item in value if _is_text(item)))[:_MOST]
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and "\0" not in value


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_names(value: Any) -> bool:
    return isinstance(value, tuple)


def _whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _like(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


_RIGHT: Final[dict[str, Callable[[Any], bool]]] = {
    "version": _whole(_VERSION, 1_000_000),
    "source": _is_text,
    "camera_id": _is_text,
    "style": _is_text,
    "mix": _is_text,
    "mix_share": _whole(0, 100),
    "strength": _whole(0, 100),
    "steadiness": _whole(0, 100),
    "keep_colors": _is_bool,
    "size": _like(r"auto|native|[1-9]\d{1,4}x[1-9]\d{1,4}"),
    "fps": _whole(1, 240),
    "device": _like(r"auto|cpu|mps|cuda(:\d{1,3})?"),
    "exact": _is_bool,
    "mirror": _is_bool,
    "theme": _like("system|light|dark"),
    "split": _is_bool,
    "split_position": _is_share,
    "favourites": _is_names,
    "recent": _is_names,
    "recordings_folder": _is_text,
    "window_geometry": _like(r"[A-Za-z0-9+/]{0,4096}={0,2}"),
    "live_pictures": _is_bool,
}
