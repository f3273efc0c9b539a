"""What only a real CUDA device can show. `STYLECAM_REQUIRE_GPU=1 python -m pytest -m gpu` fails where there is none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.devices import Device, choose_device, list_devices
from stylecam.engine import Engine, Painter
from tests.tiny import random_weights

if TYPE_CHECKING:
    from stylecam.frame import Image

pytestmark = pytest.mark.gpu


def picture(height: int = 240, width: int = 320, *, seed: int = 0) -> Image:
    coarse = torch.rand(1, 3, 9, 12, generator=torch.Generator().manual_seed(seed)) * 255
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 255)
    image: Image = fine[0].permute(1, 2, 0).to(torch.uint8).contiguous().numpy()
    return image


def decibels(a: Image, b: Image) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((a.astype(float) - b) ** 2), 1e-9)))


def on_the_cpu(image: Image, variant: Variant, *, seed: int = 0) -> Image:
    engine = Engine(ARCHITECTURES[variant], Device("cpu", None, "CPU", "as asked"))
    return engine.paint(engine.prepare(random_weights(variant, seed=seed)), image)


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Variant:
    chosen: Variant = request.param
    return chosen


def gpu_engine(variant: Variant) -> Engine:
    return Engine(ARCHITECTURES[variant], choose_device("cuda"))


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
    recorded = list(engine._recorded.values())
    for seed in (1, 0, 1):
        assert decibels(engine.paint(painters[seed], image), on_the_cpu(image, variant, seed=seed)) > 35
    assert list(engine._recorded.values()) == recorded


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
