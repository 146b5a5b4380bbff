"""What heads a message: title, severity, counts and age come from what is not kept quiet and nobody is on."""

from dataclasses import replace

import pytest

from tests.domain.alert_timeline import HOUR, MINUTE, POLICY, Timeline, fires, moment, play, resolves
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import Inhibition, Matcher
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.schedule import Maintenance

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
SLOW = fires("slow", severity=WARNING, endpoint="home")
BAD = fires(endpoint="pay")  # of another endpoint, so that it does not explain what is slow
BAD_ENDS = resolves("shop/error-rate{endpoint=pay}")


def last(timeline: Timeline) -> Digest:
    return timeline.told[-1][1].digest


def summary(digest: Digest) -> tuple[str, Severity, int, int, dict[str, int]]:
    return digest.title, digest.severity, digest.firing, digest.quiet, dict(digest.counts)


def silences_rule(timeline: Timeline) -> object:
    return timeline.silence(timeline.clock + 3 * HOUR, "rule", "error-rate")


def test_what_is_silenced_does_not_head_what_comes_new() -> None:
    digest = last(play([(0, BAD), (60, silences_rule), (400, SLOW)], 410))
    assert summary(digest) == ("Shop: slow of shop", WARNING, 1, 1, {"warning": 1})
    assert digest.started_at == moment(400)
    assert [line.rule for line in digest.lines] == ["slow"]


def test_what_is_silenced_does_not_head_a_reminder() -> None:
    digest = last(play([(0, BAD), (0, SLOW), (60, silences_rule)], 4.1 * HOUR))
    assert digest.reason is Reason.REMINDER
    assert summary(digest)[:3] == ("Shop: error-rate of shop and 1 more", CRITICAL, 2), "the silence is over"
    digest = last(play([(0, BAD), (0, SLOW), (2 * HOUR, silences_rule)], 4.1 * HOUR))
    assert digest.reason is Reason.REMINDER
    assert summary(digest) == ("Shop: slow of shop", WARNING, 1, 1, {"warning": 1})


def test_what_is_silenced_does_not_head_the_end_of_another() -> None:
    digest = last(play([(0, BAD), (0, SLOW), (60, silences_rule), (600, resolves("shop/slow{endpoint=home}"))], 610))
    assert (digest.reason, digest.is_resolved) == (Reason.SOME_RESOLVED, False)
    assert summary(digest) == ("Shop: resolved after 10 min: slow of shop", WARNING, 0, 1, {})


def test_what_ends_silenced_does_not_head_what_ends_with_it() -> None:
    both = [(600.0, BAD_ENDS), (600.0, resolves("shop/slow{endpoint=home}"))]
    digest = last(play([(0, BAD), (0, SLOW), (60, silences_rule), *both], 610))
    assert (digest.reason, digest.severity, digest.resolved) == (Reason.ALL_RESOLVED, WARNING, 2)
    assert digest.title == "Shop: resolved after 10 min: slow of shop and 1 more"
    assert [line.rule for line in digest.lines] == ["slow", "error-rate"]


def test_the_end_of_what_is_silenced_is_told_all_the_same() -> None:
    digest = last(play([(0, BAD), (60, silences_rule), (600, BAD_ENDS)], 610))
    assert (digest.reason, digest.title) == (
        Reason.ALL_RESOLVED,
        "Shop: resolved after 10 min: error-rate of shop",
    )


def test_what_is_in_maintenance_does_not_head_a_storm() -> None:
    maintenance = {"p00": (Maintenance(start=moment(60), end=moment(HOUR)),)}
    timeline = Timeline(replace(POLICY, maintenance=maintenance))
    for number in range(6):
        timeline.fire("slow" if number else "error-rate", f"p{number:02}", severity=WARNING if number else CRITICAL)
    digest = last(timeline.at(600).resolve("p05/slow").at(610))
    assert summary(digest)[1:] == (WARNING, 4, 1, {"warning": 4})
    assert digest.title == "4 alerts in 4 projects; first of all p01: slow of p01"


def test_what_another_alert_explains_does_not_head() -> None:
    rule = Inhibition((Matcher("rule", "gateway"),), (Matcher("rule", "error-rate"),), ())
    gateway = fires("gateway", "api", cause="gateway")
    digest = last(play([(0, BAD), (60, gateway), (400, SLOW)], 410, replace(POLICY, inhibitions=(rule,))))
    assert summary(digest) == ("Shop: slow of shop", WARNING, 1, 1, {"warning": 1})


def test_what_somebody_is_on_does_not_head_a_storm() -> None:
    timeline = Timeline(POLICY)
    for number in range(6):
        timeline.fire("slow" if number else "error-rate", f"p{number:02}", severity=WARNING if number else CRITICAL)
    timeline.at(60)
    first = timeline.world.groups[1]
    timeline.world.groups[1] = replace(first, acknowledged_at=timeline.now, acknowledged_by="ann")
    digest = last(timeline.at(70))
    assert (digest.reason, digest.announced, digest.acknowledged_by) == (Reason.ACKNOWLEDGED, "ann", "")
    assert summary(digest) == (
        "5 alerts in 5 projects; first of all p01: slow of p01",
        WARNING,
        5,
        1,
        {"warning": 5},
    )


def test_an_acknowledged_group_is_headed_by_what_is_acknowledged() -> None:
    timeline = play([(0, BAD)], 60).acknowledge().at(70)
    assert summary(last(timeline)) == ("Shop: error-rate of shop", CRITICAL, 1, 0, {"critical": 1})


@pytest.mark.parametrize("minutes", [1, 10])
def test_an_acknowledgement_of_what_is_silenced_is_told_when_it_is_heard_again(minutes: int) -> None:
    timeline = play([(0, BAD), (40, lambda t: t.silence(minutes * MINUTE, "rule", "error-rate"))], 45)
    timeline.acknowledge().at(HOUR)
    told = [(at, m.digest.reason) for at, m in timeline.told]
    assert told == [(30, Reason.FIRST), (minutes * MINUTE, Reason.ACKNOWLEDGED)]
