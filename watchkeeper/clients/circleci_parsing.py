"""CircleCI's JSON, read into values of ours. Times are ISO 8601."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.clients.parsing import Record
from watchkeeper.domain.builds import Job, Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.history import BuildRun, FlakyTest
from watchkeeper.domain.redaction import shortened

_PIPELINE_STATES: Final = frozenset({"created", "errored", "setup-pending", "setup", "pending"})
_JOB_STATUSES: Final = frozenset(
    {"success", "running", "not_run", "failed", "retried", "queued", "not_running", "infrastructure_fail", "timedout"}
    | {"on_hold", "terminated-unknown", "blocked", "canceled", "unauthorized"}
)
_JOB_KINDS: Final = frozenset({"build", "approval"})
_SHORT_HOSTS: Final = {"github": "gh", "bitbucket": "bb"}
_LONG_HOSTS: Final = {short: long for long, short in _SHORT_HOSTS.items()}
_LONGEST_TEXT: Final = 300


def read_pipeline(raw: Record, web_url: str) -> Pipeline:
    """Return a pipeline without its workflows. Projects of the GitHub App name branch and commit in other places."""
    number, project = raw.whole("number"), raw.text("project_slug")
    return Pipeline(
        id=raw.text("id"),
        number=number,
        project=project,
        branch=_first(raw, "vcs.branch", "trigger_parameters.git.branch", "trigger_parameters.github_app.branch"),
        sha=_first(
            raw, "vcs.revision", "trigger_parameters.git.checkout_sha", "trigger_parameters.github_app.commit_sha"
        ),
        state=_known(raw.text("state", ""), _PIPELINE_STATES),
        created_at=raw.moment("created_at"),
        errors=_errors(raw),
        url=f"{web_url}/pipelines/{_long(project)}/{number}",
    )


def read_workflow(raw: Record, jobs: Sequence[Job], pipeline: Pipeline, queued: timedelta | None = None) -> Workflow:
    """Return a workflow with its jobs; `queued` is how long it queued where that was read before.

    One that does not say when it was created counts as old as its pipeline, and nobody knows how long it took.
    """
    workflow, known = raw.text("id"), raw.moment_or_none("created_at")
    return Workflow(
        id=workflow,
        name=_short(raw.text("name", "")),
        status=read_status(raw),
        created_at=known or pipeline.created_at,
        stopped_at=raw.moment_or_none("stopped_at") if known else None,
        jobs=tuple(jobs),
        url=f"{pipeline.url}/workflows/{workflow}",
        queued=_queued(jobs, known) if queued is None and known else queued,
    )


def unreadable_workflow(pipeline: Pipeline, place: int) -> Workflow:
    """Return what stands for a workflow that cannot be read, so that its pipeline is no success without it."""
    id_ = f"{pipeline.id}/unreadable-{place}"
    return Workflow(id_, id_, WorkflowStatus.UNKNOWN, pipeline.created_at, url=pipeline.url)


def read_status(raw: Record) -> WorkflowStatus:
    return raw.choice("status", WorkflowStatus, WorkflowStatus.UNKNOWN)


def read_job(raw: Record) -> Job:
    return Job(
        id=raw.text("id"),
        name=_short(raw.text("name", "")),
        status=_known(raw.text("status", ""), _JOB_STATUSES),
        kind=_known(raw.text("type", ""), _JOB_KINDS),
        started_at=raw.moment_or_none("started_at"),
        stopped_at=raw.moment_or_none("stopped_at"),
    )


def read_run(raw: Record, workflow: str) -> BuildRun:
    """Return a run as Insights tells it; one without a status is still running."""
    stopped_at = raw.moment_or_none("stopped_at")
    status = read_status(raw)
    running = not raw.text("status", "") and stopped_at is None
    return BuildRun(
        id=raw.text("id"),
        workflow=_short(workflow),
        branch=_short(raw.text("branch", "")),
        status=WorkflowStatus.RUNNING if running else status,
        created_at=raw.moment("created_at"),
        stopped_at=stopped_at,
        credits=raw.count("credits_used", 0),
    )


def read_flaky_test(raw: Record) -> FlakyTest:
    return FlakyTest(
        name=_short(raw.text("test-name")),
        file=_short(raw.text("file", "")),
        job=_short(raw.text("job-name", "")),
        workflow=_short(raw.text("workflow-name", "")),
        times=raw.count("times-flaked", 0),
        time_lost=timedelta(seconds=raw.count("time-wasted", 0)),
        last_seen_at=raw.moment("workflow-created-at"),
    )


def same_slug(slug: str) -> str:
    """Return the one spelling of a slug: `github/Acme/shop` is `gh/acme/shop`."""
    host, slash, rest = slug.lower().partition("/")
    return f"{_SHORT_HOSTS.get(host, host)}{slash}{rest}"


def _errors(raw: Record) -> tuple[str, ...]:
    """Return why a configuration was refused; a pipeline without errors may have null there, or nothing at all."""
    errors = (Record(raw.vendor, error) for error in raw.values("errors") if isinstance(error, dict))
    return tuple(_short(error.text("message", "")) for error in errors)


def _long(slug: str) -> str:
    host, slash, rest = slug.partition("/")
    return f"{_LONG_HOSTS.get(host, host)}{slash}{rest}"


def _queued(jobs: Sequence[Job], created_at: datetime) -> timedelta | None:
    """Return how long the first job waited; a workflow that was run again holds jobs of the run before as well."""
    starts = [job.started_at for job in jobs if job.started_at is not None and job.kind != "approval"]
    return min((start - created_at for start in starts if start >= created_at), default=None)


def _first(raw: Record, *keys: str) -> str:
    return next((value for value in (raw.text(key, "") for key in keys) if value), "")


def _known(text: str, known: frozenset[str]) -> str:
    return text if text in known else "unknown"


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), _LONGEST_TEXT)
