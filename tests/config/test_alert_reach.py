"""A configuration that can never notify anybody is refused, by the key that is wrong and with what was expected."""

from pathlib import Path

import pytest

from tests.config.conftest import Mistakes

FILE = """
slack: {channel: "#r"}
alerts:
  channels:
    - {name: pager, kind: pagerduty}
    - {name: tickets, kind: jira, project: OPS}
  routes:
    - {match: severity=critical, channels: [pager], escalation: wake}
%s
  escalations:
    - name: wake
      steps:
        - {after_minutes: 10, people: [on_call]}
%s
  people:
    - {name: Ada, handles: {slack: U0123ABCD}}
  on_call: {people: [Ada], since: 2026-01-05T09:00:00Z}
projects:
  - slug: shop
    name: Shop
    sentry: {organization: acme, projects: [shop]}
    endpoints:
      - {name: home, url: "https://shop.example"}
    rules:
      slow-home: {signal: endpoint_latency, enter: 800, exit: 600, match: endpoint=home, severity: critical}
%s
  - slug: blog
    name: Blog
    endpoints:
      - {name: feed, url: "https://blog.example"}
"""


def written(routes: str = "", more: str = "", rules: str = "") -> str:
    route = f"    - {routes}" if routes else ""
    rule = f"      {rules}" if rules else ""
    return FILE % (route, more, rule)


def messages(mistakes: Mistakes, text: str) -> dict[str, str]:
    return {key: problem.message for key, problem in mistakes(text).items()}


def test_the_file_itself_is_right(mistakes: Mistakes) -> None:
    assert messages(mistakes, written()) == {}


ROUTE = "alerts.routes[1]"
ROUTES = [
    # match, key below the route, words
    pytest.param("rule=endpoint-dwn", "match", 'no rule "endpoint-dwn"; did you mean "endpoint-down"?', id="rule"),
    pytest.param("rule=Endpoint-Down", "match", 'did you mean "endpoint-down"?', id="rule in capitals"),
    pytest.param("rule=slow-checkout", "match", 'did you mean "slow-home"?', id="a rule of one's own"),
    pytest.param('"rule=~endpiont-.*"', "match", "nothing matches rule=~endpiont-.*", id="rules by an expression"),
    pytest.param("project=shpo", "match", 'no project "shpo"; did you mean "shop"?', id="project"),
    pytest.param("project=SHOP", "match", 'did you mean "shop"?', id="project in capitals"),
    pytest.param('"project=~api|bank"', "match", "nothing matches project=~api|bank", id="projects by an expression"),
    pytest.param("endpoint=hoem", "match", 'no endpoint "hoem"; did you mean "home"?', id="endpoint"),
    pytest.param("component=eror", "match", 'no component "eror"; did you mean "errors"?', id="component"),
    pytest.param("vendor=versel", "match", 'did you mean "vercel"?', id="vendor"),
    pytest.param("level=fatl", "match", 'did you mean "fatal"?', id="level"),
    pytest.param("slo=availability", "match", 'did you mean "Availability"?', id="objective"),
    pytest.param("channel=pagr", "match", 'did you mean "pager"?', id="channel"),
    pytest.param("cause=errros", "match", 'did you mean "errors"?', id="cause"),
    pytest.param("project!=shpo", "match", 'did you mean "shop"?', id="what is excluded is not there"),
    pytest.param('"severity!~.*"', "match", "every value is excluded", id="all is excluded"),
    pytest.param("[severity=warning, project=shpo]", "match[1]", 'did you mean "shop"?', id="one of several"),
    pytest.param(
        "[severity=warning, severity=critical]",
        "match[1]",
        'write "severity=~warning|critical"',
        id="two severities",
    ),
    pytest.param("[project=shop, project=blog]", "match[1]", "do not exclude each other", id="two projects"),
    pytest.param("[release=a, release=b]", "match[1]", "do not exclude each other", id="two releases"),
    pytest.param("[severity=warning, severity!=warning]", "match[1]", "do not exclude", id="one and not the same"),
    pytest.param('[severity=warning, "severity=~crit.*"]', "match[1]", "do not exclude", id="and an expression"),
    pytest.param('["project=~s.*", "project!~sh.*"]', "match[1]", "do not exclude", id="two expressions"),
    pytest.param(
        "[severity!=critical, severity!=warning, severity!=info]", "match[2]", "do not exclude", id="none is left"
    ),
    pytest.param("[rule=endpoint-down, severity=warning]", "match", "endpoint-down is critical", id="its severity"),
    pytest.param("[rule=slow-home, project=blog]", "match", "no alert is all of", id="the rule of another project"),
    pytest.param("[rule=build-broken, endpoint=home]", "match", "has no label", id="a label that the rule has not"),
    pytest.param("[project=shop, endpoint=feed]", "match", "no rule makes", id="the endpoint of another project"),
    pytest.param("[rule=channel-down, project=shop]", "match", "no alert is all of", id="the watch is no project"),
    pytest.param("[rule=endpoint-down, severity=critical]", "", "routes[0] before it", id="taken by the one before"),
]


