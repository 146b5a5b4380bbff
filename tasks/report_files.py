"""Where the files of reports are kept, and at which address people find them."""

import inspect
import re
from collections.abc import Awaitable
from typing import Any, Final
from urllib.parse import quote

from prefect.blocks.core import Block
from prefect.filesystems import LocalFileSystem, WritableFileSystem

from watchkeeper.clients.report_files import VENDOR, Folder, ReportFiles, open_report_files
from watchkeeper.clients.vendor_errors import MissingCredential, VendorRefused
from watchkeeper.config import Configuration, Reports, read_settings

_BLOCK: Final = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


class BlockFiles:
    """A storage block of Prefect."""

    def __init__(self, block: Any, name: str) -> None:  # noqa: ANN401 - what the blocks share has no type
        self._block = block
        self._name = name

    @property
    def place(self) -> str:
        return f"the block {self._name}"

    async def write(self, name: str, content: bytes) -> None:
        await _awaited(self._block.write_path(name, content))

    async def read(self, name: str) -> bytes:
        return bytes(await _awaited(self._block.read_path(name)))


async def report_files(configuration: Configuration) -> ReportFiles:
    """Return the storage that the configuration names.

    Raises:
        MissingCredential: there is no such block.
        VendorRefused: the block stores no files.
    """
    storage = configuration.reports.storage
    if not storage:
        return Folder(read_settings().home / "reports")
    return await _block_files(storage) if _BLOCK.fullmatch(storage) else open_report_files(storage)


def address_of(reports: Reports, file: str) -> str:
    """Return the address at which people find a file; "" when they can reach it by none."""
    if reports.link:
        return f"{reports.link.rstrip('/')}/{quote(file)}"
    if reports.publish == "github_pages" and reports.pages:
        return f"{_pages_address(reports.pages.repository)}/{quote(file)}"
    return "" if reports.storage else f"http://127.0.0.1:{read_settings().web_port}/reports/{quote(file)}"


def private_address_of(reports: Reports, file: str) -> str:
    """Return the same for a file that is kept and not published to GitHub Pages."""
    return address_of(reports.model_copy(update={"publish": "folder"}), file)


def _pages_address(repository: str) -> str:
    owner, _, name = repository.partition("/")
    home = f"{owner.lower()}.github.io"
    return f"https://{home}" if name.lower() == home else f"https://{home}/{name}"


async def _block_files(storage: str) -> ReportFiles:
    try:
        block: object = await Block.aload(storage)
    except ValueError:
        missing = f"there is no block {storage}: create it in the Prefect UI under Blocks, or correct reports.storage"
        raise MissingCredential(VENDOR, missing) from None
    if isinstance(block, LocalFileSystem):
        return open_report_files(str(block.basepath))
    if not isinstance(block, WritableFileSystem):
        raise VendorRefused(VENDOR, f"the block {storage} stores no files: name a storage block in reports.storage")
    return BlockFiles(block, storage)


async def _awaited(result: Any | Awaitable[Any]) -> Any:  # noqa: ANN401 - some blocks are async, others are not
    return await result if inspect.isawaitable(result) else result
