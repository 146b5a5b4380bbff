"""What Jira knows: projects, issues with their history and comments, a workflow of three statuses."""

from dataclasses import dataclass, field
from typing import Any

from watchkeeper.sandbox.company import PEOPLE
from watchkeeper.sandbox.times import iso

SITE = "https://acme.atlassian.example"
PROJECTS = {"OPS": "Operations", "SUP": "Support"}
ISSUE_TYPES = ("Task", "Bug", "Incident")
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
CATEGORIES = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}
ACCOUNT = {"accountId": "sandbox:watchkeeper", "displayName": "Watchkeeper", "active": True, "accountType": "app"}
MOST_CHANGES = 100  # that an issue is shown with
INDEX_SECONDS = 2.0  # until the search knows a new issue


@dataclass
class Issue:
    """An issue. `history` and `comments` are as the API shows them, oldest first."""

    number: int
    project: str
    fields: dict[str, Any]
    at: float
    status: str = "To Do"
    changed_at: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(10_000 + self.number)

    @property
    def key(self) -> str:
        return f"{self.project}-{self.number}"

    @property
    def is_done(self) -> bool:
        return STATUSES[self.status] == "done"


class Tracker:
    """All issues, oldest first."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def find(self, key: str) -> Issue | None:
        return next((issue for issue in self.issues if key.upper() in {issue.key, issue.id}), None)

    def create(self, fields: dict[str, Any], now: float) -> Issue:
        issue = Issue(len(self.issues) + 1, fields["project"]["key"], fields, now, changed_at=now)
        self.issues.append(issue)
        return issue

    def labelled(self, project: str, label: str, now: float) -> list[Issue]:
        """Return what the search knows: not what was made just now."""
        return [
            issue
            for issue in self.issues
            if issue.project == project and label in issue.fields.get("labels", []) and issue.at + INDEX_SECONDS <= now
        ]

    @staticmethod
    def move(issue: Issue, status: str, author: dict[str, Any], now: float, metadata: dict[str, Any] | None) -> None:
        change = {"field": "status", "fieldtype": "jira", "fieldId": "status", "from": _status_id(issue.status)}
        change |= {"fromString": issue.status, "to": _status_id(status), "toString": status}
        entry = {"id": str(20_000 + len(issue.history)), "author": author, "created": stamp(now), "items": [change]}
        issue.history.append(entry | ({"historyMetadata": metadata} if metadata else {}))
        issue.status, issue.changed_at = status, now

    @staticmethod
    def comment(issue: Issue, body: dict[str, Any], now: float) -> dict[str, Any]:
        made = {"id": str(30_000 + len(issue.comments)), "author": ACCOUNT, "body": body}
        made |= {"created": stamp(now), "updated": stamp(now), "self": f"{SITE}/rest/api/3/issue/{issue.id}/comment"}
        issue.comments.append(made)
        issue.changed_at = now
        return made


def person(login: str) -> dict[str, Any]:
    """Return somebody of the company as Jira shows people."""
    name = next((name for name, known, _ in PEOPLE if known == login), PEOPLE[0][0])
    return {"accountId": f"sandbox:{login}", "displayName": name, "active": True, "accountType": "atlassian"}


def stamp(moment: float) -> str:
    """Return `2026-01-31T08:00:00.000+0000`."""
    return iso(moment).replace("Z", "+0000")


def shape(issue: Issue, wanted: set[str], *, with_history: bool) -> dict[str, Any]:
    """Return an issue as the API shows it, with the fields that were asked for."""
    fields = {
        "summary": issue.fields["summary"],
        "description": issue.fields.get("description"),
        "labels": issue.fields.get("labels", []),
        "issuetype": {"name": issue.fields["issuetype"]["name"], "subtask": False},
        "project": {"key": issue.project, "name": PROJECTS[issue.project]},
        "priority": {"name": issue.fields.get("priority", {}).get("name", "Medium")},
        "status": status_shape(issue.status),
        "created": stamp(issue.at),
        "updated": stamp(issue.changed_at),
    }
    shown = {name: value for name, value in fields.items() if "*all" in wanted or name in wanted}
    found = {"id": issue.id, "key": issue.key, "self": f"{SITE}/rest/api/3/issue/{issue.id}", "fields": shown}
    histories = issue.history[::-1][:MOST_CHANGES]
    page = {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
    return found | ({"changelog": page} if with_history else {})


def status_shape(status: str) -> dict[str, Any]:
    number, name, color = CATEGORIES[STATUSES[status]]
    category = {"id": number, "key": STATUSES[status], "name": name, "colorName": color}
    return {"id": _status_id(status), "name": status, "statusCategory": category}


def transitions(issue: Issue) -> list[dict[str, Any]]:
    """Return where an issue can go: everywhere but where it is."""
    return [
        {"id": str(11 + 10 * number), "name": name, "to": status_shape(name), "hasScreen": False, "isGlobal": True}
        for number, name in enumerate(STATUSES)
        if name != issue.status
    ]


def words_of(node: object) -> list[str]:
    """Return the texts of a document, one line for each paragraph."""
    if isinstance(node, list):
        return [line for each in node for line in words_of(each)]
    if not isinstance(node, dict):
        return []
    if node.get("type") == "paragraph":
        inner = node.get("content", [])
        return ["".join(str(each.get("text") or each.get("attrs", {}).get("text", "")) for each in inner)]
    return words_of(node.get("content"))


def _status_id(status: str) -> str:
    return str(10_001 + list(STATUSES).index(status))
