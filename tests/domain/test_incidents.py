"""What opens an incident, what joins it, and when it is over."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.incident_times import Mean, response_times
from watchkeeper.domain.incidents import CALM, EntryKind, Incident, IncidentStatus, Taken, decide_incidents

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHA = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d"


def alert(rule: str, severity: str = "critical", minute: float = 0, **other: str) -> Alert:
    at = NOON + minute * MINUTE
    values = {"project": "shop", "cause": "errors", **other}
    return Alert(
        rule=rule,
        severity=Severity(severity),
        status=AlertStatus.FIRING,
        started_at=at - 5 * MINUTE,
        seen_at=at,
        fired_at=at,
        summary=f"Shop: {rule}",
        **values,  # type: ignore[arg-type]
    )


@dataclass
class Story:
    """Looks at alerts minute by minute and keeps what comes of it."""

    incidents: dict[int, Incident] = field(default_factory=dict)
    told: list[tuple[float, EntryKind]] = field(default_factory=list)
    taken: dict[str, Taken] = field(default_factory=dict)
    untold: frozenset[str] = frozenset()

    def look(self, minute: float, *alerts: Alert) -> None:
        known = [incident for incident in self.incidents.values() if not incident.is_over]
        for change in decide_incidents(known, alerts, self.untold, self.taken, NOON + minute * MINUTE):
            number = change.incident.number or len(self.incidents) + 1
            self.incidents[number] = replace(change.incident, number=number)
            self.told += [(minute, entry.kind) for entry in change.entries]

    @property
    def only(self) -> Incident:
        (found,) = self.incidents.values()
        return found


@pytest.mark.parametrize(
    ("alerts", "opened"),
    [
        pytest.param([alert("error-rate")], 1, id="a critical one"),
        pytest.param([alert("error-rate", "warning")], 0, id="a warning"),
        pytest.param([alert("a", "warning"), alert("b", "warning", 14)], 0, id="two warnings"),
        pytest.param([alert(name, "warning") for name in "abc"], 1, id="three warnings with one cause"),
        pytest.param([alert(n, "warning", cause=n) for n in "abc"], 1, id="three warnings within a quarter of an hour"),
        pytest.param([alert(n, "warning", 20 * k, cause=n) for k, n in enumerate("abc")], 0, id="warnings far apart"),
        pytest.param([alert("a"), alert("a", project="api")], 2, id="of two projects"),
        pytest.param([alert("a"), alert("b", minute=40, cause="builds")], 2, id="of two causes, far apart"),
        pytest.param([alert("a"), alert("b", minute=40)], 1, id="of one cause, far apart"),
        pytest.param([replace(alert("a"), status=AlertStatus.PENDING)], 0, id="one that does not fire yet"),
        pytest.param([], 0, id="nothing"),
    ],
)
def test_what_opens_an_incident(alerts: list[Alert], opened: int) -> None:
    story = Story()
    story.look(50, *alerts)
    assert len(story.incidents) == opened


def test_what_nobody_is_told_of_opens_nothing_until_somebody_is() -> None:
    story = Story(untold=frozenset({"shop/error-rate"}))
    story.look(0, alert("error-rate"))
    assert not story.incidents
    story.untold = frozenset()
    story.look(30, alert("error-rate"))
    assert story.only.opened_at == NOON + 30 * MINUTE
    assert story.only.started_at == NOON - 5 * MINUTE


@pytest.mark.parametrize(
    ("other", "joins"),
    [
        pytest.param(alert("score-low", "warning", 90), True, id="the same cause"),
        pytest.param(alert("score-low", "warning", 14, cause="endpoints"), True, id="shortly after"),
        pytest.param(alert("score-low", "warning", 16, cause="endpoints"), False, id="later, by another cause"),
        pytest.param(alert("score-low", "warning", 90, cause=f"release:{SHA}", release=SHA), True, id="its release"),
        pytest.param(alert("score-low", "warning", 1, project="api"), False, id="another project"),
    ],
)
def test_what_joins_an_incident(other: Alert, *, joins: bool) -> None:
    story = Story()
    first = alert("error-rate", release=SHA)
    story.look(0, first)
    story.look(91, first, other)
    assert story.only.alerts == ({first.fingerprint, other.fingerprint} if joins else {first.fingerprint})


def test_a_worse_alert_makes_the_incident_worse_and_names_its_release() -> None:
    story = Story()
    warnings = [alert(name, "warning") for name in "abc"]
    story.look(0, *warnings)
    assert (story.only.severity, story.only.release) == (Severity.WARNING, "")
    story.look(1, *warnings, alert("d", "critical", 1, release=SHA))
    assert (story.only.severity, story.only.release) == (Severity.CRITICAL, SHA)


def test_it_is_over_when_its_alerts_are_resolved_and_stay_so() -> None:
    story = Story()
    error, score = alert("error-rate"), alert("score-low", "warning")
    story.look(0, error, score)
    story.look(10, score)
    assert story.only.status is IncidentStatus.MITIGATED
    story.look(20)
    story.look(34)
    assert [incident.is_over for incident in story.incidents.values()] == [False]
    story.look(35)
    assert [incident.is_over for incident in story.incidents.values()] == [True]
    assert story.only.mitigated_at == NOON + 10 * MINUTE
    assert story.only.resolved_at == NOON + 20 * MINUTE
    assert story.told == [
        (0, EntryKind.OPENED),
        (0, EntryKind.JOINED),
        (10, EntryKind.CALMED),
        (10, EntryKind.MITIGATED),
        (20, EntryKind.CALMED),
        (35, EntryKind.RESOLVED),
    ]


def test_what_comes_back_before_it_is_over_is_the_same_incident() -> None:
    story = Story()
    story.look(0, alert("error-rate"))
    story.look(10)
    story.look(20, alert("error-rate", minute=20))
    assert story.only.status is IncidentStatus.OPEN
    assert story.only.calm_since is None
    story.look(30)
    story.look(30 + CALM / MINUTE)
    assert story.only.resolved_at == NOON + 30 * MINUTE
    assert [kind for _, kind in story.told].count(EntryKind.WORSE) == 1


def test_what_comes_back_later_is_another_one() -> None:
    story = Story()
    story.look(0, alert("error-rate"))
    story.look(10)
    story.look(30)
    story.look(40, alert("error-rate", minute=40))
    assert [incident.status for incident in story.incidents.values()] == [IncidentStatus.RESOLVED, IncidentStatus.OPEN]


def test_nothing_changes_while_nothing_happens() -> None:
    story = Story()
    for minute in range(60):
        story.look(minute, alert("error-rate"))
    assert story.told == [(0, EntryKind.OPENED)]


def test_who_takes_an_alert_on_owns_its_incident() -> None:
    story = Story()
    story.look(0, alert("error-rate"))
    story.taken = {"shop/error-rate": Taken("Ada", NOON + 4 * MINUTE), "api/error-rate": Taken("Grace", NOON)}
    story.look(5, alert("error-rate"))
    assert (story.only.owner, story.only.acknowledged_at) == ("Ada", NOON + 4 * MINUTE)
    story.taken = {"shop/error-rate": Taken("Grace", NOON + 6 * MINUTE)}
    story.look(7, alert("error-rate"))
    assert story.only.owner == "Ada"


def incident(
    opened: float, acknowledged: float | None = None, resolved: float | None = None, project: str = "shop"
) -> Incident:
    def at(minute: float | None) -> datetime | None:
        return None if minute is None else NOON + minute * MINUTE

    opened_at = NOON + opened * MINUTE
    return Incident(
        project, "errors", "Shop is down", Severity.CRITICAL, opened_at - 5 * MINUTE, opened_at,
        acknowledged_at=at(acknowledged), resolved_at=at(resolved),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("incidents", "acknowledge", "restore", "between"),
    [
        pytest.param([], Mean(None, 0, 0), Mean(None, 0, 0), Mean(None, 0, 0), id="none"),
        pytest.param([incident(0)], Mean(None, 0, 1), Mean(None, 0, 1), Mean(None, 0, 0), id="one that lasts"),
        pytest.param(
            [incident(0, 4, 25), incident(125, None, 140), incident(300, 310, project="api")],
            Mean(7 * MINUTE, 2, 3), Mean(25 * MINUTE, 2, 3), Mean(95 * MINUTE, 1, 1), id="three of two projects",
        ),
    ],
)  # fmt: skip
def test_how_fast_they_are_taken_on_and_ended(
    incidents: Iterable[Incident], acknowledge: Mean, restore: Mean, between: Mean
) -> None:
    found = response_times(incidents)
    assert (found.acknowledge, found.restore, found.between) == (acknowledge, restore, between)


def test_the_one_before_makes_a_pair_and_counts_for_nothing_else() -> None:
    found = response_times([incident(125, 130, 140)], [incident(0, 4, 20), incident(0, 4, 20, project="api")])
    assert (found.acknowledge, found.restore) == (Mean(5 * MINUTE, 1, 1), Mean(20 * MINUTE, 1, 1))
    assert found.between == Mean(100 * MINUTE, 1, 1)
    assert response_times([incident(125)], [incident(0)]).between == Mean(None, 0, 1)
