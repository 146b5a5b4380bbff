"""Pieces of CircleCI's answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

SHOP, API = "gh/acme/shop", "gh/acme/api"
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
SHA = "a" * 40


def pipeline(number: int, project: str = SHOP, branch: str = "main", **more: Any) -> dict[str, Any]:
    """A pipeline; the higher its number, the newer. 100 and above are of the time that is asked for."""
    return {
        "id": f"pipe-{number}",
        "number": number,
        "project_slug": project,
        "state": "created",
        "created_at": (SINCE + timedelta(minutes=number - 100)).isoformat(),
        "errors": [],
        "vcs": {"branch": branch, "revision": SHA},
        "trigger": {"type": "webhook"},
        **more,
    }


def workflow(status: str = "success", name: str = "build", **more: Any) -> dict[str, Any]:
    created, stopped = "2026-03-01T10:00:00Z", "2026-03-01T10:05:00Z"
    return {
        "id": f"flow-{status}",
        "name": name,
        "status": status,
        "created_at": created,
        "stopped_at": stopped,
        **more,
    }


def job(status: str = "failed", **more: Any) -> dict[str, Any]:
    started = "2026-03-01T10:00:00Z"
    return {"id": "job-1", "name": "test", "status": status, "type": "build", "started_at": started, **more}
