from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, NOW, OLD, at, deployment, production
from tests.domain.rollback_makers import plan, rollback
from watchkeeper.domain.production import (
    AliasJob,
    AliasRequest,
    DeploymentState,
    RollingRelease,
    ServingState,
    VercelDeployment,
)
from watchkeeper.domain.rollback import (
    Mark,
    PercentageItem,
    Plan,
    Point,
    RollbackKind,
    RollbackPolicy,
    RollbackState,
    Way,
)
from watchkeeper.domain.rollback_changes import ChangedCommit, Changes, CronJobs, EnvChange, PullRequest
from watchkeeper.domain.rollback_plan import (
    PercentageReading,
    Permission,
    PlanInput,
    PointName,
    plan_changes,
    plan_rollback,
)
from watchkeeper.domain.rollback_targets import ReleaseRecord
from watchkeeper.domain.verdicts import Gap, Missing

OLDER = "1234567" + "2" * 33
SERVING = deployment(NEW, 20)
TARGET = deployment(OLD, 600, is_rollback_candidate=True)
OLDEST = deployment(OLDER, 900, is_rollback_candidate=True)
ALL = (SERVING, TARGET, OLDEST)
CHANGES = Changes(
    commits=(ChangedCommit(NEW, "New checkout"),),
    files=("web/checkout.ts",),
    pull_requests=(PullRequest(41, "New checkout"),),
    total_commits=1,
    url="https://github.example/compare",
)
LOST = Missing(Gap.UNAVAILABLE, "it does not answer")
ITEM = PercentageItem("ecfg_1", "checkout_percent")
CUSTODY = AliasRequest("rollback", SERVING.id, TARGET.id, AliasJob.SUCCEEDED, at(100))
ROLLING = RollingRelease("active", TARGET.id, SERVING.id, 25.0)


def read(**other: Any) -> PlanInput:
    """Return an input that nothing speaks against, unless it is changed."""
    values: dict[str, Any] = {
        "policy": RollbackPolicy(),
        "production": production(SERVING.id),
        "deployments": ALL,
        "records": {OLD: ReleaseRecord(OLD, 9, 9), OLDER: ReleaseRecord(OLDER, 9, 9)},
        "changes": CHANGES,
        "env_changes": (EnvChange("API_URL", at(700)),),
        "crons": CronJobs((), ()),
        "permission": Permission(may_write=True, reason="the token may change the project"),
        "only_previous": False,
    }
    return PlanInput("shop", NOW, **(values | other))


def by_share(value: float | None = 100.0, **other: Any) -> PlanInput:
    policy = RollbackPolicy(percentage=ITEM)
    return read(policy=policy, percentage=PercentageReading(value, "https://vercel.example"), **other)


def changed(**other: Any) -> dict[str, Any]:
    return {"changes": replace(CHANGES, **other)}


def target(**other: Any) -> dict[str, Any]:
    return {"deployments": (SERVING, replace(TARGET, **other), OLDEST), "target_asked": TARGET.id}


def point(made: Plan, name: PointName) -> Point:
    return next(found for found in made.points if found.name == name)


def test_a_plan_that_nothing_speaks_against() -> None:
    made = plan_rollback(read())
    assert {each.mark for each in made.points} == {Mark.OK}
    assert (made.is_blocked, made.blocks, made.warnings, made.alternative) == (False, (), (), "")
    assert made.serving is not None
    assert made.target is not None
    assert (made.serving.sha, made.target.sha, made.way) == (NEW, OLD, Way.VERCEL)
    assert made.summary == "shop: roll back to 77aa001 from 3f2c1ab"
    names = [each.name for each in made.points]
    assert names == [name for name in PointName if name is not PointName.PERCENTAGE]


