"""What the triggers would have done, in words."""

from datetime import timedelta

import pytest
from rich.console import Console

from reports.replay import replay_as_json, replay_sentence, replay_view
from tests.domain.makers import NEW, NOW
from watchkeeper.domain.rollback_replay import Fired, Replay
from watchkeeper.domain.rollback_triggers import Proposal, Trigger
from watchkeeper.domain.windows import Window

HOUR = timedelta(hours=1)
WEEK = Window(NOW - timedelta(days=7), NOW)


def fired(hours: float, *, is_false: bool | None = False, minutes: int = 40) -> Fired:
    at = NOW - hours * HOUR
    proposal = Proposal("shop", Trigger.ERRORS, NEW, at, "it fails", f"shop/{hours}")
    return Fired(at, proposal, is_false, at + HOUR, timedelta(minutes=minutes), "somebody rolled it back")


def played(*several: Fired) -> Replay:
    return Replay("shop", WEEK, 672, several)


@pytest.mark.parametrize(
    ("several", "told"),
    [
        ((), "Going back would not have been proposed."),
        (
            (fired(3),),
            "Going back would have been proposed once, never a false alarm, and would have saved 40 min of trouble.",
        ),
        (
            (fired(9, is_false=True, minutes=0),),
            "Going back would have been proposed once, once a false alarm, and would have saved no time.",
        ),
        (
            (fired(9), fired(3), fired(1, is_false=None)),
            "Going back would have been proposed 3 times, never a false alarm, and would have saved 2 h of trouble.",
        ),
    ],
    ids=["never", "once", "in vain", "several times"],
)
def test_the_sums_are_told_in_a_sentence(several: tuple[Fired, ...], told: str) -> None:
    assert replay_sentence(played(*several)) == told


def test_a_terminal_shows_each_time_and_what_was_looked_at() -> None:
    console = Console(width=160, record=True)
    console.print(replay_view(played(fired(9, is_false=True, minutes=0), fired(3))))
    shown = console.export_text()
    for words in ("672 checks from", NEW[:7], "false alarm: somebody", "right: somebody", "40 min", "proposed twice"):
        assert words in shown


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (played(), "Going back would not have been proposed."),
        (Replay("shop", None, 0, ()), "nothing is stored of that time"),
    ],
    ids=["nothing fired", "nothing stored"],
)
def test_a_terminal_says_that_there_is_nothing_to_show(found: Replay, told: str) -> None:
    console = Console(width=160, record=True)
    console.print(replay_view(found))
    assert told in console.export_text()


def test_a_script_gets_the_same_numbers() -> None:
    told = replay_as_json(played(fired(9, is_false=True, minutes=0), fired(3)))
    assert (told["checks"], told["false"], told["saved_minutes"]) == (672, 1, 40)
    assert [each["false"] for each in told["fired"]] == [True, False]
