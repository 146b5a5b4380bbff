"""Vercel: moves production to another deployment, once, and tells what became of it.

Source: https://vercel.com/docs/instant-rollback, https://vercel.com/docs/rolling-releases and
https://vercel.com/docs/rest-api
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import Answer, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.parsing import readable, record_of
from watchkeeper.clients.vendor_errors import OutcomeUnknown
from watchkeeper.clients.vercel import next_page
from watchkeeper.clients.vercel_account import Account, MayAsk, VercelChanger, always
from watchkeeper.clients.vercel_parsing import read_deployment, read_rolling_release
from watchkeeper.clients.vercel_state import read_details, read_env_changes, read_state
from watchkeeper.domain.moves import (
    DeploymentDetails,
    Moved,
    MoveKind,
    MoveOrder,
    MoveOutcome,
    ProjectState,
    Step,
    is_moving,
    judge_progress,
    judge_start,
    note_of,
)
from watchkeeper.domain.production import AliasRequest, RollingRelease, VercelDeployment, newest_first
from watchkeeper.domain.rollback_changes import EnvChange

_MOST_PAGES: Final = 2


@dataclass(frozen=True, slots=True)
class Watching:
    """How a move is waited for.

    Attributes:
        pause: between two looks at the state.
        most: after which the wait for a move ends.
        quiet: how long the state must not change before a call whose outcome nobody knows is taken for lost.
            Vercel ends a function after 300 s at most (https://vercel.com/docs/functions/limitations); what has not
            been done by then is not done any more.
    """

    pause: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(minutes=3)
    quiet: timedelta = timedelta(minutes=5)


class VercelMovesClient(VercelChanger):
    """Looks at the production of one project, and moves it.

    Args:
        token: its user must be allowed to roll back and to promote: a member's or developer's role in the team.
        rollback_version: of the path of rollbacks; `v9` for installations that still answer there.
    """

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.vercel.com",
        transport: httpx.AsyncBaseTransport | None = None,
        rollback_version: str = "v1",
    ) -> None:
        super().__init__(token, base_url, transport)
        self._versions = {MoveKind.ROLLBACK: rollback_version, MoveKind.PROMOTE: "v10"}

    async def project_state(self, team: str, project: str) -> ProjectState:
        """Read what serves production, what runs and rolls out there, and what the token may do.

        A rolling release is asked for whatever the project's settings say: changing them does not end one in flight.

        Args:
            project: id or name.
        """
        account = Account(team)
        asked, rolling = await asyncio.gather(self._project(account, project), self._rolling(account, project))
        release, warnings = rolling
        return read_state(record_of(asked), release, warnings)

    async def deployment(self, team: str, name: str) -> DeploymentDetails:
        """Read a deployment by id or address.

        Raises:
            VendorRefused: it is not there, or not any more.
        """
        host = name.removeprefix("https://").removeprefix("http://").partition("/")[0]
        path = f"/v13/deployments/{quote(host, safe='')}"
        answer = await self.get(path, Account(team).params, about=f"the deployment {name[:100]}")
        return read_details(record_of(answer))

    async def deployments(self, team: str, project: str, sha: str = "") -> tuple[VercelDeployment, ...]:
        """Return the newest production deployments of a project, newest first: two hundred at most.

        Args:
            sha: of the commit that they were built from; "" for any.
        """
        of_commit = {"sha": sha} if sha else {}
        pages = await self.get_pages(
            "/v6/deployments",
            {"projectId": project, "target": "production", "limit": 100, **of_commit, **Account(team).params},
            lambda answer: next_page(answer, "until"),
            most=_MOST_PAGES,
            about=f"the deployments of {project}",
        )
        records = (raw for answer in pages.answers for raw in record_of(answer).records("deployments"))
        found, _ = readable(records, lambda raw: read_deployment(raw, project), "deployments")
        return tuple(newest_first(found))

    async def env_changes(self, team: str, project: str) -> tuple[EnvChange, ...]:
        """Return when each variable of production was changed last, newest first. Values are not asked for."""
        path = f"/v10/projects/{quote(project, safe='')}/env"
        answer = await self.get(path, Account(team).params, about=f"the environment variables of {project}")
        return read_env_changes(record_of(answer).records("envs"))

    async def move(self, order: MoveOrder, watching: Watching = Watching(), may_ask: MayAsk = always) -> Moved:
        """Move production as ordered, and return what became of it; every error of the vendor is an outcome.

        The state is looked at before and after, and the vendor is asked once: what an earlier attempt of the same order
        has asked for is only watched. Where it may have asked and nothing shows of it, the call may be late: the state
        must stay as it is for `watching.quiet` before the vendor is asked again. What could not be sent at all is tried
        again while there is time.

        Args:
            order: `project` may be a name.
            may_ask: called right before the vendor is asked, each time, with when the last move before was asked for by
                the vendor's clock; False when it must not be.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + watching.most.total_seconds()
        if order.started_at is not None:
            end += watching.quiet.total_seconds()
        while True:
            try:
                return await self._move_once(order, watching, end, may_ask)
            except VendorRefused as error:
                return Moved(MoveOutcome.REFUSED, str(error), was_asked=False)
            except VendorUnavailable as error:
                pause = (error.retry_after or watching.pause).total_seconds()
                if loop.time() + pause > end and order.started_at is not None:
                    return Moved(MoveOutcome.UNKNOWN, f"an earlier call may have moved production: {error}")
                if loop.time() + pause > end:
                    return Moved(MoveOutcome.REFUSED, f"{error}: nothing was done", was_asked=False)
                await asyncio.sleep(pause)

    async def _move_once(self, order: MoveOrder, watching: Watching, end: float, may_ask: MayAsk) -> Moved:
        """Look, ask if nobody has, and watch.

        Raises:
            VendorRefused: the vendor has said no, and nothing of it is under way.
            VendorUnavailable: nothing was sent.
        """
        state = await self._look(order)
        start = judge_start(state, order)
        if start is Step.ASK and order.started_at is not None:
            state, start = await self._after_quiet(order, watching)
        if isinstance(start, Moved):
            return start
        before, was_lost = state.production.last_alias_request, False
        if start is Step.ASK and not await may_ask(before.requested_at if before else None):
            sentence = "another run is just moving production: nothing was done by this one"
            return Moved(MoveOutcome.REFUSED, sentence, state.production.deployment, was_asked=False)
        if start is Step.ASK:
            was_lost = await self._ask_to_move(order, state.production.project_id)
        else:
            before = None
        return await self._watch(order, before, watching, end, was_lost=was_lost)

    async def _after_quiet(self, order: MoveOrder, watching: Watching) -> tuple[ProjectState, Moved | Step]:
        """Wait until an earlier call shows, or its time is over; measured here, so that no clock that jumps ends it.

        Raises:
            VendorUnavailable: the state cannot be read: the wait begins again.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + watching.quiet.total_seconds()
        while True:
            state = await self._look(order)
            start = judge_start(state, order)
            if start is not Step.ASK or loop.time() > end:
                return state, start
            await asyncio.sleep(watching.pause.total_seconds())

    async def _ask_to_move(self, order: MoveOrder, project_id: str) -> bool:
        """Ask the vendor to do it; returns True when its answer was lost.

        Raises:
            VendorRefused: as it says, unless it says so because it is just doing it.
            VendorUnavailable: nothing was sent.
        """
        project, target = quote(project_id, safe=""), quote(order.target, safe="")
        path = f"/{self._versions[order.kind]}/projects/{project}/{order.kind}/{target}"
        note = {"description": note_of(order)} if order.kind is MoveKind.ROLLBACK else {}
        about = f"{order.kind} to {order.name or order.target}"
        try:
            await self.send("POST", Account(order.team).path(path, **note), None, about=about)
        except OutcomeUnknown:
            return True
        except VendorRefused as refused:
            if refused.status != httpx.codes.CONFLICT or judge_start(await self._look(order), order) is not Step.WATCH:
                raise
        return False

    async def _watch(
        self, order: MoveOrder, before: AliasRequest | None, watching: Watching, end: float, *, was_lost: bool
    ) -> Moved:
        """Read the state until the move has ended, or the time is over."""
        loop = asyncio.get_running_loop()
        quiet_since, trouble = loop.time(), ""
        while True:
            try:
                state = await self._look(order)
            except VendorError as error:
                trouble = f"; at last it could not be asked: {error}"
            else:
                trouble, now = "", loop.time()
                quiet_since = now if is_moving(state) else quiet_since
                waited = timedelta(seconds=now - quiet_since)
                if ended := judge_progress(state, order, before, waited, was_lost=was_lost):
                    return ended
            if loop.time() + watching.pause.total_seconds() > end:
                minutes = f"{watching.most.total_seconds() / 60:g} minutes"
                outcome = MoveOutcome.UNKNOWN if was_lost else MoveOutcome.UNFINISHED
                return Moved(outcome, f"Vercel has not moved production within {minutes}{trouble}")
            await asyncio.sleep(watching.pause.total_seconds())

    async def _look(self, order: MoveOrder) -> ProjectState:
        """Read as much of the state as the order needs."""
        if order.ends_rolling_release or order.kind is MoveKind.PROMOTE:
            return await self.project_state(order.team, order.project)
        return read_state(record_of(await self._project(Account(order.team), order.project)))

    async def _project(self, account: Account, project: str) -> Answer:
        path = f"/v9/projects/{quote(project, safe='')}"
        return await self.get(path, account.params, about=f"project {project} in {account.name}")

    async def _rolling(self, account: Account, project: str) -> tuple[RollingRelease | None, tuple[str, ...]]:
        path = f"/v1/projects/{quote(project, safe='')}/rolling-release"
        try:
            answer = await self.get(path, account.params, about=f"the rolling release of {project}")
            return read_rolling_release(record_of(answer)), ()
        except VendorRefused as refused:
            # A plan without rolling releases, or a project that never had one.
            is_none = refused.status in {httpx.codes.NOT_FOUND, httpx.codes.PAYMENT_REQUIRED}
            return None, () if is_none else (f"the rolling release is not known: {refused}",)
        except VendorUnavailable as error:
            return None, (f"the rolling release is not known: {error}",)