BLOCKED: dict[str, tuple[dict[str, Any], PointName, str, bool]] = {
    "production is not known": ({"production": LOST}, PointName.SERVES_NOW, "it does not answer", False),
    "nothing serves": ({"production": production(None)}, PointName.SERVES_NOW, "no deployment serves", False),
    "deployments not known": ({"deployments": LOST}, PointName.TARGET, "could not be read", False),
    "no such target": ({"target_asked": "dpl_x"}, PointName.TARGET, "dpl_x is not there", False),
    "it serves already": ({"target_asked": NEW}, PointName.TARGET, "is what serves production now", False),
    "deleted": (target(state=DeploymentState.DELETED), PointName.TARGET, "is deleted, not ready", False),
    "never served": (target(serving=ServingState.STAGED), PointName.SERVED, "has never served", False),
    "not offered": (target(is_rollback_candidate=False), PointName.CANDIDATE, "does not offer 77aa001", False),
    "only the previous one": (
        {"target_asked": OLDER, "only_previous": True},
        PointName.CANDIDATE,
        "the deployment before only, which is 77aa001",
        False,
    ),
    "a bad record": (
        {"records": {OLD: ReleaseRecord(OLD, 9, 5, 4)}, "target_asked": OLD},
        PointName.RECORD,
        "critical in 4 of 9 health checks",
        True,
    ),
    "a migration": (
        changed(files=("a.ts", "db/migrations/1.sql")),
        PointName.MIGRATIONS,
        "since: db/migrations/1.sql. The older code",
        True,
    ),
    "a label": (
        changed(pull_requests=(PullRequest(9, "x", labels=("no-rollback",)),)),
        PointName.LABELS,
        "pull request 9: it has the label",
        True,
    ),
    "a trailer": (
        changed(commits=(ChangedCommit(NEW, "x\n\nNo-Rollback: gone"),)),
        PointName.LABELS,
        "cannot be taken back: gone",
        True,
    ),
    "another target while one rolls out": (
        {"production": production(TARGET.id, rolling_release=ROLLING), "target_asked": OLDER},
        PointName.ROLLING,
        f"go back to its base, {TARGET.id}, first",
        False,
    ),
    "promoting while one rolls out": (
        {"production": production(TARGET.id, rolling_release=ROLLING), "kind": RollbackKind.PROMOTE},
        PointName.ROLLING,
        "promoting another changes nothing",
        False,
    ),
    "cooldown": (
        {"others": (rollback(RollbackState.SUCCEEDED, moved_at=at(29.9)),)},
        PointName.COOLDOWN,
        "the last one, rollback 7, was 29 min ago; 30 min must lie between",
        True,
    ),
    "another one": (
        {"others": (rollback(),)},
        PointName.UNDER_WAY,
        "rollback 7 of Ada is under way (awaiting approval)",
        False,
    ),
    "the vendor is at it": (
        {
            "production": production(
                SERVING.id, last_alias_request=replace(CUSTODY, job=AliasJob.PENDING, requested_at=at(9))
            )
        },
        PointName.UNDER_WAY,
        "wait until that has ended",
        False,
    ),
    "no right": (
        {"permission": Permission(may_write=False, reason="403")},
        PointName.PERMISSION,
        "may not do it: 403",
        False,
    ),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_what_blocks_says_why_and_what_to_do_instead(case: str) -> None:
    other, name, reason, may_force = BLOCKED[case]
    made = plan_rollback(read(**other))
    stopped = point(made, name)
    assert stopped in made.blocks
    assert reason in stopped.reason
    assert stopped.may_force is may_force
    assert made.alternative
    assert ("force it" in made.alternative) is may_force


@pytest.mark.parametrize("case", BLOCKED)
def test_only_what_is_a_matter_of_judgement_can_be_forced(case: str) -> None:
    other, name, _reason, may_force = BLOCKED[case]
    made = plan_rollback(read(**other, is_forced=True))
    assert made.is_blocked is not may_force
    assert point(made, name).is_forced is may_force
    if may_force:
        assert f"{name} forced" in made.summary
        assert point(made, name) in made.warnings


WARNED: dict[str, tuple[dict[str, Any], PointName, str]] = {
    "serving is only a name": (
        {"production": production("dpl_gone"), "target_asked": OLD},
        PointName.SERVES_NOW,
        "dpl_gone serves production, of which",
    ),
    "another build of the same commit": (
        {"deployments": (SERVING, replace(TARGET, sha=NEW)), "target_asked": TARGET.id},
        PointName.TARGET,
        "another build of the very commit",
    ),
    "served or not": (target(serving=ServingState.UNKNOWN), PointName.SERVED, "does not say"),
    "offered or not": (target(is_rollback_candidate=None), PointName.CANDIDATE, "does not say"),
    "old": (target(created_at=NOW - timedelta(days=14, seconds=1)), PointName.AGE, "14 days ago"),
    "nothing is known of the target": ({"records": {}}, PointName.RECORD, "no health check tells"),
    "commits not known": ({"changes": LOST}, PointName.COMMITS, "it does not answer"),
    "migrations not known": ({"changes": LOST}, PointName.MIGRATIONS, "look yourself"),
    "some files": (changed(all_files=False), PointName.MIGRATIONS, "there are more"),
    "some commits": (changed(total_commits=600), PointName.LABELS, "1 commits that were read, of 600"),
    "histories part": (changed(ahead_of_serving=2), PointName.COMMITS, "2 commits of the target"),
    "environment": (
        {"env_changes": (EnvChange("A", at(599)), EnvChange("B", at(1)), EnvChange("B", at(2)))},
        PointName.ENVIRONMENT,
        "A and B were changed since 77aa001 was built",
    ),
    "environment not known": ({"env_changes": LOST}, PointName.ENVIRONMENT, "not known"),
    "cron jobs": (
        {"crons": CronJobs(("/a: 5 * * * *", "/b: x"), ("/b: x", "/c: y"))},
        PointName.CRONS,
        "/a: 5 * * * * would go; /c: y would come back",
    ),
    "cron jobs not known": ({"crons": LOST}, PointName.CRONS, "whether they differ is not known"),
    "custody": (
        {
            "production": production(SERVING.id, auto_assigns_domains=False, last_alias_request=CUSTODY),
            "others": (rollback(RollbackState.SUCCEEDED, moved_at=at(100)),),
        },
        PointName.CUSTODY,
        "rolled back by rollback 7 of",
    ),
    "custody that only Vercel knows of": (
        {"production": production(SERVING.id, auto_assigns_domains=False, last_alias_request=CUSTODY)},
        PointName.CUSTODY,
        "production was rolled back already",
    ),
    "domains are not assigned anyway": (
        {"production": production(SERVING.id, auto_assigns_domains=False)},
        PointName.CUSTODY,
        "they will not after it either",
    ),
    "a move that is stuck": (
        {"production": production(SERVING.id, last_alias_request=replace(CUSTODY, job=AliasJob.PENDING))},
        PointName.UNDER_WAY,
        "seems to be stuck",
    ),
    "rights not known": ({"permission": LOST}, PointName.PERMISSION, "not known"),
}


@pytest.mark.parametrize("case", WARNED)
def test_what_people_are_warned_of(case: str) -> None:
    other, name, reason = WARNED[case]
    made = plan_rollback(read(**other))
    assert reason in point(made, name).reason
    assert point(made, name) in made.warnings
    assert not made.is_blocked
    assert "warning" in made.summary


def test_limits_are_exact() -> None:
    at_limit = rollback(RollbackState.SUCCEEDED, moved_at=at(30), custody_ended_at=at(20))
    assert not plan_rollback(read(others=(at_limit,))).is_blocked
    assert point(plan_rollback(read(**target(created_at=NOW - timedelta(days=14)))), PointName.AGE).mark is Mark.OK
    same_moment = (EnvChange("A", TARGET.created_at),)
    assert point(plan_rollback(read(env_changes=same_moment)), PointName.ENVIRONMENT).mark is Mark.OK


def test_without_cron_jobs_nothing_is_said_against_it() -> None:
    made = plan_rollback(read(crons=Missing(Gap.NOT_CONFIGURED, "none")))
    assert point(made, PointName.CRONS).mark is Mark.OK


def test_an_active_rolling_release_is_aborted() -> None:
    made = plan_rollback(read(production=production(TARGET.id, rolling_release=ROLLING)))
    assert (made.way, made.is_blocked) == (Way.ROLLING_RELEASE, False)
    assert made.summary.startswith("shop: abort the rolling release, back to 77aa001 from 3f2c1ab")
    assert made.target is not None
    assert made.target.sha == OLD
    back_to_canary = plan_rollback(read(production=production(TARGET.id, rolling_release=ROLLING), target_asked=NEW))
    assert "is what serves production now" in back_to_canary.summary


def test_a_percentage_is_the_way_where_one_is_configured_and_no_target_named() -> None:
    made = plan_rollback(by_share(rollout_percentage=5.0))
    assert (made.way, made.percentage_now, made.percentage, made.target) == (Way.PERCENTAGE, 100.0, 5.0, None)
    assert made.summary == "shop: set the share of visitors to 5 %"
    assert [each.name for each in made.points] == [
        PointName.SERVES_NOW,
        PointName.PERCENTAGE,
        PointName.COOLDOWN,
        PointName.UNDER_WAY,
        PointName.PERMISSION,
    ]
    assert plan_rollback(by_share(target_asked=OLD)).way is Way.VERCEL
    assert plan_rollback(by_share(way_asked=Way.VERCEL)).way is Way.VERCEL


def test_a_percentage_needs_no_deployment_to_be_known() -> None:
    made = plan_rollback(by_share(production=LOST, deployments=LOST))
    assert not made.is_blocked
    assert point(made, PointName.SERVES_NOW).mark is Mark.WARNING


@pytest.mark.parametrize(
    ("given_input", "mark", "reason"),
    [
        pytest.param(by_share(0.0), Mark.BLOCKS, "is 0 % already", id="already"),
        pytest.param(by_share(None), Mark.BLOCKS, "is not there, or no number", id="not there"),
        pytest.param(by_share(rollout_percentage=101), Mark.BLOCKS, "no percentage", id="above 100"),
        pytest.param(by_share(rollout_percentage=-1), Mark.BLOCKS, "no percentage", id="below 0"),
        pytest.param(by_share(rollout_percentage=float("nan")), Mark.BLOCKS, "no percentage", id="no number"),
        pytest.param(replace(by_share(), percentage=LOST), Mark.BLOCKS, "could not be read", id="not read"),
        pytest.param(read(way_asked=Way.PERCENTAGE), Mark.BLOCKS, "no item is configured", id="not configured"),
        pytest.param(by_share(10.0, rollout_percentage=50), Mark.WARNING, "more visitors get it", id="upwards"),
    ],
)
def test_what_is_said_of_a_percentage(given_input: PlanInput, mark: Mark, reason: str) -> None:
    found = point(plan_rollback(given_input), PointName.PERCENTAGE)
    assert (found.mark, found.may_force) == (mark, False)
    assert reason in found.reason


def test_a_promotion_ends_custody_and_is_not_held_up() -> None:
    earlier = rollback(RollbackState.SUCCEEDED, moved_at=at(5))
    now = production(TARGET.id, auto_assigns_domains=False, last_alias_request=CUSTODY)
    deployments = (replace(SERVING, serving=ServingState.STAGED), TARGET)
    given_input = read(kind=RollbackKind.PROMOTE, production=now, deployments=deployments, others=(earlier,))
    made = plan_rollback(given_input)
    assert not made.is_blocked
    assert made.target is not None
    assert made.target.sha == NEW
    assert "this ends it" in point(made, PointName.CUSTODY).reason
    assert PointName.COOLDOWN not in {each.name for each in made.points}
    assert "step by step" in point(plan_rollback(replace(given_input, rolls_out=True)), PointName.ROLLING).reason
    plain = plan_rollback(read(kind=RollbackKind.PROMOTE, target_asked=OLD))
    assert "a plain promotion" in point(plain, PointName.CUSTODY).reason


def test_promoting_what_was_bad_is_a_warning_as_it_may_be_meant() -> None:
    records = {OLD: ReleaseRecord(OLD, 9, 5, 4)}
    made = plan_rollback(read(kind=RollbackKind.PROMOTE, target_asked=OLD, records=records))
    assert point(made, PointName.RECORD).mark is Mark.WARNING


def test_an_undo_goes_to_what_served_before() -> None:
    undone = rollback(RollbackState.SUCCEEDED, moved_at=at(5))
    given_input = read(kind=RollbackKind.UNDO, production=production(TARGET.id), others=(undone,), undoes=undone)
    made = plan_rollback(given_input)
    assert not made.is_blocked
    assert made.target is not None
    assert made.target.sha == NEW
    moved_on = plan_rollback(replace(given_input, production=production(OLDEST.id)))
    assert "production has moved on" in moved_on.blocks[0].reason
    assert plan_rollback(replace(given_input, undoes=None)).is_blocked
    assert plan_rollback(replace(given_input, undoes=replace(undone, moved_at=None))).is_blocked


def test_an_undo_of_a_percentage_sets_what_was_there_before() -> None:
    undone = rollback(RollbackState.SUCCEEDED, moved_at=at(5), way=Way.PERCENTAGE, plan=plan(percentage_now=80.0))
    made = plan_rollback(by_share(0.0, kind=RollbackKind.UNDO, undoes=undone))
    assert (made.way, made.percentage, made.is_blocked) == (Way.PERCENTAGE, 80.0, False)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (
            changed(files=("db/migrations/1.sql",)),
            "revert 3f2c1ab in a new commit, but keep what it did to the database",
        ),
        ({"target_asked": "dpl_x"}, "roll forward: revert 3f2c1ab in a new commit and release that"),
        ({"permission": Permission(may_write=False, reason="403")}, "give the token of the Vercel block the right"),
        ({"others": (rollback(),)}, "wait until what is under way has ended"),
        ({"policy": RollbackPolicy(percentage=ITEM), "target_asked": "x"}, "set checkout_percent to 0"),
    ],
)
def test_what_to_do_instead(other: dict[str, Any], told: str) -> None:
    assert told in plan_rollback(read(**other)).alternative


