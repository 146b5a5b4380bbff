"""Where reports go, what things cost, what is promised, and in which time zone a project lives."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from tests.config.conftest import Mistakes
from watchkeeper.config import Configuration, Destination
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.deliveries import ChannelKind
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.slo import SloTarget

Read = Callable[..., Configuration]
SLACK, APPRISE = ChannelKind.SLACK, ChannelKind.APPRISE


@pytest.mark.parametrize(
    ("own", "shared", "period", "places"),
    [
        pytest.param("", "", ReportPeriod.DAILY, [], id="nobody said anything"),
        pytest.param(
            "", "slack: {channel: '#all'}", ReportPeriod.DAILY, [(SLACK, "default", "#all")], id="of the watch"
        ),
        pytest.param(
            "",
            "slack: {channel: '#all', credentials: other}",
            ReportPeriod.DAILY,
            [(SLACK, "other", "#all")],
            id="its block",
        ),
        pytest.param(
            "",
            "slack: {channel: '#all'}\nreports: {channel: '#reports', credentials: third}",
            ReportPeriod.DAILY,
            [(SLACK, "third", "#reports")],
            id="of reports",
        ),
        pytest.param(
            "",
            "reports: {channel: '#reports', weekly: {channel: '#week'}}",
            ReportPeriod.WEEKLY,
            [(SLACK, "default", "#week")],
            id="of the period",
        ),
        pytest.param(
            "",
            "reports: {channel: '#reports', weekly: {channel: '#week'}}",
            ReportPeriod.MONTHLY,
            [(SLACK, "default", "#reports")],
            id="of another period",
        ),
        pytest.param("", "slack: {channel: '#all'}\nreports: {channel: off}", ReportPeriod.DAILY, [], id="off"),
        pytest.param(
            "channel: '#own'",
            "reports: {channel: '#reports', daily: {channel: '#day'}}",
            ReportPeriod.DAILY,
            [(SLACK, "default", "#own")],
            id="the project's own word is nearest",
        ),
        pytest.param(
            "channel: '#own', daily: {channel: off}", "", ReportPeriod.DAILY, [], id="not this period for this project"
        ),
        pytest.param(
            "apprise: mine",
            "reports: {channel: '#reports', apprise: all, monthly: {apprise: leadership}}",
            ReportPeriod.MONTHLY,
            [(SLACK, "default", "#reports"), (APPRISE, "mine", "")],
            id="by Apprise, too",
        ),
        pytest.param(
            "apprise: off", "reports: {apprise: all}", ReportPeriod.CUSTOM, [], id="not by Apprise for this project"
        ),
    ],
)
def test_the_nearest_word_says_where_a_report_goes(  # noqa: PLR0917
    read: Read, shop: str, own: str, shared: str, period: ReportPeriod, places: list[tuple[ChannelKind, str, str]]
) -> None:
    configuration = read(f"{shop}    reports: {{{own}}}\n{shared}\n")
    assert configuration.report_destinations(period) == tuple(Destination(*place, ("shop",)) for place in places)


def test_each_place_is_named_once_with_its_projects(read: Read) -> None:
    text = """
reports: {channel: "#reports"}
projects:
  - {slug: a, name: A, circleci: {project: gh/acme/a}}
  - {slug: b, name: B, circleci: {project: gh/acme/b}, reports: {channel: "#b"}, slack: {credentials: second}}
  - {slug: c, name: C, circleci: {project: gh/acme/c}}
"""
    assert read(text).report_destinations(ReportPeriod.DAILY) == (
        Destination(SLACK, "default", "#reports", ("a", "c")),
        Destination(SLACK, "second", "#b", ("b",)),
    )


def test_what_was_chosen_is_remembered(read: Read, shop: str) -> None:
    configuration = read(shop)
    assert configuration.chosen == ()
    assert configuration.only(None).chosen == ()
    assert configuration.only(["shop", "shop"]).chosen == ("shop",)


def test_costs_and_objectives_are_values(read: Read, shop: str) -> None:
    text = f"""{shop}    cost: {{vercel_per_month: 20}}
    slo: {{success_percent: 0}}
