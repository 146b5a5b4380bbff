"""Alerts, silences, rules and channels in the terminal, and as JSON for scripts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from reports.text import one_line
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_matchers import show_matcher, show_matchers
from watchkeeper.domain.alert_policy import ChannelKind, Silence
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_signals import SIGNALS
from watchkeeper.domain.alert_summaries import in_unit
from watchkeeper.domain.alert_trying import Trial
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.circuits import Circuit
from watchkeeper.domain.outbox import Lost
from watchkeeper.domain.phrases import amount, clock, span

STYLES: Final = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
THE_WATCH: Final = "the watch itself"
MOST_EPISODES: Final = 10


def alert_table(
    alerts: Iterable[Alert], groups: Mapping[int, Group], names: Mapping[str, str], now: datetime
) -> RenderableType:
    """Return alerts as a table, in their order.

    Args:
        groups: by the number of the alert.
        names: of projects by slug.
    """
    table = _table("Alert", "Group", "Severity", "Status", "Project", "For", "What", "Who", right=("Alert", "Group"))
    for alert in alerts:
        group = groups.get(alert.id)
        table.add_row(
            str(alert.id),
            _group(group),
            Text(alert.severity.value, style=STYLES[alert.severity]),
            _status(alert),
            Text(one_line(names.get(alert.project, alert.project)) or THE_WATCH),
            span((alert.resolved_at or now) - alert.started_at),
            Text(one_line(alert.summary)),
            Text(_who(group)),
        )
    return table


def lost_view(lost: Iterable[Lost]) -> RenderableType:
    """Return a line for each message that did not reach its channel."""
    return Lines(*(Text(f"NOT DELIVERED: {one_line(each.sentence)}", style="bold red") for each in lost))


def alert_as_json(
    alert: Alert, group: Group | None = None, why: Sequence[str] = (), lost: Iterable[Lost] = ()
) -> dict[str, Any]:
    """Return plain data; moments as ISO 8601 in UTC. `lost`: of any alert; those of this one are named."""
    missed = [each for each in lost if alert.fingerprint in each.fingerprints]
    return {
        "alert": alert.id,
        "group": group.id if group else None,
        "storm": group.storm if group else 0,
        "project": alert.project,
        "rule": alert.rule,
        "labels": dict(alert.labels),
        "severity": alert.severity.value,
        "status": alert.status.value,
        "is_flapping": alert.is_flapping,
        "summary": alert.summary,
        "details": list(alert.details),
        "cause": alert.cause,
        "release": alert.release,
        "url": alert.url,
        "runbook": alert.runbook,
        "started_at": alert.started_at.isoformat(),
        "fired_at": alert.fired_at.isoformat() if alert.fired_at else None,
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "resolved_by": alert.resolved_by,
        "acknowledged_by": group.acknowledged_by if group else "",
        "assigned_to": group.assigned_to if group else "",
        "not_delivered": [{"channel": each.channel, "at": each.at.isoformat(), "error": each.error} for each in missed],
        **({"why": list(why)} if why else {}),
    }


def storm_view(
    storm: int, alerts: Sequence[Alert], groups: Mapping[int, Group], names: Mapping[str, str], now: datetime
) -> RenderableType:
    """Return a storm with all that fires of it, who is on it, and what can be done about it as one."""
    several = {groups[alert.id].id: groups[alert.id] for alert in alerts if alert.id in groups}
    free = sum(group.acknowledged_at is None for group in several.values())
    standing = f"{amount(len(alerts), 'alert')} in {amount(len(several), 'group')}; nobody is on {free} of them"
    return Lines(
        Text(f"Storm {storm}: {standing}", style="bold"),
        alert_table(alerts, groups, names, now),
        "",
        Text(f"Acknowledge all of it: watchkeeper alerts ack --storm {storm}"),
        Text(f"Keep it quiet: watchkeeper alerts silence --storm {storm} --for 1h --comment WHY"),
    )


def why_view(alert: Alert, why: Iterable[str], names: Mapping[str, str]) -> RenderableType:
    """Return an alert with its details, and sentence by sentence why somebody was told of it or was not."""
    project = names.get(alert.project, alert.project) or THE_WATCH
    return Lines(
        Text(one_line(f"{project}: {alert.summary}"), style=f"bold {STYLES[alert.severity]}"),
        Text(one_line(f"alert {alert.id}, {alert.fingerprint}, {alert.severity}, cause {alert.cause}"), style="dim"),
        *(Text(f"  {one_line(detail)}") for detail in alert.details),
        *([Text(f"  What to do: {one_line(alert.runbook)}")] if alert.runbook else []),
        "",
        *(Text(f"- {one_line(sentence)}") for sentence in why),
    )


def silence_table(silences: Iterable[Silence], now: datetime) -> RenderableType:
    """Return silences as a table, in their order."""
    table = _table("Silence", "Until", "Left", "Of what", "By", "Why", right=("Silence",))
    for each in silences:
        left = span(each.until - now) if each.holds(now) else f"begins {clock(each.starts_at)}"
        words = (_of_what(each), each.author, each.comment)
        table.add_row(str(each.id), clock(each.until), left, *(Text(one_line(word)) for word in words))
    return table


def silence_as_json(silence: Silence) -> dict[str, Any]:
    """Return plain data; moments as ISO 8601 in UTC."""
    return {
        "silence": silence.id,
        "matchers": [show_matcher(matcher) for matcher in silence.matchers],
        "storm": silence.storm,
        "starts_at": silence.starts_at.isoformat(),
        "until": silence.until.isoformat(),
        "author": silence.author,
        "comment": silence.comment,
    }


def rule_table(rules: Iterable[Rule]) -> RenderableType:
    """Return rules as a table, in their order."""
    table = _table("Rule", "Severity", "Fires at", "Calm", "Holds for", "Kept for", "Sample", "Only where")
    for rule in rules:
        table.add_row(
            Text(rule.name, style="" if rule.is_enabled else "strike dim"),
            Text(rule.severity.value, style=STYLES[rule.severity]) if rule.is_enabled else "off",
            Text(_enter(rule)),
            Text(_exit(rule)),
            span(rule.for_) if rule.for_ else "–",
            span(rule.keep) if rule.keep else "–",
            str(rule.min_sample or "–"),
            Text(one_line(show_matchers(rule.matchers)) if rule.matchers else "–"),
        )
    return table


def trial_view(trial: Trial, names: Mapping[str, str]) -> RenderableType:
    """Return what a rule would have done, with its last episodes."""
    if trial.note or trial.since is None:
        return Text(one_line(f"{trial.rule}: {trial.note or 'nothing is stored of that time'}."))
    looked = f"since {clock(trial.since)} ({amount(trial.moments, 'moment')} looked at)"
    if not trial.episodes:
        return Text(f"{trial.rule} would not have fired {looked}.")
    times = f"{trial.rule} would have fired {amount(len(trial.episodes), 'time')} {looked}"
    lengths = f"for {span(trial.firing)} in all, {span(trial.longest)} at the longest"
    told = f"each channel would have got {amount(trial.messages, 'message')} by it alone"
    table = _table("Project", "From", "For", "What")
    for episode in trial.episodes[-MOST_EPISODES:]:
        length = span(episode.length(trial.until)) if episode.until else f"{span(episode.length(trial.until))}, and on"
        project = names.get(episode.project, episode.project) or THE_WATCH
        table.add_row(Text(project), clock(episode.since), length, Text(one_line(episode.summary)))
    return Lines(Text(f"{times}, {lengths}; {told}."), "", table)


def trial_as_json(trial: Trial) -> dict[str, Any]:
    """Return plain data; moments as ISO 8601 in UTC, lengths in seconds."""
    return {
        "rule": trial.rule,
        "since": trial.since.isoformat() if trial.since else None,
        "until": trial.until.isoformat(),
        "moments": trial.moments,
        "times": len(trial.episodes),
        "firing_seconds": trial.firing.total_seconds(),
        "longest_seconds": trial.longest.total_seconds(),
        "messages": trial.messages,
        "note": trial.note,
        "episodes": [
            {
                "project": episode.project,
                "summary": episode.summary,
                "since": episode.since.isoformat(),
                "until": episode.until.isoformat() if episode.until else None,
            }
            for episode in trial.episodes
        ],
    }


def channel_table(
    channels: Iterable[ChannelConfig], told: Mapping[str, Sequence[str]], circuits: Mapping[str, Circuit]
) -> RenderableType:
    """Return channels as a table, in their order.

    Args:
        told: names of those whose default channel it is.
    """
    table = _table("Channel", "Kind", "Block", "Where", "Always told of", "State")
    for channel in channels:
        where = channel.channel or channel.project or channel.repository or channel.url or channel.path
        needs_block = channel.kind not in {ChannelKind.CONSOLE, ChannelKind.FILE}
        table.add_row(
            Text(one_line(channel.name)),
            channel.kind.value,
            channel.credentials if needs_block else "–",
            Text(one_line(where) or "–"),
            Text(one_line(", ".join(told.get(channel.name, ()))) or "–"),
            Text(_state(circuits.get(channel.name))),
        )
    return table


def _table(*titles: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in titles:
        table.add_column(title, justify="right" if title in right else "left", overflow="fold")
    return table


def _status(alert: Alert) -> str:
    if alert.is_flapping:
        return "flapping"
    return "calming" if alert.status is AlertStatus.FIRING and alert.calm_since else alert.status.value


def _group(group: Group | None) -> str:
    if group is None:
        return "–"
    return f"{group.id} (storm {group.storm})" if group.storm else str(group.id)


def _of_what(silence: Silence) -> str:
    if not silence.storm:
        return show_matchers(silence.matchers)
    matching = f", {show_matchers(silence.matchers)}" if silence.matchers else ""
    return f"storm {silence.storm}{matching}"


def _who(group: Group | None) -> str:
    if group is None:
        return "–"
    return one_line(group.assigned_to or group.acknowledged_by) or "nobody yet"


def _enter(rule: Rule) -> str:
    kind = SIGNALS[rule.signal]
    if kind.is_flag:
        return kind.title
    return f"{kind.title} {'≥' if rule.is_above else '<'} {in_unit(kind, rule.enter)}"


def _exit(rule: Rule) -> str:
    kind = SIGNALS[rule.signal]
    limit = rule.enter if rule.exit is None else rule.exit
    return "–" if kind.is_flag else f"{'<' if rule.is_above else '≥'} {in_unit(kind, limit)}"


def _state(circuit: Circuit | None) -> str:
    if circuit is None or not circuit.failures:
        return "well"
    waits = f"down, tried again at {clock(circuit.retry_at)}" if circuit.retry_at else "failing"
    return f"{waits}: {one_line(circuit.error)}"
