from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import torch

from stylecam import compositing
from stylecam import stylizer as stylizer_module
from stylecam.architecture import VARIANTS, Variant
from stylecam.devices import Device
from stylecam.engine import Engine
from stylecam.errors import DeviceError, SourceError, StyleError, StyleFormatError
from stylecam.stylizer import Stylizer
from tests.accelerators import CUDA, Lazy
from tests.tiny import random_weights

if TYPE_CHECKING:
    from stylecam.frame import Image
    from stylecam.pending import Pending
    from stylecam.styles import Style

CPU = Device("cpu", None, "CPU", "no CUDA device found")


@dataclass(frozen=True)
class StandIn:
    """As much of a Style as a Stylizer asks for."""

    name: str
    seed: int = 0
    variants: tuple[Variant, ...] = ("fast",)
    damaged: bool = False

    def weights(self, variant: Variant) -> dict[str, Any]:
        if self.damaged:
            raise StyleFormatError(f"{self.name} is damaged")
        return {name: array.astype(np.float16) for name, array in random_weights(variant, seed=self.seed).items()}


def style(name: str = "candy", **fields: Any) -> Style:
    return cast("Style", StandIn(name, **fields))


def picture(height: int = 32, width: int = 40, *, seed: int = 0) -> Image:
    coarse = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(seed)) * 255
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 255)
    image: Image = fine[0].permute(1, 2, 0).to(torch.uint8).contiguous().numpy()
    image.flags.writeable = False
    return image


def difference(a: Image, b: Image) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (33, 47)])
def test_a_picture_comes_back_painted_at_its_size(size: tuple[int, int]) -> None:
    image = picture(*size)
    painting = Stylizer(style(), device="cpu")(image)
    assert painting.shape == image.shape
    assert painting.dtype == np.uint8
    assert painting.flags.c_contiguous
    assert difference(painting, image) > 20


@pytest.mark.parametrize("size", [(15, 40), (40, 15), (1, 1)])
def test_a_picture_too_small_to_paint_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(SourceError, match=f"A picture of {size[1]}×{size[0]} is too small.*16×16"):
        Stylizer(style(), device="cpu")(picture(*size))


@pytest.mark.parametrize(
    "image", [np.zeros((32, 32), np.uint8), np.zeros((32, 32, 4), np.uint8), np.zeros((32, 32, 3), np.float32)]
)
def test_something_else_than_a_picture_is_the_programmers_mistake(image: Any) -> None:
    with pytest.raises(ValueError, match="expected H×W×3 uint8"):
        Stylizer(style(), device="cpu")(image)


# Swapping.


def test_a_style_set_is_the_one_painted_next() -> None:
    image = picture()
    stylizer = Stylizer(style(), device="cpu")
    first = stylizer(image)
    stylizer.set_style(style("wave", seed=1))
    assert np.array_equal(stylizer(image), Stylizer(style(seed=1), device="cpu")(image))
    assert difference(stylizer(image), first) > 20
    assert stylizer.describe().startswith("wave, ")


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (style("bad", damaged=True), StyleFormatError),
        (style("none", variants=()), StyleError),
        ([(style("good", seed=1), 0.5), (style("bad", damaged=True), 0.5)], StyleFormatError),
    ],
)
def test_a_style_that_fails_leaves_the_one_before(broken: Any, error: type[Exception]) -> None:
    image = picture()
    stylizer = Stylizer(style(), device="cpu")
    before, said = stylizer(image), stylizer.describe()
    with pytest.raises(error):
        stylizer.set_style(broken)
    assert np.array_equal(stylizer(image), before)
    assert stylizer.describe() == said


def test_a_swap_of_the_same_variant_keeps_the_engine_and_another_variant_gets_its_own() -> None:
    stylizer = Stylizer(style(), device="cpu")
    engine = stylizer._look.engine
    stylizer.set_style(style("wave", seed=1))
    assert stylizer._look.engine is engine
    stylizer.set_style(style("full only", variants=("full",)))
    assert stylizer._look.engine is not engine
    assert stylizer.variant == "full"


