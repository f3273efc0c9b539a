"""What a GPU is told and in which order, whose pictures come of it, and where every tensor stands: all without one."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from stylecam import engine as engine_module
from stylecam import inference
from stylecam.architecture import VARIANTS, Variant
from stylecam.engine import Painter
from stylecam.errors import DeviceError, StyleError
from stylecam.inference import FORMS, to_network
from stylecam.layouts import CANDIDATES
from stylecam.recorded import SLOTS, RecordedPainting, Sent, _Recording
from tests.accelerators import Elsewhere, Lazy, Recorder, Watch, gpu_engine, picture
from tests.test_engine import difference, expected_painting
from tests.tiny import random_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylecam.engine import Engine
    from stylecam.frame import Image

NEVER_TRIED = "half_precision_problem"
"""Replaced where a style is to overflow on the way, and not when it is tried."""


@pytest.fixture(autouse=True)
def _a_small_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU is slow in half precision: the check on load gets a smaller picture."""
    monkeypatch.setattr(inference, "_TRIAL", (64, 64))


def orders(slot: int, *, swap: int = 0) -> list[str]:
    """Of a frame in this slot, with so many parameters to copy before it."""
    uploaded, painted, done = 3 * slot, 3 * slot + 1, 3 * slot + 2
    return [
        *["compute: copy"] * swap,
        *("upload: copy", f"upload: record {uploaded}"),
        *(
            f"compute: wait {uploaded}",
            "compute: copy",
            "compute: replay",
            "compute: copy",
            f"compute: record {painted}",
        ),
        *(f"download: wait {painted}", "download: copy", f"download: record {done}"),
    ]


def landing(slot: int) -> str:
    return f"wait {3 * slot + 2}"


def recorded(engine: Engine) -> RecordedPainting:
    assert engine._recorded is not None
    return engine._recorded


def wild_weights(*, seed: int = 0) -> dict[str, Any]:
    """They overflow half precision, though not where a picture is of one level throughout."""
    weights = random_weights("fast", seed=seed)
    weights["res3.in2.weight"] *= 3e4
    return weights


def assert_near(painting: Image, expected: Image) -> None:
    assert 10 * np.log10(255**2 / np.mean((painting.astype(float) - expected) ** 2)) > 40


# The order.


def test_a_frame_is_recorded_once_for_its_size_and_replayed_after() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    assert recorder.heard() == ["aside", "aside done"]
    assert painter.dtype == torch.float16

    engine.paint(painter, picture())
    made = ["pinned 32×40×3"] * SLOTS + ["pinned 3856"] * (SLOTS + 1)
    assert recorder.heard() == [*made, "capture", *orders(0), landing(0)]
    for frame in range(1, 7):
        engine.paint(painter, picture(seed=frame))
        assert recorder.heard() == [*orders(frame % SLOTS), landing(frame % SLOTS)]


def test_nothing_is_waited_for_until_a_picture_is_read_and_then_for_that_one_alone() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    engine.paint(painter, picture())
    recorder.heard()
    pending = [engine.start(painter, picture(seed=seed)) for seed in range(3)]
    assert recorder.heard() == [*orders(1), *orders(2), *orders(0)]
    for slot, each in zip((1, 2, 0), pending, strict=True):
        each.result()
        each.result()
        assert recorder.heard() == [landing(slot)]


def test_as_many_frames_are_on_their_way_as_the_engine_says_and_one_more_waits_for_the_oldest() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    images = [picture(seed=seed) for seed in range(6)]
    expected = [engine.paint(painter, image).copy() for image in images]
    assert engine.ahead == SLOTS - 1
    pending = [engine.start(painter, image) for image in images[:SLOTS]]
    recorder.heard()
    pending.append(engine.start(painter, images[SLOTS]))
    assert recorder.heard() == [landing(0), *orders(0)]
    pending.append(engine.start(painter, images[SLOTS + 1]))
    # Both pictures are kept for whoever will read them, so there must be room for another.
    assert recorder.heard() == [landing(1), "pinned 3856", *orders(1)]
    assert np.array_equal(pending[0].result(), expected[0])
    assert recorder.heard() == []  # landed already
    for each, painting in zip(pending, expected, strict=False):
        assert np.array_equal(each.result(), painting)


