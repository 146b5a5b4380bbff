"""Who acknowledges is announced wherever the group is known; whose acknowledgement is overridden hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.alert_timeline import HOUR, POLICY, Happening, Timeline, Want, fires, moment, play, resolves
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import Matcher, Person, Route
from watchkeeper.domain.alert_values import Severity

FIRST, NEW, ACK = Reason.FIRST, Reason.NEW_IN_GROUP, Reason.ACKNOWLEDGED
BOTH = replace(POLICY, default_channels={"": ("slack", "pager")})
PEOPLE = replace(BOTH, people={"Ada": Person("Ada", ("ada-sms",)), "Ben": Person("Ben", handles={"slack": "U1"})})


def acknowledges(who: str = "Ada in pager", seconds_ago: float = 0) -> Happening:
    """Somebody has acknowledged elsewhere, a while ago: it is known only now."""

    def happen(timeline: Timeline) -> None:
        at = timeline.now - timedelta(seconds=seconds_ago)
        for number, group in timeline.world.groups.items():
            if group.closed_at is None:
                timeline.world.groups[number] = replace(group, acknowledged_at=at, acknowledged_by=who)

    return happen


def test_it_is_announced_on_each_channel_with_who_and_where() -> None:
    timeline = play([(0, fires()), (100, acknowledges())], HOUR, BOTH)
    announced = [(m.channel, m.digest.announced) for _, m in timeline.told if m.digest.reason is ACK]
    assert announced == [("slack", "Ada in pager"), ("pager", "Ada in pager")]


def test_it_is_announced_though_the_channel_was_told_something_in_between() -> None:
    """Given at 620 s, read at 700 s; at 640 s the channels were told of another alert, without it."""
    timeline = play([(0, fires()), (640, fires("slow")), (700, acknowledges(seconds_ago=80))], HOUR, POLICY)
    timeline.wants(Want("slack", FIRST, 30, 40), Want("slack", NEW, 640, 650, 2), Want("slack", ACK, 700, 710, 2))


def test_it_is_announced_once_also_when_the_clock_of_the_vendor_is_ahead() -> None:
    timeline = play([(0, fires()), (100, acknowledges(seconds_ago=-90))], HOUR, POLICY)
    timeline.wants(Want("slack", FIRST, 30, 40), Want("slack", ACK, 100, 110))


def test_what_changes_together_with_it_announces_it_too() -> None:
    timeline = play([(0, fires()), (100, fires("slow")), (110, acknowledges())], 200, POLICY)
    digest = timeline.told[1][1].digest
    assert (len(timeline.told), digest.reason) == (2, NEW)


@pytest.mark.parametrize(
    ("who", "channels", "people"),
    [
        pytest.param("Ada in pager", ["slack", "pager", "ada-sms"], ("Ada",), id="whoever has a channel is told there"),
        pytest.param("Ada", ["slack", "pager", "ada-sms"], ("Ada",), id="also who acknowledged here"),
        pytest.param("Ben in slack", ["slack", "pager"], ("Ben",), id="whoever has a handle is addressed"),
        pytest.param("Carl in pager", ["slack", "pager"], (), id="whoever is not configured is named"),
    ],
)
def test_whose_acknowledgement_is_overridden_is_told_at_once(
    who: str, channels: list[str], people: tuple[str, ...]
) -> None:
    timeline = play([(0, fires()), (100, acknowledges(who)), (110, fires("outage"))], 130, PEOPLE)
    told = [(at, m) for at, m in timeline.told if m.digest.overridden]
    assert sorted((at, m.channel) for at, m in told) == sorted((110, channel) for channel in channels)
    assert {(m.digest.overridden, m.digest.people, m.digest.acknowledged_by) for _, m in told} == {(who, people, "")}
    assert {entry.people for _, m in told for entry in m.notifications} == {people}


def test_who_was_told_of_the_override_is_told_of_the_end() -> None:
    timeline = play(
        [
            (0, fires()),
            (100, acknowledges()),
            (110, fires("outage")),
            (500, resolves("shop/outage")),
            (500, resolves()),
        ],
        600,
        PEOPLE,
    )
    ends = sorted(m.channel for _, m in timeline.told if m.digest.reason is Reason.ALL_RESOLVED)
    assert ends == ["ada-sms", "pager", "slack"]


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.INFO])
def test_nothing_milder_overrides(severity: Severity) -> None:
    timeline = play([(0, fires()), (100, acknowledges()), (500, fires("slow", severity=severity))], HOUR, PEOPLE)
    assert not any(m.digest.overridden for _, m in timeline.told)


def test_nothing_that_is_silenced_overrides() -> None:
    happenings: list[tuple[float, Happening]] = [
        (0, fires()),
        (100, acknowledges()),
        (110, lambda t: t.silence(HOUR, "rule", "outage")),
        (120, fires("outage")),
    ]
    assert not any(m.digest.overridden for _, m in play(happenings, 0.9 * HOUR, PEOPLE).told)


def test_an_override_keeps_in_mind_which_acknowledgement_it_was_everywhere() -> None:
    """A channel that is not told of the critical alert would else hand in the old acknowledgement again."""
    routes = (Route((Matcher("rule", "error-rate"),), ("pager",)),)
    policy = replace(POLICY, routes=routes)
    timeline = play([(0, fires()), (100, acknowledges()), (500, fires("outage"))], 600, policy)
    (group,) = timeline.world.known.groups
    assert group.acknowledged_at is None
    assert {name: told.acknowledgement for name, told in group.channels.items()} == {
        "slack": moment(100),
        "pager": moment(100),
    }
    assert group.has_counted(moment(100)), "the vendor still says so: it does not count again"
    assert not group.has_counted(moment(101)), "who acknowledges once more does"


def test_who_acknowledges_after_an_override_is_announced_as_well() -> None:
    happenings: list[tuple[float, Happening]] = [
        (0, fires()),
        (100, acknowledges("Ada in pager")),
        (500, fires("outage")),
        (600, acknowledges("Ben in pager")),
    ]
    told = [(at, m.digest.reason, m.digest.announced) for at, m in play(happenings, HOUR, POLICY).told]
    assert told == [
        (30, FIRST, ""),
        (100, ACK, "Ada in pager"),
        (500, NEW, ""),
        (600, ACK, "Ben in pager"),
    ]
