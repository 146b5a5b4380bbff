"""What the sandbox answers and the store holds, read without anything of Watchkeeper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import create_engine, text

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sessions:
    hour: datetime
    release: str
    status: str
    count: int


@dataclass
class RawAnswers:
    """Asks about one day of one project."""

    sandbox: str
    database: str
    slug: str
    start: datetime
    end: datetime
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    http: httpx.Client = field(default_factory=httpx.Client)

    @property
    def hours(self) -> list[datetime]:
        return [self.start + n * HOUR for n in range((self.end - self.start) // HOUR)]

    @property
    def circleci_slug(self) -> str:
        return quote(f"gh/acme/{self.slug}", safe="")

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @cached_property
    def _sentry_id(self) -> str:
        projects = self.get("/sentry/api/0/organizations/acme/projects/", "sentry")
        return next(str(each["id"]) for each in projects if each["slug"] == f"{self.slug}-web")

    def sentry(self, what: str, asked: Row, start: datetime, end: datetime) -> httpx.Response:
        bounds = {"start": text_of(start), "end": text_of(end), "project": self._sentry_id}
        answer = self.http.get(
            f"{self.sandbox}/sentry/api/0/organizations/acme/{what}/",
            params={**bounds, **asked},
            headers=_authorization("sentry"),
        )
        assert answer.status_code == 200, answer.text
        return answer

    def sentry_pages(self, what: str, asked: Row, start: datetime, end: datetime) -> Iterator[Row]:
        while True:
            answer = self.sentry(what, asked, start, end)
            yield from answer.json()
            following = answer.links.get("next", {})
            if following.get("results") != "true":
                return
            asked = {**asked, "cursor": following["cursor"]}

    def circleci_pages(self, path: str, **asked: str) -> Iterator[Row]:
        while True:
            answer = self.get(f"/circleci/api/v2{path}", "circleci", **asked)
            yield from answer["items"]
            if not answer.get("next_page_token"):
                return
            asked = {**asked, "page-token": answer["next_page_token"]}

    def get(self, path: str, vendor: str, **asked: Any) -> Any:
        answer = self.http.get(self.sandbox + path, params=asked, headers=_authorization(vendor))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, query: str) -> Sequence[Row]:
        engine = create_engine(self.database)
        bounds = {"slug": self.slug, "start": _sql(self.start), "end": _sql(self.end)}
        with engine.connect() as connection:
            found = [dict(row) for row in connection.execute(text(query), bounds).mappings()]
        engine.dispose()
        return found


def _authorization(vendor: str) -> dict[str, str]:
    token = f"sandbox-{vendor}-token"
    return {"Circle-Token": token} if vendor == "circleci" else {"Authorization": f"Bearer {token}"}


def moment_of(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment_of_ms(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch / 1000, UTC)


def text_of(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _sql(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def stored_moment(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def built_at(deployment: Row) -> datetime:
    return moment_of_ms(deployment.get("ready") or deployment.get("buildingAt") or deployment["createdAt"])


def seconds_between(deployment: Row, first: str, then: str) -> float:
    return float(deployment[then] - deployment[first]) / 1000
