from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from stylecam import engine as engine_module
from stylecam import inference
from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.devices import Device
from stylecam.engine import Engine, Painter
from stylecam.errors import DeviceError, StyleError
from stylecam.inference import FORMS, build_network, half_precision_problem, to_network, to_picture
from stylecam.network import TransformerNet
from tests.tiny import random_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stylecam.frame import Image

CPU = Device("cpu", None, "CPU", "as asked")
CUDA = Device("cuda", 0, "A GPU", "as asked")
MPS = Device("mps", None, "Apple GPU", "as asked")


class Recorder:
    """An accelerator on the CPU that does what it is told at once and writes down in which order it was told."""

    def __init__(self) -> None:
        self.device = torch.device("cpu")
        self.said: list[str] = []
        self.out_of_memory = 0
        self._depth = 0

    def pinned(self, *shape: int) -> Tensor:
        self.said.append(f"pinned {'×'.join(map(str, shape))}")
        return torch.zeros(shape, dtype=torch.uint8)

    @contextmanager
    def stream(self) -> Iterator[None]:
        self.said.append("stream")
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def aside(self) -> Iterator[None]:
        assert self._depth == 0, "orders aside must not enter the engine's own queue"
        self.said.append("aside")
        yield
        self.said.append("aside done")

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        assert self._depth == 1
        if self.out_of_memory:
            self.out_of_memory -= 1
            self._depth = 0
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        self.said.append("capture")
        work()

        def replay() -> None:
            assert self._depth == 1
            self.said.append("replay")
            work()

        return replay

    def synchronise(self) -> None:
        assert self._depth == 1
        self.said.append("synchronise")

    def free_unused(self) -> None:
        self.said.append("free")

    def heard(self) -> list[str]:
        said, self.said = self.said, []
        return said


def picture(height: int = 32, width: int = 40, *, seed: int = 0) -> Image:
    coarse = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(seed)) * 255
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 255)
    image: Image = fine[0].permute(1, 2, 0).to(torch.uint8).contiguous().numpy()
    return image


def gpu_engine(recorder: Recorder, variant: Variant = "fast") -> Engine:
    return Engine(ARCHITECTURES[variant], CUDA, accelerator=recorder)


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


# The CPU.


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_cpu_paints_what_the_plain_network_gives_rounded(variant: Variant) -> None:
    engine = Engine(ARCHITECTURES[variant], CPU)
    image = picture(33, 47)
    painting = engine.paint(engine.prepare(random_weights(variant)), image)
    expected = expected_painting(image, variant=variant)
    assert painting.shape == image.shape
    assert painting.dtype == np.uint8
    assert painting.flags.c_contiguous
    assert difference(painting, expected) <= 1  # where a value stands on the edge between two levels
    assert np.mean(painting != expected) < 0.001


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


# The order of what a GPU is told.


