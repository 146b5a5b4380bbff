"""Every figure of one daily report once more, by another way: the vendors' raw answers, plain SQL, and `statistics`.

Nothing of Watchkeeper is imported. What a figure means is written down here a second time, from the documents of the
vendors and of the metrics: a figure that is read wrong, put into the wrong hour or counted twice does not agree.

By hand, over the sandbox and the store of a running watch:

    python -m tests.acceptance.recompute http://127.0.0.1:8400 sqlite:///watchkeeper.db shop 2026-11-20
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import floor, sqrt
from statistics import NormalDist, fmean
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import create_engine, text

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REACH = timedelta(days=4)  # how long before a day something may have begun that ended in it
CREDIT_PRICE = 0.0006
FLAKY_FOR = timedelta(days=14)
# Score of what certainly fails, the lower bound of the share: straight lines between these points, in whole points.
SCORES = ((0.0, 100.0), (0.025, 70.0), (0.05, 50.0), (0.10, 25.0), (1.0, 0.0))
LEAST_REQUESTS = 10

LEAST_FAILURES = 3
CRITICAL = 0.05  # share of failures
VISIBLE = 0.02  # share of the requests below which a release is not looked at on its own

Row = dict[str, Any]
Counts = dict[str, tuple[int, int]]  # failed and all, by release


@dataclass(frozen=True, slots=True)
class Sessions:
    hour: datetime
    release: str
    status: str
    count: int


@dataclass(frozen=True, slots=True)
class Number:
    """A figure. `is_close`: it is a percentile, which may be off by 1 %."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    sample: int = 0
    is_close: bool = False
    interval: tuple[float, float] | None = None


