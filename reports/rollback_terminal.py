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
    RESUMES,
    asked_by,
    evidence_sentences,
    evidence_title,
    headline,
    leaves_custody,
    points_in_order,
    question,
    resumes_deploys,
    runbook,
    sign,
    step_words,
)
from reports.text import one_line, sentence
from watchkeeper.domain.rollback import Mark, Plan, Rollback, RollbackState
from watchkeeper.domain.rollback_questions import plan_digest
from watchkeeper.store.rollbacks import StoredAnswer, TimelineEntry

STYLES: Final = {Mark.OK: "green", Mark.WARNING: "yellow", Mark.BLOCKS: "bold red"}
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
        table.add_row(str(each.id), Text(one_line(each.project)), f"{each.requested_at:%Y-%m-%d %H:%M}", where, asked)
    return table


def rollback_view(
    rollback: Rollback, entries: Sequence[TimelineEntry] = (), answers: Sequence[StoredAnswer] = ()
) -> RenderableType:
    """Return everything that is known of a way back: where it stands, what speaks for it, the plan, what happened."""
    parts: list[RenderableType] = [
        Text(f"{sign(rollback)} {one_line(rollback.project)}: {one_line(headline(rollback))}", style="bold"),
        Text(one_line(asked_by(rollback)), style="dim"),
    ]
    if rollback.error:
        parts.append(Text(one_line(sentence(rollback.error)), style="red"))
    if rollback.plan is not None:
        parts += [_title(evidence_title(rollback)), _lines(evidence_sentences(rollback.evidence))]
        parts += [_title(f"The plan ({plan_digest(rollback)})"), *_plan(rollback.plan)]
    if leaves_custody(rollback) or resumes_deploys(rollback):
        parts.append(Text(RESUMES if resumes_deploys(rollback) else CUSTODY, style="yellow"))
    given = [each for each in answers if not each.is_accepted]
    if given:
        parts += [_title("Answers that did not count"), _lines([_answer(each) for each in given])]
    if entries:
        parts += [_title("What has happened"), _lines([entry_line(entry) for entry in entries])]
    if rollback.state is RollbackState.AWAITING_APPROVAL:
        parts.append(Text("\n" + one_line(" ".join(question(rollback))), style="bold"))
    return Group(*parts, Text(f"\n{runbook(rollback)}", style="dim"))


def entry_line(entry: TimelineEntry) -> str:
    """Return one step as a line."""
    return one_line(f"{entry.at:%H:%M:%S}  {step_words(entry)}")


def rollback_as_json(
    rollback: Rollback, entries: Sequence[TimelineEntry] = (), answers: Sequence[StoredAnswer] = ()
) -> dict[str, Any]:
    """Return a way back as plain values: times in ISO 8601, spans as ISO 8601 durations."""
    found: dict[str, Any] = _ROLLBACK.dump_python(rollback, mode="json")
    return {
        **found,
        "digest": plan_digest(rollback),
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
                "digest": a.answer.plan,
                "counts": a.is_accepted,
                "reason": a.reason,
            }
            for a in answers
        ],
    }


def _plan(plan: Plan) -> list[RenderableType]:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column()
    for point in points_in_order(plan):
        forced = " (forced)" if point.is_forced else ""
        name = Text(one_line(f"{point.name}{forced}"), style=STYLES[point.mark])
        table.add_row(MARKS[point.mark], name, Text(one_line(sentence(point.reason))))
    shown: list[RenderableType] = [Text(one_line(sentence(plan.summary))), Padding(table, (0, 0, 0, 2))]
    if plan.alternative:
        shown.append(Text(f"What to do instead. {one_line(sentence(plan.alternative))}", style="bold"))
    return shown


def _answer(given: StoredAnswer) -> str:
    return f"{given.answer.at:%H:%M:%S}  {given.answer.approver}: {given.reason}"


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _lines(lines: Sequence[str]) -> RenderableType:
    return Padding(Group(*[Text(one_line(line)) for line in lines]), (0, 0, 0, 2))
