"""Make-believe probes: so many that aggregating them can be measured. Every project answers in its own time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy.orm import Session

from watchkeeper.store.columns import insert_rows, raw_moment
from watchkeeper.store.endpoints import ProbeRow
from watchkeeper.store.projects import save_projects
from watchkeeper.store.tables import table_of

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
ENDPOINTS: Final = ("checkout", "health", "home")
PER_HOUR: Final = 24  # what a probe every three minutes and a check every fifteen come to
SEED: Final = 7


def projects_of(number: int) -> list[str]:
    return [f"project-{n:03}" for n in range(number)]


def hours_for(probes: int, projects: int) -> int:
    """Return how many hours it takes to make so many probes."""
    return -(-probes // (projects * len(ENDPOINTS) * PER_HOUR))


def fill(session: Session, projects: int, hours: int) -> int:
    """Save the probes of so many projects and hours; return how many."""
    slugs = projects_of(projects)
    save_projects(session, {slug: slug for slug in slugs}, START)
    columns = [column.name for column in table_of(ProbeRow).columns]
    insert_rows(session, ProbeRow, columns, _rows(session, slugs, hours))
    return projects * hours * len(ENDPOINTS) * PER_HOUR


def _rows(session: Session, slugs: list[str], hours: int) -> Iterator[tuple[Any, ...]]:
    chance = np.random.default_rng(SEED)
    moments = [START + n * HOUR / PER_HOUR for n in range(hours * PER_HOUR)]
    raw = [raw_moment(session, moment) for moment in moments]
    expires = raw_moment(session, START + timedelta(days=90))
    for number, slug in enumerate(slugs):
        times = chance.lognormal(4.5 + number / 100, 0.4, len(raw) * len(ENDPOINTS)).tolist()
        failed = (chance.random(len(times)) < 0.002).tolist()
        answers = iter(zip(times, failed, strict=True))
        for at in raw:
            for endpoint in ENDPOINTS:
                took, is_bad = next(answers)
                how = ("status", "answered 503", 503) if is_bad else (None, "", 200)
                yield (slug, at, endpoint, *how, 1.1, 2.2, 3.3, took * 0.8, took, expires, "")
