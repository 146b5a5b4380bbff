"""The draft of a report is there once an incident is over, once, and is found in the reports of its time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks import store
from tasks.incident_reports import draft_of, draft_when_over, publish_draft
from tasks.incidents import UnknownIncident, story_of
from tasks.report_facts import incidents_told, sent_messages
from tests.domain.test_incidents import MINUTE, NOON, SHA
from tests.store.alert_samples import DIGEST
from tests.store.samples import check
from watchkeeper.clients.vendor_errors import VendorUnavailable
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incidents import Entry, EntryKind, Incident, IncidentChange, IncidentStatus
from watchkeeper.domain.period_reports import ReportPeriod, SentLine
from watchkeeper.domain.report_calendar import calendar_of
from watchkeeper.domain.windows import Window
from watchkeeper.store.alert_messages import add_message, claim_message, mark_failed, mark_sent
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.health import save_checks
from watchkeeper.store.incidents import save_incidents, undrafted_incidents

HOUR = timedelta(hours=1)
DOCUMENT = """
reports: {storage: "%s"}
projects:
  - {slug: shop, name: Shop, endpoints: [{name: home, url: "https://shop.example"}]}
  - {slug: api, name: API, endpoints: [{name: home, url: "https://api.example"}]}
"""
NEW = Incident("shop", "errors", "Shop: <b>31 %</b> failed", Severity.CRITICAL, NOON, NOON + 5 * MINUTE, release=SHA)
OVER = replace(NEW, status=IncidentStatus.RESOLVED, resolved_at=NOON + 40 * MINUTE)


@pytest.fixture(autouse=True)
def _database(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return read_configuration(DOCUMENT % tmp_path, {})


def save(*several: Incident) -> list[int]:
    told = [IncidentChange(each, (Entry(NOON, EntryKind.OPENED, each.title),)) for each in several]
    with transaction(store.database()) as session:
        return [each.number for each in save_incidents(session, told)]


def undrafted() -> tuple[int, ...]:
    with reading(store.database()) as session:
        return undrafted_incidents(session, 5)


def told_of_reports(number: int) -> list[str]:
    return [entry.text for entry in story_of(number).timeline if entry.kind is EntryKind.REPORT]


async def test_what_is_over_gets_one_draft_and_nobodys_work_is_lost(
    configuration: Configuration, tmp_path: Path
) -> None:
    number, lasting = save(OVER, replace(NEW, project="api"))
    assert undrafted() == (number,)
    page, words = (tmp_path / "incidents" / f"{number}.{kind}" for kind in ("html", "md"))
    assert await draft_when_over.fn(configuration, number, NOON + HOUR)
    assert "&lt;b&gt;31 %&lt;/b&gt; failed" in page.read_text()
    assert told_of_reports(number) == [f"its report is drafted: {tmp_path}/incidents/{number}.html"]
    words.write_text("what people have found out")
    assert undrafted() == ()
    assert not await draft_when_over.fn(configuration, number, NOON + 2 * HOUR), "a pass that is late"
    assert words.read_text() == "what people have found out"
    await publish_draft(configuration, number, NOON + 3 * HOUR)
    assert words.read_text().startswith(f"# Incident {number}"), "who asks for it gets it anew"
    assert len(told_of_reports(number)) == 2
    assert sorted(file.name for file in page.parent.iterdir()) == [f"{number}.html", f"{number}.md"], lasting


async def test_a_draft_of_a_pass_that_died_before_it_was_told_is_written_again(
    configuration: Configuration, tmp_path: Path
) -> None:
    (number,) = save(OVER)
    page = tmp_path / "incidents" / f"{number}.html"
    page.parent.mkdir()
    page.write_text("of the pass that died")
    assert await draft_when_over.fn(configuration, number, NOON + HOUR)
    assert "of the pass that died" not in page.read_text()
    assert len(told_of_reports(number)) == 1


async def test_a_draft_that_people_asked_for_before_the_end_is_left_with_the_way_to_a_new_one(
    configuration: Configuration, tmp_path: Path
) -> None:
    (number,) = save(NEW)
    place = await publish_draft(configuration, number, NOON + 10 * MINUTE)
    words = tmp_path / "incidents" / f"{number}.md"
    words.write_text("what people have found out")
    with transaction(store.database()) as session:
        save_incidents(session, [IncidentChange(replace(OVER, number=number, version=1), ())])
    assert undrafted() == (number,)
    assert not await draft_when_over.fn(configuration, number, NOON + HOUR)
    assert words.read_text() == "what people have found out"
    assert undrafted() == ()
    early, left = told_of_reports(number)
    assert early == f"its report is drafted: {place}"
    assert f"`watchkeeper incidents report {number}` writes it anew" in left


async def test_where_nothing_can_be_written_the_next_pass_tries_again(
    configuration: Configuration, tmp_path: Path
) -> None:
    (number,) = save(OVER)
    (tmp_path / "incidents").write_text("a file where the folder should be")
    with pytest.raises(VendorUnavailable, match="could not be written"):
        await draft_when_over.fn(configuration, number, NOON + HOUR)
    assert (undrafted(), told_of_reports(number)) == ((number,), [])
    (tmp_path / "incidents").unlink()
    assert await draft_when_over.fn(configuration, number, NOON + HOUR)


def test_the_draft_is_made_of_health_checks_and_of_the_timeline() -> None:
    (number,) = save(NEW)
    with transaction(store.database()) as session:
        save_checks(session, [check("shop", window=Window(NOON, NOON + 15 * MINUTE))], "run-1", NOON)
    draft = draft_of(number, {"shop": "Shop"}, NOON + HOUR)
    assert draft.project_name == "Shop"
    assert any("of 1 health check" in said for said in draft.impact)
    assert [entry.kind for entry in draft.timeline] == [EntryKind.OPENED]
    with pytest.raises(UnknownIncident, match="no incident 99"):
        draft_of(99, {}, NOON)


async def test_a_report_lists_the_incidents_of_its_period_and_where_their_reports_are(
    configuration: Configuration, tmp_path: Path
) -> None:
    before = replace(OVER, opened_at=NOON - 72 * HOUR, started_at=NOON - 73 * HOUR, resolved_at=NOON - 71 * HOUR)
    ours = replace(NEW, project="", cause="late", title="The watch is late", opened_at=NOON + 2 * HOUR)
    gone = replace(NEW, project="removed", opened_at=NOON + HOUR)
    *_, number, watch = save(before, gone, OVER, ours)
    await draft_when_over.fn(configuration, number, NOON + HOUR)
    calendar = calendar_of(ReportPeriod.DAILY, NOON + 24 * HOUR, "UTC")
    found = incidents_told(configuration, calendar)
    assert {line.number: (line.project, line.report) for line in found.lines} == {
        number: ("Shop", f"incidents/{number}.html"),
        watch: ("Watchkeeper itself", ""),
    }
    assert found.times.between.value == 71 * HOUR, "from the end of the one before"
    (line,) = incidents_told(configuration.only(["shop"]), calendar).lines
    assert line.number == number
    linked = read_configuration((DOCUMENT % tmp_path).replace("}", ", link: 'https://r.example'}", 1), {})
    addresses = {each.report for each in incidents_told(linked, calendar).lines}
    assert addresses == {"", f"https://r.example/incidents/{number}.html"}


def test_a_report_says_what_was_sent_where() -> None:
    with transaction(store.database()) as session:
        sent, lost, _waiting, _other_day = (
            add_message(session, channel, replace(DIGEST, key=f"k{n}"), at)
            for n, (channel, at) in enumerate(
                [("slack", NOON), ("slack", NOON), ("pager", NOON), ("slack", NOON + 24 * HOUR)]
            )
        )
        mark_sent(session, sent, "1", NOON)
        assert claim_message(session, lost, NOON)
        mark_failed(session, lost, "refused", None, NOON)
    assert sent_messages(calendar_of(ReportPeriod.DAILY, NOON + 24 * HOUR, "UTC")) == (
        SentLine("pager", 0, 1),
        SentLine("slack", 1, 1),
    )
