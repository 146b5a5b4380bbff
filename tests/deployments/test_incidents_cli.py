"""Incidents from the command line."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.domain.test_incidents import SHA, alert
from tests.reports.hostile import HOSTILE, assert_harmless, assert_harmless_json
from watchkeeper.domain.incidents import decide_incidents
from watchkeeper.store.database import migrate, opened, transaction
from watchkeeper.store.incidents import save_incidents

NOW = datetime.now(UTC)
PROJECT = {"slug": "shop", "name": "Shop", "vercel": {"team": "acme", "project": "prj_shop"}}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one open incident."""
    home = tmp_path_factory.mktemp("home")
    (home / "projects.yaml").write_text(yaml.safe_dump({"projects": [PROJECT]}))
    url = f"sqlite:///{home}/watchkeeper.db"
    migrate(url)
    with opened(url) as engine, transaction(engine) as session:
        save_incidents(session, decide_incidents([], [alert("error-rate", release=SHA)], (), {}, NOW))
    return home


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "WATCHKEEPER_HOME": str(home),
        "WATCHKEEPER_PROJECTS": str(home / "projects.yaml"),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "deployments.cli", "incidents", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_from_the_list_to_the_timeline(home: Path) -> None:
    listed = run(home, "list")
    assert (listed.returncode, listed.stderr) == (2, "")
    assert "Shop: error-rate" in listed.stdout
    assert "MTTA – (0 of 1 were taken on)" in listed.stdout

    assert run(home, "own", "1", "--as", "Ada").stdout == "Incident 1 is with Ada.\n"
    assert run(home, "note", "1", "the cache was cold", "--as", "Grace").returncode == 0
    shown = json.loads(run(home, "show", "1", "--json").stdout)
    assert (shown["owner"], shown["release"]) == ("Ada", SHA)
    assert [(entry["actor"], entry["text"]) for entry in shown["timeline"][1:]] == [
        ("Ada", "Ada has it"),
        ("Grace", "the cache was cold"),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["show", "99"], "there is no incident 99: `watchkeeper incidents list` shows them", id="unknown"),
        pytest.param(["note", "1", " "], "the note is empty", id="an empty note"),
        pytest.param(["note", "1", "x", "--as", "A\x1b[2J\nB"], "--as: a name may not hold", id="a name that forges"),
        pytest.param(["own", "1", "--as", "Ada", "--to", "\u202eadA"], "such as U+202E", id="a name that turns round"),
        pytest.param(["report", "1"], "no Prefect server runs", id="a report without a server"),
    ],
)
def test_mistakes_are_named_with_the_way_out(home: Path, words: list[str], told: str) -> None:
    done = run(home, *words)
    assert done.returncode == 4
    assert told in " ".join(done.stderr.split())


def test_what_people_write_forges_no_line(home: Path) -> None:
    assert run(home, "note", "1", HOSTILE.replace("\x00", ""), "--as", "Ada").returncode == 0
    shown = run(home, "show", "1")
    assert "override" in shown.stdout
    assert_harmless(shown.stdout, is_wrapped=True)
    assert_harmless_json(run(home, "show", "1", "--json").stdout)


def test_nothing_is_said_so(home: Path, tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/watchkeeper.db")
    (tmp_path / "projects.yaml").write_text((home / "projects.yaml").read_text())
    done = run(tmp_path, "list", "--days", str(timedelta(days=7).days))
    assert (done.returncode, done.stdout) == (0, "No incident in the last 7 days.\n")
