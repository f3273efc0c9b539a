from __future__ import annotations

import pytest

from stylecam.pending import Pending


def test_it_is_finished_once_and_by_whoever_reads_it() -> None:
    calls: list[int] = []
    pending = Pending(lambda: calls.append(1) or len(calls))
    assert calls == []
    assert [pending.result(), pending.result(), calls] == [1, 1, [1]]


def test_none_is_a_result_like_any_other() -> None:
    calls: list[int] = []
    pending: Pending[None] = Pending(lambda: calls.append(1))
    pending.result()
    pending.result()
    assert calls == [1]


def test_an_error_is_raised_to_whoever_reads_it_each_time_and_made_once() -> None:
    calls: list[int] = []

    def finish() -> int:
        calls.append(1)
        raise OSError("no")

    pending = Pending(finish)
    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            pending.result()
    assert calls == [1]
    failed = Pending[int].failed(KeyError("gone"))
    with pytest.raises(KeyError):
        failed.then(str).result()


def test_what_is_made_of_a_result_is_made_when_that_is_read() -> None:
    calls: list[int] = []
    pending = Pending.done(4).then(lambda number: calls.append(number) or number + 1)
    assert calls == []
    assert pending.result() == 5
    assert calls == [4]
