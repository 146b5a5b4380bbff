"""Jira Cloud: one issue for each group of alerts, found again by its label, commented and moved.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ and
https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import Answer, Params, VendorClient, VendorRefused
from watchkeeper.clients.parsing import Record, record_of
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.clients.vendor_errors import MissingCredential, OutcomeUnknown, VendorError
from watchkeeper.clients.wording import block_name
from watchkeeper.domain.alert_tickets import Ticket

VENDOR: Final = "Jira"
LONGEST_SUMMARY: Final = 255
LABEL: Final = "watchkeeper"  # of every issue that we make
_OURS: Final = "watchkeeper"  # marks our own changes in the history of an issue
_DONE: Final = "done"  # key of the category of statuses, whatever a project calls them
_DISPENSABLE: Final = frozenset({"priority", "labels"})  # not every project has these fields on its screens
_NAMED: Final = frozenset({"project", "issuetype"})
_CLOCKS_DIFFER: Final = timedelta(minutes=2)
_COMMENTS: Final = 100  # a page
MAX_COMMENT_PAGES: Final = 20
_MOST_LOOKS: Final = 3
_LIMITS: Final = LimitHeaders(
    pairs=(("x-ratelimit-remaining", "x-ratelimit-reset"),), reset_is_epoch=False, per_endpoint=False
)

Document = Mapping[str, Any]
"""Text in the Atlassian Document Format."""


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """An issue that is to be made.

    Attributes:
        mark: a label that no other issue has; the same group has the same.
        summary: one line, at most `LONGEST_SUMMARY` characters.
        priority: left out where the project does not have it.
    """

    project: str
    issue_type: str
    mark: str
    summary: str
    description: Document
    priority: str


class JiraRefused(VendorRefused):
    """Jira said no, and to which fields."""

    def __init__(self, vendor: str, message: str, status: int | None, fields: frozenset[str]) -> None:
        super().__init__(vendor, message, status)
        self.fields = fields


class JiraClient(VendorClient):
    """Makes, comments and moves issues.

    Args:
        email: of the account that the token belongs to.
        api_token: of an account that may browse projects, create, edit and transition issues, and add comments.
        base_url: of the site, as https://acme.atlassian.net.
    """

    request_seconds: ClassVar[float] = 8.0  # telling one change takes several requests
    look_again_seconds: ClassVar[float] = 2.0  # the search knows a new issue some moments later

    def __init__(
        self, email: str, api_token: str, base_url: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        credentials = b64encode(f"{email}:{api_token}".encode()).decode()
        super().__init__(
            vendor=VENDOR,
            base_url=base_url,
            headers={"Authorization": f"Basic {credentials}"},
            secrets=(api_token, credentials),
            transport=transport,
            limits=_LIMITS,
            credential="JIRA_API_TOKEN",
        )
        if not email:
            raise MissingCredential(VENDOR, f"there is no e-mail address: fill JIRA_EMAIL in {block_name(VENDOR)}")

    async def find(self, project: str, mark: str) -> str:
        """Return the key of the oldest issue with this mark; "" when the search knows none yet."""
        jql = f"project = {_quoted(project)} AND labels = {_quoted(mark)} ORDER BY created ASC"
        asked: Params = {"jql": jql, "fields": "summary", "maxResults": 1}
        answer = await self.get("/rest/api/3/search/jql", asked, scope="read:jira-work", about=f"issues of {project}")
        return next((raw.text("key") for raw in record_of(answer).records("issues")), "")

    async def create(self, draft: IssueDraft) -> str:
        """Make an issue and return its key.

        Raises:
            OutcomeUnknown: it may be there all the same, and the search does not know it yet.
        """
        try:
            return await self._create(_fields(draft), draft)
        except JiraRefused as refused:
            if not refused.fields & _DISPENSABLE:
                raise
            kept = {name: value for name, value in _fields(draft).items() if name not in refused.fields & _DISPENSABLE}
            return await self._create(kept, draft)

    async def ticket(self, key: str) -> Ticket | None:
        """Return how an issue stands; None when there is none, or not any more."""
        asked = {"fields": "status,priority", "expand": "changelog"}
        try:
            answer = await self.get(_path(key), asked, scope="read:jira-work", about=f"the issue {key}")
        except VendorRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise
        return _ticket(record_of(answer))

    async def comment_once(self, key: str, body: Document, since: datetime) -> None:
        """Comment on an issue unless a comment of the same words was made since then."""
        path, about = f"{_path(key)}/comment", f"the comments on {key}"
        first = since - _CLOCKS_DIFFER
        asked: Params = {"orderBy": "-created", "maxResults": _COMMENTS}
        pages = await self.get_pages(
            path, asked, partial(_older, first), most=MAX_COMMENT_PAGES, scope="read:jira-work", about=about
        )
        ours = list(_words(body))
        for raw in (raw for answer in pages.answers for raw in record_of(answer).records("comments")):
            at = raw.moment_or_none("created")
            if at and at >= first and list(_words(raw.raw.get("body"))) == ours:
                return
        await self.send("POST", path, {"body": body}, scope="write:jira-work", about=about)

    async def move(self, key: str, transition: str) -> None:
        """Move an issue by the name of a transition, or of the status that it leads to.

        Raises:
            VendorRefused: there is none of that name from where the issue stands; it says which there are.
        """
        path, about = f"{_path(key)}/transitions", f"the transitions of {key}"
        answer = await self.get(path, scope="read:jira-work", about=about)
        names: dict[str, str] = {}
        for raw in record_of(answer).records("transitions"):
            names.setdefault(raw.text("to.name", "").casefold(), raw.text("id"))
            names[raw.text("name").casefold()] = raw.text("id")
        if transition.casefold() not in names:
            there = ", ".join(sorted(filter(None, names))) or "none"
            message = f"{key} has no transition {transition!r}; there are: {there}. Name one in the channel"
            raise VendorRefused(self.vendor, self._shown(message))
        content = {"transition": {"id": names[transition.casefold()]}, "historyMetadata": {"type": _OURS}}
        await self.send("POST", path, content, scope="write:jira-work", about=about)

    async def set_priority(self, key: str, priority: str) -> None:
        """Set the priority of an issue; where the project does not have it, nothing happens."""
        content = {"fields": {"priority": {"name": priority}}}
        try:
            await self.send("PUT", _path(key), content, scope="write:jira-work", about=f"the priority of {key}")
        except JiraRefused as refused:
            if "priority" not in refused.fields:
                raise

    async def _create(self, fields: Mapping[str, object], draft: IssueDraft) -> str:
        about = f"a {draft.issue_type} in the project {draft.project}"
        try:
            answer = await self.send(
                "POST", "/rest/api/3/issue", {"fields": fields}, scope="write:jira-work", about=about
            )
            return record_of(answer).text("key")
        except OutcomeUnknown:
            for _ in range(_MOST_LOOKS):
                await asyncio.sleep(self.look_again_seconds)
                if key := await self.find(draft.project, draft.mark):
                    return key
            raise

    def _error(
        self, response: httpx.Response, body: bytearray, pause: timedelta | None, scope: str, about: str
    ) -> VendorError:
        """Return the error; what Jira says of single fields is kept, for some of them can be done without."""
        if response.status_code != httpx.codes.BAD_REQUEST:
            return super()._error(response, body, pause, scope, about)
        errors, messages = _said(body)
        said = "; ".join([*messages, *(f"{name}: {text}" for name, text in errors.items())])
        # What the channel names and Jira does not know is for a person to mend, as any other "not found".
        status = httpx.codes.NOT_FOUND if _NAMED & errors.keys() else response.status_code
        message = f"refused {about} (400): {self._shown(said or body[:1000].decode(errors='replace'))}"
        return JiraRefused(self.vendor, message, status, frozenset(errors))


def _fields(draft: IssueDraft) -> dict[str, object]:
    return {
        "project": {"key": draft.project},
        "issuetype": {"name": draft.issue_type},
        "summary": draft.summary,
        "description": draft.description,
        "labels": [LABEL, draft.mark],
        "priority": {"name": draft.priority},
    }


def _ticket(issue: Record) -> Ticket:
    moves = [raw for raw in issue.record("changelog").values("histories") if isinstance(raw, dict) and _is_move(raw)]
    dated = [(at, raw) for raw in (Record(VENDOR, move) for move in moves) if (at := raw.moment_or_none("created"))]
    at, last = max(dated, key=lambda each: each[0], default=(None, Record(VENDOR, {})))
    is_ours = last.text("historyMetadata.type", "") == _OURS
    return Ticket(
        key=issue.text("key"),
        is_closed=issue.text("fields.status.statusCategory.key") == _DONE,
        priority=issue.text("fields.priority.name", ""),
        moved_at=at,
        moved_by="" if at is None or is_ours else last.text("author.displayName", "") or "somebody",
    )


def _is_move(history: Mapping[str, object]) -> bool:
    items = history.get("items")
    return isinstance(items, list) and any(isinstance(item, dict) and item.get("field") == "status" for item in items)


def _said(body: bytearray) -> tuple[dict[str, str], list[str]]:
    """Return what Jira says of single fields, and of the whole."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}, []
    errors = said.get("errors") if isinstance(said, dict) else None
    messages = said.get("errorMessages") if isinstance(said, dict) else None
    return (
        {str(name): str(text) for name, text in errors.items()} if isinstance(errors, dict) else {},
        [str(text) for text in messages] if isinstance(messages, list) else [],
    )


def _older(first: datetime, answer: Answer) -> Params | None:
    """Return where the next page of comments begins, newest first; None where none of them can be as new as `first`."""
    page = record_of(answer)
    comments, start = page.records("comments"), page.whole("startAt", 0)
    last = comments[-1].moment_or_none("created") if comments else None
    following = start + len(comments)
    is_over = last is None or last < first or following >= page.whole("total", following)
    return None if is_over else {"startAt": following}


def _words(node: object) -> Iterator[str]:
    """Yield the texts of a document in order."""
    left = [node]
    while left:
        match left.pop():
            case list() as nodes:
                left += reversed(nodes)
            case Mapping() as inner:
                if isinstance(inner.get("text"), str):
                    yield inner["text"]
                left.append(inner.get("content"))


def _path(key: str) -> str:
    return f"/rest/api/3/issue/{quote(key, safe='')}"


def _quoted(text: str) -> str:
    """Return a text as a value of JQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
