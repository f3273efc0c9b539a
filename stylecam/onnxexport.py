"""A style's network as an ONNX model, for programs without stylecam. Needs the package onnx, and no torch.

The graph is written operator by operator from the weights, rather than recorded from a run of the network: so it holds
for pictures of any size, and whoever reads the model finds the network's own parts, by their names. Padding to a
multiple of the strides and cropping back are in it. It computes what `network.TransformerNet` does, which a test holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stylecam import __version__
from stylecam.architecture import ARCHITECTURES
from stylecam.errors import OutputExistsError, SinkError
from stylecam.printable import printable
from stylecam.wholefile import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from stylecam.architecture import Upsampling, Variant
    from stylecam.stylefile import Style

__all__ = ["build_model", "check_model_output", "export_model"]

_SUFFIX: Final = ".onnx"
_OPSET: Final = 17
_IR_VERSION: Final = 8
"""Of the same time as the opset: older runtimes refuse a newer one, though nothing of it is used."""
_EPSILON: Final = 1e-5


def check_model_output(path: Path, *, force: bool) -> None:
    """Whether a model may be written to `path`, asked before any work is done.

    Raises:
        OutputExistsError: the file is there and `force` is not set.
        SinkError: its name does not end in .onnx, it is a folder, or the package onnx is missing.
    """
    shown = printable(str(path), limit=200)
    if path.suffix.lower() != _SUFFIX:
        raise SinkError(f"cannot write {shown}: the name must end in {_SUFFIX}")
    if path.is_dir():
        raise SinkError(f"cannot write {shown}: there is a folder of that name")
    if path.exists() and not force:
        raise OutputExistsError(f"{shown} exists and is kept; choose another name, or replace it with --force")
    _load_onnx()


def export_model(style: Style, path: Path, *, variant: Variant, uint8: bool = False, force: bool = False) -> None:
    """Write a style's network as an ONNX model, whole or not at all.

    Args:
        style: its weights are read here.
        path: ends in .onnx.
        variant: one that the style has.
        uint8: see `build_model`.
        force: replace a file that is there.

    Raises:
        SinkError: as `check_model_output`, or it cannot be written; `DiskFullError` where there is no room.
        StyleFormatError: the style has no such variant, or is damaged.
    """
    check_model_output(path, force=force)
    write_whole(path, build_model(style, variant, uint8=uint8).SerializeToString())


def build_model(style: Style, variant: Variant, *, uint8: bool = False) -> onnx.ModelProto:
    """The model: input `picture`, output `painting` of the same shape; any batch, any height and width from 16 on.

    Args:
        style: title, author, licence and origin go into the model's metadata.
        variant: which of its networks.
        uint8: N×H×W×3 uint8 RGB in and out, as pictures lie in memory. Else N×3×H×W float32 RGB, 0–255; the output is
            clamped to that, and not rounded.

    Raises:
        SinkError: the package onnx is missing.
        StyleFormatError: the style has no such variant, or is damaged.
    """
    helper = _load_onnx().helper
    weights = {name: array.astype(np.float32) for name, array in style.weights(variant).items()}
    graph = _Graph(helper, weights)
    x = "picture"
    if uint8:
        x = graph.add("Cast", graph.add("Transpose", x, perm=[0, 3, 1, 2]), to=helper.np_dtype_to_tensor_dtype(_FLOAT))
    x = graph.add("Clip", _network(graph, variant, x), graph.constant(_FLOAT.type(0)), graph.constant(_FLOAT.type(255)))
    if uint8:
        x = graph.add("Cast", graph.add("Round", x), to=helper.np_dtype_to_tensor_dtype(_BYTE))
        x = graph.add("Transpose", x, perm=[0, 2, 3, 1])
    graph.add("Identity", x, output="painting")
    shape = ["batch", "height", "width", 3] if uint8 else ["batch", 3, "height", "width"]
    element = helper.np_dtype_to_tensor_dtype(_BYTE if uint8 else _FLOAT)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            f"{style.name}-{variant}",
            [helper.make_tensor_value_info("picture", element, shape)],
            [helper.make_tensor_value_info("painting", element, shape)],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="stylecam",
        producer_version=__version__,
        doc_string=f"{style.title}: RGB 0-255 in and out, {'NHWC' if uint8 else 'NCHW'}, at least 16x16.",
    )
    about = {key: getattr(style, key) for key in ("title", "author", "licence", "origin")}
    helper.set_model_props(model, {"style": style.name, "variant": variant, **about})
    checked: onnx.ModelProto = model
    return checked


_FLOAT: Final = np.dtype(np.float32)
_BYTE: Final = np.dtype(np.uint8)


class _Graph:
    """Nodes and constants under way; values are known by their names."""

    def __init__(self, helper: Any, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._helper = helper

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Another node; returns the name of its output."""
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def constant(self, value: NDArray[Any] | np.generic | list[int], name: str = "") -> str:
        """A constant's name; whole numbers are int64, as sizes and axes are."""
        array = np.asarray(value, dtype=np.int64 if isinstance(value, list) else None)
        name = name or f"constant_{len(self.constants)}"
        element = self._helper.np_dtype_to_tensor_dtype(array.dtype)
        self.constants.append(self._helper.make_tensor(name, element, array.shape, array.tobytes(), raw=True))
        return name

    def convolution(self, name: str, x: str, stride: int = 1) -> str:
        """A `PaddedConv`."""
        weight = self.weights[f"{name}.conv2d.weight"]
        border = weight.shape[-1] // 2
        x = self.add("Pad", x, self.constant([0, 0, border, border] * 2), mode="reflect")
        return self._conv(f"{name}.conv2d", x, weight, self.weights[f"{name}.conv2d.bias"], stride)

    def grown(self, name: str, x: str, upsampling: Upsampling) -> str:
        """A `ResizeConv` in its sub-pixel form: four phases at the small size, then laid side by side."""
        kernels = _phases(self.weights[f"{name}.conv2d.weight"], upsampling)
        bias = np.tile(self.weights[f"{name}.conv2d.bias"], 4)
        x = self.add("Pad", x, self.constant([0, 0, 1, 1] * 2), mode="edge")
        x = self._conv(f"{name}.conv2d", x, kernels, bias)
        return self.add("DepthToSpace", x, blocksize=2, mode="DCR")

    def norm(self, name: str, x: str) -> str:
        """An instance norm."""
        scale, shift = (self.constant(self.weights[f"{name}.{key}"], f"{name}.{key}") for key in ("weight", "bias"))
        return self.add("InstanceNormalization", x, scale, shift, epsilon=_EPSILON)

    def _conv(self, name: str, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32], stride: int = 1) -> str:
        parameters = self.constant(weight, f"{name}.weight"), self.constant(bias, f"{name}.bias")
        return self.add("Conv", x, *parameters, kernel_shape=weight.shape[-2:], strides=[stride, stride])