@pytest.mark.parametrize(("match", "key", "words"), ROUTES)
def test_a_route_that_no_alert_reaches(match: str, key: str, words: str, mistakes: Mistakes) -> None:
    found = messages(mistakes, written(f"{{match: {match}, channels: [tickets]}}"))
    assert list(found) == [f"{ROUTE}.{key}" if key else ROUTE]
    (message,) = found.values()
    assert words in message
    assert message.startswith("no alert comes here: ")


@pytest.mark.parametrize(
    "match",
    [
        "severity=warning",
        '"severity=~warning|info"',
        "[severity=warning, project!=shop]",
        "[rule=slow-home, endpoint=home, project=shop]",
        "endpoint=feed",
        "endpoint=",
        "project=",
        "[rule=channel-down, project=]",
        "[rule=channel-down, channel=tickets]",
        "[rule=project-misconfigured, project=shop]",
        "release=1a2b3c4",
        "cause=release:1a2b3c4",
        "cause=platform:vercel",
        "cause=us",
        '"cause=~release:.*"',
        "issue=SHOP-1",
        "deployment=alert-dispatch",
        "[severity=warning, rule=endpoint-slow]",
        '[level=error, "rule=~issue.*"]',
        '"rule!~score-.*"',
    ],
)
def test_a_route_that_some_alert_reaches(match: str, mistakes: Mistakes) -> None:
    assert messages(mistakes, written(f"{{match: {match}, channels: [tickets]}}")) == {}


def test_a_route_at_other_hours_is_reached_behind_one_that_has_hours(mistakes: Mistakes) -> None:
    hours = 'hours: {start: "09:00", end: "17:00"}'
    text = FILE.replace("escalation: wake}", f"escalation: wake, {hours}}}") % (
        "    - {match: [severity=critical, project=shop], channels: [tickets]}",
        "",
        "",
    )
    assert messages(mistakes, text) == {}


def test_a_rule_that_is_not_enabled_reaches_nobody(mistakes: Mistakes) -> None:
    text = written("{match: rule=blind, channels: [tickets]}").replace(
        "alerts:\n", "alerts:\n  rules: {blind: {enabled: false}}\n"
    )
    assert messages(mistakes, text) == {f"{ROUTE}.match": "no alert comes here: the rule blind is not enabled"}


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        pytest.param("{signal: endpoint_latency, enter: 8, match: endpoint=hoem}", "match", '"home"?', id="endpoint"),
        pytest.param(
            "{signal: endpoint_latency, enter: 8, match: endpoint=feed}", "match", "no endpoint", id="of blog"
        ),
        pytest.param("{signal: blind, enter: 1, match: component=eror}", "match", '"errors"?', id="component"),
        pytest.param('{signal: endpoint_latency, enter: 8, match: "endpoint=~h"}', "match", "home", id="expression"),
        pytest.param("{signal: new_issue, enter: 1, match: [level=fatl]}", "match[0]", '"fatal"?', id="level"),
        pytest.param("{signal: error_rate, enter: 9, match: project=blog}", "match", "rule of shop", id="project"),
        pytest.param("{signal: failed_builds, enter: 3}", "signal", "needs circleci", id="no builds"),
        pytest.param("{signal: waiting_deployment, enter: 3}", "signal", "needs vercel", id="no delivery"),
        pytest.param("{signal: check_age, enter: 30}", "signal", "of the watch alone", id="of the watch"),
    ],
)
def test_a_rule_that_never_fires(rule: str, key: str, words: str, mistakes: Mistakes) -> None:
    found = messages(mistakes, written(rules=f"mine: {rule}"))
    assert list(found) == [f"projects[0].rules.mine.{key}"]
    assert words in found[f"projects[0].rules.mine.{key}"]


def test_a_rule_of_the_watch_is_changed_for_all_or_not_at_all(mistakes: Mistakes) -> None:
    found = messages(mistakes, written(rules="channel-down: {enter: 1}"))
    assert "expected this rule in alerts.rules" in found["projects[0].rules.channel-down"]
    assert messages(mistakes, written(rules="build-broken: {enabled: false}")) == {}


