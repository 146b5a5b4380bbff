"""Alerts around a maintenance from the first to the second hour: told once, before or after it; their end always."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.domain.alert_timeline import HOUR, POLICY, Happening, Want, fires, moment, play, resolves
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.schedule import Maintenance

FIRST, ALL = Reason.FIRST, Reason.ALL_RESOLVED


def told(reason: Reason, since: float, until: float, firing: int | None = None, resolved: int | None = None) -> Want:
    return Want("slack", reason, since, until, firing, resolved)


MAINTAINED = replace(
    POLICY, maintenance={"shop": (Maintenance(start=moment(HOUR), end=moment(2 * HOUR), reason="new database"),)}
)
MAINTENANCE: dict[str, tuple[Sequence[tuple[float, Happening]], Sequence[Want]]] = {
    "what fires within is told once afterwards": (
        [(HOUR + 60, fires())],
        [told(FIRST, 2 * HOUR + 30, 2 * HOUR + 40)],
    ),
    "what begins and ends within is not told": ([(HOUR + 60, fires()), (HOUR + 600, resolves())], []),
    "what was told before is not told again": ([(0, fires())], [told(FIRST, 30, 40)]),
    "what was told before is told as resolved at once": (
        [(0, fires()), (HOUR + 600, resolves())],
        [told(FIRST, 30, 40), told(ALL, HOUR + 600, HOUR + 610)],
    ),
    "what was told, ended within and is back afterwards is told again": (
        [(0, fires()), (HOUR + 600, resolves()), (HOUR + 900, fires())],
        [told(FIRST, 30, 40), told(ALL, HOUR + 600, HOUR + 610), told(FIRST, 2 * HOUR + 30, 2 * HOUR + 40)],
    ),
    "another project is told of": ([(HOUR + 60, fires(project="api"))], [told(FIRST, HOUR + 90, HOUR + 100)]),
}


@pytest.mark.parametrize("name", MAINTENANCE)
def test_maintenance(name: str) -> None:
    happenings, wanted = MAINTENANCE[name]
    play(happenings, 3.9 * HOUR, MAINTAINED).wants(*wanted)
