from datetime import UTC, datetime

import pytest

from tests.domain.makers import issue
from tests.domain.report_makers import BAD, GOOD, bucket
from watchkeeper.domain.areas import areas, file_of, route_of

AT = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("culprit", "route", "file"),
    [
        ("GET /api/cart", "GET /api/cart", ""),
        ("/checkout", "/checkout", ""),
        ("POST checkout", "POST checkout", ""),
        ("app/api/orders/route.ts in GET", "GET /api/orders", "app/api/orders/route.ts"),
        ("src/app/route.ts in POST", "POST /", "src/app/route.ts"),
        ("app/product/[id]/page.tsx in load", "/product/[id]", "app/product/[id]/page.tsx"),
        ("app/page.tsx in Home", "/", "app/page.tsx"),
        ("lib/db/pool.ts in acquire", "", "lib/db/pool.ts"),
        ("worker.py:42", "", "worker.py"),
        ("checkout", "", ""),
        ("", "", ""),
        ("<script>alert(1)</script>", "", ""),
    ],
)
def test_what_a_culprit_names(culprit: str, route: str, file: str) -> None:
    named = issue(culprit=culprit)
    assert (route_of(named), file_of(named)) == (route, file)


def test_areas_are_ranked_by_their_events() -> None:
    issues = [
        issue("1", culprit="lib/db/pool.ts in acquire", count=30),
        issue("2", culprit="lib/db/pool.ts in acquire", count=10),
        issue("3", culprit="checkout", count=60),
        issue("4", culprit="", count=900),
    ]
    found = {(area.kind, area.name): area for area in areas(issues, {})}
    assert list(found) == [
        ("file", "lib/db/pool.ts"),
        ("culprit", "checkout"),
        ("culprit", "lib/db/pool.ts in acquire"),
    ]
    pool = found["culprit", "lib/db/pool.ts in acquire"]
    assert (pool.events, pool.issues, pool.share) == (40, 2, 0.4)


def test_releases_are_ranked_by_their_failures() -> None:
    failures = {
        GOOD: bucket("failures", AT, 10, 1_000, GOOD),
        BAD: bucket("failures", AT, 30, 200, BAD),
        "": bucket("failures", AT, 900, 9_000),
        "c" * 40: bucket("failures", AT, 0, 50, "c" * 40),
    }
    assert [(area.name, area.events, area.share) for area in areas([], failures)] == [
        ("bbbbbbb", 30, 0.75),
        ("aaaaaaa", 10, 0.25),
    ]


def test_only_five_of_a_kind_are_told() -> None:
    issues = [issue(str(n), culprit=f"culprit {n}", count=n) for n in range(1, 9)]
    assert [area.name for area in areas(issues, {})] == [f"culprit {n}" for n in (8, 7, 6, 5, 4)]


def test_a_name_without_end_is_cut() -> None:
    (area,) = areas([issue(culprit="x" * 5_000)], {})
    assert len(area.name) == 200
