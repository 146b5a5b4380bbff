"""The shape of projects.yaml. Every key that can be written is a field here; its description becomes the documents."""

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from watchkeeper.config import alert_values as a
from watchkeeper.config import values as v
from watchkeeper.config.alert_rules import AlertRules
from watchkeeper.config.alerts import Alerts
from watchkeeper.config.limits import Limits, Section, Weights
from watchkeeper.config.reports import Costs, Objectives, ReportDeliveries, Reports
from watchkeeper.config.rollback import Rollbacks
from watchkeeper.domain import schedule
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.endpoints import Endpoint
from watchkeeper.domain.hours import CREDITS, GITHUB, WATCH
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.rollback_policy import RollbackPolicy
from watchkeeper.domain.slo import SloTarget
from watchkeeper.domain.verdicts import Component


class Slack(Section):
    """Where messages go. Without a channel nothing is posted."""

    channel: v.Channel | None = Field(None, examples=["#releases"])
    """The channel, in quotes, or its id."""
    credentials: v.BlockName | None = None
    """Name of the Slack block; without it the one of the project, else `default`."""


class SentryProject(Section):
    """Where the errors of the project are: the component `errors`."""

    organization: v.SentrySlug = Field(examples=["acme"])
    """Slug of the organization."""
    projects: tuple[v.SentrySlug, ...] = Field(min_length=1, max_length=20, examples=[["shop-web"]])
    """Slugs of its Sentry projects; their failures and totals are added up."""
    environment: v.Environment = "production"
    """The environment that is looked at."""


class VercelProject(Section):
    """Where the project is served: the component `delivery`."""

    project: v.VercelName = Field(examples=["prj_shop"])
    """Id (`prj_...`) or name of the Vercel project."""
    team: v.VercelTeam = Field("", examples=["team_sandboxacme"])
    """Id (`team_...`) or slug of the team; empty for the personal account."""


class CircleCIProject(Section):
    """Where the project is built: the component `builds`."""

    project: v.CircleProject = Field(examples=["gh/acme/shop"])
    """Slug of the project."""
    branch: v.Branch = "main"
    """The default branch: only its pipelines count."""

    @property
    def organization(self) -> str:
        return self.project.rpartition("/")[0]


class GitHubRepository(Section):
    """Where the source is, for links and later for what changed between two releases."""

    repository: v.Repository = Field(examples=["acme/shop"])
    """Owner and name."""


class ProbedEndpoint(Section):
    """An address that is asked, and what its answer must be."""

    name: v.Name = Field(examples=["health"])
    """Shown to people; unique within the project."""
    url: v.Url = Field(examples=["https://shop.example.com/health"])
    """The address; `${NAME}` may stand in it, a password or token may not."""
    method: Literal["GET", "HEAD", "OPTIONS", "POST"] = "GET"
    """How it is asked. POST is sent without a body."""
    expected_status: v.Statuses = Field((200,), examples=[200, [200, 204]])
    """The status, or the list of statuses, that count as right."""
    body_contains: v.Line = ""
    """Text that the body must hold; empty for no condition."""
    json_condition: v.Condition = Field("", examples=['status == "ok"'])
    """`path == value`, `path != value` or just `path` (must be true); dots between keys, numbers for list places."""
    timeout_ms: v.Milliseconds = 10_000
    """Milliseconds until the probe is given up."""
    latency_warning_ms: v.Milliseconds | None = None
    """Milliseconds for the whole answer; else the limit of the project."""
    latency_critical_ms: v.Milliseconds | None = None
    """Milliseconds for the whole answer; else the limit of the project."""
    follow_redirects: bool = False
    """Whether a redirect is followed; else it is an answer like any other."""
    depends_on: v.Name | None = Field(None, examples=["gateway"])
    """The endpoint without which it cannot work: while that one is down, nobody is told of this one."""

    @property
    def value(self) -> Endpoint:
        return Endpoint(
            name=self.name,
            url=self.url,
            method=self.method,
            expected_status=self.expected_status,
            body_contains=self.body_contains,
            json_condition=self.json_condition,
            timeout_ms=self.timeout_ms,
            follow_redirects=self.follow_redirects,
            latency_warning_ms=self.latency_warning_ms,
            latency_critical_ms=self.latency_critical_ms,
        )


