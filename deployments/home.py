"""The state folder: what must survive a restart, and the environment that every process of one start shares."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import certifi
from cryptography.fernet import Fernet

from deployments.privacy import UnsafeFolderError, private_folder

PREFECT_USER = "watchkeeper"


@dataclass(frozen=True, slots=True)
class Running:
    """Where a start that is under way can be reached."""

    pid: int
    prefect_port: int
    sandbox_port: int


@dataclass(frozen=True, slots=True)
class Home:
    """The state folder of one installation. Only its owner can read it; deleting it starts anew."""

    path: Path

    @property
    def logs(self) -> Path:
        return self._folder("logs")

    @property
    def prefect(self) -> Path:
        return self._folder("prefect")

    @property
    def sandbox(self) -> Path:
        return self._folder("sandbox")

    @property
    def password_file(self) -> Path:
        """Where the password of the Prefect server stands, from the first start on."""
        return self.path / "prefect-password"

    @property
    def password(self) -> str:
        """The password of the Prefect server, made at the first start."""
        return self._keep(self.password_file.name, secrets.token_urlsafe(24))

    @property
    def encryption_key(self) -> str:
        """The key that encrypts block secrets, kept apart from the database that holds them."""
        return self._keep("encryption-key", Fernet.generate_key().decode())

    @property
    def born(self) -> str:
        """The UTC day, as YYYY-MM-DD, that the make-believe company's history ends with: the same after a restart."""
        return self._keep("sandbox-born", f"{datetime.now(UTC):%Y-%m-%d}")

    def announce(self, running: Running) -> None:
        self._running.write_text(json.dumps({name: getattr(running, name) for name in Running.__slots__}))

    def withdraw(self) -> None:
        self._running.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """Return the start that is under way in this folder, if there is one."""
        try:
            found = Running(**json.loads(self._running.read_text()))
            os.kill(found.pid, 0)
        except (OSError, ValueError, TypeError):
            return None
        return found

    @property
    def _running(self) -> Path:
        return self.path / "running.json"

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _keep(self, name: str, fresh: str) -> str:
        file = self.path / name
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _secret_in(file)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(fresh)
        return fresh


def _secret_in(file: Path) -> str:
    """Return what stands in a file of our own, for our eyes only.

    Raises:
        UnsafeFolderError: it is a link, or somebody else's.
    """
    if file.is_symlink() or file.stat().st_uid != os.geteuid():
        raise UnsafeFolderError(file, "is a link, or belongs to another user")
    file.chmod(0o600)
    return file.read_text().strip()


def open_home(path: Path) -> Home:
    """Return the state folder at `path`, made if it is not there, and for its owner's eyes only.

    Raises:
        OSError: the folder cannot be made or written, or others could look into it; the message says what to do.
    """
    return Home(private_folder(path))


def prefect_client_environment(home: Home, port: int) -> dict[str, str]:
    """Return what a Prefect client needs to reach the server of this folder."""
    return {
        **loopback_without_proxy(os.environ),
        "PREFECT_HOME": str(home.prefect),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_API_AUTH_STRING": f"{PREFECT_USER}:{home.password}",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def prefect_server_environment(home: Home, port: int) -> dict[str, str]:
    """Return the settings of the embedded server and worker: loopback only, authenticated, with retention on."""
    return {
        **prefect_client_environment(home, port),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_AUTH_STRING": f"{PREFECT_USER}:{home.password}",
        "PREFECT_SERVER_ENCRYPTION_KEY": home.encryption_key,
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def loopback_without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which this machine is asked directly; nothing where no proxy is set."""
    if not any(name.lower() in {"http_proxy", "https_proxy", "all_proxy"} for name in environment):
        return {}
    named = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    direct = ",".join([*filter(None, named.split(",")), "localhost", "127.0.0.1"])
    return {"NO_PROXY": direct, "no_proxy": direct}


def trust_sandbox(home: Home) -> dict[str, str]:
    """Return what makes a process trust the sandbox's own authority beside the well-known ones; nothing without it."""
    authority, bundle = home.sandbox / "authority.pem", home.sandbox / "trusted.pem"
    if not authority.exists():
        return {}
    usual = Path(os.environ.get("SSL_CERT_FILE", certifi.where()))
    if usual != bundle:
        # Never half of it: every process of the watch may be reading it at this moment.
        whole = bundle.with_name(f"{bundle.name}.{os.getpid()}")
        whole.write_bytes(usual.read_bytes() + b"\n" + authority.read_bytes())
        whole.replace(bundle)
    return {"SSL_CERT_FILE": str(bundle)}
