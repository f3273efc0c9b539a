"""What only a real CUDA device can show. `STYLECAM_REQUIRE_GPU=1 python -m pytest -m gpu` fails where there is none."""

from __future__ import annotations

import json
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from stylecam import engine as engine_module
from stylecam.accelerator import CudaAccelerator
from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.devices import Device, choose_device, list_devices
from stylecam.engine import Engine, Painter
from stylecam.errors import DeviceMemoryError
from stylecam.layouts import CANDIDATES, fastest_form
from stylecam.pipeline import stylize_video
from stylecam.recorded import SLOTS
from stylecam.stylizer import Stylizer
from tests.clips import make_clip
from tests.tiny import random_weights, write_tiny_style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stylecam.frame import Image
    from stylecam.inference import Form
    from stylecam.pending import Pending

pytestmark = pytest.mark.gpu


def picture(height: int = 240, width: int = 320, *, seed: int = 0) -> Image:
    coarse = torch.rand(1, 3, 9, 12, generator=torch.Generator().manual_seed(seed)) * 255
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 255)
    image: Image = fine[0].permute(1, 2, 0).to(torch.uint8).contiguous().numpy()
    return image


def decibels(a: Image, b: Image) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((a.astype(float) - b) ** 2), 1e-9)))


def on_the_cpu(image: Image, variant: Variant, *, seed: int = 0) -> Image:
    engine = Engine(ARCHITECTURES[variant], Device("cpu", None, "CPU", "as asked"), exact=True)
    return engine.paint(engine.prepare(random_weights(variant, seed=seed)), image)


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Variant:
    chosen: Variant = request.param
    return chosen


def gpu_engine(variant: Variant, *, form: Form | None = None) -> Engine:
    """In the usual layout, or in the one given; none is timed."""
    usual = next(iter(CANDIDATES.values()))
    device = choose_device("cuda")
    return Engine(ARCHITECTURES[variant], device, choose_form=lambda *_: form or usual)


def in_a_row(engine: Engine, work: Sequence[tuple[Painter, Image]], ahead: int) -> list[Image]:
    """Painted with so many frames started before the first is read."""
    waiting: deque[Pending[Image]] = deque()
    paintings: list[Image] = []
    for painter, image in work:
        waiting.append(engine.start(painter, image))
        if len(waiting) > ahead:
            paintings.append(waiting.popleft().result())
    return paintings + [pending.result() for pending in waiting]