defaults:
  cost: {{currency: EUR, circleci_credit: 0.0005, vercel_per_month: 10}}
  slo: {{availability_percent: 99.9}}
"""
    project = read(text).projects[0]
    assert project.prices == Prices("EUR", 0.0005, 20, None)
    assert project.slo_targets == (SloTarget("Availability", 99.9 / 100, "availability"),)
    plain = read(shop).projects[0]
    assert plain.prices == Prices()
    assert [(target.metric, target.target) for target in plain.slo_targets] == [
        ("availability", 99.5 / 100),
        ("failures", 0.99),
    ]


def test_a_project_lives_in_its_own_time_zone_or_in_that_of_the_file(read: Read) -> None:
    text = """
timezone: Europe/Berlin
projects:
  - {slug: a, name: A, circleci: {project: gh/acme/a}}
  - {slug: b, name: B, circleci: {project: gh/acme/b}, timezone: Asia/Tokyo}
"""
    configuration = read(text)
    assert [configuration.zone_of(project) for project in configuration.projects] == [
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("Asia/Tokyo"),
    ]


def test_the_sources_of_metrics_are_those_that_are_configured(read: Read, shop: str) -> None:
    assert read(shop).projects[0].sources == {"circleci", "credits", "watchkeeper"}
    more = f"{shop}    github: {{repository: acme/shop}}\n    endpoints: [{{name: a, url: 'http://a/'}}]\n"
    assert read(more).projects[0].sources == {"circleci", "credits", "watchkeeper", "github", "endpoints"}


@pytest.mark.parametrize(
    "storage",
    ["/var/lib/reports", "./reports", "~/reports", "s3://acme-reports/watch", "s3-bucket/reports", "memory://x"],
)
def test_reports_are_kept_in_a_folder_an_address_or_a_block(read: Read, shop: str, storage: str) -> None:
    assert read(f"{shop}reports: {{storage: '{storage}'}}\n").reports.storage == storage


@pytest.mark.parametrize(
    ("reports", "key", "words"),
    [
        pytest.param("{storage: reports}", "storage", 'begins with "/"', id="a folder without its beginning"),
        pytest.param("{storage: 's3://key:word@bucket/x'}", "storage", "looks like a secret", id="a secret in it"),
        pytest.param("{publish: ftp}", "publish", "folder or github_pages", id="published elsewhere"),
        pytest.param("{publish: github_pages}", "publish", "expected pages with the repository", id="no repository"),
        pytest.param("{pages: {}}", "pages.repository", "is missing", id="pages of nothing"),
        pytest.param("{link: reports.example.com}", "link", "an address such as", id="link"),
        pytest.param("{weekly: {chanel: '#a'}}", "weekly.chanel", 'did you mean "channel"', id="typo"),
        pytest.param("{weekly: off}", "weekly", "a mapping with some of the keys channel", id="no switch"),
        pytest.param("{apprise: A B}", "apprise", "the name of credential blocks", id="block name"),
    ],
)
def test_a_mistake_in_reports(shop: str, mistakes: Mistakes, reports: str, key: str, words: str) -> None:
    found = mistakes(f"{shop}reports: {reports}\n")
    assert list(found) == [f"reports.{key}"]
    assert words in found[f"reports.{key}"].message


@pytest.mark.parametrize(
    ("addition", "key", "words"),
    [
        pytest.param("cost: {currency: dollars}", "cost.currency", "three letters", id="currency"),
        pytest.param("cost: {circleci_credit: -1}", "cost.circleci_credit", "an amount of money", id="below nothing"),
        pytest.param("slo: {availability_percent: 100}", "slo.availability_percent", "below 100", id="no error budget"),
        pytest.param("timezone: Mars", "timezone", "expected a time zone", id="time zone"),
        pytest.param("reports: {storage: /x}", "reports.storage", "unknown key", id="storage is not a project's"),
    ],
)
def test_a_mistake_in_a_projects_own_words(shop: str, mistakes: Mistakes, addition: str, key: str, words: str) -> None:
    found = mistakes(f"{shop}    {addition}\n")
    assert list(found) == [f"projects[0].{key}"]
    assert words in found[f"projects[0].{key}"].message
