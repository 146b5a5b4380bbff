"""A way back, read, moved and measured over HTTP at the make-believe company, with its row in a real store."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks import store
from tests.flows.company import Company, open_for_business
from tests.tasks.ways_back import (
    CREDENTIALS,
    asked_vercel,
    begin_to_note,
    configured,
    executing,
    measuring,
    moving,
    opened,
    planned,
    save_blocks,
    switch,
)
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.moves import MoveOutcome
from watchkeeper.domain.production import Production
from watchkeeper.domain.rollback import Mark, Outcome, Plan, RollbackKind, Way
from watchkeeper.domain.rollback_changes import Changes, CronJobs
from watchkeeper.domain.rollback_input import Permission, PointName
from watchkeeper.domain.rollback_verification import verify
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.store import projects
from watchkeeper.store.database import transaction

ITEM = {"percentage": {"edge_config": "ecfg_shop", "key": "new_checkout_percent"}}


@pytest.fixture(scope="module")
def open_company() -> Iterator[Company]:
    with open_for_business() as company:
        yield company


@pytest.fixture(autouse=True)
def _store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", sqlite_url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


@pytest.fixture
async def company(prefect_server: None, open_company: Company) -> Company:
    """A company with a bad release of the shop, and the blocks that reach it."""
    open_company.restart()
    open_company.play("bad-release")
    await save_blocks(open_company)
    return open_company


def mark_of(plan: Plan, name: PointName) -> Mark:
    return next(point.mark for point in plan.points if point.name == name)


# --- the plan -------------------------------------------------------------------------------------------------------


async def test_everything_a_plan_needs_is_read(company: Company) -> None:
    given, plan = await planned(configured(company), opened())
    assert isinstance(given.production, Production)
    assert isinstance(given.changes, Changes)
    assert given.changes.total_commits == len(given.changes.commits) >= 1
    assert given.changes.pull_requests
    assert isinstance(given.crons, CronJobs)
    assert given.permission == Permission(may_write=True, reason="Vercel lets the token roll back")
    assert not isinstance(given.env_changes, Missing)
    assert (given.only_previous, given.rolls_out) == (False, False)
    assert (plan.way, plan.is_blocked) == (Way.VERCEL, False)
    assert plan.serving is not None
    assert plan.target is not None
    assert plan.serving.sha == company.production("shop") != plan.target.sha


SWITCHED = [
    ("env-changed", PointName.ENVIRONMENT, Mark.WARNING),
    ("cron-changed", PointName.CRONS, Mark.WARNING),
    ("migration", PointName.MIGRATIONS, Mark.BLOCKS),
    ("no-rollback-label", PointName.LABELS, Mark.BLOCKS),
    ("permissions-unsaid", PointName.PERMISSION, Mark.WARNING),
    ("hobby", PointName.TARGET, Mark.OK),
]


@pytest.mark.parametrize(("name", "point", "mark"), SWITCHED)
async def test_what_stands_in_the_way_is_found(name: str, point: PointName, mark: Mark, company: Company) -> None:
    switch(company, name)
    _, plan = await planned(configured(company), opened())
    assert mark_of(plan, point) is mark, plan.points


async def test_a_token_that_may_only_look_is_found_at_planning_time(company: Company) -> None:
    await save_blocks(company, may_write=False)
    _, plan = await planned(configured(company), opened())
    assert mark_of(plan, PointName.PERMISSION) is Mark.BLOCKS
    assert plan.is_blocked


async def test_a_target_that_is_gone_is_found(company: Company) -> None:
    _, before = await planned(configured(company), opened())
    assert before.target is not None
    switch(company, "deleted", subject=before.target.deployment)
    _, plan = await planned(configured(company), opened(target_asked=before.target.deployment))
    assert mark_of(plan, PointName.TARGET) is Mark.BLOCKS


@pytest.mark.parametrize("how", ["deployment", "url", "sha", "short"])
async def test_a_target_is_found_by_every_name(how: str, company: Company) -> None:
    given, _ = await planned(configured(company), opened())
    assert not isinstance(given.deployments, Missing)
    wanted = [d for d in given.deployments if d.is_rollback_candidate][3]
    asked = {"deployment": wanted.id, "url": wanted.url, "sha": wanted.sha, "short": wanted.sha[:9]}[how]
    _, plan = await planned(configured(company), opened(target_asked=asked))
    assert plan.target is not None
    assert plan.target.deployment == wanted.id


async def test_a_project_of_percentages_is_planned_so(company: Company) -> None:
    company.play("bad-flag")
    _, plan = await planned(configured(company, rollback=ITEM), opened())
    assert (plan.way, plan.percentage_now, plan.percentage) == (Way.PERCENTAGE, 50.0, 0.0)
    assert not plan.is_blocked


async def test_a_rolling_release_is_aborted(company: Company) -> None:
    company.play("rolling-release")
    _, plan = await planned(configured(company), opened())
    assert plan.way is Way.ROLLING_RELEASE
    assert plan.serving is not None
    assert plan.target is not None
    assert plan.serving.deployment != plan.target.deployment


async def test_without_github_the_plan_says_that_nobody_has_looked(company: Company) -> None:
    given, plan = await planned(configured(company, github=None), opened())
    assert isinstance(given.changes, Missing)
    assert mark_of(plan, PointName.MIGRATIONS) is Mark.WARNING


async def test_without_vercel_there_is_no_plan(company: Company) -> None:
    given, plan = await planned(configured(company, vercel=None), opened())
    assert isinstance(given.production, Missing)
    assert given.production.gap is Gap.NOT_CONFIGURED
    assert plan.is_blocked


@pytest.mark.slow
async def test_a_vendor_that_is_down_leaves_a_plan_that_says_so(company: Company) -> None:
    company.play("vendor-down", "vercel")
    given, plan = await planned(configured(company), opened())
    assert isinstance(given.production, Missing)
    assert "503" in given.production.reason
    assert plan.is_blocked


async def test_five_hundred_commits_are_planned_in_time(company: Company) -> None:
    switch(company, "many-commits", value=500)
    began = time.monotonic()
    given, _ = await planned(configured(company), opened())
    assert time.monotonic() - began < 5
    assert isinstance(given.changes, Changes)
    assert (given.changes.total_commits, len(given.changes.commits)) == (500, 500)


# --- the move -------------------------------------------------------------------------------------------------------


async def test_production_is_moved_once(company: Company) -> None:
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    begin_to_note(company)
    project = configuration.projects[0]
    moved = await moving(project, rollback)
    assert (moved.outcome, moved.serving) == (MoveOutcome.MOVED, rollback.to_deployment)
    again = await moving(project, rollback, datetime.now(UTC))
    assert again.outcome is MoveOutcome.MOVED
    assert len(asked_vercel(company)) == 1
    assert company.production("shop") == rollback.to_sha


FAULTS: list[tuple[str, dict[str, Any], MoveOutcome]] = [
    ("change-402", {}, MoveOutcome.REFUSED),
    ("change-409", {}, MoveOutcome.REFUSED),
    ("change-410", {}, MoveOutcome.REFUSED),
    ("change-422", {}, MoveOutcome.REFUSED),
    ("change-500-done", {}, MoveOutcome.MOVED),
    ("change-429", {"times": 1}, MoveOutcome.MOVED),
    ("job-fails", {}, MoveOutcome.FAILED),
    ("change-500", {}, MoveOutcome.UNKNOWN),
    ("alias-stays", {}, MoveOutcome.UNFINISHED),
    ("slow-alias", {"value": 60}, MoveOutcome.UNFINISHED),
]


@pytest.mark.parametrize(("name", "more", "outcome"), FAULTS)
async def test_every_fault_ends_in_a_word_and_at_most_one_move(
    name: str,
    more: dict[str, Any],
    outcome: MoveOutcome,
    company: Company,
) -> None:
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    begin_to_note(company)
    switch(company, name, **more)
    moved = await moving(configuration.projects[0], rollback)
    assert moved.outcome is outcome, moved
    assert len(moved.sentence) > 15
    asked = [path for path in asked_vercel(company) if "/rollback/" in path]
    assert len(asked) == (2 if name == "change-429" else 1)
    assert (company.production("shop") == rollback.to_sha) is (outcome is MoveOutcome.MOVED)


async def test_a_target_that_is_deleted_meanwhile_changes_nothing(company: Company) -> None:
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    switch(company, "deleted", subject=rollback.to_deployment)
    moved = await moving(configuration.projects[0], rollback)
    assert (moved.outcome, moved.was_asked) == (MoveOutcome.REFUSED, False)
    assert "not there any more" in moved.sentence


async def test_a_newer_release_is_left_alone(company: Company) -> None:
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    newer = replace(rollback, from_deployment="dpl_of_before")
    moved = await moving(configuration.projects[0], newer)
    assert (moved.outcome, moved.was_asked) == (MoveOutcome.REFUSED, False)
    assert company.production("shop") == rollback.from_sha


async def test_a_percentage_is_set_once(company: Company) -> None:
    company.play("bad-flag")
    configuration = configured(company, rollback=ITEM)
    rollback = await executing(configuration, opened())
    begin_to_note(company)
    moved = await moving(configuration.projects[0], rollback)
    again = await moving(configuration.projects[0], rollback, datetime.now(UTC))
    assert (moved.outcome, again.outcome) == (MoveOutcome.MOVED, MoveOutcome.MOVED)
    assert len(asked_vercel(company)) == 1


async def test_a_rolling_release_ends_at_its_base(company: Company) -> None:
    company.play("rolling-release")
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    assert (await moving(configuration.projects[0], rollback)).outcome is MoveOutcome.MOVED
    measured = await measuring(configuration, rollback)
    assert isinstance(measured.production, Production)
    assert measured.production.rolling_release is not None
    assert measured.production.rolling_release.state == "aborted"


async def test_a_promotion_ends_custody(company: Company) -> None:
    configuration = configured(company)
    back = await executing(configuration, opened())
    assert (await moving(configuration.projects[0], back)).is_done
    with transaction(store.database()) as session:
        projects.forget_project(session, "shop")
    forth = await executing(configuration, opened(kind=RollbackKind.PROMOTE, target_asked=back.from_deployment))
    assert (await moving(configuration.projects[0], forth)).outcome is MoveOutcome.MOVED
    measured = await measuring(configuration, forth)
    assert isinstance(measured.production, Production)
    assert (measured.production.deployment, measured.production.in_custody) == (back.from_deployment, False)


async def test_without_a_block_nothing_is_asked(company: Company) -> None:
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    moved = await moving(configured(company, credentials="nobody-made-it").projects[0], rollback)
    assert (moved.outcome, moved.was_asked) == (MoveOutcome.REFUSED, False)
    assert "nobody-made-it" in moved.sentence
    assert CREDENTIALS not in moved.sentence


# --- the proof ------------------------------------------------------------------------------------------------------


async def test_what_came_of_it_is_measured(company: Company) -> None:
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    assert (await moving(configuration.projects[0], rollback)).is_done
    measured = await measuring(configuration, rollback)
    assert isinstance(measured.production, Production)
    assert measured.production.deployment == rollback.to_deployment
    assert isinstance(measured.errors, ErrorCount)
    assert isinstance(measured.probes, tuple)
    assert all(probe.ok for probe in measured.probes)
    again = await measuring(configuration, rollback)
    assert isinstance(again.probes, tuple)
    assert len(again.probes) == len(measured.probes) + 1  # those of before count as well
    early = verify(rollback, measured, configuration.projects[0].health_limits)
    assert early.outcome in {Outcome.NOT_ENOUGH_EVIDENCE, Outcome.CURED}


async def test_production_that_did_not_move_is_seen_whatever_vercel_says(company: Company) -> None:
    configuration = configured(company)
    rollback = await executing(configuration, opened())
    switch(company, "alias-stays")
    await moving(configuration.projects[0], rollback)
    found = verify(rollback, await measuring(configuration, rollback), configuration.projects[0].health_limits)
    assert found.outcome is Outcome.NOT_MOVED


async def test_a_percentage_is_measured_by_all_that_fails(company: Company) -> None:
    company.play("bad-flag")
    configuration = configured(company, rollback=ITEM)
    rollback = await executing(configuration, opened())
    measured = await measuring(configuration, rollback)
    assert measured.percentage == 50.0
    assert isinstance(measured.errors, ErrorCount)


async def test_what_cannot_be_measured_says_why(company: Company) -> None:
    configuration = configured(company, sentry=None, endpoints=None)
    rollback = await executing(configuration, opened(verify_for=timedelta(seconds=1)))
    measured = await measuring(configuration, rollback)
    assert isinstance(measured.errors, Missing)
    assert measured.probes == ()
