import re

from reports.report_markdown import key_figures
from tests.reports.odd_reports import empty_report, hostile_report
from tests.reports.period_makers import period_report
from watchkeeper.domain.period_reports import ReportPeriod


def test_it_has_a_row_a_project_the_worst_first() -> None:
    rows = [line for line in key_figures(period_report(ReportPeriod.WEEKLY, 4)).splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| Project", "| ---", "| Shop", "| API", "| Calm", "| Portal"]
    assert len({row.count(" | ") for row in rows}) == 1


def test_changes_are_said_in_words() -> None:
    assert "1.9 % (↑ 5.7 times as high, worse)" in key_figures(period_report())


def test_what_is_not_known_is_a_dash_and_why() -> None:
    shown = key_figures(empty_report())
    assert "The watch was not running" in shown
    assert "| – | – | – | – | – |" in shown


def test_text_from_outside_is_no_markup() -> None:
    bare = re.sub(r"\\.", "", key_figures(hostile_report()))
    assert not set(bare) & set("<>[]`*_")


def test_many_projects_are_cut_with_a_count() -> None:
    shown = key_figures(period_report(projects=53))
    assert "… and 3 more projects" in shown


def test_what_the_triggers_would_have_done_is_told_of_whom_they_concern() -> None:
    shown = key_figures(period_report(ReportPeriod.WEEKLY))
    assert shown.count("\n- ") == 1
    assert "- Shop: Going back would have been proposed twice, once a false alarm" in shown
    assert "Going back" not in key_figures(period_report(ReportPeriod.DAILY))


def test_how_fast_incidents_were_answered_is_told_of_more_than_a_day() -> None:
    shown = key_figures(period_report(ReportPeriod.WEEKLY))
    assert "### Incidents\n\n3 incidents opened: MTTA 4 min" in shown
    assert "Incidents" not in key_figures(period_report(ReportPeriod.DAILY))


def test_no_project_is_no_table() -> None:
    assert "|" not in key_figures(period_report(projects=0))
