import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect import flow
from prefect.artifacts import Artifact
from prefect.logging import disable_run_logger
from pydantic import SecretStr

from blocks.slack import Slack
from tasks import report_ledger, store
from tasks.report_delivery import deliver
from tasks.report_plans import Kept, plans_of
from tasks.reports import draw, earlier_recommendations, keep, show
from tests.reports.period_makers import period_report
from tests.tasks.report_desk import FILES, STEM, Desk, open_desk, saying
from watchkeeper.domain.deliveries import ChannelKind, Delivered, Outcome
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.windows import Window

pytestmark = pytest.mark.usefixtures("prefect_server")
LATER = timedelta(hours=1)


ON_BOTH = pytest.mark.parametrize("_database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a store; the ledger itself is tested on both engines, most of its users here on one."""
    engine = getattr(request, "param", "sqlite")
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", request.getfixturevalue(f"{engine}_url"))
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path / "reports") as desk:
        yield desk


async def test_a_report_is_kept_with_its_page_its_picture_and_the_list_of_all(desk: Desk) -> None:
    configuration = desk.configuration()
    kept = await desk.keep(configuration)
    assert sorted(each.name for each in desk.folder.iterdir()) == [*sorted(FILES), "index.html"]
    assert (desk.folder / f"{STEM}.html").read_text() == "<p>Report</p>"
    assert f"{STEM}.html" in (desk.folder / "index.html").read_text()
    again = await desk.keep(configuration, html="<p>Better</p>")
    assert (again.number, again.digest) == (kept.number, kept.digest)
    assert (desk.folder / f"{STEM}.html").read_text() == "<p>Better</p>"


async def test_a_part_of_the_projects_is_a_report_of_its_own(desk: Desk) -> None:
    whole = await desk.keep(desk.configuration())
    part = await desk.keep(desk.configuration().only(["shop", "api"]))
    assert (part.scope, part.file) == ("api,shop", f"{STEM}-api-shop.html")
    assert part.number != whole.number


async def test_what_was_recommended_is_remembered(desk: Desk) -> None:
    report = period_report()
    await desk.keep(desk.configuration(), report)
    day_after = Window(report.window.end, report.window.end + timedelta(days=1))
    with disable_run_logger():
        found = earlier_recommendations(ReportPeriod.DAILY, day_after)
    wanted = [advice for project in report.projects for advice in project.recommendations]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)


async def test_a_message_with_chart_and_page_in_its_thread_is_confirmed(desk: Desk) -> None:
    configuration = desk.configuration()
    (slack,) = await desk.deliver(configuration, await desk.keep(configuration))
    assert (slack.outcome, slack.arrived) == (Outcome.SENT, True)
    assert slack.sentence == "Slack #reports: delivered, with its files"
    (message,) = await desk.messages()
    assert "Daily report, Friday 20 November 2026" in message["text"]
    assert await desk.files(message) == FILES


@ON_BOTH
async def test_delivered_again_it_is_unchanged(desk: Desk) -> None:
    configuration = desk.configuration('channel: "#reports", apprise: desk')
    kept = await desk.keep(configuration)
    await desk.deliver(configuration, kept)
    again = await desk.deliver(configuration, await desk.keep(configuration))
    assert [each.outcome for each in again] == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    (message,) = await desk.messages()
    assert "edited" not in message
    assert await desk.files(message) == FILES
    assert len(await desk.hooks()) == 1


@ON_BOTH
async def test_a_report_that_says_something_else_takes_the_place_of_the_first(desk: Desk) -> None:
    configuration = desk.configuration('channel: "#reports", apprise: desk')
    await desk.deliver(configuration, await desk.keep(configuration))
    better = await desk.keep(configuration, saying("It was better than we thought"))
    slack, apprise = await desk.deliver(configuration, better)
    assert (slack.outcome, apprise.outcome) == (Outcome.UPDATED, Outcome.UNCHANGED)
    assert "up to date" in slack.sentence
    assert "cannot be edited" in apprise.sentence
    (message,) = await desk.messages()
    assert "It was better than we thought" in message["text"]
    assert await desk.files(message) == FILES, "the files of the earlier version are gone"
    assert len(await desk.hooks()) == 1


