"""What a crash or a power cut left: unfinished recordings are found, and made into ordinary files.

Invariant: a part file is deleted only when its packets lie in a finished file that was opened again and counted, or
when the user wants it gone. Nothing is decoded: pictures and sound are passed on packet by packet, with their times.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av

from stylecam.errors import DiskFullError, SinkError, SourceError, SourceOpenError, StylecamError
from stylecam.partlock import PartLock
from stylecam.probe import as_fraction, open_media
from stylecam.sinks import check_output
from stylecam.streamcopy import copy_track_tags, file_tags
from stylecam.videofiles import CONTAINERS
from stylecam.wholefile import NO_ROOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

__all__ = ["Unfinished", "discard", "find_unfinished", "recover"]

_PART: Final = ".part"
_LONGEST_NAME: Final = 240
"""Bytes of a file's name that leave room for a number; file systems take 255."""
_LOOK_AT: Final = 64_000_000
"""Bytes of a Matroska file that are read to learn how long it is; beyond, its length is estimated from them."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A part file that no process writes any more."""

    path: Path
    """Absolute, `.<name>.part.<suffix>`."""
    seconds: float
    """How long its pictures last; 0 if nothing in it can be read, so that it can only be thrown away."""
    modified: datetime
    """When it was last written to, in local time."""
    size: int
    """Bytes."""

    @property
    def name(self) -> str:
        """What the file was to be called."""
        return _name_of(self.path)


def find_unfinished(folders: Iterable[str | os.PathLike[str]]) -> list[Unfinished]:
    """The part files in these folders that nobody writes to, the newest first. From any thread; some disk access.

    A folder that is missing or cannot be read holds none; files within folders of theirs are not looked for.
    """
    found: dict[Path, Unfinished] = {}
    for folder in folders:
        for path in _parts_in(Path(folder).absolute()):
            # Gone meanwhile, or being written.
            with contextlib.suppress(OSError, SinkError), PartLock(path, must_exist=True):
                about = path.stat()
                modified = datetime.fromtimestamp(about.st_mtime)
                found[path] = Unfinished(path, _seconds(path), modified, about.st_size)
    return sorted(found.values(), key=lambda part: part.modified, reverse=True)


def recover(unfinished: Unfinished, target: str | os.PathLike[str] | None = None) -> Path:
    """Make a finished file of it and delete the part. From any thread; takes as long as copying the file.

    Args:
        unfinished: one of `find_unfinished`.
        target: the finished file's name, which must be free; by default ``<name> (recovered).<suffix>`` beside the
            part, with a number if that is taken.

    Returns:
        The finished file. Without a `target` it is of the kind the part is: Matroska keeps what MP4 cannot hold.

    Raises:
        SourceError: nothing in it can be read, or it has gone.
        SinkError: the file cannot be written, or the part is being written or recovered; `OutputExistsError` if
            `target` is there. The part is kept.
    """
    part = unfinished.path
    if target is not None:
        check_output(Path(target), source=part)
    # As long as the part's own name, and not a name that find_unfinished takes for a recording.
    work = part.with_name(f".{_stem(part)}.save{part.suffix}")
    try:
        with PartLock(part, must_exist=True):
            suffix = (Path(target) if target is not None else part).suffix.lower()
            copied = _remux(part, work, CONTAINERS[suffix])
            counted = _count(work)
            if copied != counted:
                raise SinkError(
                    f"the recovered file does not hold all that {part} does ({sum(counted.values())} of "
                    f"{sum(copied.values())} packets), so the part is kept; is the disk in order?"
                )
            finished = Path(target).absolute() if target is not None else _free_name(part)
            if target is not None:
                check_output(finished, source=part)  # something may have appeared there
            work.replace(finished)
            part.unlink()
            return finished
    except FileNotFoundError as exc:
        raise SourceOpenError(f"{part} is not there any more; it was perhaps recovered already") from exc
    except OSError as exc:
        if exc.errno in NO_ROOM:
            raise DiskFullError(f"no room left to recover {part}, which is kept; free some and try again") from exc
        raise SinkError(f"{part} cannot be recovered: {exc.strerror or exc}; it is kept") from exc
    finally:
        with contextlib.suppress(OSError):  # renamed already, or never made
            work.unlink()


def discard(unfinished: Unfinished) -> None:
    """Delete the part for good.

    Raises:
        SinkError: it is being written, or may not be deleted.
    """
    try:
        with PartLock(unfinished.path, must_exist=True):
            unfinished.path.unlink()
    except FileNotFoundError:
        return
    except OSError as exc:
        raise SinkError(f"{unfinished.path} cannot be deleted: {exc.strerror or exc}") from exc