class Maintenance(Section):
    """A time in which nothing is told: `cron` with `minutes` (again and again) or `start` with `end` (once)."""

    cron: v.Cron | None = Field(None, examples=["0 2 * * 0"])
    """When it begins, in the time zone of the file."""
    minutes: v.Minutes | None = Field(None, examples=[60])
    """Minutes that it lasts."""
    start: v.Moment | None = Field(None, examples=["2026-12-24T22:00:00Z"])
    """When it begins, with time zone."""
    end: v.Moment | None = Field(None, examples=["2026-12-25T02:00:00Z"])
    """When it is over, with time zone."""
    reason: v.Line = ""
    """Shown to people."""

    def value(self, time_zone: str) -> schedule.Maintenance:
        """Return it with `cron` meant in this time zone."""
        return schedule.Maintenance(
            cron=self.cron or "",
            duration=timedelta(minutes=self.minutes or 0),
            start=self.start,
            end=self.end,
            time_zone=time_zone,
            reason=self.reason,
        )


class Shared(Section):
    """What a project may say and `defaults` may say for all."""

    credentials: v.BlockName = "default"
    """Name of the credential blocks of all vendors: `default` is the real account, `sandbox` the make-believe one."""
    limits: Limits = Limits()
    weights: Weights = Weights()
    timezone: v.TimeZone = Field("UTC", examples=["Europe/Berlin"])
    """Time zone in which its days begin, and of `cron` in maintenance; else the one of the file."""
    cost: Costs = Costs()
    slo: Objectives = Objectives()
    rollback: Rollbacks = Rollbacks()
    slack: Slack = Slack()
    channels: tuple[a.ChannelName, ...] = Field((), max_length=20, examples=[["slack", "pager"]])
    """Channels that are always told of its alerts; else those of `alerts.default_channels`, else its Slack channel."""
    rules: AlertRules = Field(default_factory=dict)
    """Rules by their name: what differs from those of the house, and rules of one's own."""
    maintenance: tuple[Maintenance, ...] = Field((), max_length=100)
    """Times in which nothing is told; those of `defaults` and of the project both hold."""


class Defaults(Shared):
    """What holds for every project that does not say otherwise, key by key."""


class Project(Shared):
    """One product: what it consists of and how it is judged. At least one of sentry, vercel, circleci, endpoints."""

    slug: v.Slug = Field(examples=["shop"])
    """Its name in addresses, reports and the database. Do not change it later: its history hangs on it."""
    name: v.Name = Field(examples=["Shop"])
    """Its name for people."""
    sentry: SentryProject | None = None
    vercel: VercelProject | None = None
    circleci: CircleCIProject | None = None
    github: GitHubRepository | None = None
    endpoints: tuple[ProbedEndpoint, ...] = Field((), max_length=50)
    """Addresses to probe: the component `endpoints`."""
    reports: ReportDeliveries = ReportDeliveries()
    depends_on: v.Slug | None = Field(None, examples=["api"])
    """Slug of the project without which it cannot work: while that one is down, nobody is told of what follows."""

    @property
    def components(self) -> frozenset[Component]:
        """Return the components that are configured."""
        parts = {
            Component.ERRORS: self.sentry,
            Component.DELIVERY: self.vercel,
            Component.BUILDS: self.circleci,
            Component.ENDPOINTS: self.endpoints,
        }
        return frozenset(component for component, part in parts.items() if part)

    @property
    def slack_channel(self) -> str:
        """Return where messages of this project go; "" when nowhere."""
        return self.slack.channel or ""

    @property
    def slack_credentials(self) -> str:
        """Return the name of the Slack block."""
        return self.slack.credentials or self.credentials

    @property
    def sources(self) -> frozenset[str]:
        """Return the sources of metrics that are configured."""
        named = ("sentry", "vercel", "circleci", GITHUB, "endpoints")
        used = {source for source in named if getattr(self, source)}
        return frozenset(used | {WATCH} | ({CREDITS} if self.circleci else set()))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def prices(self) -> Prices:
        return self.cost.value

    @property
    def slo_targets(self) -> tuple[SloTarget, ...]:
        return self.slo.values

    @property
    def rollback_policy(self) -> RollbackPolicy:
        return self.rollback.value

    @property
    def endpoint_values(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint.value for endpoint in self.endpoints)

    @property
    def health_limits(self) -> HealthLimits:
        return self.limits.value(self.weights)


class Common(Section):
    """Everything of the file but the projects."""

    timezone: v.TimeZone = Field("UTC", examples=["Europe/Berlin"])
    """Time zone of people: of reports, and of projects that name none. All judgements are made in UTC."""
    slack: Slack = Slack()
    """Messages of the watch itself, and of every project that names no channel."""
    reports: Reports = Reports()
    connectivity: tuple[v.Url, ...] = Field((), max_length=20, examples=[["https://www.gstatic.com/generate_204"]])
    """Addresses that tell whether our own connection works: when none answers, all probes are unknown."""
    alerts: Alerts = Alerts()
    defaults: Defaults = Defaults()


class ProjectsFile(Common):
    """What Watchkeeper watches: the projects, their limits, and where messages go."""

    projects: tuple[Project, ...] = Field(min_length=1, max_length=5_000)
    """The projects, in the order in which people see them."""
