"""`python -m deployments.flow_run`: the process of one flow run, as the worker starts it.

It asks the fork server of the running start for a process that has imported everything already, and stands for it: it
hands on signals and ends as that one ends. Without a fork server it becomes `python -m prefect.engine`, two to three
seconds slower and otherwise the same. Only the standard library is imported here: this start takes 30 ms.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress

ADDRESS_SETTING = "WATCHKEEPER_FORK_SERVER"  # the path of the socket; `watchkeeper up` sets it for its worker
ENGINE = "prefect.engine"
HANDED_ON = (signal.SIGTERM, signal.SIGINT)
LENGTH_BYTES = 4  # before the request
STATUS_BYTES = 2  # a signed exit status as `subprocess` has it: below zero it is the signal that ended the process
STARTED = b"+"


def main() -> None:
    """Run the flow run that the environment names, to its end."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ.get(ADDRESS_SETTING, ""))
        _request(connection)
        if connection.recv(len(STARTED)) == STARTED:
            _end_as(_wait(connection))
    os.execv(sys.executable, [sys.executable, "-m", ENGINE, *sys.argv[1:]])  # noqa: S606 - no shell is meant


def _request(connection: socket.socket) -> None:
    wanted = {"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
    body = json.dumps(wanted).encode()
    socket.send_fds(connection, [len(body).to_bytes(LENGTH_BYTES)], [0, 1, 2])
    connection.sendall(body)


def _wait(connection: socket.socket) -> int:
    """Hand signals on until the process has ended; return its exit status. It never outlives the fork server."""
    for number in HANDED_ON:
        signal.signal(number, lambda number, _: connection.sendall(bytes([number])))
    told = connection.recv(STATUS_BYTES)
    return int.from_bytes(told, signed=True) if told else -signal.SIGKILL


def _end_as(status: int) -> None:
    """End by the same code or the same signal."""
    if status < 0:
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
