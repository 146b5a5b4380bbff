"""Ten thousand alerts at once are one message per channel, and stay one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.alert_timeline import HOUR, MINUTE, POLICY, Timeline, Want, alert_of, moment
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import Escalation, EscalationStep, Matcher, Route, Silence
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.alerts import Known, run_pass

FIRST, NEW, SOME, ALL = Reason.FIRST, Reason.NEW_IN_GROUP, Reason.SOME_RESOLVED, Reason.ALL_RESOLVED


def storm(projects: int) -> Timeline:
    timeline = Timeline(POLICY)
    for number in range(projects):
        timeline.fire(project=f"p{number:02}")
    return timeline


@pytest.mark.parametrize(("projects", "messages"), [(5, 5), (6, 1)])
def test_more_new_groups_than_five_are_one_message(projects: int, messages: int) -> None:
    told = [message for _, message in storm(projects).at(60).told]
    assert len(told) == messages
    assert sum(len(message.notifications) for message in told) == projects
    assert {entry.reason for message in told for entry in message.notifications} == {FIRST}


def test_a_storm_is_counted_for_each_channel() -> None:
    channels = {f"p{number:02}": (("slack", "mail") if number < 3 else ("slack",)) for number in range(6)}
    timeline = storm(6)
    timeline.policy = replace(POLICY, default_channels=channels)
    told = [message.channel for _, message in timeline.at(60).told]
    assert sorted(told) == ["mail", "mail", "mail", "slack"]


def test_ten_thousand_alerts_are_one_message_for_each_channel() -> None:
    severities = (Severity.WARNING, Severity.CRITICAL, Severity.INFO, Severity.INFO)
    alerts = tuple(
        alert_of("slow", f"p{n % 100:02}", endpoint=f"e{n}", severity=severities[n % 4], id=n + 1)
        for n in range(10_000)
    )
    policy = replace(POLICY, default_channels={"": ("slack", "mail")}, names={"p01": "Bank"})
    opened = run_pass(Known(alerts), policy, moment(0))
    groups = tuple(replace(group, id=number) for number, group in enumerate(opened.groups, 1))
    told = run_pass(Known(alerts, groups), policy, moment(30)).messages
    assert sorted(message.channel for message in told) == ["mail", "slack"]
    digest = told[0].digest
    assert digest.title == "10,000 alerts in 100 projects; first of all Bank: slow of p01"
    assert digest.counts == (("critical", 2500), ("warning", 2500), ("info", 5000))
    assert (digest.firing, digest.resolved, digest.project, digest.group) == (10_000, 0, "", 0)
    assert [line.severity for line in digest.lines] == [Severity.CRITICAL] * 5
    assert len(told[0].notifications) == 100


def test_a_storm_stays_one_message_and_ends_with_its_last_group() -> None:
    timeline = storm(8).at(600)
    for number in range(7):
        timeline.resolve(f"p{number:02}/error-rate").at(600 + (number + 1) * 60)
    timeline.at(30 * MINUTE).resolve("p07/error-rate").at(HOUR)
    timeline.wants(
        Want("slack", FIRST, 30, 40, 8, 0),
        Want("slack", SOME, 600, 610, 7, 1),
        Want("slack", SOME, 900, 910, 2, 5),
        Want("slack", SOME, 1200, 1210, 1, 1),
        Want("slack", ALL, 1800, 1810, 0, 1),
    )
    assert len({message.digest.key for _, message in timeline.told}) == 1
    assert [m.digest.title for _, m in timeline.told][-1] == "p07: resolved after 30 min: error-rate of p07"
    assert [group.closed_at is None for group in timeline.world.groups.values()] == [False] * 8


def test_what_comes_new_in_a_group_of_a_storm_is_told_in_the_storm() -> None:
    timeline = storm(6).at(600).fire("score-low", "p03").at(700)
    timeline.wants(Want("slack", FIRST, 30, 40, 6), Want("slack", NEW, 600, 610, 7))
    assert len(timeline.told[1][1].notifications) == 1


def test_another_storm_is_another_message() -> None:
    timeline = storm(6).at(600)
    for number in range(20, 26):
        timeline.fire(project=f"p{number}")
    timeline.at(700).wants(Want("slack", FIRST, 30, 40, 6), Want("slack", FIRST, 630, 640, 6))
    assert len({message.digest.key for _, message in timeline.told}) == 2


def test_a_single_group_beside_a_storm_has_a_message_of_its_own() -> None:
    timeline = storm(6).at(600).fire(project="q").at(700)
    timeline.wants(Want("slack", FIRST, 30, 40, 6), Want("slack", FIRST, 630, 640, 1))
    assert timeline.told[1][1].digest.project == "q"


def test_all_groups_of_a_storm_call_at_once_in_one_message() -> None:
    timeline = storm(6)
    timeline.policy = replace(
        POLICY,
        routes=(Route((), (), escalation="wake"),),
        escalations={"wake": Escalation("wake", (EscalationStep(timedelta(minutes=15), ("pager",)),))},
    )
    timeline.at(HOUR).wants(
        Want("slack", FIRST, 30, 40, 6), Want("pager", Reason.ESCALATION, 15 * MINUTE + 30, 15 * MINUTE + 40, 6)
    )
    assert len(timeline.told[1][1].notifications) == 6


def test_a_storm_is_acknowledged_when_all_of_it_is() -> None:
    timeline = storm(6).at(600)
    first = timeline.world.groups[1]
    timeline.world.groups[1] = replace(first, acknowledged_at=timeline.now, acknowledged_by="ann")
    timeline.at(660)
    timeline.acknowledge("ann").at(720)
    told = [(m.digest.reason, m.digest.acknowledged_by, len(m.notifications)) for _, m in timeline.told]
    assert told[1:] == [(Reason.ACKNOWLEDGED, "", 1), (Reason.ACKNOWLEDGED, "ann", 5)]


def test_what_was_told_apart_is_ended_apart() -> None:
    timeline = Timeline()
    for number in range(8):
        timeline.fire(project=f"p{number:02}").at((number + 1) * 60)
    timeline.at(1200)
    for number in range(8):
        timeline.resolve(f"p{number:02}/error-rate")
    told = [message for _, message in timeline.at(1300).told]
    assert [message.digest.reason for message in told] == [FIRST] * 8 + [ALL] * 8
    assert {m.digest.key for m in told[:8]} == {m.digest.key for m in told[8:]}


def test_a_storm_has_one_number_in_all_that_is_told_of_it() -> None:
    timeline = storm(8).at(600)
    timeline.resolve("p03/error-rate").at(700)
    assert {group.storm for group in timeline.world.groups.values()} == {1}
    assert [(message.digest.storm, message.is_storm) for _, message in timeline.told[1:]] == [(1, True)]


def test_a_storm_is_kept_quiet_as_one_and_nothing_beside_it() -> None:
    timeline = storm(6).at(600)
    timeline.world.silences.append(Silence((), moment(600), moment(6 * HOUR), "ann", "the platform", id=1, storm=1))
    timeline.fire("outage", "p02").fire("outage", "q").at(5 * HOUR)
    told = [(at, m.digest.reason, m.digest.project) for at, m in timeline.told[1:]]
    assert told[:1] == [(630, FIRST, "q")]
    assert [project for _, _, project in told if project != "q"] == []
    for number in range(6):
        timeline.resolve(f"p{number:02}/error-rate")
    last = timeline.at(5 * HOUR + 10).told[-1][1].digest
    assert (last.reason, last.storm, last.resolved) == (ALL, 1, 6)


def test_a_silence_of_a_storm_may_match_a_part_of_it() -> None:
    timeline = storm(6).at(600)
    only = (Matcher("project", "p0[0-4]", is_regex=True),)
    timeline.world.silences.append(Silence(only, moment(600), moment(HOUR), "ann", "known", id=1, storm=1))
    timeline.at(700)
    assert sorted(timeline.last.suppressed) == [f"p0{number}/error-rate" for number in range(5)]
