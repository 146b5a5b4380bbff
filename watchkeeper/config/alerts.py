"""What projects.yaml says of alerts: by which rules, to whom, when, and how often."""

from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from watchkeeper.config import alert_values as a
from watchkeeper.config import values as v
from watchkeeper.config.alert_rules import AlertRules
from watchkeeper.config.limits import Section
from watchkeeper.domain import alert_policy as policy
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_matchers import parse_matchers
from watchkeeper.domain.alert_policy import ChannelKind


class AlertChannel(Section):
    """A place where people are told. What its kind does not use is not written."""

    name: a.OwnName = Field(examples=["pager"])
    """What routes call it. `slack`, `console` and `file` are there already."""
    kind: a.Kind
    """What it is."""
    credentials: v.BlockName = "default"
    """Name of the block of that kind, which holds its secret."""
    channel: v.Channel | None = Field(None, examples=["#ops"])
    """Slack: the channel, in quotes, or its id."""
    project: a.JiraKey | None = Field(None, examples=["OPS"])
    """Jira: key of the project."""
    issue_type: v.Name = "Task"
    """Jira: type of the issues that are opened."""
    resolve_transition: v.Name = "Done"
    """Jira: the transition, or the status it leads to, when all is resolved."""
    reopen_transition: v.Name = "To Do"
    """Jira: the same when it comes back."""
    repository: v.Repository | None = Field(None, examples=["acme/shop"])
    """GitHub: owner and name; without it the repository of the project that is told of."""
    does: tuple[Literal["issue", "status", "comment"], ...] = Field(("issue", "status", "comment"), min_length=1)
    """GitHub: opens an issue, marks the commit of the release, comments on its pull request."""
    url: v.Url | None = Field(None, examples=["https://hooks.example.com/watchkeeper"])
    """Webhook: the address, when it is no secret; else it stands in the block."""
    path: a.Path | None = Field(None, examples=["/var/log/watchkeeper/alerts.jsonl"])
    """File: where lines are appended; without it `alerts.jsonl` in the home folder."""

    @property
    def value(self) -> ChannelConfig:
        return ChannelConfig(
            name=self.name,
            kind=ChannelKind(self.kind),
            credentials=self.credentials,
            channel=self.channel or "",
            project=self.project or "",
            issue_type=self.issue_type,
            resolve_transition=self.resolve_transition,
            reopen_transition=self.reopen_transition,
            repository=self.repository or "",
            url=self.url or "",
            path=str(Path(self.path).expanduser().absolute()) if self.path else "",
            does=frozenset(self.does),
        )


class AlertHours(Section):
    """A time of the week; an end that is not after the start lies on the next day."""

    days: tuple[a.Weekday, ...] = Field((), max_length=7, examples=[["saturday", "sunday"]])
    """Days on which it begins; every day without them."""
    start: a.TimeOfDay = Field(examples=["09:00"])
    """When it begins."""
    end: a.TimeOfDay = Field(examples=["17:30"])
    """When it is over."""
    timezone: v.TimeZone | None = None
    """Its time zone; without it the one of the file."""

    def value(self, zone: ZoneInfo) -> policy.Hours:
        """Return it, in `zone` where it names none."""
        days = self.days or a.WEEKDAYS
        return policy.Hours(
            weekdays=frozenset(a.WEEKDAYS.index(day) for day in days),
            start=a.minutes_of(self.start),
            end=a.minutes_of(self.end),
            zone=ZoneInfo(self.timezone) if self.timezone else zone,
        )


class AlertRoute(Section):
    """Who is told besides the default channels. The first route that matches wins."""

    match: a.Matchers = Field((), examples=["severity=critical"])
    """All must hold; every alert without them."""
    channels: tuple[a.ChannelName, ...] = Field((), max_length=20, examples=[["pager"]])
    """Names of channels."""
    hours: AlertHours | None = None
    """When the route holds; always without it."""
    escalation: a.OwnName | None = Field(None, examples=["night"])
    """What happens when nobody acknowledges."""

    def value(self, zone: ZoneInfo) -> policy.Route:
        return policy.Route(
            matchers=parse_matchers(self.match),
            channels=self.channels,
            hours=self.hours.value(zone) if self.hours else None,
            escalation=self.escalation or "",
        )


class AlertEscalationStep(Section):
    """Who is told next."""

    after_minutes: v.Minutes
    """Minutes since the step before, for the first one since people were told."""
    channels: tuple[a.ChannelName, ...] = Field((), max_length=20)
    """Names of channels."""
    people: tuple[v.Person, ...] = Field((), max_length=20, examples=[["on_call", "Ada Okafor"]])
    """Names of people; `on_call` is whoever is on call then."""

    @property
    def value(self) -> policy.EscalationStep:
        return policy.EscalationStep(timedelta(minutes=self.after_minutes), self.channels, self.people)


