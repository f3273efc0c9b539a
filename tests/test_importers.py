"""The foreign networks are written here anew, from what their public code computes, and the outputs compared."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from stylecam.architecture import ARCHITECTURES
from stylecam.errors import OutputExistsError, StyleFormatError
from stylecam.importers import import_checkpoint
from stylecam.network import TransformerNet
from stylecam.styles import read_style
from tests.tiny import random_weights, write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.styles import Style


class Conv(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, upsample: bool = False) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(kernel // 2)
        self.conv2d = nn.Conv2d(inputs, outputs, kernel, stride)
        self.upsample = upsample

    def forward(self, x: Tensor) -> Tensor:
        if self.upsample:
            x = nn.functional.interpolate(x, scale_factor=2, mode="nearest")
        return self.conv2d(self.pad(x))


def norm(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.in1 = Conv(128, 128, 3), norm(128)
        self.conv2, self.in2 = Conv(128, 128, 3), norm(128)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.in2(self.conv2(torch.relu(self.in1(self.conv1(x)))))


class ExamplesNet(nn.Module):
    """As in pytorch/examples, fast_neural_style."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.in1 = Conv(3, 32, 9), norm(32)
        self.conv2, self.in2 = Conv(32, 64, 3, 2), norm(64)
        self.conv3, self.in3 = Conv(64, 128, 3, 2), norm(128)
        self.res1, self.res2, self.res3, self.res4, self.res5 = (Residual() for _ in range(5))
        self.deconv1, self.in4 = Conv(128, 64, 3, upsample=True), norm(64)
        self.deconv2, self.in5 = Conv(64, 32, 3, upsample=True), norm(32)
        self.deconv3 = Conv(32, 3, 9)

    def forward(self, x: Tensor) -> Tensor:
        for conv, normalise in ((self.conv1, self.in1), (self.conv2, self.in2), (self.conv3, self.in3)):
            x = torch.relu(normalise(conv(x)))
        for block in (self.res1, self.res2, self.res3, self.res4, self.res5):
            x = block(x)
        for conv, normalise in ((self.deconv1, self.in4), (self.deconv2, self.in5)):
            x = torch.relu(normalise(conv(x)))
        return self.deconv3(x)


class BookNet(nn.Module):
    """As in chenyuntc/pytorch-book, chapter 8."""

    def __init__(self) -> None:
        super().__init__()
        self.initial_layers = nn.Sequential(
            *(Conv(3, 32, 9), norm(32), nn.ReLU()),
            *(Conv(32, 64, 3, 2), norm(64), nn.ReLU()),
            *(Conv(64, 128, 3, 2), norm(128), nn.ReLU()),
        )
        self.res_layers = nn.Sequential(*(Residual() for _ in range(5)))
        self.upsample_layers = nn.Sequential(
            *(Conv(128, 64, 3, upsample=True), norm(64), nn.ReLU()),
            *(Conv(64, 32, 3, upsample=True), norm(32), nn.ReLU()),
            Conv(32, 3, 9),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.upsample_layers(self.res_layers(self.initial_layers(x)))


def seeded(kind: type[nn.Module]) -> nn.Module:
    """A foreign network whose weights float16 holds exactly, so that only the layout can make a difference."""
    network = kind()
    values = random_weights("full", seed=5).values()
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))
    return network


def picture(height: int = 48, width: int = 64) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)) * 255


def ours(style: Style) -> TransformerNet:
    network = TransformerNet(ARCHITECTURES["full"])
    network.load_state_dict({key: torch.from_numpy(v.astype(np.float32)) for key, v in style.weights("full").items()})
    return network