@pytest.mark.parametrize(
    ("other", "reason", "is_blocked"),
    [
        pytest.param({}, "", False, id="all as it was"),
        pytest.param(changed(total_commits=9), "", False, id="another warning"),
        pytest.param(
            {"production": production(OLDEST.id), "target_asked": OLD},
            "1234567 serves production now, it was 3f2c1ab",
            False,
            id="another release serves",
        ),
        pytest.param({"target_asked": OLDER}, "1234567 would be gone to now, it was 77aa001", False, id="target"),
        pytest.param({"target_asked": "dpl_x"}, "nothing would be gone to now, it was 77aa001", True, id="gone"),
        pytest.param(changed(files=("db/migrations/1.sql",)), "database migrations: ", True, id="a new block"),
        pytest.param({"production": production(TARGET.id, rolling_release=ROLLING)}, "the way is", False, id="way"),
    ],
)
def test_what_has_changed_since_the_plan_was_approved(other: dict[str, Any], reason: str, is_blocked: bool) -> None:  # noqa: FBT001
    look = plan_changes(plan_rollback(read()), plan_rollback(read(**other)))
    assert look.must_confirm_again is bool(reason)
    assert reason in " ".join(look.reasons)
    assert look.is_blocked is is_blocked


def test_what_was_forced_before_is_no_news() -> None:
    migration = changed(files=("db/migrations/1.sql",))
    forced = plan_rollback(read(**migration, is_forced=True))
    assert not plan_changes(forced, forced).must_confirm_again


