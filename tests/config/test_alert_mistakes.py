"""Every mistake in what is said of alerts has its key and what was expected."""

import pytest

from tests.config.conftest import Mistakes
from watchkeeper.config import read_configuration

ESCALATION = "escalations: [{name: night, steps: [{after_minutes: 5, %s}]}]"
ROUTES = "{channels: [console]}, {match: severity=critical, channels: [file]}"


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        pytest.param(
            "routes: [{channels: [pagr]}]", "routes[0].channels[0]", 'no channel "pagr"', id="no such channel"
        ),
        pytest.param(
            "channels: [{name: pager, kind: pagerduty}], routes: [{channels: [pagr]}]",
            "routes[0].channels[0]",
            'did you mean "pager"',
            id="nearly a channel",
        ),
        pytest.param("default_channels: [slack]", "default_channels[0]", "no channel", id="Slack without a channel"),
        pytest.param("routes: [{match: sevrity=critical}]", "routes[0].match", "field or label", id="unknown label"),
        pytest.param(
            "routes: [{match: [project=a, endpont=b]}]",
            "routes[0].match[1]",
            'did you mean "endpoint"',
            id="near label",
        ),
        pytest.param("routes: [{match: 'rule=~('}]", "routes[0].match[0]", "regular expression", id="bad expression"),
        pytest.param("routes: [{match: severity=bad}]", "routes[0].match[0]", "critical, warning", id="bad severity"),
        pytest.param("routes: [{match: critical}]", "routes[0].match[0]", "expected a matcher", id="no matcher"),
        pytest.param(f"routes: [{ROUTES}]", "routes[1]", "routes[0] before it matches", id="never reached"),
        pytest.param("routes: [{escalation: day}]", "routes[0].escalation", 'no escalation "day"', id="no escalation"),
        pytest.param(
            "routes: [{hours: {start: '9:00', end: '17:00'}}]", "routes[0].hours.start", "09:30", id="time of day"
        ),
        pytest.param(
            "routes: [{hours: {start: '09:00', end: '09:00'}}]", "routes[0].hours.end", "another time", id="no time"
        ),
        pytest.param(
            "routes: [{hours: {start: '09:00', end: '10:00', days: [mon]}}]",
            "routes[0].hours.days[0]",
            "monday",
            id="day",
        ),
        pytest.param(ESCALATION % "people: []", "escalations[0].steps[0]", "nobody is told", id="nobody in a step"),
        pytest.param(
            ESCALATION % "people: [Ada]", "escalations[0].steps[0].people[0]", 'person "Ada"', id="who is Ada"
        ),
        pytest.param(
            ESCALATION % "people: [on_call]", "escalations[0].steps[0].people[0]", "alerts.on_call", id="nobody on call"
        ),
        pytest.param(
            ESCALATION % "channels: [sms]", "escalations[0].steps[0].channels[0]", "no channel", id="step to nowhere"
        ),
        pytest.param("escalations: [{name: night, steps: []}]", "escalations[0].steps", "at least 1", id="no steps"),
        pytest.param(
            "escalations: [{name: night, repeat: 6, steps: [{after_minutes: 5, channels: [file]}]}]",
            "escalations[0].repeat",
            "0 to 5",
            id="repeated too often",
        ),
        pytest.param("people: [{name: Ada}]", "people[0]", "no way to this person", id="unreachable person"),
        pytest.param(
            "people: [{name: on_call, channels: [file]}]", "people[0].name", "another name", id="a name that is taken"
        ),
        pytest.param(
            "people: [{name: Ada, handles: {slak: U1}}]", "people[0].handles.slak", "slack or pagerduty", id="handle"
        ),
        pytest.param(
            "people: [{name: A, channels: [file]}, {name: A, channels: [file]}]", "people[1].name", "own", id="twice"
        ),
        pytest.param(
            "people: [{name: Ada, channels: [file]}, {name: ADA, channels: [file]}]",
            "people[1].name",
            "one person",
            id="one person in two spellings",
        ),
        pytest.param(
            "on_call: {people: [Ada], since: 2026-01-05T09:00:00Z}", "on_call.people[0]", "no person", id="unknown turn"
        ),
        pytest.param(
            "on_call: {people: [Ada], since: 2026-01-05}", "on_call.since", "with its time zone", id="day without time"
        ),
        pytest.param("timing: {group_wait_seconds: -1}", "timing.group_wait_seconds", "from 0", id="negative wait"),
        pytest.param(
            "timing: {group_interval_minutes: 0.5}", "timing.group_interval_minutes", "the minimum", id="interval"
        ),
        pytest.param(
            "timing: {repeat_interval_minutes: 1}", "timing.repeat_interval_minutes", "the minimum", id="reminders"
        ),
        pytest.param(
            "timing: {group_interval_minutes: 300}",
            "timing.repeat_interval_minutes",
            "at least group_interval_minutes (300), got 240",
            id="reminders between two messages",
        ),
        pytest.param("inhibit: [{source: [], target: rule=a}]", "inhibit[0].source", "at least 1", id="no source"),
        pytest.param(
            "inhibit: [{source: rule=a, target: rule=b, equal: [host]}]", "inhibit[0].equal[0]", "no field", id="equal"
        ),
    ],
)
def test_of_who_is_told(written: str, key: str, words: str, shop: str, mistakes: Mistakes) -> None:
    found = {place: problem.message for place, problem in mistakes(f"alerts: {{{written}}}\n{shop}").items()}
    assert words in found.get(f"alerts.{key}", f"nothing there, but {found}")


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        pytest.param("kind: slack", "channel", "is missing", id="Slack without a channel"),
        pytest.param("kind: jira", "project", "is missing", id="Jira without a project"),
        pytest.param("kind: slak", "kind", "slack or pagerduty", id="kind"),
        pytest.param("kind: pagerduty, path: /tmp/x", "path", "of kind pagerduty has no path", id="of another kind"),
        pytest.param("kind: webhook, url: 'https://a.example/?token=x'", "url", "never into this file", id="token"),
        pytest.param(
            "kind: webhook, url: 'https://a.example/webhooks/1234/aGVsbG8gd29ybGQgMTIzNDU2'",
            "url",
            "webhook block",
            id="who knows the address can send",
        ),
        pytest.param(
            "kind: webhook, url: 'https://a.example/ping/5c1f0e1a-77d1-4d0e-9a53-0c2f7e1b9a10'",
            "url",
            "secret",
            id="uuid",
        ),
        pytest.param("kind: file, path: alerts.jsonl", "path", "begins with", id="a file of no folder"),
        pytest.param("kind: jira, project: ops", "project", "key of a project", id="key"),
        pytest.param("kind: github, does: [tweet]", "does[0]", "issue or status", id="deed"),
        pytest.param("kind: console, tokn: x", "tokn", "unknown key", id="unknown key"),
    ],
)
def test_of_a_channel(written: str, key: str, words: str, shop: str, mistakes: Mistakes) -> None:
    found = mistakes(f"alerts: {{channels: [{{name: it, {written}}}]}}\n{shop}")
    assert list(found) == [f"alerts.channels[0].{key}"]
    assert words in found[f"alerts.channels[0].{key}"].message


