"""Issues are news until they are resolved or nobody meets them; what waits for people says how to end it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.domain.alert_fact_makers import check, facts, made, value
from tests.domain.makers import MINUTES, NEW, NOW, OLD, at, deployment, issue
from tests.domain.rollback_makers import rollback
from watchkeeper.domain.alert_facts import IssueLife
from watchkeeper.domain.alert_signals_watch import channel_down, check_age, misconfigured, offline, report_undelivered
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.issues import IssueLevel
from watchkeeper.domain.rollback import Outcome, RollbackKind, RollbackState
from watchkeeper.domain.verdicts import Component, Gap, Verdict, unknown

DAY = timedelta(days=1)


def life(*, is_new: bool = True, since: float = 30, until: float | None = None, **other: Any) -> IssueLife:
    return IssueLife(issue("7", count=12, users=3, **other), is_new, at(since), None if until is None else at(until))


@pytest.mark.parametrize(
    ("of", "is_told"),
    [
        pytest.param(life(), True, id="new"),
        pytest.param(life(until=1), False, id="resolved"),
        pytest.param(life(last_seen=NOW - DAY), False, id="nobody has met it for a day"),
        pytest.param(life(since=8 * 24 * 60), False, id="no news any more"),
        pytest.param(life(since=-1), False, id="of the future"),
    ],
)
def test_issues(of: IssueLife, *, is_told: bool) -> None:
    assert bool(made("new_issue", facts(issues=(of,)))) is is_told
    assert made("regressed_issue", facts(issues=(of,))) == ()


@pytest.mark.parametrize(
    ("last_seen", "is_told"),
    [pytest.param(40, False, id="nobody has met it since"), pytest.param(5, True, id="people still meet it")],
)
@pytest.mark.parametrize(
    "after",
    [
        pytest.param({"custody": rollback(RollbackState.SUCCEEDED, finished_at=at(38))}, id="taken back"),
        pytest.param({"deployments": (deployment(minutes=38),), "checks": (check(release=NEW),)}, id="mended"),
    ],
)
def test_an_issue_of_a_release_that_is_replaced_is_over_soon(
    after: dict[str, Any], last_seen: float, *, is_told: bool
) -> None:
    of = life(since=60, last_seen=at(last_seen))
    assert bool(made("new_issue", facts(issues=(of,), **after))) is is_told
    assert made("new_issue", facts(issues=(of,)))


def test_an_issue_is_told_with_the_release_that_the_trouble_is_laid_on() -> None:
    bad = check(Verdict.CRITICAL, blame=Blame(Fault.RELEASE, "43 times as often", NEW), release=NEW)
    (told,) = made("new_issue", facts(issues=(life(),), checks=(bad,)))
    assert told.cause == f"release:{NEW}"


def test_an_issue_says_what_it_is() -> None:
    (seen,) = made("regressed_issue", facts(issues=(life(is_new=False, level=IssueLevel.FATAL),)))
    assert (seen.value, seen.labels) == (12, (("issue", "SHOP-7"), ("level", "fatal")))
    assert seen.details[0] == "SHOP-7 TypeError: x is undefined"
    assert seen.details[1].startswith("fatal, code, 12 events, 3 people, first seen")


def test_a_rollback_that_waits_says_how_to_answer() -> None:
    asked = rollback(id=4, approve_until=NOW + 48 * MINUTES, approval_timeout=60 * MINUTES, from_sha=NEW, to_sha=OLD)
    (waiting,) = made("rollback_waiting", facts(ways_back=[(at(60), asked)]))
    assert (waiting.value, waiting.release) == (12, NEW)
    assert waiting.details[0] == "the rollback 4 to 77aa001 waits for a YES since 2026-09-22 10:18 UTC"
    assert waiting.details[-1] == "to answer: watchkeeper rollback approve 4 --as NAME --follow"
    assert value("rollback_waiting", facts(ways_back=[(at(60), rollback(RollbackState.EXECUTING))])) == 0
    assert value("rollback_waiting", facts()) == 0


@pytest.mark.parametrize(
    ("state", "outcome", "ended", "last", "expected"),
    [
        pytest.param(RollbackState.FAILED, Outcome.NOT_CURED, 20, Verdict.CRITICAL, 1, id="not cured"),
        pytest.param(RollbackState.FAILED, None, 20, Verdict.WARNING, 1, id="failed"),
        pytest.param(RollbackState.FAILED, Outcome.NOT_CURED, 20, Verdict.HEALTHY, 0, id="healthy since"),
        pytest.param(RollbackState.FAILED, Outcome.NOT_CURED, 10, Verdict.HEALTHY, 1, id="healthy before"),
        pytest.param(RollbackState.FAILED, Outcome.NOT_CURED, 1500, Verdict.CRITICAL, 0, id="a day ago"),
        pytest.param(RollbackState.SUCCEEDED, Outcome.CURED, 20, Verdict.CRITICAL, 0, id="cured"),
        pytest.param(RollbackState.SUCCEEDED, Outcome.NOT_ENOUGH_EVIDENCE, 20, Verdict.CRITICAL, 0, id="unsure"),
        pytest.param(RollbackState.UNDONE, Outcome.CURED, 20, Verdict.CRITICAL, 0, id="undone"),
    ],
)
def test_a_rollback_that_did_not_help(
    state: RollbackState, outcome: Outcome | None, ended: float, last: Verdict, expected: float
) -> None:
    over = rollback(state, outcome=outcome, finished_at=at(ended))
    assert value("rollback_not_cured", facts(ways_back=[(at(60), over)], checks=(check(last),))) == expected


@pytest.mark.parametrize(
    ("state", "ended", "last", "expected"),
    [
        pytest.param(RollbackState.EXPIRED, 20, Verdict.CRITICAL, 1, id="expired"),
        pytest.param(RollbackState.EXPIRED, 20, None, 1, id="expired, and nobody looks any more"),
        pytest.param(RollbackState.EXPIRED, 20, Verdict.HEALTHY, 0, id="healthy since"),
        pytest.param(RollbackState.EXPIRED, 10, Verdict.HEALTHY, 1, id="healthy before"),
        pytest.param(RollbackState.EXPIRED, 1439, Verdict.CRITICAL, 1, id="not yet a day ago"),
        pytest.param(RollbackState.EXPIRED, 1441, Verdict.CRITICAL, 0, id="a day ago"),
        pytest.param(RollbackState.DECLINED, 20, Verdict.CRITICAL, 0, id="somebody has said no"),
        pytest.param(RollbackState.AWAITING_APPROVAL, 20, Verdict.CRITICAL, 0, id="a newer one is asked for"),
    ],
)
def test_a_question_that_nobody_has_answered(
    state: RollbackState, ended: float, last: Verdict | None, expected: float
) -> None:
    over = rollback(state, finished_at=at(ended) if state.is_final else None)
    assert (
        value("rollback_expired", facts(ways_back=[(at(60), over)], checks=(check(last),) if last else ())) == expected
    )


@pytest.mark.parametrize(
    ("kind", "named", "command"),
    [
        (RollbackKind.ROLLBACK, "the rollback 4", 'start shop --no-dry-run --reason "..."'),
        (RollbackKind.PROMOTE, "the promote 4", "promote shop"),
        (RollbackKind.UNDO, "the undo 4", "undo 3"),
    ],
)
def test_what_has_expired_says_how_to_ask_again(kind: RollbackKind, named: str, command: str) -> None:
    over = rollback(RollbackState.EXPIRED, id=4, kind=kind, undoes=3, finished_at=at(20), from_sha=NEW, to_sha=OLD)
    (expired,) = made("rollback_expired", facts(ways_back=[(at(60), over)], checks=()))
    assert expired.details == (
        f"nobody has answered {named} to 77aa001 in time: it has expired, and production was not touched",
        "checkout fails",
        f"to ask again: watchkeeper rollback {command}",
    )
    assert expired.release == NEW


def test_custody_says_how_to_end_it() -> None:
    held = facts(checks=(check(in_custody=True, release=OLD),))
    (signal,) = made("in_custody", held)
    assert signal.value == 1
    assert signal.details == (
        "production is held at release 77aa001: new builds do not go live",
        "to let the newest build go live: watchkeeper rollback promote shop",
    )
    assert value("in_custody", facts(custody=rollback(RollbackState.SUCCEEDED))) == 1
    assert value("in_custody", facts()) == 0
    assert value("in_custody", facts(checks=())) is None


def test_the_watch_itself() -> None:
    assert check_age(None, NOW).value is None
    assert check_age(at(40), NOW).value == 40
    lost = report_undelivered("slack #releases", at(90), "no such channel", NOW, is_given_up=True)
    assert lost.details == (
        "the report of 2026-09-22 09:00 UTC has not reached slack #releases and is given up",
        "no such channel",
    )
    assert channel_down("jira", "", at(5), NOW).labels == (("channel", "jira"),)
    assert misconfigured("shop", "no slug", NOW).project == "shop"


def test_our_own_line_is_one_signal_for_all_projects() -> None:
    blind = check(components={Component.ENDPOINTS: unknown(Gap.OFFLINE, "no line")})
    lost = offline([check(), blind, None], NOW)
    assert (lost.project, lost.value, lost.cause) == ("", 1, "us")
    assert offline([check()], NOW).value == 0
    assert offline([None], NOW).value is None


def test_an_issue_that_came_back_with_unknown_counts_is_one_event_at_least() -> None:
    back = life(is_new=False)
    bare = replace(back, issue=replace(back.issue, count=None, users=None, first_seen=None))
    (seen,) = made("regressed_issue", facts(issues=(bare,)))
    assert seen.value == 1
    assert seen.details[1] == "error, code, an unknown number of events, first seen at an unknown time"
