"""The verdicts as a person at a terminal, or a script, reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from reports.text import one_line
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Verdict

STYLES = {Verdict.HEALTHY: "green", Verdict.WARNING: "yellow", Verdict.CRITICAL: "bold red", Verdict.UNKNOWN: "magenta"}


def check_table(checks: Sequence[HealthCheck], names: Mapping[str, str]) -> Table:
    """Return a table with one line a project. `names` gives the display name of each slug."""
    table = Table(title=_title(checks), title_justify="left", pad_edge=False)
    for column, justify in (("Project", "left"), ("Verdict", "left"), ("Score", "right"), ("Known", "right")):
        table.add_column(column, justify=justify, no_wrap=column != "Project")  # type: ignore[arg-type]
    table.add_column("Release", no_wrap=True)
    table.add_column("Why")
    for check in checks:
        table.add_row(
            Text(one_line(names.get(check.project, check.project))),
            Text(check.verdict, style=STYLES[check.verdict]),
            "–" if check.score is None else f"{check.score:.0f}",
            f"{check.coverage:.0%}",
            Text(one_line(check.release)[:7] or "–"),
            Text("\n".join(map(one_line, check.reasons[:3]))),
        )
    return table


def checks_as_json(checks: Sequence[HealthCheck]) -> list[dict[str, Any]]:
    """Return the checks as plain values: times in ISO 8601, coverage as a fraction, score 0 to 100 or null."""
    return [
        {
            "project": check.project,
            "window": {"start": check.window.start.isoformat(), "end": check.window.end.isoformat()},
            "check_type": check.check_type.value,
            "verdict": check.verdict.value,
            "score": check.score,
            "coverage": check.coverage,
            "release": check.release,
            "in_custody": check.in_custody,
            "fault": {"of": check.blame.fault.value, "release": check.blame.release, "reason": check.blame.reason},
            "reasons": list(check.reasons),
            "components": {
                component.value: {
                    "verdict": judgement.verdict.value,
                    "score": judgement.score,
                    "gap": judgement.gap.value if judgement.gap else None,
                    "reasons": list(judgement.reasons),
                    "evidence": [
                        {"name": e.name, "value": e.value, "unit": e.unit, "url": e.url} for e in judgement.evidence
                    ],
                }
                for component, judgement in check.components.items()
            },
        }
        for check in checks
    ]


def _title(checks: Sequence[HealthCheck]) -> str:
    if not checks:
        return "No checks yet"
    window = checks[0].window
    return f"Health from {window.start:%Y-%m-%d %H:%M} to {window.end:%H:%M} UTC"