@contextmanager
def no_hidden_waiting() -> Iterator[None]:
    """Fails where torch waits for the device of itself."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_auto_takes_the_gpu() -> None:
    assert choose_device("auto").kind == "cuda"
    assert list_devices()[-1].kind == "cpu"


@pytest.mark.parametrize("size", [(240, 320), (239, 317), (16, 16)])
def test_the_gpu_paints_in_half_precision_what_the_cpu_paints(variant: Variant, size: tuple[int, int]) -> None:
    engine = gpu_engine(variant)
    painter = engine.prepare(random_weights(variant))
    assert painter.dtype == torch.float16
    for seed in range(3):
        image = picture(*size, seed=seed)
        assert decibels(engine.paint(painter, image), on_the_cpu(image, variant)) > 35


def test_a_replayed_frame_equals_the_first_and_a_black_one_is_painted(variant: Variant) -> None:
    engine = gpu_engine(variant)
    painter = engine.prepare(random_weights(variant))
    image = picture()
    first = engine.paint(painter, image)
    engine.paint(painter, np.zeros_like(image))
    assert decibels(engine.paint(painter, image), first) > 60


def test_a_swap_changes_the_picture_without_a_new_recording(variant: Variant) -> None:
    engine = gpu_engine(variant)
    painters = [engine.prepare(random_weights(variant, seed=seed)) for seed in range(2)]
    image = picture()
    engine.paint(painters[0], image)
    assert engine._recorded is not None
    recorded = list(engine._recorded._recordings.values())
    for seed in (1, 0, 1):
        assert decibels(engine.paint(painters[seed], image), on_the_cpu(image, variant, seed=seed)) > 35
    assert list(engine._recorded._recordings.values()) == recorded


def test_styles_prepared_on_another_thread_do_not_disturb_recording_and_painting() -> None:
    engine = gpu_engine("fast")
    painter = engine.prepare(random_weights("fast"))
    stop = threading.Event()
    failed: list[BaseException] = []
    made: list[Painter] = []

    def prepare() -> None:
        try:
            while not stop.is_set():
                made[:] = [engine.prepare(random_weights("fast", seed=1))]
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=prepare)
    thread.start()
    try:
        for height in range(64, 256, 16):
            image = picture(height, 128)
            assert decibels(engine.paint(painter, image), on_the_cpu(image, "fast")) > 35
    finally:
        stop.set()
        thread.join()
    assert not failed
    image = picture()
    assert decibels(engine.paint(made[0], image), on_the_cpu(image, "fast", seed=1)) > 35


def test_memory_does_not_grow_with_frames_swaps_and_sizes() -> None:
    engine = gpu_engine("fast")
    painters = [engine.prepare(random_weights("fast", seed=seed)) for seed in range(2)]

    def round_of_frames() -> int:
        for step in range(24):
            engine.paint(painters[step % 2], picture(96 + 32 * (step % 5), 128))
        torch.cuda.synchronize()
        return torch.cuda.memory_allocated()

    round_of_frames()
    settled = round_of_frames()
    assert round_of_frames() <= settled + 2**20


def test_a_style_that_overflows_half_precision_is_painted_in_float32() -> None:
    engine = gpu_engine("fast")
    weights = random_weights("fast")
    weights["res3.in2.weight"] *= 1e5
    painter = engine.prepare(weights)
    assert painter.dtype == torch.float32
    assert engine.paint(painter, picture()).std() > 1


@pytest.mark.parametrize("ahead", [1, SLOTS - 1, SLOTS + 2])
def test_frames_that_overlap_are_bit_for_bit_those_painted_one_by_one(variant: Variant, ahead: int) -> None:
    engine = gpu_engine(variant)
    painters = [engine.prepare(random_weights(variant, seed=seed)) for seed in range(2)]
    images = [picture((240, 240, 120)[n % 3], 320, seed=n) for n in range(24)]
    work = [(painters[n // 5 % 2], image) for n, image in enumerate(images)]
    one_by_one = [painting.copy() for painting in in_a_row(engine, work, 0)]
    assert len({painting.tobytes() for painting in one_by_one}) == len(images)
    for _ in range(5):
        together = in_a_row(engine, work, ahead)
        assert all(np.array_equal(a, b) for a, b in zip(one_by_one, together, strict=True))


def test_a_large_picture_is_not_read_before_it_has_arrived() -> None:
    """Copies of 4K take milliseconds, so that a missing wait would show."""
    engine = gpu_engine("fast")
    painter = engine.prepare(random_weights("fast"))
    images = [picture(2160, 3840, seed=seed) for seed in range(4)]
    work = [(painter, image) for image in images]
    one_by_one = [painting.copy() for painting in in_a_row(engine, work, 0)]
    together = in_a_row(engine, work * 3, SLOTS - 1)
    assert all(np.array_equal(one_by_one[n % 4], painting) for n, painting in enumerate(together))


def test_a_frame_asks_for_no_memory_and_waits_for_nothing_but_its_picture(variant: Variant) -> None:
    engine = gpu_engine(variant)
    painters = [engine.prepare(random_weights(variant, seed=seed)) for seed in range(2)]
    work = [(painters[n // 4 % 2], picture(seed=n)) for n in range(16)]

    def round_of_frames() -> None:
        in_a_row(engine, work, SLOTS - 1)

    round_of_frames()
    round_of_frames()
    before, host = torch.cuda.memory_stats(), torch.cuda.host_memory_stats()
    with no_hidden_waiting():
        round_of_frames()
    after = torch.cuda.memory_stats()
    for counter in ("allocation.all.allocated", "segment.all.allocated", "allocated_bytes.all.allocated"):
        assert after[counter] == before[counter], counter
    assert torch.cuda.host_memory_stats().get("num_host_alloc") == host.get("num_host_alloc")


def test_pictures_that_are_kept_stay_as_they_are(variant: Variant) -> None:
    engine = gpu_engine(variant)
    painter = engine.prepare(random_weights(variant))
    work = [(painter, picture(seed=seed)) for seed in range(40)]
    kept = in_a_row(engine, work, SLOTS - 1)
    copies = [painting.copy() for painting in kept]
    in_a_row(engine, work[::-1], SLOTS - 1)
    assert all(np.array_equal(a, b) for a, b in zip(kept, copies, strict=True))


def test_frames_on_their_way_are_painted_again_where_half_precision_overflows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "half_precision_problem", lambda *_, **__: None)
    engine = gpu_engine("fast")
    weights = random_weights("fast")
    weights["res3.in2.weight"] *= 1e5
    wild, tame = engine.prepare(weights), engine.prepare(random_weights("fast", seed=1))
    assert wild.dtype == torch.float16
    images = [picture(seed=seed) for seed in range(6)]
    work = [((tame, wild)[n % 2], image) for n, image in enumerate(images)]
    paintings = in_a_row(engine, work, SLOTS - 1)
    assert (wild.dtype, tame.dtype) == (torch.float32, torch.float16)
    for n, painting in enumerate(paintings):
        alone = engine.paint(work[n][0], images[n])
        assert decibels(painting, alone) > 50


def test_where_memory_does_not_suffice_frames_on_their_way_arrive_and_the_engine_goes_on() -> None:
    engine = gpu_engine("full")
    painter = engine.prepare(random_weights("full"))
    image = picture()
    expected = engine.paint(painter, image).copy()
    pending = engine.start(painter, image)
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, (torch.cuda.memory_reserved() + 2**28) / total))
    try:
        failed = engine.start(painter, picture(2160, 3840))
        assert np.array_equal(pending.result(), expected)
        with pytest.raises(DeviceMemoryError, match="3840×2160"):
            failed.result()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert decibels(engine.paint(painter, image), expected) > 50


@pytest.mark.parametrize("form", CANDIDATES.values(), ids=CANDIDATES)
def test_every_layout_paints_what_the_cpu_paints_and_takes_swaps(form: Form, variant: Variant) -> None:
    engine = gpu_engine(variant, form=form)
    painters = [engine.prepare(random_weights(variant, seed=seed)) for seed in range(2)]
    image = picture()
    for seed in (0, 1, 0):
        assert decibels(engine.paint(painters[seed], image), on_the_cpu(image, variant, seed=seed)) > 35


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_layouts_are_timed_and_remembered(variant: Variant, dtype: torch.dtype, tmp_path: Path) -> None:
    accelerator = CudaAccelerator(0)
    path = tmp_path / "layouts.json"
    for _ in CANDIDATES:  # a slow device takes more than one start
        form = fastest_form(accelerator, ARCHITECTURES[variant], dtype, path=path)
    (times,) = json.loads(path.read_text())["times"].values()
    print(f"\n{accelerator.model}, {variant}, {dtype}: {times}")  # noqa: T201  # what is missing where none has a GPU
    assert set(times) == set(CANDIDATES)
    assert form == CANDIDATES[min(times, key=lambda name: times[name])]


def test_an_export_on_the_gpu_is_the_same_with_frames_ahead_and_without(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=60, size=(320, 240))
    stylizer = Stylizer(write_tiny_style(tmp_path / "some.safetensors"), device="cuda")
    assert stylizer.ahead == SLOTS - 1
    stylize_video(clip, tmp_path / "alone.mp4", lambda image: stylizer(image), steadiness=50)
    report = stylize_video(clip, tmp_path / "ahead.mp4", stylizer, steadiness=50)
    assert report.frames == 60
    assert (tmp_path / "ahead.mp4").read_bytes() == (tmp_path / "alone.mp4").read_bytes()
