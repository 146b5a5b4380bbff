"""Alerts and channels from the command line: what is shown, what is written down, how mistakes are told."""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine

from deployments.cli import app
from tasks import store as own_store
from tests.reports.hostile import HOSTILE, assert_harmless, assert_harmless_json
from watchkeeper.domain.alert_groups import Group, Told, group_key
from watchkeeper.domain.alert_passes import Pass
from watchkeeper.domain.alert_policy import Matcher, Silence
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity, labels_of
from watchkeeper.store.alert_groups import acknowledge, open_groups
from watchkeeper.store.alert_passes import save_pass
from watchkeeper.store.alerts import open_alerts, save_alerts
from watchkeeper.store.audit import audit_entries
from watchkeeper.store.channel_states import note_failure
from watchkeeper.store.database import open_database, reading, transaction
from watchkeeper.store.silences import save_silence

PROJECT = {"slug": "shop", "name": "Shop", "vercel": {"team": "acme", "project": "prj_shop"}}
ALERTS = {
    "channels": [{"name": "lines", "kind": "file", "path": "./told.jsonl"}, {"name": "pager", "kind": "pagerduty"}]
}
NOW = datetime.now(UTC).replace(microsecond=0)
DOWN = Alert(
    project="shop",
    rule="endpoint-down",
    severity=Severity.CRITICAL,
    status=AlertStatus.FIRING,
    started_at=NOW - timedelta(minutes=20),
    seen_at=NOW,
    summary="home does not answer \x1b[31m[bold]",
    labels=labels_of(endpoint="home"),
    cause="endpoints",
    fired_at=NOW - timedelta(minutes=20),
    details=("3 of 3 probes failed",),
    runbook="docs/runbooks/alerts.md#endpoint-down",
)
SLOW = replace(
    DOWN,
    rule="endpoint-slow",
    severity=Severity.WARNING,
    summary="home is slow",
    status=AlertStatus.PENDING,
    fired_at=None,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command has ended, and what it has said."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = dict(os.environ)
    (tmp_path / "projects.yaml").write_text(yaml.safe_dump({"projects": [PROJECT], "alerts": ALERTS}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    monkeypatch.setenv("WATCHKEEPER_PROJECTS", str(tmp_path / "projects.yaml"))
    monkeypatch.delenv("WATCHKEEPER_DATABASE_URL", raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    own_store.database.cache_clear()
    yield tmp_path
    own_store.database.cache_clear()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def engine(home: Path, sqlite_url: str) -> Iterator[Engine]:
    engine = open_database(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> Ended:
        try:
            code = app(list(words), exit_on_error=False, print_error=True)
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return Ended(int(code or 0), said.out, said.err)

    return run


@pytest.fixture
def firing(engine: Engine) -> tuple[int, int]:
    """A critical alert that Slack was told of, and one that is about to fire: the numbers of alert and group."""
    group = Group(
        group_key("shop", "endpoints"),
        "shop",
        "endpoints",
        DOWN.fired_at or NOW,
        NOW,
        {"slack": Told(1, frozenset({DOWN.fingerprint}), DOWN.fired_at)},
    )
    with transaction(engine) as session:
        save_alerts(session, [DOWN, SLOW])
        save_pass(session, Pass(groups=(group,)), NOW)
    with reading(engine) as session:
        numbers = {alert.rule: alert.id for alert in open_alerts(session)}
        return numbers["endpoint-down"], open_groups(session)[0].id


def test_what_fires_is_listed_with_its_numbers_and_its_worst_is_the_exit_code(
    run: Run, firing: tuple[int, int]
) -> None:
    listed = run("alerts", "list")
    assert (listed.code, listed.err) == (2, "")
    for word in ("Shop", "home does not answer", "[bold]", "critical", "pending", "nobody yet"):
        assert word in listed.out
    assert re.search(r"\b\d\d min\b", listed.out), "how long it has been so"
    assert "\x1b" not in listed.out
    told = json.loads(run("alerts", "list", "--json", "--project", "shop").out)
    assert [(each["rule"], each["alert"], each["group"]) for each in told if each["rule"] == "endpoint-down"] == [
        ("endpoint-down", *firing)
    ]


def test_nothing_fires(run: Run, engine: Engine) -> None:
    assert run("alerts", "list") == Ended(0, "Nothing fires.\n", "")
    assert run("alerts", "silences") == Ended(0, "Nothing is kept quiet.\n", "")


def test_why_somebody_was_told(run: Run, firing: tuple[int, int]) -> None:
    told = run("alerts", "why", str(firing[0]))
    assert told.code == 0
    for words in ("3 of 3 probes failed", "docs/runbooks/alerts.md#endpoint-down", "slack knows that it fires"):
        assert words in told.out
    assert "slack knows" in str(json.loads(run("alerts", "why", str(firing[0]), "--json").out)["why"])


def test_a_group_is_taken_on_handed_over_and_resolved_and_the_audit_has_it(
    run: Run, firing: tuple[int, int], engine: Engine
) -> None:
    group = str(firing[1])
    assert "Ada has taken on group" in run("alerts", "ack", group, "--as", "Ada").out
    again = run("alerts", "ack", group, "--as", "Ben")
    assert (again.code, "Ada has taken it on" in again.err) == (2, True)
    assert f"Group {group} is assigned to Ben." in run("alerts", "assign", group, "--to", "Ben", "--as", "Ada").out
    assert "Ben" in run("alerts", "list").out
    assert "has resolved 1 alert" in run("alerts", "resolve", group, "--as", "Ben", "--comment", "mended").out
    assert "resolved" in run("alerts", "list", "--all").out
    with reading(engine) as session:
        done = [(entry.actor, entry.action) for entry in audit_entries(session, "shop", NOW)]
    assert done == [("Ada", "alerts.acknowledge"), ("Ada", "alerts.assign"), ("Ben", "alerts.resolve")]


FORGING = "Ada\x1b[2J\n12  13  critical  FORGED\u202e"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["ack", "1", "--as", FORGING], id="ack"),
        pytest.param(["assign", "1", "--to", FORGING, "--as", "Ada"], id="assign to"),
        pytest.param(["assign", "1", "--to", "Ada", "--as", FORGING], id="assign"),
        pytest.param(["resolve", "1", "--as", FORGING], id="resolve"),
        pytest.param(["silence", "project=shop", "--for", "1h", "--comment", "x", "--as", FORGING], id="silence"),
        pytest.param(["unsilence", "1", "--as", FORGING], id="unsilence"),
        pytest.param(["ack", "1", "--as", "\u200b"], id="nothing that can be seen"),
        pytest.param(["ack", "1", "--as", "\u0410da"], id="a letter that looks alike"),
        pytest.param(["assign", "1", "--to", " ", "--as", "Ada"], id="nobody"),
    ],
)
def test_a_name_that_forges_or_hides_is_refused_and_changes_nothing(
    run: Run, firing: tuple[int, int], engine: Engine, words: list[str]
) -> None:
    assert firing[1] == 1
    done = run("alerts", *words)
    assert (done.code, done.out) == (4, "")
    assert re.match("--(as|to): ", done.err)
    assert_harmless(done.err)
    with reading(engine) as session:
        assert list(audit_entries(session, "shop", NOW)) == []
        assert open_groups(session)[0].acknowledged_at is None


def test_what_a_vendor_calls_a_person_forges_no_line(run: Run, firing: tuple[int, int], engine: Engine) -> None:
    with transaction(engine) as session:
        assert acknowledge(session, firing[1], HOSTILE, NOW)
        save_alerts(session, [replace(DOWN, id=firing[0], summary=HOSTILE, details=(HOSTILE,))])
        save_silence(session, Silence((Matcher("project", HOSTILE),), NOW, NOW + timedelta(hours=1), HOSTILE, HOSTILE))
    for words in (["list"], ["why", str(firing[0])], ["silences"], ["ack", str(firing[1]), "--as", "Ada"]):
        shown = run("alerts", *words)
        assert "override" in shown.out + shown.err
        assert_harmless(shown.out + shown.err, is_wrapped=True)
    for words in (["list", "--json"], ["why", str(firing[0]), "--json"], ["silences", "--json"]):
        assert_harmless_json(run("alerts", *words).out)


@pytest.fixture
def storm(engine: Engine) -> int:
    """Three groups that Slack was told of in one message, and one beside them: the number of the storm."""
    key = "watchkeeper/storm/20260302T120000"
    down = {project: replace(DOWN, project=project) for project in ("shop", "api", "blog", "docs")}
    groups = tuple(
        Group(
            group_key(project, "endpoints"),
            project,
            "endpoints",
            NOW,
            NOW,
            {"slack": Told(1, frozenset({alert.fingerprint}), NOW, "" if project == "docs" else key)},
            storm=0 if project == "docs" else 1,
        )
        for project, alert in down.items()
    )
    with transaction(engine) as session:
        save_alerts(session, list(down.values()))
        save_pass(session, Pass(groups=groups), NOW)
    return 1


def test_a_storm_is_opened_acknowledged_and_kept_quiet_as_one(run: Run, storm: int, engine: Engine) -> None:
    assert "(storm 1)" in run("alerts", "list").out
    opened = run("alerts", "why", "--storm", "1")
    assert (opened.code, opened.err) == (0, "")
    assert "Storm 1: 3 alerts in 3 groups; nobody is on 3 of them" in opened.out
    assert "docs" not in opened.out
    told = json.loads(run("alerts", "why", "--storm", "1", "--json").out)
    assert sorted((each["project"], each["storm"]) for each in told) == [("api", 1), ("blog", 1), ("shop", 1)]
    assert "Ada has acknowledged storm 1 (3 groups)" in run("alerts", "ack", "--storm", "1", "--as", "Ada").out
    with reading(engine) as session:
        by_project = {each.project: each.acknowledged_by for each in open_groups(session)}
    assert by_project == {"shop": "Ada", "api": "Ada", "blog": "Ada", "docs": ""}
    again = run("alerts", "ack", "--storm", "1", "--as", "Ben")
    assert (again.code, "Ada has acknowledged all of it already" in again.err) == (2, True)
    words = ("--storm", "1", "--for", "2h", "--as", "Ada", "--comment", "the platform is down")
    assert "Silence 1 holds until" in run("alerts", "silence", *words).out
    assert "storm 1" in run("alerts", "silences").out
    shown = json.loads(run("alerts", "silences", "--json").out)[0]
    assert (shown["storm"], shown["matchers"]) == (1, [])
    numbers = {each["project"]: str(each["alert"]) for each in json.loads(run("alerts", "list", "--json").out)}
    assert "silenced by Ada" in run("alerts", "why", numbers["api"]).out
    assert "told in storm 1" in run("alerts", "why", numbers["api"]).out
    assert "silenced by Ada" not in run("alerts", "why", numbers["docs"]).out


def test_a_silence_holds_until_it_is_taken_back(run: Run, engine: Engine) -> None:
    words = ("project=shop", "rule=~endpoint-.*", "--for", "2h", "--as", "Ada", "--comment", "moving")
    assert "Silence 1 holds until" in run("alerts", "silence", *words).out
    shown = run("alerts", "silences").out
    for word in ("project=shop, rule=~endpoint-.*", "Ada", "moving"):
        assert word in shown
    assert json.loads(run("alerts", "silences", "--json").out)[0]["matchers"] == ["project=shop", "rule=~endpoint-.*"]
    assert run("alerts", "unsilence", "1", "--as", "Ada").out == "Silence 1 has ended.\n"
    assert run("alerts", "unsilence", "1", "--as", "Ada").code == 2


SILENCE = ("alerts", "silence", "project=shop", "--as", "Ada", "--comment", "x")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(["alerts", "why", "7"], 4, "there is no alert 7", id="no such alert"),
        pytest.param(["alerts", "ack", "7", "--as", "Ada"], 4, "there is no group 7", id="no such group"),
        pytest.param(["alerts", "ack", "--as", "Ada"], 4, "or --storm", id="neither a group nor a storm"),
        pytest.param(["alerts", "ack", "7", "--storm", "7", "--as", "A"], 4, "or --storm", id="a group and a storm"),
        pytest.param(["alerts", "ack", "--storm", "7", "--as", "A"], 2, "no storm 7 that goes on", id="no such storm"),
        pytest.param(["alerts", "why", "--storm", "7"], 4, "no storm 7 that goes on", id="no such storm to open"),
        pytest.param(
            ["alerts", "silence", "--storm", "7", "--for", "1h", "--as", "A", "--comment", "x"],
            2,
            "no storm 7 that goes on",
            id="no such storm to keep quiet",
        ),
        pytest.param(["alerts", "list", "--project", "shpo"], 4, 'did you mean "shop"', id="no such project"),
        pytest.param(["alerts", "assign", "7", "--to", " "], 4, "--to", id="to nobody"),
        pytest.param([*SILENCE, "--until", "2020-01-01T00:00:00Z"], 2, "in the past", id="a silence in the past"),
        pytest.param([*SILENCE, "--until", "2020-01-01T00:00:00"], 4, "time zone", id="no time zone"),
        pytest.param([*SILENCE, "--until", "tomorrow"], 4, "a moment like", id="no moment"),
        pytest.param([*SILENCE, "--for", "soon"], 4, "90m, 12h", id="no span"),
        pytest.param([*SILENCE, "--for", "0h"], 4, "90m, 12h", id="no time at all"),
        pytest.param([*SILENCE, "--for", "60d"], 2, "30 days", id="for too long"),
        pytest.param(SILENCE, 4, "--for", id="without an end"),
        pytest.param([*SILENCE, "host=a", "--for", "1h"], 4, 'label "host"', id="unknown label"),
        pytest.param([*SILENCE, "rule=~(", "--for", "1h"], 4, "regular expression", id="bad expression"),
        pytest.param(
            ["alerts", "silence", "--for", "1h", "--as", "A", "--comment", "x"],
            2,
            "needs a matcher",
            id="of everything",
        ),
        pytest.param(["alerts", "try"], 4, "which rule", id="no rule"),
        pytest.param(["alerts", "try", "nothing"], 4, 'no rule "nothing"', id="no such rule"),
        pytest.param(["alerts", "try", "blind", "--since", "x"], 4, "--since x", id="no time to try"),
        pytest.param(["alerts", "rules", "--project", "shpo"], 4, 'did you mean "shop"', id="no such project's rules"),
        pytest.param(["channels", "test", "pgaer"], 4, 'did you mean "pager"', id="no such channel"),
        pytest.param(["channels", "test", "pager"], 4, "no Prefect server runs", id="its block is on the server"),
    ],
)
def test_mistakes_are_told_with_the_way_out(words: list[str], code: int, told: str, run: Run, engine: Engine) -> None:
    ended = run(*words)
    assert (ended.code, told in ended.err, ended.out) == (code, True, ""), ended


