"""Whose eyes only: the state folder holds the password, the key of all secrets, and what vendors have told.

Nobody but its owner may read it or put anything into its place. What stands there with more rights is taken back; what
cannot be trusted at all is refused with the way out.
"""

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

PRIVATE_UMASK: Final = 0o077
_OTHERS: Final = 0o077
_OURS: Final = frozenset(
    {
        "watchkeeper.db",
        "prefect-password",
        "encryption-key",
        "blocks.json",
        "running.json",
        "sandbox-born",
        "registered",
    }
)  # each of them marks a folder as a state folder
_WAY_OUT: Final = "set WATCHKEEPER_HOME to a folder that belongs to you alone"


class UnsafeFolderError(OSError):
    """A folder that cannot hold secrets; the message says why and what to do."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} {why}: {_WAY_OUT}")


def private_folder(path: Path) -> Path:
    """Return the folder at `path`, made if it is not there, so that its owner alone can look into it.

    Raises:
        UnsafeFolderError: somebody else could look into it, or put another one into its place.
        OSError: it cannot be made or changed.
    """
    folder = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - `resolve` would follow the link that is refused
    if folder.is_symlink():
        raise UnsafeFolderError(folder, f"is a symbolic link (to {folder.resolve()}), which others may turn")
    folder = folder.resolve()
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    _refuse_strangers(folder)
    if folder.stat().st_mode & _OTHERS:
        _refuse_what_is_no_state_folder(folder)
        folder.chmod(0o700)
        make_private(folder)
    return folder


def make_private(folder: Path) -> None:
    """Take all rights of others from everything in a folder that is private itself. Done again, it changes nothing.

    Raises:
        UnsafeFolderError: something in it belongs to somebody else.
    """
    for entry in _entries(folder):
        with suppress(FileNotFoundError):  # its process has just removed it
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                continue  # has no rights of its own
            if found.st_uid != os.geteuid():
                raise UnsafeFolderError(Path(entry.path), f"belongs to another user ({_user(found.st_uid)})")
            kept = 0o700 if stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode) else 0o600
            if found.st_mode & _OTHERS:
                Path(entry.path).chmod(stat.S_IMODE(found.st_mode) & kept)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything below a folder, a folder before what is in it; links are not followed."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for entry in found:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path))


def _refuse_strangers(folder: Path) -> None:
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise UnsafeFolderError(folder, f"belongs to another user ({_user(found.st_uid)})")
    for above in folder.parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise UnsafeFolderError(above, "may be written by everybody, who could put another folder into its place")


def _refuse_what_is_no_state_folder(folder: Path) -> None:
    """Refuse to take rights from a folder that is used for something else, as somebody's home folder."""
    mode, names = folder.stat().st_mode, {each.name for each in folder.iterdir()}
    if mode & stat.S_ISVTX or folder == Path(pwd.getpwuid(os.geteuid()).pw_dir):
        raise UnsafeFolderError(folder, "is used by others, too")
    if names and not names & _OURS:
        raise UnsafeFolderError(folder, "holds other things, and others may read it")


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"number {number}"
