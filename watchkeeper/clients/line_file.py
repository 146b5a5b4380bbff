"""A file that grows by lines: each is there whole, on the disk, or not at all. It is put aside when it is full."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from watchkeeper.clients.vendor_errors import VendorUnavailable

VENDOR: Final = "The file"
LARGEST: Final = 10_000_000  # bytes, before the file is put aside as `<name>.1`
KEPT: Final = 5  # files that were put aside; the oldest goes


async def append_line(path: Path, line: bytes, largest: int = LARGEST) -> None:
    """Append a line, and return when it is on the disk. Several processes may do so at once.

    Args:
        line: without the line end; holds none.

    Raises:
        VendorUnavailable: it is not there: no room, no permission.
    """
    try:
        await asyncio.to_thread(_append, path, line + b"\n", largest)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise VendorUnavailable(VENDOR, f"{path} could not be written: {reason}") from None


def _append(path: Path, line: bytes, largest: int) -> None:
    path = path.expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as descriptor:
        size = os.fstat(descriptor).st_size
        if not size or size + len(line) <= largest:
            _write(descriptor, line, size)
            return
        _put_aside(path)
    _append(path, line, largest)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open the file for this process alone; it is the one of that name even if another was put aside meanwhile."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _write(descriptor: int, line: bytes, size: int) -> None:
    """Write the line; what was cut off by a crash before stays a line of its own."""
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    try:
        _write_all(descriptor, line)
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):  # what went wrong first is what a person can mend
            os.ftruncate(descriptor, size)
        raise


def _write_all(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]


def _put_aside(path: Path) -> None:
    """Rename the file to `<name>.1`, that one to `<name>.2`, and so on."""
    for number in range(KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))