@dataclass
class Day:
    """One local day of one project of the sandbox."""

    sandbox: str
    database: str
    slug: str
    start: datetime
    end: datetime
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def figures(self) -> dict[str, Number]:
        """Return all figures by name."""
        return {
            **self._errors(),
            **self._issues(),
            **self._endpoints(),
            **self._delivery(),
            **self._builds(),
            **self._costs(),
            "score": self._score(),
        }

    # --- Sentry: requests where the project sends them, else sessions; people by the hour; issues

    def _errors(self) -> dict[str, Number]:
        counts = [count for hour in self._requests.values() for count in hour.values()]
        failed, total = sum(failed for failed, _ in counts), sum(total for _, total in counts)
        sessions = sum(each.count for each in self._sessions)
        crashed = sum(each.count for each in self._sessions if each.status == "crashed")
        users = [sum(row["count_unique(user)"] for row in self._events("errors", hour)) for hour in self._hours]
        return {
            "failures": _share(failed, total),
            "crash_free": _share(sessions - crashed, sessions),
            "affected_users": Number(max(users), sample=len(users)),
        }

    @cached_property
    def _requests(self) -> dict[datetime, Counts]:
        """Failed and all requests (or sessions) by hour and release."""
        asked = {hour: self._events("spans", hour) for hour in self._hours}
        if any(asked.values()):
            return {
                hour: {row["release"]: (row["failure_count()"], row["count()"]) for row in rows}
                for hour, rows in asked.items()
            }
        found: dict[datetime, Counts] = {hour: {} for hour in self._hours}
        for each in self._sessions:
            failed, total = found[each.hour].get(each.release, (0, 0))
            failed += each.count if each.status in {"crashed", "abnormal", "unhandled"} else 0
            found[each.hour][each.release] = failed, total + each.count
        return found

    @cached_property
    def _sessions(self) -> list[Sessions]:
        answer = self._sentry(
            "sessions",
            {"field": "sum(session)", "groupBy": ["project", "release", "session.status"], "interval": "1h"},
            self.start,
            self.end,
        ).json()
        hours = [_moment(each) for each in answer["intervals"]]
        return [
            Sessions(hour, group["by"]["release"], group["by"]["session.status"], count)
            for group in answer["groups"]
            for hour, count in zip(hours, group["series"]["sum(session)"], strict=True)
            if count
        ]

    def _events(self, dataset: str, hour: datetime) -> list[Row]:
        fields = {
            "spans": ["project", "release", "count()", "failure_count()"],
            "errors": ["project", "count_unique(user)"],
        }[dataset]
        query = {"query": "is_transaction:true"} if dataset == "spans" else {}
        asked = {"dataset": dataset, "field": fields, "per_page": 100, **query}
        rows: list[Row] = self._sentry("events", asked, hour, hour + HOUR).json()["data"]
        return [row for row in rows if row["project"] == f"{self.slug}-web"]

    def _issues(self) -> dict[str, Number]:
        asked = {"query": "", "limit": 100}
        issues = list(self._sentry_pages("issues", asked, self.start - FLAKY_FOR, self.now))
        new = [each for each in issues if self._holds(_moment(each["firstSeen"]))]
        back = [each for each in issues if each["substatus"] == "regressed" and self._holds(_moment(each["lastSeen"]))]
        # Sentry does not say when an issue was resolved, and nobody looked before this day was over.
        return {"new_issues": _count(len(new)), "regressed_issues": _count(len(back)), "resolved_issues": _count(0)}

    # --- the watch itself: probes and checks

    def _endpoints(self) -> dict[str, Number]:
        probes = self._rows(
            "SELECT at, status, failure, total_ms, first_byte_ms, certificate_expires_at FROM probes "
            "WHERE project = :slug AND at >= :start AND at < :end"
        )
        right = [row for row in probes if row["failure"] is None]
        total = [row["total_ms"] for row in right if row["total_ms"] is not None]
        first = [row["first_byte_ms"] for row in right if row["first_byte_ms"] is not None]
        left = [
            (_stored(row["certificate_expires_at"]) - _hour(_stored(row["at"]))) / DAY
            for row in probes
            if row["certificate_expires_at"]
        ]
        return {
            "availability": _share(len(right), len(probes)),
            **{f"latency_p{n}_ms": _percentile(total, n) for n in (50, 95, 99)},
            "first_byte_p95_ms": _percentile(first, 95),
            "certificate_days": Number(min(left, default=None), sample=len(left)),
        }

    def _score(self) -> Number:
        """Mean of the scores of all checks, and of what the errors say of each hour in which nobody looked."""
        checks = self._rows(
            "SELECT window_start, score FROM health_checks WHERE project = :slug AND check_type = 'full' "
            "AND window_start >= :start AND window_start < :end"
        )
        scores = [row["score"] for row in checks if row["score"] is not None]
        looked = {_hour(_stored(row["window_start"])) for row in checks}
        for hour, counts in self._requests.items():
            if hour not in looked and sum(total for _, total in counts.values()) >= LEAST_REQUESTS:
                scores.append(_score_of(counts))
        return Number(fmean(scores) if scores else None, sample=len(scores))

    # --- Vercel

    def _delivery(self) -> dict[str, Number]:
        built = [each for each in self._deployments if each["state"] in {"READY", "ERROR"} and self._holds(_over(each))]
        ready = sum(each["state"] == "READY" for each in built)
        times = [
            _seconds(each, "buildingAt", "ready") for each in built if each.get("buildingAt") and each.get("ready")
        ]
        queued = [_seconds(each, "createdAt", "buildingAt") for each in built if each.get("buildingAt")]
        return {
            "releases": _count(len(self._live)),
            "rollbacks": _count(self._moves("rollback")),
            "promotions": _count(self._moves("promote")),
            "vercel_deployments": _share(ready, len(built)),
            **{f"vercel_build_time_p{n}_s": _percentile(times, n) for n in (50, 95)},
            "vercel_queue_p95_s": _percentile(queued, 95),
        }

    @cached_property
    def _deployments(self) -> list[Row]:
        answer = self._get(
            "/vercel/v6/deployments",
            "vercel",
            teamId="team_sandboxacme",
            projectId=f"prj_{self.slug}",
            target="production",
            since=int((self.start - REACH).timestamp() * 1000),
            limit=100,
        )
        assert not answer["pagination"]["next"], "one page is enough for some days"
        return [each for each in answer["deployments"] if each["projectId"] == f"prj_{self.slug}"]

    @cached_property
    def _live(self) -> list[str]:
        """Commits that last went live on this day."""
        live: dict[str, datetime] = {}
        for each in self._deployments:
            if each["state"] == "READY" and each.get("readySubstate") != "STAGED":
                sha = each["meta"]["githubCommitSha"]
                live[sha] = max(_ms(each["ready"]), live.get(sha, self.start - REACH))
        return [sha for sha, at in live.items() if self._holds(at)]

    def _moves(self, kind: str) -> int:
        project = self._get(f"/vercel/v9/projects/prj_{self.slug}", "vercel", teamId="team_sandboxacme")
        last = project.get("lastAliasRequest")
        done = last and last["type"] == kind and last["jobStatus"] == "succeeded"
        return int(bool(done) and self._holds(_ms(last["requestedAt"])))

    # --- CircleCI

    def _builds(self) -> dict[str, Number]:
        over = [run for run, _ in self._runs if run["status"] in {"success", "failed", "error"}]
        ended = [run for run in over if self._holds(_moment(run["stopped_at"]))]
        passed = sum(run["status"] == "success" for run in ended)
        times = [(_moment(run["stopped_at"]) - _moment(run["created_at"])).total_seconds() for run in ended]
        queued = [wait for run in ended if (wait := self._queued(run)) is not None]
        again = [run for run, is_again in self._runs if is_again and run.get("stopped_at")]
        return {
            "builds": _share(passed, len(ended)),
            **{f"build_time_p{n}_s": _percentile(times, n) for n in (50, 95)},
            "build_queue_p95_s": _percentile(queued, 95),
            "build_reruns": _count(sum(self._holds(_moment(run["stopped_at"])) for run in again)),
            "flaky_tests": self._flaky(),
            "branch_recovery_s": self._recovery(),
        }

    @cached_property
    def _pipelines(self) -> list[Row]:
        """Pipelines of the main branch, oldest first, each with its workflows."""
        found = []
        for pipeline in self._circleci_pages(f"/project/{self._project}/pipeline", branch="main"):
            if _moment(pipeline["created_at"]) < self.start - 2 * REACH:
                break
            runs = list(self._circleci_pages(f"/pipeline/{pipeline['id']}/workflow"))
            found.append({**pipeline, "workflows": sorted(runs, key=lambda run: (run["name"], run["created_at"]))})
        return found[::-1]

    @cached_property
    def _runs(self) -> list[tuple[Row, bool]]:
        """Runs of all workflows, and whether each ran again in its pipeline."""
        found = []
        for pipeline in self._pipelines:
            names: list[str] = []
            for run in pipeline["workflows"]:
                found.append((run, run["name"] in names))
                names.append(run["name"])
        return found

    def _queued(self, run: Row) -> float | None:
        jobs = list(self._circleci_pages(f"/workflow/{run['id']}/job"))
        begun = [_moment(job["started_at"]) for job in jobs if job.get("started_at") and job["type"] != "approval"]
        created = _moment(run["created_at"])
        waits = [(at - created).total_seconds() for at in begun if at >= created]
        return min(waits, default=None)

    def _flaky(self) -> Number:
        """The most tests of any hour that had flaked by then, in the 14 days before."""
        answer = self._get(f"/circleci/api/v2/insights/{self._project}/flaky-tests", "circleci")
        last = [_moment(each["workflow-created-at"]) for each in answer["flaky-tests"]]
        # What was known in an hour is known from the first of the tests on.
        hours = [hour for hour in self._hours if last and min(last) < hour + HOUR]
        counts = [sum(at < hour + HOUR and at >= hour - FLAKY_FOR for at in last) for hour in hours]
        return Number(max(counts, default=None), sample=len(counts))

    def _recovery(self) -> Number:
        times, broken = [], None
        for pipeline in self._pipelines:
            last = {run["name"]: run for run in pipeline["workflows"]}.values()  # of several runs the last one counts
            if not last or any(run.get("stopped_at") is None for run in last):
                continue
            over = max(_moment(run["stopped_at"]) for run in last)
            states = {run["status"] for run in last}
            if states & {"failed", "error", "unauthorized"}:
                broken = broken or over
            elif states <= {"success", "not_run"} and broken is not None:
                times += [(over - broken).total_seconds()] if self._holds(over) else []
                broken = None
        return _percentile(times, 50)

    # --- what it costs

    def _costs(self) -> dict[str, Number]:
        used = 0.0
        listed = self._insights("/workflows", {"reporting-window": "last-90-days"})
        for name in {each["name"] for each in listed}:
            bounds = {"start-date": _text(self.start - REACH), "end-date": _text(self.end)}
            for run in self._insights(f"/workflows/{quote(name)}", bounds):
                if run["stopped_at"] and self._holds(_moment(run["stopped_at"])):
                    used += run["credits_used"]
        cost, released = used * CREDIT_PRICE, len(self._live)
        return {
            "credits": Number(used),
            "cost": Number(cost),
            "cost_per_deployment": Number(cost / released if released else None),
        }

    def _insights(self, path: str, asked: Row) -> list[Row]:
        return list(self._circleci_pages(f"/insights/{self._project}{path}", **{"all-branches": "true"}, **asked))

    # --- asking

    @property
    def _hours(self) -> list[datetime]:
        return [self.start + n * HOUR for n in range((self.end - self.start) // HOUR)]

    @property
    def _project(self) -> str:
        return quote(f"gh/acme/{self.slug}", safe="")

    def _holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @cached_property
    def _sentry_id(self) -> str:
        projects = self._get("/sentry/api/0/organizations/acme/projects/", "sentry")
        return next(str(each["id"]) for each in projects if each["slug"] == f"{self.slug}-web")

    def _sentry(self, what: str, asked: Row, start: datetime, end: datetime) -> httpx.Response:
        bounds = {"start": _text(start), "end": _text(end), "project": self._sentry_id}
        answer = httpx.get(
            f"{self.sandbox}/sentry/api/0/organizations/acme/{what}/",
            params={**bounds, **asked},
            headers=_authorization("sentry"),
        )
        assert answer.status_code == 200, answer.text
        return answer

    def _sentry_pages(self, what: str, asked: Row, start: datetime, end: datetime) -> Iterator[Row]:
        while True:
            answer = self._sentry(what, asked, start, end)
            yield from answer.json()
            following = answer.links.get("next", {})
            if following.get("results") != "true":
                return
            asked = {**asked, "cursor": following["cursor"]}

    def _circleci_pages(self, path: str, **asked: str) -> Iterator[Row]:
        while True:
            answer = self._get(f"/circleci/api/v2{path}", "circleci", **asked)
            yield from answer["items"]
            if not answer.get("next_page_token"):
                return
            asked = {**asked, "page-token": answer["next_page_token"]}

    def _get(self, path: str, vendor: str, **asked: Any) -> Any:
        answer = httpx.get(self.sandbox + path, params=asked, headers=_authorization(vendor))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _rows(self, query: str) -> Sequence[Row]:
        engine = create_engine(self.database)
        bounds = {"slug": self.slug, "start": _sql(self.start), "end": _sql(self.end)}
        with engine.connect() as connection:
            found = [dict(row) for row in connection.execute(text(query), bounds).mappings()]
        engine.dispose()
        return found


def _count(number: int) -> Number:
    return Number(number, sample=number)


def _share(part: int, whole: int) -> Number:
    if not whole:
        return Number(None)
    return Number(part / whole, part, whole, whole, interval=_wilson(part, whole))


def _percentile(values: Sequence[float], percent: int) -> Number:
    """The value of the list below which so many of its values lie: one that was measured, nothing in between."""
    ordered = sorted(values)
    value = ordered[floor(percent / 100 * (len(ordered) - 1))] if ordered else None
    return Number(value, sample=len(ordered), is_close=True)


def _wilson(part: int, whole: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.975)
    share, scale = part / whole, 1 + z * z / whole
    middle = (share + z * z / (2 * whole)) / scale
    reach = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole)) / scale
    return (0.0 if part == 0 else middle - reach, 1.0 if part == whole else middle + reach)


