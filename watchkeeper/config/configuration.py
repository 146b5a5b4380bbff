"""What is watched, as the file says it: the projects with all defaults filled in, and who is told of them."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from watchkeeper.config import alert_policy
from watchkeeper.config.alerts import Alerts
from watchkeeper.config.destinations import Destination, destinations
from watchkeeper.config.models import Project, Slack
from watchkeeper.config.problems import BrokenProject, nearest
from watchkeeper.config.reports import Reports
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_policy import AlertPolicy
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.schedule import Maintenance, current_maintenance


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is watched. `projects` are in the order of the file, with the defaults filled in.

    Attributes:
        timezone: for people, and for projects that name none.
        slack: where messages of the watch itself go.
        alerts: what is said of alerts for all; who is told in the end is asked of `alert_policy`.
        reports: where reports are kept and published; where they are delivered is asked of `report_destinations`.
        connectivity: addresses that tell whether our own connection works.
        broken: projects left out because of their own mistakes; empty unless they were asked to be isolated.
        chosen: the slugs that `only` was given, sorted; empty when all projects are here.
    """

    projects: tuple[Project, ...]
    timezone: str = "UTC"
    slack: Slack = field(default_factory=Slack)
    connectivity: tuple[str, ...] = ()
    reports: Reports = field(default_factory=Reports)
    alerts: Alerts = field(default_factory=Alerts)
    broken: tuple[BrokenProject, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def slack_credentials(self) -> str:
        """Return the name of the Slack block for messages of the watch itself."""
        return self.slack.credentials or "default"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def zone_of(self, project: Project) -> ZoneInfo:
        """Return the time zone in which the days of the project begin."""
        return project.zone

    def report_destinations(self, period: ReportPeriod) -> tuple[Destination, ...]:
        """Return where the report of this period is delivered, each place with the projects that are told there."""
        return destinations(self.projects, self.reports, self.slack, period)

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(project.slug for project in self.projects)

    @property
    def names(self) -> dict[str, str]:
        """Return the name for people of each project, the slug for a broken one."""
        broken = {project.slug: project.slug for project in self.broken}
        return {project.slug: project.name for project in self.projects} | broken

    def only(self, slugs: Collection[str] | None) -> Self:
        """Return the configuration with these projects alone; with all of them when `slugs` is None or empty.

        Raises:
            LookupError: there is no project of that name; the text says which is near.
        """
        if not slugs:
            return self
        broken = tuple(project for project in self.broken if project.slug in slugs)
        wanted = {self.project(slug).slug for slug in slugs if slug not in {project.slug for project in broken}}
        projects = tuple(project for project in self.projects if project.slug in wanted)
        return replace(self, projects=projects, broken=broken, chosen=tuple(sorted(set(slugs))))

    def maintenance_of(self, project: Project, now: datetime) -> Maintenance | None:
        """Return the maintenance that holds for the project now; None when there is none."""
        return current_maintenance(self.maintenances(project), now)

    def maintenances(self, project: Project) -> tuple[Maintenance, ...]:
        """Return all that are configured for the project."""
        return tuple(entry.value(project.timezone) for entry in project.maintenance)

    def project(self, slug: str) -> Project:
        """Return the project.

        Raises:
            LookupError: there is none of that name; the text says which is near.
        """
        found = {project.slug: project for project in self.projects}
        if slug not in found:
            raise LookupError(f'there is no project "{slug}" in the configuration{nearest(slug, found)}')
        return found[slug]

    @property
    def channels(self) -> dict[str, ChannelConfig]:
        """Return every place where people can be told, by its name; also those that nobody has had to write."""
        return alert_policy.channels(self.projects, self.alerts, self.slack)

    @property
    def alert_policy(self) -> AlertPolicy:
        """Return who is told what, when and how often."""
        return alert_policy.policy_of(self.projects, self.names, self.alerts, self.slack, self.zone)

    @property
    def alert_rules(self) -> tuple[Rule, ...]:
        """Return the rules of all projects, and those that single projects have instead of them or besides."""
        return alert_policy.rules_of(self.projects, self.alerts)

    def alert_rules_of(self, slug: str) -> tuple[Rule, ...]:
        """Return the rules that hold for one project; for the watch itself with ""."""
        rules = {rule.name: rule for rule in self.alert_rules if not rule.project}
        own = {rule.name: rule for rule in self.alert_rules if rule.project == slug}
        return tuple((rules | own).values())
