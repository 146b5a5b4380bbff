from datetime import UTC, datetime, timedelta

import pytest

from tests.domain.report_makers import BAD, GOOD, release, rollback
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.delivery import AliasJob, AliasRequest
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.release_outcomes import (
    distinct_releases,
    failed_releases,
    laid_on,
    lead_times,
    live_releases,
    rolled_back,
)
from watchkeeper.domain.releases import Release
from watchkeeper.domain.windows import Window

START = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FIRST, SECOND = release(GOOD, START + HOUR), release(BAD, START + 5 * HOUR)
BOTH = (SECOND, FIRST)


def incident(release: str, fault: Fault = Fault.RELEASE, at: float = 5) -> Outage:
    return Outage("shop", START + at * HOUR, START + (at + 1) * HOUR, fault, release, "it fails 12 %")


def commit(sha: str, at: float) -> Commit:
    return Commit(sha, START + at * HOUR, "a change", "Ana")


def test_only_what_went_live_in_the_window_did_so() -> None:
    built = Release("c" * 40, START)
    assert live_releases([*BOTH, built], Window(START, START + 9 * HOUR)) == (FIRST, SECOND)
    assert live_releases(BOTH, Window(START + HOUR, START + 5 * HOUR)) == (FIRST,)


@pytest.mark.parametrize(
    ("incidents", "moves", "expected"),
    [
        pytest.param([], [], {}, id="nothing failed"),
        pytest.param([incident(BAD)], [], {BAD: "it fails 12 %"}, id="an incident is laid on it"),
        pytest.param([incident(BAD[:7])], [], {BAD: "it fails 12 %"}, id="under its short name"),
        pytest.param([incident(f"shop@1+{BAD}")], [], {BAD: "it fails 12 %"}, id="under the name that Sentry gives it"),
        pytest.param([incident("", Fault.UNKNOWN)], [], {}, id="an incident of nobody, however near in time"),
        pytest.param([incident(BAD, Fault.PLATFORM)], [], {}, id="the platform's fault"),
        pytest.param([incident("f" * 40)], [], {}, id="a release that is not known"),
        pytest.param(
            [], [rollback(BAD, START + 6 * HOUR)], {BAD: "it was rolled back at 2026-11-16 06:00 UTC"}, id="rolled back"
        ),
        pytest.param(
            [incident(BAD)], [rollback(BAD, START)], {BAD: "it fails 12 %"}, id="both: the incident tells more"
        ),
        pytest.param([], [rollback(BAD, START, job=AliasJob.FAILED)], {}, id="a rollback that failed"),
        pytest.param(
            [],
            [AliasRequest("promote", "dpl_bbbbbbb", "x", AliasJob.SUCCEEDED, START)],
            {},
            id="a promotion is no failure",
        ),
        pytest.param([], [rollback("", START)], {}, id="a rollback from nobody knows where"),
    ],
)
def test_which_releases_failed(incidents: list[Outage], moves: list[AliasRequest], expected: dict[str, str]) -> None:
    assert failed_releases(BOTH, incidents, moves) == expected


def test_a_release_is_rolled_back_once() -> None:
    moves = [rollback(BAD, START + 8 * HOUR), rollback(BAD, START + 6 * HOUR), rollback("f" * 40, START)]
    assert rolled_back(BOTH, moves) == {BAD: START + 6 * HOUR}


def test_a_release_without_a_commit_is_known_by_its_name() -> None:
    named = Release("", START, sentry_versions=("shop@1.2.3",), live_at=START)
    assert laid_on(incident("shop@1.2.3"), [named]) == named
    assert laid_on(incident("shop@1.2.4"), [named]) is None


def test_the_commits_of_a_release_are_those_since_the_one_before() -> None:
    commits = [commit(BAD, 4), commit("c" * 40, 3), commit(GOOD, 0), commit("d" * 40, -1), commit("e" * 40, 4.5)]
    times = lead_times(BOTH, commits)
    assert times == {GOOD: (HOUR,), BAD: (2 * HOUR, HOUR)}


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        pytest.param(None, 10 * MINUTE, id="no repository: since the push"),
        pytest.param([commit("c" * 40, 0)], 10 * MINUTE, id="its commit is not among them: since the push"),
        pytest.param([commit(GOOD, 2)], timedelta(0), id="written after it went live, by a clock that is wrong"),
        pytest.param([commit(GOOD[:12], 0)], HOUR, id="its commit under a short name"),
    ],
)
def test_how_long_a_commit_took(commits: list[Commit] | None, expected: timedelta) -> None:
    assert lead_times([FIRST], commits) == {GOOD: (expected,)}


def test_an_older_commit_that_is_released_again_counts_alone() -> None:
    commits = [commit(GOOD, 0), commit(BAD, -3)]
    assert lead_times(BOTH, commits)[BAD] == (8 * HOUR,)


def test_a_commit_is_one_release_however_it_is_named() -> None:
    short = Release(BAD[:12], START, sentry_versions=(BAD[:12],), live_at=START + 6 * HOUR)
    found = distinct_releases([short, *BOTH, FIRST, Release("", START, sentry_versions=("shop@1.2.3",))])
    assert [release.name for release in found] == [BAD, GOOD, "shop@1.2.3"]
    joined = found[0]
    assert (joined.created_at, joined.live_at) == (START, START + 6 * HOUR)
    assert joined.sentry_versions == (BAD, BAD[:12])
    assert joined.vercel_deployments == SECOND.vercel_deployments


def test_a_short_name_of_two_commits_is_neither() -> None:
    one, other = (release(f"abcdef0{n}" + "0" * 32, START) for n in (1, 2))
    short = Release("abcdef0", START, live_at=START)
    assert len(distinct_releases([one, other, short])) == 3
    built = Release(BAD, START), Release(BAD[:9], START)
    assert [release.live_at for release in distinct_releases(built)] == [None]