def test_reading_a_later_picture_lands_the_earlier_ones_in_order() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    images = [picture(seed=seed) for seed in range(3)]
    expected = [engine.paint(painter, image) for image in images]
    pending = [engine.start(painter, image) for image in images]
    recorder.heard()
    assert np.array_equal(pending[2].result(), expected[2])
    assert recorder.heard() == [landing(0), landing(1), landing(2)]
    assert np.array_equal(pending[0].result(), expected[0])
    assert np.array_equal(pending[1].result(), expected[1])


def test_another_style_is_copied_into_the_recorded_parameters_and_nothing_is_recorded_anew() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    first, second = engine.prepare(random_weights("fast")), engine.prepare(random_weights("fast", seed=1))
    image = picture()
    before = engine.paint(first, image).copy()
    live = recorded(engine)._live
    assert live is not None
    addresses = [parameter.data_ptr() for parameter in live.parameters()]
    recorder.heard()

    pending = [engine.start(painter, image) for painter in (second, second, first)]

    parameters = len(addresses)
    # Behind the frames that are on their way, and before the one that it is for: in the queue that reads them.
    assert recorder.heard() == [*orders(1, swap=parameters), *orders(2), *orders(0, swap=parameters)]
    other, same, again = (each.result() for each in pending)
    assert [parameter.data_ptr() for parameter in live.parameters()] == addresses
    assert np.array_equal(before, again)
    assert np.array_equal(other, same)
    assert difference(before, other) > 20
    assert_near(other, expected_painting(image, seed=1))


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


def test_a_recording_is_not_given_up_before_everything_that_was_ordered_is_done() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    for height in (16, 24, 32):
        engine.paint(painter, picture(height, 16))
    recorder.heard()
    engine.start(painter, picture(16, 16))
    engine.start(painter, picture(40, 16))
    said = recorder.heard()
    assert said.index("synchronise") < said.index("capture")


def test_frames_in_use_make_nothing_new() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painters = [engine.prepare(random_weights("fast", seed=seed)) for seed in range(2)]
    images = [picture(height, 40, seed=height) for height in (32, 48)]
    for _ in range(2):
        for painter in painters:
            for image in images:
                engine.paint(painter, image)
    recorder.heard()
    with Watch() as watch:
        for turn in range(8):
            pending = [engine.start(painters[(turn + step) % 2], images[turn % 2]) for step in range(SLOTS)]
            assert [each.result().shape for each in pending] == [images[turn % 2].shape] * SLOTS
            del pending
    assert not any("pinned" in said or "capture" in said or "synchronise" in said for said in recorder.heard())
    made = {name for name, _, _ in watch.made}
    # Besides copies: views, the network itself, and the verdict on a picture, which is one number.
    assert not {name for name in made if name.startswith(("aten.zeros", "aten.new_", "aten.clone", "aten.pin"))}


# The pictures.


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_recorded_path_paints_what_the_plain_network_gives(variant: Variant) -> None:
    engine = gpu_engine(Recorder(), variant)
    painter = engine.prepare(random_weights(variant))
    for seed in range(2):
        image = picture(35, 41, seed=seed)
        image.flags.writeable = False
        painting = engine.paint(painter, image)
        assert_near(painting, expected_painting(image, variant=variant))
        assert painting.flags.c_contiguous


def test_a_picture_stays_as_it_is_while_later_ones_are_painted() -> None:
    engine = gpu_engine(Recorder())
    painter = engine.prepare(random_weights("fast"))
    paintings = [engine.paint(painter, picture(seed=seed)) for seed in range(30)]
    kept = [painting.copy() for painting in paintings]
    for seed in range(30, 40):
        engine.paint(painter, picture(seed=seed))
    assert all(np.array_equal(a, b) for a, b in zip(paintings, kept, strict=True))
    assert len({painting.tobytes() for painting in paintings}) == 30


def test_a_picture_may_be_changed_once_it_is_on_its_way() -> None:
    engine = gpu_engine(Lazy(0))
    painter = engine.prepare(random_weights("fast"))
    image = picture()
    expected = engine.paint(painter, image)
    pending = engine.start(painter, image)
    image[:] = 0
    assert np.array_equal(pending.result(), expected)