def test_a_percentage_that_somebody_has_moved_is_news() -> None:
    look = plan_changes(plan_rollback(by_share(100.0)), plan_rollback(by_share(50.0)))
    assert look.reasons == ("the percentage is 50.0 now, it was 100.0",)


@given(
    kind=st.sampled_from(RollbackKind),
    serving=st.sampled_from([None, *(each.id for each in ALL)]),
    asked=st.sampled_from(["", NEW, OLD, "dpl_x"]),
    rolling=st.sampled_from([None, ROLLING]),
    lost=st.sets(st.sampled_from(["production", "deployments", "changes", "env_changes", "crons", "permission"])),
    forced=st.booleans(),
    deployments=st.permutations(ALL),
)
def test_a_plan_can_always_be_made_and_never_goes_where_nothing_is(  # noqa: PLR0917
    kind: RollbackKind,
    serving: str | None,
    asked: str,
    rolling: RollingRelease | None,
    lost: set[str],
    forced: bool,  # noqa: FBT001
    deployments: list[VercelDeployment],
) -> None:
    given_input = read(
        kind=kind,
        production=production(serving, rolling_release=rolling),
        target_asked=asked,
        is_forced=forced,
        deployments=tuple(deployments),
    )
    made = plan_rollback(replace(given_input, **dict.fromkeys(lost, LOST)))  # type: ignore[arg-type]
    assert made.summary
    assert all(each.reason for each in made.points)
    assert bool(made.alternative) or not made.is_blocked
    if not made.is_blocked:
        assert made.target is not None
        assert made.serving is None or made.target.deployment != made.serving.deployment
