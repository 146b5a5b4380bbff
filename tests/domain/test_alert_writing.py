"""What messages say, and the reasons that are given where somebody asks."""

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.alert_timeline import HOUR, POLICY, START, Timeline, alert_of, moment
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_policy import Matcher, Route
from watchkeeper.domain.alert_values import AlertStatus, Severity
from watchkeeper.domain.alert_writing import digest_key
from watchkeeper.domain.alerts import explain
from watchkeeper.domain.schedule import Maintenance

SHA = "1a2b3c4d5e6f7890"


def last_digest(timeline: Timeline) -> Digest:
    return timeline.told[-1][1].digest


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"summary": "error rate 31 %, limit 5 %"}, "Shop: error rate 31 %, limit 5 %"),
        ({"summary": "Shop: error rate 31 %"}, "Shop: error rate 31 %"),
        ({"summary": "shop: error rate 31 %"}, "Shop: error rate 31 %"),
        ({"summary": "error rate 31 %", "release": SHA}, "Shop: error rate 31 %, laid on release 1a2b3c4"),
        ({"summary": f"release {SHA} fails", "release": SHA}, f"Shop: release {SHA} fails"),
        ({"summary": "<b> {0} %s"}, "Shop: <b> {0} %s"),
        ({"summary": "health check late", "project": ""}, "the watch: health check late"),
    ],
)
def test_title(values: dict[str, str], title: str) -> None:
    assert last_digest(Timeline().fire(**values).at(60)).title == title


def test_titles_of_several() -> None:
    timeline = Timeline().fire(summary="error rate 31 %").fire("score-low").fire("new-issue").at(60)
    assert last_digest(timeline).title == "Shop: error rate 31 % and 2 more"
    for rule in ("error-rate", "score-low", "new-issue"):
        timeline.resolve(f"shop/{rule}")
    assert last_digest(timeline.at(1600)).title == "Shop: resolved after 60 s: error rate 31 % and 2 more"


def test_a_digest_is_complete() -> None:
    timeline = Timeline().fire(
        release=SHA, cause=f"release:{SHA}", url="https://a.example", runbook="https://b.example"
    )
    timeline.fire("score-low", cause=f"release:{SHA}", severity=Severity.INFO, details=("72 points",)).at(60)
    digest = last_digest(timeline)
    assert (digest.project, digest.project_name, digest.cause) == ("shop", "Shop", f"release:{SHA}")
    assert (digest.release, digest.firing, digest.resolved, digest.group) == (SHA, 2, 0, 1)
    assert (digest.status, digest.severity, digest.started_at) == (AlertStatus.FIRING, Severity.CRITICAL, START)
    assert digest.counts == (("critical", 1), ("info", 1))
    assert [line.rule for line in digest.lines] == ["error-rate", "score-low"]
    assert digest.lines[0].url == "https://a.example"
    assert digest.lines[1].details == ("72 points",)


def test_what_is_new_stands_first_among_what_is_as_grave() -> None:
    timeline = Timeline().fire("a").fire("b").at(600).fire("c").at(660)
    assert [line.rule for line in last_digest(timeline).lines] == ["c", "a", "b"]


def test_what_is_resolved_stands_behind_what_fires() -> None:
    timeline = Timeline().fire("a").fire("b").at(600).resolve("shop/a").at(660)
    lines = last_digest(timeline).lines
    assert [(line.rule, line.status) for line in lines] == [("b", AlertStatus.FIRING), ("a", AlertStatus.RESOLVED)]
    assert lines[1].resolved_at == moment(600)


def test_at_most_five_lines() -> None:
    timeline = Timeline()
    for number in range(9):
        timeline.fire(f"rule-{number}")
    digest = last_digest(timeline.at(60))
    assert (len(digest.lines), digest.firing) == (5, 9)


def test_another_group_has_another_key() -> None:
    timeline = Timeline().fire().at(600).resolve().at(1200).fire().at(1300)
    keys = [message.digest.key for _, message in timeline.told]
    assert keys == ["watchkeeper/shop|errors/20260302T090000"] * 2 + ["watchkeeper/shop|errors/20260302T092000"]


def test_keys_are_short_and_still_different() -> None:
    keys = {digest_key(Group("x" * 300 + end, "x", "y", START, START)) for end in "ab"}
    assert len(keys) == 2
    assert max(map(len, keys)) <= 255


# --- why somebody was told, or was not


def sentences(timeline: Timeline, **values: Any) -> str:
    alert = timeline.world.newest("shop/error-rate") or alert_of(**values)
    return " ".join(explain(alert, timeline.world.known, timeline.policy, timeline.now))


def test_an_alert_that_was_told() -> None:
    assert sentences(Timeline().fire().at(60)) == (
        "It fires since 2026-03-02 09:00 UTC. "
        "It goes to slack: no route matches at this hour, so these are the default channels. "
        "slack knows that it fires; told last at 2026-03-02 09:00 UTC, changes are told from 2026-03-02 09:05 UTC on."
    )


def test_an_alert_that_waits() -> None:
    assert "Group shop|errors waits for more until 2026-03-02 09:00 UTC." in sentences(Timeline().fire().at(5))


def test_an_alert_in_maintenance() -> None:
    entries = (Maintenance(start=START, end=moment(HOUR), reason="new database"),)
    timeline = Timeline(replace(POLICY, maintenance={"shop": entries})).fire().at(60)
    text = sentences(timeline)
    assert "Nobody is told of it now: Shop is in maintenance: new database." in text
    assert "No group shop|errors is open." in text


def test_an_alert_with_a_route() -> None:
    route = Route((Matcher("severity", "critical"),), ("pager",), escalation="wake")
    text = sentences(Timeline(replace(POLICY, routes=(route,))).fire().at(60))
    assert (
        "It goes to slack, pager: the first route that matches is for severity=critical, with the escalation wake."
        in text
    )


def test_an_alert_that_somebody_has_taken_on() -> None:
    assert "ann has acknowledged group shop|errors" in sentences(Timeline().fire().at(60).acknowledge().at(120))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"status": AlertStatus.PENDING, "fired_at": None}, "not yet as long as its rule wants: nobody is told."),
        ({"calm_since": START}, "It is calm since 2026-03-02 09:00 UTC: it is not told anew"),
        (
            {"status": AlertStatus.RESOLVED, "resolved_at": START, "resolved_by": "ann"},
            "It was resolved at 2026-03-02 09:00 UTC by ann.",
        ),
        (
            {"status": AlertStatus.RESOLVED, "resolved_at": START, "fired_at": None},
            "It was resolved at 2026-03-02 09:00 UTC, before it fired: nobody is told.",
        ),
    ],
)
def test_how_an_alert_stands(values: dict[str, Any], sentence: str) -> None:
    assert sentence in sentences(Timeline(), **values)
