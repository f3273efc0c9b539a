"""FakeCamera: a camera that a script plays, with every fault of real ones. For tests, and for `--source fake:FILE`.

The script is a JSON object; everything in it may be left out:

    {"name": "Fake camera", "width": 640, "height": 480, "fps": 30, "open": 0.0, "start": 0.0, "jitter": 0.0,
     "noise": 2.0, "events": [{"at": 2, "do": "unplug"}, {"at": 5, "do": "replug"}, …]}

`open` is how many seconds each opening takes, and `start` the first picture after it; `jitter` is the share of a
frame's time by which frames come early or late, `noise` the sensor's, in levels. An event happens `at` seconds after
the first opening and lasts `for` seconds, or for good:

    unplug, replug    the device goes; reads fail and it cannot be opened
    vanish            as unplug, but reads go on giving the last picture, as OpenCV's do
    busy, deny        it cannot be opened; a picture that runs goes on
    black, freeze     dark pictures; the same picture over and over
    block             reads do not come back
    drop              no picture comes, then they go on
    size              pictures of "width"×"height" from now on
"""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stylecam.cameras import CameraFault
from stylecam.errors import SourceOpenError
from stylecam.livesource import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stylecam.frame import Image

__all__ = ["FakeCamera"]

_EVENTS: Final = ("unplug", "replug", "vanish", "busy", "deny", "black", "freeze", "block", "drop", "size")
_LARGEST: Final = 4096


class _Event(NamedTuple):
    at: float
    do: str
    until: float
    size: tuple[int, int] | None