def test_a_store_that_is_not_there_is_said_in_words(run: Run) -> None:
    ended = run("alerts", "list")
    assert (ended.code, ended.out) == (4, "")
    assert "Traceback" not in ended.err


def test_rules_are_shown_with_their_limits(run: Run) -> None:
    shown = run("alerts", "rules", "--project", "shop")
    assert shown.code == 0
    line = next(line for line in shown.out.splitlines() if line.startswith("error-rate-warning"))
    for words in ("warning", "error rate ≥ 2.5 %", "< 2 %", "15 min", "10"):
        assert words in line


def test_a_rule_is_tried(run: Run, engine: Engine) -> None:
    assert (
        run("alerts", "try", "endpoint-down", "--since", "7d").out
        == "endpoint-down: nothing is stored of that time.\n\n"
    )
    (trial,) = json.loads(run("alerts", "try", "endpoint-down", "--json").out)
    assert (trial["times"], trial["messages"]) == (0, 0)


def test_channels_are_listed_with_their_state(run: Run, home: Path, engine: Engine) -> None:
    with transaction(engine) as session:
        note_failure(session, "pager", "the routing key is wrong", NOW, is_certain=True)
    listed = run("channels", "list").out
    lines = {line.split()[0]: line for line in listed.splitlines()}
    assert "Shop" in lines["console"]
    assert "the watch itself" in lines["file"]
    assert "the routing key is wrong" in lines["pager"]
    assert str(home)[:20] in lines["lines"]


def test_a_test_message_arrives_and_says_what_it_is(run: Run, home: Path) -> None:
    ended = run("channels", "test", "lines")
    assert (ended.code, ended.err) == (0, "")
    assert "took the test message" in ended.out
    lines = [json.loads(line) for line in (home / "told.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    assert all("test" in json.dumps(line).lower() for line in lines)