async def test_each_place_is_told_of_its_projects(desk: Desk) -> None:
    projects = desk.configuration().slugs
    own = "\n".join(
        f"  - {{slug: {slug}, name: {slug}, circleci: {{project: gh/acme/{slug}}}, reports: {{{words}}}}}"
        for slug, words in zip(projects, ("", 'channel: "#alerts"', "channel: off"), strict=True)
    )
    configuration = desk.configuration(projects=f"projects:\n{own}\n")
    delivered = await desk.deliver(configuration, await desk.keep(configuration))
    assert [each.destination for each in delivered] == ["#reports", "#alerts"]
    (shop,), (api,) = await desk.messages(), await desk.messages("C000ALERTS")
    assert "Shop" in json.dumps(shop["blocks"])
    assert "API" not in json.dumps(shop["blocks"])
    assert "API" in json.dumps(api["blocks"])


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ("#nowhere-at-all", "does not know channel #nowhere-at-all"),
        ("#leadership", "the app is not in channel #leadership: invite it"),
        ("#noscope-here", "for #noscope-here the token lacks the scope chat:write"),
    ],
)
async def test_a_channel_that_refuses_is_named_and_the_report_still_stored(desk: Desk, channel: str, says: str) -> None:
    configuration = desk.configuration(f'channel: "{channel}", apprise: desk')
    kept = await desk.keep(configuration)
    slack, apprise = await desk.deliver(configuration, kept)
    assert (slack.outcome, slack.arrived, apprise.outcome) == (Outcome.PENDING, False, Outcome.SENT)
    assert says in slack.sentence
    assert "tried again from" in slack.sentence
    assert (desk.folder / kept.file).exists()
    assert {row["kind"]: (row["state"], row["unsure_since"]) for row in desk.state()} == {
        "slack": ("pending", None),
        "apprise": ("sent", None),
    }


async def test_a_message_stands_where_its_files_are_refused(desk: Desk) -> None:
    configuration = desk.configuration('channel: "#nofiles-here"')
    (slack,) = await desk.deliver(configuration, await desk.keep(configuration))
    assert slack.outcome is Outcome.PARTLY
    assert "only partly there" in slack.sentence
    assert "for #nofiles-here the token lacks the scope files:write" in slack.sentence
    (row,) = desk.state()
    assert (row["state"], bool(row["ts"])) == ("partly", True)


@ON_BOTH
async def test_what_is_partly_there_is_completed_without_touching_the_message(desk: Desk) -> None:
    configuration = desk.configuration()
    kept = await desk.keep(configuration)
    huge = replace(kept, files={**kept.files, kept.file: b"x" * 20_000_001})
    (slack,) = await desk.deliver(configuration, huge)
    assert slack.outcome is Outcome.PARTLY
    assert f"takes files of 20 MB at most, and {STEM}.html has 20.0 MB" in slack.sentence
    (retried,) = await desk.retry(configuration, datetime.now(UTC) + LATER)
    assert retried.outcome is Outcome.SENT
    (message,) = await desk.messages()
    assert "edited" not in message
    assert await desk.files(message) == FILES


async def test_a_webhook_gets_the_message_alone_and_never_twice(desk: Desk) -> None:
    configuration = desk.configuration('channel: "#releases", credentials: hook', projects=desk_projects())
    await save_webhook(desk)
    (first,) = await desk.deliver(configuration, await desk.keep(configuration))
    (second,) = await desk.deliver(configuration, await desk.keep(configuration, saying("Something else")))
    assert (first.outcome, second.outcome) == (Outcome.SENT, Outcome.UNCHANGED)
    assert first.sentence == "Slack #releases: delivered"
    assert len(await desk.messages("C000RELEASES")) == 1


@pytest.mark.slow
async def test_an_address_that_does_not_confirm_is_tried_again_alone(desk: Desk) -> None:
    configuration = desk.configuration("channel: off, apprise: half")
    (apprise,) = await desk.deliver(configuration, await desk.keep(configuration))
    assert apprise.outcome is Outcome.PARTLY
    assert "address 2 (json) of 2 did not confirm" in apprise.sentence
    assert "hook" not in apprise.sentence
    (again,) = await desk.retry(configuration, datetime.now(UTC) + LATER)
    assert again.outcome is Outcome.PARTLY
    (told,) = await desk.hooks()
    assert told["body"]["title"] == "Daily report, Friday 20 November 2026: critical"
    assert "What needs doing" in told["body"]["message"]
    assert [file["filename"] for file in told["body"]["attachments"]] == [f"{STEM}.html"]


async def test_a_missing_block_is_said_and_tried_again(desk: Desk) -> None:
    configuration = desk.configuration("channel: off, apprise: never-made")
    (apprise,) = await desk.deliver(configuration, await desk.keep(configuration))
    assert apprise.outcome is Outcome.PENDING
    assert 'the block "Watchkeeper Apprise" named "never-made" is missing' in apprise.sentence


