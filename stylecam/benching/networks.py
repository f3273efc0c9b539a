"""The networks alone: a uint8 picture in, a uint8 picture out, by the very Engine that paints everywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stylecam.architecture import ARCHITECTURES
from stylecam.benching.counting import multiply_adds, multiply_adds_of
from stylecam.benching.limit import MatrixProduct, bfloat16_product
from stylecam.benching.pictures import frames
from stylecam.benching.rounds import Candidate, interleave, ratio, spread
from stylecam.benching.sections import Column, Section, number, plain, size, spread_of
from stylecam.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from stylecam.architecture import Variant
    from stylecam.benching.plan import Bench, Size
    from stylecam.engine import Painter
    from stylecam.frame import Image

__all__ = ["measure_networks", "paint_with"]

_COLUMNS = (
    Column("network", plain("variant")),
    Column("size", size("size")),
    Column("ms a picture", spread_of("ms")),
    Column("pictures/s", number("per_second")),
    Column("GMAC as published", number("gmac_published", 2)),
    Column("GMAC as run", number("gmac_run", 2)),
    Column("ms at the limit", number("limit_ms")),
    Column("share of the limit", number("percent_of_limit", 0, " %")),
)


def measure_networks(bench: Bench) -> Section:
    """Every variant at every size, and the machine's limit, in the same rounds."""
    product = MatrixProduct(bench.device, bench.product_side)
    products = [product, *filter(None, [bfloat16_product(bench.device, bench.product_side)])]
    engines = {variant: _prepared(bench, variant) for variant in bench.variants}
    cases = [(variant, at) for at in bench.sizes for variant in bench.variants]
    candidates = [
        Candidate(_name(variant, at), paint_with(*engines[variant], frames(at, 1)[0].image)) for variant, at in cases
    ]
    candidates += [product.candidate for product in products]
    times = interleave(candidates, rounds=bench.rounds, stop=bench.stop, say=bench.say)
    section = Section("network", "The networks alone", _COLUMNS)
    rate = product.rate(times[product.name])
    for variant, at in cases:
        measured = spread(times[_name(variant, at)])
        if measured is None:
            continue
        run = multiply_adds_of(engines[variant][1].network, at)
        row: dict[str, Any] = {
            "variant": variant,
            "size": list(at),
            "dtype": str(engines[variant][1].dtype).removeprefix("torch."),
            "ms": measured.scaled(1000),
            "per_second": round(1 / measured.median, 2),
            "gmac_published": round(multiply_adds(ARCHITECTURES[variant], at) / 1e9, 4),
            "gmac_run": round(run / 1e9, 4),
        }
        if rate is not None:
            row["limit_ms"] = round(1000 * run / rate, 3)
            row["percent_of_limit"] = round(100 * run / rate / measured.median, 1)
        section.rows.append(row)
    _add_notes(section, bench, products, times)
    return section


def paint_with(engine: Engine, painter: Painter, image: Image) -> Callable[[], Image]:
    """A run of the engine on one picture."""
    return lambda: engine.paint(painter, image)


def _prepared(bench: Bench, variant: Variant) -> tuple[Engine, Painter]:
    engine = Engine(ARCHITECTURES[variant], bench.device)
    return engine, engine.prepare(bench.style.weights(variant))


def _name(variant: Variant, at: Size) -> str:
    return f"{variant} {at[0]}×{at[1]}"


def _add_notes(section: Section, bench: Bench, products: list[MatrixProduct], times: dict[str, list[float]]) -> None:
    words = [text for product in products if (text := product.describe(times[product.name]))]
    if words:
        section.notes.append("The limit: " + "; ".join(words))
    section.notes.append(
        "GMAC: thousand million multiply-adds of all convolutions, as the architecture has them and as they are run "
        "(the sub-pixel form of an upsampling takes the same sums with fewer products). Shares are of those as run."
    )
    if len(bench.variants) == 2:
        for at in bench.sizes:
            times_faster = ratio(times[_name("full", at)], times[_name("fast", at)])
            if times_faster:
                section.notes.append(
                    f"At {at[0]}×{at[1]}, fast is {times_faster.median:.1f} times as fast as full "
                    f"({times_faster.low:.1f}–{times_faster.high:.1f})."
                )
