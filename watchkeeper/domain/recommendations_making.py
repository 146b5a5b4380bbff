"""How a rule gives a recommendation: always with the numbers that it rests on."""

from typing import Final

from watchkeeper.domain.period_reports import ProjectReport, Recommendation

CRITICAL, WARNING, INFO = "critical", "warning", "info"
_WEIGHTS: Final = {CRITICAL: 300.0, WARNING: 200.0, INFO: 100.0}
_HEAVIEST: Final = 99.0


def give(  # noqa: PLR0913, PLR0917 - all that a recommendation is
    report: ProjectReport,
    rule: str,
    subject: str,
    severity: str,
    sentence: str,
    evidence: str,
    effect: str,
    *,
    size: float,
    measured: float,
    url: str = "",
) -> Recommendation:
    """Return a recommendation that is ranked by its severity, then by its size.

    Args:
        size: how much there is to win, 0..99, as far as rules can be compared.
        measured: what it is judged by when it is given again; in the unit that `recommendations.MEASURES` names.
    """
    weight = _WEIGHTS[severity] + min(max(size, 0.0), _HEAVIEST)
    return Recommendation(report.slug, rule, subject, severity, sentence, evidence, effect, weight, measured, url=url)


def link(report: ProjectReport, figure: str) -> str:
    """Return the page on which a figure can be looked up; "" when there is none."""
    found = report.figures.get(figure)
    return found.url if found else ""
