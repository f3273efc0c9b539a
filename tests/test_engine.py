from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import stylecam.engine
from stylecam import inference
from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.devices import Device, shared_threads
from stylecam.engine import Engine
from stylecam.errors import DeviceError, StyleError
from stylecam.inference import FORMS, build_network, half_precision_problem, to_network, to_picture
from stylecam.network import TransformerNet
from tests.accelerators import picture
from tests.tiny import random_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stylecam.frame import Image

CPU = Device("cpu", None, "CPU", "as asked")
MPS = Device("mps", None, "Apple GPU", "as asked")


def expected_painting(image: Image, *, variant: Variant = "fast", seed: int = 0) -> Image:
    network = TransformerNet(ARCHITECTURES[variant])
    network.load_state_dict({k: torch.from_numpy(v) for k, v in random_weights(variant, seed=seed).items()})
    with torch.no_grad():
        y = network(torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float())
    rounded: Image = y.clamp(0, 255).round()[0].permute(1, 2, 0).to(torch.uint8).numpy()
    return rounded


def difference(a: Image, b: Image) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.fixture(autouse=True)
def _a_small_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU is slow in half precision: the check on load gets a smaller picture."""
    monkeypatch.setattr(inference, "_TRIAL", (64, 64))


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


# The CPU.


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_cpu_paints_what_the_plain_network_gives_rounded(variant: Variant) -> None:
    engine = Engine(ARCHITECTURES[variant], CPU, exact=True)
    image = picture(33, 47)
    painting = engine.paint(engine.prepare(random_weights(variant)), image)
    expected = expected_painting(image, variant=variant)
    assert painting.shape == image.shape
    assert painting.dtype == np.uint8
    assert painting.flags.c_contiguous
    assert difference(painting, expected) <= 1  # where a value stands on the edge between two levels
    assert np.mean(painting != expected) < 0.001


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_cpu_with_bfloat16_paints_in_it_what_cannot_be_told_from_float32(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    engine = Engine(ARCHITECTURES[variant], CPU)
    painter = engine.prepare(random_weights(variant))
    assert (painter.dtype, painter.note) == (torch.bfloat16, None)
    image = picture(96, 128)
    painting, expected = engine.paint(painter, image), expected_painting(image, variant=variant)
    assert np.mean((painting.astype(float) - expected) ** 2) < 255**2 / 10**4.0  # 40 dB
    assert difference(painting, expected) > 0  # it was bfloat16 indeed


def test_a_style_that_bfloat16_would_change_is_painted_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    weights = random_weights("fast")
    weights["deconv3.conv2d.weight"] = weights["deconv3.conv2d.weight"] * 300  # each small error becomes a large one
    painter = Engine(ARCHITECTURES["fast"], CPU).prepare(weights)
    assert painter.dtype == torch.float32
    assert painter.note is not None
    assert "bfloat16 differs too much in this style" in painter.note


@pytest.mark.parametrize("features", [{}, {"avx2": True, "avx512_f": True, "avx512_bf16": False}])
def test_a_cpu_without_it_and_whoever_asks_for_the_exact_picture_get_float32(
    features: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    assert Engine(ARCHITECTURES["fast"], CPU).prepare(random_weights("fast")).dtype == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert Engine(ARCHITECTURES["fast"], CPU, exact=True).prepare(random_weights("fast")).dtype == torch.float32


def test_within_overlapping_several_pictures_are_painted_at_a_time_and_read_in_their_order(two_threads: None) -> None:
    engine = Engine(ARCHITECTURES["fast"], CPU, exact=True)
    painter = engine.prepare(random_weights("fast"))
    images = [picture(33, 47, seed=seed) for seed in range(5)]
    alone = [engine.paint(painter, image) for image in images]
    assert engine.ahead == 0
    with engine.overlapping():
        assert engine.ahead == 2
        pending = []
        for image in images:
            changed = image.copy()
            pending.append(engine.start(painter, changed))
            changed[:] = 0  # it was taken as it was
        together = [one.result() for one in pending]
        live = engine.paint(painter, images[0])
    assert all(difference(a, b) <= 1 for a, b in zip(alone, together, strict=True))
    assert difference(live, alone[0]) <= 1
    assert engine.ahead == 0
    assert torch.get_num_threads() == 2


def test_each_of_several_painters_has_its_share_of_the_threads(two_threads: None) -> None:
    torch.set_num_threads(6)
    with shared_threads(4) as (pool, workers):
        assert workers == 4
        assert {pool.submit(torch.get_num_threads).result() for _ in range(20)} == {1}
        assert torch.get_num_threads() == 6
        later: list[int] = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert later == [6]


def test_an_error_of_one_of_several_pictures_comes_where_it_is_read(two_threads: None) -> None:
    engine = Engine(ARCHITECTURES["fast"], CPU, exact=True)
    good = engine.prepare(random_weights("fast"))
    bad = engine.prepare(random_weights("fast"))
    bad.network.deconv3.conv2d.bias.fill_(float("nan"))
    with engine.overlapping():
        first, second, third = (engine.start(painter, picture()) for painter in (good, bad, good))
        assert first.result().shape == third.result().shape
        with pytest.raises(StyleError, match="invalid pictures"):
            second.result()


def test_pictures_that_would_take_too_much_memory_together_are_painted_one_by_one(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stylecam.engine, "_MOST_PIXELS", 2 * 32 * 40 - 1)
    engine = Engine(ARCHITECTURES["fast"], CPU)
    painter = engine.prepare(random_weights("fast"))
    painted_in: list[str] = []
    painter.network.register_forward_hook(lambda *_: painted_in.append(threading.current_thread().name))
    with engine.overlapping():
        engine.start(painter, picture(32, 40)).result()
        engine.start(painter, picture(31, 40)).result()
    assert painted_in[0] == threading.current_thread().name
    assert painted_in[1].startswith("stylecam-painter")


def test_as_many_pictures_are_on_their_way_as_there_are_workers(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def seven(most: int) -> Iterator[tuple[ThreadPoolExecutor, int]]:
        with ThreadPoolExecutor(1) as pool:
            yield pool, 7

    monkeypatch.setattr(stylecam.engine, "shared_threads", seven)
    engine = Engine(ARCHITECTURES["fast"], CPU)
    with engine.overlapping():
        assert engine.ahead == 7
    assert engine.ahead == 0


def test_one_thread_paints_one_picture_at_a_time(two_threads: None) -> None:
    torch.set_num_threads(1)
    engine = Engine(ARCHITECTURES["fast"], CPU)
    with engine.overlapping():
        assert engine.ahead == 0


def test_values_are_rounded_and_clamped_and_not_cut_or_wrapped_round() -> None:
    output = torch.tensor([-5.0, 0.4, 0.6, 99.5001, 254.7, 300.0]).view(1, 3, 1, 2)
    result, total = to_picture(output)
    assert result.permute(2, 0, 1).flatten().tolist() == [0, 0, 1, 100, 255, 255]
    assert total.isfinite()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_one_value_that_is_not_finite_is_seen(value: float) -> None:
    output = torch.zeros(1, 3, 5, 7)
    output[0, 1, 2, 3] = value
    assert not to_picture(output)[1].isfinite()


def test_a_painting_is_a_new_array_each_time_and_the_picture_may_be_read_only_and_strided() -> None:
    engine = Engine(ARCHITECTURES["fast"], CPU)
    painter = engine.prepare(random_weights("fast"))
    image = picture()
    image.flags.writeable = False
    first = engine.paint(painter, image)
    kept = first.copy()
    flipped = engine.paint(painter, image[:, ::-1])
    assert np.array_equal(first, kept)
    assert np.array_equal(flipped, engine.paint(painter, np.ascontiguousarray(image[:, ::-1])))


def test_preparing_draws_nothing_from_the_callers_random_numbers() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    Engine(ARCHITECTURES["fast"], CPU).prepare(random_weights("fast"))
    assert torch.equal(torch.rand(3), expected)


def test_weights_that_do_not_fit_are_a_style_error() -> None:
    with pytest.raises(StyleError, match=r"does not fit its network.*conv1"):
        Engine(ARCHITECTURES["fast"], CPU).prepare(random_weights("full"))


def test_weights_that_give_invalid_pictures_are_refused_before_they_are_used() -> None:
    weights = random_weights("fast")
    weights["deconv3.conv2d.bias"][:] = np.inf
    with pytest.raises(StyleError, match="produced invalid pictures"):
        Engine(ARCHITECTURES["fast"], CPU).prepare(weights)


def test_an_invalid_picture_on_the_way_is_a_style_error() -> None:
    engine = Engine(ARCHITECTURES["fast"], CPU)
    painter = engine.prepare(random_weights("fast"))
    painter.network.get_parameter("in5.bias").fill_(float("nan"))
    with pytest.raises(StyleError, match="produced invalid pictures"):
        engine.paint(painter, picture())


# What a GPU computes, proven on the CPU.


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_centred_form_computes_the_same(variant: Variant) -> None:
    weights = random_weights(variant)
    weights["conv1.conv2d.bias"] += 3.0
    weights["res1.conv1.conv2d.bias"] -= 2.0
    source = torch.from_numpy(picture(32, 48))
    outputs = []
    for kind in ("cpu", "cuda"):
        form = FORMS[kind]
        network = build_network(
            ARCHITECTURES[variant], weights, form=form, dtype=torch.float32, device=torch.device("cpu")
        )
        with torch.no_grad():
            outputs.append(network(to_network(source, form=form, dtype=torch.float32)))
    assert outputs[0].std() > 5
    assert (outputs[0] - outputs[1]).abs().max() < 1e-3 * 255


def test_every_level_is_exact_in_half_precision() -> None:
    levels = torch.arange(256, dtype=torch.uint8).view(16, 16, 1).expand(16, 16, 3)
    half, exact = (to_network(levels, form=FORMS["cuda"], dtype=dtype) for dtype in (torch.float16, torch.float32))
    assert torch.equal(half.float(), exact)
    assert half.unique().numel() == 256


@pytest.mark.parametrize("level", [0, 1, 128, 255])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_picture_of_one_level_is_finite_in_half_precision(variant: Variant, level: int) -> None:
    form = FORMS["cuda"]
    network = build_network(
        ARCHITECTURES[variant], random_weights(variant), form=form, dtype=torch.float16, device=torch.device("cpu")
    )
    with torch.no_grad():
        output = network(to_network(torch.full((16, 16, 3), level, dtype=torch.uint8), form=form, dtype=torch.float16))
    assert output.isfinite().all()


def _pair(weights: dict[str, Any]) -> tuple[TransformerNet, TransformerNet]:
    half, exact = (
        build_network(ARCHITECTURES["fast"], weights, form=FORMS["cuda"], dtype=dtype, device=torch.device("cpu"))
        for dtype in (torch.float16, torch.float32)
    )
    return half, exact


def test_half_precision_is_accepted_where_it_is_near() -> None:
    assert half_precision_problem(*_pair(random_weights("fast")), form=FORMS["cuda"]) is None


def test_half_precision_is_refused_where_it_overflows() -> None:
    weights = random_weights("fast")
    weights["res3.in2.weight"] *= 1e5
    problem = half_precision_problem(*_pair(weights), form=FORMS["cuda"])
    assert problem == "half precision overflows in this style"


def test_half_precision_is_refused_where_it_is_far_off() -> None:
    half, exact = _pair(random_weights("fast"))
    with torch.no_grad():
        half.get_parameter("in3.bias").add_(0.5)
    problem = half_precision_problem(half, exact, form=FORMS["cuda"])
    assert problem is not None
    assert "differs too much in this style (" in problem


# Errors.


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "has not enough free memory"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:125] DefaultCPUAllocator: can't allocate memory"), "not enough"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"), "has not enough free memory"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "stopped working.*Start stylecam again"),
        (torch.AcceleratorError("device-side assert triggered"), "stopped working.*Start stylecam again"),
    ],
)
def test_errors_of_the_device_say_what_helps(error: Exception, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(ARCHITECTURES["fast"], CPU)
    painter = engine.prepare(random_weights("fast"))

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(engine, "_run", fail)
    with pytest.raises(DeviceError, match=says) as caught:
        engine.paint(painter, picture())
    assert caught.value.__cause__ is error


def test_a_style_that_finds_no_memory_is_not_blamed_on_the_size_of_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(ARCHITECTURES["full"], MPS)

    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("MPS backend out of memory")

    monkeypatch.setattr(engine, "_build", fail)
    with pytest.raises(DeviceError) as caught:
        engine.prepare(random_weights("full"))
    assert str(caught.value) == (
        "Apple GPU has not enough free memory for the style's network. Choose --quality fast, close other programs "
        "that use it, or choose --device cpu."
    )


def test_an_error_of_our_own_is_not_blamed_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(ARCHITECTURES["fast"], CPU)
    painter = engine.prepare(random_weights("fast"))

    def fail(*_: object) -> None:
        raise RuntimeError("shape '[2]' is invalid for input of size 3")

    monkeypatch.setattr(engine, "_run", fail)
    with pytest.raises(RuntimeError, match="is invalid"):
        engine.paint(painter, picture())


def test_the_apple_gpu_gets_uint8_and_works_in_half_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place is taken by the CPU: what is tested is the way there and back, and the choice of precision."""
    engine = Engine(ARCHITECTURES["fast"], MPS)
    assert engine._place == torch.device("mps")
    monkeypatch.setattr(engine, "_place", torch.device("cpu"))
    painter = engine.prepare(random_weights("fast"))
    assert painter.dtype == torch.float16
    image = picture()
    error = np.mean((engine.paint(painter, image).astype(float) - expected_painting(image)) ** 2)
    assert 10 * np.log10(255**2 / error) > 40


def test_the_picture_for_the_half_precision_check_is_like_a_photograph() -> None:
    trial = inference._natural_picture()
    assert trial.shape == (64, 64, 3)
    assert trial.dtype == torch.uint8
    assert 30 < trial.float().std() < 90
    x = trial.float()
    near, far = (x[:, 1:] - x[:, :-1]).abs().mean(), (x[:, 32:] - x[:, :-32]).abs().mean()
    assert far > 3 * near
