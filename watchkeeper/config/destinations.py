"""Where the report of a period goes: the nearest word on it wins."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from watchkeeper.config.models import Project, Slack
from watchkeeper.config.reports import OFF, ReportDelivery, Reports
from watchkeeper.domain.deliveries import ChannelKind
from watchkeeper.domain.period_reports import ReportPeriod


@dataclass(frozen=True, slots=True)
class Destination:
    """One place that a report is delivered to.

    Attributes:
        credentials: name of the block.
        channel: of Slack; "" for Apprise, whose block says where.
        projects: slugs of those whose part is told there, in the order of the file.
    """

    kind: ChannelKind
    credentials: str
    channel: str = ""
    projects: tuple[str, ...] = ()


def destinations(
    projects: Iterable[Project], reports: Reports, slack: Slack, period: ReportPeriod
) -> tuple[Destination, ...]:
    """Return where the report of this period is delivered, each place once, in the order of the projects.

    Args:
        slack: where messages of the watch itself go: the last resort of the channel.
    """
    told: dict[tuple[ChannelKind, str, str], list[str]] = {}
    for project in projects:
        for place in _places(project, reports, slack, period):
            told.setdefault(place, []).append(project.slug)
    return tuple(Destination(*place, tuple(slugs)) for place, slugs in told.items())


def _places(
    project: Project, reports: Reports, slack: Slack, period: ReportPeriod
) -> Iterator[tuple[ChannelKind, str, str]]:
    own, shared = project.reports.of(period), reports.of(period)
    levels = (*own, *shared)
    channel = _first(level.channel for level in levels) or slack.channel or OFF
    if channel != OFF:
        is_own = _first(level.channel for level in own) is not None
        last_resort = project.slack_credentials if is_own else slack.credentials or "default"
        yield ChannelKind.SLACK, _credentials(levels) or last_resort, channel
    apprise = _first(level.apprise for level in levels) or OFF
    if apprise != OFF:
        yield ChannelKind.APPRISE, apprise, ""


def _credentials(levels: Sequence[ReportDelivery]) -> str | None:
    return _first(level.credentials for level in levels)


def _first(words: Iterable[str | None]) -> str | None:
    return next((word for word in words if word is not None), None)
