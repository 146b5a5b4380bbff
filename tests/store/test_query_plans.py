"""The queries of pages and checks find their rows by an index, however long the history is: 50 projects, 90 days."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from tests.store.report_samples import plan
from tests.store.samples import NOON
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.hours import SOURCES
from watchkeeper.domain.issue_events import IssueChange
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.alert_events import open_events
from watchkeeper.store.alert_groups import open_groups
from watchkeeper.store.alert_ledger import ledger_of, references
from watchkeeper.store.alert_messages import lost_messages, pending_messages, reference_of, sent_by_channel
from watchkeeper.store.alert_signals import grave_issues, last_changes, late_deliveries, metric_sums
from watchkeeper.store.alert_withdrawals import known_by
from watchkeeper.store.alerts import alerts_between, list_alerts, open_alerts
from watchkeeper.store.alias_requests import alias_requests
from watchkeeper.store.audit import audit_entries
from watchkeeper.store.build_runs import build_runs, flaky_tests, flaky_times
from watchkeeper.store.builds import pipelines
from watchkeeper.store.commits import commits
from watchkeeper.store.database import reading
from watchkeeper.store.delivery import deployments
from watchkeeper.store.endpoints import first_probes, probes
from watchkeeper.store.errors import issues, session_readings
from watchkeeper.store.health import checked_windows, checks, critical_projects, hourly_health, latest_checks
from watchkeeper.store.incidents import (
    incident,
    incidents_in,
    incidents_of,
    last_incidents,
    open_incidents,
    undrafted_incidents,
)
from watchkeeper.store.incidents import timeline as timeline_of_incident
from watchkeeper.store.issue_events import issue_events
from watchkeeper.store.metric_columns import parts_query, probes_query
from watchkeeper.store.metrics import aggregated_hours, buckets, hour_progress, hour_states, hours_done, source_hours
from watchkeeper.store.notices import NoticeKind, notices, pending_notices, untold_events
from watchkeeper.store.observations import hourly_observations, observations
from watchkeeper.store.outages import outages
from watchkeeper.store.releases import live_releases, releases
from watchkeeper.store.report_deliveries import deliveries, due_deliveries, known_message
from watchkeeper.store.reports import earlier_recommendations, reports_since
from watchkeeper.store.rollback_reads import ended_custodies
from watchkeeper.store.rollback_requests import rollbacks_ended, rollbacks_to_see_to
from watchkeeper.store.rollbacks import (
    active_rollbacks,
    answers,
    custody,
    last_rollbacks,
    rollback_of_event,
    rollback_of_run,
    timeline,
)
from watchkeeper.store.silences import silences

PROJECTS = [f"p{number}" for number in range(50)]
DAYS_90 = Window(NOON - timedelta(days=90), NOON)
# Indexes that hold nothing else than what is asked for: those are read whole.
OF_WHAT_IS_OPEN = {
    "ix_alerts_unsettled",
    "ix_alert_groups_unclosed",
    "ix_alert_messages_waiting",
    "ix_alert_events_open",
    "ix_incidents_unfinished",
    "ix_incidents_undrafted",
}
SMALL = {"projects"}  # reading a table of a few rows from end to end is the best plan there is

QUERIES: dict[str, Callable[[Session], object]] = {
    "checks": lambda s: checks(s, PROJECTS, DAYS_90),
    "latest checks": lambda s: latest_checks(s, PROJECTS, CheckType.FULL),
    "checked windows": lambda s: checked_windows(s, PROJECTS, DAYS_90),
    "critical projects": lambda s: critical_projects(s, PROJECTS, DAYS_90),
    "hourly health": lambda s: hourly_health(s, PROJECTS, DAYS_90),
    "observations": lambda s: observations(s, PROJECTS, DAYS_90, "sentry", "error_rate"),
    "hourly observations": lambda s: hourly_observations(s, PROJECTS, DAYS_90, "sentry", "error_rate"),
    "probes": lambda s: probes(s, PROJECTS, DAYS_90),
    "first probes": lambda s: first_probes(s, PROJECTS),
    "buckets": lambda s: buckets(s, PROJECTS, DAYS_90, Period.HOUR),
    "buckets of some metrics": lambda s: buckets(s, PROJECTS, DAYS_90, Period.DAY, ["score", "cost"]),
    "parts of larger buckets": lambda s: s.execute(parts_query(s, PROJECTS, DAYS_90, Period.HOUR)),
    "probes in columns": lambda s: s.execute(probes_query(s, PROJECTS), {"since": NOON, "until": NOON}),
    "hours": lambda s: source_hours(s, PROJECTS, DAYS_90),
    "states of hours": lambda s: hour_states(s, PROJECTS, DAYS_90),
    "progress of hours": lambda s: hour_progress(s, dict.fromkeys(PROJECTS, SOURCES), DAYS_90),
    "hours that were aggregated": lambda s: aggregated_hours(s, PROJECTS, DAYS_90),
    "hours that are done": lambda s: hours_done(s, PROJECTS, DAYS_90),
    "build runs": lambda s: build_runs(s, PROJECTS, DAYS_90),
    "flaky tests": lambda s: flaky_tests(s, PROJECTS, DAYS_90),
    "flaky times": lambda s: flaky_times(s, PROJECTS, DAYS_90),
    "issue events": lambda s: issue_events(s, PROJECTS, DAYS_90),
    "moves of production": lambda s: alias_requests(s, PROJECTS, DAYS_90),
    "commits": lambda s: commits(s, PROJECTS, DAYS_90),
    "outages": lambda s: outages(s, PROJECTS, DAYS_90),
    "live releases": lambda s: live_releases(s, PROJECTS, DAYS_90),
    "session readings": lambda s: session_readings(s, PROJECTS, [NOON]),
    "issues": lambda s: issues(s, PROJECTS, DAYS_90),
    "deployments": lambda s: deployments(s, PROJECTS, DAYS_90),
    "pipelines": lambda s: pipelines(s, PROJECTS, DAYS_90),
    "releases": lambda s: releases(s, PROJECTS, DAYS_90),
    "open alerts": open_alerts,
    "alerts that fire": list_alerts,
    "alerts of a project": lambda s: list_alerts(s, "shop", with_resolved=True),
    "alerts of a time": lambda s: alerts_between(s, DAYS_90),
    "open groups": open_groups,
    "what was told of a group": lambda s: ledger_of(s, 1),
    "what a channel calls the groups": lambda s: references(s, "pagerduty"),
    "what waits to be told": lambda s: pending_messages(s, NOON),
    "what a channel calls a group": lambda s: reference_of(s, "slack", "shop|errors"),
    "messages that were lost": lambda s: lost_messages(s, NOON),
    "what a channel was to know by a message": lambda s: known_by(s, "slack", [1, 2]),
    "messages by channel": lambda s: sent_by_channel(s, DAYS_90),
    "open incidents": open_incidents,
    "an incident": lambda s: incident(s, 1),
    "incidents that were opened in a time": lambda s: incidents_of(s, DAYS_90),
    "incidents of a project": lambda s: incidents_of(s, DAYS_90, "shop"),
    "incidents of a time": lambda s: incidents_in(s, DAYS_90),
    "the incidents before": lambda s: last_incidents(s, NOON),
    "incidents without a draft": lambda s: undrafted_incidents(s, 5),
    "timeline of an incident": lambda s: timeline_of_incident(s, 1),
    "silences": lambda s: silences(s, NOON),
    "runs in trouble": open_events,
    "ways back under way": active_rollbacks,
    "last ways back": lambda s: last_rollbacks(s, PROJECTS),
    "custody": lambda s: custody(s, PROJECTS),
    "ended_custodies": lambda s: ended_custodies(s, PROJECTS, NOON),
    "rollbacks_to_see_to": rollbacks_to_see_to,
    "rollbacks_ended": lambda s: rollbacks_ended(s, PROJECTS, NOON - timedelta(days=1), NOON),
    "way back of a run": lambda s: rollback_of_run(s, "run"),
    "way back of an event": lambda s: rollback_of_event(s, "event"),
    "notices": lambda s: notices(s, PROJECTS, [NoticeKind.PROPOSAL], NOON),
    "notices that wait": lambda s: pending_notices(s, NOON),
    "events that wait": lambda s: untold_events(s, NOON),
    "timeline of a way back": lambda s: timeline(s, 1),
    "answers to a way back": lambda s: answers(s, 1),
    "audit": lambda s: audit_entries(s, "shop", NOON),
    "reports": lambda s: reports_since(s, NOON - timedelta(days=400)),
    "recommendations of the report before": lambda s: earlier_recommendations(s, ReportPeriod.DAILY, DAYS_90),
    "deliveries of a report": lambda s: deliveries(s, 1),
    "deliveries that wait": lambda s: due_deliveries(s, NOON),
    "the message before": lambda s: known_message(s, plan()),
    "sums of metrics": lambda s: metric_sums(s, PROJECTS, DAYS_90, Period.HOUR, ("failures", "availability")),
    "grave issues": lambda s: grave_issues(s, PROJECTS, NOON),
    "last changes of issues": lambda s: last_changes(s, PROJECTS, NOON, IssueChange.REGRESSED),
    "reports that are late": lambda s: late_deliveries(s, NOON, NOON),
}


@pytest.fixture
def asked(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Give the list of what is asked of the database, which grows as it is asked."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Connection, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001
        if statement.startswith("SELECT"):
            statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_reads_a_table_from_end_to_end(engine: Engine, asked: list[tuple[str, Any]], name: str) -> None:
    with reading(engine) as session:
        QUERIES[name](session)
    assert 1 <= len(asked) <= 3
    with engine.connect() as connection:
        read_whole = {table for statement in list(asked) for table in tables_read_whole(connection, *statement)}
    assert read_whole <= SMALL


@pytest.mark.parametrize("name", QUERIES)
def test_the_number_of_queries_does_not_grow_with_the_projects(
    engine: Engine, asked: list[tuple[str, Any]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = []
    for count in (1, 50):
        monkeypatch.setattr(f"{__name__}.PROJECTS", [f"p{number}" for number in range(count)])
        asked.clear()
        with reading(engine) as session:
            QUERIES[name](session)
        numbers.append(len(asked))
    assert numbers[0] == numbers[1]


def tables_read_whole(connection: Connection, statement: str, values: Any) -> list[str]:
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).scalars(3).all()
        scanned = [detail.split()[1] for detail in plan if detail.startswith("SCAN")]
        return [table for table in scanned if not table.startswith(("(", "anon_", "CONSTANT"))]
    # An empty table is always read whole, unless that is made to look expensive: then an index is used if one fits.
    connection.exec_driver_sql("SET enable_seqscan = off")
    (answer,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).one()
    plan = answer if isinstance(answer, list) else json.loads(answer)
    return list(whole_scans(plan[0]["Plan"]))


def whole_scans(node: dict[str, Any]) -> Iterator[str]:
    is_partial = node.get("Index Name") in OF_WHAT_IS_OPEN
    by_index = node["Node Type"].startswith("Index") and "Index Cond" not in node and not is_partial
    if node["Node Type"] == "Seq Scan" or by_index:
        yield node["Relation Name"]
    for inner in node.get("Plans", ()):
        yield from whole_scans(inner)
