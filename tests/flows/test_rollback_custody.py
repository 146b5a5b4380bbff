"""Somebody promotes in Vercel's own page after a rollback of ours: the custody is over, and people are told once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from flows.rollback_custody import see_to_custody
from flows.rollback_watch import rollback_watch
from tasks.rollback_record import custodies, timeline_of, way_back
from tasks.store import database
from tests.domain.rollback_makers import plan
from tests.flows.company import Company
from tests.flows.watch import Watch
from tests.tasks.ways_back import opened, taken_to
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.production import AliasJob, AliasRequest, Production
from watchkeeper.domain.project_health import Observed
from watchkeeper.domain.rollback import RollbackState
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import transaction
from watchkeeper.store.rollback_rows import RollbackRow
from watchkeeper.store.tables import table_of

NOW = datetime.now(UTC)
WINDOW = Window.ending_at(NOW, timedelta(minutes=15))
NOT_SEEN = Missing(Gap.UNAVAILABLE, "Vercel does not answer")
OVER = "somebody has promoted another release in Vercel: the custody is over"


def seen(kind: str = "promote") -> dict[str, Observed]:
    request = AliasRequest(kind, "dpl_old", "dpl_new", AliasJob.SUCCEEDED, NOW)
    production = Production("prj_shop", "shop", "dpl_new", kind == "promote", request)
    return looked(DeliveryReport(production, ()))


def looked(delivery: DeliveryReport | Missing) -> dict[str, Observed]:
    return {"shop": Observed(NOT_SEEN, delivery, NOT_SEEN, NOT_SEEN, NOT_SEEN)}


@pytest.fixture
def held(watch: Watch) -> int:
    """A rollback that was over an hour ago and by which the shop is in custody."""
    number = taken_to(opened(), plan(), RollbackState.SUCCEEDED).id
    with transaction(database()) as session:
        rows = update(table_of(RollbackRow)).values(finished_at=NOW - timedelta(hours=1))
        session.connection().execute(rows)
    return number


async def test_custody_that_somebody_has_ended_is_over_and_told_once(held: int, company: Company) -> None:
    see_to_custody(looked(NOT_SEEN), WINDOW)
    see_to_custody(seen("rollback"), WINDOW)
    see_to_custody(seen(), Window.ending_at(NOW - timedelta(hours=1), timedelta(minutes=15)))
    assert custodies(("shop",))["shop"].id == held
    for _ in range(2):
        see_to_custody(seen(), WINDOW)
        await rollback_watch()
    assert custodies(("shop",)) == {}
    assert not way_back(held).is_in_custody
    assert [entry.sentence for entry in timeline_of(held)].count(OVER) == 1
    (post,) = company.posts()  # with its thread
    assert post.text.count(OVER.capitalize().replace("vercel", "Vercel")) == 1
    assert post.edits == 1, "how the rollback has ended, then that its custody has"