def add_old_statistics(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What torch 0.3 saved beside each InstanceNorm's weight."""
    old = dict(state)
    for key, value in state.items():
        if value.ndim == 1 and key.endswith(".weight"):
            for statistic in ("running_mean", "running_var"):
                old[key.removesuffix("weight") + statistic] = torch.full_like(value, 7)
    return old


@pytest.mark.parametrize("old", [False, True], ids=["plain", "with old running_mean and running_var"])
@pytest.mark.parametrize("kind", [ExamplesNet, BookNet])
@torch.inference_mode()
def test_an_imported_network_paints_what_the_foreign_one_paints(
    tmp_path: Path, kind: type[nn.Module], old: bool
) -> None:
    foreign = seeded(kind)
    state = foreign.state_dict()
    if old:
        state = add_old_statistics(state)
        assert len(state) == len(foreign.state_dict()) + 2 * 15
    torch.save(state, tmp_path / "public.pth")
    style = import_checkpoint(tmp_path / "public.pth", name="public", author="Them", licence="BSD", folder=tmp_path)
    assert (style.title, style.author, style.licence, style.variants) == ("Public", "Them", "BSD", ("full",))
    theirs = foreign(picture())
    assert theirs.std() > 5  # a flat picture would prove nothing
    torch.testing.assert_close(ours(style)(picture()), theirs, atol=1e-3 * 255, rtol=0)


@torch.inference_mode()
def test_storing_in_half_precision_costs_less_than_a_hundredth(tmp_path: Path) -> None:
    torch.manual_seed(3)
    foreign = ExamplesNet()  # plain initial weights, which float16 has to round
    foreign.deconv3.conv2d.weight *= 100
    torch.save(foreign.state_dict(), tmp_path / "n.pth")
    style = import_checkpoint(tmp_path / "n.pth", name="n", folder=tmp_path)
    theirs = foreign(picture())
    error = (ours(style)(picture()) - theirs).square().mean().sqrt() / theirs.std()
    assert 0 < error < 0.01


@torch.inference_mode()
@pytest.mark.filterwarnings("default")  # writing the old format is what torch deprecates
def test_an_old_model_file_that_is_no_zip_is_read(tmp_path: Path) -> None:
    foreign = seeded(ExamplesNet)
    torch.save(foreign.state_dict(), tmp_path / "la_muse.model", _use_new_zipfile_serialization=False)
    assert (tmp_path / "la_muse.model").read_bytes()[:2] != b"PK"
    style = import_checkpoint(tmp_path / "la_muse.model", name="la_muse", folder=tmp_path)
    assert style.title == "La muse"
    torch.testing.assert_close(ours(style)(picture()), foreign(picture()), atol=1e-3 * 255, rtol=0)


@torch.inference_mode()
def test_a_network_for_blue_green_red_is_turned_round(tmp_path: Path) -> None:
    foreign = seeded(ExamplesNet)
    torch.save(foreign.state_dict(), tmp_path / "n.pth")
    style = import_checkpoint(tmp_path / "n.pth", name="n", bgr=True, folder=tmp_path)
    theirs = foreign(picture().flip(1)).flip(1)
    torch.testing.assert_close(ours(style)(picture()), theirs, atol=1e-3 * 255, rtol=0)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}], ids=["no metadata", "as transformers writes it"])
def test_keys_that_data_parallel_prefixed_and_safetensors_are_read(
    tmp_path: Path, metadata: dict[str, str] | None
) -> None:
    state = {f"module.{key}": value.contiguous() for key, value in seeded(ExamplesNet).state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "public.safetensors", metadata)
    style = import_checkpoint(tmp_path / "public.safetensors", name="n", folder=tmp_path / "out")
    assert style.variants == ("full",)


def test_a_style_of_a_later_format_is_not_taken_for_a_checkpoint(tmp_path: Path) -> None:
    safetensors.torch.save_file({"x": torch.zeros(1)}, tmp_path / "s.safetensors", {"format": "stylecam.style/2"})
    with pytest.raises(StyleFormatError, match="a newer stylecam may read it"):
        import_checkpoint(tmp_path / "s.safetensors", name="n", folder=tmp_path / "out")


