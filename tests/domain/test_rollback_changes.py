import pytest

from watchkeeper.domain.rollback import RollbackPolicy
from watchkeeper.domain.rollback_changes import ChangedCommit, Changes, PullRequest, migrations, vetoes


@pytest.mark.parametrize(
    ("pattern", "file", "fits"),
    [
        ("db/migrations/**", "db/migrations/2026/0001.sql", True),
        ("db/migrations/**", "web/db/migrations/0001.sql", False),
        ("**/migrations/**", "migrations/0001.py", True),
        ("**/migrations/**", "a/b/migrations/0001.py", True),
        ("**/migrations/**", "a/migrations_old/0001.py", False),
        ("*.sql", "schema.sql", True),
        ("*.sql", "db/schema.sql", False),
        ("**/*.sql", "schema.sql", True),
        ("db/", "db/a/b", True),
        ("/db/*.sql", "db/a.sql", True),
        ("db/v?.sql", "db/v1.sql", True),
        ("db/v?.sql", "db/v10.sql", False),
        ("prisma/schema.prisma", "prisma/schema.prisma", True),
        ("a+b(c).sql", "a+b(c).sql", True),
        ("", "a", False),
    ],
)
def test_patterns_of_migrations(pattern: str, file: str, fits: bool) -> None:  # noqa: FBT001
    assert migrations(Changes(files=(file,)), [pattern]) == ((file,) if fits else ())


@pytest.mark.parametrize(
    "file", ["prisma/migrations/2026/migration.sql", "db/migrate/2026_add.rb", "app/migrations/0002.py", "x/up.sql"]
)
def test_the_usual_places_of_migrations_are_known(file: str) -> None:
    assert migrations(Changes(files=(file,)), RollbackPolicy().migration_paths) == (file,)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Add a column\n\nNo-Rollback: drops the old column", "drops the old column"),
        ("Add a column\n\nSigned-off-by: x\nno-rollback: yes", "yes"),
        ("Add a column\n\nRollback: no", "Rollback: no"),
        ("Add a column\n\nRollback: never, the data is gone", "never"),
        ("Add a column\n\nrollback: yes", None),
        ("No-Rollback: in the title says nothing", None),
        ("Mend the Rollback: no more errors", None),
        ("", None),
    ],
)
def test_trailers_of_commits(message: str, reason: str | None) -> None:
    found = vetoes(Changes(commits=(ChangedCommit("3f2c1ab0", message, url="u"),)))
    assert bool(found) is (reason is not None)
    if reason is not None:
        assert (found[0].who, found[0].url) == ("commit 3f2c1ab", "u")
        assert reason in found[0].reason


@pytest.mark.parametrize(("label", "counts"), [("no-rollback", True), (" No-Rollback ", True), ("rollback", False)])
def test_labels_of_pull_requests(label: str, counts: bool) -> None:  # noqa: FBT001
    found = vetoes(Changes(pull_requests=(PullRequest(41, "Add a column", labels=("x", label)),)))
    assert [veto.who for veto in found] == (["pull request 41"] if counts else [])
