"""Where the files of reports lie: a folder, or any address that fsspec knows. A file is there whole, or not at all."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from watchkeeper.clients.vendor_errors import VendorRefused, VendorUnavailable

VENDOR: Final = "The storage of reports"
_UNFINISHED: Final = ".unfinished-"
_ABANDONED_SECONDS: Final = 3600

T = TypeVar("T")


class ReportFiles(Protocol):
    """Keeps files by name. What goes wrong is a VendorError that names the place and the way out."""

    @property
    def place(self) -> str:
        """The address for people to find it; holds no secret."""
        ...

    async def write(self, name: str, content: bytes) -> None:
        """Write a file, or replace it as a whole."""
        ...

    async def read(self, name: str) -> bytes: ...


class Folder:
    """A folder of this machine. It is made where it is not there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser().absolute()

    @property
    def place(self) -> str:
        return str(self._path)

    async def write(self, name: str, content: bytes) -> None:
        await self._attempt("written", name, lambda: _replace(self._path / name, content))

    async def read(self, name: str) -> bytes:
        return await self._attempt("read", name, (self._path / name).read_bytes)

    async def _attempt(self, verb: str, name: str, action: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(action)
        except OSError as error:
            message = f"{self._path / name} could not be {verb}: {error.strerror or type(error).__name__}"
        raise VendorUnavailable(VENDOR, f"{message}. Make room, or correct the key reports.storage, and run it again")


class Address:
    """A place that fsspec reaches, such as `s3://bucket/folder`. Its credentials come from the environment."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    @property
    def place(self) -> str:
        return self._address

    async def write(self, name: str, content: bytes) -> None:
        await self._attempt("written", name, lambda system, path: _put(system, path, content))

    async def read(self, name: str) -> bytes:
        return await self._attempt("read", name, lambda system, path: bytes(system.cat_file(path)))

    async def _attempt(self, verb: str, name: str, action: Callable[[Any, str], T]) -> T:
        """Do something with the file system and the path there.

        Raises:
            VendorRefused: nothing here knows the kind of address.
            VendorUnavailable: it was known, and did not work.
        """
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # noqa: PLC0415 - for those who use it

        address = f"{self._address}/{name}"
        try:
            system, path = url_to_fs(address)
            return await asyncio.to_thread(action, system, path)
        except (ImportError, ValueError) as error:
            kind = urlsplit(self._address).scheme
            missing = (
                f"{kind} addresses cannot be used here ({type(error).__name__}): install what fsspec needs for them"
            )
            raise VendorRefused(VENDOR, missing) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise VendorUnavailable(VENDOR, f"{address} could not be {verb}: {reason}") from None


def open_report_files(storage: str) -> ReportFiles:
    """Return the place: a folder, or what fsspec knows by its address."""
    return Address(storage) if "://" in storage else Folder(Path(storage))


def _put(system: Any, path: str, content: bytes) -> None:  # noqa: ANN401 - fsspec has no types
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    with system.transaction:  # what fails in between is not there afterwards
        system.pipe_file(path, content)


def _replace(file: Path, content: bytes) -> None:
    """Write beside the file and rename: whoever reads sees the old one or the new one, whole."""
    _make_folder(file.parent)
    _clear_up(file.parent)
    descriptor, name = tempfile.mkstemp(prefix=f"{_UNFINISHED}{file.name}-", dir=file.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.chmod(0o600 | file.parent.stat().st_mode & 0o044)
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    """Make a folder that may be read by those who may read the one it is in: reports may be published from there."""
    if not folder.exists():
        _make_folder(folder.parent)
        with suppress(FileExistsError):  # another process was quicker
            folder.mkdir(mode=0o700)
            folder.chmod(0o700 | folder.parent.stat().st_mode & 0o055)


def _clear_up(folder: Path) -> None:
    """Remove what a process that was killed has left behind."""
    for abandoned in folder.glob(f"{_UNFINISHED}*"):
        try:
            if time.time() - abandoned.stat().st_mtime > _ABANDONED_SECONDS:
                abandoned.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # somebody else was quicker
