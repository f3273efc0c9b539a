"""What the window paints with: a device that is not there is replaced, and that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from stylecam.devices import choose_device
from stylecam.errors import StylecamError, StyleError
from stylecam.gui.looks import TRIAL, Looks

if TYPE_CHECKING:
    from pathlib import Path

ABSENT = "cuda:99"
ALPHA, BETA = ("alpha", "", 50), ("beta", "", 50)


class Told(list[tuple[str, str, str]]):
    """What was said of devices."""

    def __call__(self, wanted: str, other: str, why: str) -> None:
        self.append((wanted, other, why))


@pytest.fixture
def told() -> Told:
    return Told()


def looks_on(device: str, told: Told) -> Looks:
    return Looks(device=device, quality="fast", on_other_device=told)


def test_a_device_that_is_there_is_taken_without_a_word(styles: Path, told: Told) -> None:
    looks = looks_on("cpu", told)
    assert looks.put(ALPHA).device.kind == "cpu"
    assert (looks.look, told) == (ALPHA, [])


def test_one_that_is_not_there_is_replaced_by_the_automatic_choice_and_that_is_told(styles: Path, told: Told) -> None:
    looks = looks_on(ABSENT, told)
    automatic = choose_device("auto")
    assert looks.put(ALPHA).device == automatic
    ((wanted, other, why),) = told
    assert (wanted, other) == (ABSENT, automatic.name)
    assert ABSENT in why
    looks.put(BETA)
    assert looks.copy_of_stylizer().device == automatic, "an export runs where the window does"
    assert len(told) == 1, "it is told once"


def test_a_change_to_one_that_is_not_there_leaves_the_present_one(styles: Path, told: Told) -> None:
    looks = looks_on("cpu", told)
    before = looks.put(ALPHA)
    assert looks.change_device(ABSENT) is None
    assert looks.stylizer is before
    assert [(wanted, other) for wanted, other, _ in told] == [(ABSENT, "CPU")]
    changed = looks.change_device("cpu")
    assert changed is looks.stylizer is not before


def test_a_change_before_the_first_style_counts_for_that(styles: Path, told: Told) -> None:
    looks = looks_on(ABSENT, told)
    assert looks.change_device("cpu") is None
    assert looks.put(ALPHA).device.kind == "cpu"
    assert told == []


def test_a_style_that_cannot_be_had_leaves_the_one_before(styles: Path, told: Told, tmp_path: Path) -> None:
    looks = looks_on("cpu", told)
    with pytest.raises(StyleError, match="No style is loaded yet"):
        looks.copy_of_stylizer()
    stylizer = looks.put(ALPHA)
    with pytest.raises(StylecamError):
        looks.put(("nonsense", "", 50))
    with pytest.raises(StylecamError):
        looks.put((TRIAL + "x", "", 50), tmp_path / "x.safetensors")
    assert (looks.look, looks.stylizer, stylizer.style) == (ALPHA, stylizer, "alpha")


def test_a_mix_and_a_trial_are_put_in_place(styles: Path, told: Told) -> None:
    looks = looks_on("cpu", told)
    assert looks.put(("alpha", "beta", 30)).style == "alpha 70% + beta 30%"
    assert looks.put((TRIAL + "gamma", "", 50), styles / "gamma.safetensors").style == "gamma"


def test_what_is_set_before_anything_is_loaded_holds_afterwards(styles: Path, told: Told) -> None:
    looks = looks_on("cpu", told)
    looks.set_strength(0.4)
    looks.set_keep_colors(True)
    stylizer = looks.put(ALPHA)
    assert (stylizer.strength, stylizer.keep_colors) == (0.4, True)
    looks.set_strength(0.9)
    assert stylizer.strength == 0.9


def test_the_exact_picture_is_painted_by_another_network_and_so_is_every_copy(
    styles: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    looks = looks_on("cpu", told)
    assert looks.has_sixteen_bits is None
    assert looks.change_exact(True) is None
    first = looks.put(ALPHA)
    assert looks.has_sixteen_bits
    assert "float32" in first.describe()
    second = looks.change_exact(False)
    assert second is not None
    assert second is looks.stylizer
    assert "bfloat16" in second.describe()
    assert "bfloat16" in looks.copy_of_stylizer().describe()


def test_where_the_style_cannot_be_built_anew_it_goes_on_as_it_is(styles: Path, told: Told) -> None:
    looks = looks_on("cpu", told)
    before = looks.put(ALPHA)
    (styles / "alpha.safetensors").unlink()
    with pytest.raises(StyleError):
        looks.change_exact(True)
    assert looks.stylizer is before
    assert not looks.exact
