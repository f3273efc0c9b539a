"""Small files written whole or not at all: a part file beside the target, flushed to the disk, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING, Final

from stylecam.errors import DiskFullError, SinkError
from stylecam.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["NO_ROOM", "write_whole"]

NO_ROOM: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What the system says of a full disk, a full quota, a file larger than the system or the user's limit allows."""


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`, which is replaced if it exists; missing folders are made.

    Raises:
        SinkError: it cannot be written; `DiskFullError` where there is no room. What was there before still is.
    """
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        error = DiskFullError if exc.errno in NO_ROOM else SinkError
        raise error(f"cannot write {printable(str(path), limit=200)}: {exc.strerror or exc}") from exc
    finally:
        with contextlib.suppress(OSError):  # renamed already, or never made
            part.unlink()
