"""Releases: one commit in production, as Vercel, CircleCI and Sentry name it, joined by its SHA."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.commits import commit_of, same_commit, short_name
from watchkeeper.domain.delivery import DeploymentState, Production, ServingState, VercelDeployment
from watchkeeper.domain.errors import ErrorCount, SentryRelease

__all__ = ["Release", "counts_of", "is_rolling", "join_releases", "release_before", "same_commit", "serving_release"]

FULL = 40  # digits of a SHA that is not short
PREFIX = 7  # digits of a SHA that the search begins with


@dataclass(frozen=True, slots=True)
class Release:
    """One commit on its way into production, or one build of no commit.

    Attributes:
        sha: the longest form of the SHA that any vendor gives; "" when no vendor names one.
        vercel_deployments: ids of its production deployments, newest first.
        pipeline: id of its newest pipeline; "" when none is known.
        sentry_versions: how Sentry names it, newest first; several where a project has several packages.
        created_at: when the first vendor heard of it.
        live_at: when it last began to serve production, as far as known; None if it never has.
        note: a sentence about what could not be joined; "" when there is nothing to say.
    """

    sha: str
    created_at: datetime
    vercel_deployments: tuple[str, ...] = ()
    pipeline: str = ""
    sentry_versions: tuple[str, ...] = ()
    live_at: datetime | None = None
    note: str = ""

    @property
    def vercel_deployment(self) -> str:
        return next(iter(self.vercel_deployments), "")

    @property
    def sentry_version(self) -> str:
        return next(iter(self.sentry_versions), "")

    @property
    def name(self) -> str:
        """Its SHA, or else what one of the vendors calls it."""
        return self.sha or self.sentry_version or self.vercel_deployment

    @property
    def age_key(self) -> tuple[datetime, datetime, str]:
        """What releases are ordered by: the later one went live later, or was made later."""
        return self.live_at or self.created_at, self.created_at, self.name


@dataclass(slots=True)
class _Parts:
    """What is collected under one commit."""

    deployments: list[VercelDeployment] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    versions: list[SentryRelease] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Index:
    """Commits by the beginning of their SHA."""

    def __init__(self) -> None:
        self.parts: dict[str, _Parts] = {}
        self._beginnings: dict[str, list[str]] = {}

    def add(self, sha: str) -> _Parts:
        self._beginnings.setdefault(sha[:PREFIX], []).append(sha)
        return self.parts.setdefault(sha, _Parts())

    def find(self, sha: str) -> list[str]:
        """Return the known SHAs that this one may be: those that begin with it, or that it begins with."""
        if len(sha) >= FULL and sha in self.parts:
            return [sha]
        return [known for known in self._beginnings.get(sha[:PREFIX], ()) if same_commit(known, sha)]


def join_releases(
    deployments: Iterable[VercelDeployment],
    pipelines: Iterable[Pipeline] = (),
    sentry_releases: Iterable[SentryRelease] = (),
) -> tuple[Release, ...]:
    """Return the releases of one project, newest first.

    A commit that was only built is no release yet. A short SHA that may be two commits is joined to neither: it stands
    for itself, and a note says so. A version that names no commit stands for itself, too.
    """
    index = _Index()
    for deployment in sorted(deployments, key=lambda d: (-len(d.sha), d.created_at, d.id)):
        if deployment.target == "production":
            _place(index, deployment.sha, deployment.id).deployments.append(deployment)
    for pipeline in sorted(pipelines, key=lambda p: (-len(p.sha), p.created_at, p.id)):
        _place(index, pipeline.sha, pipeline.id).pipelines.append(pipeline)
    for version in sorted(sentry_releases, key=lambda r: (-len(commit_of(r.version)), r.created_at, r.version)):
        _place(index, version.version, version.version).versions.append(version)
    releases = [_release(sha, parts) for sha, parts in index.parts.items() if parts.deployments or parts.versions]
    return tuple(sorted(releases, key=lambda release: release.age_key, reverse=True))


def serving_release(releases: Sequence[Release], production: Production | None) -> Release | None:
    """Return the newest release that visitors get: in a rolling release the canary, without Vercel the last deployed.

    None when it is not known.
    """
    if production is None:
        return next((release for release in _by_age(releases) if release.live_at), None)
    rolling = production.rolling_release
    canary = _holding(releases, rolling.canary_deployment) if rolling and is_rolling(production) else None
    return canary or _holding(releases, production.deployment or "")


def release_before(
    releases: Sequence[Release], serving: Release, production: Production | None = None
) -> Release | None:
    """Return the release that served production before `serving`: in a rolling release the base; None if not known."""
    rolling = production.rolling_release if production else None
    if rolling and is_rolling(production) and rolling.canary_deployment in serving.vercel_deployments:
        return _holding(releases, rolling.base_deployment)
    before = (release for release in _by_age(releases) if release.live_at and release.age_key < serving.age_key)
    return next(before, None)


def is_rolling(production: Production | None) -> bool:
    """Return True while two releases serve: a rolling release is under way."""
    rolling = production.rolling_release if production else None
    return rolling is not None and rolling.state == "active"


def counts_of(release: Release, counts: Iterable[ErrorCount]) -> ErrorCount:
    """Return the failures of a release under all its names; 0 of 0 when none of the counts is its own."""
    own = [c for c in counts if c.release and (c.release in release.sentry_versions or _is(release, c.release))]
    return ErrorCount(release.name, sum(count.failures for count in own), sum(count.total for count in own))


def _is(release: Release, version: str) -> bool:
    return same_commit(release.sha, version) if release.sha else False


def _place(index: _Index, version: str, otherwise: str) -> _Parts:
    """Return where the commit that `version` names is collected; under its own name when it may be several."""
    sha = commit_of(version)
    if not sha:
        return index.parts.setdefault(otherwise, _Parts())
    found = index.find(sha)
    if len(found) == 1:
        return index.parts[found[0]]
    if not found:
        return index.add(sha)
    parts = index.parts.setdefault(otherwise, _Parts())
    names = " or ".join(sorted(known[:12] for known in found))
    parts.notes.append(f"{short_name(version)} may be {names}, so it was joined to neither")
    return parts


def _release(name: str, parts: _Parts) -> Release:
    deployments = sorted(parts.deployments, key=lambda d: (d.created_at, d.id), reverse=True)
    pipelines = sorted(parts.pipelines, key=lambda p: (p.created_at, p.number, p.id), reverse=True)
    versions = sorted(parts.versions, key=lambda r: (r.created_at, r.version), reverse=True)
    known = [d.created_at for d in deployments] + [p.created_at for p in pipelines] + [v.created_at for v in versions]
    return Release(
        sha=commit_of(name) if not parts.notes else "",
        created_at=min(known),
        vercel_deployments=tuple(d.id for d in deployments),
        pipeline=pipelines[0].id if pipelines else "",
        sentry_versions=tuple(dict.fromkeys(v.version for v in versions)),
        live_at=_live_at(deployments, versions),
        note=" ".join(dict.fromkeys(parts.notes)),
    )


def _live_at(deployments: Sequence[VercelDeployment], versions: Sequence[SentryRelease]) -> datetime | None:
    served = {ServingState.PROMOTED, ServingState.ROLLING, ServingState.UNKNOWN}
    live = [d for d in deployments if d.state is DeploymentState.READY and d.serving in served]
    if live:
        return max(d.ready_at or d.created_at for d in live)
    if deployments:
        return None  # Vercel knows better than Sentry, which is told of a release when it is built
    return max((v.deployed_at for v in versions if v.deployed_at), default=None)


def _by_age(releases: Iterable[Release]) -> list[Release]:
    return sorted(releases, key=lambda release: release.age_key, reverse=True)


def _holding(releases: Iterable[Release], deployment: str) -> Release | None:
    return next((release for release in releases if deployment and deployment in release.vercel_deployments), None)
