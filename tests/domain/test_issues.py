from typing import Any

import pytest

from tests.domain.makers import WINDOW, at, issue
from watchkeeper.domain.issues import (
    IssueLevel,
    how_often,
    issue_evidence,
    issue_findings,
    new_issues,
    regressed_issues,
    told_issues,
)
from watchkeeper.domain.verdicts import Verdict


@pytest.mark.parametrize(
    ("minutes", "new"),
    [
        pytest.param(15, True, id="at the start of the window"),
        pytest.param(15.1, False, id="just before it"),
        pytest.param(0.1, True, id="just before its end"),
        pytest.param(0, False, id="at its end, which belongs to the next window"),
        pytest.param(-1, False, id="in the future, by a clock that is off: the next window has it"),
    ],
)
def test_an_issue_is_new_in_the_window_it_was_first_seen_in(minutes: float, *, new: bool) -> None:
    assert bool(new_issues([issue(first_seen=at(minutes))], WINDOW)) is new


def test_regressed_issues_by_weight() -> None:
    issues = [issue("1", substatus="regressed", count=3), issue("2"), issue("3", substatus="regressed", count=9)]
    assert [i.id for i in regressed_issues(issues)] == ["3", "1"]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        pytest.param({"count": 4, "users": 2}, Verdict.HEALTHY, id="few events, few people"),
        pytest.param({"count": 5}, Verdict.WARNING, id="several events"),
        pytest.param({"count": 3, "users": 3}, Verdict.WARNING, id="several people"),
        pytest.param({"count": 50, "level": IssueLevel.FATAL}, Verdict.WARNING, id="fatal"),
        pytest.param({"count": 50, "level": IssueLevel.WARNING}, Verdict.HEALTHY, id="no grave level"),
        pytest.param({"count": 50, "level": IssueLevel.UNKNOWN}, Verdict.HEALTHY, id="a level that is not known"),
    ],
)
def test_only_a_grave_issue_of_several_warns(values: dict[str, Any], verdict: Verdict) -> None:
    assert issue_findings([issue(**values)], WINDOW, total=900)[0].verdict is verdict


@pytest.mark.parametrize(("count", "verdict"), [(99, Verdict.HEALTHY), (100, Verdict.WARNING)])
def test_a_busy_product_is_not_woken_by_a_trifle(count: int, verdict: Verdict) -> None:
    assert issue_findings([issue(count=count)], WINDOW, total=100_000)[0].verdict is verdict


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        pytest.param({"first_seen": at(500), "substatus": "regressed"}, ["regressed"], id="came back, and is seen"),
        pytest.param(
            {"first_seen": at(500), "substatus": "regressed", "last_seen": at(20)}, [], id="not in the window"
        ),
        pytest.param({"first_seen": at(500), "substatus": "ongoing"}, [], id="an old one that goes on"),
        pytest.param({"substatus": "regressed"}, ["new"], id="new and back within the window is told once"),
        pytest.param({"status": "resolved"}, [], id="resolved meanwhile"),
        pytest.param({"status": "ignored"}, [], id="somebody has decided to ignore it"),
        pytest.param({"status": "unknown"}, ["new"], id="in a state we do not know"),
    ],
)
def test_which_issues_are_told(values: dict[str, Any], kinds: list[str]) -> None:
    assert [kind for kind, _ in told_issues([issue(**values)], WINDOW)] == kinds


def test_many_issues_are_told_as_three_and_a_number() -> None:
    findings = issue_findings([issue(str(n), count=n) for n in range(1, 9)], WINDOW, total=0)
    assert [finding.verdict for finding in findings] == [Verdict.WARNING] * 3 + [Verdict.HEALTHY]
    assert findings[0].reason == "new issue: SHOP-8 TypeError: x is undefined (error, 8 events, 1 person)"
    assert findings[-1].reason == "5 more issues showed up in the window"


def test_a_long_title_is_cut() -> None:
    assert len(issue_findings([issue(title="x" * 5_000)], WINDOW, total=0)[0].reason) < 200


def test_an_issue_is_evidence_with_its_link() -> None:
    (fact,) = issue_evidence([issue(count=12)], WINDOW)
    assert (fact.name, fact.value, fact.unit) == ("new issue SHOP-1", 12, "events since it was first seen")
    assert fact.url.endswith("/issues/1")


def test_an_issue_of_unknown_counts_is_evidence_of_one_issue() -> None:
    back = issue(count=None, users=None, first_seen=None, substatus="regressed")
    (fact,) = issue_evidence([back], WINDOW)
    assert (fact.name, fact.value, fact.unit) == ("regressed issue SHOP-1", "unknown", "events")


def test_an_issue_whose_first_event_is_unknown_is_not_new() -> None:
    assert new_issues([issue(first_seen=None)], WINDOW) == ()


def test_issues_of_unknown_counts_come_last() -> None:
    several = [issue("1", count=None, users=None), issue("2", count=1), issue("3", count=9)]
    assert [each.id for each in new_issues(several, WINDOW)] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"count": 1, "users": 1}, "1 event, 1 person", id="one"),
        pytest.param({"count": 48_211, "users": 9_120}, "48,211 events, 9,120 people", id="its life"),
        pytest.param({"count": 9, "users": None}, "9 events", id="people that are not known"),
        pytest.param({"count": 9, "users": 0, "recent_count": 2}, "9 events, 2 of them lately", id="both"),
        pytest.param({"count": 9, "users": 0, "recent_count": 9}, "9 events", id="all of them lately"),
        pytest.param({"count": 9, "users": 0, "recent_count": 0}, "9 events, 0 of them lately", id="none lately"),
        pytest.param({"count": None, "users": None, "recent_count": 2}, "2 events lately", id="lately alone"),
        pytest.param({"count": None, "users": None}, "an unknown number of events", id="nothing"),
    ],
)
def test_how_often_says_of_what_time(values: dict[str, Any], words: str) -> None:
    assert how_often(issue(**values)) == words


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        pytest.param({"recent_count": 4, "recent_users": 2}, Verdict.HEALTHY, id="few in the window"),
        pytest.param({"recent_count": 5, "recent_users": 2}, Verdict.WARNING, id="several in the window"),
        pytest.param({"recent_count": None, "recent_users": None}, Verdict.WARNING, id="its life, else unknown"),
        pytest.param({"count": None, "users": None}, Verdict.HEALTHY, id="nothing is known: one event"),
    ],
)
def test_an_old_issue_that_came_back_is_weighed_by_the_window(values: dict[str, Any], verdict: Verdict) -> None:
    old: dict[str, Any] = {"count": 48_211, "users": 9_120, "first_seen": at(50_000), "substatus": "regressed"}
    assert issue_findings([issue(**(old | values))], WINDOW, total=900)[0].verdict is verdict
