from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, OLD, at, deployment, pipeline, production
from watchkeeper.domain.delivery import DeploymentState, RollingRelease, ServingState
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import SentryRelease
from watchkeeper.domain.releases import Release, counts_of, join_releases, release_before, serving_release

OLDER = "b" * 40


def version(name: str, minutes: float = 20, deployed: float | None = None) -> SentryRelease:
    return SentryRelease(name, ("shop-web",), at(minutes), deployed_at=None if deployed is None else at(deployed))


def test_three_vendors_name_one_commit() -> None:
    (release,) = join_releases(
        [deployment(NEW, 20)], [pipeline(7, sha=NEW)], [version(f"web@1.2.3+{NEW[:8]}"), version(NEW[:7], 25)]
    )
    assert release.sha == NEW
    assert (release.vercel_deployment, release.pipeline) == ("dpl_3f2c1ab", "p7")
    assert release.sentry_versions == (f"web@1.2.3+{NEW[:8]}", NEW[:7])
    assert release.sentry_version == f"web@1.2.3+{NEW[:8]}"
    assert release.live_at == at(18)
    assert release.note == ""


def test_releases_are_sorted_newest_first() -> None:
    releases = join_releases([deployment(OLDER, 90), deployment(NEW, 20), deployment(OLD, 60)])
    assert [release.sha for release in releases] == [NEW, OLD, OLDER]


def test_a_commit_that_was_only_built_is_no_release() -> None:
    assert join_releases([deployment(NEW)], [pipeline(7, sha=OLD)])[0].pipeline == ""
    assert len(join_releases([deployment(NEW)], [pipeline(7, sha=OLD)])) == 1


def test_previews_are_no_releases() -> None:
    assert join_releases([deployment(NEW, target="")]) == ()


def test_a_commit_that_was_built_and_reported_is_joined_without_vercel() -> None:
    (release,) = join_releases([], [pipeline(7, sha=NEW)], [version(NEW[:7], deployed=10)])
    assert (release.sha, release.pipeline, release.live_at) == (NEW, "p7", at(10))


def test_the_newest_of_several_deployments_and_pipelines_comes_first() -> None:
    (release,) = join_releases(
        [deployment(NEW, 60, id="first"), deployment(NEW, 10, id="again")], [pipeline(7, sha=NEW), pipeline(9, sha=NEW)]
    )
    assert (release.vercel_deployments, release.pipeline) == (("again", "first"), "p9")
    assert (release.created_at, release.live_at) == (pipeline(7).created_at, at(8))


def test_an_ambiguous_short_sha_is_joined_to_neither() -> None:
    twin = NEW[:7] + "f" * 33
    releases = join_releases([deployment(NEW, 20), deployment(twin, 30, id="twin")], [], [version(NEW[:7], 25)])
    alone = next(release for release in releases if release.sentry_version == NEW[:7])
    assert (alone.sha, alone.vercel_deployment) == ("", "")
    assert alone.note == "3f2c1ab may be 3f2c1ab00000 or 3f2c1abfffff, so it was joined to neither"
    assert all(release.note == "" for release in releases if release != alone)


def test_a_version_without_a_commit_stands_for_itself() -> None:
    releases = join_releases([deployment(NEW, 20)], [], [version("web@1.2.3")])
    assert {(release.sha, release.sentry_version) for release in releases} == {(NEW, ""), ("", "web@1.2.3")}
    assert next(r for r in releases if not r.sha).name == "web@1.2.3"


def test_a_deployment_without_a_commit_stands_for_itself() -> None:
    (release,) = join_releases([deployment("", 20, id="dpl_cli")])
    assert (release.sha, release.name) == ("", "dpl_cli")


def test_what_never_served_is_not_live() -> None:
    staged, failed = deployment(NEW, serving=ServingState.STAGED), deployment(OLD, state=DeploymentState.ERROR)
    releases = join_releases([staged, failed], [], [version(NEW, deployed=3)])
    assert [release.live_at for release in releases] == [None, None]


def test_the_release_that_serves_and_the_one_before() -> None:
    releases = join_releases([deployment(NEW, 20), deployment(OLD, 60), deployment(OLDER, 90)])
    serving = serving_release(releases, production())
    assert serving is not None
    assert serving.sha == NEW
    before = release_before(releases, serving, production())
    assert before is not None
    assert before.sha == OLD


