"""Engine: runs one network on one device, and owns its buffers. It knows weights and pictures, not styles.

A `Painter` (a network with one set of weights) is built and checked aside, on any thread; `paint` takes one per
picture, on one thread. Between two pictures the painter may be another one, and no picture is painted by half of each.

On CUDA, where giving the orders takes longer than doing them, all orders of a frame are recorded once for each picture
size and given again at one go. The recording goes on reading the same parameters, so another painter's weights are
copied into those, in the same queue. https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from stylecam.accelerator import Accelerator, CudaAccelerator
from stylecam.errors import DeviceError, DeviceMemoryError, StyleError
from stylecam.inference import FORMS, build_network, half_precision_problem, to_network, to_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from stylecam.architecture import Architecture
    from stylecam.devices import Device
    from stylecam.frame import Image
    from stylecam.network import TransformerNet

__all__ = ["Engine", "Painter"]

_RECORDINGS: Final = 3
"""Recorded sizes that are kept: each holds every activation of a frame, some hundred megabytes at 1080p."""

_INVALID: Final = (
    "The style produced invalid pictures (values that are not finite). Its file may be damaged: choose another style, "
    "or train or import this one anew."
)


@dataclass(slots=True, eq=False)
class Painter:
    """A network with one set of weights, on its device, checked. Made by `Engine.prepare`."""

    weights: Mapping[str, NDArray[np.floating]]
    network: TransformerNet
    dtype: torch.dtype
    note: str | None = None
    """Why it is not run in the precision that its device likes best."""


class _Buffers:
    """What a frame of one size travels through on its way to a GPU and back; the addresses never change."""

    def __init__(self, accelerator: Accelerator, height: int, width: int) -> None:
        self.source = accelerator.pinned(height, width, 3)
        self.result = accelerator.pinned(height, width, 3)
        self.total = accelerator.pinned(4).view(torch.float32)
        self.device_source = torch.zeros(height, width, 3, dtype=torch.uint8, device=accelerator.device)
        self.device_result = torch.empty_like(self.device_source)
        self.device_total = torch.zeros(1, dtype=torch.float32, device=accelerator.device)
        self.replay: Callable[[], None] = lambda: None


class Engine:
    """Paints H×W×3 uint8 pictures with networks of one architecture on one device.

    float32 on a CPU; half precision on a GPU, where the style passes the check of `half_precision_problem`.
    """

    def __init__(self, architecture: Architecture, device: Device, *, accelerator: Accelerator | None = None) -> None:
        self.architecture = architecture
        self.device = device
        if accelerator is None and device.kind == "cuda":
            accelerator = CudaAccelerator(device.index or 0)
        self._accelerator = accelerator
        self._place = accelerator.device if accelerator else torch.device(device.kind)
        self._form = FORMS[device.kind]
        self._one_at_a_time = Lock()  # never waited for in the live path: its one thread is the only one to paint
        self._staging = torch.empty(0, 0, 3, dtype=torch.uint8)
        self._recorded: OrderedDict[tuple[int, int], _Buffers] = OrderedDict()
        self._live: TransformerNet | None = None
        """The network that the recordings read; `_taken` is the one whose parameters it holds."""
        self._taken: TransformerNet | None = None

    def prepare(self, weights: Mapping[str, NDArray[np.floating]]) -> Painter:
        """Build a network with these weights and try it on a small picture. May run beside `paint`.

        Raises:
            StyleError: the weights do not fit the architecture, or give pictures that are not finite.
            DeviceError: the device ran out of memory, or failed.
        """
        aside = self._accelerator.aside() if self._accelerator else nullcontext()
        with _device_errors(self.device, 256, 192), torch.inference_mode(), aside:
            exact = self._build(weights, torch.float32)
            trial = torch.arange(64 * 64 * 3, device=self._place).remainder(251).to(torch.uint8).view(64, 64, 3)
            _, total = to_picture(exact(to_network(trial, form=self._form, dtype=torch.float32)))
            if not bool(total.isfinite()):
                raise StyleError(_INVALID)
            if self.device.kind == "cpu":
                return Painter(weights, exact, torch.float32)
            half = self._build(weights, torch.float16)
            problem = half_precision_problem(half, exact, form=self._form)
            if problem is None:
                return Painter(weights, half, torch.float16)
            return Painter(weights, exact, torch.float32, note=f"{problem}, so float32 is used")

    def paint(self, painter: Painter, image: Image) -> Image:
        """The picture, painted: a new array of the same size. Any strides are taken.

        A style that overflows half precision here, though it did not when it was tried, goes on in float32.

        Raises:
            StyleError: the style gives values that are not finite.
            DeviceError: the device ran out of memory, or failed.
        """
        height, width, _ = image.shape
        run = self._run_recorded if self._accelerator else self._run
        with self._one_at_a_time, _device_errors(self.device, width, height), torch.inference_mode():
            result, finite = run(painter, image)
            if not finite and painter.dtype == torch.float16:
                self._go_on_in_float32(painter)
                result, finite = run(painter, image)
        if not finite:
            raise StyleError(_INVALID)
        return result

    def _build(self, weights: Mapping[str, NDArray[np.floating]], dtype: torch.dtype) -> TransformerNet:
        with torch.inference_mode(False):  # parameters that are copied into, and that count how often
            return build_network(self.architecture, weights, form=self._form, dtype=dtype, device=self._place)

    def _go_on_in_float32(self, painter: Painter) -> None:
        painter.network = self._build(painter.weights, torch.float32)
        painter.dtype = torch.float32
        painter.note = "half precision overflowed in this style, so float32 is used"

    def _run(self, painter: Painter, image: Image) -> tuple[Image, bool]:
        """CPU and MPS: one order after another."""
        if self._staging.shape != image.shape:
            self._staging = torch.empty(image.shape, dtype=torch.uint8)
        np.copyto(self._staging.numpy(), image)  # torch warns of read-only arrays, which frames are
        x = to_network(self._staging.to(self._place), form=self._form, dtype=painter.dtype)
        picture, total = to_picture(painter.network(x))
        return picture.cpu().numpy(), bool(total.isfinite())

    def _run_recorded(self, painter: Painter, image: Image) -> tuple[Image, bool]:
        """CUDA: recorded orders. Where memory runs out, once more without the recordings of other sizes."""
        try:
            return self._replay(painter, image)
        except torch.OutOfMemoryError:
            if not self._recorded:
                self._forget_recordings()
                raise
        # Not in the handler: the error in its hand keeps the memory of what failed.
        self._forget_recordings()
        try:
            return self._replay(painter, image)
        except torch.OutOfMemoryError:
            self._forget_recordings()
            raise

    def _replay(self, painter: Painter, image: Image) -> tuple[Image, bool]:
        """The frame's way over pinned memory, in one queue, with one wait at its end."""
        assert self._accelerator is not None
        with self._accelerator.stream():
            self._take(painter)
            buffers = self._buffers(painter.dtype, image.shape[0], image.shape[1])
            np.copyto(buffers.source.numpy(), image)
            buffers.device_source.copy_(buffers.source, non_blocking=True)
            buffers.replay()
            buffers.result.copy_(buffers.device_result, non_blocking=True)
            buffers.total.copy_(buffers.device_total, non_blocking=True)
            self._accelerator.synchronise()
        # A copy: the next frame overwrites the buffer while this one is still shown or encoded.
        return buffers.result.numpy().copy(), bool(buffers.total.isfinite())

    def _take(self, painter: Painter) -> None:
        """Make the recorded parameters those of this painter."""
        if self._taken is painter.network:
            return
        if self._live is not None and self._live.conv1.conv2d.weight.dtype != painter.dtype:
            self._forget_recordings()
        if self._live is None:
            self._live = self._build(painter.weights, painter.dtype)
        else:
            for ours, theirs in zip(self._live.parameters(), painter.network.parameters(), strict=True):
                ours.copy_(theirs, non_blocking=True)
        self._taken = painter.network

    def _buffers(self, dtype: torch.dtype, height: int, width: int) -> _Buffers:
        """Those of this size, with its recording; the sizes used last are kept."""
        assert self._accelerator is not None
        network = self._live
        assert network is not None
        size = height, width
        if size not in self._recorded:
            while len(self._recorded) >= _RECORDINGS:
                self._recorded.popitem(last=False)
            buffers = _Buffers(self._accelerator, height, width)
            buffers.replay = self._accelerator.capture(lambda: self._paint_into(buffers, network, dtype))
            self._recorded[size] = buffers
        self._recorded.move_to_end(size)
        return self._recorded[size]

    def _paint_into(self, buffers: _Buffers, network: TransformerNet, dtype: torch.dtype) -> None:
        x = to_network(buffers.device_source, form=self._form, dtype=dtype)
        picture, total = to_picture(network(x))
        buffers.device_result.copy_(picture)
        buffers.device_total.copy_(total)

    def _forget_recordings(self) -> None:
        self._recorded.clear()
        self._live = None
        self._taken = None
        if self._accelerator:
            self._accelerator.free_unused()


@contextmanager
def _device_errors(device: Device, width: int, height: int) -> Iterator[None]:
    """Torch's errors about the device as `DeviceError`, with what helps."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _out_of_memory(device, width, height) from error
    except (
        RuntimeError
    ) as error:  # AcceleratorError is one; some of the allocators and libraries have none of their own
        said = str(error)
        if any(words in said for words in ("out of memory", "can't allocate memory", "not enough memory")):
            raise _out_of_memory(device, width, height) from error
        if not isinstance(error, torch.AcceleratorError) and not any(
            library in said for library in ("CUDA", "cuDNN", "CUBLAS", "MPS")
        ):
            raise
        raise DeviceError(
            f"{device.name} stopped working ({said.strip().splitlines()[0]}). "
            "Start stylecam again; if it happens again, update the driver or choose --device cpu."
        ) from error


def _out_of_memory(device: Device, width: int, height: int) -> DeviceMemoryError:
    other = "" if device.kind == "cpu" else ", or choose --device cpu"
    return DeviceMemoryError(
        f"{device.name} has not enough free memory for a picture of {width}×{height}. "
        f"Choose a smaller --size or --quality fast, close other programs that use it{other}."
    )
