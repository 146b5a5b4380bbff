from dataclasses import replace

from sqlalchemy import Engine

from tests.store.samples import NOON, QUARTER, SHA
from watchkeeper.domain.releases import Release
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.releases import releases, save_releases

SPAN = Window(NOON - QUARTER, NOON + 4 * QUARTER)
RELEASE = Release(SHA, NOON, ("dpl_2", "dpl_1"), "p1", ("web@1.2.3+3f2c1ab", "3f2c1ab"), NOON + QUARTER, "a note")


def test_releases_come_back_newest_first(engine: Engine) -> None:
    newer = Release("", NOON + QUARTER, sentry_versions=("web@1.2.4",))
    with transaction(engine) as session:
        save_releases(session, {"shop": [RELEASE, newer], "api": []})
    with reading(engine) as session:
        assert releases(session, ["shop", "api"], SPAN) == {"shop": (newer, RELEASE), "api": ()}


def test_a_look_that_goes_back_less_far_forgets_nothing(engine: Engine) -> None:
    poorer = Release(SHA, NOON + 2 * QUARTER, sentry_versions=RELEASE.sentry_versions, note="a note")
    for release in (RELEASE, poorer):
        with transaction(engine) as session:
            save_releases(session, {"shop": [release]})
    with reading(engine) as session:
        assert releases(session, ["shop"], SPAN) == {"shop": (RELEASE,)}


def test_what_is_new_of_a_release_replaces_what_was_known(engine: Engine) -> None:
    again = replace(RELEASE, vercel_deployments=("dpl_3", "dpl_2"), live_at=NOON + 3 * QUARTER)
    richer = replace(again, created_at=NOON - QUARTER)
    for release in (RELEASE, richer):
        with transaction(engine) as session:
            save_releases(session, {"shop": [release]})
    with reading(engine) as session:
        assert releases(session, ["shop"], SPAN) == {"shop": (richer,)}


def test_once_its_commit_is_known_a_release_has_one_row(engine: Engine) -> None:
    named_by_sentry = Release("3f2c1ab", NOON, sentry_versions=("3f2c1ab",))
    named_by_vercel = Release("", NOON, vercel_deployments=("dpl_1",))
    with transaction(engine) as session:
        save_releases(session, {"shop": [named_by_sentry, named_by_vercel], "api": [named_by_sentry]})
        save_releases(session, {"shop": [RELEASE]})
    with reading(engine) as session:
        assert releases(session, ["shop", "api"], SPAN) == {"shop": (RELEASE,), "api": (named_by_sentry,)}


def test_a_look_that_only_sees_a_short_sha_brings_no_second_row(engine: Engine) -> None:
    versions = (f"web@1.2.3+{SHA[:12]}",)
    whole = replace(RELEASE, sentry_versions=versions)
    short = Release(SHA[:12], NOON + QUARTER, sentry_versions=versions, live_at=NOON + 2 * QUARTER)
    for release in (short, whole, short):
        with transaction(engine) as session:
            save_releases(session, {"shop": [release]})
    with reading(engine) as session:
        (kept,) = releases(session, ["shop"], SPAN)["shop"]
    assert (kept.name, kept.vercel_deployments, kept.live_at) == (SHA, whole.vercel_deployments, whole.live_at)


def test_a_short_sha_that_may_be_two_commits_stays_as_it_is(engine: Engine) -> None:
    twins = [replace(RELEASE, sha=SHA[:-1] + digit, sentry_versions=()) for digit in "ab"]
    short = Release(SHA[:12], NOON, sentry_versions=(f"web@1.2.3+{SHA[:12]}",))
    for several in (twins, [short]):
        with transaction(engine) as session:
            save_releases(session, {"shop": several})
    with reading(engine) as session:
        assert len(releases(session, ["shop"], SPAN)["shop"]) == 3


def test_what_vercel_says_of_when_it_went_live_outweighs_what_sentry_was_told(engine: Engine) -> None:
    built = Release(SHA, NOON, sentry_versions=("web@1",), live_at=NOON + QUARTER)
    staged = Release(SHA, NOON, vercel_deployments=("dpl_1",), sentry_versions=("web@1",))
    for release in (built, staged, built):
        with transaction(engine) as session:
            save_releases(session, {"shop": [release]})
        with reading(engine) as session:
            (kept,) = releases(session, ["shop"], SPAN)["shop"]
    assert kept.live_at is None