def _parts_in(folder: Path) -> list[Path]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    paths = [folder / name for name in names]
    return [path for path in paths if _is_part(path) and path.is_file() and not path.is_symlink()]


def _is_part(path: Path) -> bool:
    middle = Path(path.stem)
    return (
        path.name.startswith(".")
        and path.suffix.lower() in CONTAINERS
        and middle.suffix == _PART
        and len(middle.stem) > 1
    )


def _stem(part: Path) -> str:
    return Path(part.stem).stem.removeprefix(".")


def _name_of(part: Path) -> str:
    return _stem(part) + part.suffix


def _free_name(part: Path) -> Path:
    stem = _stem(part).encode()[: _LONGEST_NAME - len(" (recovered)") - len(part.suffix)].decode(errors="ignore")
    path, number = part.with_name(f"{stem} (recovered){part.suffix}"), 2
    while path.exists():
        path, number = part.with_name(f"{stem} (recovered {number}){part.suffix}"), number + 1
    return path


def _seconds(path: Path) -> float:
    try:
        with open_media(path) as container:
            stream = container.streams.video[0]
            base = as_fraction(stream.time_base)
            if stream.duration and base:  # FFmpeg counts up the fragments of an MP4 when it opens it
                return float(stream.duration * base)
            return _read_seconds(container, stream, path.stat().st_size)
    except (StylecamError, IndexError):
        return 0.0
    except Exception:  # damage escapes FFmpeg's own error tree
        return 0.0


def _read_seconds(container: InputContainer, stream: av.VideoStream, size: int) -> float:
    first = end = None
    for packet in _whole_packets(container, [stream]):
        base = as_fraction(packet.time_base) or 0
        first = packet.pts if first is None else first
        end = float(((packet.pts or 0) + (packet.duration or 0) - (first or 0)) * base)
        if packet.pos and packet.pos > _LOOK_AT:
            return end * size / packet.pos
    return end or 0.0


def _whole_packets(container: InputContainer, streams: list[Any]) -> Iterator[Packet[Any]]:
    """What can be read, in the file's order; a torn end is the end."""
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
        except Exception:  # the end, or damage, which escapes FFmpeg's own error tree
            return
        if packet.size and packet.dts is not None and not packet.is_corrupt:
            yield packet


def _kept(container: InputContainer) -> list[Any]:
    """The streams that are passed on; an MP4's chapters are a stream of their own, which the writer makes anew."""
    streams = container.streams
    return [*streams.video, *streams.audio, *streams.subtitles]


def _remux(part: Path, work: Path, container: str) -> Counter[int]:
    """Write `work` and flush it to the disk; how many packets each track got."""
    copied: Counter[int] = Counter()
    with open_media(part) as source:
        streams = _kept(source)
        if not source.streams.video:
            raise SourceError(f"{part} holds no picture that can be read, so there is nothing to recover; delete it")
        try:
            with av.open(f"file:{work.absolute()}", "w", format=container) as output:
                tracks = _add_tracks(source, streams, output)
                for packet in _whole_packets(source, streams):
                    index = packet.stream_index
                    packet.stream = tracks[index]
                    output.mux(packet)
                    copied[tracks[index].index] += 1
        except (av.FFmpegError, ValueError) as exc:
            if isinstance(exc, OSError):
                raise
            raise SinkError(f"{part} cannot be made into a finished file: {exc}; it is kept") from exc
    if not copied[0]:
        raise SourceError(f"{part} holds no picture that can be read, so there is nothing to recover; delete it")
    with work.open("rb") as file:
        os.fsync(file.fileno())
    return copied


def _add_tracks(source: InputContainer, streams: list[Any], output: OutputContainer) -> dict[int, Stream]:
    tracks: dict[int, Stream] = {}
    for stream in streams:
        track = output.add_stream_from_template(stream)
        track.time_base = stream.time_base  # the same ticks, so that no time is rounded
        copy_track_tags(stream, track)
        tracks[stream.index] = track
    output.metadata.update(file_tags(source))
    chapters = source.chapters()
    if chapters:
        output.set_chapters(chapters)
    return tracks


def _count(path: Path) -> Counter[int]:
    with open_media(path) as container:
        return Counter(packet.stream_index for packet in _whole_packets(container, _kept(container)))
