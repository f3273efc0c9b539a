from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch

from stylecam import hostbuffers
from stylecam.hostbuffers import HostBuffers

SHAPE = (2, 2, 3)
START = 4


class Makes:
    def __init__(self) -> None:
        self.made: list[torch.Tensor] = []

    def __call__(self) -> torch.Tensor:
        self.made.append(torch.zeros(START + 12, dtype=torch.uint8))
        return self.made[-1]


def lent(buffers: HostBuffers, value: int) -> Any:
    buffer = buffers.take()
    buffer.fill_(value)
    return buffers.lend(buffer, START, SHAPE)


def test_a_picture_is_handed_over_where_it_lies() -> None:
    makes = Makes()
    picture = lent(HostBuffers(makes, at_once=1), 7)
    assert (picture.shape, picture.dtype, picture.flags.c_contiguous) == (SHAPE, np.uint8, True)
    makes.made[0][START] = 8
    assert picture[0, 0, 0] == 8
    assert set(picture.ravel()[1:]) == {7}


@pytest.mark.parametrize(
    "derived",
    [
        lambda picture: picture,
        lambda picture: picture[:, ::-1],
        lambda picture: picture[0][1:],
        lambda picture: picture.reshape(-1).view(np.int8),
        lambda picture: np.asarray(picture, copy=None).T[1],
        memoryview,
        lambda picture: memoryview(picture[1:]),
        torch.from_numpy,
        lambda picture: torch.from_numpy(picture)[1:],
        lambda picture: np.lib.stride_tricks.sliding_window_view(picture, 2, axis=0),
    ],
)
def test_a_buffer_comes_back_only_when_nothing_refers_to_any_part_of_its_picture(derived: Any) -> None:
    makes = Makes()
    buffers = HostBuffers(makes, at_once=1)
    kept = derived(lent(buffers, 7))
    other = lent(buffers, 9)
    assert len(makes.made) == 2
    assert set(np.asarray(kept).ravel().tolist()) == {7}
    del kept
    again = lent(buffers, 11)
    assert len(makes.made) == 2
    assert (set(other.ravel()), set(again.ravel())) == ({9}, {11})


def test_nothing_is_made_while_pictures_are_dropped_in_whichever_thread() -> None:
    makes = Makes()
    buffers = HostBuffers(makes, at_once=2)
    for turn in range(50):
        held = [lent(buffers, turn)]
        thread = threading.Thread(target=held.clear)
        thread.start()
        thread.join()
    assert len(makes.made) == 2


def test_whoever_keeps_many_pictures_gets_copies_of_the_later_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostbuffers, "_MOST", 4)
    makes = Makes()
    buffers = HostBuffers(makes, at_once=1)
    kept = [lent(buffers, value) for value in range(20)]
    assert len(makes.made) == 4
    assert [set(picture.ravel()) for picture in kept] == [{value} for value in range(20)]
    assert kept[-1].flags.owndata
