"""What a busy person reads of a report: one headline, and at most three sentences of what happened."""

from collections.abc import Sequence
from typing import Final

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.figure_words import change_words, value_words
from watchkeeper.domain.metrics import Better
from watchkeeper.domain.period_reports import Figure, ProjectReport
from watchkeeper.domain.phrases import amount, listed, money, percent, span
from watchkeeper.domain.report_calendar import ReportCalendar
from watchkeeper.domain.report_verdicts import critical_time
from watchkeeper.domain.trends import FLAT, Direction, Trend, trend_of
from watchkeeper.domain.verdicts import Verdict

MOST_BETTER: Final = 5  # sentences of what got better
MOST_NAMES: Final = 3


def headline(projects: Sequence[ProjectReport], calendar: ReportCalendar) -> str:
    """Return the report in one sentence: what was worst, and of how many."""
    by_verdict = {v: [p for p in projects if p.verdict is v] for v in Verdict}
    critical, warned, unknown = (by_verdict[v] for v in (Verdict.CRITICAL, Verdict.WARNING, Verdict.UNKNOWN))
    if not projects or all(project.is_empty for project in projects):
        return "Nothing is known of this period"
    doubt = f"; too little is known of {_names(unknown)}" if unknown else ""
    if critical:
        return f"{_critical(critical, calendar)}{_others(warned)}{doubt}"
    if warned:
        told = f"{_names(warned)} {'needs' if len(warned) == 1 else 'need'} a look; nothing was critical for long"
        return f"{told}{doubt}"
    if by_verdict[Verdict.HEALTHY]:
        return f"{_healthy(by_verdict[Verdict.HEALTHY], len(projects))}{doubt}"
    return f"Too little is known of {_names(unknown)} to call anything well"


def sentences(projects: Sequence[ProjectReport], calendar: ReportCalendar) -> tuple[str, ...]:
    """Return at most three sentences: how production did, what was delivered, what is new and what it cost."""
    known = [project for project in projects if not project.is_empty]
    told = (_production(known, calendar), _delivery(known), _news(known)) if known else ()
    return tuple(sentence for sentence in told if sentence)


def better_sentences(report: ProjectReport) -> tuple[str, ...]:
    """Return what got better by more than chance, the largest change first."""
    moved = [(figure, figure.trends["previous"]) for figure in report.figures.values() if "previous" in figure.trends]
    good = [(figure, trend) for figure, trend in moved if trend.good and trend.is_significant and trend.change]
    ordered = sorted(good, key=lambda pair: -abs(pair[1].change or 0))
    return tuple(_better(figure, trend) for figure, trend in ordered[:MOST_BETTER])


def _better(figure: Figure, trend: Trend) -> str:
    before, now = (value_words(value or 0, figure.unit) for value in (trend.previous, trend.current))
    words = f", {change_words(trend)}" if abs(trend.change or 0) > FLAT else ""
    return f"{figure.title}: {now} after {before}{words}"


def _names(projects: Sequence[ProjectReport]) -> str:
    return listed([project.name for project in projects], MOST_NAMES)


def _critical(projects: Sequence[ProjectReport], calendar: ReportCalendar) -> str:
    """Return which project was critical for longest and whose fault it was, and which others were."""
    length = {p.slug: critical_time(p, calendar.window, calendar.generated_at) for p in projects}
    worst = max(projects, key=lambda project: length[project.slug])
    if not length[worst.slug]:
        return f"{_names(projects)} {'was' if len(projects) == 1 else 'were'} critical"
    told = f"{worst.name} was critical for {span(length[worst.slug])}"
    guilty = [incident.release for incident in worst.incidents if incident.release]
    told += f" because of release {short_name(guilty[0])}" if guilty else ""
    others = [project for project in projects if project is not worst]
    return told + (f", and so {'was' if len(others) == 1 else 'were'} {_names(others)}" if others else "")


def _others(warned: Sequence[ProjectReport]) -> str:
    return f"; {_names(warned)} {'needs' if len(warned) == 1 else 'need'} a look" if warned else ""


def _healthy(projects: Sequence[ProjectReport], of: int) -> str:
    if len(projects) == of and of > 1:
        return "Both projects were healthy" if of == 2 else f"All {of:,} projects were healthy"
    return f"{_names(projects)} {'was' if len(projects) == 1 else 'were'} healthy"


# --- the three sentences