def test_styles_set_lately_are_kept_ready_and_others_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stylizer_module, "_READY", 2)
    a, b, c = (style(name, seed=seed) for seed, name in enumerate("abc"))
    stylizer = Stylizer(a, device="cpu")
    first, image = stylizer._look, picture()
    in_a = stylizer(image)
    stylizer.set_style([(a, 1.0), (b, 1.0)])
    mixed = stylizer._look
    stylizer.set_style(a)
    assert stylizer._look is first
    assert np.array_equal(stylizer(image), in_a)
    stylizer.set_style([(a, 2.0), (b, 2.0)])
    assert stylizer._look is mixed
    stylizer.set_style(c)  # in place of a, which was asked for longest ago
    stylizer.set_style(a)
    assert stylizer._look is not first
    assert np.array_equal(stylizer(image), in_a)


def test_another_network_lets_the_memory_of_the_first_go() -> None:
    stylizer = Stylizer(style(), device="cpu")
    engine = weakref.ref(stylizer._look.engine)
    stylizer.set_style(style("full only", variants=("full",)))
    gc.collect()
    assert engine() is None


def test_every_picture_painted_while_styles_change_is_of_one_style_whole() -> None:
    styles = [style(str(seed), seed=seed) for seed in range(3)]
    image = picture(16, 16)
    whole = {Stylizer(each, device="cpu")(image).tobytes() for each in styles}
    assert len(whole) == 3
    stylizer = Stylizer(styles[0], device="cpu")
    stop = threading.Event()

    def keep_changing() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            stylizer.set_style(styles[turn % 3])

    thread = threading.Thread(target=keep_changing)
    thread.start()
    try:
        seen = {stylizer(image).tobytes() for _ in range(60)}
    finally:
        stop.set()
        thread.join()
    assert seen <= whole


# Mixing.


def test_a_mix_is_the_network_of_the_mean_weights() -> None:
    image = picture()
    a, b = style("a", seed=1), style("b", seed=2)
    mixed = Stylizer([(a, 1.0), (b, 3.0)], device="cpu", exact=True)

    class Mean(StandIn):
        def weights(self, variant: Variant) -> dict[str, Any]:
            one, other = a.weights(variant), b.weights(variant)
            return {name: 0.25 * one[name].astype(np.float64) + 0.75 * other[name] for name in one}

    expected = Stylizer(cast("Style", Mean("mean")), device="cpu", exact=True)(image)
    assert difference(mixed(image), expected) <= 1
    assert mixed.describe().startswith("a 25% + b 75%, fast, ")


def test_a_mix_with_all_the_weight_on_one_style_is_that_style() -> None:
    image = picture()
    alone = Stylizer(style(seed=1), device="cpu")(image)
    for mix in ([(style(seed=1), 0.2)], [(style("a", seed=1), 2.0), (style("b", damaged=True), 0.0)]):
        assert np.array_equal(Stylizer(mix, device="cpu")(image), alone)


def test_a_mix_runs_the_variant_that_all_have() -> None:
    both, full = style("both", variants=VARIANTS), style("wave", variants=("full",))
    stylizer = Stylizer([(both, 0.5), (full, 0.5)], device="cpu")
    assert stylizer.variant == "full"
    assert stylizer.describe().endswith("; the styles do not all have the fast variant")


def test_styles_with_no_variant_in_common_cannot_be_mixed() -> None:
    mix = [(style("a"), 0.5), (style("b", variants=("full",)), 0.5)]
    with pytest.raises(StyleError, match=r"no variant in common \(a has fast, b has full\)"):
        Stylizer(mix, device="cpu")


@pytest.mark.parametrize("weights", [(-0.1, 1.0), (float("nan"), 1.0), (0.0, 0.0), ()])
def test_weights_of_a_mix_that_mean_nothing_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Stylizer([(style(), weight) for weight in weights], device="cpu")


# Quality and what is said.


def test_describe_tells_style_variant_device_reason_and_precision() -> None:
    stylizer = Stylizer(style(variants=VARIANTS), device=CPU, exact=True)
    assert stylizer.describe() == "candy, fast, on CPU (no CUDA device found), float32"
    assert stylizer.device == CPU


