"""After an outage of a channel people are told of what is true then, and nothing is lost in silence."""

from datetime import timedelta
from pathlib import Path

import pytest

from tasks.alert_actions import acknowledge, silence
from tests.tasks.outbox_day import DOCUMENT, MINUTE, NOW, SLUGS, Day
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Severity


async def test_several_waiting_messages_become_the_latest_state(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    day.fire(rule="latency")
    await day.live(10)
    day.resolve(rule="error-rate")
    await day.live(10)
    day.mend_channel()
    await day.live(20)
    (line,) = day.lines()
    assert (line["reason"], line["firing"], line["resolved"]) == ("first", 1, 0)
    assert line["title"].startswith("shop: latency of shop")
    assert line["at"] >= (NOW + 30 * MINUTE).isoformat(), "written when it could be sent"
    assert day.waiting() == 0


async def test_what_came_and_went_meanwhile_is_not_told(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    day.resolve()
    await day.live(20)
    day.mend_channel()
    await day.live(20)
    assert day.told() == []
    assert day.waiting() == 0


async def test_the_end_of_what_was_told_before_the_outage_is_told_once(day: Day) -> None:
    day.fire()
    await day.live(1)
    day.break_channel()
    await day.live(5)
    day.fire(rule="latency")
    await day.live(10)
    day.resolve(rule="error-rate")
    day.resolve(rule="latency")
    await day.live(20)
    day.mend_channel()
    await day.live(20)
    assert day.told() == [("shop", "first"), ("shop", "all_resolved")]
    assert day.lines()[-1]["key"] == day.lines()[0]["key"]


async def test_what_somebody_has_acknowledged_meanwhile_is_no_page(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    acknowledge(day.group(), "Ada", day.now)
    await day.live(10)
    day.mend_channel()
    await day.live(20)
    assert day.told() == [("shop", "acknowledged")]
    assert day.lines()[0]["acknowledged_by"] == "Ada"


async def test_something_critical_that_comes_new_after_an_acknowledgement_is_a_page(day: Day) -> None:
    day.fire()
    await day.live(1)
    acknowledge(day.group(), "Ada", day.now)
    await day.live(1)
    day.break_channel()
    await day.live(6)
    day.fire(rule="latency")
    await day.live(10)
    day.mend_channel()
    await day.live(20)
    assert day.told() == [("shop", "first"), ("shop", "acknowledged"), ("shop", "new_in_group")]


async def test_what_is_silenced_meanwhile_is_told_when_the_silence_ends(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    silence(["project=shop"], day.now, day.now + timedelta(hours=2), "Ada", "we know", day.now)
    await day.live(5)
    day.mend_channel()
    await day.live(60)
    assert day.told() == []
    await day.live(60)
    assert day.told() == [("shop", "first")]


async def test_a_maintenance_that_has_begun_meanwhile_keeps_a_beginning_quiet(tmp_path: Path, day: Day) -> None:
    window = 'maintenance: [{start: "2026-03-01T12:15:00Z", end: "2026-03-01T14:00:00Z"}]'
    document = DOCUMENT.replace("projects:", f"defaults: {{{window}}}\nprojects:")
    day = Day(tmp_path, document)
    day.break_channel()
    day.fire()
    await day.live(20)
    day.mend_channel()
    await day.live(60)
    assert day.told() == []
    day.resolve()
    await day.live(20)
    assert day.told() == []


async def test_many_that_wait_together_are_one_message(day: Day) -> None:
    day.break_channel()
    for slug in SLUGS:
        day.fire(slug)
        await day.live(3)
    day.mend_channel()
    await day.live(20)
    (line,) = day.lines()
    assert line["firing"] == len(SLUGS)


async def test_the_gravest_and_newest_go_first_when_a_channel_is_back(day: Day) -> None:
    day.break_channel()
    severities = (Severity.WARNING, Severity.CRITICAL, Severity.INFO, Severity.CRITICAL)
    for slug, severity in zip(SLUGS, severities, strict=False):
        day.fire(slug, severity=severity)
        await day.live(1)
    day.mend_channel()
    await day.live(20)
    assert [project for project, _ in day.told()] == ["blog", "api", "shop", "bank"]


async def test_a_new_critical_alert_does_not_wait_behind_what_failed_before(day: Day) -> None:
    day.break_channel()
    for slug in SLUGS[:4]:
        day.fire(slug, severity=Severity.WARNING)
    await day.live(4)
    day.fire("news")
    day.mend_channel()
    await day.live(20)
    assert day.told()[0] == ("news", Reason.FIRST)


@pytest.mark.parametrize("minutes", [1, 2, 4])
async def test_an_acknowledgement_counts_however_short_the_outage(day: Day, minutes: int) -> None:
    day.break_channel()
    day.fire()
    await day.live(minutes)
    acknowledge(day.group(), "Ada", day.now)
    day.mend_channel()
    await day.live(20)
    assert day.told() == [("shop", "acknowledged")]
