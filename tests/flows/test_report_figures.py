"""Every figure of a daily report agrees with what an independent script makes of the raw data."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.reckoning import Number
from tests.acceptance.recompute import Day
from tests.flows.reporting import DAY, SLUGS, Desk, copied, midnight

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store_url(filled: Path, tmp_path: Path) -> str:
    return copied(filled, tmp_path, "watchkeeper.db")


async def figures_of(desk: Desk, day: datetime) -> dict[str, dict[str, dict[str, Any]]]:
    """Make the report of a day, and return its figures by project and name, as they are stored."""
    state = await desk.report(period="daily", start=day)
    assert state.is_completed(), state.message
    rows = desk.watch.rows("SELECT project, figures FROM report_projects")
    return {project: json.loads(figures) for project, figures in rows}


@pytest.mark.parametrize(
    "days", [pytest.param(-1, id="a slow release"), pytest.param(-3, id="a release that was rolled back")]
)
async def test_every_figure_of_a_daily_report_agrees_with_the_raw_data(desk: Desk, days: int) -> None:
    day = midnight(days)
    told = await figures_of(desk, day)
    assert set(told) == set(SLUGS)
    wrong = []
    for slug, figures in told.items():
        again = Day(desk.company.url, desk.watch.url, slug, day, day + DAY).figures()
        assert set(again) == set(figures), "no figure is left out"
        wrong += [
            f"{slug} {name}: {figures[name]} is not {again[name]}"
            for name in again
            if not agrees(figures[name], again[name])
        ]
    assert not wrong, "\n".join(wrong)


async def test_the_recomputed_day_is_no_empty_one(desk: Desk) -> None:
    """Figures that are all unknown would agree with anything."""
    day = midnight(-1)
    again = {slug: Day(desk.company.url, desk.watch.url, slug, day, day + DAY).figures() for slug in SLUGS}
    known = {name for figures in again.values() for name, number in figures.items() if number.value}
    nothing_happened = {"rollbacks", "promotions", "regressed_issues", "resolved_issues", "build_reruns"}
    assert set(again["shop"]) - known == nothing_happened


def test_the_script_imports_nothing_of_ours() -> None:
    ours = "{'watchkeeper', 'flows', 'tasks', 'blocks', 'reports', 'deployments'}"
    code = f"import sys, tests.acceptance.recompute; print([m for m in sys.modules if m.split('.')[0] in {ours}])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def agrees(figure: dict[str, Any], again: Number) -> bool:
    close = 0.01 if again.is_close else 1e-9
    return (
        figure["value"] == (None if again.value is None else pytest.approx(again.value, rel=close, abs=1e-9))
        and figure["sample"] == again.sample
        and (figure["numerator"], figure["denominator"]) == (again.numerator, again.denominator)
        and (again.interval is None or figure["interval"] == pytest.approx(again.interval, rel=1e-9, abs=1e-12))
    )
