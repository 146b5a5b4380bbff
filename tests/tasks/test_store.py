from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prefect import flow
from prefect.logging import disable_run_logger
from sqlalchemy import event

from tasks import store
from tasks.store import Findings, recall, recall_history, remember
from tests.store.samples import NOON, QUARTER, WINDOW, check, deployment, observation, pipeline, probe, quarter
from watchkeeper.domain.builds import BuildReport
from watchkeeper.domain.delivery import DeliveryReport, Production
from watchkeeper.domain.endpoints import EndpointReport
from watchkeeper.domain.errors import ErrorCount, ErrorReport, SessionReading
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.past import Past
from watchkeeper.domain.project_health import Observed
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window
from watchkeeper.store.failures import StoreUnavailable

MISSING = Missing(Gap.UNAVAILABLE, "does not answer")
READING = SessionReading(NOON, NOON + QUARTER, (ErrorCount("r", 1, 10),))
SEEN = Observed(
    errors=ErrorReport(readings=(READING,)),
    delivery=DeliveryReport(Production("prj", "shop", "dpl_1", auto_assigns_domains=True), (deployment(),)),
    builds=BuildReport((pipeline(),)),
    endpoints=EndpointReport((probe(),)),
    platform=MISSING,
)
BLIND = Observed(MISSING, MISSING, MISSING, MISSING, MISSING)
FOUND = Findings(
    names={"shop": "Shop", "api": "API"},
    seen={"shop": SEEN, "api": BLIND},
    released={},
    checks=(check(), check("api")),
    measured=(observation(),),
    before={},
)


@pytest.fixture(autouse=True)
def _database(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


def save(findings: Findings = FOUND) -> None:
    with disable_run_logger():
        store._remember.fn(findings, "run", NOON)


def past(slugs: tuple[str, ...] = ("shop", "api"), window: Window = WINDOW) -> dict[str, Past]:
    return recall.fn(slugs, window, NOON + QUARTER)


def test_what_was_remembered_is_recalled() -> None:
    save()
    whole = Past(
        readings=(READING,), probes=(probe(),), pipelines=(pipeline(),), deployments=(deployment(),), latest=check()
    )
    assert past() == {"shop": whole, "api": Past(latest=check("api"))}


def test_there_is_no_past_before_the_first_check() -> None:
    assert past() == {"shop": Past(), "api": Past()}
    assert past(()) == {}


def test_remembering_twice_changes_nothing() -> None:
    save()
    before = past()
    save()
    assert past() == before
    assert recall_history.fn(("shop",), Window(NOON, NOON + QUARTER)) == {"shop": (replace(check(), components={}),)}


def test_a_save_that_fails_at_the_end_leaves_nothing() -> None:
    unstorable = replace(check("api"), release=object())  # type: ignore[arg-type]
    with pytest.raises(Exception, match="object"):
        save(replace(FOUND, checks=(check(), unstorable)))
    assert past() == {"shop": Past(), "api": Past()}


def test_the_number_of_queries_does_not_grow_with_the_projects() -> None:
    asked: list[Any] = []
    event.listen(store.database(), "before_cursor_execute", lambda *_: asked.append(1))
    numbers = []
    for count in (1, 100):
        asked.clear()
        past(tuple(f"p{number}" for number in range(count)))
        numbers.append(len(asked))
    assert numbers[0] == numbers[1]


def test_windows_of_partial_checks_are_not_known() -> None:
    save(replace(FOUND, checks=(check(), check(window=quarter(1), check_type=CheckType.ENDPOINTS_ONLY))))
    assert store.checked_windows(("shop",), Window(NOON, NOON + timedelta(hours=1))) == {WINDOW}


def test_pruning_deletes_what_is_old() -> None:
    save()
    deleted = store.prune_store.fn(NOON + timedelta(days=40), timedelta(days=30), timedelta(days=400))
    assert deleted["health_checks"] == 2
    assert past()["shop"].latest is None


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.slow
async def test_in_a_flow_what_was_remembered_is_recalled() -> None:
    @flow
    async def check_once() -> dict[str, Past]:
        remember(FOUND, "run", NOON)
        return recall(("shop",), WINDOW, NOON + QUARTER)

    recalled = await check_once()
    assert recalled["shop"].latest == check()


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.slow
async def test_a_database_that_cannot_be_used_fails_the_run_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    @flow
    async def check_once() -> None:
        remember(FOUND, "run", NOON)

    with monkeypatch.context() as patch:
        patch.setenv("WATCHKEEPER_DATABASE_URL", "sqlite:////tmp/not-there/a.db")
        store.database.cache_clear()
        with pytest.raises(StoreUnavailable, match="is not there"):
            await check_once()
    store.database.cache_clear()
