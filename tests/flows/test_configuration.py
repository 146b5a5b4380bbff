"""A file that a person breaks while the watch is on."""

from datetime import UTC, datetime

import pytest

from tests.flows.company import Company
from tests.flows.test_telling import artifact, events
from tests.flows.watch import Watch, document, project, verdicts
from watchkeeper.config import ConfigurationError
from watchkeeper.domain.verdicts import Verdict

pytestmark = pytest.mark.slow


async def test_a_broken_file_leaves_the_last_good_one_in_force_and_is_loud(watch: Watch, company: Company) -> None:
    await watch.check(window_minutes=61)
    since = datetime.now(UTC)
    watch.file.write_text("projetcs: []\n")
    checks = await watch.check(window_minutes=61)
    assert verdicts(checks) == {"shop": Verdict.HEALTHY, "api": Verdict.HEALTHY}
    (event,) = await events(since, "watchkeeper.configuration.broken")
    assert "projetcs" in event.payload["mistakes"]
    page = await artifact("health")
    assert "The configuration has mistakes" in page
    assert "projetcs" in page
    watch.configure(document(company))
    await watch.check(window_minutes=61)
    assert "mistakes" not in await artifact("health")


async def test_one_broken_project_is_unknown_alone(watch: Watch, company: Company) -> None:
    watch.configure(document(company, [project("shop", company, nme="Shop"), project("api", company)]))
    checks = await watch.check()
    assert verdicts(checks) == {"shop": Verdict.UNKNOWN, "api": Verdict.HEALTHY}
    assert "nme" in checks["shop"].reasons[0]
    assert "nme" in await artifact("health")


async def test_a_file_that_never_was_good_fails_the_run(watch: Watch) -> None:
    watch.file.write_text("projects: [")
    with pytest.raises(ConfigurationError):
        await watch.check()
    assert watch.count("health_checks") == 0
