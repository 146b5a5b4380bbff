"""The state folder is for its owner's eyes only, whatever it was before."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.home import open_home
from deployments.privacy import UnsafeFolderError, make_private, private_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def loose_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder that anybody may read, with whatever stands in one."""
    folder = tmp_path / "state"
    for name in ("logs", "prefect/storage", "reports/incidents", "sandbox"):
        (folder / name).mkdir(parents=True)
    for name in (
        "prefect-password",
        "encryption-key",
        "blocks.json",
        "watchkeeper.db",
        "watchkeeper.db-wal",
        "alerts.jsonl",
        "alerts.jsonl.1",
        "logs/web.log",
        "prefect/prefect.db",
        "prefect/storage/result",
        "reports/incidents/1.html",
        "sandbox/authority.pem",
    ):
        (folder / name).write_text("secret")
    os.mkfifo(folder / "prefect" / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
    (folder / "prefect" / "tool").write_text("")
    (folder / "prefect" / "tool").chmod(0o755)
    (folder / "s").chmod(0o777)
    return folder


def loose(folder: Path) -> list[Path]:
    return [each for each in (folder, *folder.rglob("*")) if not each.is_symlink() and mode_of(each) & 0o077]


def test_what_others_could_read_is_taken_back(folder: Path) -> None:
    assert len(loose(folder)) > 15
    assert open_home(folder).path == folder
    assert loose(folder) == []
    assert mode_of(folder) == mode_of(folder / "logs") == mode_of(folder / "prefect" / "tool") == 0o700
    assert mode_of(folder / "prefect-password") == mode_of(folder / "watchkeeper.db") == mode_of(folder / "s") == 0o600


def test_what_has_become_loose_in_a_private_folder_is_taken_back_at_a_start(folder: Path) -> None:
    folder.chmod(0o700)
    make_private(folder)
    assert loose(folder) == []
    make_private(folder)


def test_the_target_of_a_link_is_not_touched(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("")
    before = mode_of(elsewhere), mode_of(elsewhere / "file")
    (folder / "reports" / "link").symlink_to(elsewhere)
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    open_home(folder)
    assert (mode_of(elsewhere), mode_of(elsewhere / "file")) == before


def test_a_new_folder_is_private_whatever_the_umask(tmp_path: Path) -> None:
    os.umask(0)
    home = open_home(tmp_path / "new" / "state")
    assert home.password
    assert home.logs.is_dir()
    assert loose(home.path) == []


def test_an_empty_folder_that_somebody_has_made_is_taken(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    open_home(tmp_path / "state")
    assert mode_of(tmp_path / "state") == 0o700


def test_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(UnsafeFolderError, match=r"is a symbolic link .*set WATCHKEEPER_HOME to"):
        open_home(tmp_path / "link")
    with pytest.raises(UnsafeFolderError, match="symbolic link"):
        open_home(tmp_path / "other" / ".." / "link")


def test_a_folder_that_everybody_may_replace_is_refused(folder: Path, tmp_path: Path) -> None:
    open_home(folder)
    tmp_path.chmod(0o777)
    with pytest.raises(UnsafeFolderError, match="may be written by everybody"):
        open_home(folder)
    tmp_path.chmod(0o1777)
    open_home(folder)
    tmp_path.chmod(0o700)


def test_a_folder_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "website"
    folder.mkdir(mode=0o755)
    (folder / "index.html").write_text("")
    with pytest.raises(UnsafeFolderError, match="holds other things"):
        open_home(folder)
    folder.joinpath("index.html").unlink()
    folder.chmod(0o1777)
    with pytest.raises(UnsafeFolderError, match="is used by others, too"):
        open_home(folder)
    assert mode_of(folder) == 0o1777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_not_ours_is_refused(folder: Path) -> None:
    os.chown(folder / "blocks.json", 65_534, 65_534)
    with pytest.raises(UnsafeFolderError, match=r"blocks\.json belongs to another user"):
        open_home(folder)
    os.chown(folder, 65_534, 65_534)
    with pytest.raises(UnsafeFolderError, match=r"state belongs to another user .*: set WATCHKEEPER_HOME"):
        open_home(folder)


def test_a_password_that_is_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("known to them")
    (folder / "prefect-password").unlink()
    (folder / "prefect-password").symlink_to(tmp_path / "theirs")
    with pytest.raises(UnsafeFolderError, match="prefect-password is a link"):
        _ = open_home(folder).password


def test_a_command_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "website"
    folder.mkdir(mode=0o755)
    (folder / "index.html").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "deployments.cli", "sandbox", "fault"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "WATCHKEEPER_HOME": str(folder), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 4
    assert "set WATCHKEEPER_HOME to a folder that belongs to you alone" in done.stderr


def test_a_folder_above_that_is_missing_is_made(tmp_path: Path) -> None:
    assert private_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
