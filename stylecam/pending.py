"""Pending: something that is being made, and that is waited for only by whoever reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pending"]

_T = TypeVar("_T")
_U = TypeVar("_U")


class Pending(Generic[_T]):
    """A result, or the error in place of it, that may still be on its way. For one thread."""

    def __init__(self, finish: Callable[[], _T]) -> None:
        """`finish` waits for the result and returns it, or raises; it is called once, by the first `result`."""
        self._finish: Callable[[], _T] | None = finish
        self._outcome: list[_T] = []
        self._error: Exception | None = None

    @classmethod
    def done(cls, result: _T) -> Pending[_T]:
        """One that is there already."""
        return cls(lambda: result)

    @classmethod
    def failed(cls, error: Exception) -> Pending[_T]:
        """One that raises this error where the result is read: in its turn, and not before those that came earlier."""

        def fail() -> _T:
            raise error

        return cls(fail)

    def result(self) -> _T:
        """Wait for it. Every call returns the same, or raises the same error."""
        if self._finish is not None:
            finish, self._finish = self._finish, None  # what it holds is let go
            try:
                self._outcome.append(finish())
            except Exception as error:
                self._error = error
        if self._error is not None:
            raise self._error
        return self._outcome[0]

    def then(self, further: Callable[[_T], _U]) -> Pending[_U]:
        """What `further` makes of the result, in the thread that reads it."""
        return Pending(lambda: further(self.result()))
