"""What became of releases: when they went live, how long their commits took, and which of them failed, by cause."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import SHORTEST, Commit, commit_of, same_commit
from watchkeeper.domain.delivery import AliasJob, AliasRequest
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.phrases import clock
from watchkeeper.domain.releases import Release
from watchkeeper.domain.windows import Window


def distinct_releases(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Return one release a commit, newest first: a vendor may have told a short SHA before another told the long one.

    A short SHA that may be two of them is left as it is.
    """
    found: dict[str, list[Release]] = {}
    for release in sorted(releases, key=lambda r: (-len(r.sha), r.age_key)):
        alike = found.setdefault(release.sha[:SHORTEST] or release.name, [])
        same = [n for n, known in enumerate(alike) if known == release or same_commit(known.sha, release.sha)]
        if len(same) == 1:
            alike[same[0]] = _joined(alike[same[0]], release)
        else:
            alike.append(release)
    return tuple(sorted((r for alike in found.values() for r in alike), key=lambda r: r.age_key, reverse=True))


def _joined(release: Release, other: Release) -> Release:
    live = [each.live_at for each in (release, other) if each.live_at is not None]
    return replace(
        release,
        created_at=min(release.created_at, other.created_at),
        vercel_deployments=tuple(dict.fromkeys((*release.vercel_deployments, *other.vercel_deployments))),
        pipeline=release.pipeline or other.pipeline,
        sentry_versions=tuple(dict.fromkeys((*release.sentry_versions, *other.sentry_versions))),
        live_at=max(live, default=None),
    )


def live_releases(releases: Iterable[Release], window: Window) -> tuple[Release, ...]:
    """Return the releases that began to serve production in the window, oldest first."""
    live = [release for release in releases if release.live_at is not None and window.contains(release.live_at)]
    return tuple(sorted(live, key=lambda release: release.age_key))


def failed_releases(
    releases: Iterable[Release], incidents: Iterable[Outage], moves: Iterable[AliasRequest]
) -> dict[str, str]:
    """Return why releases failed, by their names: an incident is laid on them, or they were rolled back."""
    known = tuple(releases)
    failed: dict[str, str] = {}
    for incident in sorted(incidents, key=lambda i: i.started_at):
        guilty = laid_on(incident, known)
        if guilty is not None:
            failed.setdefault(guilty.name, incident.reason)
    for move in sorted(moves, key=lambda m: m.requested_at):
        taken_back = _taken_back(move, known)
        if taken_back is not None:
            failed.setdefault(taken_back.name, f"it was rolled back at {clock(move.requested_at)}")
    return failed


def rolled_back(releases: Iterable[Release], moves: Iterable[AliasRequest]) -> dict[str, datetime]:
    """Return when releases were rolled back first, by their names."""
    known, found = tuple(releases), dict[str, datetime]()
    for move in sorted(moves, key=lambda m: m.requested_at):
        release = _taken_back(move, known)
        if release is not None:
            found.setdefault(release.name, move.requested_at)
    return found


def lead_times(releases: Iterable[Release], commits: Sequence[Commit] | None) -> dict[str, tuple[timedelta, ...]]:
    """Return how long each commit of a release took to production, by the release's name.

    The commits of a release are its own and those since the one of the release before. Where they are not known, the
    one time is counted from when the first vendor heard of the release: the push.

    Args:
        commits: of the default branch, in any order; None when they are not known.
    """
    live = sorted((r for r in releases if r.live_at is not None), key=lambda release: release.age_key)
    by_beginning = {commit.sha[:SHORTEST].lower(): commit for commit in commits or ()}
    written = sorted(commit.at for commit in commits or ())
    found: dict[str, tuple[timedelta, ...]] = {}
    before: datetime | None = None
    for release in live:
        own = by_beginning.get(commit_of(release.sha)[:SHORTEST])
        if own is None:
            moments = [release.created_at]
        elif before is None or before >= own.at:
            moments = [own.at]
        else:
            moments = written[bisect_right(written, before) : bisect_right(written, own.at)]
        before = own.at if own else before
        found[release.name] = tuple(max(timedelta(0), live_at(release) - moment) for moment in moments)
    return found


def laid_on(incident: Outage, releases: Iterable[Release]) -> Release | None:
    """Return the release that an incident is laid on; None when it is laid on none, or on one that is not known."""
    if incident.fault is not Fault.RELEASE or not incident.release:
        return None
    return next((release for release in releases if _is_named(release, incident.release)), None)


def live_at(release: Release) -> datetime:
    """Return when it went live, or else when the first vendor heard of it."""
    return release.live_at or release.created_at


def _is_named(release: Release, name: str) -> bool:
    if name in {release.name, *release.sentry_versions}:
        return True
    return bool(release.sha) and same_commit(release.sha, name)


def _taken_back(move: AliasRequest, releases: Iterable[Release]) -> Release | None:
    if move.kind != "rollback" or move.job is not AliasJob.SUCCEEDED or not move.from_deployment:
        return None
    return next((release for release in releases if move.from_deployment in release.vercel_deployments), None)