def _production(projects: Sequence[ProjectReport], calendar: ReportCalendar) -> str:
    incidents = [incident for project in projects for incident in project.incidents]
    total = sum((critical_time(p, calendar.window, calendar.generated_at) for p in projects), start=calendar.point * 0)
    unattributed = sum(not incident.release for incident in incidents)
    silent = any(project.verdict is Verdict.UNKNOWN for project in projects)
    none = "No incident is known" if silent else "There was no incident"
    told = [f"{amount(len(incidents), 'incident')}, {span(total)} in all" if incidents else none]
    if unattributed:
        told[0] += f" ({unattributed:,} laid on no release)"
    rate = _sum(projects, "failures")
    if rate is not None:
        failed = f"{percent(rate[0] / rate[1])} of {rate[1]:,.0f} requests or sessions failed"
        told.append(failed + _change_of(projects))
    return "; ".join(told)


def _sum(projects: Sequence[ProjectReport], name: str) -> tuple[float, float] | None:
    """Return a share over all projects as its two parts; None when nothing was counted."""
    figures = [project.figures[name] for project in projects if name in project.figures]
    total = sum(figure.denominator or 0 for figure in figures)
    return (sum(figure.numerator or 0 for figure in figures), total) if total else None


def _total(projects: Sequence[ProjectReport], name: str) -> float | None:
    """Return a count over all projects; None when it is known of none."""
    values = [p.figures[name].value for p in projects if name in p.figures]
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _change_of(projects: Sequence[ProjectReport]) -> str:
    """Return how many of the projects fail more, and less, than before, by more than chance; "" when none does."""
    trends = [p.figures["failures"].trends.get("previous") for p in projects if "failures" in p.figures]
    moved = [trend for trend in trends if trend is not None and trend.is_significant and trend.good is not None]
    worse, better = sum(not trend.good for trend in moved), sum(bool(trend.good) for trend in moved)
    if len(projects) == 1 and moved:
        return f", {'more' if worse else 'less'} than before"
    told = [f"more than before in {worse:,}" if worse else "", f"less in {better:,}" if better else ""]
    words = " and ".join(filter(None, told))
    return f", {words} of {amount(len(projects), 'project')}" if words else ""


def _delivery(projects: Sequence[ProjectReport]) -> str:
    told = []
    if any("releases" in project.figures or project.releases for project in projects):
        counts = [day for project in projects for day in project.calendar.values()]
        failed = [(p.name, line) for p in projects for line in p.releases if line.outcome in {"failed", "rolled back"}]
        names = listed([f"{line.name} of {name}" for name, line in failed])
        live = f"{amount(sum(released for released, _ in counts), 'release')} went live"
        told.append(f"{live}, {sum(bad for _, bad in counts):,} failed ({names})" if failed else live)
    builds = _sum(projects, "builds")
    if builds is not None:
        told.append(f"{percent(builds[0] / builds[1])} of {amount(round(builds[1]), 'build')} passed")
    broken = [project for project in projects if project.broken_since is not None]
    if broken:
        told.append(f"the default branch of {_names(broken)} was left broken")
    return "; ".join(told)


def _news(projects: Sequence[ProjectReport]) -> str:
    told = []
    new, regressed = _total(projects, "new_issues"), _total(projects, "regressed_issues")
    if new is not None:
        fatal = sum(line.level == "fatal" and line.kind == "new" for p in projects for line in p.issues)
        told.append(f"{amount(round(new), 'new issue')}" + (f" ({fatal:,} fatal)" if fatal else ""))
    if regressed:
        told.append(f"{amount(round(regressed), 'issue')} came back")
    return "; ".join([*told, *_costs(projects)])


def _costs(projects: Sequence[ProjectReport]) -> list[str]:
    """Return what all of it has cost, a sentence a currency."""
    costs = [project.cost for project in projects if project.cost and project.cost.actual is not None]
    found = []
    for currency in sorted({cost.currency for cost in costs}):
        own = [cost for cost in costs if cost.currency == currency]
        compared = [cost for cost in own if cost.variance is not None]
        told = f"{money(sum(cost.actual or 0 for cost in own), currency)} spent"
        expected = sum(cost.expected or 0 for cost in compared)
        if expected and len(compared) == len(own):
            trend = trend_of(sum(cost.actual or 0 for cost in compared), expected, Better.LESS)
            words = change_words(trend)
            as_expected = trend.direction is Direction.FLAT
            told += ", as expected" if as_expected else f", {words} {'as' if 'times' in words else 'than'} expected"
        found.append(told)
    return found
