"""A camera with an address: a small MJPEG server on loopback, read by OpenCV; unplugging is the server going away."""

from __future__ import annotations

import http.server
import io
import logging
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest

from stylecam import cameras
from stylecam.cameras import CameraFault, NetworkCamera
from stylecam.errors import SourceOpenError
from stylecam.livesource import LiveSource, Problem, SourceState, SourceStatus
from stylecam.opening import open_source
from tests.clips import make_clip
from tests.live import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stylecam.frame import Frame


class _Server:
    """Serves a moving picture as `multipart/x-mixed-replace`, as phones' camera apps do."""

    def __init__(self, port: int = 0) -> None:
        self.going = threading.Event()
        self.going.set()
        owner = self

        class _Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
                self.end_headers()
                index = 0
                try:
                    while owner.going.is_set():
                        jpeg = _jpeg(index)
                        self.wfile.write(
                            b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                        )
                        self.wfile.write(jpeg + b"\r\n")
                        index += 1
                        time.sleep(0.03)
                except OSError:
                    pass  # the reader has gone

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = False
        self._server.block_on_close = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        self.going.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _jpeg(index: int) -> bytes:
    image = np.full((48, 64, 3), 60, np.uint8)
    image[:, (3 * index) % 64 :][:, :8] = (200, 40, 90)
    stream = io.BytesIO()
    PIL.Image.fromarray(image).save(stream, "JPEG", quality=90)
    return stream.getvalue()


class _Watched:
    """A source that is iterated in a thread, with what it gives and tells."""

    def __init__(self, source: LiveSource) -> None:
        self.frames: list[Frame] = []
        self.news: list[SourceStatus] = []
        source.on_status = self.news.append
        self._source = source
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for frame in self._source:
            self.frames.append(frame)

    def close(self) -> None:
        self._source.close()
        self._thread.join(20)
        assert not self._thread.is_alive()
        wait_until(lambda: not any(thread.name == "stylecam-camera" for thread in threading.enumerate()))


@pytest.fixture
def watched() -> Iterator[list[_Watched]]:
    opened: list[_Watched] = []
    yield opened
    for one in opened:
        one.close()


def test_unplugging_is_the_server_going_away(watched: list[_Watched]) -> None:
    server = _Server()
    source = open_source(f"http://127.0.0.1:{server.port}/video", live=True)
    assert source.name == "127.0.0.1"
    camera = _Watched(source)
    watched.append(camera)
    wait_until(lambda: len(camera.frames) > 10)
    frame = camera.frames[-1]
    assert frame.size == (64, 48)
    red, green, _ = (int(frame.image[..., c].max()) for c in range(3))
    assert red > 170 > green + 60  # RGB, and not BGR

    port = server.port
    server.stop()
    wait_until(lambda: any(status.state is SourceState.waiting for status in camera.news))
    gone = len(camera.frames)
    server = _Server(port)
    try:
        wait_until(lambda: len(camera.frames) > gone + 10)
    finally:
        server.stop()
    times = [frame.pts for frame in camera.frames]
    assert times == sorted(set(times))


def test_an_address_where_nothing_answers_is_said(watched: list[_Watched]) -> None:
    server = _Server()
    server.stop()  # its port is free now
    camera = _Watched(open_source(f"http://127.0.0.1:{server.port}/", live=True))
    watched.append(camera)
    wait_until(lambda: any(status.problem is Problem.unreachable for status in camera.news))


def test_a_password_in_an_address_is_told_to_nobody(watched: list[_Watched], caplog: pytest.LogCaptureFixture) -> None:
    server = _Server()
    server.stop()
    source = open_source(f"http://me:secret@127.0.0.1:{server.port}/", live=True)
    with caplog.at_level(logging.DEBUG):
        camera = _Watched(source)
        watched.append(camera)
        wait_until(lambda: any(status.problem is Problem.unreachable for status in camera.news))
    told = [source.name, caplog.text, *(status.text + status.detail for status in camera.news)]
    assert "127.0.0.1" in caplog.text
    assert not any("secret" in text for text in told)


def test_opencv_s_own_error_is_an_unreachable_camera_and_names_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://me:{'secret'[::-1]}@127.0.0.1/"  # not as it stands here, in the lines that a trace quotes

    def fail(*_: Any) -> None:
        raise SourceOpenError(f"{address} could not be opened by OpenCV")

    monkeypatch.setattr(cameras, "open_capture", fail)
    with pytest.raises(CameraFault) as fault:
        NetworkCamera(address).open()
    assert fault.value.problem is Problem.unreachable
    assert "terces" not in "".join(traceback.format_exception(fault.value))


@pytest.mark.parametrize(
    "address", ["http://", "http://[::1/video", "rtsp://:554/", "http://host:99999/", "HTTPS:///a"]
)
def test_what_is_no_address_is_said_at_once(address: str) -> None:
    with pytest.raises(SourceOpenError, match="no camera's address"):
        open_source(address, live=True)


def test_an_address_may_be_written_in_capitals() -> None:
    assert open_source("HTTP://Phone.local:8080/Video", live=True).name == "phone.local"


def test_a_playlist_from_the_network_opens_no_file_of_this_machine(tmp_path: Path, watched: list[_Watched]) -> None:
    clip = make_clip(tmp_path / "secret.mp4", frames=5, size=(64, 48))
    texts = {
        "/a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{clip}\n#EXT-X-ENDLIST\n",
        "/b.ffconcat": f"ffconcat version 1.0\nfile 'file:{clip}'\n",
    }

    class _Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = texts[self.path].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        for path in texts:
            camera = _Watched(open_source(f"http://127.0.0.1:{server.server_address[1]}{path}", live=True))
            watched.append(camera)
            wait_until(lambda camera=camera: any(status.problem for status in camera.news))
            assert camera.frames == []
            camera.close()
            watched.remove(camera)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("address", ["ftp://a/b", "file:///etc/passwd", "concat://x"])
def test_other_protocols_are_refused(address: str) -> None:
    with pytest.raises(SourceOpenError, match="cannot be opened"):
        open_source(address, live=True)
