"""A report is made once, kept once and told once, whatever happens meanwhile; what makes no sense is refused."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client

from tests.flows.company import Company
from tests.flows.reporting import DAY, HOUR, Desk, copied, killed, last_hour, lived, midnight

pytestmark = pytest.mark.slow

RUN = """
import asyncio
from flows.period_report import period_report
asyncio.run(period_report(deliver=True, return_state=True))
"""
SMALL_DISK = f"""
import resource, signal
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
{RUN}"""
DEATHS = [
    "before .html",
    "before .png",
    "before reports",
    "before report_projects",
    "after report_projects",
    "before report_deliveries",
    "after report_deliveries",
    "after delivery taken",
    "after delivery begun",
    "before delivery arrived",  # it stands in Slack, and nobody knows it yet
    "after delivery arrived",
    "before delivery done",
    "after delivery done",
]


@pytest.fixture
def store_url(filled: Path, tmp_path: Path) -> str:
    return copied(filled, tmp_path, "watchkeeper.db")


def stem(days: int = -1) -> str:
    return f"daily-{midnight(days):%Y-%m-%d}"


def reports(desk: Desk) -> list[Any]:
    return desk.watch.rows("SELECT period, window_start, window_end, headline, file, link FROM reports ORDER BY id")


def deliveries(desk: Desk) -> list[tuple[str, str]]:
    return [tuple(row) for row in desk.watch.rows("SELECT destination, state FROM report_deliveries ORDER BY id")]


def assert_there_is_one(desk: Desk) -> None:
    """One report, one message, one file of each kind: in the store, in the folder, in Slack."""
    assert len(reports(desk)) == 1
    assert len(desk.posts()) == 1
    names = [f"{stem()}.html", f"{stem()}.png"]
    assert desk.files() == names
    assert [name for name in desk.kept() if not name.startswith(".unfinished-")] == [*names, "index.html"]
    assert deliveries(desk) == [("#reports", "sent")]


# --- what is reported


async def test_a_daily_report_is_kept_shown_and_delivered(desk: Desk) -> None:
    state = await desk.report(deliver=True)
    assert state.is_completed(), state.message
    assert "Slack #reports: delivered, with its files" in str(state.message)
    assert_there_is_one(desk)
    page = (desk.folder / f"{stem()}.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    assert "Shop" in page
    link = await artifact("report-daily")
    assert f"/reports/{stem()}.html" in link
    assert "Health score" in await artifact("report-daily-figures")


@pytest.mark.parametrize(
    ("parameters", "length"),
    [
        pytest.param({"period": "daily", "timezone": "Europe/Berlin"}, DAY, id="another time zone"),
        pytest.param({"period": "weekly"}, 7 * DAY, id="weekly"),
        pytest.param({"period": "custom", "start": -30, "end": -20}, 10 * HOUR, id="ten hours"),
        pytest.param({"period": "daily", "compare_to": -75}, DAY, id="compared with another day"),
        pytest.param({"period": "daily", "projects": ["api"]}, DAY, id="one project"),
    ],
)
async def test_every_period_is_made_by_hand_and_nobody_is_told(
    desk: Desk, parameters: dict[str, Any], length: timedelta
) -> None:
    moments = {name: last_hour() + value * HOUR for name, value in parameters.items() if isinstance(value, int)}
    state = await desk.report(**{**parameters, **moments})
    assert state.is_completed(), state.message
    ((start, end),) = desk.watch.rows("SELECT window_start, window_end FROM reports")
    assert datetime.fromisoformat(end) - datetime.fromisoformat(start) == length
    assert not desk.posts()
    assert len([name for name in desk.kept() if name.endswith(".html")]) == 2, "the report, and the list of all"


async def test_a_monthly_report_says_how_little_of_the_month_is_known(desk: Desk) -> None:
    state = await desk.report(period="monthly")
    assert state.is_completed(), state.message
    assert len(reports(desk)) == 1


async def test_a_period_of_which_nothing_is_known_gives_a_report_that_says_so_and_why(desk: Desk) -> None:
    state = await desk.report(start=midnight(-60), deliver=True)
    assert state.is_completed(), state.message
    (report,) = reports(desk)
    assert report.headline.startswith("nothing is known of 3 projects: ")
    assert "aggregated" in report.headline
    page = (desk.folder / report.file).read_text()
    assert "Nothing is known" in page or "nothing is known" in page
    assert len(desk.posts()) == 1


# --- what makes no sense


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        pytest.param({"period": "daily", "start": 30}, "not over yet", id="in the future"),
        pytest.param({"period": "custom", "start": -5, "end": -5}, "must end after it starts", id="no length"),
        pytest.param({"period": "custom", "start": -5, "end": -9}, "must end after it starts", id="end before start"),
        pytest.param({"period": "custom", "start": -5}, "needs start and end", id="no end"),
        pytest.param(
            {"period": "weekly", "start": -900, "end": -5}, "only a custom period has an end", id="end of a week"
        ),
        pytest.param({"projects": ["shpo"]}, "shpo", id="unknown project"),
        pytest.param({"timezone": "Mars/Olympus"}, "Mars/Olympus", id="unknown time zone"),
        pytest.param({"period": "yearly"}, "'daily', 'weekly', 'monthly' or 'custom'", id="unknown period"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(
    desk: Desk, parameters: dict[str, Any], named: str
) -> None:
    moments = {name: last_hour() + value * HOUR for name, value in parameters.items() if isinstance(value, int)}
    state = await desk.report(**{"deliver": True, **parameters, **moments})
    assert state.is_failed()
    assert named in str(state.message)
    assert not reports(desk)
    assert not desk.kept()
    assert not desk.posts()


# --- what Slack refuses


@pytest.mark.parametrize(
    ("channel", "missing"),
    [
        pytest.param("noscope-team", "chat:write", id="without the scope"),
        pytest.param("private-team", "invite", id="not invited"),
    ],
)
async def test_what_slack_refuses_names_channel_and_remedy_and_the_report_is_stored(
    desk: Desk, channel: str, missing: str
) -> None:
    desk.configure(channel)
    state = await desk.report(deliver=True)
    assert state.is_failed()
    assert f"#{channel}" in str(state.message)
    assert missing in str(state.message)
    assert len(reports(desk)) == 1
    assert f"{stem()}.html" in desk.kept()
    assert deliveries(desk) == [(f"#{channel}", "pending")]
    desk.configure()  # with the right channel
    assert (await desk.report(deliver=True)).is_completed()
    assert_there_is_one(desk)


async def test_what_did_not_arrive_is_delivered_by_a_later_hourly_run(desk: Desk, company: Company) -> None:
    company.play("vendor-down", "slack")
    state = await desk.report(deliver=True)
    assert state.is_failed()
    assert "tried again from" in str(state.message)
    assert deliveries(desk) == [("#reports", "pending")]
    company.play("calm")
    desk.let_deliveries_go()
    assert (await desk.aggregate(start=last_hour() - HOUR)).is_completed()
    assert_there_is_one(desk)


# --- once


async def test_made_again_the_message_is_left_alone_or_edited_and_that_is_said(desk: Desk) -> None:
    await desk.report(deliver=True)
    again = await desk.report(deliver=True)
    assert "Slack #reports: unchanged since" in str(again.message)
    assert desk.posts()[0].edits == 0
    other = await desk.report(deliver=True, compare_to=midnight(-3))
    assert "the message that was there is up to date" in str(other.message)
    assert_there_is_one(desk)
    assert desk.posts()[0].edits == 1


async def test_two_runs_at_once_make_one_report_and_one_message(desk: Desk) -> None:
    both = await asyncio.gather(*(desk.report(deliver=True) for _ in range(2)))
    assert [state.is_completed() for state in both] == [True, True], [state.message for state in both]
    assert_there_is_one(desk)


@pytest.mark.parametrize("dies", DEATHS)
async def test_killed_anywhere_and_run_again_there_is_one_report_and_one_message(desk: Desk, dies: str) -> None:
    await killed(RUN, dies)
    desk.let_deliveries_go()
    state = await desk.report(deliver=True)
    assert state.is_completed(), state.message
    assert_there_is_one(desk)


# --- a full disk


async def test_a_full_disk_leaves_nothing_half_written(desk: Desk) -> None:
    await lived(SMALL_DISK)
    assert not [name for name in desk.kept() if name.endswith((".html", ".png"))]
    assert not desk.kept(), "nor anything unfinished"
    assert not reports(desk)
    assert not desk.posts()
    assert (await desk.report(deliver=True)).is_completed()
    assert_there_is_one(desk)


async def artifact(key: str) -> str:
    """Return what stands in the newest version of an artifact."""
    async with get_client() as client:
        found = await client.request("GET", "/artifacts/{key}/latest", path_params={"key": key})
    return json.dumps(found.json()["data"])
