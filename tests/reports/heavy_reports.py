"""Made-up reports with as much in them as there can be."""

from dataclasses import replace

from tests.reports.incident_makers import many
from tests.reports.period_makers import period_report
from tests.reports.tales import LONG
from watchkeeper.domain.period_reports import Figure, PeriodReport, ProjectReport, ReportPeriod

_FIGURES = 28


def heavy_report(period: ReportPeriod, projects: int) -> PeriodReport:
    """Return a report in which every project has every list as long as it can be, with long names and links."""
    report = period_report(period, projects)
    worst = report.projects[0]
    incidents = many(report.incidents, LONG) if report.incidents else None
    return replace(report, projects=tuple(_heavy(project, worst) for project in report.projects), incidents=incidents)


def _heavy(project: ProjectReport, worst: ProjectReport) -> ProjectReport:
    return replace(
        project,
        figures=_many(project),
        releases=worst.releases[:1] * 40,
        issues=worst.issues[:1] * 12,
        builds=worst.builds * 12,
        flaky_tests=worst.flaky_tests[:1] * 8,
        endpoints=project.endpoints[:1] * 20,
        workflows=project.workflows[:1] * 10,
        areas=worst.areas[:1] * 12,
        incidents=worst.incidents * 6,
        recommendations=worst.recommendations * 2,
        reasons=worst.reasons * 2,
        replay=replace(worst.replay, fired=worst.replay.fired * 8) if worst.replay else None,
    )


def _many(project: ProjectReport) -> dict[str, Figure]:
    """Return the project's figures and others like the failure rate, which has most to tell."""
    more = {
        f"failures_{n}": replace(project.figures["failures"], name=f"failures_{n}", note="18 of 24 hours complete")
        for n in range(_FIGURES - len(project.figures))
    }
    return {**project.figures, **more}