def test_a_frame_is_recorded_once_for_its_size_and_replayed_after() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    assert recorder.heard() == ["aside", "aside done"]
    assert painter.dtype == torch.float16

    engine.paint(painter, picture())
    pinned = ["pinned 32×40×3", "pinned 32×40×3", "pinned 4"]
    assert recorder.heard() == ["stream", *pinned, "capture", "replay", "synchronise"]
    engine.paint(painter, picture(seed=1))
    assert recorder.heard() == ["stream", "replay", "synchronise"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_recorded_path_paints_what_the_plain_network_gives(variant: Variant) -> None:
    engine = gpu_engine(Recorder(), variant)
    painter = engine.prepare(random_weights(variant))
    for seed in range(2):
        image = picture(35, 41, seed=seed)
        image.flags.writeable = False
        painting = engine.paint(painter, image)
        error = np.mean((painting.astype(float) - expected_painting(image, variant=variant)) ** 2)
        assert 10 * np.log10(255**2 / error) > 40
        assert painting.flags.owndata


def test_another_style_is_copied_into_the_recorded_parameters_and_nothing_is_recorded_anew() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    first, second = engine.prepare(random_weights("fast")), engine.prepare(random_weights("fast", seed=1))
    image = picture()
    before = engine.paint(first, image)
    assert engine._live is not None
    addresses = [parameter.data_ptr() for parameter in engine._live.parameters()]
    recorder.heard()

    other = engine.paint(second, image)
    again = engine.paint(first, image)

    assert recorder.heard() == ["stream", "replay", "synchronise"] * 2
    assert [parameter.data_ptr() for parameter in engine._live.parameters()] == addresses
    assert np.array_equal(before, again)
    assert difference(before, other) > 20
    error = np.mean((other.astype(float) - expected_painting(image, seed=1)) ** 2)
    assert 10 * np.log10(255**2 / error) > 40


def test_a_painter_keeps_its_own_parameters() -> None:
    engine = gpu_engine(Recorder())
    first, second = engine.prepare(random_weights("fast")), engine.prepare(random_weights("fast", seed=1))
    before = [parameter.clone() for parameter in first.network.parameters()]
    for painter in (first, second):
        engine.paint(painter, picture())
    assert all(torch.equal(a, b) for a, b in zip(before, first.network.parameters(), strict=True))


def test_another_size_is_recorded_and_the_sizes_used_last_are_kept() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))

    def recordings(*heights: int) -> int:
        recorder.heard()
        for height in heights:
            engine.paint(painter, picture(height, 16))
        return recorder.heard().count("capture")

    assert recordings(16, 24, 32) == 3
    assert recordings(16, 24, 32) == 0
    assert recordings(16, 40) == 1  # 24 goes: it was used longest ago
    assert recordings(16, 32, 40) == 0
    assert recordings(24) == 1


def test_where_memory_runs_out_other_sizes_are_given_up_before_the_frame_is() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    expected = engine.paint(painter, picture(16, 16))
    engine.paint(painter, picture(24, 24))
    recorder.out_of_memory = 1
    recorder.heard()
    engine.paint(painter, picture(40, 40))
    said = recorder.heard()
    assert said.index("free") < said.index("capture") < said.index("replay")
    assert np.array_equal(engine.paint(painter, picture(16, 16)), expected)


def test_where_memory_does_not_suffice_the_error_says_what_helps_and_the_engine_goes_on() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    engine.paint(painter, picture(16, 16))
    recorder.out_of_memory = 2
    with pytest.raises(DeviceError, match=r"A GPU has not enough free memory for a picture of 48×40.*smaller --size"):
        engine.paint(painter, picture(40, 48))
    assert not engine._recorded
    assert engine.paint(painter, picture(16, 16)).shape == (16, 16, 3)


def test_a_style_that_fails_the_half_precision_check_runs_in_float32_with_a_note() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    weights = random_weights("fast")
    weights["res3.in2.weight"] *= 1e5
    painter = engine.prepare(weights)
    assert painter.dtype == torch.float32
    assert painter.note == "half precision overflows in this style, so float32 is used"
    assert engine.paint(painter, picture()).std() > 1


def test_a_style_that_overflows_on_the_way_goes_on_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "half_precision_problem", lambda *_, **__: None)
    recorder = Recorder()
    engine = gpu_engine(recorder)
    weights = random_weights("fast")
    weights["res3.in2.weight"] *= 1e5
    painter = engine.prepare(weights)
    assert painter.dtype == torch.float16
    assert engine.paint(painter, picture()).std() > 1
    assert painter.dtype == torch.float32
    assert painter.note is not None
    assert "overflowed" in painter.note
    recorder.heard()
    engine.paint(painter, picture())
    assert recorder.heard() == ["stream", "replay", "synchronise"]  # tried once, not with every frame


def test_styles_of_both_precisions_take_turns() -> None:
    engine = gpu_engine(Recorder())
    wild = random_weights("fast", seed=1)
    wild["res3.in2.weight"] *= 1e5
    half, exact = engine.prepare(random_weights("fast")), engine.prepare(wild)
    image = picture()
    paintings = [engine.paint(painter, image) for painter in (half, exact, half, exact)]
    assert np.array_equal(paintings[0], paintings[2])
    assert np.array_equal(paintings[1], paintings[3])
    assert difference(paintings[0], paintings[1]) > 20


