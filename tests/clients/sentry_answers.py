"""Pieces of Sentry's answers."""

from typing import Any

SHA = "a" * 40


def span(project: str = "shop-web", release: str | None = SHA, total: Any = 100, failed: Any = 4) -> dict[str, Any]:
    return {"project": project, "release": release, "count()": total, "failure_count()": failed}


def sessions(project: Any = 11, status: str = "healthy", series: Any = (50, 5), release: str = SHA) -> dict[str, Any]:
    by = {"project": project, "release": release, "session.status": status}
    return {"by": by, "series": {"sum(session)": list(series)}, "totals": {}}


def issue(**more: Any) -> dict[str, Any]:
    """Return an issue of a list; what is said of its range is said of its life too, unless `lifetime` is given."""
    made = _issue(**more)
    seen = {key: made[key] for key in ("count", "userCount", "firstSeen", "lastSeen")}
    return {**made, "lifetime": more.get("lifetime", {**seen, "stats": None})}


def _issue(**more: Any) -> dict[str, Any]:
    return {
        "id": "900",
        "shortId": "SHOP-1",
        "title": "TypeError: <!channel>",
        "culprit": "app/basket.ts",
        "level": "error",
        "status": "unresolved",
        "substatus": "new",
        "count": "1234",
        "userCount": 56,
        "firstSeen": "2026-03-01T11:55:00Z",
        "lastSeen": "2026-03-01T12:04:00Z",
        "permalink": "https://acme.sentry.test/issues/900/",
        "project": {"id": "11", "slug": "shop-web", "name": "Shop"},
        "isUnhandled": True,
        **more,
    }


def release(version: str = SHA, **more: Any) -> dict[str, Any]:
    return {
        "version": version,
        "dateCreated": "2026-03-01T11:40:00Z",
        "dateReleased": None,
        "newGroups": 2,
        "lastDeploy": {"environment": "production", "dateFinished": "2026-03-01T11:45:00Z"},
        "projects": [{"id": 11, "slug": "shop-web", "newGroups": 2}, {"id": 12, "slug": "portal-web", "newGroups": 0}],
        **more,
    }