def test_an_address_of_plain_words_is_no_secret(shop: str, mistakes: Mistakes) -> None:
    url = "https://hooks.example.com:8443/watchkeeper-alerts-of-production-2026/v2?team=platform-engineering"
    assert not mistakes(f"alerts: {{channels: [{{name: it, kind: webhook, url: '{url}'}}]}}\n{shop}")


@pytest.mark.parametrize("name", ["slack", "console", "file"])
def test_names_of_what_is_there_already_are_taken(name: str, shop: str, mistakes: Mistakes) -> None:
    found = mistakes(f"alerts: {{channels: [{{name: {name}, kind: pagerduty}}]}}\n{shop}")
    assert "another name" in found["alerts.channels[0].name"].message


def test_a_name_is_given_once(shop: str, mistakes: Mistakes) -> None:
    found = mistakes(f"alerts: {{channels: [{{name: a, kind: file}}, {{name: a, kind: console}}]}}\n{shop}")
    assert "channels[0] has the same" in found["alerts.channels[1].name"].message


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        pytest.param("error-rate-waning: {enabled: false}", "error-rate-waning", "error-rate-warning", id="no rule"),
        pytest.param("error-rate-warning: {enter: 101}", "error-rate-warning.enter", "never fire", id="never fires"),
        pytest.param("error-rate-warning: {enter: 0}", "error-rate-warning.enter", "always fires", id="always fires"),
        pytest.param("error-rate-warning: {exit: 9}", "error-rate-warning.exit", "at most 2.5 %", id="wrong side"),
        pytest.param("error-rate-warning: {exitt: 9}", "error-rate-warning.exitt", '"exit"', id="unknown key"),
        pytest.param(
            "error-rate-warning: {summary: '{host} fails'}", "error-rate-warning.summary", "no {host}", id="template"
        ),
        pytest.param("endpoint-down: {match: host=a}", "endpoint-down.match", "host", id="unknown label"),
        pytest.param("endpoint-down: {min_sample: 5}", "endpoint-down.min_sample", "no sample", id="sample"),
        pytest.param("endpoint-down: {for_minutes: -1}", "endpoint-down.for_minutes", "from 0", id="negative time"),
        pytest.param("Own Rule: {enabled: false}", "Own Rule", "small letters", id="name"),
        pytest.param("mine: {enter: 3}", "mine.signal", "is missing", id="own rule without a signal"),
        pytest.param("mine: {signal: score}", "mine.enter", "is missing", id="own rule without a limit"),
        pytest.param("mine: {signal: scor, enter: 3}", "mine.signal", 'did you mean "score"', id="no signal"),
        pytest.param("mine: 5", "mine", "a mapping", id="not a mapping"),
    ],
)
def test_of_a_rule(written: str, key: str, words: str, shop: str, mistakes: Mistakes) -> None:
    found = mistakes(f"{shop}    rules: {{{written}}}\n")
    assert list(found) == [f"projects[0].rules.{key}"]
    assert words in found[f"projects[0].rules.{key}"].message