def test_a_ready_style_is_copied_under_its_new_name(tmp_path: Path) -> None:
    ready = write_tiny_style(tmp_path / "theirs.safetensors", title="Candy", record={"steps": 1})
    shared = tmp_path / "Their Candy (1).safetensors"
    os.rename(ready.path, shared)
    style = import_checkpoint(shared, name="candy", folder=tmp_path / "out")
    assert (style.name, style.title, style.record, style.variants) == ("candy", "Candy", {"steps": 1}, ("fast",))


def test_the_record_says_where_the_style_came_from(tmp_path: Path) -> None:
    torch.save(seeded(BookNet).state_dict(), tmp_path / "b.pth")
    imported = import_checkpoint(tmp_path / "b.pth", name="b", folder=tmp_path).record["imported"]
    assert isinstance(imported, dict)
    assert imported["layout"] == "chenyuntc/pytorch-book"
    assert len(imported["sha256"]) == 64


def test_the_thumbnail_is_the_bundled_picture_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 512, 3), dtype=np.uint8)
    PIL.Image.fromarray(pixels).save(tmp_path / "demo.jpg")
    monkeypatch.setattr("stylecam.importers.bundled_path", lambda relative: tmp_path / relative)
    torch.save(seeded(ExamplesNet).state_dict(), tmp_path / "n.pth")
    thumbnail = import_checkpoint(tmp_path / "n.pth", name="n", folder=tmp_path).thumbnail
    assert thumbnail is not None
    assert thumbnail.shape == (30, 256, 3)
    assert thumbnail.std() > 5


def test_a_style_of_that_name_is_kept_unless_forced(tmp_path: Path) -> None:
    torch.save(seeded(ExamplesNet).state_dict(), tmp_path / "n.pth")
    write_tiny_style(tmp_path / "n.safetensors", title="Kept")
    with pytest.raises(OutputExistsError, match="'n' already"):
        import_checkpoint(tmp_path / "n.pth", name="n", folder=tmp_path)
    assert read_style(tmp_path / "n.safetensors").title == "Kept"
    assert import_checkpoint(tmp_path / "n.pth", name="n", folder=tmp_path, force=True).title == "N"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra.weight": torch.zeros(1)}, r"strange: 'extra\.weight'"),
        ({"in3.running_max": torch.zeros(1)}, r"strange: 'in3\.running_max'"),
        ({"conv2.conv2d.bias": None}, r"missing: 'conv2\.conv2d\.bias'"),
        ({"conv1.conv2d.weight": torch.zeros(32, 3, 3, 3)}, r"conv1\.conv2d\.weight has the shape \[32, 3, 3, 3\]"),
        ({"in1.bias": torch.zeros(32, dtype=torch.int64)}, r"in1\.bias does not hold floating-point"),
        ({"in1.bias": torch.full((32,), torch.nan)}, r"in1\.bias holds values that are not finite"),
        ({"in1.bias": torch.full((32,), 1e9)}, r"in1\.bias holds values that are not finite"),
        ({"epoch": 3}, r"'epoch' in it is no tensor"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    state: dict[str, object] = {**seeded(ExamplesNet).state_dict(), **change}
    torch.save({key: value for key, value in state.items() if value is not None}, tmp_path / "n.pth")
    with pytest.raises(StyleFormatError, match=message) as caught:
        import_checkpoint(tmp_path / "n.pth", name="n", folder=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_another_network_altogether_shows_both_sides(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "n.pth")
    with pytest.raises(StyleFormatError, match=r"strange: 'bias', 'weight'; missing: 'conv1.* and \d+ more"):
        import_checkpoint(tmp_path / "n.pth", name="n", folder=tmp_path / "out")


def test_a_book_checkpoint_with_a_sixth_block_is_strange(tmp_path: Path) -> None:
    state = seeded(BookNet).state_dict()
    state["res_layers.5.conv1.conv2d.bias"] = torch.zeros(128)
    torch.save(state, tmp_path / "n.pth")
    with pytest.raises(StyleFormatError, match=r"strange: 'res_layers\.5\.conv1\.conv2d\.bias'"):
        import_checkpoint(tmp_path / "n.pth", name="n", folder=tmp_path / "out")
