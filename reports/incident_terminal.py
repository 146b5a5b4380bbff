"""Incidents in the terminal, and as JSON for scripts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reports.text import one_line
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incidents import Entry, Incident
from watchkeeper.domain.phrases import clock, span

_STYLES: Final = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def incident_table(incidents: Sequence[Incident], now: datetime) -> Table:
    """Return incidents as a table, in their order."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("No.", "Project", "Status", "Severity", "Since", "For", "Owner", "What"):
        table.add_column(title, justify="right" if title == "No." else "left", overflow="fold")
    for each in incidents:
        table.add_row(
            str(each.number),
            Text(one_line(each.project) or "the watch itself"),
            each.status.value,
            Text(each.severity.value, style=_STYLES[each.severity]),
            clock(each.started_at),
            span((each.resolved_at or now) - each.started_at),
            Text(one_line(each.owner) or "–"),
            Text(one_line(each.title)),
        )
    return table


def incident_view(incident: Incident, timeline: Sequence[Entry], now: datetime) -> RenderableType:
    """Return an incident with its timeline."""
    lines = Table(box=None, pad_edge=False, show_header=False)
    for entry in timeline:
        actor, told = one_line(entry.actor), one_line(entry.text)
        lines.add_row(f"{entry.at:%Y-%m-%d %H:%M:%S}", Text(actor, style="dim"), Text(told))
    return Group(incident_table([incident], now), "", lines)


def incident_as_json(incident: Incident, timeline: Sequence[Entry] = ()) -> dict[str, Any]:
    """Return plain data; moments as ISO 8601 in UTC."""
    moments = ("started_at", "opened_at", "acknowledged_at", "mitigated_at", "resolved_at")
    return {
        "number": incident.number,
        "project": incident.project,
        "status": incident.status.value,
        "severity": incident.severity.value,
        "title": incident.title,
        "cause": incident.cause,
        "release": incident.release,
        "owner": incident.owner,
        "rollback": incident.rollback or None,
        "alerts": sorted(incident.alerts),
        "firing": sorted(incident.firing),
        **{name: _iso(getattr(incident, name)) for name in moments},
        "timeline": [
            {"at": _iso(entry.at), "kind": entry.kind.value, "actor": entry.actor, "text": entry.text}
            for entry in timeline
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
