from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.samples import NOON
from watchkeeper.domain.issue_changes import IssueState, issue_changes
from watchkeeper.domain.issues import Issue, IssueLevel

LAST = NOON + timedelta(minutes=9)
NOW = NOON + timedelta(hours=1)
ISSUE = Issue("1", "SHOP-1", "shop", "boom", "a.py", IssueLevel.FATAL, "unresolved", "new", 1, 1, NOON, LAST, "")


@pytest.mark.parametrize(
    ("before", "status", "substatus", "kinds"),
    [
        pytest.param(None, "unresolved", "new", ["new"], id="it is new"),
        pytest.param(("unresolved", "new"), "unresolved", "ongoing", ["new"], id="nothing has become of it"),
        pytest.param(None, "unresolved", "regressed", ["new", "regressed"], id="it had come back when first looked at"),
        pytest.param(("resolved", ""), "unresolved", "regressed", ["new", "regressed"], id="it came back"),
        pytest.param(("unresolved", "regressed"), "unresolved", "regressed", ["new"], id="it came back once only"),
        pytest.param(("unresolved", "ongoing"), "resolved", "", ["new", "resolved"], id="it was resolved"),
        pytest.param(("resolved", ""), "resolved", "", ["new"], id="it was resolved once only"),
        pytest.param(None, "resolved", "", ["new"], id="nobody knows when it was resolved"),
    ],
)
def test_what_has_become_of_an_issue(
    before: tuple[str, str] | None, status: str, substatus: str, kinds: list[str]
) -> None:
    known = {} if before is None else {"1": IssueState(*before)}
    events = issue_changes(known, [replace(ISSUE, status=status, substatus=substatus)], NOW)
    assert [event.kind.value for event in events] == kinds
    at = {"new": NOON, "regressed": LAST, "resolved": NOW}
    assert [event.at for event in events] == [at[kind] for kind in kinds]
    assert {event.level for event in events} == {IssueLevel.FATAL}


def test_an_issue_whose_first_event_is_unknown_has_not_appeared() -> None:
    """Else each look at it would find a new one."""
    events = issue_changes({}, [replace(ISSUE, first_seen=None, substatus="regressed")], NOW)
    assert [event.kind.value for event in events] == ["regressed"]
