"""Alerts in the terminal: what a person reads at a glance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console, RenderableType

from reports.alert_terminal import (
    alert_as_json,
    alert_table,
    channel_table,
    rule_table,
    silence_table,
    trial_as_json,
    trial_view,
)
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_policy import ChannelKind, Matcher, Silence
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_trying import Episode, Trial
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.circuits import Circuit

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALERT = Alert(
    "shop", "endpoint-down", Severity.CRITICAL, AlertStatus.FIRING, NOW - HOUR, NOW, "home is\x1b[2J down", id=41
)
GROUP = Group("shop|endpoints", "shop", "endpoints", NOW - HOUR, NOW, id=12)
RULE = Rule("certificate-ending", "certificate", Severity.CRITICAL, 3, is_above=False)


def shown(what: RenderableType) -> str:
    console = Console(width=160, no_color=True)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


@pytest.mark.parametrize(
    ("alert", "group", "words"),
    [
        pytest.param(ALERT, GROUP, ["41", "12", "critical", "firing", "Shop", "60 min", "nobody yet"], id="firing"),
        pytest.param(ALERT, replace(GROUP, acknowledged_by="Ada"), ["Ada"], id="taken on"),
        pytest.param(ALERT, replace(GROUP, acknowledged_by="Ada", assigned_to="Ben"), ["Ben"], id="handed over"),
        pytest.param(replace(ALERT, calm_since=NOW), GROUP, ["calming"], id="about to be resolved"),
        pytest.param(replace(ALERT, is_flapping=True), GROUP, ["flapping"], id="flapping"),
        pytest.param(replace(ALERT, project=""), None, ["the watch itself", "–"], id="of the watch"),
        pytest.param(
            replace(ALERT, status=AlertStatus.RESOLVED, resolved_at=NOW - HOUR / 2),
            None,
            ["resolved", "30 min"],
            id="over",
        ),
    ],
)
def test_an_alert_is_one_line(alert: Alert, group: Group | None, words: list[str]) -> None:
    text = shown(alert_table([alert], {41: group} if group else {}, {"shop": "Shop"}, NOW))
    assert "\x1b" not in text
    for word in words:
        assert word in text


def test_for_scripts_there_are_numbers_and_moments() -> None:
    told = alert_as_json(ALERT, GROUP, ["because"])
    assert (told["alert"], told["group"], told["status"], told["why"]) == (41, 12, "firing", ["because"])
    assert told["started_at"] == "2026-03-02T11:00:00+00:00"
    assert "why" not in alert_as_json(ALERT)


def test_a_silence_says_what_who_and_how_long() -> None:
    holds = Silence((Matcher("project", "shop"),), NOW - HOUR, NOW + 2 * HOUR, "Ada", "moving", id=3)
    later = replace(holds, starts_at=NOW + HOUR, id=4)
    text = shown(silence_table([holds, later], NOW))
    for words in ("project=shop", "Ada", "moving", "2 h", "begins 2026-03-02 13:00 UTC"):
        assert words in text


def test_rules_say_at_which_value_they_fire_and_which_are_off() -> None:
    flag = Rule("blind", "blind", Severity.WARNING, 1, for_=HOUR / 2, is_enabled=False)
    lines = shown(rule_table([RULE, flag])).splitlines()
    assert "certificate < 3 days" in lines[1]
    assert "≥ 3 days" in lines[1]
    assert "off" in lines[2]
    assert "30 min" in lines[2]


TRIED = Trial("endpoint-down", NOW, NOW - 48 * HOUR, 200)
EPISODES = (
    Episode("shop", "home is down", "endpoints", NOW - 9 * HOUR, NOW - 8 * HOUR),
    Episode("shop", "home is down", "endpoints", NOW - 3 * HOUR, None),
)


def test_a_trial_says_how_often_how_long_and_how_many_messages() -> None:
    trial = replace(TRIED, episodes=EPISODES, messages=4)
    text = " ".join(shown(trial_view(trial, {"shop": "Shop"})).split())
    for words in ("fired 2 times", "4 h in all", "3 h at the longest", "4 messages", "3 h, and on", "Shop"):
        assert words in text
    told = trial_as_json(trial)
    assert (told["times"], told["firing_seconds"], told["longest_seconds"]) == (2, 14_400, 10_800)
    assert [episode["until"] for episode in told["episodes"]] == ["2026-03-02T04:00:00+00:00", None]


@pytest.mark.parametrize(
    ("trial", "words"),
    [
        pytest.param(TRIED, "would not have fired since 2026-02-28 12:00 UTC (200 moments", id="never"),
        pytest.param(replace(TRIED, since=None), "nothing is stored of that time", id="no past"),
        pytest.param(replace(TRIED, note="how it was is not stored"), "how it was is not stored", id="cannot be tried"),
    ],
)
def test_a_trial_without_an_episode_says_why(trial: Trial, words: str) -> None:
    assert words in shown(trial_view(trial, {}))


def test_a_channel_says_where_it_leads_and_how_it_does() -> None:
    channels = [
        ChannelConfig("slack", ChannelKind.SLACK, "acme", channel="#ops"),
        ChannelConfig("pager", ChannelKind.PAGERDUTY),
        ChannelConfig("hook", ChannelKind.WEBHOOK, url="https://hooks.example.com/"),
        ChannelConfig("console", ChannelKind.CONSOLE),
    ]
    circuits = {
        "pager": Circuit(7, NOW, NOW + HOUR, "the key is wrong"),
        "hook": Circuit(2, error="503"),
        "console": Circuit(),
    }
    lines = shown(channel_table(channels, {"slack": ["Shop", "the watch itself"]}, circuits)).splitlines()
    for line, words in zip(
        lines[1:],
        (
            ["acme", "#ops", "Shop, the watch itself", "well"],
            ["down, tried again at 2026-03-02 13:00 UTC: the key is wrong"],
            ["https://hooks.example.com/", "failing: 503"],
            ["console", "–", "well"],
        ),
        strict=True,
    ):
        for word in words:
            assert word in line
