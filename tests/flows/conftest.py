"""One Prefect server and one make-believe company for all tests of the flows; a store of its own for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.bootstrap import bootstrap
from tasks.store import database
from tests.flows.company import Company, open_for_business
from tests.flows.reporting import Desk, filled  # noqa: F401
from tests.flows.watch import Watch, document
from tests.store.databases import (  # noqa: F401
    kept_databases,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
)
from watchkeeper.config import Credentials


@pytest.fixture(scope="session")
def open_company() -> Iterator[Company]:
    with open_for_business() as company:
        yield company


@pytest.fixture(scope="module")  # other tests on the same server have companies of their own
async def registered(prefect_server: None, open_company: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Blocks that reach the company, and the limits of the vendors."""
    record = tmp_path_factory.mktemp("bootstrap") / "blocks.json"
    await bootstrap(Credentials(_env_file=None), record, open_company.port)


@pytest.fixture
def company(open_company: Company) -> Company:
    open_company.restart()
    return open_company


@pytest.fixture
def store_url(sqlite_url: str) -> str:  # noqa: F811
    return sqlite_url


@pytest.fixture
def watch(
    registered: None, company: Company, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watch]:
    file = tmp_path / "projects.yaml"
    monkeypatch.chdir(tmp_path)  # where there is no .env
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WATCHKEEPER_PROJECTS", str(file))
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", store_url)
    monkeypatch.setenv("WATCHKEEPER_SANDBOX_PORT", str(company.port))
    monkeypatch.delenv("WATCHKEEPER_HEARTBEAT_URL", raising=False)
    database.cache_clear()
    watch = Watch(company, file, store_url)
    watch.configure(document(company))
    yield watch
    database().dispose()
    database.cache_clear()


@pytest.fixture
def desk(watch: Watch, tmp_path: Path) -> Desk:
    desk = Desk(watch, tmp_path / "home")
    desk.configure()
    return desk