@dataclass(slots=True)
class FakeCamera:
    """A `Camera`. `clock` and `sleep` may be those of a time that is played, too."""

    name: str = "Fake camera"
    size: tuple[int, int] = (640, 480)
    fps: float = 30.0
    opening: float = 0.0
    start: float = 0.0
    jitter: float = 0.0
    noise: float = 2.0
    events: tuple[_Event, ...] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    patience: float = 0.5
    opened: int = 0
    """How often it was opened."""
    handles: int = 0
    """How many are open now."""
    _first_opened_at: float | None = None
    _opening_since: float | None = None
    _index: int = 0
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    _released: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def from_file(cls, path: Path, **more: Any) -> FakeCamera:
        """Read a script.

        Raises:
            SourceOpenError: it cannot be read, or says what no fake camera can do.
        """
        try:
            script = json.loads(path.read_text(encoding="utf-8"))
        except OSError as exc:
            raise SourceOpenError(f"the script {path} cannot be read ({exc.strerror})") from exc
        except (ValueError, RecursionError) as exc:
            raise SourceOpenError(f"the script {path} is no JSON ({exc})") from exc
        return cls.from_script(script, where=str(path), **more)

    @classmethod
    def from_script(cls, script: object, *, where: str = "the script", **more: Any) -> FakeCamera:
        """Make one of a script that is already read; errors name `where` it came from."""
        if not isinstance(script, dict):
            raise SourceOpenError(f"{where}: expected an object, as stylecam.fakecamera describes it")
        known = {"name", "width", "height", "fps", "open", "start", "jitter", "noise", "events"}
        if unknown := set(script) - known:
            raise SourceOpenError(f"{where}: unknown {', '.join(sorted(map(str, unknown)))}; known are {sorted(known)}")
        number = _Numbers(script, where)
        fps = number("fps", 30, 0.1, 1000)
        events = script.get("events", [])
        if not isinstance(events, list):
            raise SourceOpenError(f"{where}: events must be a list")
        return cls(
            name=str(script.get("name", "Fake camera")),
            size=(int(number("width", 640, 2, _LARGEST)), int(number("height", 480, 2, _LARGEST))),
            fps=fps,
            opening=number("open", 0, 0, 3600),
            start=number("start", 0, 0, 3600),
            jitter=number("jitter", 0, 0, 1),
            noise=number("noise", 2, 0, 255),
            events=tuple(sorted(_event(event, f"{where}: event {n}") for n, event in enumerate(events))),
            **more,
        )

    def open(self) -> _FakeHandle:
        now = self.clock()
        if self._first_opened_at is None:
            self._first_opened_at = now
        if self._opening_since is None:  # else a played sleep broke off, and this goes on where it was
            self._opening_since = now
            self.opened += 1
        self.sleep(max(0.0, self._opening_since + self.opening - now))
        self._opening_since = None
        for state, problem in (("unplug", Problem.missing), ("vanish", Problem.missing), ("busy", Problem.busy)):
            if self.during(state):
                raise CameraFault(problem, "as the script has it")
        if self.during("deny"):
            raise CameraFault(Problem.denied, "as the script has it")
        return _FakeHandle(self)

    def release(self) -> None:
        """Let every blocked read go, at the end of a test."""
        self._released.set()

    def during(self, what: str) -> _Event | None:
        """The event of this kind that goes on now."""
        now = self.clock() - (self._first_opened_at or 0.0)
        going_on = None
        for event in self.events:
            if event.at > now:
                break
            if event.do == what and now < event.until:
                going_on = event
            elif event.do == "replug" and what in ("unplug", "vanish"):
                going_on = None
        return going_on

    def picture(self) -> Image:
        """The next one: a bright band that walks over a gradient, under the sensor's noise."""
        resized = self.during("size")
        width, height = resized.size if resized and resized.size else self.size
        index, self._index = self._index, self._index + 1
        if self.during("black"):
            return np.zeros((height, width, 3), np.uint8)
        columns = np.linspace(40, 180, width, dtype=np.float32)[None, :, None]
        rows = np.linspace(0, 60, height, dtype=np.float32)[:, None, None]
        picture = np.broadcast_to(columns + rows * np.asarray((1.0, 0.5, 0.2), np.float32), (height, width, 3)).copy()
        at = (index * 4) % width
        picture[:, at : at + max(2, width // 16)] += 60
        if self.noise:
            picture += self._rng.normal(0, self.noise, (height, width, 1)).astype(np.float32)
        return np.clip(picture, 0, 255).astype(np.uint8)


class _FakeHandle:
    """An open fake camera."""

    def __init__(self, camera: FakeCamera) -> None:
        self._camera = camera
        self._due = camera.clock() + camera.start
        self._last: Image | None = None
        self._open = True
        camera.handles += 1

    def read(self) -> tuple[Image, float]:
        camera = self._camera
        camera.sleep(max(0.0, self._due - camera.clock()))
        while camera.during("block") and not camera._released.is_set():
            camera.sleep(0.02)
        while dropped := camera.during("drop"):
            if math.isinf(dropped.until) and camera._released.is_set():
                break
            camera.sleep(0.02)
        if camera.during("unplug"):
            raise CameraFault(Problem.disconnected, "as the script has it")
        beat = 1 / camera.fps
        self._due = max(self._due, camera.clock() - beat) + beat * (1 + camera.jitter * camera._rng.uniform(-1, 1))
        still = camera.during("freeze") or camera.during("vanish")
        if not still or self._last is None:
            self._last = camera.picture()
        return self._last.copy(), camera.clock()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._camera.handles -= 1


class _Numbers:
    """Numbers of a script, checked."""

    def __init__(self, script: Mapping[str, Any], where: str) -> None:
        self._script, self._where = script, where

    def __call__(self, name: str, default: float, least: float, most: float) -> float:
        value = self._script.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise SourceOpenError(f"{self._where}: {name} must be a number from {least:g} to {most:g}, not {value!r}")
        return float(value)


def _event(event: object, where: str) -> _Event:
    if not isinstance(event, dict) or event.get("do") not in _EVENTS:
        raise SourceOpenError(f"{where}: expected {{'at': seconds, 'do': one of {', '.join(_EVENTS)}}}, not {event!r}")
    number = _Numbers(event, where)
    at = number("at", 0, 0, 1e6)
    until = at + number("for", 0, 0, 1e6) if "for" in event else math.inf
    size = None
    if event["do"] == "size":
        size = (int(number("width", 640, 2, _LARGEST)), int(number("height", 480, 2, _LARGEST)))
    return _Event(at, event["do"], until, size)
