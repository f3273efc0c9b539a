"""The child that tries a hardware encoder: `python -m stylecam.encodertrial TASK`; see `stylecam.encoders`.

It writes a short video as an export does and reads it again. The last line it prints is JSON: the problem, or none.
"""

from __future__ import annotations

import faulthandler
import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

from stylecam.encoders import TRIAL_S, Encoder
from stylecam.errors import SinkError
from stylecam.frame import Frame
from stylecam.sinks import VideoFileSink

if TYPE_CHECKING:
    from stylecam.frame import Image

__all__ = ["main"]

_TIMES: Final = (0.0, 0.04, 0.08, 0.12, 1.0, 1.04)
_KEYS: Final = (0.0, 1.0)
"""Where the sink asks for key pictures."""
_NEAR_S: Final = 0.001
_NEAR: Final = 6.0
"""Mean difference of what is read to what was written, of 255. Each picture is 15 brighter than the one before."""
_REASONS: Final = 2


def main(task: str) -> None:
    """Try the encoder that a JSON object names, and print what came of it."""
    # By itself, should the parent be gone: a driver may hang with the interpreter's lock held.
    faulthandler.dump_traceback_later(TRIAL_S + 10, exit=True)
    asked = json.loads(task)
    given = asked["encoder"]
    encoder = Encoder(given["name"], given["title"], given["pixel_format"], tuple(map(tuple, given["options"])))
    problem = _problem(encoder, tuple(asked["size"]), Path(asked["folder"]) / "trial.mp4")
    print(json.dumps({"problem": problem}), flush=True)  # noqa: T201  what the parent reads


def _problem(encoder: Encoder, size: tuple[int, int], path: Path) -> str:
    av.logging.set_level(av.logging.ERROR)
    with av.logging.Capture(local=False) as logged:
        try:
            _write(encoder, size, path)
        except SinkError as exc:
            reasons = dict.fromkeys(" ".join(text.split()).rstrip(".") for _, _, text in logged)
            return "; ".join(list(reasons)[:_REASONS]) or str(exc)
    return _difference(path, size)


def _write(encoder: Encoder, size: tuple[int, int], path: Path) -> None:
    """As an export does: one thread encodes, which opens the encoder, and another one closes the file."""
    errors: list[Exception] = []

    def encode() -> None:
        try:
            for index, seconds in enumerate(_TIMES):
                sink.write(Frame(_picture(index, size), seconds, index))
        except Exception as exc:  # raised again below
            errors.append(exc)

    with VideoFileSink(path, size=size, encoder=encoder) as sink:
        thread = threading.Thread(target=encode)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]


def _difference(path: Path, size: tuple[int, int]) -> str:
    """What is not as it was written; empty if all is."""
    with av.open(str(path)) as container:
        keys = [_seconds(packet) for packet in container.demux(video=0) if packet.is_keyframe and packet.size]
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    if len(frames) != len(_TIMES):
        return f"of {len(_TIMES)} pictures {len(frames)} came back"
    if any((frame.width, frame.height) != size for frame in frames):
        return f"pictures came back as {frames[0].width}x{frames[0].height}"
    if any(abs(_seconds(frame) - told) > _NEAR_S for frame, told in zip(frames, _TIMES, strict=True)):
        return "pictures came back with other times"
    if not all(any(abs(key - told) <= _NEAR_S for key in keys) for told in _KEYS):
        return "it makes no key picture when it is asked for one"
    for index, frame in enumerate(frames):
        image = frame.to_ndarray(format="rgb24").astype(np.int16)
        if np.abs(image - _picture(index, size)).mean() > _NEAR:
            return "pictures came back in other colours"
    return ""


def _picture(index: int, size: tuple[int, int]) -> Image:
    width, height = size
    across, down = np.meshgrid(np.linspace(40, 150, width), np.linspace(60, 120, height))
    image = np.stack([across, down, 190 - across], axis=2) + 15 * index
    return np.clip(image, 0, 255).astype(np.uint8)


def _seconds(thing: Any) -> float:
    return float(thing.pts * thing.time_base)


if __name__ == "__main__":
    main(sys.argv[1])