class AlertEscalation(Section):
    """Steps that are taken one after the other until somebody acknowledges."""

    name: a.OwnName = Field(examples=["night"])
    """What routes call it."""
    steps: tuple[AlertEscalationStep, ...] = Field(min_length=1, max_length=20)
    """The steps, in their order."""
    repeat: a.Repeats = 0
    """How often all steps are taken again."""

    @property
    def value(self) -> policy.Escalation:
        return policy.Escalation(self.name, tuple(step.value for step in self.steps), self.repeat)


class AlertPerson(Section):
    """Somebody who can be told."""

    name: v.Person = Field(examples=["Ada Okafor"])
    """What escalations, acknowledgements and reports call the person."""
    channels: tuple[a.ChannelName, ...] = Field((), max_length=20, examples=[["ada-sms"]])
    """Channels that reach this person alone."""
    handles: dict[a.Kind, v.Name] = Field(default_factory=dict, examples=[{"slack": "U0123ABCD"}])
    """How each kind of channel addresses the person: the member id of Slack, the login of GitHub."""

    @property
    def value(self) -> policy.Person:
        return policy.Person(self.name, self.channels, {str(kind): handle for kind, handle in self.handles.items()})


class AlertOnCall(Section):
    """People who take turns."""

    people: tuple[v.Person, ...] = Field(min_length=1, max_length=100)
    """Names, in the order of their turns."""
    since: v.Moment = Field(examples=["2026-01-05T09:00:00Z"])
    """When the first one began, with time zone."""
    turn_hours: v.TurnHours = 168
    """Hours of a turn by the clock: across a change of the clocks the next turn begins at the same time of the day."""
    timezone: v.TimeZone | None = None
    """Time zone of that clock; without it the one of the file."""

    def value(self, zone: ZoneInfo) -> policy.OnCall:
        """Return it, by the clock of `zone` where it names none."""
        turn = timedelta(hours=self.turn_hours)
        return policy.OnCall(self.people, turn, self.since, ZoneInfo(self.timezone) if self.timezone else zone)


class AlertInhibition(Section):
    """While one alert fires, others are not told."""

    source: a.Matchers = Field(min_length=1, examples=[["rule=endpoint-down", "endpoint=gateway"]])
    """The alert that fires."""
    target: a.Matchers = Field(min_length=1, examples=[["rule=endpoint-down", "endpoint!=gateway"]])
    """Those that are not told."""
    equal: tuple[a.LabelName, ...] = Field(("project",), max_length=10)
    """Fields and labels in which both must be the same; `[]` for none."""
    reason: v.Line = ""
    """Shown where somebody asks why nobody was told."""

    @property
    def value(self) -> policy.Inhibition:
        return policy.Inhibition(parse_matchers(self.source), parse_matchers(self.target), self.equal, self.reason)


class AlertTiming(Section):
    """How long a message waits for more to tell, and how often people are told."""

    group_wait_seconds: a.Wait = 30
    """Seconds that the first message of a group waits for more alerts of the same cause."""
    group_interval_minutes: a.GroupInterval = 5
    """Minutes between two messages on changes of a group."""
    repeat_interval_minutes: a.RepeatInterval = 240
    """Minutes after which people are reminded of what nobody has acknowledged."""

    @property
    def value(self) -> policy.Timing:
        return policy.Timing(
            group_wait=timedelta(seconds=self.group_wait_seconds),
            group_interval=timedelta(minutes=self.group_interval_minutes),
            repeat_interval=timedelta(minutes=self.repeat_interval_minutes),
        )


class AlertFlapping(Section):
    """When an alert changes too often to be told each time."""

    changes: v.Times = 6
    """So many times firing or resolved"""
    within_minutes: v.Minutes = 60
    """within so many minutes make it flapping."""
    stable_after_minutes: v.Minutes = 30
    """Minutes without a change after which it is stable again."""

    @property
    def value(self) -> policy.FlapLimits:
        return policy.FlapLimits(
            changes=self.changes,
            within=timedelta(minutes=self.within_minutes),
            stable_after=timedelta(minutes=self.stable_after_minutes),
        )


class Alerts(Section):
    """Who is told what, when and how often."""

    default_channels: tuple[a.ChannelName, ...] = Field((), max_length=20, examples=[["slack", "pager"]])
    """Channels that are always told: of the watch itself, and of every project that names none. Without them those of
    `slack`."""
    channels: tuple[AlertChannel, ...] = Field((), max_length=200)
    """Places where people are told."""
    routes: tuple[AlertRoute, ...] = Field((), max_length=500)
    """Who is told besides; the first that matches wins."""
    escalations: tuple[AlertEscalation, ...] = Field((), max_length=200)
    """What happens when nobody acknowledges."""
    people: tuple[AlertPerson, ...] = Field((), max_length=1_000)
    """Who can be told."""
    on_call: AlertOnCall | None = None
    inhibit: tuple[AlertInhibition, ...] = Field((), max_length=200)
    """Which alerts keep others quiet, besides those of the house."""
    timing: AlertTiming = AlertTiming()
    flapping: AlertFlapping = AlertFlapping()
    most_groups: v.Times = 5
    """New groups that one channel is told one by one in a minute; more than that are one message."""
    rules: AlertRules = Field(default_factory=dict)
    """Rules by their name, for all projects and for the watch itself."""
