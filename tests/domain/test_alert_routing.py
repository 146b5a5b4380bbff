"""Where an alert goes, at which hours, and who is called when nobody answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.alert_timeline import HOUR, MINUTE, POLICY, START, Happening, Want, alert_of, fires, play, resolves
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import (
    ON_CALL,
    AlertPolicy,
    Escalation,
    EscalationStep,
    Hours,
    Matcher,
    OnCall,
    Person,
    Route,
)
from watchkeeper.domain.alert_routing import channels_of, is_within, on_call_at, open_routes, route_of, turn_begin
from watchkeeper.domain.alert_values import Severity

BERLIN = ZoneInfo("Europe/Berlin")
WORK = Hours(frozenset(range(5)), 9 * 60, 17 * 60, UTC)
NIGHT = Hours(frozenset({4}), 22 * 60, 6 * 60, BERLIN)  # Friday night
CRITICAL = (Matcher("severity", "critical"),)
ROUTES = (
    Route((Matcher("project", "bank"),), ("bank-team",)),
    Route(CRITICAL, ("pager",), escalation="wake"),
    Route((), ("office",), WORK),
    Route((), ("night",)),
)
POLICY_WITH_ROUTES = replace(POLICY, default_channels={"": ("slack",), "bank": ("bank-slack",)}, routes=ROUTES)


@pytest.mark.parametrize(
    ("project", "severity", "hour", "channels"),
    [
        pytest.param("shop", Severity.CRITICAL, 10, ("slack", "pager"), id="by severity, besides the default"),
        pytest.param("bank", Severity.CRITICAL, 10, ("bank-slack", "bank-team"), id="the first that matches"),
        pytest.param("shop", Severity.WARNING, 10, ("slack", "office"), id="in working hours"),
        pytest.param("shop", Severity.WARNING, 17, ("slack", "night"), id="after them, the next that matches"),
    ],
)
def test_routes(project: str, severity: Severity, hour: int, channels: tuple[str, ...]) -> None:
    routes = open_routes(ROUTES, START.replace(hour=hour))
    alert = alert_of(project=project, severity=severity)
    assert channels_of(alert, route_of(alert, routes), POLICY_WITH_ROUTES) == channels


def test_a_channel_that_is_down_is_told_of_on_the_others() -> None:
    policy = AlertPolicy({}, {"": ("slack", "mail")})
    alert = alert_of("channel-down", "", channel="slack")
    assert channels_of(alert, None, policy) == ("mail",)
    assert channels_of(alert, None, AlertPolicy({}, {"": ("slack",)})) == ("slack",)


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        (WORK, datetime(2026, 3, 2, 9, tzinfo=UTC), True),
        (WORK, datetime(2026, 3, 2, 8, 59, tzinfo=UTC), False),
        (WORK, datetime(2026, 3, 2, 17, tzinfo=UTC), False),
        (WORK, datetime(2026, 3, 7, 10, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 3, 6, 21, tzinfo=UTC), True),  # 22:00 in Berlin
        (NIGHT, datetime(2026, 3, 7, 4, 59, tzinfo=UTC), True),  # Saturday, 05:59
        (NIGHT, datetime(2026, 3, 7, 5, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 3, 6, 4, tzinfo=UTC), False),  # Friday morning belongs to Thursday
        (NIGHT, datetime(2026, 7, 3, 20, tzinfo=UTC), True),  # 22:00 in summer
        (Hours(frozenset({0}), 0, 0, UTC), datetime(2026, 3, 2, 12, tzinfo=UTC), True),  # the whole day
        (Hours(frozenset({0}), 0, 1440, UTC), datetime(2026, 3, 2, 23, 59, tzinfo=UTC), True),
    ],
)
def test_hours(hours: Hours, moment: datetime, *, expected: bool) -> None:
    assert is_within(hours, moment) is expected


@pytest.mark.parametrize(
    ("days", "name"), [(0, "ann"), (6.9, "ann"), (7, "bob"), (14, "ann"), (-3, "ann"), (7 * 101, "bob")]
)
def test_on_call(days: float, name: str) -> None:
    assert on_call_at(OnCall(("ann", "bob"), timedelta(days=7), START), START + timedelta(days=days)) == name


MONDAY_9 = datetime(2026, 3, 23, 9, tzinfo=BERLIN)
NIGHT_2_30 = datetime(2026, 3, 22, 2, 30, tzinfo=BERLIN)  # a Sunday; on the next one the clocks skip this time
AUTUMN_2_30 = datetime(2026, 10, 18, 2, 30, tzinfo=BERLIN)  # a Sunday; on the next one this time comes twice
WEEK, HOURS = timedelta(days=7), timedelta(hours=1)
TURNS = [
    # since, length, moment in UTC, who
    pytest.param(MONDAY_9, WEEK, (2026, 3, 30, 6, 59), "ann", id="Monday 08:59 in summer is the old turn"),
    pytest.param(MONDAY_9, WEEK, (2026, 3, 30, 7, 0), "bob", id="Monday 09:00 in summer, after the change of clocks"),
    pytest.param(MONDAY_9, WEEK, (2026, 10, 26, 7, 59), "ann", id="Monday 08:59 in winter is the old turn"),
    pytest.param(MONDAY_9, WEEK, (2026, 10, 26, 8, 0), "bob", id="Monday 09:00 in winter, after the change of clocks"),
    pytest.param(MONDAY_9, 4 * WEEK, (2026, 4, 20, 7, 0), "bob", id="a turn over the change is an hour shorter"),
    pytest.param(MONDAY_9, 12 * HOURS, (2026, 3, 29, 6, 59), "bob", id="half a day: the night of the change"),
    pytest.param(MONDAY_9, 12 * HOURS, (2026, 3, 29, 7, 0), "ann", id="half a day: 09:00 after the change"),
    pytest.param(NIGHT_2_30, WEEK, (2026, 3, 29, 1, 29), "ann", id="skipped 02:30: not before 03:30 in summer"),
    pytest.param(NIGHT_2_30, WEEK, (2026, 3, 29, 1, 30), "bob", id="skipped 02:30 is 03:30 in summer"),
    pytest.param(AUTUMN_2_30, WEEK, (2026, 10, 25, 0, 29), "ann", id="before the first 02:30"),
    pytest.param(AUTUMN_2_30, WEEK, (2026, 10, 25, 0, 30), "bob", id="the first 02:30 begins the turn"),
    pytest.param(AUTUMN_2_30, WEEK, (2026, 10, 25, 1, 10), "bob", id="the second 02:10 does not end it again"),
    pytest.param(AUTUMN_2_30, WEEK, (2026, 10, 25, 1, 30), "bob", id="nor does the second 02:30"),
    pytest.param(NIGHT_2_30, HOURS, (2026, 3, 29, 1, 29), "bob", id="turns of an hour: 01:30 lasts until 03:30"),
    pytest.param(NIGHT_2_30, HOURS, (2026, 3, 29, 1, 30), "bob", id="turns of an hour: the skipped one has no length"),
    pytest.param(MONDAY_9, WEEK, (2026, 3, 1, 12, 0), "ann", id="before the first turn it is the first person"),
]


@pytest.mark.parametrize(("since", "turn", "moment", "name"), TURNS)
def test_turns_follow_the_calendar(
    since: datetime, turn: timedelta, moment: tuple[int, int, int, int, int], name: str
) -> None:
    on_call = OnCall(("ann", "bob"), turn, since, BERLIN)
    assert on_call_at(on_call, datetime(*moment, tzinfo=UTC)) == name


@given(
    number=st.integers(0, 600),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    hour=st.integers(0, 23),
    turn=st.sampled_from([12, 24, 36, 168, 169, 720]),
)
def test_somebody_is_on_call_from_each_begin_of_a_turn_on(number: int, zone: str, hour: int, turn: int) -> None:
    since = datetime(2026, 1, 5, hour, 30, tzinfo=ZoneInfo(zone))
    on_call = OnCall(("ann", "bob"), turn * HOURS, since, ZoneInfo(zone))
    begin = turn_begin(on_call, number)
    assert on_call_at(on_call, begin) == on_call.people[number % 2]
    before = on_call_at(on_call, begin - timedelta(microseconds=1))
    assert before == on_call.people[max(0, number - 1) % 2]
    clock = since.replace(tzinfo=None) + number * turn * HOURS
    shown = begin.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown - clock in {timedelta(), timedelta(minutes=30), HOURS}, "another time only where it is skipped"


@pytest.mark.parametrize("on_call", [None, OnCall((), timedelta(days=7), START), OnCall(("ann",), timedelta(), START)])
def test_nobody_on_call(on_call: OnCall | None) -> None:
    assert on_call_at(on_call, START) == ""


def test_what_fires_at_night_is_told_at_the_office_in_the_morning() -> None:
    routes = (Route((), ("office",), WORK),)
    timeline = play(
        [(8 * HOUR, fires(severity=Severity.WARNING)), (25 * HOUR, resolves())],
        26 * HOUR,
        replace(POLICY, routes=routes, timing=replace(POLICY.timing, repeat_interval=timedelta(days=2))),
    )
    timeline.wants(
        Want("slack", Reason.FIRST, 8 * HOUR + 30, 8 * HOUR + 40),
        Want("office", Reason.FIRST, 24 * HOUR, 24 * HOUR + 60),
        Want("slack", Reason.ALL_RESOLVED, 25 * HOUR, 25 * HOUR + 10),
        Want("office", Reason.ALL_RESOLVED, 25 * HOUR, 25 * HOUR + 10),
    )


# --- escalation

STEPS = (
    EscalationStep(timedelta(minutes=15), people=(ON_CALL,)),
    EscalationStep(timedelta(minutes=30), channels=("boss",), people=("carl",)),
)
WAKE = replace(
    POLICY,
    routes=(Route(CRITICAL, (), escalation="wake"),),
    escalations={"wake": Escalation("wake", STEPS)},
    people={"ann": Person("ann", ("ann-sms",)), "bob": Person("bob", ("bob-sms",))},
    on_call=OnCall(("ann", "bob"), timedelta(days=7), START),
)
ANN_OVERRIDDEN = Want("ann-sms", Reason.FIRST, HOUR, HOUR + 10, 2)  # who had acknowledged is told at once
SLACK_FIRST = Want("slack", Reason.FIRST, 30, 40)
ANN = Want("ann-sms", Reason.ESCALATION, 15 * MINUTE + 30, 15 * MINUTE + 40, 1)
BOSS = Want("boss", Reason.ESCALATION, 45 * MINUTE + 30, 45 * MINUTE + 40, 1)
LATE = 4 * HOUR - 60
ESCALATIONS: dict[str, tuple[Sequence[tuple[float, Happening]], Sequence[Want]]] = {
    "one step after the other, each once": ([(0, fires())], [SLACK_FIRST, ANN, BOSS]),
    "a warning calls nobody": ([(0, fires(severity=Severity.WARNING))], [SLACK_FIRST]),
    "an acknowledgement stops it, and all who were called are told": (
        [(0, fires()), (20 * MINUTE, lambda line: line.acknowledge())],
        [
            SLACK_FIRST,
            ANN,
            Want("slack", Reason.ACKNOWLEDGED, 20 * MINUTE, 20 * MINUTE + 10),
            Want("ann-sms", Reason.ACKNOWLEDGED, 20 * MINUTE, 20 * MINUTE + 10),
        ],
    ),
    "an end stops it, and all who were called are told": (
        [(0, fires()), (20 * MINUTE, resolves())],
        [
            SLACK_FIRST,
            ANN,
            Want("slack", Reason.ALL_RESOLVED, 20 * MINUTE, 20 * MINUTE + 10),
            Want("ann-sms", Reason.ALL_RESOLVED, 20 * MINUTE + 30, 20 * MINUTE + 40),
        ],
    ),
    "who was called is not told what comes new, only what ends": (
        [(0, fires()), (60 * MINUTE, fires("score-low", severity=Severity.WARNING, cause="errors", endpoint="x"))],
        [SLACK_FIRST, ANN, BOSS],
    ),
    "something critical that comes new calls again": (
        [(0, fires()), (5 * MINUTE, lambda line: line.acknowledge()), (60 * MINUTE, fires("score-low"))],
        [
            SLACK_FIRST,
            Want("slack", Reason.ACKNOWLEDGED, 5 * MINUTE, 5 * MINUTE + 30),
            Want("slack", Reason.NEW_IN_GROUP, 60 * MINUTE, 60 * MINUTE + 10, 2),
            ANN_OVERRIDDEN,
            Want("ann-sms", Reason.ESCALATION, 75 * MINUTE, 75 * MINUTE + 10, 2),
            Want("boss", Reason.ESCALATION, 105 * MINUTE, 105 * MINUTE + 10, 2),
        ],
    ),
    "nobody is called while it is silenced, then it goes on": (
        [(0, fires()), (5 * MINUTE, lambda line: line.silence(until=HOUR))],
        [
            SLACK_FIRST,
            Want("ann-sms", Reason.ESCALATION, HOUR, HOUR + 10),
            Want("boss", Reason.ESCALATION, HOUR + 30 * MINUTE, HOUR + 31 * MINUTE),
        ],
    ),
    "calm for a while does not begin the wait anew": (
        [
            (0, fires()),
            (5 * MINUTE, lambda line: line.change("shop/error-rate", calm_since=line.now)),
            (10 * MINUTE, lambda line: line.change("shop/error-rate", calm_since=None)),
        ],
        [SLACK_FIRST, ANN, BOSS],
    ),
}


@pytest.mark.parametrize("name", ESCALATIONS)
def test_escalation(name: str) -> None:
    happenings, wanted = ESCALATIONS[name]
    play(happenings, LATE, WAKE).wants(*wanted)


def test_an_escalation_names_whom_it_calls() -> None:
    told = [message for _, message in play([(0, fires())], HOUR, WAKE).told]
    assert [(m.digest.people, m.digest.escalation_step) for m in told] == [((), 0), (("ann",), 1), (("carl",), 2)]
    assert [m.notifications[0].people for m in told] == [(), ("ann",), ("carl",)]


@pytest.mark.parametrize(("repeat", "rounds"), [(0, 1), (2, 3), (5, 6), (50, 6)])
def test_an_escalation_is_repeated_five_times_at_most(repeat: int, rounds: int) -> None:
    policy = replace(WAKE, escalations={"wake": Escalation("wake", STEPS[:1], repeat)})
    told = play([(0, fires())], LATE, policy).told
    assert [message.digest.reason for _, message in told] == [Reason.FIRST] + [Reason.ESCALATION] * rounds


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(EscalationStep(timedelta(), people=(ON_CALL,)), id="nobody is on call"),
        pytest.param(EscalationStep(timedelta(), people=("nobody we know",)), id="a person without a channel"),
        pytest.param(EscalationStep(timedelta()), id="neither people nor channels"),
    ],
)
def test_a_step_without_a_channel_calls_those_who_know_already(step: EscalationStep) -> None:
    policy = replace(WAKE, escalations={"wake": Escalation("wake", (step,))}, on_call=None)
    play([(0, fires())], HOUR, policy).wants(SLACK_FIRST, Want("slack", Reason.ESCALATION, 30, 50))


@pytest.mark.parametrize("escalations", [{}, {"wake": Escalation("wake", ())}])
def test_an_escalation_that_is_not_there_calls_nobody(escalations: dict[str, Escalation]) -> None:
    play([(0, fires())], HOUR, replace(WAKE, escalations=escalations)).wants(SLACK_FIRST)
