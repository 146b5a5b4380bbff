from dataclasses import replace
from datetime import timedelta

import pytest

from reports.period_message import MOST_PROJECTS, file_stem, report_message, report_text, report_title
from reports.slack import MOST_BLOCKS, MOST_TEXT
from tests.reports.odd_reports import empty_report
from tests.reports.period_makers import period_report
from tests.reports.tales import HOSTILE, LONG
from watchkeeper.domain.period_reports import PeriodReport, ReportPeriod
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

NONE = empty_report().incidents
LINK = "https://reports.example/daily-2026-11-20.html"


def texts(report: PeriodReport, link: str = LINK, projects: tuple[str, ...] = ()) -> list[str]:
    message = report_message(report, link, projects)
    return [block["text"]["text"] if "text" in block else block["elements"][0]["text"] for block in message.blocks]


def renamed(report: PeriodReport, name: str) -> PeriodReport:
    return replace(report, projects=tuple(replace(project, name=name) for project in report.projects))


def test_the_message_says_what_happened_how_each_project_did_and_what_to_do() -> None:
    report = period_report()
    found = texts(report)
    head, happened, *projects, actions, link, compared = found
    assert head.startswith("🔴 *Daily report, Friday 20 November 2026*\n")
    assert happened.count("•") == len(report.sentences)
    assert [line.split("\n")[0] for line in projects] == [
        "🔴 *Shop*: critical",
        "🟡 *API*: warning",
        "🟢 *Portal*: healthy",
    ]
    assert "Health score" in projects[2]
    assert "↑" in projects[0]
    assert projects[0].split("\n")[-1].count(" · ") == 4, "five key figures"
    assert actions.startswith("*What needs doing*\n• Shop: ")
    assert link == f"<{LINK}|The whole report>"
    assert compared == "Compared with the day before."


def test_a_week_says_how_fast_incidents_were_answered() -> None:
    report = period_report(ReportPeriod.WEEKLY)
    told = "3 incidents opened: MTTA 4 min (1 of 3 were taken on); MTTR 30 min (2 of 3 are resolved); "
    assert f"*Incidents*\n{told}MTBF 5 h (1 of 1 pairs are known)." in texts(report)
    assert f"\n\nIncidents: {told}" in report_text(report, LINK).text
    assert "Incidents" not in "".join(texts(report, projects=("shop",))), "they are of all projects"
    assert "Incidents: No incident." in report_text(replace(report, incidents=NONE), LINK).text


def test_without_an_address_there_is_no_link() -> None:
    assert not [text for text in texts(period_report(), link="") if "whole report" in text]


def test_a_place_of_some_projects_is_told_of_these_alone() -> None:
    report = period_report()
    found = "\n".join(texts(report, projects=("portal", "api")))
    assert "Shop" not in found
    assert "API is warning" in found
    assert found.startswith("🟡")
    assert "Portal was healthy" in texts(report, projects=("portal",))[0]
    text = report_text(report, LINK, ("portal",))
    assert text.title == "Daily report, Friday 20 November 2026: healthy"
    assert "Shop" not in text.text


@pytest.mark.parametrize("count", [0, 1, 25, 26, 50, 500])
def test_slack_takes_any_number_of_projects_and_what_is_cut_is_counted(count: int) -> None:
    report = period_report(projects=count) if count else replace(period_report(projects=1), projects=())
    message = report_message(report, LINK)
    assert len(message.blocks) <= MOST_BLOCKS
    assert all(len(text) <= MOST_TEXT for text in texts(report))
    rest = [text for text in texts(report) if text.startswith("… and")]
    assert len(rest) == (count > MOST_PROJECTS)
    if rest:
        assert rest[0].startswith(f"… and {count - MOST_PROJECTS} more projects: ")
        assert f"… and {count - MOST_PROJECTS} more projects" in report_text(report, LINK).text


def test_more_actions_than_there_is_room_for_are_counted() -> None:
    report = period_report()
    many = replace(report, actions=report.actions * 10)
    rest = len(many.actions) - 5
    assert f"• … and {rest} more" in "\n".join(texts(many))
    assert f"- … and {rest} more" in report_text(many, LINK).text


def test_text_from_outside_names_nobody_and_links_nowhere() -> None:
    report = renamed(period_report(), HOSTILE)
    hostile = replace(
        report,
        headline=HOSTILE,
        sentences=(HOSTILE,),
        actions=tuple(replace(each, sentence=HOSTILE, evidence=HOSTILE, url="javascript:x") for each in report.actions),
        projects=tuple(replace(project, reasons=(HOSTILE,)) for project in report.projects),
    )
    message = report_message(hostile, "javascript:alert(1)")
    for text in [message.text, *texts(hostile, "javascript:alert(1)")]:
        assert "<!" not in text
        assert "<script" not in text
        assert "\u202e" not in text
        assert "javascript:" not in text
    plain = report_text(hostile, "javascript:alert(1)").text
    assert "\u202e" not in plain
    assert "javascript:" not in plain


def test_very_long_names_are_cut() -> None:
    report = renamed(period_report(projects=50), LONG * 20)
    assert all(len(text) <= MOST_TEXT for text in texts(report))
    assert max(len(line) for line in report_text(report, LINK).text.splitlines()) < 2000


def test_a_period_of_which_nothing_is_known_says_why() -> None:
    report = period_report()
    empty = replace(
        report,
        verdict=Verdict.UNKNOWN,
        why_empty="The watch was not running",
        projects=tuple(
            replace(each, is_empty=True, verdict=Verdict.UNKNOWN, reasons=("Nothing is known",))
            for each in report.projects
        ),
        actions=(),
    )
    found = texts(empty)
    assert found[0].startswith("⚪")
    assert "The watch was not running." in found[0]
    assert "Nothing is known." in found[1]
    assert "The watch was not running." in report_text(empty, LINK).text


NAMES = [
    pytest.param(ReportPeriod.DAILY, "UTC", "", "daily-2026-11-20", id="day"),
    pytest.param(ReportPeriod.WEEKLY, "UTC", "", "weekly-2026-11-09", id="week"),
    pytest.param(ReportPeriod.MONTHLY, "UTC", "", "monthly-2026-10", id="month"),
    pytest.param(ReportPeriod.CUSTOM, "UTC", "", "custom-2026-11-03t0600-2026-11-05t1800", id="by hand"),
    pytest.param(ReportPeriod.DAILY, "Asia/Tokyo", "", "daily-2026-11-20-asia-tokyo", id="zone"),
    pytest.param(ReportPeriod.DAILY, "UTC", "api,shop", "daily-2026-11-20-api-shop", id="some projects"),
]


@pytest.mark.parametrize(("period", "zone", "scope", "name"), NAMES)
def test_the_name_of_a_file_tells_its_place_in_the_calendar(
    period: ReportPeriod, zone: str, scope: str, name: str
) -> None:
    assert file_stem(replace(period_report(period), zone=zone), scope).lower() == name


def test_many_projects_make_a_short_name_of_their_own() -> None:
    scopes = [",".join(f"project-{number}" for number in range(count)) for count in (50, 51)]
    names = [file_stem(period_report(), scope) for scope in scopes]
    assert len(set(names)) == 2
    assert all(len(name) < 100 for name in names)


def test_the_title_has_the_day_of_the_reports_own_zone() -> None:
    start = period_report().window.start - timedelta(hours=9)
    tokyo = replace(period_report(), zone="Asia/Tokyo", window=Window(start, start + timedelta(days=1)))
    assert report_title(tokyo) == "Daily report, Friday 20 November 2026"
