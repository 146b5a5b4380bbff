"""What is too old goes, from the store and from the Prefect server; what is not stays."""

from datetime import timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed
from prefect.variables import Variable

from flows.retention import KeepDays, retention
from tests.flows.prefect_time import age
from tests.flows.watch import Watch, minutes, now

pytestmark = pytest.mark.slow


@flow
def of_old() -> None: ...


async def test_old_checks_are_put_together_and_deleted_and_new_ones_stay(watch: Watch) -> None:
    await watch.check(at=now() - timedelta(days=4))
    checks = await watch.check(at=now() - minutes(1))
    state = await retention(KeepDays(raw_days=2), return_state=True)
    assert "2 health_checks" in str(state.message)
    kept = watch.rows("SELECT project, window_end FROM health_checks")
    assert len(kept) == 2
    assert {str(row[1])[:16] for row in kept} == {f"{check.window.end:%Y-%m-%d %H:%M}" for check in checks.values()}
    assert watch.count("components") == 8
    assert watch.count("hourly_health") == 2


async def test_old_runs_of_prefect_are_deleted_and_new_ones_stay(watch: Watch) -> None:
    async with get_client() as client:
        old, new = [(await client.create_flow_run(of_old, state=Completed())).id for _ in range(2)]
        age(old, timedelta(days=31))
        state = await retention(return_state=True)
        assert "1 Prefect runs deleted" in str(state.message)
        with pytest.raises(ObjectNotFound):
            await client.read_flow_run(old)
        assert (await client.read_flow_run(new)).id == new


async def test_the_variable_says_how_long_things_are_kept(watch: Watch) -> None:
    await watch.check(at=now() - timedelta(days=4))
    await Variable.aset("watchkeeper_retention", {"raw_days": 3}, overwrite=True)
    await retention()
    assert watch.count("health_checks") == 0
    await Variable.aset("watchkeeper_retention", {"raw_days": 30}, overwrite=True)
