from dataclasses import replace
from typing import Any

import pytest

from tests.domain.makers import NEW, OLD, WINDOW, at, deployment, judged, production
from tests.domain.rollback_makers import rollback
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.production import DeploymentState, RollingRelease, ServingState, VercelDeployment
from watchkeeper.domain.rollback import RollbackKind, RollbackState
from watchkeeper.domain.rollback_targets import (
    NoTarget,
    ReleaseRecord,
    default_target,
    find_target,
    release_records,
    serving_deployment,
)
from watchkeeper.domain.verdicts import Component, Verdict

OLDER = "1234567" + "2" * 33
ALL = (deployment(NEW, 20), deployment(OLD, 300), deployment(OLDER, 900))
GOOD = {sha: ReleaseRecord(sha, 10, 10) for sha in (NEW, OLD, OLDER)}
NOW_SERVING = production()


def check(verdict: Verdict = Verdict.HEALTHY, release: str = NEW, **other: Any) -> HealthCheck:
    values = {"components": {Component.ERRORS: judged(verdict)}, "release": release}
    return HealthCheck("shop", WINDOW, CheckType.FULL, verdict, 50.0, 1.0, ("x",), **(values | other))


def sha(found: VercelDeployment | NoTarget) -> str:
    return found.reason if isinstance(found, NoTarget) else found.sha


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param(GOOD, OLD, id="the one before"),
        pytest.param({}, OLD, id="nothing is known of any"),
        pytest.param({OLDER: GOOD[OLDER]}, OLDER, id="one that is known to be good before one that is not known"),
        pytest.param({OLD: ReleaseRecord(OLD, 9, 8, critical=1)}, OLDER, id="one that was critical is passed over"),
        pytest.param({OLD: ReleaseRecord(OLD, 9, 9, incidents=1)}, OLDER, id="one with an incident"),
        pytest.param({OLD: ReleaseRecord(OLD, 9, 9, rolled_back_at=at(99))}, OLDER, id="one that was rolled back"),
        pytest.param({OLD[:9]: ReleaseRecord(OLD, 9, 0, critical=9)}, OLDER, id="known by a short SHA"),
    ],
)
def test_the_last_known_good_release(records: dict[str, ReleaseRecord], expected: str) -> None:
    assert sha(default_target(NOW_SERVING, ALL, records)) == expected


@pytest.mark.parametrize(
    "other",
    [
        {"serving": ServingState.STAGED},
        {"serving": ServingState.ROLLING},
        {"state": DeploymentState.DELETED},
        {"state": DeploymentState.ERROR},
        {"is_rollback_candidate": False},
        {"sha": NEW},
        {"created_at": at(1)},
    ],
)
def test_what_cannot_be_gone_back_to_is_passed_over(other: dict[str, Any]) -> None:
    assert sha(default_target(NOW_SERVING, (ALL[0], replace(ALL[1], **other), ALL[2]), GOOD)) == OLDER


def test_why_there_is_nothing_to_go_back_to() -> None:
    assert "nothing to go back to" in sha(default_target(NOW_SERVING, ALL[:1], GOOD))
    assert "name the deployment" in sha(default_target(production(None), ALL, GOOD))
    bad = {OLD: ReleaseRecord(OLD, 9, 8, critical=1), OLDER: ReleaseRecord(OLDER, 9, 8, incidents=2)}
    reason = sha(default_target(NOW_SERVING, ALL, bad))
    assert "77aa001: it was critical in 1 of 9 health checks and 1234567: 2 incidents of its own" in reason
    refused = (ALL[0], replace(ALL[1], is_rollback_candidate=False))
    assert "77aa001: Vercel does not offer it" in sha(default_target(NOW_SERVING, refused, GOOD))


def test_where_only_the_previous_one_is_possible_no_other_is_chosen() -> None:
    bad = {OLD: ReleaseRecord(OLD, 9, 8, critical=1)}
    assert isinstance(default_target(NOW_SERVING, ALL, bad, only_previous=True), NoTarget)
    assert sha(default_target(NOW_SERVING, ALL, {}, only_previous=True)) == OLD


def test_a_rolling_release_goes_back_to_its_base() -> None:
    rolling = RollingRelease("active", ALL[2].id, ALL[0].id, 10.0)
    now = production(ALL[2].id, rolling_release=rolling)
    assert serving_deployment(now, ALL) == ALL[0]
    assert sha(default_target(now, ALL, GOOD)) == OLDER
    assert "could not be read" in sha(default_target(now, ALL[:1], GOOD))
    assert serving_deployment(production(ALL[2].id, rolling_release=replace(rolling, state="complete")), ALL) == ALL[2]