Work = "Sequence[tuple[int, int, int]]"
"""Painter, height and seed of each frame."""

MIXED: Work = [(n % 2 if n > 3 else 0, (16, 16, 24, 16)[n % 4], n) for n in range(12)]
MANY_SIZES: Work = [(n // 3 % 2, 16 + (n % 5), n) for n in range(12)]


def painted(engine: Engine, painters: list[Painter], work: Sequence[tuple[int, int, int]], ahead: int) -> list[bytes]:
    """With so many frames started before the first is read."""
    results: list[bytes] = []
    waiting: list[Any] = []
    for which, height, seed in work:
        waiting.append(engine.start(painters[which], picture(height, 16, seed=seed)))
        if len(waiting) > ahead:
            results.append(waiting.pop(0).result().tobytes())
    return results + [each.result().tobytes() for each in waiting]


@pytest.mark.parametrize("work", [MIXED, MANY_SIZES], ids=["swaps", "sizes"])
@pytest.mark.parametrize("ahead", [0, 2, 5])
@pytest.mark.parametrize("seed", range(2))
def test_frames_that_overlap_are_bit_for_bit_those_painted_one_by_one(seed: int, ahead: int, work: Any) -> None:
    """On a device that does everything as late, and in as odd an order, as the marks let it."""
    alone, overlapping = gpu_engine(Recorder(), exact=True), gpu_engine(Lazy(seed), exact=True)
    paintings = [
        painted(engine, [engine.prepare(random_weights("fast", seed=n)) for n in range(2)], work, count)
        for engine, count in ((alone, 0), (overlapping, ahead))
    ]
    assert len(set(paintings[0])) == len(work)
    assert paintings[0] == paintings[1]


def test_frames_that_nobody_reads_hold_up_nothing() -> None:
    engine = gpu_engine(Lazy(1))
    painter = engine.prepare(random_weights("fast"))
    image = picture()
    expected = engine.paint(painter, image)
    for seed in range(SLOTS):
        engine.start(painter, picture(seed=seed))
    assert np.array_equal(engine.paint(painter, image), expected)


def test_a_painter_keeps_its_own_parameters() -> None:
    engine = gpu_engine(Recorder())
    first, second = engine.prepare(random_weights("fast")), engine.prepare(random_weights("fast", seed=1))
    before = [parameter.clone() for parameter in first.network.parameters()]
    for painter in (first, second):
        engine.paint(painter, picture())
    assert all(torch.equal(a, b) for a, b in zip(before, first.network.parameters(), strict=True))


def test_a_style_that_is_dropped_while_its_frame_is_on_its_way_is_held_until_it_has_landed() -> None:
    engine = gpu_engine(Lazy(2))
    first, second = engine.prepare(random_weights("fast")), engine.prepare(random_weights("fast", seed=1))
    engine.paint(first, picture())
    there = weakref.ref(second.network)
    pending = [engine.start(second, picture()), engine.start(first, picture())]
    del second
    gc.collect()
    assert there() is not None  # the copying of its parameters may still be to come
    for each in pending:
        each.result()
    pending.clear()
    gc.collect()
    assert there() is None


def test_a_style_is_prepared_beside_a_running_one() -> None:
    engine = gpu_engine(Recorder())
    painter = engine.prepare(random_weights("fast"))
    made: list[Painter] = []
    thread = threading.Thread(target=lambda: made.append(engine.prepare(random_weights("fast", seed=1))))
    expected = engine.paint(painter, picture())
    thread.start()
    thread.join()
    assert np.array_equal(engine.paint(painter, picture()), expected)
    assert difference(engine.paint(made[0], picture()), expected) > 20


# Memory that runs out.


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
    assert said.index("synchronise") < said.index("free") < said.index("capture") < said.index("compute: replay")
    assert np.array_equal(engine.paint(painter, picture(16, 16)), expected)


def test_frames_on_their_way_survive_it_and_do_not_keep_the_memory_of_their_recordings() -> None:
    lazy = Lazy(3)
    engine = gpu_engine(lazy)
    painter = engine.prepare(random_weights("fast"))
    images = [picture(16, 16), picture(24, 24), picture(40, 40)]
    expected = [engine.paint(painter, image) for image in images[:2]]
    recordings = [weakref.ref(each) for each in recorded(engine)._recordings.values()]
    pending = [engine.start(painter, image) for image in images[:2]]
    lazy.out_of_memory = 1
    pending.append(engine.start(painter, images[2]))
    gc.collect()
    assert [each() for each in recordings] == [None, None]
    assert [np.array_equal(each.result(), one) for each, one in zip(pending, expected, strict=False)] == [True, True]
    assert_near(pending[2].result(), expected_painting(images[2]))


def test_where_memory_does_not_suffice_the_error_comes_in_its_turn_and_the_engine_goes_on() -> None:
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(random_weights("fast"))
    image = picture(16, 16)
    expected = engine.paint(painter, image)
    before = engine.start(painter, image)
    recorder.out_of_memory = 2
    failed = engine.start(painter, picture(40, 48))
    after = engine.start(painter, image)
    assert np.array_equal(before.result(), expected)
    for _ in range(2):
        with pytest.raises(
            DeviceError, match=r"A GPU has not enough free memory for a picture of 48×40.*smaller --size"
        ):
            failed.result()
    assert np.array_equal(after.result(), expected)
    assert len(recorded(engine)._recordings) == 1


# Half precision.


def test_a_style_that_fails_the_half_precision_check_runs_in_float32_with_a_note() -> None:
    engine = gpu_engine(Recorder())
    painter = engine.prepare(wild_weights())
    assert painter.dtype == torch.float32
    assert painter.note == "half precision overflows in this style, so float32 is used"
    assert engine.paint(painter, picture()).std() > 1


def test_a_style_that_overflows_on_the_way_goes_on_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, NEVER_TRIED, lambda *_, **__: None)
    recorder = Recorder()
    engine = gpu_engine(recorder)
    painter = engine.prepare(wild_weights())
    assert painter.dtype == torch.float16
    assert engine.paint(painter, picture()).std() > 1
    assert painter.dtype == torch.float32
    assert painter.note is not None
    assert "overflowed" in painter.note
    recorder.heard()
    engine.paint(painter, picture())
    said = recorder.heard()
    assert said.count("compute: replay") == 1  # tried once, not with every frame
    assert "capture" not in said


@pytest.mark.parametrize("make", [lambda seed: Recorder(), Lazy], ids=["at once", "late"])
def test_frames_on_their_way_are_painted_again_in_order_as_if_each_had_been_waited_for(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RecordedPainting._landed

    def landed(self: RecordedPainting, sent: Sent) -> tuple[Image, bool]:
        painting, finite = real(self, sent)
        return painting, finite and not (sent.dtype == torch.float16 and sent.slot.source[0, 0, 0] == 13)

    monkeypatch.setattr(RecordedPainting, "_landed", landed)
    images = [picture(seed=seed) for seed in range(6)]
    images[3] = picture(16, 16)
    images[1][0, 0, 0] = 13  # as if this one overflowed
    runs = []
    for ahead in (0, 2):
        engine = gpu_engine(make(ahead))
        some, other = (engine.prepare(random_weights("fast", seed=seed)) for seed in range(2))
        waiting, paintings, precisions = [], [], []
        for painter, image in zip([some, some, some, other, some, some], images, strict=True):
            waiting.append(engine.start(painter, image))
            if len(waiting) > ahead:
                paintings.append(waiting.pop(0).result())
                precisions.append(some.dtype)
        paintings += [each.result() for each in waiting]
        runs.append(paintings)
        assert precisions[:2] == [torch.float16, torch.float32]
        assert other.dtype == torch.float16
    assert all(np.array_equal(a, b) for a, b in zip(*runs, strict=True))
    half, exact = (gpu_engine(Recorder(), exact=exact) for exact in (False, True))
    for index, painting in enumerate(runs[1]):
        weights = random_weights("fast", seed=1 if index == 3 else 0)
        in_half, in_full = (engine.paint(engine.prepare(weights), images[index]) for engine in (half, exact))
        assert difference(in_half, in_full) > 0 or index == 1
        assert np.array_equal(painting, in_half if index in (0, 3) else in_full)


def test_a_picture_that_is_not_finite_in_float32_either_is_a_style_error_and_the_others_are_painted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = gpu_engine(Recorder())
    good = engine.prepare(random_weights("fast"))
    bad = engine.prepare(random_weights("fast", seed=1))
    expected = engine.paint(good, picture())
    bad.weights["in5.bias"][:] = np.nan  # type: ignore[index]  # as damage would
    bad.network.get_parameter("in5.bias").fill_(float("nan"))
    pending = [engine.start(painter, picture()) for painter in (good, bad, good)]
    assert np.array_equal(pending[0].result(), expected)
    with pytest.raises(StyleError, match="produced invalid pictures"):
        pending[1].result()
    assert np.array_equal(pending[2].result(), expected)
    assert np.array_equal(engine.paint(good, picture()), expected)


def test_styles_of_both_precisions_take_turns() -> None:
    engine = gpu_engine(Lazy(4))
    half, exact = engine.prepare(random_weights("fast")), engine.prepare(wild_weights(seed=1))
    assert (half.dtype, exact.dtype) == (torch.float16, torch.float32)
    image = picture()
    pending = [engine.start(painter, image) for painter in (half, exact, half, exact)]
    paintings = [each.result() for each in pending]
    assert np.array_equal(paintings[0], paintings[2])
    assert np.array_equal(paintings[1], paintings[3])
    assert difference(paintings[0], paintings[1]) > 20


# Where every tensor stands, with tensors that are only claimed to be on a GPU.


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("form", CANDIDATES.values(), ids=CANDIDATES)
def test_on_a_gpu_every_tensor_between_the_buffers_is_on_it_and_in_its_precision(
    form: inference.Form, variant: Variant, dtype: torch.dtype
) -> None:
    weights = random_weights(variant)
    # no_grad, and not inference_mode as in use, shows the operations that others are made of.
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        accelerator = Elsewhere("cuda")
        engine = gpu_engine(accelerator, variant)
        # Fake tensors cannot be given another order of channels, so only the picture has it.
        network = engine._build(weights, dtype, replace(form, channels_last=False))
        assert {(p.device.type, p.dtype) for p in network.parameters()} == {("cuda", dtype)}
        recording = _Recording(accelerator, 37, 50)
        assert (recording.source.device.type, recording.result.device.type) == ("cuda", "cuda")
        assert len(recording.ring.slots) == SLOTS
        for slot in recording.ring.slots:
            assert (slot.source.device.type, slot.source.dtype) == ("cpu", torch.uint8)
            assert (slot.device_source.device.type, slot.device_result.device.type) == ("cuda", "cuda")
        assert recording.ring.host.take().device.type == "cpu"
        with Watch() as watch:
            recording.paint_with(network, form, dtype)
    assert {device for _, device, _ in watch.made} == {"cuda"}
    assert [kind for name, _, kind in watch.made if "convolution" in name] == [dtype] * 16
    # float32 beside half precision: the statistics of the norms, and the one sum that tells whether all is finite.
    others = {name for name, _, kind in watch.made if kind not in (dtype, torch.uint8)}
    norms = {"aten.native_batch_norm.default", "aten.native_group_norm.default"}
    assert others <= {*norms, "aten.sum.default", "aten.copy_.default", "aten.view.dtype", "aten.detach.default"}
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
        recorded(engine)._take(first)
        with Watch() as watch:
            recorded(engine)._take(second)
    assert len(watch.made) == len(random_weights("fast"))
    assert set(watch.made) == {("aten.copy_.default", "cuda", torch.float16)}


def test_a_network_on_a_gpu_refuses_a_picture_that_was_left_on_the_cpu() -> None:
    """The tests above would be worth nothing if fake tensors let this pass."""
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode():
        engine = gpu_engine(Elsewhere("cuda"))
        network = engine._build(random_weights("fast"), torch.float16)
        x = to_network(torch.zeros(16, 16, 3, dtype=torch.uint8), form=FORMS["cuda"], dtype=torch.float16)
        with pytest.raises(RuntimeError, match="device"):
            network(x)
