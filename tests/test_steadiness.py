"""On clips whose motion and noise are known to the pixel; with a painter that copies, and with a bundled style."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stylecam.steadiness import DEFAULT_STEADINESS, Steadiness
from stylecam.styles import StyleLibrary
from stylecam.stylizer import Stylizer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stylecam.frame import Image

SIZE = (192, 128)
SETTLED = 12
"""Frames after which what is held has settled."""


@pytest.fixture(scope="module")
def candy() -> Stylizer:
    return Stylizer(StyleLibrary()["candy"], device="cpu", quality="fast")


def copied(image: Image) -> Image:
    return image.copy()


def scene(size: tuple[int, int] = SIZE, *, seed: int = 0, low: int = 40, high: int = 215) -> Image:
    """A textured picture: coloured blobs of several sizes, and flat parts."""
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[:height, :width]
    picture = np.full((height, width, 3), (low + high) / 2)
    for _ in range(60):
        cx, cy, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(3, 24)
        picture[(x - cx) ** 2 + (y - cy) ** 2 < radius**2] = rng.uniform(low, high, 3)
    return picture.astype(np.uint8)


def noisy(image: Image, sigma: float, seed: int) -> Image:
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).round().astype(np.uint8)


def still(count: int, sigma: float) -> list[Image]:
    return [noisy(scene(), sigma, seed) for seed in range(count)]


def pan(count: int, step: int, sigma: float = 0.0) -> list[Image]:
    wide = scene((SIZE[0] + step * count, SIZE[1]))
    views = [wide[:, step * index : step * index + SIZE[0]].copy() for index in range(count)]
    return [noisy(view, sigma, seed) for seed, view in enumerate(views)] if sigma else views


def with_disc(background: Image, x: float, *, radius: int = 18, colour: tuple[int, int, int] = (250, 60, 30)) -> Image:
    """The background with a disc at x, and where it is."""
    rows, columns = np.mgrid[: background.shape[0], : background.shape[1]]
    image = background.copy()
    image[(columns - x) ** 2 + (rows - background.shape[0] / 2) ** 2 < radius**2] = colour
    return image


def run(
    frames: Sequence[Image], amount: int = DEFAULT_STEADINESS, paint: Callable[[Image], Image] = copied
) -> list[Image]:
    steadiness = Steadiness(amount)
    shown = []
    for frame in frames:
        calm = steadiness.before(frame)
        shown.append(steadiness.after(calm, paint(calm)))
    return shown


def flicker(frames: Sequence[Image]) -> float:
    """The mean over all values of their deviation in time."""
    return float(np.stack(frames).astype(np.float32).std(axis=0).mean())


def apart(a: Image, b: Image) -> np.ndarray:
    """The largest difference of the three channels, H×W."""
    return np.asarray(np.abs(a.astype(int) - b).max(axis=2))


def test_at_0_both_halves_return_the_very_array() -> None:
    steadiness = Steadiness(0)
    for seed in range(3):
        image, painting = scene(seed=seed), scene(seed=seed + 9)
        assert steadiness.before(image) is image
        assert steadiness.after(image, painting) is painting


@pytest.mark.parametrize("sigma", [2, 6])
def test_a_painted_still_flickers_no_more_than_the_camera(candy: Stylizer, sigma: float) -> None:
    faint = scene(low=90, high=150)  # the fainter the scene, the more a network makes of noise
    frames = [noisy(faint, sigma, seed) for seed in range(36)]
    own = flicker(frames[SETTLED:])
    assert flicker(run(frames, 0, candy)[SETTLED:]) > 1.5 * own  # else the next line would prove nothing
    assert flicker(run(frames, paint=candy)[SETTLED:]) <= own


def test_more_steadiness_is_less_flicker() -> None:
    frames = still(36, 3)
    flickers = [flicker(run(frames, amount)[SETTLED:]) for amount in (0, 10, 50, 100)]
    assert flickers == sorted(flickers, reverse=True)
    assert flickers[-1] < 0.15 * flickers[0]


def test_a_still_is_neither_blurred_nor_shifted_however_long_it_is_shown() -> None:
    clean = scene()
    shown = run(still(120, 2), 100)
    assert apart(shown[-1], clean).mean() < 1
    assert abs(float(shown[-1].mean()) - float(clean.mean())) < 0.1


@pytest.mark.parametrize("amount", [DEFAULT_STEADINESS, 100])
@pytest.mark.parametrize("speed", [1, 3, 9])
def test_a_moving_edge_leaves_no_trail_longer_than_two_frames(amount: int, speed: int) -> None:
    frames = []
    for index in range(20):
        image = np.full((SIZE[1], SIZE[0], 3), 70, np.uint8)
        image[:, : 10 + speed * index] = (200, 180, 60)
        frames.append(image[:, ::-1].copy())  # the bright side gives way
    assert_no_trail(frames, run(frames, amount), levels=3)


@pytest.mark.parametrize("speed", [2, 7])
def test_a_thing_that_moves_over_a_textured_ground_leaves_no_trail(speed: int) -> None:
    ground = scene()
    frames = [with_disc(ground, 20 + speed * index) for index in range(20)]
    assert_no_trail(frames, run(frames), levels=10)


def assert_no_trail(frames: Sequence[Image], shown: Sequence[Image], *, levels: int) -> None:
    """Where the source has not changed for more than two frames, what is shown is the source."""
    unchanged = np.full(frames[0].shape[:2], 2)
    looked_at = 0
    for index in range(1, len(frames)):
        unchanged = np.where(apart(frames[index], frames[index - 1]) > 0, 0, unchanged + 1)
        old = unchanged > 2
        looked_at += np.count_nonzero(old & (unchanged < index))
        assert apart(frames[index], shown[index])[old].max(initial=0) <= levels
    assert looked_at > 0


def test_a_painted_edge_leaves_no_trail_longer_than_two_frames(candy: Stylizer) -> None:
    ground = scene()
    frames = [with_disc(ground, 24 + 8 * index) for index in range(17)]
    alone, shown = candy(frames[-1]), run(frames, paint=candy)[-1]
    left = np.s_[46:82, 94:110]  # by the disc, three to five frames ago
    ghost = apart(candy(frames[-6]), alone)[left].mean()
    assert ghost > 40
    assert apart(shown, alone)[left].mean() < 0.2 * ghost


def test_a_still_ground_is_calmed_while_something_noisy_moves_over_it() -> None:
    ground = scene()
    frames = [noisy(with_disc(ground, 60 + 2 * (index % 8)), 3, index) for index in range(30)]
    far = np.s_[:, 140:]
    assert flicker([image[far] for image in run(frames)[SETTLED:]]) < 0.3 * flicker([image[far] for image in frames])


@pytest.mark.parametrize("step", [1, 4, 12])
def test_a_pan_stays_where_it_is_and_keeps_its_sharpness(step: int) -> None:
    frames = pan(20, step)
    for frame, image in list(zip(frames, run(frames), strict=True))[SETTLED:]:
        assert apart(frame, image).mean() < 2
        assert sharpness(image) > 0.9 * sharpness(frame)


def test_what_is_faint_moves_with_the_camera_as_well() -> None:
    """Its change alone is too small to tell from noise; that of its surroundings tells."""
    frames = []
    for view in pan(12, 2):
        faint = view.copy()
        faint[40:88, 60:130] = 120 + view[40:88, 60:130] // 50
        frames.append(faint)
    steadiness = Steadiness()
    calm = [steadiness.before(frame) for frame in frames]
    assert apart(calm[-1], frames[-1])[48:80, 68:122].mean() < 0.4


def sharpness(image: Image) -> float:
    return float(np.abs(np.diff(image.astype(int), axis=1)).mean())


def test_a_painted_pan_follows_the_scene(candy: Stylizer) -> None:
    def error(shown: Sequence[Image]) -> float:
        """How far each painting is from the one before, moved by the known step."""
        pairs = list(pairwise(shown))[SETTLED:]
        return float(np.mean([np.abs(new[:, :-3].astype(int) - old[:, 3:]).mean() for old, new in pairs]))

    frames = pan(20, 3)
    assert error(run(frames, paint=candy)) < 0.75 * error(run(frames, 0, candy))


@pytest.mark.parametrize("rate", [0.995, 1.004])
def test_a_slow_drift_of_brightness_is_followed_without_steps(rate: float) -> None:
    clean = [np.clip(scene(high=150) * rate**index, 0, 255) for index in range(40)]
    shown = run([noisy(image, 2, seed) for seed, image in enumerate(clean)])
    means = np.array([image.mean() for image in shown])
    assert np.abs(means - [image.mean() for image in clean]).max() < 1.5
    assert np.abs(np.diff(means)[2:]).max() < 2 * np.abs(np.diff([image.mean() for image in clean])).max()


def test_a_cut_shows_nothing_of_the_scene_before() -> None:
    first, second = scene(seed=1), scene(seed=2)
    shown = run(
        [*(noisy(first, 2, seed) for seed in range(8)), *(noisy(second, 2, seed) for seed in range(8, 10))], 100
    )
    assert np.abs(shown[8].astype(float) - noisy(second, 2, 8)).mean() < 0.5


def test_a_cut_is_one_even_where_both_scenes_are_alike() -> None:
    first, second, painting = scene(seed=1), scene(seed=2), scene(seed=3)
    second[:, :50] = first[:, :50]
    steadiness = Steadiness(100)
    steadiness.after(first, scene(seed=4))
    assert steadiness.after(second, painting) is painting


def test_a_painting_that_has_changed_beyond_flicker_is_shown_though_the_scene_is_still() -> None:
    steadiness = Steadiness(100)
    black, white = np.zeros((128, 192, 3), np.uint8), np.full((128, 192, 3), 255, np.uint8)
    steadiness.after(scene(), black)
    assert steadiness.after(scene(), white).min() > 250


def test_another_look_begins_anew_and_an_equal_one_does_not() -> None:
    image, bright, dark = scene(), np.full((128, 192, 3), 160, np.uint8), np.full((128, 192, 3), 140, np.uint8)
    steadiness = Steadiness()
    steadiness.after(image, bright, look=("candy", 1.0))
    assert steadiness.after(image, dark, look=("wave", 1.0)) is dark
    assert (steadiness.after(image, bright, look=("wave", 1.0)) < bright).all()


@pytest.mark.parametrize("restart", ["reset", "off and on"])
def test_beginning_anew_forgets_both_halves(restart: str) -> None:
    steadiness = Steadiness()
    for frame in still(4, 2):
        steadiness.after(steadiness.before(frame), frame)
    if restart == "reset":
        steadiness.reset()
    else:
        steadiness.amount = 0
        steadiness.after(steadiness.before(scene()), scene())
        steadiness.amount = 50
    image, painting = noisy(scene(), 2, 99), scene(seed=5)
    assert steadiness.before(image) is image
    assert steadiness.after(image, painting) is painting


@pytest.mark.parametrize(
    "size", [(16, 16), (17, 33), (65, 49), (300, 20), (300, 31), (31, 300), (3000, 80), (641, 359)]
)
def test_any_size_is_kept_and_a_new_one_begins_anew(size: tuple[int, int]) -> None:
    steadiness = Steadiness()
    steadiness.after(scene(), scene())
    frames = [np.roll(noisy(scene(size), 2, seed), 2 * seed, axis=1) for seed in range(4)]
    assert steadiness.before(frames[0]) is frames[0]
    assert steadiness.after(frames[0], frames[0]) is frames[0]
    for frame in frames[1:]:
        frame.flags.writeable = False
        calm = steadiness.before(frame)
        shown = steadiness.after(calm, frame)
        for image in (calm, shown):
            assert image.shape == frame.shape
            assert image.dtype == np.uint8
            assert image.flags.c_contiguous


def test_what_was_handed_out_is_never_written_to_again() -> None:
    steadiness = Steadiness()
    kept = []
    for frame in pan(8, 2, sigma=2):
        calm = steadiness.before(frame)
        shown = steadiness.after(calm, calm)
        kept += [(image, image.copy()) for image in (frame, calm, shown)]
    assert all(np.array_equal(image, copy) for image, copy in kept)


def test_the_amount_may_change_from_another_thread_at_any_time() -> None:
    steadiness = Steadiness()
    stop = threading.Event()

    def fiddle() -> None:
        while not stop.is_set():
            for amount in (0, 100, 50):
                steadiness.amount = amount
            steadiness.reset()

    thread = threading.Thread(target=fiddle)
    thread.start()
    try:
        for frame in pan(30, 2, sigma=2):
            assert steadiness.after(steadiness.before(frame), frame).shape == frame.shape
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("amount", [-1, 101])
def test_an_amount_out_of_range_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match=f"0 to 100, got amount = {amount}"):
        Steadiness(amount)


def test_a_painting_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        Steadiness().after(scene(), scene((64, 48)))
