"""RecordedPainting: a network on CUDA, where giving the orders takes longer than doing them, and copies take time.

All orders of a frame are recorded once for each picture size and given again at one go
(https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs). The recording goes on reading the same parameters,
so another painter's weights are copied into those, in the same queue.

Several frames are on their way at once, each in a slot of a ring: while one is computed, the next travels to the device
and the one before travels back, in queues of their own.

    upload      source → slot                     then mark `uploaded`
    compute     [weights of another painter], wait for `uploaded`, slot → recording's input, recording,
                recording's output → slot         then mark `painted`
    download    wait for `painted`, slot → host   then mark `done`

Invariants. The CPU waits in one place only, for `done` of the frame whose picture is read (and where a recording is
made or given up). Frames are landed in the order in which they were sent, and a slot is used again only once its frame
has landed: no mark is needed for that. Once the sizes in use have been seen, no memory is asked for.

There is one recording a size, and not one a slot: with `full` at 1080p it holds some hundred megabytes and takes a
second to make, while the copies between it and a slot, on the device, take some microseconds.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from stylecam.hostbuffers import HostBuffers
from stylecam.inference import to_network, to_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from stylecam.accelerator import Accelerator
    from stylecam.engine import Painter
    from stylecam.frame import Image
    from stylecam.inference import Form
    from stylecam.network import TransformerNet

__all__ = ["SLOTS", "RecordedPainting", "Sent"]

SLOTS: Final = 3
"""Frames on their way at once: one travels there, one is painted, one travels back."""

_RECORDINGS: Final = 3
"""Recorded sizes that are kept: each holds every activation of a frame, some hundred megabytes at 1080p."""

_HEADER: Final = 16
"""Bytes before a painted picture: the sum that tells whether all of it is finite, so that one copy brings both. Four
are needed; sixteen keep the picture aligned for wide reads and writes."""


class _Slot:
    """What one frame travels through; the addresses never change."""

    def __init__(self, accelerator: Accelerator, height: int, width: int) -> None:
        self.source = accelerator.pinned(height, width, 3)
        self.device_source = torch.zeros(height, width, 3, dtype=torch.uint8, device=accelerator.device)
        self.device_result = torch.zeros(_HEADER + height * width * 3, dtype=torch.uint8, device=accelerator.device)
        self.uploaded, self.painted, self.done = (accelerator.mark() for _ in range(3))


class _Ring:
    """The slots of the frames of one size, and the memory that their pictures come to lie in."""

    def __init__(self, accelerator: Accelerator, height: int, width: int) -> None:
        self.slots = deque(_Slot(accelerator, height, width) for _ in range(SLOTS))
        self.host = HostBuffers(lambda: accelerator.pinned(_HEADER + height * width * 3), at_once=SLOTS + 1)


class _Recording:
    """A network recorded for one size, with what it reads and writes."""

    def __init__(self, accelerator: Accelerator, height: int, width: int) -> None:
        # Before the orders are recorded, which waits for the device: a slot is first written to from another queue
        # than the one that its memory was last used in.
        self.ring = _Ring(accelerator, height, width)
        self.source = torch.zeros(height, width, 3, dtype=torch.uint8, device=accelerator.device)
        self.result = torch.zeros(_HEADER + height * width * 3, dtype=torch.uint8, device=accelerator.device)
        self.replay: Callable[[], None] = lambda: None

    def paint_with(self, network: TransformerNet, form: Form, dtype: torch.dtype) -> None:
        """The orders that are recorded."""
        picture, total = to_picture(network(to_network(self.source, form=form, dtype=dtype)))
        self.result[:4].view(torch.float32).copy_(total)
        self.result[_HEADER:].view(picture.shape).copy_(picture)


@dataclass(slots=True, eq=False)
class Sent:
    """A frame on its way. What it needs is held until it has landed, and nothing else: no recording."""

    painter: Painter
    network: TransformerNet
    """Whose weights may still have to be copied."""
    dtype: torch.dtype
    ring: _Ring
    slot: _Slot
    host: Tensor
    landed: tuple[Image, bool] | None = None
    """The picture, and whether all of its values were finite."""
    error: Exception | None = None


class RecordedPainting:
    """Paints with painters of one architecture on one device. Call it from one thread at a time, in inference mode."""

    def __init__(
        self,
        accelerator: Accelerator,
        *,
        build: Callable[[Painter, Form], TransformerNet],
        form: Callable[[torch.dtype], Form],
        go_on_in_float32: Callable[[Painter], None],
    ) -> None:
        """Args are functions of the engine.

        Args:
            accelerator: the device.
            build: a network of its own with a painter's weights in a form.
            form: how a network of this precision is laid out here.
            go_on_in_float32: give a painter whose half precision has overflowed a network of the other precision.
        """
        self._accelerator = accelerator
        self._build = build
        self._form = form
        self._go_on_in_float32 = go_on_in_float32
        self._recordings: OrderedDict[tuple[int, int], _Recording] = OrderedDict()
        self._on_their_way: deque[Sent] = deque()
        self._live: TransformerNet | None = None
        """The network that the recordings read; `_taken` is the one whose parameters it holds."""
        self._live_form: Form | None = None
        self._taken: TransformerNet | None = None

    def send(self, painter: Painter, image: Image) -> Sent:
        """Order a picture to be painted, and do not wait; `image` may be changed as soon as this returns.

        With `SLOTS` frames on their way already, the oldest is landed first, and its picture kept for whoever reads it.

        Raises:
            RuntimeError: whatever torch raises. Where memory runs out, the other sizes' recordings are given up, and it
                is tried once more.
        """
        while len(self._on_their_way) >= SLOTS:
            self._land_the_oldest()
        sent = self._send(painter, image)
        self._on_their_way.append(sent)
        return sent

    def land(self, sent: Sent) -> tuple[Image, bool]:
        """Wait for a frame; the picture, and whether all of its values are finite.

        A frame that overflowed half precision is painted again in float32, and so are the frames of its painter that
        were sent after it: in the same order, and as if each had been waited for before the next was sent.
        """
        while sent.landed is None and sent.error is None:
            self._land_the_oldest()
        if sent.error is not None:
            raise sent.error
        assert sent.landed is not None
        return sent.landed

    def _land_the_oldest(self) -> None:
        sent = self._on_their_way.popleft()
        try:
            sent.landed = self._landed(sent)
            overflowed = sent.dtype == torch.float16 and not sent.landed[1]
            if overflowed and sent.painter.dtype == torch.float16:
                with self._accelerator.queue("compute"):
                    self._go_on_in_float32(sent.painter)
            if overflowed or sent.dtype != sent.painter.dtype:
                again = self._send(sent.painter, sent.slot.source.numpy())
                sent.landed = self._landed(again)
                again.ring.slots.append(again.slot)
        except Exception as error:
            sent.error = error
        sent.ring.slots.append(sent.slot)

    def _landed(self, sent: Sent) -> tuple[Image, bool]:
        sent.slot.done.synchronize()
        finite = bool(sent.host[:4].view(torch.float32).isfinite())
        height, width, _ = sent.slot.source.shape
        return sent.ring.host.lend(sent.host, _HEADER, (height, width, 3)), finite

    def _send(self, painter: Painter, image: Image) -> Sent:
        try:
            return self._order(painter, image)
        except torch.OutOfMemoryError:
            if not self._recordings:
                self._forget_recordings()
                raise
        # Not in the handler: the error in its hand keeps the memory of what failed.
        self._forget_recordings()
        try:
            return self._order(painter, image)
        except torch.OutOfMemoryError:
            self._forget_recordings()
            raise

    def _order(self, painter: Painter, image: Image) -> Sent:
        queue = self._accelerator.queue
        with queue("compute"):
            self._take(painter)
            recording = self._recording_of(painter.dtype, image.shape[0], image.shape[1])
        host = recording.ring.host.take()
        slot = recording.ring.slots.popleft()
        np.copyto(slot.source.numpy(), image)
        with queue("upload"):
            slot.device_source.copy_(slot.source, non_blocking=True)
            slot.uploaded.record()
        with queue("compute"):
            slot.uploaded.wait()
            recording.source.copy_(slot.device_source, non_blocking=True)
            recording.replay()
            slot.device_result.copy_(recording.result, non_blocking=True)
            slot.painted.record()
        with queue("download"):
            slot.painted.wait()
            host.copy_(slot.device_result, non_blocking=True)
            slot.done.record()
        return Sent(painter, painter.network, painter.dtype, recording.ring, slot, host)

    def _take(self, painter: Painter) -> None:
        """Make the recorded parameters those of this painter, behind the frames that are on their way."""
        if self._taken is painter.network:
            return
        if self._live is not None and self._live.conv1.conv2d.weight.dtype != painter.dtype:
            self._forget_recordings()
        if self._live is None:
            self._live_form = self._form(painter.dtype)
            self._live = self._build(painter, self._live_form)
        else:
            for ours, theirs in zip(self._live.parameters(), painter.network.parameters(), strict=True):
                ours.copy_(theirs, non_blocking=True)
        self._taken = painter.network

    def _recording_of(self, dtype: torch.dtype, height: int, width: int) -> _Recording:
        """That of this size; the sizes used last are kept."""
        network, form = self._live, self._live_form
        assert network is not None
        assert form is not None
        size = height, width
        if size not in self._recordings:
            if len(self._recordings) >= _RECORDINGS:
                self._accelerator.synchronise()  # a frame on its way may be of the size that goes
                self._recordings.popitem(last=False)
            recording = _Recording(self._accelerator, height, width)
            recording.replay = self._accelerator.capture(lambda: recording.paint_with(network, form, dtype))
            self._recordings[size] = recording
        self._recordings.move_to_end(size)
        return self._recordings[size]

    def _forget_recordings(self) -> None:
        """Frames on their way are waited for, not landed: their pictures lie in their own buffers."""
        self._accelerator.synchronise()
        self._recordings.clear()
        self._live = self._live_form = self._taken = None
        self._accelerator.free_unused()