@pytest.mark.parametrize("section", ["alerts", "defaults"])
def test_of_a_rule_for_all(section: str, shop: str, mistakes: Mistakes) -> None:
    written = "{error-rate-warning: {exit: 9}, mine: {enter: 3}, score-low: {exitt: 1}}"
    found = mistakes(f"{section}: {{rules: {written}}}\n{shop}")
    keys = ("error-rate-warning.exit", "mine.signal", "score-low.exitt")
    assert set(found) == {f"{section}.rules.{key}" for key in keys}


def test_a_rule_is_judged_with_all_that_is_said_of_it(shop: str, mistakes: Mistakes) -> None:
    top = "defaults: {rules: {endpoint-slow: {enter: 3}}}\n"
    assert not mistakes(f"{top}{shop}    rules: {{endpoint-slow: {{exit: 2.5}}}}\n")
    assert mistakes(f"{shop}    rules: {{endpoint-slow: {{exit: 2.5}}}}\n")
    limits = "    limits: {errors: {warning_percent: 4}}\n"
    assert not mistakes(f"{shop}{limits}    rules: {{error-rate-warning: {{exit: 3.5}}}}\n")


def test_a_rule_of_ones_own_for_all_can_be_changed_for_one(shop: str, mistakes: Mistakes) -> None:
    top = "alerts: {rules: {mine: {signal: score, enter: 30, when: below}}}\n"
    assert not mistakes(f"{top}{shop}    rules: {{mine: {{enter: 20}}}}\n")


PROJECTS = "projects:\n" + "".join(
    f"  - {{slug: {slug}, name: X, circleci: {{project: gh/a/b}}, depends_on: {parent}}}\n"
    for slug, parent in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "x"))
)


def test_of_who_depends_on_whom(mistakes: Mistakes) -> None:
    found = {key: problem.message for key, problem in mistakes(PROJECTS).items()}
    assert found.keys() == {"projects[0].depends_on", "projects[4].depends_on"}
    assert found["projects[0].depends_on"] == "expected no circle: a depends on b depends on c depends on a"
    assert 'no project "x"' in found["projects[4].depends_on"]


def test_of_endpoints_that_depend_on_each_other(shop: str, mistakes: Mistakes) -> None:
    endpoints = "".join(
        f"      - {{name: {name}, url: 'https://a.example/', depends_on: {parent}}}\n"
        for name, parent in (("a", "a"), ("b", "a"), ("c", "gone"))
    )
    found = mistakes(f"{shop}    endpoints:\n{endpoints}")
    assert list(found) == ["projects[0].endpoints[0].depends_on", "projects[0].endpoints[2].depends_on"]


def test_a_circle_leaves_out_one_project_only() -> None:
    configuration = read_configuration(PROJECTS, {}, isolate=True)
    assert configuration.slugs == ("b", "c", "d")


def test_channels_of_projects_and_defaults_must_be_there(shop: str, mistakes: Mistakes) -> None:
    assert list(mistakes(f"{shop}    channels: [file, pager]\n")) == ["projects[0].channels[1]"]
    assert list(mistakes(f"defaults: {{channels: [pager]}}\n{shop}")) == ["defaults.channels[0]"]
    assert not mistakes(f"{shop}    slack: {{channel: '#shop'}}\n    channels: ['slack:#shop', console]\n")
    other = "    credentials: other\n    channels: ['slack:#all@other']\n"
    assert not mistakes(f"slack: {{channel: '#all'}}\n{shop}{other}")
