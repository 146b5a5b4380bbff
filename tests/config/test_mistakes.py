"""Every mistake is said by its key, its line and what was expected."""

import pytest

from tests.config.conftest import Mistakes
from watchkeeper.config import ConfigurationError, read_configuration


@pytest.mark.parametrize(
    ("addition", "key", "words"),
    [
        pytest.param("limit: {}", "limit", 'did you mean "limits"', id="unknown key with the nearest right one"),
        pytest.param(
            "limits: {errors: {warning_percnt: 1}}", "limits.errors.warning_percnt", "warning_percent", id="deep"
        ),
        pytest.param("token: x", "token", "credential block", id="a credential has its own place"),
        pytest.param("qqq: 1", "qqq", "expected one of", id="nothing near: all keys are named"),
        pytest.param(
            "limits: {errors: {warning_percent: 6}}",
            "limits.errors.warning_percent",
            "expected at most critical_percent (5), got 6",
            id="warning above critical",
        ),
        pytest.param(
            "limits: {errors: {critical_percent: 20}}",
            "limits.errors.critical_percent",
            "expected at most emergency_percent (10), got 20",
            id="critical above emergency",
        ),
        pytest.param(
            "limits: {health: {warning_score: 40}}",
            "limits.health.warning_score",
            "at least critical_score",
            id="scores",
        ),
        pytest.param(
            "limits: {endpoints: {latency_warning_ms: 9000}}",
            "limits.endpoints.latency_warning_ms",
            "at most latency_critical_ms (5000)",
            id="latency",
        ),
        pytest.param(
            "limits: {endpoints: {certificate_warning_days: 1}}",
            "limits.endpoints.certificate_warning_days",
            "at least certificate_critical_days (3), got 1",
            id="certificate",
        ),
        pytest.param("weights: {errors: 0.5}", "weights", "add up to 1, got 1.1", id="weights not adding up"),
        pytest.param(
            "weights: {errors: 1, endpoints: 0, delivery: 0, builds: 0}",
            "weights",
            "no weight",
            id="nothing weighs anything",
        ),
        pytest.param("circleci: 5", "circleci", "at least the keys project, got 5", id="not a mapping"),
        pytest.param(
            "sentry: {organization: acme, projects: shop}", "sentry.projects", "expected a list, each", id="a list"
        ),
        pytest.param(
            "sentry: {organization: acme, projects: []}", "sentry.projects", "at least 1, got none", id="empty"
        ),
        pytest.param(
            "sentry: {organization: acme, projects: [A B]}", "sentry.projects[0]", "a slug of Sentry", id="item"
        ),
        pytest.param("sentry: {organization: acme}", "sentry.projects", "is missing", id="missing"),
        pytest.param(
            "github: {repository: https://github.com/a/b}", "github.repository", "owner/name", id="repository"
        ),
        pytest.param("slack: {channel: releases}", "slack.channel", "#releases", id="channel"),
        pytest.param("limits: {errors: {min_total: 2.5}}", "limits.errors.min_total", "a whole number", id="fraction"),
        pytest.param("limits: {errors: {min_total: yes}}", "limits.errors.min_total", 'got "yes"', id="yes is a word"),
        pytest.param(
            "limits: {errors: {warning_percent: true}}", "limits.errors.warning_percent", "got true", id="switch"
        ),
        pytest.param(
            "limits: {errors: {warning_percent: .inf}}", "limits.errors.warning_percent", "percentage", id="inf"
        ),
        pytest.param(
            "limits: {errors: {warning_percent: 250}}", "limits.errors.warning_percent", "0 to 100", id="range"
        ),
        pytest.param(
            "limits: {delivery: {stuck_after_minutes: 0}}", "limits.delivery.stuck_after_minutes", "above 0", id="0"
        ),
        pytest.param(
            "maintenance: [{cron: 0 2 * * 0}]", "maintenance[0]", "cron with minutes", id="cron without length"
        ),
        pytest.param(
            'maintenance: [{cron: "99 * * * *", minutes: 5}]', "maintenance[0].cron", "bad minute", id="bad cron"
        ),
        pytest.param('maintenance: [{cron: "* *", minutes: 5}]', "maintenance[0].cron", "five fields", id="short cron"),
        pytest.param(
            'maintenance: [{cron: "0 0 31 2 *", minutes: 5}]', "maintenance[0].cron", "bad day", id="30 February"
        ),
        pytest.param(
            "maintenance: [{start: 2026-12-24T22:00:00, end: 2026-12-25T22:00:00Z}]",
            "maintenance[0].start",
            "with its time zone",
            id="naive moment",
        ),
        pytest.param(
            "maintenance: [{start: 2026-12-24T22:00:00Z, end: 2026-12-24T21:00:00Z}]",
            "maintenance[0].end",
            "after start (2026-12-24 22:00 UTC)",
            id="ends before it starts",
        ),
        pytest.param("endpoints: [{name: a, url: 'ftp://x/'}]", "endpoints[0].url", "expected an address", id="scheme"),
        pytest.param(
            "endpoints: [{name: a, url: 'https://'}]", "endpoints[0].url", "expected an address", id="no host"
        ),
        pytest.param("endpoints: [{name: a, url: 'http://a:99999/'}]", "endpoints[0].url", "an address", id="bad port"),
        pytest.param("endpoints: [{name: a, url: 'http://[::1'}]", "endpoints[0].url", "an address", id="bad brackets"),
        pytest.param("endpoints: [{name: a, url: 'http://a b/'}]", "endpoints[0].url", "an address", id="space in it"),
        pytest.param(
            "endpoints: [{name: a, url: 'http://a/'}, {name: a, url: 'http://b/'}]",
            "endpoints[1].name",
            "a name of its own",
            id="the same name twice",
        ),
        pytest.param(
            "endpoints: [{name: a, url: 'http://a/', latency_warning_ms: 6000}]",
            "endpoints[0].latency_warning_ms",
            "at most latency_critical_ms (5000), got 6000",
            id="own latency against the shared limit",
        ),
        pytest.param(
            "endpoints: [{name: a, url: 'http://a/', method: GTE}]", "endpoints[0].method", "GET", id="method"
        ),
        pytest.param(
            "endpoints: [{name: a, url: 'http://a/', expected_status: [200, 20]}]",
            "endpoints[0].expected_status[1]",
            "100 to 599, got 20",
            id="status",
        ),
        pytest.param(
            "endpoints: [{name: a, url: 'http://a/', json_condition: 'x > 3'}]",
            "endpoints[0].json_condition",
            'such as `status == "ok"`',
            id="condition",
        ),
        pytest.param('body: "\\u0007"', "body", "unknown key", id="bell"),
        pytest.param(
            'github: {repository: "\\u0007"}', "github.repository", 'got "\N{REPLACEMENT CHARACTER}"', id="shown"
        ),
        pytest.param(
            'maintenance: [{reason: "\\u0007", cron: 0 2 * * 0, minutes: 5}]',
            "maintenance[0].reason",
            "one line",
            id="line",
        ),
        pytest.param(
            "limits: !!python/name:os.system {}", "limits", "tags such as tag:yaml.org", id="tag of a mapping"
        ),
        pytest.param(
            "github: {repository: !secret x}", "github.repository", "tags such as !secret", id="tag of a value"
        ),
        pytest.param("limits: {<<: 5}", "limits.<<", "an alias of a mapping", id="merging what is no mapping"),
        pytest.param(
            "maintenance: [5]", "maintenance[0]", "a mapping with some of the keys cron", id="no mapping in a list"
        ),
        pytest.param(
            "maintenance: [{start: 5, end: 2026-12-24T22:00:00Z}]", "maintenance[0].start", "got 5", id="a number"
        ),
        pytest.param(
            f"maintenance: [{', '.join(['{cron: 0 2 * * 0, minutes: 1}'] * 101)}]",
            "maintenance",
            "at most 100",
            id="many",
        ),
        pytest.param(
            "endpoints: [{name: a, url: 'http://a\\b'}]", "endpoints[0].url", "expected an address", id="backslash"
        ),
        pytest.param(
            "endpoints: [{name: a, url: 'http://a/', follow_redirects: 7}]",
            "endpoints[0].follow_redirects",
            "true or false",
            id="no switch",
        ),
    ],
)
def test_a_mistake_in_a_project(shop: str, mistakes: Mistakes, addition: str, key: str, words: str) -> None:
    text = shop.replace("    circleci: {project: gh/acme/shop}\n", "") if addition.startswith("circleci") else shop
    found = mistakes(f"{text}    {addition}\n")
    assert list(found) == [f"projects[0].{key}"]
    problem = found[f"projects[0].{key}"]
    assert words in problem.message
    assert problem.line == len(text.splitlines()) + 1


