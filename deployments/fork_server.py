"""`python -m deployments.fork_server SOCKET`: imports Prefect and every flow once, and forks a process for each run.

Otherwise every run, one a minute at least, spends two to three seconds on imports, and so does the one that carries out
a way back after a YES. Who asks (`deployments.flow_run`) is refused, and starts afresh, where a fork could be something
else than a fresh start: with other settings of Prefect, or when code has changed since.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deployments.flow_run import ENGINE, HANDED_ON, LENGTH_BYTES, STARTED, STATUS_BYTES

REPOSITORY: Final = Path(__file__).resolve().parent.parent
# What a run imports beside the flows: found by comparing `sys.modules` before and after one.
IMPORTED: Final = (
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.runner",
    "prefect.deployments.steps.pull",
    "prefect.utilities.visualization",
    "anyio._backends._asyncio",
    "slack_sdk.web.async_client",
)
PATIENCE_SECONDS: Final = 5
PR_SET_PDEATHSIG: Final = 1


class RefusedError(Exception):
    """No process is forked for this request; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a run needs: the arguments of the engine, an environment, a folder and the three standard streams."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]

    def become(self) -> None:
        """Be the process that was asked for, to its end."""
        for stream, place in zip(self.streams, (0, 1, 2), strict=True):
            os.dup2(stream, place)
            os.close(stream)
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        sys.argv = [ENGINE, *self.arguments]
        sys.modules.pop(ENGINE, None)  # it is the main program now
        runpy.run_module(ENGINE, run_name="__main__", alter_sys=True)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was imported, and under which settings.

    Attributes:
        settings: Prefect's settings by name, each in every spelling that it may have: as in the environment, and as
            Prefect writes it when a worker hands it on.
        files: each file of ours with the time of its last change.
    """

    settings: Mapping[str, frozenset[str]]
    files: Mapping[str, int]

    def refuse_other(self, request: Request) -> None:
        """Hold a request against this.

        Raises:
            RefusedError: a fork would be something else than a fresh start.
        """
        wanted = prefect_settings(request.environment)
        if others := sorted(name for name, value in wanted.items() if value not in self.settings.get(name, ())):
            raise RefusedError(f"it wants other settings: {', '.join(others)}")
        if changed := next((file for file, time in self.files.items() if changed_at(file) != time), None):
            raise RefusedError(f"{changed} has changed; start `watchkeeper up` anew to be fast again")


@dataclass(slots=True)
class ForkServer:
    """The forked processes that still run, each with the connection of who stands for it."""

    listener: socket.socket
    prepared: Prepared
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    runs: dict[int, socket.socket] = field(default_factory=dict)

    def serve(self) -> Request:
        """Fork for whoever asks. This returns in the forked processes alone, with what each of them is to become."""
        ended, waker = socket.socketpair()
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(ended, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is ended:
                    ended.recv(4096)
                    self._tell_who_ended()
                elif key.fileobj is not self.listener:
                    self._hand_on(key.data)
                elif (request := self._answer(self.listener.accept()[0])) is not None:
                    return request

    def _answer(self, connection: socket.socket) -> Request | None:
        """Fork for who asks; returns the request in the new process, nothing in this one."""
        try:
            request = receive(connection)
        except (OSError, ValueError, TypeError) as error:
            log(f"a request could not be read: {error}")
            connection.close()
            return None
        try:
            self.prepared.refuse_other(request)
            process = self._fork()
        except (RefusedError, OSError) as error:
            log(f"a run starts by itself, slowly: {error}")
            connection.close()
        else:
            if not process:
                connection.close()
                return request
            self.runs[process] = connection
            self.selector.register(connection, selectors.EVENT_READ, process)
            with suppress(OSError):  # whoever is gone is noticed by `_hand_on`
                connection.sendall(STARTED)
        for stream in request.streams:
            os.close(stream)
        return None

    def _fork(self) -> int:
        """Fork, and let the new process, where this returns 0, hold nothing that is the server's."""
        server = os.getpid()
        if process := os.fork():
            return process
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        for held in (self.listener, *self.runs.values()):
            held.close()
        return 0

    def _hand_on(self, process: int) -> None:
        """Hand a signal on to the run; end it when nobody stands for it any more."""
        connection = self.runs.get(process)
        if connection is None:  # it has ended in this moment, and who stood for it was told
            return
        try:
            number = connection.recv(1)[0]
        except (OSError, IndexError):
            self.selector.unregister(connection)
            number = signal.SIGKILL
        if number in {*HANDED_ON, signal.SIGKILL}:
            os.kill(process, number)

    def _tell_who_ended(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                connection = self.runs.pop(ended[0])
                with suppress(KeyError):  # nobody stands for it any more
                    self.selector.unregister(connection)
                with suppress(OSError):
                    connection.sendall(os.waitstatus_to_exitcode(ended[1]).to_bytes(STATUS_BYTES, signed=True))
                connection.close()


def receive(connection: socket.socket) -> Request:
    """Read one request.

    Raises:
        OSError: the other end is gone, or silent for 5 s.
        ValueError, TypeError: that was no request.
    """
    connection.settimeout(PATIENCE_SECONDS)
    length, streams, _, _ = socket.recv_fds(connection, LENGTH_BYTES, 3)
    missing, parts = int.from_bytes(length), []
    while missing and (part := connection.recv(missing)):
        parts.append(part)
        missing -= len(part)
    connection.settimeout(None)
    return Request(**json.loads(b"".join(parts)), streams=streams)


def prefect_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return Prefect's settings in an environment, without what it tells a single run (two underscores)."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith("PREFECT_") and not name.startswith("PREFECT__")
    }


def prepare() -> Prepared:
    """Import what runs need. A flow that cannot be imported says so in its own runs."""
    flows = (f"flows.{file.stem}" for file in sorted((REPOSITORY / "flows").glob("*.py")))
    for module in (*IMPORTED, *flows):
        try:
            importlib.import_module(module)
        except Exception:  # noqa: BLE001 - it is anybody's code
            traceback.print_exc()
    from prefect.settings import get_current_settings  # noqa: PLC0415 - long, and the socket is there before

    files = [str(getattr(module, "__file__", "")) for module in list(sys.modules.values())]
    ours = [file for file in files if file.startswith(str(REPOSITORY)) and "site-packages" not in file]
    here, handed_on = prefect_settings(os.environ), get_current_settings().to_environment_variables(exclude_unset=True)
    spellings = {name: frozenset(each[name] for each in (here, handed_on) if name in each) for name in here | handed_on}
    return Prepared(spellings, {file: changed_at(file) for file in ours})


def changed_at(file: str) -> int:
    """Return when a file was changed last, in nanoseconds since 1970; 0 when it is gone."""
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0


def log(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - it goes into the log of the fork server


def main() -> None:
    """Serve at the socket that the command line names until a signal. What a killed one has left there is replaced."""
    Path(sys.argv[1]).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        prepared = prepare()
        gc.collect()
        gc.freeze()  # collecting would copy every page that the processes share
        log("ready")
        request = ForkServer(listener, prepared).serve()
    request.become()


if __name__ == "__main__":
    main()
