from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from stylecam.architecture import ARCHITECTURES, VARIANTS, Variant
from stylecam.cli import main
from stylecam.errors import OutputExistsError, SinkError, StyleFormatError
from stylecam.inference import to_picture
from stylecam.network import TransformerNet
from stylecam.onnxexport import build_model, check_model_output, export_model
from stylecam.stylefile import write_style
from stylecam.stylizer import Stylizer
from tests.test_network import picture
from tests.tiny import random_weights, write_tiny_style

if TYPE_CHECKING:
    from pathlib import Path

    from stylecam.stylefile import Style

SIZES = [(16, 16), (17, 19), (64, 48), (45, 83), (99, 130)]
"""Heights and widths: the least, a multiple of every stride, and odd ones."""


@pytest.fixture
def style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Style:
    monkeypatch.setenv("STYLECAM_STYLES", str(tmp_path / "styles"))
    return write_tiny_style(
        tmp_path / "styles" / "wave.safetensors",
        variants=VARIANTS,
        title="The Wave",
        author="Hokusai",
        origin="a woodblock print",
    )


def run(model: onnx.ModelProto, value: Any) -> Any:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["painting"], {"picture": value})[0]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_model_of_bytes_paints_as_stylecam_does_at_any_size(style: Style, variant: Variant) -> None:
    model = build_model(style, variant, uint8=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    stylizer = Stylizer(style, device="cpu", exact=True, quality=variant)
    for height, width in SIZES:
        source = to_picture(picture(height, width, seed=width))[0].numpy()
        painted = session.run(["painting"], {"picture": source[None]})[0]
        assert (painted.shape, painted.dtype) == ((1, height, width, 3), np.uint8)
        expected = stylizer(source)
        assert np.abs(painted[0].astype(int) - expected.astype(int)).max() <= 1
        assert expected.std() > 10


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_model_of_floats_gives_what_the_network_does_clamped(tmp_path: Path, variant: Variant) -> None:
    weights = random_weights(variant)
    weights["deconv3.conv2d.weight"] *= 8  # far beyond black and white
    loud = write_style(tmp_path / "loud.safetensors", weights={variant: weights}, title="Loud")
    network = TransformerNet(ARCHITECTURES[variant])
    network.load_state_dict({name: torch.from_numpy(array) for name, array in loud.weights(variant).items()})
    source = picture(45, 50)
    with torch.inference_mode():
        expected = network(source).clamp(0, 255).numpy()
    painted = run(build_model(loud, variant), source.numpy())
    assert (painted.shape, painted.dtype) == ((1, 3, 45, 50), np.float32)
    assert (painted.min(), painted.max()) == (0, 255)
    assert np.abs(painted - expected).max() < 0.05


def test_pictures_of_a_batch_are_painted_as_each_alone(style: Style) -> None:
    model = build_model(style, "fast")
    batch = np.concatenate([picture(33, 41, seed=seed).numpy() for seed in range(3)])
    together = run(model, batch)
    for index in range(3):
        np.testing.assert_allclose(together[index], run(model, batch[index : index + 1])[0], atol=0.05)


@pytest.mark.parametrize(("variant", "uint8"), list(itertools.product(VARIANTS, [False, True])))
def test_a_model_passes_onnx_s_own_check_and_leaves_sizes_open(style: Style, variant: Variant, uint8: bool) -> None:
    model = build_model(style, variant, uint8=uint8)
    onnx.checker.check_model(model, full_check=True)
    shapes = [
        [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim]
        for value in (model.graph.input[0], model.graph.output[0])
    ]
    assert shapes == [["batch", "height", "width", 3] if uint8 else ["batch", 3, "height", "width"]] * 2
    assert model.opset_import[0].version == 17


def test_what_a_style_says_of_itself_is_in_the_model(style: Style) -> None:
    model = build_model(style, "full")
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "style": "wave",
        "variant": "full",
        "title": "The Wave",
        "author": "Hokusai",
        "licence": "CC0-1.0",
        "origin": "a woodblock print",
    }


def test_a_network_that_the_style_lacks_is_refused_and_nothing_written(tmp_path: Path) -> None:
    fast_alone = write_tiny_style(tmp_path / "dots.safetensors")
    with pytest.raises(StyleFormatError, match="no 'full' network"):
        export_model(fast_alone, tmp_path / "dots.onnx", variant="full")
    assert not (tmp_path / "dots.onnx").exists()


def test_outputs_that_cannot_be_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"must end in \.onnx"):
        check_model_output(tmp_path / "model.pb", force=True)
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(SinkError, match="a folder of that name"):
        check_model_output(tmp_path / "folder.onnx", force=True)
    (tmp_path / "there.onnx").write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match="--force"):
        check_model_output(tmp_path / "there.onnx", force=False)
    check_model_output(tmp_path / "there.onnx", force=True)


def test_without_the_package_the_extra_is_named(
    style: Style, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export-onnx", "wave", "-o", str(tmp_path / "wave.onnx")]) == 4
    error = capsys.readouterr().err
    assert 'pip install "stylecam[onnx]"' in error
    assert error.count("\n") == 1


def test_the_command_writes_the_model_and_keeps_what_is_there(
    style: Style, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wave.onnx"
    assert main(["export-onnx", "wave", "-o", str(path), "--variant", "full", "--uint8", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == {"schema": 1, "output": str(path), "style": "wave", "variant": "full", "uint8": True}
    assert onnx.load(path) == build_model(style, "full", uint8=True)
    assert main(["export-onnx", "wave", "-o", str(path)]) == 4
    assert main(["export-onnx", "wave", "-o", str(path), "-f"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert onnx.load(path) == build_model(style, "fast")


def test_without_a_wish_the_network_is_fast_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STYLECAM_STYLES", str(tmp_path))
    write_tiny_style(tmp_path / "large.safetensors", variants=("full",))
    assert main(["export-onnx", "large", "-o", str(tmp_path / "large.onnx"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["variant"] == "full"
    assert main(["export-onnx", "large", "-o", str(tmp_path / "small.onnx"), "--variant", "fast"]) == 5
    assert not (tmp_path / "small.onnx").exists()


def test_exporting_loads_no_torch(style: Style, tmp_path: Path) -> None:
    code = (
        "import sys; from stylecam.cli import main\n"
        f"assert main(['export-onnx', 'wave', '-o', {str(tmp_path / 'wave.onnx')!r}]) == 0\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
