"""Engine: runs one network on one device, and owns its buffers. It knows weights and pictures, not styles.

A `Painter` (a network with one set of weights) is built and checked aside, on any thread; `paint` takes one per
picture, on one thread. Between two pictures the painter may be another one, and no picture is painted by half of each.

On CUDA frames are recorded, and overlap: see `RecordedPainting`.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

import torch

from stylecam.accelerator import Accelerator, CudaAccelerator
from stylecam.devices import shared_threads
from stylecam.errors import DeviceError, DeviceMemoryError, StyleError
from stylecam.inference import FORMS, build_network, half_precision, half_precision_problem, to_network, to_picture
from stylecam.layouts import fastest_form
from stylecam.pending import Pending
from stylecam.recorded import SLOTS, RecordedPainting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np
    from numpy.typing import NDArray

    from stylecam.architecture import Architecture
    from stylecam.devices import Device
    from stylecam.frame import Image
    from stylecam.inference import Form
    from stylecam.network import TransformerNet

__all__ = ["Engine", "Painter"]

_INVALID: Final = (
    "The style produced invalid pictures (values that are not finite). Its file may be damaged: choose another style, "
    "or train or import this one anew."
)
_MOST_AT_ONCE: Final = 4
_MOST_PIXELS: Final = 2 * 1920 * 1088
"""Of all pictures that are painted at once on a CPU: `full` takes some 300 bytes for each."""


@dataclass(slots=True, eq=False)
class Painter:
    """A network with one set of weights, on its device, checked. Made by `Engine.prepare`."""

    weights: Mapping[str, NDArray[np.floating]]
    network: TransformerNet
    dtype: torch.dtype
    note: str | None = None
    """Why it is not run in the precision that its device likes best."""


class Engine:
    """Paints H×W×3 uint8 pictures with networks of one architecture on one device.

    In sixteen bits where the device is faster with them (`half_precision`) and the style passes the check of
    `half_precision_problem`; else in float32. `exact` asks for float32.
    """

    def __init__(
        self,
        architecture: Architecture,
        device: Device,
        *,
        exact: bool = False,
        accelerator: Accelerator | None = None,
        choose_form: Callable[[Accelerator, Architecture, torch.dtype], Form] | None = None,
    ) -> None:
        self.architecture = architecture
        self.device = device
        if accelerator is None and device.kind == "cuda":
            accelerator, choose_form = CudaAccelerator(device.index or 0), choose_form or fastest_form
        self._accelerator = accelerator
        self._place = accelerator.device if accelerator else torch.device(device.kind)
        self._form = FORMS[device.kind]
        self._half = None if exact else half_precision(device.kind)
        self._one_at_a_time = Lock()  # never waited for in the live path: its one thread is the only one to paint
        self._painters: ThreadPoolExecutor | None = None
        self._at_once = 1
        """Pictures that are painted at a time within `overlapping`."""
        self._recorded: RecordedPainting | None = None
        self._choose_form = choose_form
        self._recorded_forms: dict[torch.dtype, Form] = {}
        if accelerator:
            self._recorded = RecordedPainting(
                accelerator,
                build=lambda painter, form: self._build(painter.weights, painter.dtype, form),
                form=lambda dtype: self._recorded_forms.get(dtype, self._form),
                go_on_in_float32=self._go_on_in_float32,
            )

    def prepare(self, weights: Mapping[str, NDArray[np.floating]]) -> Painter:
        """Build a network with these weights and try it on a small picture. May run beside `paint`.

        Raises:
            StyleError: the weights do not fit the architecture, or give pictures that are not finite.
            DeviceError: the device ran out of memory, or failed.
        """
        painter = self._try_out(weights)
        if self._accelerator and self._choose_form and painter.dtype not in self._recorded_forms:
            with self._one_at_a_time, _device_errors(self.device):
                form = self._choose_form(self._accelerator, self.architecture, painter.dtype)
            self._recorded_forms[painter.dtype] = form
        return painter

    @contextmanager
    def overlapping(self) -> Iterator[None]:
        """While this lasts, `start` on a CPU paints several pictures at a time, each on some of the cores.

        That gives more of them in a second, and each of them later. Elsewhere nothing changes. A picture then
        differs in its last bits from one that is painted alone, for sums are taken in another order.
        """
        if self.device.kind != "cpu" or self._recorded or torch.get_num_threads() == 1:
            yield
            return
        with shared_threads(_MOST_AT_ONCE) as (self._painters, self._at_once):
            try:
                yield
            finally:
                self._painters, self._at_once = None, 1

    @property
    def ahead(self) -> int:
        """How many further pictures are worth starting before the result of the first is read."""
        if self._recorded:
            return SLOTS - 1
        return self._at_once if self._painters else 0  # one more than are painted: it waits for whoever is free first

    def start(self, painter: Painter, image: Image) -> Pending[Image]:
        """Begin to paint; what `paint` returns or raises comes with the result. For the thread that paints.

        On CUDA this returns as soon as the picture is on its way; some are painted at once, and where `ahead` are on
        their way before this one, it waits for the oldest, and keeps its result. Elsewhere the picture is painted here,
        or, on a CPU and within `overlapping`, in a thread of its own. `image` may be changed afterwards.
        """
        height, width, _ = image.shape
        if self._painters and self._at_once * height * width <= _MOST_PIXELS:
            own = image.copy()
            return Pending(self._painters.submit(lambda: self._paint_aside(painter, own)).result)
        try:
            with self._one_at_a_time, _device_errors(self.device, (width, height)), torch.inference_mode():
                if self._recorded is None:
                    return Pending.done(self._checked(self._paint_here(painter, image)))
                sent = self._recorded.send(painter, image)
        except Exception as error:
            return Pending.failed(error)

        def land() -> Image:
            assert self._recorded is not None
            with self._one_at_a_time, _device_errors(self.device, (width, height)), torch.inference_mode():
                return self._checked(self._recorded.land(sent))

        return Pending(land)

    def paint(self, painter: Painter, image: Image) -> Image:
        """The picture, painted: an array of the same size that nobody else writes to. Any strides are taken.

        A style that overflows half precision here, though it did not when it was tried, goes on in float32.

        Raises:
            StyleError: the style gives values that are not finite.
            DeviceError: the device ran out of memory, or failed.
        """
        return self.start(painter, image).result()

    def _paint_aside(self, painter: Painter, image: Image) -> Image:
        height, width, _ = image.shape
        with _device_errors(self.device, (width, height)), torch.inference_mode():
            return self._checked(self._run(painter, image))

    def _try_out(self, weights: Mapping[str, NDArray[np.floating]]) -> Painter:
        aside = self._accelerator.aside() if self._accelerator else nullcontext()
        with _device_errors(self.device), torch.inference_mode(), aside:
            exact = self._build(weights, torch.float32)
            trial = torch.arange(64 * 64 * 3, device=self._place).remainder(251).to(torch.uint8).view(64, 64, 3)
            _, total = to_picture(exact(to_network(trial, form=self._form, dtype=torch.float32)))
            if not bool(total.isfinite()):
                raise StyleError(_INVALID)
            if self._half is None:
                return Painter(weights, exact, torch.float32)
            half = self._build(weights, self._half)
            problem = half_precision_problem(half, exact, form=self._form)
            if problem is None:
                return Painter(weights, half, self._half)
            return Painter(weights, exact, torch.float32, note=f"{problem}, so float32 is used")

    def _build(
        self, weights: Mapping[str, NDArray[np.floating]], dtype: torch.dtype, form: Form | None = None
    ) -> TransformerNet:
        with torch.inference_mode(False):  # parameters that are copied into, and that count how often
            return build_network(self.architecture, weights, form=form or self._form, dtype=dtype, device=self._place)

    def _go_on_in_float32(self, painter: Painter) -> None:
        painter.network = self._build(painter.weights, torch.float32)
        painter.dtype = torch.float32
        painter.note = "half precision overflowed in this style, so float32 is used"

    def _checked(self, painted: tuple[Image, bool]) -> Image:
        picture, finite = painted
        if not finite:
            raise StyleError(_INVALID)
        return picture

    def _paint_here(self, painter: Painter, image: Image) -> tuple[Image, bool]:
        picture, finite = self._run(painter, image)
        if not finite and painter.dtype == torch.float16:
            self._go_on_in_float32(painter)
            picture, finite = self._run(painter, image)
        return picture, finite

    def _run(self, painter: Painter, image: Image) -> tuple[Image, bool]:
        """CPU and MPS: one order after another."""
        if not (image.flags.writeable and image.flags.c_contiguous):  # torch warns of what is read-only, as frames are
            image = image.copy()
        source = torch.from_numpy(image)
        x = to_network(source.to(self._place), form=self._form, dtype=painter.dtype)
        picture, total = to_picture(painter.network(x))
        return picture.cpu().numpy(), bool(total.isfinite())


@contextmanager
def _device_errors(device: Device, size: tuple[int, int] | None = None) -> Iterator[None]:
    """Torch's errors about the device as `DeviceError`, with what helps.

    Args:
        device: where it happens.
        size: width and height of the picture that is painted; None while a style is built and tried.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _out_of_memory(device, size) from error
    except (
        RuntimeError
    ) as error:  # AcceleratorError is one; some of the allocators and libraries have none of their own
        said = str(error)
        if any(words in said for words in ("out of memory", "can't allocate memory", "not enough memory")):
            raise _out_of_memory(device, size) from error
        if not isinstance(error, torch.AcceleratorError) and not any(
            library in said for library in ("CUDA", "cuDNN", "CUBLAS", "MPS")
        ):
            raise
        raise DeviceError(
            f"{device.name} stopped working ({said.strip().splitlines()[0]}). "
            "Start stylecam again; if it happens again, update the driver or choose --device cpu."
        ) from error


def _out_of_memory(device: Device, size: tuple[int, int] | None) -> DeviceMemoryError:
    what = f"a picture of {size[0]}×{size[1]}" if size else "the style's network"
    smaller = "Choose a smaller --size or --quality fast" if size else "Choose --quality fast"
    other = "" if device.kind == "cpu" else ", or choose --device cpu"
    return DeviceMemoryError(
        f"{device.name} has not enough free memory for {what}. {smaller}, close other programs that use it{other}."
    )