def _score_of(counts: Counts) -> float:
    """Whole points by what certainly fails of all; at most 55 where a release that many meet fails beyond the limit."""
    failed, total = sum(failed for failed, _ in counts.values()), sum(total for _, total in counts.values())
    share = _wilson(failed, total)[0]
    points = next(
        high + (low - high) * (share - left) / (right - left)
        for (left, high), (right, low) in pairwise(SCORES)
        if share <= right
    )
    met = [count for count in counts.values() if count[1] >= max(LEAST_REQUESTS, VISIBLE * total)]
    hidden = any(_is_critical(*count) for count in met) and not _is_critical(failed, total)
    return float(floor(min(points, 55 if hidden else points)))


def _is_critical(failed: int, total: int) -> bool:
    return failed >= LEAST_FAILURES and _wilson(failed, total)[0] > CRITICAL


def _over(deployment: Row) -> datetime:
    return _ms(deployment.get("ready") or deployment.get("buildingAt") or deployment["createdAt"])


def _seconds(deployment: Row, first: str, then: str) -> float:
    return float(deployment[then] - deployment[first]) / 1000


def _authorization(vendor: str) -> dict[str, str]:
    token = f"sandbox-{vendor}-token"
    return {"Circle-Token": token} if vendor == "circleci" else {"Authorization": f"Bearer {token}"}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ms(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch / 1000, UTC)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _sql(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _stored(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


if __name__ == "__main__":
    address, store, project, day = sys.argv[1:]
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    for name, number in Day(address, store, project, midnight, midnight + DAY).figures().items():
        print(f"{name:24} {json.dumps(number.value)}")  # noqa: T201
