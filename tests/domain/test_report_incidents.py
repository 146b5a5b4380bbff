from dataclasses import replace
from datetime import timedelta

from tests.domain.test_incidents import MINUTE, NOON, incident
from watchkeeper.domain.incident_times import Mean
from watchkeeper.domain.report_incidents import MOST_LINES, tell_incidents
from watchkeeper.domain.windows import Window

HOURS = Window(NOON, NOON + timedelta(hours=6))
NAMES = {"shop": "Shop", "api": "API"}


def test_what_was_open_is_listed_and_what_was_opened_is_measured() -> None:
    older = replace(incident(-60, -50, 30), number=1)
    inside = replace(incident(70, 74, 95), number=2)
    lasting = replace(incident(200, project="api"), number=3)
    found = tell_incidents([older, inside, lasting], [older], HOURS, NAMES, {2: "incidents/2.html"})
    assert [(line.number, line.report) for line in found.lines] == [(3, ""), (2, "incidents/2.html"), (1, "")]
    assert [line.length for line in found.lines] == [165 * MINUTE, 30 * MINUTE, 95 * MINUTE]
    assert (found.opened, found.times.acknowledge) == (2, Mean(4 * MINUTE, 1, 2))
    assert found.times.between == Mean(35 * MINUTE, 1, 1), "the one before the window makes a pair"
    assert [(own.project, own.opened) for own in found.by_project] == [("API", 1), ("Shop", 1)]


def test_projects_that_are_not_told_of_are_left_out() -> None:
    found = tell_incidents([incident(1), incident(2, project="api")], [], HOURS, {"shop": "Shop"}, {})
    assert [line.project for line in found.lines] == ["Shop"]
    assert found.by_project == (), "of one project all is said already"


def test_what_is_too_much_is_counted() -> None:
    found = tell_incidents([incident(minute) for minute in range(MOST_LINES + 4)], [], HOURS, NAMES, {})
    assert (len(found.lines), found.more, found.opened) == (MOST_LINES, 4, MOST_LINES + 4)
