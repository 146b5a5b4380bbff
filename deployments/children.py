"""Child processes of a start: each with a log file, none left behind."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 12
GROUP_SECONDS = 2  # longer only where nobody clears away what has ended, as in a container without an init process
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Child:
    """A running child process and the file that holds what it prints."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    @property
    def ending(self) -> str:
        """How it has ended, as the end of a sentence."""
        code = self.process.returncode
        if code is None:
            return "is running"
        return f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with code {code}"

    def last_words(self, lines: int = 15) -> str:
        """Return the end of the child's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class CannotStartError(RuntimeError):
    """The start is not possible; the message says why and what to do."""


class ChildEndedError(RuntimeError):
    """A child that should be running has ended."""

    def __init__(self, child: Child) -> None:
        super().__init__(f"{child.name} {child.ending}. Its log is {child.log}; it ends with:\n{child.last_words()}")


async def start_child(name: str, *arguments: str, environment: Mapping[str, str], log: Path, folder: Path) -> Child:
    """Start `python arguments...` in `folder`, in a session of its own, so that Ctrl-C reaches the parent alone."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**os.environ, **environment, "PWD": str(folder)},
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
    return Child(name, process, log)


async def stop_child(child: Child) -> None:
    """End the child and everything it started: asked first, forced after a grace period."""
    if child.process.returncode is None:
        child.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(child.process.wait(), GRACE_SECONDS)
        except TimeoutError:
            child.process.kill()
            await child.process.wait()
    await _end_group(child.process.pid)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


async def _end_group(leader: int) -> None:
    """Kill what a child has started and left, and wait until it is gone: nothing of it may act beside a successor."""
    with suppress(ProcessLookupError, TimeoutError):
        async with asyncio.timeout(GROUP_SECONDS):
            while True:
                os.killpg(leader, signal.SIGKILL)
                await asyncio.sleep(0.01)


def _end_with_parent() -> None:
    """Ask the kernel to end this process when its parent is killed and cannot say goodbye."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