def test_a_rule_for_all_may_name_the_endpoint_of_any_project(mistakes: Mistakes) -> None:
    top = "alerts:\n  rules: {mine: {signal: endpoint_latency, enter: 8, match: endpoint=%s}}\n"
    assert messages(mistakes, written().replace("alerts:\n", top % "feed")) == {}
    found = messages(mistakes, written().replace("alerts:\n", top % "fed"))
    assert 'did you mean "feed"?' in found["alerts.rules.mine.match"]


@pytest.mark.parametrize(
    ("inhibition", "key", "words"),
    [
        pytest.param("{source: rule=endpoint-dwn, target: rule=blind}", "source", '"endpoint-down"?', id="source"),
        pytest.param("{source: rule=blind, target: rule=score-lwo}", "target", '"score-low"?', id="target"),
        pytest.param(
            "{source: [severity=critical, severity=info], target: rule=blind}", "source[1]", "exclude", id="nothing"
        ),
        pytest.param("{source: rule=blind, target: [rule=blind, project=shop]}", "target", "other alerts", id="itself"),
        pytest.param(
            "{source: project=shop, target: project=blog}", "equal", "cannot have the same project", id="two projects"
        ),
    ],
)
def test_an_inhibition_without_effect(inhibition: str, key: str, words: str, mistakes: Mistakes) -> None:
    found = messages(mistakes, written(more=f"  inhibit:\n    - {inhibition}"))
    assert list(found) == [f"alerts.inhibit[0].{key}"]
    assert words in found[f"alerts.inhibit[0].{key}"]


def test_inhibitions_with_effect(mistakes: Mistakes) -> None:
    several = (
        "{source: project=shop, target: project=blog, equal: []}",
        "{source: [rule=endpoint-down, endpoint=home], target: [rule=endpoint-down, endpoint!=home]}",
    )
    assert messages(mistakes, written(more="  inhibit:\n" + "".join(f"    - {each}\n" for each in several))) == {}


def test_an_escalation_that_no_route_names(mistakes: Mistakes) -> None:
    text = written().replace(", escalation: wake}", "}")
    assert messages(mistakes, text) == {
        "alerts.escalations[0].name": "nobody is called by it: expected a route with escalation: wake"
    }


@pytest.mark.parametrize(
    ("hours", "key", "words"),
    [
        pytest.param('{start: "24:00", end: "08:00"}', "hours.start", "never begins", id="begins after the day"),
        pytest.param('{start: "24:00", end: "00:00"}', "hours.start", "never begins", id="no time at all"),
        pytest.param('{start: "09:00", end: "09:00"}', "hours.end", "another time", id="from nine to nine"),
    ],
)
def test_hours_that_never_are(hours: str, key: str, words: str, mistakes: Mistakes) -> None:
    found = messages(mistakes, written(f"{{match: severity=warning, channels: [tickets], hours: {hours}}}"))
    assert list(found) == [f"{ROUTE}.{key}"]
    assert words in found[f"{ROUTE}.{key}"]


@pytest.mark.parametrize("cron", ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 0 1 *", "0 25 * * *"])
def test_maintenance_that_never_is(cron: str, mistakes: Mistakes) -> None:
    text = written().replace(
        "    name: Blog\n", f'    name: Blog\n    maintenance: [{{cron: "{cron}", minutes: 60}}]\n'
    )
    found = messages(mistakes, text)
    assert list(found) == ["projects[1].maintenance[0].cron"]
    assert "cron line" in found["projects[1].maintenance[0].cron"]


def test_maintenance_on_the_last_of_february_is_some_time(mistakes: Mistakes) -> None:
    maintenance = '    maintenance: [{cron: "0 0 29 2 *", minutes: 60}]\n'
    assert messages(mistakes, written().replace("    name: Blog\n", f"    name: Blog\n{maintenance}")) == {}


FAULTS = Path(__file__).parents[2].parent / "shared/data/faults/alerts"
KEYS = {
    "05_rule_for_endpoint_that_is_not_there": ("projects[0].rules.slow-checkout.match", 'did you mean "home"?'),
    "07_route_for_rule_that_is_not_there": ("alerts.routes[1].match", 'did you mean "endpoint-down"?'),
    "09_route_two_severities": ("alerts.routes[1].match[1]", 'write "severity=~warning|critical"'),
}


@pytest.mark.skipif(not FAULTS.is_dir(), reason="the files of faults are not beside this repository")
@pytest.mark.parametrize("name", KEYS)
def test_files_that_were_accepted_once(name: str, mistakes: Mistakes) -> None:
    key, words = KEYS[name]
    found = messages(mistakes, (FAULTS / f"{name}.yaml").read_text(encoding="utf-8"))
    assert list(found) == [key]
    assert words in found[key]
