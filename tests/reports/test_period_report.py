import re
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import html5lib
import pytest

from reports.period_report import MOST_BYTES, render_report
from tests.reports.heavy_reports import heavy_report
from tests.reports.odd_reports import empty_report, held_against_september, hostile_report, wordy_report
from tests.reports.period_makers import period_report
from tests.reports.tales import HOSTILE
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.verdicts import Verdict

SVG = "{http://www.w3.org/2000/svg}"
REPORTS = {
    **{period.value: period_report(period) for period in ReportPeriod},
    "one": period_report(projects=1),
    "none": period_report(projects=0),
    "empty": empty_report(),
    "wordy": wordy_report(ReportPeriod.MONTHLY),
    "hostile": hostile_report(),
    "hostile month": hostile_report(ReportPeriod.MONTHLY),
}


@pytest.fixture(scope="module", params=REPORTS)
def page(request: pytest.FixtureRequest) -> str:
    return render_report(REPORTS[request.param])


def parsed(page: str) -> ET.Element:
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    found: ET.Element = parser.parse(page)
    return found


def text(page: str) -> str:
    body = parsed(page).find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def test_it_parses_without_a_mistake(page: str) -> None:
    assert parsed(page).get("lang") == "en"


def test_it_fetches_and_runs_nothing(page: str) -> None:
    tree = parsed(page)
    tags = {str(element.tag).rpartition("}")[2] for element in tree.iter()}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "image", "use", "foreignObject"}
    for element in tree.iter():
        assert not any(str(name).lower().startswith("on") for name in element.attrib)
        assert not {"src", "srcset", "background", "ping"} & set(element.attrib)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert any(policy in (meta.get("content") or "") for meta in tree.iter("meta"))
    assert not re.search(r"@import|url\(", page)


def test_links_lead_to_the_web_or_into_the_page(page: str) -> None:
    tree = parsed(page)
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), "an id is there once"
    for link in tree.iter("a"):
        address = link.get("href") or ""
        assert address[1:] in ids if address.startswith("#") else urlsplit(address).scheme in {"https", "http"}


