"""Rolls hours up to local days, and days to weeks and months, wherever hours have changed."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, tzinfo

from sqlalchemy.orm import Session

from watchkeeper.domain.rollups import PARTS, touched
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.metric_columns import replace_span, rolled_up


def roll_up_again(session: Session, zones: Mapping[str, tzinfo], hours: Mapping[str, Collection[datetime]]) -> None:
    """Make all days, weeks and months again that hold one of the hours.

    Args:
        zones: the time zone of each project; `hours`: which of its hours have changed.
    """
    together: defaultdict[tzinfo, list[str]] = defaultdict(list)
    for project in sorted(hours):
        if hours[project]:
            together[zones[project]].append(project)
    for zone, projects in together.items():
        changed = {hour for project in projects for hour in hours[project]}
        for period, parts in PARTS.items():
            for whole in touched(period, changed, zone):
                _roll_up(session, projects, whole, period, parts)


def _roll_up(session: Session, projects: Sequence[str], whole: Window, period: Period, parts: Period) -> None:
    replace_span(session, period, projects, whole, rolled_up(session, projects, whole, parts))
