"""An alert explains others only while people know of it, or are about to: what is muted hides nothing critical."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.domain.alert_timeline import HOUR, POLICY, Happening, Timeline, fires, moment, play, resolves
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import Inhibition, Matcher
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.schedule import Maintenance

WARNING = Severity.WARNING
FIRST, ALL = Reason.FIRST, Reason.ALL_RESOLVED
CHAIN = (
    Inhibition((Matcher("rule", "root"),), (Matcher("rule", "middle"),)),
    Inhibition((Matcher("rule", "middle"),), (Matcher("rule", "leaf"),)),
)
DEPENDENT = replace(POLICY, parents={"shop": "api"}, inhibitions=CHAIN)
INCIDENT = fires("platform-incident", "", vendor="vercel", cause="platform:vercel", severity=WARNING)
INCIDENT_NAME = "/platform-incident{vendor=vercel}"
ON_PLATFORM = fires(cause="platform:vercel")


def silences(pattern: str, name: str = "project", until: float = HOUR) -> Happening:
    return lambda timeline: timeline.silence(until, name, pattern)


def unsilences(timeline: Timeline) -> object:
    return timeline.unsilence()


def calms(fingerprint: str) -> Happening:
    return lambda timeline: timeline.change(fingerprint, calm_since=timeline.now)


Told = tuple[int, Reason, str]  # second, reason, project or rule in the title's place
CASES: dict[str, tuple[Sequence[tuple[float, Happening]], Sequence[Told]]] = {
    "a silenced cause that was never told hides nothing critical": (
        [(0, silences("api")), (0, fires(project="api")), (0, fires())],
        [(30, FIRST, "shop/error-rate")],
    ),
    "nor a warning: nobody was told of the cause": (
        [(0, silences("api")), (0, fires(project="api")), (0, fires(severity=WARNING))],
        [(30, FIRST, "shop/error-rate")],
    ),
    "a cause that was told and is silenced then hides a warning": (
        [(0, fires(project="api")), (60, silences("api")), (120, fires(severity=WARNING))],
        [(30, FIRST, "api/error-rate")],
    ),
    "but nothing critical that was never told": (
        [(0, fires(project="api")), (60, silences("api")), (120, fires())],
        [(30, FIRST, "api/error-rate"), (150, FIRST, "shop/error-rate")],
    ),
    "it hides again what comes after the silence was taken back": (
        [(0, fires(project="api")), (60, silences("api")), (120, unsilences), (120, fires())],
        [(30, FIRST, "api/error-rate")],
    ),
    "a cause that is told hides what is critical": (
        [(0, fires(project="api")), (0, fires())],
        [(30, FIRST, "api/error-rate")],
    ),
    "also while it waits to be told": (
        [(0, fires()), (20, fires(project="api")), (45, resolves("shop/error-rate"))],
        [(50, FIRST, "api/error-rate")],
    ),
    "a cause that is calm before anybody was told of it hides nothing": (
        [(0, INCIDENT), (10, calms(INCIDENT_NAME)), (20, ON_PLATFORM)],
        [(50, FIRST, "shop/error-rate")],
    ),
    "a cause that is calm and was told still hides": (
        [(0, INCIDENT), (60, calms(INCIDENT_NAME)), (120, ON_PLATFORM)],
        [(30, FIRST, INCIDENT_NAME)],
    ),
    "a silenced platform incident hides nothing critical": (
        [(0, silences("platform-incident", "rule")), (0, INCIDENT), (0, ON_PLATFORM)],
        [(30, FIRST, "shop/error-rate")],
    ),
    "another cause that is told hides it all the same": (
        [
            (0, silences("platform-incident", "rule")),
            (0, INCIDENT),
            (0, fires("error-rate", "api", cause="platform:vercel")),
            (0, fires("middle", cause="other")),
            (0, fires("leaf", cause="errors")),
        ],
        [(30, FIRST, "api/error-rate"), (30, FIRST, "shop/middle")],
    ),
    "at the end of a chain a silenced cause hides nothing critical": (
        [
            (0, fires("root", cause="a")),
            (60, silences("root", "rule")),
            (120, fires("middle", cause="b", severity=WARNING)),
            (120, fires("leaf", cause="c")),
        ],
        [(30, FIRST, "shop/root"), (150, FIRST, "shop/leaf")],
    ),
    "at the end of a chain a cause that was told hides all": (
        [(0, fires("root", cause="a")), (120, fires("middle", cause="b")), (120, fires("leaf", cause="c"))],
        [(30, FIRST, "shop/root")],
    ),
    "the end of what was told comes through, though its cause is told and silenced": (
        [(0, fires()), (60, fires(project="api")), (120, silences("api")), (600, resolves())],
        [(30, FIRST, "shop/error-rate"), (90, FIRST, "api/error-rate"), (600, ALL, "shop/error-rate")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_muted_causes(name: str) -> None:
    happenings, wanted = CASES[name]
    timeline = play(happenings, 0.9 * HOUR, DEPENDENT)
    told = [(at, m.digest.reason, m.digest.lines[0].fingerprint) for at, m in timeline.told]
    assert sorted(told) == sorted(wanted)


def test_a_cause_in_maintenance_hides_nothing_critical() -> None:
    maintenance = {"api": (Maintenance(start=moment(0), end=moment(HOUR)),)}
    policy = replace(DEPENDENT, maintenance=maintenance)
    timeline = play([(60, fires(project="api")), (60, fires())], 0.9 * HOUR, policy)
    assert [(at, m.digest.project) for at, m in timeline.told] == [(90, "shop")]
