"""The report tells the same of the triggers as the command does, from the same stored past."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.replay import replay_project, replays
from tasks.report_facts import _gather
from tasks.store import database
from tests.domain.trigger_makers import BAD, GOOD, NEW, NOW, QUARTER, calm, looked, quiet_before
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.releases import Release
from watchkeeper.domain.report_figures import calendar_of, summarise
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import migrate, transaction
from watchkeeper.store.health import save_checks
from watchkeeper.store.releases import save_releases

PROJECTS = "projects:\n" + "".join(
    f"  - {{slug: {slug}, name: {slug}, timezone: {zone}, circleci: {{project: gh/acme/{slug}}}}}\n"
    for slug, zone in (("shop", "UTC"), ("api", "Europe/Berlin"))
)
DAY = timedelta(days=1)
WEEK = Window(NOW - 7 * DAY, NOW)
FIRES = NOW - 6 * QUARTER


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configuration]:
    """A release of the shop that was bad for an hour, and another project in which nothing was."""
    url = f"sqlite:///{tmp_path / 'watchkeeper.db'}"
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", url)
    database.cache_clear()
    migrate(url)
    bad = [looked(place, BAD, GOOD) for place in (7, 6, 5, 4)]
    live = NOW - 8 * QUARTER
    with transaction(database()) as session:
        save_checks(session, [*quiet_before(8), *bad, *(calm(place) for place in (3, 2, 1, 0))], "run", NOW)
        releases = {"shop": [Release(NEW, live, live_at=live, vercel_deployments=("dpl_1",))]}
        save_releases(session, releases)
    yield read_configuration(PROJECTS, {})
    database().dispose()
    database.cache_clear()


def test_only_what_was_critical_is_played(configuration: Configuration) -> None:
    found = replays(configuration, {"UTC": WEEK, "Europe/Berlin": WEEK})
    shop = configuration.project("shop")
    assert found == {"shop": replay_project(configuration, shop, WEEK)}
    assert [(fired.at, fired.is_false) for fired in found["shop"].fired] == [(FIRES, False)]
    before = Window(WEEK.start, FIRES - QUARTER)
    assert replay_project(configuration, shop, before).fired == ()


@pytest.mark.parametrize(
    ("period", "times"),
    [(ReportPeriod.DAILY, None), (ReportPeriod.WEEKLY, 1), (ReportPeriod.MONTHLY, 1), (ReportPeriod.CUSTOM, 1)],
)
def test_reports_tell_it_but_for_the_daily_one(
    configuration: Configuration, period: ReportPeriod, times: int | None
) -> None:
    span = {"start": NOW - DAY, "end": NOW} if period is ReportPeriod.CUSTOM else {"start": NOW}
    calendar = calendar_of(period, NOW + 40 * DAY, "UTC", **span)
    shop, api = summarise(_gather.fn(configuration, calendar), calendar).projects
    assert api.replay is None
    assert (len(shop.replay.fired) if shop.replay else None) == times
