"""What the file says of alerts: who is told, through which channels, by which rules."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_defaults import DEFAULT_INHIBITIONS, default_rules
from watchkeeper.domain.alert_policy import (
    ChannelKind,
    Escalation,
    EscalationStep,
    FlapLimits,
    Hours,
    Inhibition,
    Matcher,
    OnCall,
    Person,
    Route,
    Timing,
)
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_values import Severity

ALL = """
timezone: Europe/Berlin
alerts:
  default_channels: [ops, pager]
  channels:
    - {name: ops, kind: slack, channel: "#ops", credentials: acme}
    - {name: pager, kind: pagerduty}
    - {name: tickets, kind: jira, project: OPS, issue_type: Bug, resolve_transition: Closed, reopen_transition: Open}
    - {name: code, kind: github, repository: acme/shop, does: [status]}
    - {name: hook, kind: webhook, url: "https://hooks.example.com/watchkeeper"}
    - {name: lines, kind: file, path: ~/alerts.jsonl}
    - {name: ada-sms, kind: apprise, credentials: ada}
  routes:
    - match: [severity=critical, "project=~shop|api"]
      channels: [pager]
      hours: {days: [saturday, sunday], start: "18:00", end: "08:30", timezone: UTC}
      escalation: night
    - {match: "cause=~platform:.*", channels: [tickets], hours: {start: "09:00", end: "24:00"}}
  escalations:
    - name: night
      repeat: 2
      steps:
        - {after_minutes: 10, people: [on_call]}
        - {after_minutes: 20, channels: [pager], people: [Ada]}
  people:
    - {name: Ada, channels: [ada-sms], handles: {slack: U0123ABCD}}
    - {name: Ben, handles: {github: ben}}
  on_call: {people: [Ada, Ben], since: 2026-01-05T09:00:00Z, turn_hours: 24}
  inhibit:
    - {source: [rule=build-broken, project=shop], target: "rule=~error-rate-.*", equal: [], reason: no way in}
  timing: {group_wait_seconds: 0, group_interval_minutes: 1, repeat_interval_minutes: 5}
  flapping: {changes: 4, within_minutes: 30, stable_after_minutes: 15}
  most_groups: 2
"""


def configured(addition: str, shop: str = "", top: str = "") -> Configuration:
    return read_configuration(f"{top}{shop}{addition}", {})


def rule(configuration: Configuration, name: str, slug: str = "shop") -> Rule:
    return {each.name: each for each in configuration.alert_rules_of(slug)}[name]


def test_everything_can_be_said(shop: str) -> None:
    configuration = configured(ALL, shop)
    policy = configuration.alert_policy
    assert policy.default_channels == {"": ("ops", "pager"), "shop": ("ops", "pager")}
    assert policy.routes == (
        Route(
            (Matcher("severity", "critical"), Matcher("project", "shop|api", is_regex=True)),
            ("pager",),
            Hours(frozenset({5, 6}), 18 * 60, 8 * 60 + 30, ZoneInfo("UTC")),
            "night",
        ),
        Route(
            (Matcher("cause", "platform:.*", is_regex=True),),
            ("tickets",),
            Hours(frozenset(range(7)), 9 * 60, 24 * 60, ZoneInfo("Europe/Berlin")),
        ),
    )
    steps = (
        EscalationStep(timedelta(minutes=10), (), ("on_call",)),
        EscalationStep(timedelta(minutes=20), ("pager",), ("Ada",)),
    )
    assert policy.escalations == {"night": Escalation("night", steps, 2)}
    assert policy.people["Ada"] == Person("Ada", ("ada-sms",), {"slack": "U0123ABCD"})
    assert policy.on_call == OnCall(
        ("Ada", "Ben"), timedelta(days=1), datetime(2026, 1, 5, 9, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    )
    assert policy.inhibitions[0] == Inhibition(
        (Matcher("rule", "build-broken"), Matcher("project", "shop")),
        (Matcher("rule", "error-rate-.*", is_regex=True),),
        (),
        "no way in",
    )
    assert policy.timing == Timing(timedelta(), timedelta(minutes=1), timedelta(minutes=5))
    assert policy.flapping == FlapLimits(4, timedelta(minutes=30), timedelta(minutes=15))
    assert policy.most_groups == 2


def test_channels_are_known_by_their_names(shop: str) -> None:
    channels = configured(ALL, shop).channels
    assert channels["ops"] == ChannelConfig("ops", ChannelKind.SLACK, "acme", channel="#ops")
    assert channels["tickets"] == ChannelConfig(
        "tickets",
        ChannelKind.JIRA,
        project="OPS",
        issue_type="Bug",
        resolve_transition="Closed",
        reopen_transition="Open",
    )
    assert channels["code"] == ChannelConfig(
        "code", ChannelKind.GITHUB, repository="acme/shop", does=frozenset({"status"})
    )
    assert channels["hook"].url == "https://hooks.example.com/watchkeeper"
    assert channels["lines"].path == str(Path.home() / "alerts.jsonl")


def test_without_a_word_nothing_is_silent(shop: str) -> None:
    configuration = configured("", shop)
    policy = configuration.alert_policy
    assert policy.default_channels == {"": ("console", "file"), "shop": ("console", "file")}
    assert configuration.channels == {
        "console": ChannelConfig("console", ChannelKind.CONSOLE),
        "file": ChannelConfig("file", ChannelKind.FILE),
    }
    assert (policy.timing, policy.flapping, policy.most_groups) == (Timing(), FlapLimits(), 5)
    assert policy.inhibitions == DEFAULT_INHIBITIONS
    assert configuration.alert_rules == default_rules()


def test_the_slack_channel_of_the_file_is_there_as_slack(shop: str) -> None:
    configuration = configured(
        'slack: {channel: "#releases", credentials: acme}\ndefaults: {credentials: acme}\n', shop
    )
    assert configuration.alert_policy.default_channels == {"": ("slack",), "shop": ("slack",)}
    assert configuration.channels["slack"] == ChannelConfig("slack", ChannelKind.SLACK, "acme", channel="#releases")


def test_a_project_has_its_own_slack_channel_or_workspace(shop: str) -> None:
    own = '    slack: {channel: "#shop"}\n  - {slug: api, name: A, circleci: {project: gh/a/b}, credentials: other}\n'
    configuration = configured('slack: {channel: "#releases"}\n', shop + own)
    assert configuration.alert_policy.default_channels == {
        "": ("slack",),
        "shop": ("slack:#shop",),
        "api": ("slack:#releases@other",),
    }
    assert configuration.channels["slack:#shop"] == ChannelConfig("slack:#shop", ChannelKind.SLACK, channel="#shop")
    assert configuration.channels["slack:#releases@other"].credentials == "other"


def test_the_channels_of_a_project_outweigh_those_of_all(shop: str) -> None:
    policy = configured(ALL, f"{shop}    channels: [tickets]\n").alert_policy
    assert policy.default_channels == {"": ("ops", "pager"), "shop": ("tickets",)}


def test_a_broken_project_is_told_of_where_the_watch_is() -> None:
    text = 'slack: {channel: "#r"}\nprojects: [{slug: shop, nmae: x}, {slug: a, name: A, circleci: {project: gh/a/b}}]'
    policy = read_configuration(text, {}, isolate=True).alert_policy
    assert policy.default_channels["shop"] == ("slack",)


def test_parents_and_maintenance_are_known(shop: str) -> None:
    more = """
    depends_on: api
    maintenance: [{cron: "0 2 * * 0", minutes: 60}]
    endpoints:
      - {name: gateway, url: "https://a.example/"}
      - {name: home, url: "https://a.example/home", depends_on: gateway}
  - {slug: api, name: API, circleci: {project: gh/acme/api}}
