"""Ways back from the command line: what is read from the record, and how mistakes are told."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from sqlalchemy import Engine

from deployments.rollback import empty_form, exit_code
from deployments.rollback_cli import SERVER_AWAY
from flows.emergency_rollback import emergency_rollback
from tests.domain.rollback_makers import plan
from tests.domain.trigger_makers import BAD, GOOD, NEW, OLD, QUARTER, looked, quiet_before
from tests.domain.trigger_makers import NOW as THEN
from tests.reports.hostile import HOSTILE, assert_harmless, assert_harmless_json
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.releases import Release
from watchkeeper.domain.rollback import Outcome, Rollback, RollbackKind, RollbackRequest, RollbackState, Source
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import migrate, open_database, reading, transaction
from watchkeeper.store.health import save_checks
from watchkeeper.store.releases import save_releases
from watchkeeper.store.rollback_rows import RollbackRow
from watchkeeper.store.rollbacks import accepted_answers, advance, ask_approval, open_rollback, record, rollback
from watchkeeper.store.tables import table_of

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = {"slug": "shop", "name": "Shop", "vercel": {"team": "acme", "project": "prj_shop"}}
NOW = datetime.now(UTC).replace(microsecond=0)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "projects.yaml").write_text(yaml.safe_dump({"projects": [PROJECT]}))
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[Engine]:
    url = f"sqlite:///{home}/watchkeeper.db"
    migrate(url)
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(home: Path) -> Run:
    def run(*words: str, keyboard: int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deployments.cli", *words],
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(home),
                "WATCHKEEPER_HOME": str(home),
                "WATCHKEEPER_PROJECTS": str(home / "projects.yaml"),
                "COLUMNS": "160",
                "PYTHONPATH": str(ROOT),
            },
            cwd=home,
            stdin=keyboard,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def opened(store: Engine, *states: RollbackState, **more: Any) -> Rollback:
    request = RollbackRequest("shop", "Ada", "checkout fails", str(UUID(int=1)), dry_run=False, **more)
    with transaction(store) as session:
        asked = open_rollback(session, request, NOW)
        before = RollbackState.REQUESTED
        for state in states:
            assert advance(session, asked.id, before, state, {}, "watchkeeper", "so it is", NOW)
            before = state
    return asked


def test_what_was_asked_for_is_listed_and_shown(run: Run, store: Engine) -> None:
    assert "No way back" in run("rollback", "list").stdout
    number = str(opened(store, RollbackState.FAILED).id)
    listed = run("rollback", "list", "shop")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "Ada" in listed.stdout
    shown = run("rollback", "show", number)
    assert shown.returncode == 0
    assert "checkout fails" in shown.stdout
    assert "So it is." in shown.stdout
    told = json.loads(run("rollback", "show", number, "--json").stdout)
    assert (told["state"], told["project"]) == ("failed", "shop")
    assert [step["state"] for step in told["timeline"]] == ["requested", "failed"]


def test_what_was_typed_forges_no_line(run: Run, store: Engine) -> None:
    number = opened(store, RollbackState.FAILED).id
    with transaction(store) as session:
        changed = {"requested_by": HOSTILE, "reason": HOSTILE, "error": HOSTILE}
        clean = {name: text.replace("\x00", "") for name, text in changed.items()}
        session.connection().execute(table_of(RollbackRow).update().values(clean))
        record(session, number, {}, HOSTILE, HOSTILE, NOW)
    for words in (["list"], ["show", str(number)], ["show", str(number), "--follow"]):
        shown = run("rollback", *words)
        assert "override" in shown.stdout
        assert_harmless(shown.stdout, is_wrapped=True)
    assert_harmless_json(run("rollback", "show", str(number), "--json").stdout)


def test_following_ends_with_it_and_its_end_is_the_exit_code(run: Run, store: Engine) -> None:
    done = run("rollback", "show", str(opened(store, RollbackState.FAILED).id), "--follow")
    assert done.returncode == 2
    assert "failed: So it is." in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["rollback", "show", "7"], "there is no rollback 7", id="no such way back"),
        pytest.param(["rollback", "list", "shpo"], 'did you mean "shop"', id="no such project"),
        pytest.param(["rollback", "plan", "shpo"], 'did you mean "shop"', id="no such project to plan for"),
        pytest.param(["rollback", "plan", "shop"], "no Prefect server runs", id="nothing runs"),
        pytest.param(["rollback", "approve", "7", "--as", "Ada"], "no Prefect server runs", id="nobody could go on"),
        pytest.param(["rollback", "start", "shop"], "reason", id="no reason"),
        pytest.param(["rollback", "approve", "7"], "--as", id="no name"),
        pytest.param(["rollback", "approve", "7", "--as", "A\x1b[2J\nB"], "--as: a name may not", id="it forges"),
        pytest.param(["rollback", "decline", "7", "--as", "\u200b"], "--as: a name may not", id="it cannot be seen"),
        pytest.param(
            ["rollback", "start", "shop", "--reason", "x", "--as", "\u202ex"],
            "--as: a name may not",
            id="it turns round",
        ),
        pytest.param(["rollback", "undo", "7"], "there is no rollback 7", id="nothing to take back"),
        pytest.param(["replay", "--project", "shop", "--since", "soon"], "12h, 30d or 4w", id="no span"),
        pytest.param(["replay", "--project", "shpo"], 'did you mean "shop"', id="no such project to replay"),
    ],
)
def test_wrong_usage_is_told_with_the_way_out(run: Run, store: Engine, words: list[str], told: str) -> None:
    done = run(*words)
    assert done.returncode == 4
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_rollback_that_has_moved_nothing_is_not_taken_back(run: Run, store: Engine) -> None:
    done = run("rollback", "undo", str(opened(store, RollbackState.FAILED).id))
    assert done.returncode == 4
    assert "has not moved production; nothing can be taken back" in done.stderr


def test_an_answer_counts_while_the_server_is_away(run: Run, store: Engine, home: Path) -> None:
    """The server was killed: its address is still there, and nobody answers at it."""
    (home / "running.json").write_text(json.dumps({"pid": os.getpid(), "prefect_port": 9, "sandbox_port": 9}))
    waiting = opened(store, RollbackState.PLANNED)
    with transaction(store) as session:
        ask_approval(session, waiting.id, plan=plan(), evidence=None, actor="x", sentence="asked", now=NOW)
    typed, keyboard = pty.openpty()
    os.write(typed, b"NO\n")
    done = run("rollback", "approve", str(waiting.id), "--as", "Grace", "--follow", keyboard=keyboard)
    assert "Type YES to go on, NO to decline it, anything else to leave it as it is" in done.stdout
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"Rollback {waiting.id} is declined by Grace." in done.stdout
    assert SERVER_AWAY in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr
    with reading(store) as session:
        found = rollback(session, waiting.id)
    assert found is not None
    assert found.state is RollbackState.DECLINED


def test_a_script_names_the_plan_that_it_says_yes_to(run: Run, store: Engine, home: Path) -> None:
    (home / "running.json").write_text(json.dumps({"pid": os.getpid(), "prefect_port": 9, "sandbox_port": 9}))
    waiting = opened(store, RollbackState.PLANNED)
    with transaction(store) as session:
        ask_approval(session, waiting.id, plan=plan(), evidence=None, actor="x", sentence="asked", now=NOW)
    approve = ["rollback", "approve", str(waiting.id), "--as", "Grace", "--yes", "YES"]
    unseen = run(*approve)
    assert (unseen.returncode, "--plan DIGEST" in unseen.stderr) == (4, True)
    shown = json.loads(run("rollback", "show", str(waiting.id), "--json").stdout)["digest"]
    other = run(*approve, "--plan", "0123456789abcdef")
    assert (other.returncode, "look at the plan again" in other.stderr) == (2, True)
    assert shown in other.stdout, "the plan that stands is shown"
    counted = run(*approve, "--plan", shown)
    assert counted.returncode == 3, counted.stdout + counted.stderr
    with reading(store) as session:
        (given,) = accepted_answers(session, waiting.id)
    assert (given.word, given.plan) == ("YES", shown)


def test_what_a_deployment_has_in_place_of_an_empty_field_is_nobodys_wish() -> None:
    """Its default parameters can be edited; every field of the form is sent, as it is left empty."""
    fields = set(emergency_rollback.parameters.properties)
    assert set(empty_form("shop")) == fields
    assert (empty_form("shop")["dry_run"], empty_form("shop")["force"], empty_form("shop")["target"]) == (True, "", "")


def test_a_store_of_an_older_version_is_named(run: Run, home: Path) -> None:
    done = run("rollback", "list")
    assert done.returncode == 4
    assert "watchkeeper up" in done.stderr


class TestReplay:
    @pytest.fixture
    def history(self, store: Engine) -> list[HealthCheck]:
        """Two hours of the release before, one of a bad release that nobody went back from, then calm again."""
        bad = [looked(place, BAD, GOOD) for place in (7, 6, 5, 4)]
        after = [looked(place, (OLD, 0, 400), serving=OLD, before=NEW) for place in (3, 2, 1, 0)]
        checks = [moved(check) for check in (*quiet_before(8), *bad, *after)]
        live = NOW - 8 * QUARTER
        with transaction(store) as session:
            save_checks(session, checks, "run", NOW)
            save_releases(session, {"shop": [Release(NEW, live, live_at=live, vercel_deployments=("dpl_1",))]})
        return checks

    def test_it_shows_when_going_back_would_have_been_proposed(self, run: Run, history: list[HealthCheck]) -> None:
        done = run("replay", "--project", "shop", "--since", "1d")
        assert done.returncode == 0, done.stderr
        assert "proposed once" in done.stdout
        told = json.loads(run("replay", "--project", "shop", "--json").stdout)
        (fired,) = told["fired"]
        assert (fired["release"], fired["trigger"], told["false"]) == (NEW, "errors", 0)
        assert told["saved_minutes"] > 0

    def test_other_limits_can_be_tried(self, run: Run, history: list[HealthCheck], home: Path) -> None:
        patient = {"errors": {"critical_percent": 50, "emergency_percent": 60}, "health": {"critical_score": 1}}
        (home / "limits.yaml").write_text(yaml.safe_dump({"limits": patient}))
        done = run("replay", "--project", "shop", "--limits", "limits.yaml", "--json")
        assert json.loads(done.stdout)["fired"] == []

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            pytest.param("limits: {errors: {critical: 5}}", "errors.critical", id="unknown key"),
            pytest.param("errors: {critical_percent: 5}", "not errors", id="wrong top"),
            pytest.param("- 1", "expected `limits:`", id="no mapping"),
            pytest.param("limits: [", "limits.yaml", id="no YAML"),
        ],
    )
    def test_limits_that_are_wrong_are_named(self, run: Run, store: Engine, home: Path, text: str, told: str) -> None:
        (home / "limits.yaml").write_text(text)
        done = run("replay", "--project", "shop", "--limits", "limits.yaml")
        assert done.returncode == 4
        assert told in done.stderr


class TestShadowMode:
    """What may ask nobody must have been watched for seven days."""

    @pytest.fixture(autouse=True)
    def automatic(self, home: Path) -> None:
        document = {"projects": [{**PROJECT, "rollback": {"auto": "automatic"}}]}
        (home / "projects.yaml").write_text(yaml.safe_dump(document))

    def test_without_a_store_it_is_refused(self, run: Run) -> None:
        done = run("config", "check", "--json")
        (problem,) = json.loads(done.stdout)["problems"]
        assert done.returncode == 4
        assert problem["key"] == "projects.shop.rollback.auto"
        assert "seven days of shadow mode" in problem["message"]

    @pytest.mark.parametrize(("days", "code"), [(6, 4), (8, 0)])
    def test_after_seven_days_it_is_taken(self, run: Run, store: Engine, days: int, code: int) -> None:
        hours = [looked(4 * place, (OLD, 0, 400), serving=OLD) for place in range(24 * days)]
        with transaction(store) as session:
            save_checks(session, [moved(check) for check in hours], "run", NOW)
        done = run("config", "check")
        assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("state", "outcome", "code"),
    [
        (RollbackState.SUCCEEDED, Outcome.CURED, 0),
        (RollbackState.SUCCEEDED, Outcome.NOT_ENOUGH_EVIDENCE, 1),
        (RollbackState.SUCCEEDED, Outcome.NOT_CURED, 2),
        (RollbackState.FAILED, Outcome.NOT_MOVED, 2),
        (RollbackState.REFUSED, None, 2),
        (RollbackState.DECLINED, None, 2),
        (RollbackState.EXPIRED, None, 2),
        (RollbackState.PLANNED, None, 3),
        (RollbackState.AWAITING_APPROVAL, None, 0),
        (RollbackState.EXECUTING, None, 3),
        (RollbackState.VERIFYING, None, 3),
        (RollbackState.UNDONE, Outcome.CURED, 0),
    ],
)
def test_the_exit_code_says_how_it_stands(state: RollbackState, outcome: Outcome | None, code: int) -> None:
    stood = Rollback(1, "shop", RollbackKind.ROLLBACK, state, Source.MANUAL, "Ada", "x", NOW, NOW, "")
    assert exit_code(replace(stood, dry_run=False, outcome=outcome)) == code


def test_a_plan_that_was_asked_for_is_done_when_it_is_there() -> None:
    planned = RollbackState.PLANNED
    assert exit_code(Rollback(1, "shop", RollbackKind.ROLLBACK, planned, Source.MANUAL, "Ada", "x", NOW, NOW, "")) == 0


def moved(check: HealthCheck) -> HealthCheck:
    """Return the check as if it were made relative to the real present."""
    shift = NOW - THEN - timedelta(minutes=1)
    return replace(check, window=Window(check.window.start + shift, check.window.end + shift))
