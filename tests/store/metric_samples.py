"""One row of every table that metrics are made of, and kept in."""

from datetime import timedelta

from sqlalchemy.orm import Session

from tests.store.samples import NOON, SHA
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.delivery import AliasJob, AliasRequest
from watchkeeper.domain.history import BuildRun, FlakyTest
from watchkeeper.domain.hours import HourState, SourceHour
from watchkeeper.domain.issues import Issue, IssueLevel
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.alias_requests import save_alias_requests
from watchkeeper.store.build_runs import save_build_runs, save_flaky_tests
from watchkeeper.store.commits import save_commits
from watchkeeper.store.errors import save_issues
from watchkeeper.store.metric_columns import replace_buckets
from watchkeeper.store.metrics import save_source_hours
from watchkeeper.store.outages import save_outages
from watchkeeper.store.projects import see_projects

HOUR = timedelta(hours=1)


def save_metrics(session: Session, project: str) -> None:
    """Save an hour at noon."""
    see_projects(session, [project], NOON)
    buckets = BucketColumns.of([Bucket(project, "score", "", NOON, 1, 90.0, 90.0, 90.0)])
    replace_buckets(session, Period.HOUR, (), buckets)
    save_source_hours(session, [SourceHour(project, NOON, "sentry", HourState.COMPLETE)], NOON)
    run = BuildRun("r", "build", "main", WorkflowStatus.SUCCESS, NOON, NOON, 1)
    save_build_runs(session, {project: [run]})
    save_flaky_tests(session, {project: [FlakyTest("t", "f", "j", "build", 1, HOUR, NOON)]}, NOON)
    issue = Issue("1", "S-1", "shop", "boom", "", IssueLevel.ERROR, "unresolved", "", 1, 1, NOON, NOON, "")
    save_issues(session, {project: [issue]}, NOON)
    save_alias_requests(session, {project: [AliasRequest("promote", "a", "b", AliasJob.SUCCEEDED, NOON)]})
    save_commits(session, {project: [Commit(SHA, NOON, "mend it", "Ada")]})
    incident = Outage(project, NOON, NOON + HOUR, Fault.US, "", "because")
    save_outages(session, [project], Window(NOON, NOON + HOUR), [incident])
