"""What the triggers of ways back would have done, as people read it: at a terminal, in reports, as JSON."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reports.rollback_words import clock
from reports.text import one_line, sentence
from watchkeeper.domain.phrases import amount, span
from watchkeeper.domain.rollback_replay import Fired, Replay

RIGHT: Final[Mapping[bool | None, str]] = {True: "false alarm", False: "right", None: "not known yet"}  # by `is_false`
_TIMES: Final = {0: "never", 1: "once", 2: "twice"}


def replay_sentence(found: Replay) -> str:
    """Return the sums: how often going back would have been proposed, how often in vain, and the time saved."""
    if not found.fired:
        return "Going back would not have been proposed."
    saved = f"{span(found.saved)} of trouble" if found.saved else "no time"
    alarms = f"{_times(found.false)} a false alarm"
    return f"Going back would have been proposed {_times(len(found.fired))}, {alarms}, and would have saved {saved}."


def replay_view(found: Replay) -> RenderableType:
    """Return the sums and each time, for a terminal."""
    if found.window is None:
        return Text(f"{found.project}: nothing is stored of that time")
    looked = f"{amount(found.checks, 'check')} from {clock(found.window.start)} to {clock(found.window.end)}"
    if not found.fired:
        return Text(f"{found.project}: {looked}. {replay_sentence(found)}")
    table = Table(pad_edge=False)
    for column in ("When (UTC)", "Release", "Why", "It was", "Would have saved"):
        table.add_column(column, no_wrap=column in {"When (UTC)", "Release"})
    for each in found.fired:
        table.add_row(*_row(each))
    return Group(Text(f"{found.project}: {looked}."), table, Text(replay_sentence(found), style="bold"))


def replay_as_json(found: Replay) -> dict[str, Any]:
    """Return what the triggers would have done as plain values."""
    window = found.window
    return {
        "project": found.project,
        "window": {"start": window.start.isoformat(), "end": window.end.isoformat()} if window else None,
        "checks": found.checks,
        "fired": [
            {
                "at": each.at.isoformat(),
                "release": each.proposal.release,
                "trigger": each.proposal.trigger.value,
                "reason": each.proposal.reason,
                "false": each.is_false,
                "ended_at": each.ended_at.isoformat() if each.ended_at else None,
                "saved_minutes": round(each.saved.total_seconds() / 60, 1),
                "how_it_ended": each.reason,
            }
            for each in found.fired
        ],
        "false": found.false,
        "saved_minutes": round(found.saved.total_seconds() / 60, 1),
    }


def _row(fired: Fired) -> tuple[Text, ...]:
    cells = (
        f"{fired.at:%Y-%m-%d %H:%M}",
        fired.proposal.release[:7],
        sentence(fired.proposal.reason),
        f"{RIGHT[fired.is_false]}: {fired.reason}",
        span(fired.saved) if fired.saved else "–",
    )
    return tuple(Text(one_line(cell)) for cell in cells)


def _times(number: int) -> str:
    return _TIMES.get(number, f"{number} times")
