"""Every figure of one daily report once more, by another way: the vendors' raw answers, plain SQL, and `statistics`.

Nothing of Watchkeeper is imported. What a figure means is written down here a second time, from the documents of the
vendors and of the metrics: a figure that is read wrong, put into the wrong hour or counted twice does not agree.

By hand, over the sandbox and the store of a running watch:

    python -m tests.acceptance.recompute http://127.0.0.1:8400 sqlite:///watchkeeper.db shop 2026-11-20
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from functools import cached_property
from statistics import fmean
from urllib.parse import quote

from tests.acceptance.raw_answers import (
    DAY,
    HOUR,
    RawAnswers,
    Row,
    Sessions,
    built_at,
    hour_of,
    moment_of,
    moment_of_ms,
    seconds_between,
    stored_moment,
    text_of,
)
from tests.acceptance.reckoning import LEAST_REQUESTS, Counts, Number, count_of, percentile, score_of, share_of

REACH = timedelta(days=4)  # how long before a day something may have begun that ended in it
CREDIT_PRICE = 0.0006
FLAKY_FOR = timedelta(days=14)


class Day(RawAnswers):
    """One local day of one project of the sandbox."""

    def figures(self) -> dict[str, Number]:
        """Return all figures by name; once only."""
        with self.http:
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
        users = [sum(row["count_unique(user)"] for row in self._events("errors", hour)) for hour in self.hours]
        return {
            "failures": share_of(failed, total),
            "crash_free": share_of(sessions - crashed, sessions),
            "affected_users": Number(max(users), sample=len(users)),
        }

    @cached_property
    def _requests(self) -> dict[datetime, Counts]:
        """Failed and all requests (or sessions) by hour and release."""
        asked = {hour: self._events("spans", hour) for hour in self.hours}
        if any(asked.values()):
            return {
                hour: {row["release"]: (row["failure_count()"], row["count()"]) for row in rows}
                for hour, rows in asked.items()
            }
        found: dict[datetime, Counts] = {hour: {} for hour in self.hours}
        for each in self._sessions:
            failed, total = found[each.hour].get(each.release, (0, 0))
            failed += each.count if each.status in {"crashed", "abnormal", "unhandled"} else 0
            found[each.hour][each.release] = failed, total + each.count
        return found

    @cached_property
    def _sessions(self) -> list[Sessions]:
        answer = self.sentry(
            "sessions",
            {"field": "sum(session)", "groupBy": ["project", "release", "session.status"], "interval": "1h"},
            self.start,
            self.end,
        ).json()
        hours = [moment_of(each) for each in answer["intervals"]]
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
        rows: list[Row] = self.sentry("events", asked, hour, hour + HOUR).json()["data"]
        return [row for row in rows if row["project"] == f"{self.slug}-web"]

    def _issues(self) -> dict[str, Number]:
        asked = {"query": "", "limit": 100}
        issues = list(self.sentry_pages("issues", asked, self.start - FLAKY_FOR, self.now))
        new = [each for each in issues if self.holds(moment_of(each["firstSeen"]))]
        back = [each for each in issues if each["substatus"] == "regressed" and self.holds(moment_of(each["lastSeen"]))]
        # Sentry does not say when an issue was resolved, and nobody looked before this day was over.
        return {
            "new_issues": count_of(len(new)),
            "regressed_issues": count_of(len(back)),
            "resolved_issues": count_of(0),
        }

    # --- the watch itself: probes and checks

    def _endpoints(self) -> dict[str, Number]:
        probes = self.rows(
            "SELECT at, status, failure, total_ms, first_byte_ms, certificate_expires_at FROM probes "
            "WHERE project = :slug AND at >= :start AND at < :end"
        )
        right = [row for row in probes if row["failure"] is None]
        total = [row["total_ms"] for row in right if row["total_ms"] is not None]
        first = [row["first_byte_ms"] for row in right if row["first_byte_ms"] is not None]
        left = [
            (stored_moment(row["certificate_expires_at"]) - hour_of(stored_moment(row["at"]))) / DAY
            for row in probes
            if row["certificate_expires_at"]
        ]
        return {
            "availability": share_of(len(right), len(probes)),
            **{f"latency_p{n}_ms": percentile(total, n) for n in (50, 95, 99)},
            "first_byte_p95_ms": percentile(first, 95),
            "certificate_days": Number(min(left, default=None), sample=len(left)),
        }

    def _score(self) -> Number:
        """Mean of the scores of all checks, and of what the errors say of each hour in which nobody looked."""
        checks = self.rows(
            "SELECT window_start, score FROM health_checks WHERE project = :slug AND check_type = 'full' "
            "AND window_start >= :start AND window_start < :end"
        )
        scores = [row["score"] for row in checks if row["score"] is not None]
        looked = {hour_of(stored_moment(row["window_start"])) for row in checks}
        for hour, counts in self._requests.items():
            if hour not in looked and sum(total for _, total in counts.values()) >= LEAST_REQUESTS:
                scores.append(score_of(counts))
        return Number(fmean(scores) if scores else None, sample=len(scores))

    # --- Vercel

    def _delivery(self) -> dict[str, Number]:
        over = [each for each in self._deployments if each["state"] in {"READY", "ERROR"}]
        built = [each for each in over if self.holds(built_at(each))]
        begun = [each for each in built if each.get("buildingAt")]
        ready = sum(each["state"] == "READY" for each in built)
        times = [seconds_between(each, "buildingAt", "ready") for each in begun if each.get("ready")]
        queued = [seconds_between(each, "createdAt", "buildingAt") for each in begun]
        return {
            "releases": count_of(len(self._live)),
            "rollbacks": count_of(self._moves("rollback")),
            "promotions": count_of(self._moves("promote")),
            "vercel_deployments": share_of(ready, len(built)),
            **{f"vercel_build_time_p{n}_s": percentile(times, n) for n in (50, 95)},
            "vercel_queue_p95_s": percentile(queued, 95),
        }

    @cached_property
    def _deployments(self) -> list[Row]:
        answer = self.get(
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
                live[sha] = max(moment_of_ms(each["ready"]), live.get(sha, self.start - REACH))
        return [sha for sha, at in live.items() if self.holds(at)]

    def _moves(self, kind: str) -> int:
        project = self.get(f"/vercel/v9/projects/prj_{self.slug}", "vercel", teamId="team_sandboxacme")
        last = project.get("lastAliasRequest")
        done = last and last["type"] == kind and last["jobStatus"] == "succeeded"
        return int(bool(done) and self.holds(moment_of_ms(last["requestedAt"])))

    # --- CircleCI

    def _builds(self) -> dict[str, Number]:
        over = [run for run, _ in self._runs if run["status"] in {"success", "failed", "error"}]
        ended = [run for run in over if self.holds(moment_of(run["stopped_at"]))]
        passed = sum(run["status"] == "success" for run in ended)
        times = [(moment_of(run["stopped_at"]) - moment_of(run["created_at"])).total_seconds() for run in ended]
        queued = [wait for run in ended if (wait := self._queued(run)) is not None]
        again = [run for run, is_again in self._runs if is_again and run.get("stopped_at")]
        return {
            "builds": share_of(passed, len(ended)),
            **{f"build_time_p{n}_s": percentile(times, n) for n in (50, 95)},
            "build_queue_p95_s": percentile(queued, 95),
            "build_reruns": count_of(sum(self.holds(moment_of(run["stopped_at"])) for run in again)),
            "flaky_tests": self._flaky(),
            "branch_recovery_s": self._recovery(),
        }

    @cached_property
    def _pipelines(self) -> list[Row]:
        """Pipelines of the main branch, oldest first, each with its workflows."""
        found = []
        for pipeline in self.circleci_pages(f"/project/{self.circleci_slug}/pipeline", branch="main"):
            if moment_of(pipeline["created_at"]) < self.start - 2 * REACH:
                break
            runs = list(self.circleci_pages(f"/pipeline/{pipeline['id']}/workflow"))
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
        jobs = list(self.circleci_pages(f"/workflow/{run['id']}/job"))
        begun = [moment_of(job["started_at"]) for job in jobs if job.get("started_at") and job["type"] != "approval"]
        created = moment_of(run["created_at"])
        waits = [(at - created).total_seconds() for at in begun if at >= created]
        return min(waits, default=None)

    def _flaky(self) -> Number:
        """The most tests of any hour that had flaked by then, in the 14 days before."""
        answer = self.get(f"/circleci/api/v2/insights/{self.circleci_slug}/flaky-tests", "circleci")
        last = [moment_of(each["workflow-created-at"]) for each in answer["flaky-tests"]]
        # What was known in an hour is known from the first of the tests on.
        hours = [hour for hour in self.hours if last and min(last) < hour + HOUR]
        counts = [sum(at < hour + HOUR and at >= hour - FLAKY_FOR for at in last) for hour in hours]
        return Number(max(counts, default=None), sample=len(counts))

    def _recovery(self) -> Number:
        times, broken = [], None
        for pipeline in self._pipelines:
            last = {run["name"]: run for run in pipeline["workflows"]}.values()  # of several runs the last one counts
            if not last or any(run.get("stopped_at") is None for run in last):
                continue
            over = max(moment_of(run["stopped_at"]) for run in last)
            states = {run["status"] for run in last}
            if states & {"failed", "error", "unauthorized"}:
                broken = broken or over
            elif states <= {"success", "not_run"} and broken is not None:
                times += [(over - broken).total_seconds()] if self.holds(over) else []
                broken = None
        return percentile(times, 50)

    def _costs(self) -> dict[str, Number]:
        used = 0.0
        listed = self._insights("/workflows", {"reporting-window": "last-90-days"})
        for name in {each["name"] for each in listed}:
            bounds = {"start-date": text_of(self.start - REACH), "end-date": text_of(self.end)}
            for run in self._insights(f"/workflows/{quote(name)}", bounds):
                if run["stopped_at"] and self.holds(moment_of(run["stopped_at"])):
                    used += run["credits_used"]
        cost, released = used * CREDIT_PRICE, len(self._live)
        return {
            "credits": Number(used),
            "cost": Number(cost),
            "cost_per_deployment": Number(cost / released if released else None),
        }

    def _insights(self, path: str, asked: Row) -> list[Row]:
        return list(self.circleci_pages(f"/insights/{self.circleci_slug}{path}", **{"all-branches": "true"}, **asked))


if __name__ == "__main__":
    address, store, project, day = sys.argv[1:]
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    for name, number in Day(address, store, project, at, at + DAY).figures().items():
        print(f"{name:24} {json.dumps(number.value)}")  # noqa: T201
