"""Jira Cloud as the company's clients meet it: issues are made, commented, searched and moved; people move them, too.

Source: Atlassian's OpenAPI description of the platform REST API v3.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64Error
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchkeeper.sandbox import jira_tracker as tracker
from watchkeeper.sandbox.desk_pages import Entry, clock, desk_page
from watchkeeper.sandbox.jira_tracker import Issue, Tracker
from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-jira-token"  # noqa: S105  (it opens a make-believe house)
EMAIL = "watchkeeper@acme.example"
LONGEST_SUMMARY, LONGEST_TEXT = 255, 32_767
_JQL = re.compile(r'project = "(\w+)" AND labels = "([\w-]+)"(?: ORDER BY created (ASC|DESC))?')
_HIDDEN = "Issue does not exist or you do not have permission to see it."


def _shown_token(headers: Headers) -> str:
    kind, _, text = headers.get("authorization", "").partition(" ")
    try:
        return b64decode(text).decode().partition(":")[2] if kind == "Basic" else ""
    except (NotBase64Error, UnicodeDecodeError):
        return ""


def _error(*messages: str, **fields: str) -> dict[str, object]:
    return {"errorMessages": list(messages), "errors": fields}


MANNERS = Manners(
    vendor="jira",
    token=TOKEN,
    shown_token=_shown_token,
    refusal=(401, _error("Client must be authenticated to access this resource.")),
    limited=_error("Rate limit exceeded."),
    down=_error("Service unavailable."),
)


class _RefusedError(Exception):
    """A refusal: the status, and the body that goes to the caller."""

    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class Jira:
    """The calls of Jira, and the page, on one tracker."""

    def __init__(self, world: World, issues: Tracker) -> None:
        self._world, self._tracker = world, issues

    def routes(self) -> list[Route]:
        issue = "/rest/api/3/issue/{key}"
        return [
            Route("/rest/api/3/issue", self.create, methods=["POST"]),
            Route("/rest/api/3/search/jql", self.search),
            Route("/rest/api/3/myself", self.myself),
            Route(issue, self.show),
            Route(issue, self.edit, methods=["PUT"]),
            Route(f"{issue}/transitions", self.transitions),
            Route(f"{issue}/transitions", self.move, methods=["POST"]),
            Route(f"{issue}/comment", self.comments),
            Route(f"{issue}/comment", self.comment, methods=["POST"]),
        ]

    async def myself(self, _: Request) -> Response:
        return answer({**tracker.ACCOUNT, "emailAddress": EMAIL, "timeZone": "Etc/UTC"})

    async def create(self, request: Request) -> Response:
        fields = (await _json(request)).get("fields")
        if problems := _problems(fields if isinstance(fields, dict) else {}):
            raise _RefusedError(400, _error(**problems))
        issue = self._tracker.create(fields, self._world.now())  # type: ignore[arg-type]  # no problems: it is one
        return answer({"id": issue.id, "key": issue.key, "self": f"{tracker.SITE}/rest/api/3/issue/{issue.id}"}, 201)

    async def show(self, request: Request) -> Response:
        wanted = set(request.query_params.get("fields", "*all").split(","))
        expanded = request.query_params.get("expand", "").split(",")
        return answer(tracker.shape(self._issue(request), wanted, with_history="changelog" in expanded))

    async def edit(self, request: Request) -> Response:
        issue, fields = self._issue(request), (await _json(request)).get("fields", {})
        if problems := _problems({**issue.fields, **fields}):
            raise _RefusedError(400, _error(**problems))
        issue.fields |= fields
        issue.changed_at = self._world.now()
        return Response(status_code=204)

    async def search(self, request: Request) -> Response:
        jql = _JQL.fullmatch(request.query_params.get("jql", ""))
        if jql is None:
            raise _RefusedError(400, _error("The sandbox only searches by project and label."))
        found = self._tracker.labelled(jql[1], jql[2], self._world.now())
        most, wanted = int(request.query_params.get("maxResults", 50)), request.query_params.get("fields", "id")
        names = set(wanted.split(","))
        shown = [
            {"id": issue.id} if names == {"id"} else tracker.shape(issue, names, with_history=False)
            for issue in found[:most]
        ]
        return answer({"issues": shown, "isLast": len(found) <= most})

    async def transitions(self, request: Request) -> Response:
        return answer({"expand": "transitions", "transitions": tracker.transitions(self._issue(request))})

    async def move(self, request: Request) -> Response:
        issue, asked = self._issue(request), await _json(request)
        identity = str(asked.get("transition", {}).get("id", ""))
        status = next((each["name"] for each in tracker.transitions(issue) if each["id"] == identity), None)
        if status is None:
            raise _RefusedError(400, _error(f"Transition id '{identity}' is not valid for this issue."))
        self._tracker.move(issue, status, tracker.ACCOUNT, self._world.now(), asked.get("historyMetadata"))
        return Response(status_code=204)

    async def comments(self, request: Request) -> Response:
        comments, asked = self._issue(request).comments, request.query_params
        order = asked.get("orderBy", "created").strip()  # a plus that was not encoded is a blank
        if order not in {"created", "+created", "-created"}:
            raise _RefusedError(400, _error("The sandbox orders comments by created only."))
        if order == "-created":
            comments = comments[::-1]
        start, most = max(int(asked.get("startAt", 0)), 0), min(max(int(asked.get("maxResults", 100)), 1), 100)
        shown = comments[start : start + most]
        return answer({"comments": shown, "startAt": start, "maxResults": most, "total": len(comments)})

    async def comment(self, request: Request) -> Response:
        issue, body = self._issue(request), (await _json(request)).get("body")
        if not _is_document(body):
            raise _RefusedError(400, _error(comment="Comment body is not valid!"))
        return answer(self._tracker.comment(issue, body, self._world.now()), 201)  # type: ignore[arg-type]  # as above

    async def page(self, _: Request) -> Response:
        return desk_page("Jira", [_entry(issue) for issue in reversed(self._tracker.issues)])

    async def press(self, request: Request) -> Response:
        """Move an issue as a person does on the page."""
        issue, status = self._tracker.find(request.path_params["key"]), request.path_params["status"]
        if issue is None or status not in tracker.STATUSES:
            return Response("no such issue or status", 404)
        self._tracker.move(issue, status, tracker.person("ada"), self._world.now(), None)
        return RedirectResponse("/sandbox/jira", 303)

    def _issue(self, request: Request) -> Issue:
        issue = self._tracker.find(request.path_params["key"])
        if issue is None:
            raise _RefusedError(404, _error(_HIDDEN))
        return issue


def _problems(fields: dict[str, Any]) -> dict[str, str]:
    """Return by field what Jira refuses."""
    summary, labels = fields.get("summary"), fields.get("labels", [])
    checks = {
        "project": ("valid project is required", _name(fields, "project", "key") in tracker.PROJECTS),
        "issuetype": ("Specify a valid issue type", _name(fields, "issuetype", "name") in tracker.ISSUE_TYPES),
        "summary": (
            "Summary must be one line of less than 255 characters.",
            isinstance(summary, str) and 0 < len(summary) <= LONGEST_SUMMARY and "\n" not in summary,
        ),
        "description": (
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
            fields.get("description") is None or _is_document(fields["description"]),
        ),
        "priority": (
            "The priority selected is invalid.",
            "priority" not in fields or _name(fields, "priority", "name") in tracker.PRIORITIES,
        ),
        "labels": ("The label can't contain spaces.", all(" " not in str(label) for label in labels)),
    }
    return {name: said for name, (said, is_fine) in checks.items() if not is_fine}


def _name(fields: dict[str, Any], field: str, key: str) -> str:
    value = fields.get(field)
    return str(value.get(key, "")) if isinstance(value, dict) else ""


def _is_document(body: object) -> bool:
    """Return whether Jira would take it: a document, no text in it empty, all of them not too long."""
    if not isinstance(body, dict) or (body.get("type"), body.get("version")) != ("doc", 1):
        return False
    return b'"text":""' not in orjson.dumps(body) and sum(map(len, tracker.words_of(body))) <= LONGEST_TEXT


def _entry(issue: Issue) -> Entry:
    comments = [
        f"{comment['created'][11:19]} · {line}" for comment in issue.comments for line in _lines(comment["body"])
    ]
    lines = (*_lines(issue.fields.get("description")), *comments)
    buttons = tuple(
        (f"Move to {each['name']}", f"jira/{issue.key}/{each['name']}") for each in tracker.transitions(issue)
    )
    priority = issue.fields.get("priority", {}).get("name", "Medium")
    state = f"{issue.status}, {priority}, {', '.join(issue.fields.get('labels', []))}, since {clock(issue.at)}"
    return Entry(f"{issue.key} {issue.fields['summary']}", state, not issue.is_done, lines, buttons)


def _lines(body: object) -> list[str]:
    return [line for line in tracker.words_of(body) if line.strip()]


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise _RefusedError(400, _error("There was an error parsing JSON.")) from error
    return body if isinstance(body, dict) else {}


async def _refused(_: Request, error: Exception) -> Response:
    if isinstance(error, _RefusedError):
        return answer(error.body, error.status)
    return answer(_error("Not Found"), 404)


def create(world: World, issues: Tracker) -> Gate:
    handlers = {404: _refused, _RefusedError: _refused}
    return Gate(Starlette(routes=Jira(world, issues).routes(), exception_handlers=handlers), world, MANNERS)


def page_routes(world: World, issues: Tracker) -> list[Route]:
    jira, path = Jira(world, issues), "/sandbox/jira"
    return [Route(path, jira.page), Route(f"{path}/{{key}}/{{status}}", jira.press, methods=["POST"])]
