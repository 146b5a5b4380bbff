from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.domain.alert_digest_makers import digest_of
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.circuits import OPENS_AFTER, Circuit, after_failure
from watchkeeper.domain.outbox import FRESH_FOR, Waiting, folded, next_messages, rank_of, stale_messages

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CRITICAL, WARNING, END = 0, 1, 10


def message(number: int, key: str = "", rank: int = WARNING, **given: Any) -> Waiting:
    """Return a message that was written an hour ago, of a group of its own by default."""
    at = NOW - timedelta(hours=1)
    values = {"reason": Reason.FIRST, "planned_at": at, "began_at": at + number * MINUTE, **given}
    return Waiting(number, "slack", key or f"group {number}", rank, **values)


def down() -> Circuit:
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        circuit = after_failure(circuit, "503", NOW - MINUTE)
    return circuit


@pytest.mark.parametrize(
    ("waiting", "circuit", "order"),
    [
        pytest.param([message(1), message(2, rank=CRITICAL)], None, [2, 1], id="the gravest first"),
        pytest.param([message(1), message(2)], None, [2, 1], id="of those what began last"),
        pytest.param([message(1, rank=END), message(2)], None, [2, 1], id="what has ended after what begins"),
        pytest.param([message(1, "a"), message(2, "a", CRITICAL)], None, [1], id="nothing overtakes in a group"),
        pytest.param([message(1, "a", not_before=NOW + MINUTE), message(2, "a")], None, [], id="nor while it waits"),
        pytest.param([message(1, "a", claimed_until=NOW + MINUTE), message(2, "a")], None, [], id="or is being sent"),
        pytest.param([message(1, claimed_until=NOW)], None, [1], id="a claim that has run out"),
        pytest.param(
            [message(1, rank=CRITICAL, failed_at=NOW - MINUTE, attempts=1), message(2)],
            Circuit(changed_at=NOW),
            [2, 1],
            id="what fails while others arrive comes last",
        ),
        pytest.param(
            [message(1, rank=CRITICAL, failed_at=NOW - MINUTE, attempts=1), message(2)],
            Circuit(failures=1, changed_at=NOW),
            [1, 2],
            id="but not where nothing has arrived since",
        ),
        pytest.param(
            [message(1, rank=CRITICAL, attempts=5), message(2)], down(), [2, 1], id="a probe is what was tried least"
        ),
    ],
)
def test_what_is_sent_next(waiting: list[Waiting], circuit: Circuit | None, order: list[int]) -> None:
    circuits = {"slack": circuit} if circuit else {}
    found = next_messages(waiting, circuits, NOW)
    assert [each.id for each in found.get("slack", ())] == order


@pytest.mark.parametrize(
    ("waiting", "circuit", "kept"),
    [
        pytest.param([message(1)], None, [False], id="it has waited long"),
        pytest.param([message(1, planned_at=NOW - FRESH_FOR + MINUTE)], None, [], id="not yet"),
        pytest.param([message(1, planned_at=NOW, attempts=1)], None, [False], id="it could not be sent"),
        pytest.param([message(1, attempts=1, claimed_until=NOW + MINUTE)], None, [], id="it is being sent"),
        pytest.param([message(1, not_before=NOW + MINUTE)], None, [], id="it is not its turn"),
        pytest.param([message(1)], down(), [False], id="the channel is probed now"),
        pytest.param([message(1)], replace(down(), retry_at=NOW + MINUTE), [], id="the channel is left alone"),
        pytest.param([message(1, unsure_since=NOW)], None, [True], id="it may have arrived"),
        pytest.param([message(1, reason=Reason.ESCALATION)], None, [True], id="it calls somebody"),
        pytest.param([message(1, rank=END, unsure_since=NOW)], None, [], id="an end alone stays"),
        pytest.param([message(1, "a"), message(2, "a"), message(3)], None, [False, False], id="by group"),
    ],
)
def test_what_is_looked_at_again(waiting: list[Waiting], circuit: Circuit | None, kept: list[bool]) -> None:
    circuits = {"slack": circuit} if circuit else {}
    assert [each.is_kept for each in stale_messages(waiting, circuits, NOW)] == kept


@pytest.mark.parametrize(
    ("reasons", "acknowledged_by", "reason", "people"),
    [
        pytest.param(["first", "some_resolved"], "", "first", (), id="a beginning stays one"),
        pytest.param(["first", "escalation", "some_resolved"], "", "escalation", ("Ada",), id="somebody is called"),
        pytest.param(["first", "escalation", "acknowledged"], "Ben", "acknowledged", (), id="not once answered"),
        pytest.param(["escalation", "all_resolved"], "", "all_resolved", (), id="nor once it is over"),
        pytest.param(["reminder"], "", "reminder", (), id="one alone is as it was"),
    ],
)
def test_several_are_the_last_of_them(
    reasons: list[str], acknowledged_by: str, reason: str, people: tuple[str, ...]
) -> None:
    digests = [digest_of(Reason(each), people=("Ada",) if each == "escalation" else (), title=each) for each in reasons]
    digests[-1] = replace(digests[-1], acknowledged_by=acknowledged_by)
    told = folded(digests)
    assert (told.reason, told.people, told.title) == (Reason(reason), people, reasons[-1])


def test_ranks() -> None:
    firing = [rank_of(digest_of(severity=severity)) for severity in Severity]
    ended = [rank_of(digest_of(Reason.ALL_RESOLVED, severity=severity)) for severity in Severity]
    assert firing == sorted(firing)
    assert max(firing) < min(ended)
