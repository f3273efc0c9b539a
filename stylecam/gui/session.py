"""Session: the live pipeline's face in the window. It lives in the main thread; what takes time runs as a job.

Of several styles clicked in a row, only the last is loaded. Torch and OpenCV are imported by the first jobs, when the
window already stands.
"""

from __future__ import annotations

import os
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from stylecam.errors import StylecamError
from stylecam.gui.looks import TRIAL, Looks
from stylecam.gui.savedfiles import make_folder, unused_path

if TYPE_CHECKING:
    from stylecam.gui.jobs import Jobs
    from stylecam.gui.looks import Look
    from stylecam.live import LivePipeline, LiveStats, Painting
    from stylecam.livesource import LiveSource
    from stylecam.recording import RecordingReport, RecordingState
    from stylecam.styles import StyleLibrary
    from stylecam.stylizer import Stylizer

__all__ = ["Session"]


class Session(QObject):
    """What the window asks for, and what it is told. Every method returns at once.

    Signals:
        painting_ready: a painting waits; take it with `take_painting`. Sent once, however many follow.
        styles_loaded(list[Style], list[str]): the library was read; the second are its problems, in a line each.
        style_changed(Look, str): a style is in place; how it runs, in words.
        style_failed(Look, str): it is not, and why; the one before stays.
        device_failed(str, str, str): a device that cannot be had, as it was asked for; what runs instead; and why.
        source_opened(LiveSource, str): a source runs, and what was asked for.
        source_failed(str, str): what was asked for, and why it cannot be had; the one before goes on.
        source_status(SourceStatus): news from the source.
        cameras_listed(list[CameraInfo]).
        size_changed(int, int, bool): the pipeline chose a working size; whether for want of memory.
        recording_started(str); recording_ended(RecordingReport).
        output_changed(bool, str): the virtual camera is on or off; its name, or why it is off.
    """

    painting_ready = Signal()
    styles_loaded = Signal(object, object)
    style_changed = Signal(object, str)
    style_failed = Signal(object, str)
    device_failed = Signal(str, str, str)
    source_opened = Signal(object, str)
    source_failed = Signal(str, str)
    source_status = Signal(object)
    cameras_listed = Signal(object)
    size_changed = Signal(int, int, bool)
    recording_started = Signal(str)
    recording_ended = Signal(object)
    output_changed = Signal(bool, str)

    def __init__(
        self,
        jobs: Jobs,
        parent: QObject | None = None,
        *,
        device: str = "auto",
        quality: Literal["fast", "full", "auto"] = "auto",
        exact: bool = False,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._starting = threading.Lock()
        self._closed = False
        self._pipeline: LivePipeline | None = None
        self._looks = Looks(
            device=device,
            quality=quality,
            exact=exact,
            on_other_device=lambda wanted, other, why: jobs.tell(self.device_failed, wanted, other, why),
        )
        self._wanted: Look | None = None
        self._size: tuple[int, int] | None = None
        self._hold_fps: float | None = None
        self._mirror, self._is_camera, self._is_still, self._steadiness = False, False, False, 50
        self.style_failed.connect(self._on_style_failed)

    @property
    def stylizer(self) -> Stylizer | None:
        """The running stylizer, once there is one."""
        return self._looks.stylizer

    @property
    def library(self) -> StyleLibrary | None:
        return self._looks.library

    @property
    def exact(self) -> bool:
        """Whether all is computed in float32."""
        return self._looks.exact

    @property
    def has_sixteen_bits(self) -> bool | None:
        """Whether the device that paints has a faster number of sixteen bits; None while none paints."""
        return self._looks.has_sixteen_bits

    @property
    def look(self) -> Look | None:
        """What is in place; for a style that is tried, `TRIAL` and its file's stem."""
        return self._looks.look

    @property
    def wanted(self) -> Look | None:
        """What was asked for last and has not failed; in place already, or about to be."""
        return self._wanted

    def take_painting(self) -> Painting | None:
        """The newest painting, once."""
        return self._pipeline.paintings.take() if self._pipeline else None

    def stats(self) -> LiveStats | None:
        return self._pipeline.stats() if self._pipeline else None

    def recording_state(self) -> RecordingState | None:
        """How the recording is doing; None while there is none."""
        recorder = self._pipeline.recorder if self._pipeline else None
        return recorder.state if recorder else None

    def load_styles(self) -> None:
        """Read the styles anew; `styles_loaded` follows."""
        self._jobs.submit(self._load_styles)

    def list_cameras(self) -> None:
        self._jobs.submit(self._list_cameras)

    def open(self, spec: str) -> None:
        """Show another source; one that cannot be had leaves the present one.

        Args:
            spec: for `stylecam.open_source`, or the path of a JPEG, PNG or WebP picture.
        """
        self._jobs.submit(lambda: self._open(spec))

    def set_look(self, name: str, second: str = "", share: int = 50) -> None:
        """Paint with this style, or mix, as soon as it is loaded."""
        self._wanted = look = (name, second if second != name else "", share)
        self._jobs.submit(lambda: self._load_look(look))

    def try_style(self, path: Path) -> None:
        """Paint with the style in this file, which need be in no library, until `set_look` is called.

        `style_changed` or `style_failed` follows, with the look ``(TRIAL + stem, "", 50)``. Whatever else is painted
        meanwhile - recordings, dropped pictures, exports - is painted with it, too: what one sees is what one gets.
        """
        self._wanted = look = (TRIAL + path.stem, "", 50)
        self._jobs.submit(lambda: self._load_look(look, path))

    def set_strength(self, percent: int) -> None:
        self._looks.set_strength(percent / 100)

    def set_keep_colors(self, keep: bool) -> None:
        self._looks.set_keep_colors(keep)

    def set_steadiness(self, amount: int) -> None:
        self._steadiness = amount
        if self._pipeline:
            self._pipeline.steadiness.amount = amount

    def set_mirror(self, mirror: bool) -> None:
        """Flip cameras left to right; a video is never flipped."""
        self._mirror = mirror
        if self._pipeline:
            self._pipeline.mirror = mirror and self._is_camera

    def set_size(self, size: tuple[int, int] | None, *, hold_fps: float | None = None) -> None:
        """Work within this size (None: the source's own); with `hold_fps`, at whatever size keeps that rate."""
        self._size, self._hold_fps = size, hold_fps
        if self._pipeline:
            self._pipeline.size, self._pipeline.hold_fps = size, self._rate_to_hold()

    def set_device(self, device: str) -> None:
        """Run on another device; if that cannot be had, the present one goes on, and `device_failed` follows."""
        self._jobs.submit(lambda: self._change(self._looks.change_device(device)))

    def set_exact(self, exact: bool) -> None:
        """Compute in float32, or in what is fastest and looks the same."""
        self._jobs.submit(lambda: self._change(self._looks.change_exact(exact)))

    def record(self, folder: Path) -> None:
        """Start a recording, named by date and time, in this folder."""
        self._jobs.submit(
            lambda: self._record(unused_path(make_folder(folder) / f"stylecam {datetime.now():%Y-%m-%d %H.%M.%S}.mp4"))
        )

    def record_to(self, path: Path) -> None:
        """Start a recording into this file."""
        self._jobs.submit(lambda: self._record(path))

    def stop_recording(self) -> None:
        """Finish it; `recording_ended` follows."""
        self._jobs.submit(self._stop_recording)

    def set_virtual_camera(self, on: bool) -> None:
        self._jobs.submit(lambda: self._set_virtual_camera(on))

    def copy_of_stylizer(self) -> Stylizer:
        """A stylizer of its own with the present settings, at the source's own size: for an export beside the preview.

        Takes a moment: call it in another thread than the window's.

        Raises:
            StyleError: no style is loaded yet.
        """
        stylizer = self._looks.copy_of_stylizer()
        stylizer.size = self._size
        return stylizer

    def close(self) -> bool:
        """End every thread, the recording first; whether all ended within two seconds."""
        self._jobs.shut()
        with self._starting:  # a job may be about to start a source; after this it will not
            self._closed = True
        return self._pipeline.stop() if self._pipeline else True

    def _load_styles(self) -> None:
        library = self._looks.read_library()
        self._jobs.tell(self.styles_loaded, list(library.values()), [reason for _, reason in library.problems])

    def _list_cameras(self) -> None:
        from stylecam.cameras import list_cameras

        self._jobs.tell(self.cameras_listed, list_cameras())

    def _open(self, spec: str) -> None:
        try:
            source, is_still = _source_of(spec)
        except StylecamError as error:
            self._jobs.tell(self.source_failed, spec, str(error))
            return
        from stylecam.camera_source import CameraSource

        self._is_camera = isinstance(source, CameraSource)
        pipeline = self._ready_pipeline()
        if is_still != self._is_still:  # else the rate's own measurements go on
            self._is_still = is_still
            pipeline.hold_fps = self._rate_to_hold()
        pipeline.mirror = self._mirror and self._is_camera
        with self._starting:
            if self._closed:
                return
            # Told first: what the source says of itself comes after it, and is not taken back by it.
            self._jobs.tell(self.source_opened, source, spec)
            pipeline.start(source)

    def _rate_to_hold(self) -> float | None:
        """A still picture does not move: its size is chosen for the few frames that it has."""
        from stylecam.stillpicture import STILL_RATE

        return min(self._hold_fps, STILL_RATE) if self._hold_fps and self._is_still else self._hold_fps

    def _ready_pipeline(self) -> LivePipeline:
        if self._pipeline is None:
            from stylecam.live import LivePipeline

            pipeline = LivePipeline(
                on_painting=lambda: self._jobs.tell(self.painting_ready),
                on_status=lambda status: self._jobs.tell(self.source_status, status),
                on_error=self._jobs.report,
                on_size=lambda size, memory: self._jobs.tell(self.size_changed, *size, memory),
            )
            pipeline.steadiness.amount = self._steadiness
            pipeline.size, pipeline.hold_fps = self._size, self._rate_to_hold()
            pipeline.painter = self._looks.stylizer
            self._pipeline = pipeline
        return self._pipeline

    def _load_look(self, look: Look, path: Path | None = None) -> None:
        if look != self._wanted:
            return  # another was clicked meanwhile
        if path is None and self._looks.library is None:
            self._load_styles()
        try:
            stylizer = self._looks.put(look, path)
        except StylecamError as error:
            self._jobs.tell(self.style_failed, look, str(error))
            return
        self._put_in_place(look, stylizer)

    def _on_style_failed(self, look: Look) -> None:
        """In the window's thread, as all who set what is wanted."""
        if look == self._wanted:
            self._wanted = self.look

    def _put_in_place(self, look: Look, stylizer: Stylizer) -> None:
        if self._pipeline:
            self._pipeline.painter = stylizer
        self._jobs.tell(self.style_changed, look, stylizer.describe())

    def _change(self, stylizer: Stylizer | None) -> None:
        """Paint with what was built anew for the present look; None: nothing has changed."""
        look = self._looks.look
        if stylizer is not None and look is not None:
            self._put_in_place(look, stylizer)

    def _record(self, path: Path) -> None:
        from stylecam.recording import Recorder

        pipeline = self._ready_pipeline()
        if pipeline.recorder is not None:
            return
        size = pipeline.stats().source_size
        with self._starting:
            if self._closed:
                return
            pipeline.record(Recorder(path, size=size, on_end=self._on_recording_end))
        self._jobs.tell(self.recording_started, str(path))

    def _stop_recording(self) -> None:
        if self._pipeline is not None and self._pipeline.recorder is not None:
            self._pipeline.recorder.finish()

    def _on_recording_end(self, report: RecordingReport) -> None:
        """In the recorder's thread, however it ended."""
        if self._pipeline:
            self._pipeline.record(None)
        self._jobs.tell(self.recording_ended, report)

    def _set_virtual_camera(self, on: bool) -> None:
        from stylecam.virtualcamera import VirtualCameraSink

        pipeline = self._ready_pipeline()
        if not on:
            pipeline.set_output(None)
            self._jobs.tell(self.output_changed, False, "")
            return
        try:
            sink = VirtualCameraSink(pipeline.stats().source_size or (1280, 720))
        except StylecamError as error:
            self._jobs.tell(self.output_changed, False, str(error))
            return
        pipeline.set_output(sink)
        self._jobs.tell(self.output_changed, True, sink.name)


def _source_of(spec: str) -> tuple[LiveSource, bool]:
    """The source, and whether it is a still picture."""
    if os.path.isfile(spec):  # asked first: no camera shall wait until Pillow is loaded
        from stylecam.pictures import PICTURE_SUFFIXES
        from stylecam.stillpicture import StillPicture

        if Path(spec).suffix.lower() in PICTURE_SUFFIXES:
            return StillPicture(Path(spec)), True
    from stylecam.opening import open_source

    return open_source(spec, live=True), False