async def test_pages_are_published_before_anybody_is_told(desk: Desk) -> None:
    pages = "publish: github_pages, pages: {repository: acme/shop, credentials: desk, branch: gh-pages}"
    configuration = desk.configuration(f'channel: "#reports", {pages}')
    kept = await desk.keep(configuration)
    assert kept.link == f"https://acme.github.io/shop/{STEM}.html"
    first, second = await desk.deliver(configuration, kept)
    assert [each.kind for each in (first, second)] == [ChannelKind.GITHUB_PAGES, ChannelKind.SLACK]
    assert first.sentence.startswith("GitHub Pages acme/shop (gh-pages): published as ")
    (message,) = await desk.messages()
    assert kept.link in json.dumps(message["blocks"])


async def test_after_a_day_it_is_given_up_until_somebody_asks_again(desk: Desk) -> None:
    configuration = desk.configuration('channel: "#leadership"')
    kept = await desk.keep(configuration)
    await desk.deliver(configuration, kept)
    with store.database().begin() as connection:
        connection.exec_driver_sql("UPDATE report_deliveries SET planned_at = '2026-01-01 00:00:00'")
    (last,) = await desk.retry(configuration, datetime.now(UTC) + LATER)
    assert (last.outcome, "given up after a day" in last.sentence) == (Outcome.GIVEN_UP, True)
    assert await desk.retry(configuration, datetime.now(UTC) + timedelta(days=3)) == ()
    (again,) = await desk.deliver(configuration, kept)
    assert again.outcome is Outcome.PENDING


async def test_blocks_that_slack_refuses_keep_no_report_away(desk: Desk) -> None:
    configuration = desk.configuration()
    kept = await desk.keep(configuration)
    (plan,) = plans_of(configuration, kept)
    refused = replace(plan, content={**plan.content, "blocks": [{"type": "section"}]})
    (delivery,) = report_ledger.plan(kept.number, [refused], datetime.now(UTC))

    @flow
    async def delivering() -> Delivered:
        return await deliver(delivery, kept.files)

    assert (await delivering()).arrived
    (message,) = await desk.messages()
    assert message["text"] == plan.content["text"]
    assert await desk.files(message) == FILES


async def test_a_page_that_is_gone_is_said(desk: Desk) -> None:
    configuration = desk.configuration('channel: "#leadership"')
    kept = await desk.keep(configuration)
    await desk.deliver(configuration, kept)
    (desk.folder / kept.file).unlink()
    (retried,) = await desk.retry(configuration, datetime.now(UTC) + LATER)
    assert retried.outcome is Outcome.PENDING
    assert "could not be read: No such file" in retried.sentence


@ON_BOTH
async def test_while_another_run_delivers_we_wait_and_send_nothing(desk: Desk) -> None:
    configuration = desk.configuration()
    kept = await desk.keep(configuration)
    first, second = await asyncio.gather(desk.deliver(configuration, kept), desk.deliver(configuration, kept))
    assert sorted(each.outcome for each in (*first, *second)) == [Outcome.SENT, Outcome.UNCHANGED]
    (message,) = await desk.messages()
    assert await desk.files(message) == FILES


def desk_projects() -> str:
    return "projects:\n" + "".join(
        f"  - {{slug: {slug}, name: {slug}, circleci: {{project: gh/acme/{slug}}}}}\n" for slug in ("shop", "api")
    )


async def save_webhook(desk: Desk) -> None:
    url = f"{desk.url}/slack/services/T0000ACME/B000WATCH/make-believe"
    await Slack(webhook_url=SecretStr(url)).asave("hook", overwrite=True)


@pytest.mark.slow
async def test_a_report_is_drawn_kept_and_shown_in_the_ui(desk: Desk) -> None:
    configuration = desk.configuration("link: 'https://reports.example'")

    @flow
    async def reporting() -> Kept:
        kept = await keep(configuration, draw(period_report()), datetime.now(UTC))
        await show(kept)
        return kept

    kept = await reporting()
    assert kept.files[f"{STEM}.html"].startswith(b"<!DOCTYPE html>")
    assert kept.files[f"{STEM}.png"].startswith(b"\x89PNG")
    link, table = await Artifact.aget("report-daily"), await Artifact.aget("report-daily-figures")
    assert link is not None
    assert table is not None
    assert f"https://reports.example/{STEM}.html" in str(link.data)
    assert "Shop" in str(table.data)
    assert f"{desk.folder}/{STEM}.html" in str(table.data)
