"""People are told of a way back where they look, once, and whatever is down."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from prefect import flow

from tasks import store
from tasks.rollback import remind_of_rollback, show_rollback_plan, tell_rollback_news
from tests.flows.company import Company, open_for_business
from tests.tasks.ways_back import configured, moving, opened, planned, save_blocks, taken_to, telling
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.rollback import Outcome, Rollback, RollbackState
from watchkeeper.store import rollbacks
from watchkeeper.store.database import transaction
from watchkeeper.store.rollbacks import RollbackChanges

GITHUB = {"Authorization": "Bearer sandbox-github-token"}
SENTRY = {"Authorization": "Bearer sandbox-sentry-token"}


@pytest.fixture(scope="module")
def open_company() -> Iterator[Company]:
    with open_for_business() as company:
        yield company


@pytest.fixture(autouse=True)
def _store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", sqlite_url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


@pytest.fixture
async def company(prefect_server: None, open_company: Company) -> Company:
    open_company.restart()
    open_company.play("bad-release")
    await save_blocks(open_company)
    return open_company


@flow
async def reminding(project: Project, rollback: Rollback) -> None:
    await remind_of_rollback(project, rollback)
    await tell_rollback_news(project, rollback, "production has recovered <!channel>")
    await show_rollback_plan(project, rollback)


async def at(configuration: Configuration, last: RollbackState, **ending: Any) -> Rollback:
    """Return a way back that has come to a state, with its plan."""
    rollback = opened()
    _, plan = await planned(configuration, rollback)
    return taken_to(rollback, plan, last, **ending)


def issues(company: Company) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{company.url}/github/repos/acme/shop/issues", headers=GITHUB).json()
    return found


def comments(company: Company, number: int) -> list[str]:
    path = f"{company.url}/github/repos/acme/shop/issues/{number}/comments"
    return [raw["body"] for raw in httpx.get(path, headers=GITHUB).json()]


def deploys(company: Company, version: str) -> list[str]:
    path = f"{company.url}/sentry/api/0/organizations/acme/releases/{version}/deploys/"
    return [raw["name"] for raw in httpx.get(path, headers=SENTRY).json()]


async def test_the_question_stands_in_slack_and_nowhere_else(company: Company) -> None:
    configuration = configured(company)
    rollback = await at(configuration, RollbackState.AWAITING_APPROVAL)
    told = await telling(configuration.projects[0], rollback, {"Prefect run": "http://127.0.0.1:4200/runs/1"})
    (post,) = company.posts()  # with its thread
    assert "A YES is waited for until" in post.text
    assert f"watchkeeper rollback approve {rollback.id} --as NAME" in post.text
    assert "Prefect run" in post.text
    assert "1 reply" in post.text
    assert "awaiting approval: Asked." in post.text
    assert (told.notes["told"], told.slack_channel) == ("awaiting_approval", "#releases")
    assert told.slack_thread
    assert issues(company) == []


async def test_the_whole_story_is_told_once_in_every_place(company: Company) -> None:
    configuration = configured(company)
    project = configuration.projects[0]
    rollback = await at(configuration, RollbackState.EXECUTING)
    rollback = await telling(project, rollback, {})
    assert (await moving(project, rollback)).is_done
    assert rollback.plan is not None
    rollback = _ended(rollback, {"outcome": Outcome.CURED, "error": ""})
    for _ in range(2):
        rollback = await telling(project, rollback, {})
    (post,) = company.posts()  # with its thread
    assert "It has helped" in post.text
    assert post.edits == 2
    assert [post.text.count(f"{state}: {state.capitalize()}!") for state in ("executing", "succeeded")] == [1, 1]
    (issue,) = issues(company)
    assert rollback.github_issue == issue["html_url"]
    assert "Björn said YES" in issue["body"]
    assert "Succeeded\\!" in issue["body"]
    assert "<b>" not in issue["body"].replace("\\<b\\>", "")
    (comment,) = comments(company, int(rollback.notes["pull_request"].rpartition("issues/")[2].partition("#")[0]))
    assert rollback.from_sha[:7] in comment
    assert deploys(company, rollback.to_sha)[0] == f"watchkeeper rollback #{rollback.id}"
    assert deploys(company, rollback.to_sha).count(f"watchkeeper rollback #{rollback.id}") == 1


def _ended(rollback: Rollback, ending: RollbackChanges) -> Rollback:
    steps: list[tuple[RollbackState, RollbackChanges]] = [
        (RollbackState.VERIFYING, {}),
        (RollbackState.SUCCEEDED, ending),
    ]
    for state, changes in steps:
        with transaction(store.database()) as session:
            now = datetime.now(UTC)
            rollbacks.advance(session, rollback.id, rollback.state, state, changes, "watchkeeper", f"{state}!", now)
            found = rollbacks.rollback(session, rollback.id)
        assert found is not None
        rollback = found
    return rollback


async def test_those_who_wait_are_reminded_in_the_thread(company: Company) -> None:
    configuration = configured(company)
    rollback = await at(configuration, RollbackState.AWAITING_APPROVAL)
    rollback = await telling(configuration.projects[0], rollback, {})
    await reminding(configuration.projects[0], rollback)
    (post,) = company.posts()
    assert post.text.count("Still waiting for a YES or a NO") == 1
    assert post.text.count("Something has changed") == 1
    assert "3 replies" in post.text


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["slack", "github", "sentry"])
async def test_who_cannot_be_reached_is_told_later_and_holds_nobody_up(vendor: str, company: Company) -> None:
    configuration = configured(company)
    project = configuration.projects[0]
    rollback = await at(configuration, RollbackState.VERIFYING)
    company.play("vendor-down", vendor)
    rollback = await telling(project, rollback, {})
    assert rollback.notes[vendor].startswith("not told")
    company.play("calm")
    company.play("bad-release")
    rollback = await telling(project, rollback, {})
    assert not rollback.notes[vendor].startswith("not told")
    assert sum("production has moved" in post.text for post in company.posts()) == 1


async def test_a_project_without_places_tells_nobody_and_goes_on(company: Company) -> None:
    configuration = configured(company, slack=None, github=None, sentry=None)
    rollback = await at(configuration, RollbackState.VERIFYING)
    told = await telling(configuration.projects[0], rollback, {})
    assert dict(told.notes) == {"told": "verifying"}
    assert company.posts() == []


async def test_a_dry_run_is_told_and_is_no_incident(company: Company) -> None:
    configuration = configured(company)
    rollback = opened(dry_run=True)
    _, plan = await planned(configuration, rollback)
    told = await telling(configuration.projects[0], taken_to(rollback, plan, RollbackState.PLANNED), {})
    assert "nothing is changed" in company.posts()[0].text
    assert issues(company) == []
    assert told.github_issue == ""
