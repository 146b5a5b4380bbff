"""Made-up reports in which something is odd: nothing is known, names are long, text is an attack."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.reports.incident_makers import many
from tests.reports.period_makers import period_report
from tests.reports.tales import ARABIC, HEBREW, HOSTILE, LONG
from watchkeeper.domain.incident_times import response_times
from watchkeeper.domain.period_reports import (
    Coverage,
    Figure,
    PeriodIncidents,
    PeriodReport,
    ProjectReport,
    Recommendation,
    ReportPeriod,
    SentLine,
)
from watchkeeper.domain.rollback_replay import Replay
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window


def empty_report(period: ReportPeriod = ReportPeriod.DAILY) -> PeriodReport:
    """Return a report of a period of which nothing is known."""
    report = period_report(period, 2)
    return replace(
        report,
        verdict=Verdict.UNKNOWN,
        headline="Nothing is known of this day",
        sentences=(),
        actions=(),
        projects=tuple(_emptied(project) for project in report.projects),
        why_empty="The watch was not running: the first hour was measured on 2026-11-21.",
        sent=(),
        incidents=PeriodIncidents((), 0, 0, response_times(()), ()),
        time_saved=None,
    )


def _emptied(project: ProjectReport) -> ProjectReport:
    return ProjectReport(
        slug=project.slug,
        name=project.name,
        verdict=Verdict.UNKNOWN,
        reasons=("nothing is known of the period",),
        score=None,
        figures={name: Figure(name, figure.title, None, figure.unit, note="not known: the watch was not running")
                 for name, figure in project.figures.items()},
        key_figures=project.key_figures,
        series={},
        coverage=Coverage({"sentry": (0, 24), "endpoints": (0, 24)}, ("the watch was not running",)),
        is_empty=True,
    )  # fmt: skip


def renamed(report: PeriodReport, *names: str) -> PeriodReport:
    """Return the report with its first projects under other names."""
    projects = [replace(project, name=name) for project, name in zip(report.projects, names, strict=False)]
    return replace(report, projects=(*projects, *report.projects[len(projects) :]))


def hostile_report(period: ReportPeriod = ReportPeriod.DAILY, text: str = HOSTILE) -> PeriodReport:
    """Return a report in which every text from outside is an attack."""
    report = renamed(period_report(period, 3), text, text, text)
    return replace(
        report,
        headline=text,
        sentences=(text,) * 3,
        actions=tuple(_hostile_recommendation(r, text) for r in report.actions),
        projects=tuple(_hostile_project(project, text) for project in report.projects),
        sent=(SentLine(text, 1, 1),),
        incidents=many(report.incidents, text) if report.incidents else None,
    )


def _hostile_recommendation(found: Recommendation, text: str) -> Recommendation:
    return replace(found, subject=text, sentence=text, evidence=text, effect=text, follow_up=text,
                   url="javascript:alert(1)")  # fmt: skip


def _hostile_project(project: ProjectReport, text: str) -> ProjectReport:
    return replace(
        _hostile_lists(project, text),
        reasons=(text, text),
        figures={name: replace(f, title=text, source=text, note=text, url="javascript:alert(1)")
                 for name, f in project.figures.items()},
        series={name: replace(s, title=text) for name, s in project.series.items()},
        coverage=Coverage({text: (1, 24)}, (text,)),
        better=(text,),
        cost=replace(project.cost, by_source={text: 1.0}, note=text) if project.cost else None,
        objectives=tuple(replace(o, name=text, note=text) for o in project.objectives),
        recommendations=tuple(_hostile_recommendation(r, text) for r in project.recommendations),
    )  # fmt: skip


def _hostile_lists(project: ProjectReport, text: str) -> ProjectReport:
    script = "javascript:alert(1)"
    return replace(
        project,
        releases=tuple(replace(r, name=text, sha=text, outcome=r.outcome, reason=text, url="data:text/html,x")
                       for r in project.releases),
        incidents=tuple(replace(i, release=text, reason=text) for i in project.incidents),
        issues=tuple(replace(i, level=text, short_id=text, title=text, culprit=text, url=script)
                     for i in project.issues),
        builds=tuple(replace(b, name=text, sha=text, failed_jobs=(text,), reason=text, url="//evil.example")
                     for b in project.builds),
        flaky_tests=tuple(replace(t, name=text, job=text, url=script) for t in project.flaky_tests),
        endpoints=tuple(replace(e, name=text, url=script) for e in project.endpoints),
        areas=tuple(replace(a, name=text) for a in project.areas),
        workflows=tuple(replace(w, name=text) for w in project.workflows),
        replay=_hostile_replay(project.replay, text) if project.replay else None,
    )  # fmt: skip


def _hostile_replay(found: Replay, text: str) -> Replay:
    proposal = replace(found.fired[0].proposal, release=text, reason=text)
    return replace(found, fired=tuple(replace(fired, proposal=proposal, reason=text) for fired in found.fired))


def wordy_report(period: ReportPeriod = ReportPeriod.DAILY) -> PeriodReport:
    """Return a report with a name of 200 characters, one without a space, and two that are read from the right."""
    report = period_report(period, 4)
    incidents = many(report.incidents, "unbreakable" * 18) if report.incidents else None
    return replace(renamed(report, LONG[:200], "unbreakable" * 18, HEBREW, ARABIC), incidents=incidents)


def held_against_september(report: PeriodReport) -> PeriodReport:
    """Return the report as it is when someone asks for a comparison with a month of their choice."""
    september = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
    projects = tuple(replace(project, figures=_as_in_september(project)) for project in report.projects)
    return replace(report, compared_with=september, projects=projects)


def _as_in_september(project: ProjectReport) -> dict[str, Figure]:
    """Return the figures held against September by the trend that they have against the period before."""
    return {
        name: replace(figure, trends={**figure.trends, "compare_to": figure.trends["previous"]})
        if figure.trends
        else figure
        for name, figure in project.figures.items()
    }