@pytest.mark.parametrize(
    ("addition", "key", "words"),
    [
        pytest.param("timezone: Europe/Berln", "timezone", 'did you mean "Europe/Berlin"', id="time zone"),
        pytest.param(
            "timezone: ../../etc/passwd", "timezone", "expected a time zone", id="time zone outside the folder"
        ),
        pytest.param("timezone: America", "timezone", "expected a time zone", id="half a time zone"),
        pytest.param("project: []", "project", 'did you mean "projects"', id="unknown key"),
        pytest.param("connectivity: [nowhere]", "connectivity[0]", "expected an address", id="reference"),
        pytest.param(
            "defaults: {limits: {errors: {warning_percent: 7}}}",
            "defaults.limits.errors.warning_percent",
            "at most critical_percent (5)",
            id="mistakes in defaults are said once, there",
        ),
        pytest.param("defaults: {slug: x}", "defaults.slug", "unknown key", id="defaults name no project"),
        pytest.param("slack: releases", "slack", "a mapping with some of the keys channel", id="slack"),
    ],
)
def test_a_mistake_outside_projects(shop: str, mistakes: Mistakes, addition: str, key: str, words: str) -> None:
    found = mistakes(f"{shop}{addition}\n")
    assert list(found) == [key]
    assert words in found[key].message
    assert found[key].line == 5