def test_headings_are_in_order(page: str) -> None:
    levels = [int(str(e.tag)[1]) for e in parsed(page).iter() if re.fullmatch("h[1-6]", str(e.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_drawing_is_described(page: str) -> None:
    for svg in parsed(page).iter(f"{SVG}svg"):
        assert svg.get("aria-hidden") == "true" or (svg.get("role") == "img" and svg.get("aria-label"))


def test_every_chart_has_its_table() -> None:
    figures = list(parsed(render_report(period_report(ReportPeriod.MONTHLY))).iter("figure"))
    assert len(figures) == 18
    assert all(figure.find(".//details//table/tbody/tr") is not None for figure in figures)


def test_text_from_outside_stays_text() -> None:
    page = render_report(hostile_report(ReportPeriod.CUSTOM))
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    shown = text(page)
    assert shown.count("<script>alert(1)</script>") > 40
    assert "{{ 7*7 }}" in shown
    assert "javascript:" not in page


@pytest.mark.parametrize(
    ("period", "there", "missing"),
    [
        pytest.param(ReportPeriod.DAILY, ["What needs doing today", "Errors", "Releases", "Builds of the default",
                                          "Endpoints", "Cost", "the Friday before"],
                     ["The four keys", "Objectives", "Time that the watch has saved", "Going back"], id="daily"),
        pytest.param(ReportPeriod.WEEKLY, ["Where problems gather", "Flaky tests", "the four keys", "What got better",
                                           "Workflows", "Releases by day",
                                           "Going back: what the triggers would have done",
                                           "once a false alarm, and would have saved 42 min of trouble.",
                                           "false alarm – It recovered by itself after 12 min"],
                     ["Objectives", "What needs doing today"], id="weekly"),
        pytest.param(ReportPeriod.MONTHLY, ["In the long run", "the four keys", "Levels as published", "Objectives",
                                            "Error budget left", "Incidents", "expected $39.80",
                                            "Time that the watch has saved", "10 minutes each", "Going back"],
                     ["Builds of the default branch that failed"], id="monthly"),
    ],
)  # fmt: skip
def test_each_period_shows_what_it_is_for(period: ReportPeriod, there: list[str], missing: list[str]) -> None:
    shown = text(render_report(period_report(period)))
    assert [words for words in there if words not in shown] == []
    assert [words for words in missing if words in shown] == []


def test_the_first_screen_can_be_stopped_at() -> None:
    report = period_report()
    shown = text(render_report(report))
    assert shown.index("Critical") < shown.index(report.headline) < shown.index(report.sentences[2])
    assert shown.index(report.sentences[2]) < shown.index(report.actions[0].sentence) < shown.index("Projects")


def test_the_worst_project_stands_first() -> None:
    report = period_report(projects=4)
    turned = replace(report, projects=tuple(reversed(report.projects)))
    names = [e.text for e in parsed(render_report(turned)).iterfind(".//section/div/h2/bdi")]
    assert names == ["Shop", "API", "Calm", "Portal"]


def test_an_empty_period_says_why() -> None:
    shown = text(render_report(empty_report()))
    assert "The watch was not running: the first hour was measured" in shown
    assert "Sentry 0 of 24 hours" in shown
    assert "0 %" not in shown


def test_what_is_not_known_is_no_zero() -> None:
    shown = text(render_report(period_report()))
    assert "Default branch broken for –" in shown


def test_what_was_cut_is_counted() -> None:
    report = period_report(projects=1)
    project = report.projects[0]
    many = replace(project, releases=project.releases * 5, cut={"releases": 7})
    shown = text(render_report(replace(report, projects=(many,))))
    assert "… and 17 more releases" in shown


def test_an_incident_that_lasts_is_said_to() -> None:
    report = period_report(projects=1)
    project = report.projects[0]
    lasting = replace(project, incidents=(replace(project.incidents[0], ended_at=None),))
    assert "not over" in text(render_report(replace(report, projects=(lasting,))))


def test_incidents_stand_with_how_fast_they_were_answered() -> None:
    weekly = render_report(period_report(ReportPeriod.WEEKLY))
    shown = text(weekly)
    assert "All 3 4 min 1 of 3 30 min 2 of 3 5 h 1 of 1" in shown
    assert "Shop 2 4 min 1 of 2 30 min 2 of 2 5 h 1 of 1" in shown
    assert "12: Shop: 12.4 % of requests failed Shop Wed 08:00 47 min critical resolved Ada Report" in shown
    assert "14: The watch is late Watchkeeper itself Wed 14:00" in shown
    assert "critical open nobody –" in shown
    assert 'href="https://reports.example/incidents/12.html" aria-label="Report of incident 12"' in weekly


def test_a_day_is_too_little_to_say_how_fast() -> None:
    shown = text(render_report(period_report()))
    assert "13: Shop: home is down" in shown
    assert "MTTA" not in shown


def test_no_incident_is_one_calm_sentence() -> None:
    none = empty_report().incidents
    shown = text(render_report(replace(period_report(ReportPeriod.MONTHLY), incidents=none)))
    assert "Incidents None: nothing had to be worked on together." in shown
    assert "MTTA" not in shown
    assert "Incidents None is on record." in text(render_report(empty_report(ReportPeriod.WEEKLY))), "nobody looked"


def test_what_was_sent_where_is_counted_by_channel() -> None:
    shown = text(render_report(period_report()))
    assert "What was sent where #releases : 14 taken by the channel #oncall-shop : 3" in shown
    assert "3 taken by the channel, 1 not A channel that takes" in shown
    assert "cannot be noticed from here" in shown
    assert "What was sent where No alert was told anywhere." in text(render_report(empty_report()))


def test_comparison_asked_for_by_hand_has_its_column() -> None:
    page = render_report(held_against_september(period_report(projects=1)))
    assert "Against 1 to 30 September 2026" in text(page)


def test_a_healthy_verdict_is_said_in_words() -> None:
    report = replace(period_report(projects=3), verdict=Verdict.HEALTHY)
    assert "UTC Healthy" in text(render_report(report))


@pytest.mark.parametrize("period", [ReportPeriod.DAILY, ReportPeriod.WEEKLY, ReportPeriod.MONTHLY])
def test_fifty_projects_are_below_a_megabyte(period: ReportPeriod) -> None:
    page = render_report(heavy_report(period, 50))
    assert len(page.encode()) < MOST_BYTES
    shown = text(page)
    assert "The worst first." in shown
    assert all(f"Service {number} " in shown for number in range(11, 51))


def test_few_projects_are_shown_whole() -> None:
    assert "small lines" not in text(render_report(period_report(projects=6)))


def test_no_attack_stands_as_it_came(page: str) -> None:
    assert HOSTILE not in page


def test_the_same_report_is_the_same_page() -> None:
    assert render_report(period_report()) == render_report(period_report())


def test_an_issue_says_of_what_time_its_events_are_and_what_is_not_known() -> None:
    report = period_report(ReportPeriod.DAILY)
    (first, *rest) = report.projects
    bare = tuple(replace(line, events=None, users=None, first_seen=None) for line in first.issues)
    assert bare
    page = render_report(replace(report, projects=(replace(first, issues=bare), *rest)))
    assert "Events since first seen" in page
    assert page.count('<td class="num">–</td><td class="num">–</td><td class="nowrap">–</td>') == len(bare)