"""
    policy = configured("", shop + more).alert_policy
    assert policy.parents == {"shop": "api"}
    assert policy.endpoint_parents == {("shop", "home"): "gateway"}
    assert [entry.cron for entry in policy.maintenance["shop"]] == ["0 2 * * 0"]


def test_a_rule_of_the_house_is_changed_for_all_and_for_one(shop: str) -> None:
    top = "alerts: {rules: {watch-late: {enter: 60}, endpoint-slow: {for_minutes: 5}}}\n"
    top += "defaults: {rules: {endpoint-slow: {enter: 2}}}\n"
    configuration = configured(
        "    rules: {endpoint-slow: {exit: 1.5, severity: critical, enabled: false}}\n", top + shop
    )
    assert rule(configuration, "watch-late", "").enter == 60
    assert rule(configuration, "endpoint-slow", "").enter == 1
    changed = rule(configuration, "endpoint-slow")
    assert (changed.for_, changed.enter, changed.exit) == (timedelta(minutes=5), 2, 1.5)
    assert (changed.severity, changed.is_enabled, changed.project) == (Severity.CRITICAL, False, "shop")


def test_where_only_the_limit_to_enter_is_said_the_one_to_leave_moves_along(shop: str) -> None:
    configuration = configured("    rules: {error-rate-warning: {enter: 1}}\n", shop)
    assert rule(configuration, "error-rate-warning").exit == 0.8


def test_limits_of_a_project_are_those_of_its_rules(shop: str) -> None:
    limits = "    limits: {errors: {warning_percent: 1, min_total: 50}}\n"
    configuration = configured("    rules: {error-rate-warning: {keep_minutes: 3}}\n", shop + limits)
    own = rule(configuration, "error-rate-warning")
    assert (own.enter, own.min_sample, own.keep) == (1, 50, timedelta(minutes=3))
    assert rule(configuration, "error-rate-critical").min_sample == 50
    assert rule(configuration, "error-rate-warning", "").enter == 2.5


def test_a_rule_of_ones_own(shop: str) -> None:
    text = """
    endpoints: [{name: checkout, url: "https://shop.example/checkout"}]
    rules:
      slow-checkout:
        signal: endpoint_latency
        enter: 800
        exit: 600
        for_minutes: 10
        match: endpoint=checkout
        summary: "{endpoint} answers in {value}"
        runbook: https://wiki.example.com/checkout
        family: checkout
"""
    assert rule(configured(text, shop), "slow-checkout") == Rule(
        name="slow-checkout",
        signal="endpoint_latency",
        severity=Severity.WARNING,
        enter=800,
        exit=600,
        for_=timedelta(minutes=10),
        matchers=(Matcher("endpoint", "checkout"),),
        summary="{endpoint} answers in {value}",
        runbook="https://wiki.example.com/checkout",
        family="checkout",
        project="shop",
    )