def test_all_mistakes_are_said_at_once_in_the_order_of_the_file(mistakes: Mistakes) -> None:
    text = """\
timezone: Mars/Olympus
projects:
  - slug: shop
    name: 5
    limits: {errors: {warning_percent: 6, warnin: 1}}
    sentry: {organization: acme, projects: [shop-web], environment: "${STAGE}"}
    weights: {errors: 0.5}
  - slug: Shop
    circleci: {project: acme/shop}
  - 7
"""
    found = mistakes(text)
    assert {key: problem.line for key, problem in found.items()} == {
        "timezone": 1,
        "projects[0].name": 4,
        "projects[0].limits.errors.warning_percent": 5,
        "projects[0].limits.errors.warnin": 5,
        "projects[0].sentry.environment": 6,
        "projects[0].weights": 7,
        "projects[1].slug": 8,
        "projects[1].name": 8,
        "projects[1].circleci.project": 9,
        "projects[2]": 10,
    }
    assert [problem.line for problem in found.values()] == sorted(problem.line for problem in found.values())


def test_the_same_slug_twice_names_both_lines(mistakes: Mistakes, shop: str) -> None:
    twice = shop + shop.removeprefix("projects:\n")
    problem = mistakes(twice)["projects[1].slug"]
    assert problem.line == 5
    assert "line 2" in problem.message
    assert "line 5" in problem.message


def test_the_same_key_twice_names_both_lines(mistakes: Mistakes, shop: str) -> None:
    problem = mistakes(f"{shop}    name: Other\n")["projects[0].name"]
    assert problem.line == 5
    assert problem.message == "is written twice: first in line 3, again in line 5"


def test_a_project_that_watches_nothing(mistakes: Mistakes) -> None:
    found = mistakes("projects: [{slug: shop, name: Shop, github: {repository: acme/shop}}]")
    assert "at least one of sentry, vercel, circleci, endpoints" in found["projects[0]"].message


@pytest.mark.parametrize("text", ["projects: []", "projects:", "timezone: UTC", "projects: shop"])
def test_a_file_without_projects(mistakes: Mistakes, text: str) -> None:
    assert list(mistakes(text)) == ["projects"]


def test_the_error_shows_every_mistake(shop: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(f"{shop}    nmae: x\n", {}, "team.yaml")
    assert str(caught.value) == 'team.yaml: 1 mistake\n  line 5: projects[0].nmae: unknown key; did you mean "name"?'


def test_very_many_mistakes_are_counted(shop: str) -> None:
    keys = "".join(f"    nmae{number}: x\n" for number in range(60))
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(shop + keys, {})
    assert len(caught.value.problems) == 60
    assert str(caught.value).endswith("and 10 more")
    (broken,) = read_configuration(shop + keys, {}, isolate=True).broken
    assert broken.reason.endswith("and 55 more")