def test_after_a_rollback_the_one_before_is_older_still() -> None:
    releases = join_releases([deployment(NEW, 20), deployment(OLD, 60), deployment(OLDER, 90)])
    serving = serving_release(releases, production("dpl_77aa001"))
    assert serving is not None
    before = release_before(releases, serving, production("dpl_77aa001"))
    assert before is not None
    assert (serving.sha, before.sha) == (OLD, OLDER)


def test_a_failed_build_between_is_not_the_one_before() -> None:
    broken = deployment(OLD, 60, state=DeploymentState.ERROR)
    releases = join_releases([deployment(NEW, 20), broken, deployment(OLDER, 90)])
    before = release_before(releases, releases[0])
    assert before is not None
    assert before.sha == OLDER


def test_a_rolling_release_is_its_canary_held_against_its_base() -> None:
    rolling = RollingRelease("active", "dpl_bbbbbbb", "dpl_3f2c1ab", 25)
    now = production("dpl_bbbbbbb", rolling_release=rolling)
    canary = deployment(NEW, 20, serving=ServingState.ROLLING)
    releases = join_releases([canary, deployment(OLD, 60), deployment(OLDER, 90)])
    serving = serving_release(releases, now)
    assert serving is not None
    before = release_before(releases, serving, now)
    assert before is not None
    assert (serving.sha, before.sha) == (NEW, OLDER)


def test_a_rolling_release_whose_canary_is_not_in_sight_is_its_base() -> None:
    rolling = RollingRelease("active", "dpl_77aa001", "gone", 25)
    releases = join_releases([deployment(OLD, 60)])
    serving = serving_release(releases, production("dpl_77aa001", rolling_release=rolling))
    assert serving == releases[0]


def test_what_is_not_known_is_not_guessed() -> None:
    releases = join_releases([deployment(NEW, 20)])
    assert serving_release(releases, production("gone")) is None
    assert serving_release(releases, production(None)) is None
    assert serving_release((), None) is None
    assert release_before(releases, releases[0]) is None


def test_without_vercel_the_last_deployed_serves() -> None:
    releases = join_releases([], [], [version(NEW, 20, deployed=15), version(OLD, 60, deployed=55), version(OLDER, 5)])
    serving = serving_release(releases, None)
    assert serving is not None
    assert serving.sha == NEW


def test_counts_of_a_release_under_all_its_names() -> None:
    release = Release(NEW, at(20), sentry_versions=("web@1.2.3",))
    counts = [ErrorCount(*c) for c in ((NEW[:9], 1, 10), ("web@1.2.3", 2, 10), (OLD, 4, 10), ("", 8, 10))]
    assert counts_of(release, counts) == ErrorCount(NEW, 3, 20)
    assert counts_of(Release("", at(20), ("dpl_cli",)), counts) == ErrorCount("dpl_cli", 0, 0)


shas = st.lists(st.text("01ab", min_size=7, max_size=12), max_size=6)


@given(shas, shas, shas, st.randoms())
def test_the_order_of_what_is_joined_does_not_matter(a: list[str], b: list[str], c: list[str], chance: object) -> None:
    found = (
        [deployment(sha, n, id=f"d{n}") for n, sha in enumerate(a)],
        [pipeline(n, sha=sha) for n, sha in enumerate(b)],
        [version(sha, n) for n, sha in enumerate(c)],
    )
    usual = join_releases(*found)
    for part in found:
        chance.shuffle(part)  # type: ignore[attr-defined]
    assert join_releases(*found) == usual


@given(shas, shas)
def test_nothing_is_lost_or_joined_twice(a: list[str], c: list[str]) -> None:
    deployments = [deployment(sha, n, id=f"d{n}") for n, sha in enumerate(a)]
    releases = join_releases(deployments, [], [version(sha, n) for n, sha in enumerate(c)])
    ids = [id_ for release in releases for id_ in release.vercel_deployments]
    assert sorted(ids) == sorted(d.id for d in deployments)
    assert {v for release in releases for v in release.sentry_versions} == set(c)
