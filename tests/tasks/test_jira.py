"""A group of alerts is one issue, whatever goes wrong on the way."""

import json
from dataclasses import replace

import httpx
import pytest

from tasks.jira import closed_by_people
from tests.domain.alert_digest_makers import digest_of, hostile_digest
from tests.tasks.jira_site import CHANNEL, Site
from watchkeeper.clients.base import VendorRefused
from watchkeeper.clients.vendor_errors import OutcomeUnknown
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Severity


@pytest.fixture
def site() -> Site:
    return Site()


async def test_an_issue_is_made_commented_and_closed(site: Site) -> None:
    key = await site.tell()
    issue = (await site.read(f"issue/{key}"))["fields"]
    assert (issue["summary"], issue["priority"]["name"], issue["issuetype"]["name"]) == (
        "Shop: error rate 31 %",
        "Highest",
        "Task",
    )
    assert issue["labels"][0] == "watchkeeper"
    site.clock.advance(300)
    assert await site.tell(Reason.ALL_RESOLVED, key) == key
    assert await site.status(key) == "Done"
    (comment,) = (await site.read(f"issue/{key}/comment"))["comments"]
    assert "Resolved after 15 min." in json.dumps(comment["body"])


async def test_the_same_twice_changes_nothing(site: Site) -> None:
    key = await site.tell()
    again = digest_of(Reason.NEW_IN_GROUP, at=site.now)
    for _ in range(3):
        assert await site.tell_digest(again, key) == key
    assert len((await site.read(f"issue/{key}/comment"))["comments"]) == 1
    assert await site.issues() == [key]


async def test_without_its_reference_it_is_found_by_its_label(site: Site) -> None:
    key = await site.tell()
    site.clock.advance(5)
    assert await site.tell(Reason.REMINDER) == key
    assert await site.tell(Reason.REMINDER, "OPS-999") == key, "the issue that was known is gone"
    assert await site.tell(key="shop|errors#8") != key, "another group is another issue"


async def test_a_lost_answer_makes_no_second_issue(site: Site) -> None:
    def lose(request: httpx.Request, _: httpx.Response) -> httpx.Response | None:
        site.clock.advance(1)
        return httpx.Response(502) if request.method == "POST" else None

    site.fault = lose
    key = await site.tell()
    assert await site.issues() == [key], "it was looked for until the search knew it"


async def test_what_the_search_does_not_know_in_time_is_found_by_the_next_attempt(site: Site) -> None:
    site.fault = lambda request, _: httpx.Response(502) if request.method == "POST" else None
    with pytest.raises(OutcomeUnknown):
        await site.tell()
    site.fault = lambda *_: None
    site.clock.advance(30)
    assert [await site.tell()] == await site.issues()


async def test_a_project_without_priorities_gets_its_issue_all_the_same(site: Site) -> None:
    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if request.method != "POST" or b'"priority"' not in request.content:
            return None
        said = {"errorMessages": [], "errors": {"priority": "Field 'priority' cannot be set."}}
        return httpx.Response(400, json=said)

    site.fault = refuse
    key = await site.tell()
    assert b'"labels"' in site.asked[-1].content
    assert await site.status(key) == "To Do"


@pytest.mark.parametrize("channel", [replace(CHANNEL, project="NONE"), replace(CHANNEL, issue_type="Epic")])
async def test_what_the_channel_names_wrongly_is_for_a_person_to_mend(site: Site, channel: ChannelConfig) -> None:
    with pytest.raises(VendorRefused, match=f"a {channel.issue_type} in the project {channel.project}") as caught:
        await site.tell_digest(digest_of(), channel=channel)
    assert caught.value.status == 404


async def test_a_transition_that_is_not_there_says_which_are(site: Site) -> None:
    key = await site.tell()
    with pytest.raises(VendorRefused, match="no transition 'Gelöst'; there are: done, in progress"):
        await site.tell_digest(
            digest_of(Reason.ALL_RESOLVED), key, channel=replace(CHANNEL, resolve_transition="Gelöst")
        )


async def test_what_fires_again_is_opened_again_and_rises_in_priority(site: Site) -> None:
    key = await site.tell(severity=Severity.WARNING)
    await site.tell(Reason.ALL_RESOLVED, key)
    site.clock.advance(60)
    await site.tell(Reason.NEW_IN_GROUP, key)
    assert await site.status(key) == "To Do"
    issue = await site.read(f"issue/{key}?fields=priority")
    assert issue["fields"]["priority"]["name"] == "Highest"


async def test_the_later_change_decides(site: Site) -> None:
    key = await site.tell()
    fires_again = digest_of(Reason.NEW_IN_GROUP, at=site.now)
    site.clock.advance(60)
    await site.press(key, "Done")
    await site.tell_digest(fires_again, key)
    assert await site.status(key) == "Done", "Ada closed it after this was decided on"
    site.clock.advance(60)
    await site.tell(Reason.NEW_IN_GROUP, key)
    assert await site.status(key) == "To Do"


async def test_what_people_closed_comes_back_with_their_name(site: Site) -> None:
    ours, theirs, still_open = [await site.tell(key=f"shop|errors#{number}") for number in range(3)]
    await site.tell(Reason.ALL_RESOLVED, ours)
    site.clock.advance(60)
    await site.press(theirs, "In Progress")
    site.clock.advance(60)
    await site.press(theirs, "Done")
    async with site.client() as client:
        closed = await closed_by_people(client, [ours, theirs, still_open, "OPS-999"])
    assert closed == {theirs: ("Ada Okafor", site.now)}


async def test_whom_it_concerns_is_mentioned(site: Site) -> None:
    key = await site.tell()
    await site.tell(Reason.ESCALATION, key, people=("Ann", "Bob"))
    comments = json.dumps(await site.read(f"issue/{key}/comment"))
    assert '"type": "mention", "attrs": {"id": "sandbox:ada", "text": "@Ann"}' in comments
    assert "Bob" in comments


async def test_a_group_that_ended_unseen_makes_no_issue(site: Site) -> None:
    assert await site.tell(Reason.ALL_RESOLVED) == ""
    assert await site.issues() == []


async def test_a_test_says_that_it_is_one(site: Site) -> None:
    issue = await site.read(f"issue/{await site.tell(is_test=True)}")
    assert issue["fields"]["summary"].startswith("Test: ")
    assert "nothing is wrong" in json.dumps(issue["fields"]["description"])


async def test_hostile_text_is_nothing_but_text(site: Site) -> None:
    key = await site.tell_digest(hostile_digest())
    await site.tell_digest(hostile_digest(Reason.NEW_IN_GROUP), key)
    issue = await site.read(f"issue/{key}?fields=summary,description")
    assert len(issue["fields"]["summary"]) == 255
    assert "javascript:" not in json.dumps(issue)
    assert len((await site.read(f"issue/{key}/comment"))["comments"]) == 1
