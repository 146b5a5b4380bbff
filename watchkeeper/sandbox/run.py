"""Serve the sandbox on the loopback interface until it is told to stop."""

import asyncio
import tempfile
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.tls import Certificates
from watchkeeper.sandbox.world import World

HOST = "127.0.0.1"


def run_sandbox(port: int = 8400, projects: int = 3, seed: int = 7, tls_port: int = 0, tls_folder: str = "") -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        tls_port: where everything is served over TLS as well; 0 for nowhere.
        tls_folder: where `authority.pem` is put for callers to trust; "" for a folder that goes away with the sandbox.

    Raises:
        SystemExit: a port is taken.
    """
    world = World(seed, max(projects, 3))
    if not tls_port:
        asyncio.run(_server(create_app(world=world), port).serve())
        return
    with tempfile.TemporaryDirectory(prefix="sandbox-") as temporary:
        folder = Path(tls_folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve_both(world, port, tls_port, Certificates(folder)))


async def _serve_both(world: World, port: int, tls_port: int, certificates: Certificates) -> None:
    def renew() -> None:
        certificates.use(expiring=world.scenario("certificate-expiring") is not None)

    app = create_app(world=world, on_scenario=renew, authority=certificates.authority_file)
    plain, secure = _server(app, port), _server(app, tls_port, certificates)
    await asyncio.gather(plain.serve(), secure.serve())


def _server(app: Starlette, port: int, certificates: Certificates | None = None) -> uvicorn.Server:
    config = uvicorn.Config(
        app, host=HOST, port=port, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    if certificates is not None:
        config.load()
        config.ssl = certificates.context
    return uvicorn.Server(config)