def test_describe_names_bfloat16_where_the_cpu_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert Stylizer(style(), device=CPU).describe() == "candy, fast, on CPU (no CUDA device found), bfloat16"


@pytest.mark.parametrize(
    ("quality", "has", "runs", "note"),
    [
        ("auto", VARIANTS, "fast", ""),
        ("full", VARIANTS, "full", ""),
        ("fast", VARIANTS, "fast", ""),
        ("full", ("fast",), "fast", "; the style has no full variant"),
        ("auto", ("full",), "full", "; the style has no fast variant"),
    ],
)
def test_quality_chooses_the_variant_and_says_where_the_style_lacks_it(
    quality: Any, has: tuple[Variant, ...], runs: Variant, note: str
) -> None:
    stylizer = Stylizer(style(variants=has), device=CPU, quality=quality, exact=True)
    assert stylizer.variant == runs
    assert stylizer.describe() == f"candy, {runs}, on CPU (no CUDA device found), float32{note}"


def test_on_a_gpu_auto_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class FakeEngine:
        def __init__(self, architecture: object, device: Device, *, exact: bool) -> None:
            asked.append((architecture, device))

        def prepare(self, weights: object) -> object:
            return stylizer_module.Painter({}, cast("Any", None), torch.float16, note="a note of the painter's")

    monkeypatch.setattr(stylizer_module, "Engine", FakeEngine)
    gpu = Device("cuda", 0, "A GPU", "the first CUDA device")
    stylizer = Stylizer(style(variants=VARIANTS), device=gpu)
    assert stylizer.describe() == ("candy, full, on A GPU (the first CUDA device), float16; a note of the painter's")
    assert asked == [(stylizer_module.ARCHITECTURES["full"], gpu)]


def test_a_device_that_cannot_be_had_is_an_error() -> None:
    with pytest.raises(DeviceError):
        Stylizer(style(), device="gpu")