def test_a_style_is_prepared_beside_a_running_one() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    made: list[Painter] = []
    thread = threading.Thread(target=lambda: made.append(engine.prepare(random_weights("fast", seed=1))))
    expected = engine.paint(painter, picture())
    thread.start()
    thread.join()
    assert np.array_equal(engine.paint(painter, picture()), expected)
    assert difference(engine.paint(made[0], picture()), expected) > 20


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


def test_an_error_of_our_own_is_not_blamed_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(ARCHITECTURES["fast"], CPU)
    painter = engine.prepare(random_weights("fast"))

    def fail(*_: object) -> None:
        raise RuntimeError("shape '[2]' is invalid for input of size 3")

    monkeypatch.setattr(engine, "_run", fail)
    with pytest.raises(RuntimeError, match="is invalid"):
        engine.paint(painter, picture())


# Where every tensor stands, with tensors that are only claimed to be on a GPU.


class Watch(TorchDispatchMode):
    """Writes down the operation, device and dtype of every tensor that is made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[tuple[str, str, torch.dtype]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, Tensor):
                self.made.append((str(func), value.device.type, value.dtype))
        return result


class Elsewhere(Recorder):
    """A recorder whose device is claimed to be a GPU."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.device = torch.device(kind)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("variant", VARIANTS)
def test_on_a_gpu_every_tensor_between_the_buffers_is_on_it_and_in_its_precision(
    variant: Variant, dtype: torch.dtype
) -> None:
    weights = random_weights(variant)
    # no_grad, and not inference_mode as in use, shows the operations that others are made of.
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        accelerator = Elsewhere("cuda")
        engine = gpu_engine(accelerator, variant)
        network = engine._build(weights, dtype)
        assert {(p.device.type, p.dtype) for p in network.parameters()} == {("cuda", dtype)}
        buffers = engine_module._Buffers(accelerator, 37, 50)
        assert (buffers.source.device.type, buffers.source.dtype) == ("cpu", torch.uint8)
        assert (buffers.result.device.type, buffers.result.dtype) == ("cpu", torch.uint8)
        assert (buffers.total.device.type, buffers.total.dtype) == ("cpu", torch.float32)
        with Watch() as watch:
            engine._paint_into(buffers, network, dtype)
        assert buffers.device_result.shape == (37, 50, 3)
    assert {device for _, device, _ in watch.made} == {"cuda"}
    assert [kind for name, _, kind in watch.made if "convolution" in name] == [dtype] * 16
    # float32 beside half precision: the statistics of the norms, and the one sum that tells whether all is finite.
    others = {name for name, _, kind in watch.made if kind not in (dtype, torch.uint8)}
    assert others <= {"aten.native_batch_norm.default", "aten.sum.default", "aten.copy_.default"}
    # Colours are taken apart and put together on the device, so that a quarter of the bytes travels.
    in_bytes = [name for name, _, kind in watch.made if kind == torch.uint8]
    assert "aten.permute.default" in in_bytes
    assert in_bytes[-1] == "aten.copy_.default"


def test_on_a_gpu_a_style_is_copied_from_the_gpu_to_the_gpu() -> None:
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode():
        engine = gpu_engine(Elsewhere("cuda"))
        first, second = (
            Painter(random_weights("fast"), engine._build(random_weights("fast"), torch.float16), torch.float16)
            for _ in range(2)
        )
        engine._take(first)
        with Watch() as watch:
            engine._take(second)
    assert len(watch.made) == len(random_weights("fast"))
    assert set(watch.made) == {("aten.copy_.default", "cuda", torch.float16)}


def test_a_network_on_a_gpu_refuses_a_picture_that_was_left_on_the_cpu() -> None:
    """The test above would be worth nothing if fake tensors let this pass."""
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode():
        engine = gpu_engine(Elsewhere("cuda"))
        network = engine._build(random_weights("fast"), torch.float16)
        x = to_network(torch.zeros(16, 16, 3, dtype=torch.uint8), form=FORMS["cuda"], dtype=torch.float16)
        with pytest.raises(RuntimeError, match="device"):
            network(x)


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
