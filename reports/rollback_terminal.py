"""Ways back as a person at a terminal, or a script, reads them."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.rollback_words import (
    CUSTODY,
    MARKS,
    asked_by,
    clock,
    evidence_sentences,
    headline,
    leaves_custody,
    question,
    sign,
)
from reports.text import one_line, sentence
from watchkeeper.domain.phrases import span
from watchkeeper.domain.rollback import Mark, Plan, Rollback, RollbackState
from watchkeeper.domain.rollback_replay import Fired, Replay
from watchkeeper.store.rollbacks import StoredAnswer, TimelineEntry

STYLES: Final = {Mark.OK: "green", Mark.WARNING: "yellow", Mark.BLOCKS: "bold red"}
_FALSE: Final = {True: "false alarm", False: "right", None: "not known yet"}
_ROLLBACK: Final = TypeAdapter(Rollback)


def rollback_table(rollbacks: Sequence[Rollback]) -> Table:
    """Return a table with one line for each way back."""
    table = Table(pad_edge=False)
    table.add_column("Id", justify="right", no_wrap=True)
    table.add_column("Project", no_wrap=True)
    table.add_column("When (UTC)", no_wrap=True)
    for column in ("What", "Asked for by"):
        table.add_column(column)
    for each in rollbacks:
        where = Text(f"{sign(each)} {one_line(headline(each))}")
        asked = Text(one_line(each.requested_by))
        table.add_row(str(each.id), each.project, f"{each.requested_at:%Y-%m-%d %H:%M}", where, asked)
    return table


def rollback_view(
    rollback: Rollback, entries: Sequence[TimelineEntry] = (), answers: Sequence[StoredAnswer] = ()
) -> RenderableType:
    """Return everything that is known of a way back: where it stands, what speaks for it, the plan, what happened."""
    parts: list[RenderableType] = [
        Text(f"{sign(rollback)} {rollback.project}: {one_line(headline(rollback))}", style="bold"),
        Text(one_line(asked_by(rollback)), style="dim"),
    ]
    if rollback.error:
        parts.append(Text(one_line(sentence(rollback.error)), style="red"))
    if rollback.plan is not None:
        parts += [_title("What speaks for it"), _lines(evidence_sentences(rollback.evidence))]
        parts += [_title("The plan"), *_plan(rollback.plan)]
    if leaves_custody(rollback):
        parts.append(Text(CUSTODY, style="yellow"))
    given = [each for each in answers if not each.is_accepted]
    if given:
        parts += [_title("Answers that did not count"), _lines([_answer(each) for each in given])]
    if entries:
        parts += [_title("What has happened"), _lines([entry_line(entry) for entry in entries])]
    if rollback.state is RollbackState.AWAITING_APPROVAL:
        parts.append(Text("\n" + " ".join(question(rollback)), style="bold"))
    return Group(*parts)


def entry_line(entry: TimelineEntry) -> str:
    """Return one step as a line."""
    state = "" if entry.before is entry.after else f"{entry.after.replace('_', ' ')}: "
    who = "" if entry.actor == "watchkeeper" else f" ({entry.actor})"
    told = sentence(entry.sentence)
    return one_line(f"{entry.at:%H:%M:%S}  {state}{told}{who}" if told else f"{entry.at:%H:%M:%S}  {entry.after}{who}")


def rollback_as_json(
    rollback: Rollback, entries: Sequence[TimelineEntry] = (), answers: Sequence[StoredAnswer] = ()
) -> dict[str, Any]:
    """Return a way back as plain values: times in ISO 8601, spans as ISO 8601 durations."""
    found: dict[str, Any] = _ROLLBACK.dump_python(rollback, mode="json")
    return {
        **found,
        "timeline": [
            {"at": e.at.isoformat(), "actor": e.actor, "state": e.after.value, "sentence": e.sentence} for e in entries
        ],
        "answers": [
            {
                "at": a.answer.at.isoformat(),
                "word": a.answer.word,
                "approver": a.answer.approver,
                "comment": a.answer.comment,
                "via": a.answer.via,
                "counts": a.is_accepted,
                "reason": a.reason,
            }
            for a in answers
        ],
    }


def replay_view(found: Replay) -> RenderableType:
    """Return what the triggers would have done: each time, and the sums."""
    if found.window is None:
        return Text(f"{found.project}: nothing is stored of that time")
    looked = f"{found.checks:,} checks from {clock(found.window.start)} to {clock(found.window.end)}"
    if not found.fired:
        return Text(f"{found.project}: {looked}. Going back would not have been proposed.")
    table = Table(pad_edge=False)
    for column in ("When (UTC)", "Release", "Why", "It was", "Would have saved"):
        table.add_column(column, no_wrap=column in {"When (UTC)", "Release"})
    for each in found.fired:
        table.add_row(*_fired(each))
    return Group(Text(f"{found.project}: {looked}."), table, Text(replay_sentence(found), style="bold"))


def replay_sentence(found: Replay) -> str:
    """Return the sums in a sentence."""
    times = f"proposed {_times(len(found.fired))}" if found.fired else "not have been proposed"
    if not found.fired:
        return f"Going back would {times}."
    saved = f"{span(found.saved)} of trouble" if found.saved else "no time"
    return f"Going back would have been {times}, {_of_them(found.false)} a false alarm, and would have saved {saved}."


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


def _plan(plan: Plan) -> list[RenderableType]:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column()
    for point in plan.points:
        forced = " (forced)" if point.is_forced else ""
        name = Text(f"{point.name}{forced}", style=STYLES[point.mark])
        table.add_row(MARKS[point.mark], name, Text(one_line(sentence(point.reason))))
    shown: list[RenderableType] = [Text(one_line(sentence(plan.summary))), Padding(table, (0, 0, 0, 2))]
    if plan.alternative:
        shown.append(Text(f"What to do instead. {one_line(sentence(plan.alternative))}", style="bold"))
    return shown


def _fired(fired: Fired) -> tuple[Text, ...]:
    saved = span(fired.saved) if fired.saved else "–"
    cells = (
        f"{fired.at:%Y-%m-%d %H:%M}",
        fired.proposal.release[:7],
        sentence(fired.proposal.reason),
        f"{_FALSE[fired.is_false]}: {fired.reason}",
        saved,
    )
    return tuple(Text(one_line(cell)) for cell in cells)


def _answer(given: StoredAnswer) -> str:
    return f"{given.answer.at:%H:%M:%S}  {given.answer.approver}: {given.reason}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _of_them(number: int) -> str:
    return {0: "never", 1: "once"}.get(number, f"{number} times")


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _lines(lines: Sequence[str]) -> RenderableType:
    return Padding(Group(*[Text(one_line(line)) for line in lines]), (0, 0, 0, 2))