@pytest.mark.parametrize(
    "settings", [{"quality": "best"}, {"strength": 1.01}, {"strength": float("nan")}, {"size": (15, 100)}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Stylizer(style(), device="cpu", **settings)


# Several at once.


def test_pictures_started_together_are_those_painted_one_by_one_with_what_was_set_at_their_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = partial(Engine, accelerator=Lazy(0))
    monkeypatch.setattr(stylizer_module, "Engine", make)
    stylizer = Stylizer(style(), device=CUDA, exact=True)
    assert stylizer.ahead == 2
    images = [picture(seed=seed) for seed in range(4)]

    def with_settings(number: int) -> None:
        stylizer.set_style(style(str(number % 2), seed=number % 2))
        stylizer.strength, stylizer.keep_colors = (0.0, 0.5, 1.0, 1.0)[number], number == 2
        stylizer.size = (20, 20) if number == 3 else None

    one_by_one, together = [], []
    for number, image in enumerate(images):
        with_settings(number)
        one_by_one.append(stylizer.paint(image))
    for number, image in enumerate(images):
        with_settings(number)
        together.append(stylizer.start(image))
    for alone, pending in zip(one_by_one, together, strict=True):
        assert np.array_equal(pending.result().image, alone.image)
        assert pending.result().style == alone.style
    assert np.array_equal(one_by_one[0].image, images[0])


def test_on_a_cpu_a_picture_is_painted_as_it_is_started_and_its_error_comes_with_the_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stylizer = Stylizer(style(), device="cpu")
    assert stylizer.ahead == 0
    pending = stylizer.start(picture())

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(stylizer._look.engine, "_run", fail)
    assert pending.result().image.shape == (32, 40, 3)
    failed = stylizer.start(picture())
    with pytest.raises(MemoryError):
        failed.result()


# Strength, colours, size.


def test_strength_goes_from_the_source_exactly_to_the_painting_exactly() -> None:
    image = picture()
    stylizer = Stylizer(style(), device="cpu")
    painting = stylizer(image)
    stylizer.strength = 0
    nothing = stylizer(image)
    assert np.array_equal(nothing, image)
    assert not np.shares_memory(nothing, image)
    stylizer.strength = 0.25
    expected = image + 0.25 * (painting.astype(float) - image)
    assert np.abs(stylizer(image) - expected).max() <= 0.5 + 1e-4
    stylizer.strength = 1
    assert np.array_equal(stylizer(image), painting)


def test_blending_is_exact_at_both_ends() -> None:
    source, painting = picture(seed=1), picture(seed=2)
    assert np.array_equal(compositing.blend(source, painting, 0.0), source)
    assert np.array_equal(compositing.blend(source, painting, 1.0), painting)


def _ycbcr(image: Image) -> np.ndarray[Any, Any]:
    """BT.709, full range, not rounded."""
    r, g, b = (image[..., channel].astype(float) for channel in range(3))
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return np.stack([y, (b - y) / 1.8556, (r - y) / 1.5748], axis=-1)


def test_kept_colors_are_the_sources_chroma_under_the_paintings_luminance() -> None:
    rng = np.random.default_rng(0)
    source, painting = (rng.integers(90, 166, (20, 30, 3), dtype=np.uint8) for _ in range(2))  # nothing clips
    result = _ycbcr(compositing.keep_source_colors(source, painting))
    assert np.abs(result[..., 0] - _ycbcr(painting)[..., 0]).max() < 0.51
    assert np.abs(result[..., 1:] - _ycbcr(source)[..., 1:]).max() < 0.65


def test_a_grey_picture_stays_grey_with_its_colors_kept() -> None:
    grey = np.repeat(picture()[..., :1], 3, axis=2)
    painting = Stylizer(style(), device="cpu", keep_colors=True)(grey)
    assert np.array_equal(painting[..., 0], painting[..., 1])
    assert np.array_equal(painting[..., 0], painting[..., 2])
    assert painting.std() > 5


def test_a_working_size_is_what_the_network_sees_and_the_source_size_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stylizer = Stylizer(style(), device="cpu", size=(40, 40))
    seen: list[tuple[int, ...]] = []
    real = stylizer._look.engine.start

    def start(painter: Any, image: Image) -> Pending[Image]:
        seen.append(image.shape)
        return real(painter, image)

    monkeypatch.setattr(stylizer._look.engine, "start", start)
    assert stylizer(picture(60, 80)).shape == (60, 80, 3)
    assert stylizer(picture(20, 30)).shape == (20, 30, 3)  # smaller already: never enlarged
    stylizer.size = None
    stylizer(picture(60, 80))
    assert seen == [(30, 40, 3), (20, 30, 3), (60, 80, 3)]


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        ((640, 480), (320, 320), (320, 240)),
        ((480, 640), (320, 320), (240, 320)),
        ((640, 480), (640, 480), (640, 480)),
        ((640, 480), (1000, 1000), (640, 480)),
        ((1000, 20), (100, 100), (100, 16)),
        ((641, 479), (320, 240), (320, 239)),
    ],
)
def test_a_picture_is_fitted_within_a_limit(
    size: tuple[int, int], limit: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert compositing.fit_within(size, limit, least=16) == expected


def test_resizing_averages_when_it_shrinks_and_keeps_even_areas_even() -> None:
    checks = np.zeros((64, 64, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 255
    small = compositing.resize(checks, (16, 16))
    assert small.shape == (16, 16, 3)
    assert np.abs(small[2:-2, 2:-2].astype(int) - 128).max() <= 3  # skipping lines would give 0 or 255
    even = np.full((20, 30, 3), 77, np.uint8)
    assert set(np.unique(compositing.resize(even, (95, 61)))) == {77}
    assert set(np.unique(compositing.resize(even, (17, 16)))) == {77}


def test_resizing_does_not_move_the_picture() -> None:
    slope = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None, :, None], 40, axis=0).repeat(3, axis=2)
    back = compositing.resize(compositing.resize(slope, (60, 20)), (120, 40))
    assert np.abs(back[:, 8:-8].astype(int) - slope[:, 8:-8]).max() <= 1