@pytest.mark.parametrize(
    "asked",
    [
        ALL[2].id,
        f"  {ALL[2].id} ",
        OLDER,
        OLDER[:7],
        OLDER[:12].upper(),
        "older.vercel.app",
        "https://older.vercel.app",
        "https://OLDER.vercel.app/some/page?x=1",
        f"https://vercel.com/acme/shop/{ALL[2].id.removeprefix('dpl_')}",
    ],
)
def test_a_target_is_asked_for_by_id_address_or_commit(asked: str) -> None:
    known = (*ALL[:2], replace(ALL[2], url="older.vercel.app"))
    assert sha(find_target(asked, RollbackKind.ROLLBACK, NOW_SERVING, known, {})) == OLDER


@pytest.mark.parametrize("asked", ["dpl_nothing", "abcdef0", "https://evil.example/", "latest", "1", "x" * 500])
def test_a_target_that_is_not_there(asked: str) -> None:
    found = find_target(asked, RollbackKind.ROLLBACK, NOW_SERVING, ALL, {})
    assert isinstance(found, NoTarget)
    assert "is not there: none of 3 production deployments" in found.reason
    assert len(found.reason) < 200


def test_a_short_sha_that_may_be_two() -> None:
    twin = deployment(OLD[:8] + "f" * 32, 400, id="twin")
    found = find_target(OLD[:8], RollbackKind.ROLLBACK, NOW_SERVING, (*ALL, twin), {})
    assert "give more of the SHA" in sha(found)


def test_of_several_builds_of_a_commit_the_one_that_served_is_meant() -> None:
    staged = deployment(OLD, 100, id="again", serving=ServingState.STAGED)
    assert find_target(OLD, RollbackKind.ROLLBACK, NOW_SERVING, (ALL[0], staged, ALL[1]), {}) == ALL[1]


def test_what_is_promoted_by_default() -> None:
    serving = production(ALL[1].id, auto_assigns_domains=False)
    waiting = replace(ALL[0], serving=ServingState.STAGED)
    assert find_target("", RollbackKind.PROMOTE, serving, (waiting, *ALL[1:]), {}) == waiting
    assert "name the one to promote" in sha(find_target("", RollbackKind.PROMOTE, NOW_SERVING, ALL, {}))


def test_what_an_undo_goes_to() -> None:
    undone = rollback(RollbackState.SUCCEEDED)
    found = find_target("", RollbackKind.UNDO, production(ALL[1].id), ALL, {}, undoes=undone)
    assert sha(found) == NEW
    assert "no rollback to take back" in sha(find_target("", RollbackKind.UNDO, NOW_SERVING, ALL, {}))


def test_records_count_what_a_release_is_to_blame_for() -> None:
    guilty = Blame(Fault.RELEASE, "it fails more", OLD)
    checks = [
        check(),
        check(Verdict.WARNING),
        check(Verdict.CRITICAL, blame=Blame(Fault.PLATFORM, "Vercel")),
        check(Verdict.CRITICAL, OLD, blame=replace(guilty, release=OLD[:8])),
        check(Verdict.CRITICAL, NEW, blame=guilty),
        check(release=""),
        replace(check(), check_type=CheckType.ENDPOINTS_ONLY),
    ]
    incidents = [
        Outage("shop", at(9), None, Fault.RELEASE, OLDER, "x"),
        Outage("shop", at(9), None, Fault.PLATFORM, NEW, "x"),
    ]
    found = release_records(checks, incidents, [rollback(RollbackState.SUCCEEDED, from_sha=OLDER, moved_at=at(3))])
    assert found[NEW] == ReleaseRecord(NEW, checks=4, healthy=1)
    assert found[OLD] == ReleaseRecord(OLD, checks=1, critical=2)
    assert found[OLDER] == ReleaseRecord(OLDER, incidents=1, rolled_back_at=at(3))
    assert set(found) == {NEW, OLD, OLDER}


@pytest.mark.parametrize(
    "other",
    [{"state": RollbackState.UNDONE}, {"moved_at": None}, {"kind": RollbackKind.PROMOTE}, {"from_sha": ""}],
)
def test_what_was_not_really_taken_back(other: dict[str, Any]) -> None:
    values: dict[str, Any] = {"state": RollbackState.SUCCEEDED, "moved_at": at(3)} | other
    assert release_records([], [], [rollback(**values)]) == {}


@pytest.mark.parametrize(
    ("record", "good"),
    [
        (ReleaseRecord(OLD), None),
        (ReleaseRecord(OLD, 5), None),
        (ReleaseRecord(OLD, 5, 1), True),
        (ReleaseRecord(OLD, 5, 4, 1), False),
    ],
)
def test_what_is_known_of_a_release(record: ReleaseRecord, good: bool | None) -> None:  # noqa: FBT001
    assert record.is_good is good
    assert record.reason
