"""Whole exports (decode, paint, encode, rename) against the network alone on the same pictures, in the same rounds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stylecam.benching.pictures import make_clip
from stylecam.benching.rounds import Candidate, StoppedError, interleave, ratio, spread
from stylecam.benching.sections import Column, Section, number, plain, size, spread_of
from stylecam.pipeline import stylize_video
from stylecam.sources import VideoFileSource
from stylecam.stylizer import Stylizer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stylecam.architecture import Variant
    from stylecam.benching.plan import Bench, ExportCase
    from stylecam.benching.sections import Row
    from stylecam.frame import Image

__all__ = ["measure_exports", "worst_deviation"]

_COLUMNS = (
    Column("network", plain("variant")),
    Column("size", size("size")),
    Column("frames", plain("frames")),
    Column("export, frames/s", number("export_per_second", 2)),
    Column("network alone, frames/s", number("alone_per_second", 2)),
    Column("export : alone", spread_of("ratio", 3)),
    Column("export, ns a pixel", spread_of("ns_a_pixel", 1)),
    Column("of the first's", number("percent_of_first", 0, " %")),
)


def measure_exports(bench: Bench) -> Section:
    """Every clip of the plan, made here."""
    section = Section("export", "Whole exports against the network alone", _COLUMNS)
    cases = [case for case in bench.exports if case.variant in bench.variants]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stylizers = {v: Stylizer(bench.style, device=bench.device, quality=v) for v in bench.variants}
        candidates: list[Candidate] = []
        for case in cases:
            if bench.stop.is_set():
                break
            candidates += _pair(case, stylizers[case.variant], folder, bench)
        times = interleave(candidates, rounds=bench.export_rounds, stop=bench.stop, say=bench.say, warm_ups=0)
    first: dict[Variant, float] = {}
    for case in cases:
        row = _row(case, times)
        if row is None:
            continue
        median = row["ns_a_pixel"]["median"]
        row["percent_of_first"] = round(100 * median / first.setdefault(case.variant, median), 1)
        section.rows.append(row)
    section.notes.append(
        "Each clip is made of the test pattern, H.264; an export is all of stylize_video, from opening to the final "
        "name. Where cost is linear in pixels and frames, the last column stays at 100 %, but for what an export takes "
        "once: opening, and the last frames' encoding."
    )
    for variant in bench.variants:
        if (deviation := worst_deviation([row for row in section.rows if row["variant"] == variant])) is not None:
            section.notes.append(
                f"{variant}: the export farthest from a straight line over lengths or sizes, with a fixed cost, is "
                f"{deviation:.1f} % off it."
            )
    return section


def worst_deviation(rows: Sequence[Row]) -> float | None:
    """How far the farthest export is from a straight line, in percent of its own time.

    Two lines: over the lengths of those of the first one's size, and over the sizes of those of its length. Each is the
    nearest one, in the mean square of these percentages, that does not begin below 0: a line that did would pass
    through exports that grow faster than their pictures.

    Args:
        rows: of one network; None is returned where no line has three, since two are always on one.
    """
    lines = [[row for row in rows if row[what] == rows[0][what]] for what in ("size", "frames")]
    return max((_off_a_line(line) for line in lines if len(line) > 2), default=None)


def _off_a_line(rows: Sequence[Row]) -> float:
    work: list[int] = [row["frames"] * row["size"][0] * row["size"][1] for row in rows]
    seconds: list[float] = [pixels * row["ns_a_pixel"]["median"] for pixels, row in zip(work, rows, strict=True)]
    once = [1 / time for time in seconds]
    each = [pixels / time for pixels, time in zip(work, seconds, strict=True)]
    a, b, c = _dot(once, once), _dot(once, each), _dot(each, each)
    determinant = a * c - b * b
    start = max(0.0, (c * sum(once) - b * sum(each)) / determinant) if determinant > 1e-9 * a * c else 0.0
    slope = (sum(each) - start * b) / c
    return 100 * max(abs(start * one + slope * other - 1) for one, other in zip(once, each, strict=True))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(one, other, strict=True))


def _pair(case: ExportCase, stylizer: Stylizer, folder: Path, bench: Bench) -> list[Candidate]:
    """The export, and the network alone on what it decodes."""
    name = _name(case)
    bench.say(f"making the clip {name}")
    clip = make_clip(folder / f"{name.replace(' ', '-')}.mp4", case.size, case.frames)
    with VideoFileSource(clip) as source:
        pictures = [frame.image for frame in source]
    stylizer(pictures[0])  # what is done once for a size

    def export() -> None:
        report = stylize_video(clip, folder / "painted.mp4", stylizer, force=True, stop=bench.stop)
        if report.frames != case.frames:
            raise StoppedError

    def alone() -> None:
        _paint_all(stylizer, pictures, bench)

    return [Candidate(f"{name} export", export), Candidate(f"{name} alone", alone)]


def _paint_all(stylizer: Stylizer, pictures: list[Image], bench: Bench) -> None:
    for picture in pictures:
        if bench.stop.is_set():
            raise StoppedError
        stylizer(picture)


def _row(case: ExportCase, times: Mapping[str, list[float]]) -> dict[str, Any] | None:
    exports, alone = (times.get(f"{_name(case)} {what}", []) for what in ("export", "alone"))
    whole, network, share = spread(exports), spread(alone), ratio(alone, exports)
    if whole is None or network is None or share is None:
        return None
    return {
        "variant": case.variant,
        "size": list(case.size),
        "frames": case.frames,
        "export_per_second": round(case.frames / whole.median, 3),
        "alone_per_second": round(case.frames / network.median, 3),
        "ratio": share.scaled(1, 4),
        "ns_a_pixel": whole.scaled(1e9 / (case.frames * case.size[0] * case.size[1])),
    }


def _name(case: ExportCase) -> str:
    return f"{case.variant} {case.size[0]}x{case.size[1]} {case.frames}"
