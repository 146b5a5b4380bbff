"""Serve the sandbox on the loopback interface until it is told to stop."""

import uvicorn

from watchkeeper.sandbox.app import create_app


def run_sandbox(port: int = 8400, projects: int = 3, seed: int = 7, tls_port: int = 0) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        SystemExit: the port is taken.
    """
    app = create_app(projects, seed)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
