"""The points of a plan about what going back takes away, and what it does not."""

from watchkeeper.domain.phrases import amount, listed
from watchkeeper.domain.production import VercelDeployment
from watchkeeper.domain.rollback import Point
from watchkeeper.domain.rollback_changes import Changes, CronJobs, migrations, vetoes
from watchkeeper.domain.rollback_input import Case, PointName
from watchkeeper.domain.rollback_points import blocks, fine, name_of, warning
from watchkeeper.domain.verdicts import Gap, Missing


def change_points(case: Case) -> list[Point]:
    """Return what is to be said of commits, migrations, labels, environment and cron jobs between two releases."""
    target = case.found
    if target is None:
        return []
    return [*_code_points(case), _environment(case, target), _crons(case)]


def _code_points(case: Case) -> list[Point]:
    changes = case.given.changes
    if isinstance(changes, Missing):
        unknown = f"it is not known what lies between: {changes.reason}"
        # Not to know is no reason to stay with a broken release, but people must know that nobody has looked.
        return [warning(PointName.COMMITS, unknown), warning(PointName.MIGRATIONS, f"{unknown}: look yourself")]
    return [_commits(changes), _migrations(case, changes), _labels(changes)]


def _commits(changes: Changes) -> Point:
    number = amount(max(changes.total_commits, len(changes.commits)), "commit")
    requests = [f"#{request.number} {request.title[:60]}" for request in changes.pull_requests]
    told = f"{number} would be taken back" + (f", of pull requests {listed(requests)}" if requests else "")
    if changes.ahead_of_serving:
        ahead = amount(changes.ahead_of_serving, "commit")
        return warning(PointName.COMMITS, f"{told}; {ahead} of the target never were in what serves now", changes.url)
    return fine(PointName.COMMITS, told, changes.url)


def _migrations(case: Case, changes: Changes) -> Point:
    found = migrations(changes, case.given.policy.migration_paths)
    if found:
        files = listed(list(found))
        reason = f"the database was changed since: {files}. The older code may not understand it"
        return blocks(PointName.MIGRATIONS, reason, changes.url, may_force=True)
    if not changes.all_files:
        reason = f"none among the {len(changes.files)} changed files that GitHub names, but there are more"
        return warning(PointName.MIGRATIONS, f"{reason}: look yourself", changes.url)
    return fine(PointName.MIGRATIONS, f"none among {amount(len(changes.files), 'changed file')}")


def _labels(changes: Changes) -> Point:
    found = vetoes(changes)
    if found:
        told = listed([f"{veto.who}: {veto.reason}" for veto in found])
        return blocks(PointName.LABELS, told, found[0].url, may_force=True)
    if not changes.all_commits:
        reason = f"none among the {len(changes.commits)} commits that were read, of {changes.total_commits}"
        return warning(PointName.LABELS, f"{reason}: look yourself", changes.url)
    return fine(PointName.LABELS, "no commit and no pull request says so")


def _environment(case: Case, target: VercelDeployment) -> Point:
    changed = case.given.env_changes
    if isinstance(changed, Missing):
        return warning(PointName.ENVIRONMENT, f"it is not known whether any was changed since: {changed.reason}")
    since = sorted({change.key for change in changed if change.changed_at > target.created_at})
    if not since:
        return fine(PointName.ENVIRONMENT, f"none was changed since {name_of(target)} was built")
    were = "was" if len(since) == 1 else "were"
    reason = f"{listed(since, 5)} {were} changed since {name_of(target)} was built, which has the old values"
    return warning(PointName.ENVIRONMENT, reason)


def _crons(case: Case) -> Point:
    crons = case.given.crons
    if isinstance(crons, CronJobs):
        gone, back = sorted(set(crons.now) - set(crons.then)), sorted(set(crons.then) - set(crons.now))
        told = [f"{listed(gone)} would go"] if gone else []
        told += [f"{listed(back)} would come back"] if back else []
        return warning(PointName.CRONS, "; ".join(told)) if told else fine(PointName.CRONS, "they stay as they are")
    if crons.gap is Gap.NOT_CONFIGURED:
        return fine(PointName.CRONS, "the project has none")
    return warning(
        PointName.CRONS, f"they go back with the deployment; whether they differ is not known: {crons.reason}"
    )
