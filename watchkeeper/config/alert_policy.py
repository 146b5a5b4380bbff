"""Projects and `alerts` -> who is told what, by which rules, through which channels."""

from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.config.alert_rules import limit_rules, rules_by_name, written_rules
from watchkeeper.config.alerts import Alerts
from watchkeeper.config.models import Project, Slack
from watchkeeper.domain.alert_channels import ChannelConfig, slack_name
from watchkeeper.domain.alert_defaults import DEFAULT_INHIBITIONS, default_rules
from watchkeeper.domain.alert_policy import AlertPolicy, ChannelKind
from watchkeeper.domain.alert_rules import Rule

CONSOLE: Final = ChannelConfig("console", ChannelKind.CONSOLE)
FILE: Final = ChannelConfig("file", ChannelKind.FILE)
LAST_RESORT: Final = (CONSOLE.name, FILE.name)  # where nobody has named a channel, so that nothing is silent


def channels(projects: Iterable[Project], alerts: Alerts, slack: Slack) -> dict[str, ChannelConfig]:
    """Return all channels by name: console and file, those of `slack`, and those of `alerts`."""
    found = {channel.name: channel for channel in (CONSOLE, FILE)}
    for place in (_slack_of_watch(slack), *(_slack_of(project, slack) for project in projects)):
        if place is not None:
            found.setdefault(place.name, place)
    return found | {channel.name: channel.value for channel in alerts.channels}


def policy_of(
    projects: Iterable[Project], names: Mapping[str, str], alerts: Alerts, slack: Slack, zone: ZoneInfo
) -> AlertPolicy:
    """Return the policy.

    Args:
        names: of all projects by slug, also of those that are broken: of them the channels of the watch are told.
        zone: of hours and turns that name none.
    """
    known = tuple(projects)
    watch = _default_channels((), alerts, _slack_of_watch(slack))
    own = {p.slug: _default_channels(p.channels, alerts, _slack_of(p, slack)) for p in known}
    return AlertPolicy(
        names=names,
        default_channels={"": watch} | dict.fromkeys(names, watch) | own,
        routes=tuple(route.value(zone) for route in alerts.routes),
        inhibitions=(*(inhibition.value for inhibition in alerts.inhibit), *DEFAULT_INHIBITIONS),
        escalations={escalation.name: escalation.value for escalation in alerts.escalations},
        people={person.name: person.value for person in alerts.people},
        on_call=alerts.on_call.value(zone) if alerts.on_call else None,
        parents={project.slug: project.depends_on for project in known if project.depends_on},
        endpoint_parents={
            (project.slug, endpoint.name): endpoint.depends_on
            for project in known
            for endpoint in project.endpoints
            if endpoint.depends_on
        },
        maintenance={
            project.slug: tuple(entry.value(project.timezone) for entry in project.maintenance)
            for project in known
            if project.maintenance
        },
        timing=alerts.timing.value,
        flapping=alerts.flapping.value,
        most_groups=alerts.most_groups,
    )


def rules_of(projects: Iterable[Project], alerts: Alerts) -> tuple[Rule, ...]:
    """Return the rules for all, then those of single projects that take their place or stand beside them."""
    house = rules_by_name(default_rules())
    shared = house | rules_by_name(written_rules(house, alerts.rules))
    return (*shared.values(), *(rule for project in projects for rule in _own_rules(project, shared).values()))


def _own_rules(project: Project, shared: Mapping[str, Rule]) -> dict[str, Rule]:
    """Return the rules that its limits and its words ask for."""
    limits = limit_rules(project.slug, project.health_limits, shared)
    return limits | rules_by_name(written_rules({**shared, **limits}, project.rules, project.slug))


def _default_channels(named: tuple[str, ...], alerts: Alerts, slack: ChannelConfig | None) -> tuple[str, ...]:
    return named or alerts.default_channels or ((slack.name,) if slack else LAST_RESORT)


def _slack_of_watch(slack: Slack) -> ChannelConfig | None:
    return _slack(slack.channel or "", slack.credentials or "default", slack)


def _slack_of(project: Project, slack: Slack) -> ChannelConfig | None:
    return _slack(project.slack_channel, project.slack_credentials, slack)


def _slack(channel: str, credentials: str, shared: Slack) -> ChannelConfig | None:
    if not channel:
        return None
    name = slack_name((channel, credentials), (shared.channel or "", shared.credentials or "default"))
    return ChannelConfig(name, ChannelKind.SLACK, credentials, channel=channel)
