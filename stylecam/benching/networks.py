"""The networks alone: a uint8 picture in, a uint8 picture out, by the very Engine that paints everywhere else."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from stylecam.architecture import ARCHITECTURES
from stylecam.benching.counting import multiply_adds, multiply_adds_of
from stylecam.benching.limit import products_of
from stylecam.benching.pictures import frames
from stylecam.benching.rounds import Candidate, interleave, ratio, spread
from stylecam.benching.sections import Column, Section, number, plain, size, spread_of
from stylecam.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stylecam.architecture import Variant
    from stylecam.benching.limit import MatrixProduct
    from stylecam.benching.plan import Bench, Size
    from stylecam.engine import Painter
    from stylecam.frame import Image
    from stylecam.pending import Pending

__all__ = ["measure_networks", "paint_many_with", "paint_with"]

_COLUMNS = (
    Column("network", plain("variant")),
    Column("size", size("size")),
    Column("ms a picture", spread_of("ms")),
    Column("pictures/s", number("per_second")),
    Column("pictures/s, several on their way", number("many_per_second")),
    Column("GMAC as published", number("gmac_published", 2)),
    Column("GMAC needed", number("gmac_needed", 2)),
    Column("GMAC as run", number("gmac_run", 2)),
    Column("in", plain("dtype")),
    Column("ms at the limit", number("limit_ms")),
    Column("% of the limit", spread_of("percent_of_limit", 0)),
    Column("of the needed ones", number("percent_of_needed", 0, " %")),
)
_MANY: Final = 8


def measure_networks(bench: Bench) -> Section:
    """Every variant at every size, and the machine's limit, in the same rounds."""
    products = products_of(bench.device, bench.product_side)
    engines = {variant: _prepared(bench, variant) for variant in bench.variants}
    cases = [(variant, at) for at in bench.sizes for variant in bench.variants]
    candidates = [
        Candidate(_name(variant, at), paint_with(*engines[variant], frames(at, 1)[0].image)) for variant, at in cases
    ]
    candidates += [
        Candidate(_many_name(variant, at), paint_many_with(*engines[variant], frames(at, 1)[0].image))
        for variant, at in cases
        if at in bench.many_sizes
    ]
    candidates += [product.candidate for product in products]
    times = interleave(candidates, rounds=bench.rounds, stop=bench.stop, say=bench.say)
    section = Section("network", "The networks alone", _COLUMNS)
    rates = {product.dtype: product.rate(times[product.name]) for product in products}
    for variant, at in cases:
        measured = spread(times[_name(variant, at)])
        if measured is None:
            continue
        painter = engines[variant][1]
        published, needed = (multiply_adds(ARCHITECTURES[variant], at, subpixel=form) for form in (False, True))
        row: dict[str, Any] = {
            "variant": variant,
            "size": list(at),
            "dtype": str(painter.dtype).removeprefix("torch."),
            "ms": measured.scaled(1000),
            "per_second": round(1 / measured.median, 2),
            "gmac_published": round(published / 1e9, 4),
            "gmac_needed": round(needed / 1e9, 4),
            "gmac_run": round(multiply_adds_of(painter.network, at) / 1e9, 4),
        }
        in_a_row = spread(times.get(_many_name(variant, at), []))
        if in_a_row:
            row["many_per_second"] = round(_MANY / in_a_row.median, 2)
        rate = rates.get(painter.dtype)
        if rate is not None:
            row["limit_ms"] = round(1000 * published / rate, 3)
            shares = spread([100 * published / rate / seconds for seconds in times[_name(variant, at)]])
            row["percent_of_limit"] = shares and shares.scaled(1, 1)
            row["percent_of_needed"] = round(100 * needed / rate / measured.median, 1)
        section.rows.append(row)
    _add_notes(section, bench, products, times)
    return section


def paint_with(engine: Engine, painter: Painter, image: Image) -> Callable[[], Image]:
    """A run of the engine on one picture."""
    return lambda: engine.paint(painter, image)


def paint_many_with(engine: Engine, painter: Painter, image: Image) -> Callable[[], None]:
    """A run of the engine on one picture many times, with as many on their way at once as are worth it: as in exports.

    What `paint_with` takes is the delay of one picture; this is the rate.
    """

    def run() -> None:
        on_their_way: deque[Pending[Image]] = deque()
        with engine.overlapping():
            for _ in range(_MANY):
                if len(on_their_way) > engine.ahead:
                    on_their_way.popleft().result()
                on_their_way.append(engine.start(painter, image))
            while on_their_way:
                on_their_way.popleft().result()

    return run


def _prepared(bench: Bench, variant: Variant) -> tuple[Engine, Painter]:
    engine = Engine(ARCHITECTURES[variant], bench.device)
    return engine, engine.prepare(bench.style.weights(variant))


def _name(variant: Variant, at: Size) -> str:
    return f"{variant} {at[0]}×{at[1]}"


def _many_name(variant: Variant, at: Size) -> str:
    return f"{_name(variant, at)}, {_MANY} in a row"


def _add_notes(
    section: Section, bench: Bench, products: Sequence[MatrixProduct], times: dict[str, list[float]]
) -> None:
    words = [text for product in products if (text := product.describe(times[product.name]))]
    if words:
        section.notes.append("The limit: " + "; ".join(words))
    section.notes.append(
        "GMAC: thousand million multiply-adds of all convolutions. As published: upsampled first, convolved then. "
        "Needed: the same sums in sub-pixel form, where nearest-neighbour upsampling repeats no product. As run: with "
        "what is multiplied by zeros to fill registers. The limit is the matrix product in the network's own type "
        "times the published ones; the last column, stricter, is the share of what the needed ones would take."
    )
    if len(bench.variants) == 2:
        for at in bench.sizes:
            times_faster = ratio(times[_name("full", at)], times[_name("fast", at)])
            if times_faster:
                section.notes.append(
                    f"At {at[0]}×{at[1]}, fast is {times_faster.median:.1f} times as fast as full "
                    f"({times_faster.low:.1f}–{times_faster.high:.1f})."
                )
