"""Ways back in a real store, and the make-believe company that they are about."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import yaml
from prefect import flow
from pydantic import SecretStr

from blocks.github import GitHub
from blocks.sentry import Sentry
from blocks.slack import Slack
from blocks.vercel import Vercel
from tasks.rollback import measure, move_production, read_plan_input, tell_rollback
from tasks.store import database
from tests.flows.company import Company
from watchkeeper.clients.vercel_moves import Watching
from watchkeeper.config import Configuration, Project, read_configuration
from watchkeeper.domain.approvals import YES, Answer
from watchkeeper.domain.moves import Moved
from watchkeeper.domain.rollback import Plan, Rollback, RollbackKind, RollbackRequest, RollbackState
from watchkeeper.domain.rollback_input import PlanInput
from watchkeeper.domain.rollback_plan import plan_rollback
from watchkeeper.domain.rollback_verification import Measured
from watchkeeper.store import projects, rollbacks
from watchkeeper.store.database import transaction
from watchkeeper.store.rollbacks import MoveClaim

CREDENTIALS = "ways-back"
QUICK = Watching(pause=timedelta(milliseconds=100), most=timedelta(seconds=8))
EVERY_STATE = (
    RollbackState.PLANNED,
    RollbackState.AWAITING_APPROVAL,
    RollbackState.APPROVED,
    RollbackState.EXECUTING,
    RollbackState.VERIFYING,
    RollbackState.SUCCEEDED,
)


async def save_blocks(company: Company, *, may_write: bool = True) -> None:
    """Save the blocks that reach the company; with a token that may only look at production, if it may not write."""
    url, name = company.url, CREDENTIALS
    vercel_token = "sandbox-vercel-token" if may_write else "sandbox-vercel-read-token"
    await Sentry(auth_token=SecretStr("sandbox-sentry-token"), base_url=f"{url}/sentry").save(name, overwrite=True)
    await Vercel(token=SecretStr(vercel_token), base_url=f"{url}/vercel").save(name, overwrite=True)
    await GitHub(token=SecretStr("sandbox-github-token"), base_url=f"{url}/github").save(name, overwrite=True)
    await Slack(bot_token=SecretStr("sandbox-slack-token"), base_url=f"{url}/slack/api/").save(name, overwrite=True)


def configured(company: Company, slug: str = "shop", **more: Any) -> Configuration:
    whole = {
        "slug": slug,
        "name": slug.title(),
        "sentry": {"organization": "acme", "projects": [f"{slug}-web"]},
        "vercel": {"team": "team_sandboxacme", "project": f"prj_{slug}"},
        "github": {"repository": f"acme/{slug}"},
        "endpoints": [{"name": "health", "url": f"{company.url}/products/{slug}/health"}],
        "slack": {"channel": "#releases"},
        **more,
    }
    document = {
        "defaults": {"credentials": CREDENTIALS},
        "projects": [{key: value for key, value in whole.items() if value is not None}],
    }
    return read_configuration(yaml.safe_dump(document), {})


def switch(company: Company, name: str, **more: object) -> None:
    answer = httpx.post(f"{company.url}/sandbox/fault", json={"name": name, "project": "shop", **more})
    assert answer.status_code == 200, answer.text


def asked_vercel(company: Company) -> list[str]:
    """Return what Vercel was asked to change since noting was begun."""
    noted = httpx.get(f"{company.url}/sandbox/requests").json()["requests"]
    return [path for method, path in noted if method in {"POST", "PATCH"} and path.startswith("/vercel/")]


def begin_to_note(company: Company) -> None:
    httpx.post(f"{company.url}/sandbox/requests")


def opened(slug: str = "shop", kind: RollbackKind = RollbackKind.ROLLBACK, **more: Any) -> Rollback:
    """Open a way back that is no dry run."""
    request = RollbackRequest(
        project=slug, requested_by="Ada", reason="it <b>fails</b> @here", flow_run_id=str(uuid4()), kind=kind,
        **{"dry_run": False, **more},
    )  # fmt: skip
    with transaction(database()) as session:
        projects.save_projects(session, {slug: slug.title()}, datetime.now(UTC))
        return rollbacks.open_rollback(session, request, datetime.now(UTC))


def taken_to(rollback: Rollback, plan: Plan, last: RollbackState, **ending: Any) -> Rollback:
    """Take a way back through its states up to one, with the answers that this needs."""
    for state in EVERY_STATE[: EVERY_STATE.index(last) + 1]:
        with transaction(database()) as session:
            now = datetime.now(UTC)
            if state is RollbackState.AWAITING_APPROVAL:
                rollbacks.ask_approval(
                    session, rollback.id, plan=plan, evidence=None, actor="watchkeeper", sentence="asked", now=now
                )
            elif state is RollbackState.APPROVED:
                rollbacks.answer(session, rollback.id, Answer(YES, "Björn", now, round=1), now)
            else:
                changes: Any = _planned(plan) if state is RollbackState.PLANNED else ending if state is last else {}
                rollbacks.advance(session, rollback.id, rollback.state, state, changes, "watchkeeper", f"{state}!", now)
            found = rollbacks.rollback(session, rollback.id)
        assert found is not None
        assert found.state is state
        rollback = found
    return rollback


def _planned(plan: Plan) -> Any:
    found: dict[str, Any] = {"plan": plan, "way": plan.way}
    if plan.serving:
        found |= {"from_deployment": plan.serving.deployment, "from_sha": plan.serving.sha}
    if plan.target:
        found |= {"to_deployment": plan.target.deployment, "to_sha": plan.target.sha}
    return found


@flow
async def reading(project: Project, rollback: Rollback) -> PlanInput:
    return await read_plan_input(project, rollback)


@flow
async def moving(project: Project, rollback: Rollback, started_at: datetime | None = None) -> Moved:
    claim = MoveClaim(started_at, None, int(started_at is not None), datetime.now(UTC))
    return await move_production(project, rollback, claim, watching=QUICK)


@flow
async def measuring(configuration: Configuration, rollback: Rollback) -> Measured:
    return await measure(configuration, configuration.projects[0], rollback)


@flow
async def telling(project: Project, rollback: Rollback, links: Mapping[str, str]) -> Rollback:
    return await tell_rollback(project, rollback, links)


async def planned(configuration: Configuration, rollback: Rollback) -> tuple[PlanInput, Plan]:
    given = await reading(configuration.projects[0], rollback)
    return given, plan_rollback(given)


async def executing(configuration: Configuration, rollback: Rollback) -> Rollback:
    """Return the way back as it stands right before production is moved."""
    _, plan = await planned(configuration, rollback)
    assert not plan.is_blocked, plan.blocks
    return taken_to(rollback, plan, RollbackState.EXECUTING)