def _network(graph: _Graph, variant: Variant, picture: str) -> str:
    """`TransformerNet.forward`."""
    architecture = ARCHITECTURES[variant]
    size = graph.add("Shape", picture, start=2)
    # How much is missing to the next multiple; Mod's result has the divisor's sign, as Python's.
    missing = graph.add("Mod", graph.add("Neg", size), graph.constant([architecture.multiple]))
    pads = graph.add("Concat", graph.constant([0] * 6), missing, axis=0)
    x = graph.add("Pad", picture, pads, mode="reflect")
    for number, stride in enumerate(architecture.strides, start=1):
        x = graph.add("Relu", graph.norm(f"in{number}", graph.convolution(f"conv{number}", x, stride)))
    for block in range(1, architecture.blocks + 1):
        y = graph.add("Relu", graph.norm(f"res{block}.in1", graph.convolution(f"res{block}.conv1", x)))
        x = graph.add("Add", graph.norm(f"res{block}.in2", graph.convolution(f"res{block}.conv2", y)), x)
    for number in (1, 2):
        y = graph.grown(f"deconv{number}", x, architecture.upsampling)
        x = graph.add("Relu", graph.norm(f"in{number + 3}", y))
    if architecture.last_upsamples:
        x = graph.grown("deconv3", x, architecture.upsampling)
    else:
        x = graph.convolution("deconv3", x)
    return graph.add("Slice", x, graph.constant([0, 0]), size, graph.constant([2, 3]))


def _phases(weight: NDArray[np.float32], upsampling: Upsampling) -> NDArray[np.float32]:
    """Kernels at the small size for the four pixels that grow out of one: (4·outputs, inputs, 3, 3).

    See `network.ResizeConv`. For nearest-neighbour upsampling a row and a column of each are zero; kernels of 2×2 in
    their place save a ninth of the products and were no faster in ONNX Runtime.
    """
    # seen[a, p, k]: how much of the small pixel i + p - 1 tap k of the large kernel sees, for the pixel at 2i + a.
    seen = np.zeros((2, 3, 3), np.float32)
    for phase in (0, 1):
        for tap in (-1, 0, 1):
            pixel, odd = divmod(phase + tap, 2)
            share = 1.0 if upsampling == "nearest" else 0.75
            seen[phase, pixel + 1, tap + 1] = share
            seen[phase, pixel + (2 if odd else 0), tap + 1] += 1 - share
    kernels: NDArray[np.float32] = np.einsum("apk,bql,ockl->abocpq", seen, seen, weight)
    return kernels.reshape(-1, *weight.shape[1:])


def _load_onnx() -> Any:
    try:
        import onnx
    except ModuleNotFoundError as exc:
        if exc.name != "onnx":
            raise
        raise SinkError(
            'Writing a model needs the package onnx, which is not installed. Get it with pip install "stylecam[onnx]".'
        ) from exc
    return onnx
