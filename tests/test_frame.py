from __future__ import annotations

import threading

import numpy as np
import pytest

from stylecam.frame import Frame, Latest


def test_a_frame_s_picture_cannot_be_written_to() -> None:
    frame = Frame(np.zeros((4, 6, 3), np.uint8), 0.5, 3, 12.0)
    assert frame.size == (6, 4)
    with pytest.raises(ValueError, match="read-only"):
        frame.image[0, 0] = 1
    assert frame.with_image(np.ones((4, 6, 3), np.uint8)).captured_at == 12.0


@pytest.mark.parametrize(
    "image", [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 3), np.float32), np.zeros((4, 6, 3), np.uint8)[:, ::2]]
)
def test_a_frame_refuses_what_is_no_picture(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        Frame(image, 0.0, 0)


def test_put_replaces_an_unread_item_and_counts_it() -> None:
    box: Latest[int] = Latest()
    for item in (1, 2, 3):
        box.put(item)
    assert (box.take(), box.dropped) == (3, 2)
    assert box.take() is None


def test_the_reader_is_woken_once_for_many_items() -> None:
    calls: list[int] = []
    box: Latest[int] = Latest(on_fill=lambda: calls.append(1))
    for item in range(5):
        box.put(item)
    assert len(calls) == 1
    box.take()
    box.put(9)
    assert len(calls) == 2


def test_closing_lets_a_waiting_reader_go_and_takes_nothing_more() -> None:
    box: Latest[int] = Latest()
    got: list[int | None] = [7]
    reader = threading.Thread(target=lambda: got.append(box.take(timeout=None)))
    reader.start()
    box.close()
    reader.join(10)
    assert not reader.is_alive()
    assert got[-1] is None
    box.put(1)
    assert box.take() is None
    assert box.closed


def test_between_two_threads_nothing_is_lost_uncounted_and_the_last_arrives() -> None:
    box: Latest[int] = Latest()
    taken: list[int] = []

    def read() -> None:
        while not taken or taken[-1] != 4999:
            item = box.take(timeout=10)
            assert item is not None
            taken.append(item)

    reader = threading.Thread(target=read)
    reader.start()
    for item in range(5000):
        box.put(item)
    reader.join(20)
    assert not reader.is_alive()
    assert taken == sorted(taken)
    assert len(taken) + box.dropped == 5000
