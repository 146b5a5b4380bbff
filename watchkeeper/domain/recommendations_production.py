"""What to do about production, because of numbers."""

import math
from collections.abc import Iterator
from typing import Final

from watchkeeper.domain.figure_words import change_words, share_words
from watchkeeper.domain.period_reports import EndpointLine, IssueLine, Objective, ProjectReport, Recommendation
from watchkeeper.domain.phrases import amount, clock, listed, milliseconds, percent
from watchkeeper.domain.recommendations_making import CRITICAL, INFO, WARNING, give, link
from watchkeeper.domain.redaction import shortened

CERTIFICATE_DAYS, CERTIFICATE_CRITICAL = 21, 3
SLOWER: Final = 0.2  # change of an endpoint's p95 from which it is worth a look, even below its limit
LEAST_MS: Final = 300  # below which slower does not matter
BUDGET_DAYS: Final = 6  # from which a period is long enough to have an error budget of its own
BUDGET: Final = 0.25  # of the error budget left, from which changes should be small
TOP_SHARE, TOP_EVENTS = 0.25, 50  # of all events, from which one issue is worth to be mended first
FEW_EVENTS: Final = 5  # below which an issue that came back is a curiosity
MOST: Final = 2  # recommendations of one rule that name single issues
GRAVE: Final = frozenset({"fatal", "error"})
BAD_SHARE: Final = 0.15  # of releases that fail: what is above the published levels
UNSEEN: Final = 0.3  # of releases that nothing was counted of
SEEN_HOURS: Final = 0.9  # of a source, below which someone should see to it
LEAST_HOURS: Final = 12
FAILED: Final = frozenset({"failed", "rolled back"})


def custody(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    if report.custody_since is None:
        return
    builds = amount(report.waiting, "finished build")
    yield give(
        report,
        "custody",
        "",
        CRITICAL if report.waiting else WARNING,
        "Promote a repaired build: since a rollback, production is held at an earlier release",
        f"Held since {clock(report.custody_since)}; {builds} did not go live.",
        f"{builds.capitalize()} can go live, and the next push does so by itself again."
        if report.waiting
        else "The next push goes live by itself again.",
        size=50 + report.waiting,
        measured=report.waiting,
        url=link(report, "releases"),
    )


def lasting_incident(report: ProjectReport, days: float) -> Iterator[Recommendation]:
    for incident in report.incidents:
        if incident.ended_at is not None:
            continue
        figure = report.figures.get("failures")
        failed = (figure.numerator or 0) / (24 * days) if figure else 0
        way = f"Go back from release {incident.release[:7]}" if incident.release else "Find the cause"
        effect = f"About {failed:,.0f} failures an hour less." if failed >= 1 else "The incident, 1 of 1 open, ends."
        yield give(
            report,
            "lasting_incident",
            incident.release,
            CRITICAL,
            f"{way}: {report.name} is critical and it is not over",
            f"Since {clock(incident.started_at)}: {incident.reason}",
            effect,
            size=99,
            measured=1,
        )


def certificates(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    """One for all endpoints whose certificates end on the same day: it is one certificate, as a rule."""
    ending: dict[int, list[EndpointLine]] = {}
    for line in report.endpoints:
        if line.certificate_days is not None and line.certificate_days < CERTIFICATE_DAYS:
            ending.setdefault(math.floor(line.certificate_days), []).append(line)
    for days, lines in sorted(ending.items()):
        names = listed(sorted(line.name for line in lines))
        yield give(
            report,
            "certificate",
            min(line.name for line in lines),
            CRITICAL if days < CERTIFICATE_CRITICAL else WARNING,
            f"Renew the certificate of {names}",
            f"It ends in {days} days." if days >= 0 else f"It ended {-days} days ago.",
            f"No browser refuses {amount(len(lines), 'endpoint')} {f'in {days} days' if days >= 0 else 'any more'}.",
            size=90 - 4 * days,
            measured=days,
            url=lines[0].url,
        )


def slow_endpoints(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    for line in report.endpoints:
        trend = line.trend
        slower = trend is not None and bool(trend.is_significant) and (trend.change or 0) >= SLOWER
        if line.p95_ms is None or line.limit_ms is None or not (line.is_slow or (slower and line.p95_ms >= LEAST_MS)):
            continue
        before = trend.previous if trend is not None and slower else None
        told = f"5 % of {amount(line.probes, 'probe')} took {milliseconds(line.p95_ms)} or longer"
        told += f", limit {milliseconds(line.limit_ms)}" if line.is_slow else ""
        if trend is not None and before is not None:
            told += f"; {milliseconds(before)} in the period before ({change_words(trend)}, more than chance)"
        won = line.p95_ms - (line.limit_ms if line.is_slow and before is None else before or 0)
        yield give(
            report,
            "slow_endpoint",
            line.name,
            WARNING if line.is_slow else INFO,
            f"Find out what makes {line.name} slow{'er than before' if before is not None else ''}",
            f"{told}.",
            f"The slowest 5 % answer {milliseconds(won)} sooner, about {max(1, round(line.probes * 0.05)):,} times.",
            size=min(60.0, 20 * line.p95_ms / line.limit_ms),
            measured=line.p95_ms,
            url=line.url,
        )


def error_budgets(report: ProjectReport, days: float) -> Iterator[Recommendation]:
    """A budget is for weeks: a single day that spends too much of it says nothing of what to do."""
    for objective in report.objectives if days >= BUDGET_DAYS else ():
        left = objective.budget_left
        if left is not None and objective.actual is not None and left < BUDGET:
            yield _of_budget(report, objective, left, objective.actual)


def _of_budget(report: ProjectReport, objective: Objective, left: float, actual: float) -> Recommendation:
    bad, allowed = objective.total - objective.good, objective.total * (1 - objective.target)
    kept = f"{share_words(actual)} instead of the {share_words(objective.target)} promised"
    if left >= 0:
        effect = f"{max(0.0, allowed - bad):,.0f} more failures are left until the promise is broken."
        sentence = f"Ship only small changes until the budget of {objective.name} has recovered"
        evidence = f"{percent(left)} of the error budget is left: {bad:,} of {allowed:,.0f} failures are used up."
        return give(report, "error_budget", objective.name, INFO, sentence, evidence, effect,
                    size=40, measured=left)  # fmt: skip
    sentence = f"Put {objective.name} before new features: its error budget is overspent"
    evidence = f"{kept}; {bad:,} failures, {allowed:,.0f} allowed."
    effect = f"With {bad - allowed:,.0f} fewer failures in such a period the promise is kept."
    return give(report, "error_budget", objective.name, WARNING, sentence, evidence, effect,
                size=50 - 10 * left, measured=left)  # fmt: skip


def failed_releases(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    released = sum(number for number, _ in report.calendar.values())
    failed = sum(bad for _, bad in report.calendar.values())
    if failed < 2 or failed / released <= BAD_SHARE:
        return
    names = listed([line.name for line in report.releases if line.outcome in FAILED])
    level = "at 15 %, where the published levels end"
    yield give(
        report,
        "failed_releases",
        "",
        WARNING,
        f"Look at what the failed releases {names} have in common, before the next one",
        f"{failed:,} of {released:,} releases failed ({percent(failed / released)}).",
        f"{failed - BAD_SHARE * released:.1f} failed releases fewer in such a period {level}.",
        size=100 * failed / released,
        measured=failed / released,
        url=link(report, "releases"),
    )


def failed_release(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    """For the newest release alone: an older one that failed has been followed by another."""
    newest = report.releases[0] if report.releases else None
    if newest is None or newest.outcome not in FAILED or not newest.total:
        return
    taken_back = newest.outcome == "rolled back"
    own = f"{newest.failures:,} of {newest.total:,}"
    yield give(
        report,
        "failed_release",
        newest.name,
        WARNING,
        f"Repair release {newest.name} before its changes go out again"
        if taken_back
        else f"Repair release {newest.name} or go back from it: it is the newest one",
        f"{own} of what it served failed ({percent(newest.failures / newest.total)}): {newest.reason}.",
        f"Its changes reach people without {newest.failures:,} failures in {newest.total:,}.",
        size=60 + 30 * newest.failures / newest.total,
        measured=newest.failures / newest.total,
        url=newest.url,
    )


def top_issue(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    total = sum(area.events for area in report.areas if area.kind == "culprit")
    total = max(total, sum(line.events or 0 for line in report.issues))
    top = max(report.issues, key=lambda line: line.events or 0, default=None)
    most = (top.events or 0) if top else 0
    if top is None or most < TOP_EVENTS or most < TOP_SHARE * total or top.level not in GRAVE:
        return
    if len(report.issues) == 1 and top.kind == "top":
        return  # there is nothing that it could come before
    share = percent(most / total)
    yield give(
        report,
        "top_issue",
        top.short_id,
        WARNING if top.kind != "top" else INFO,
        f"Mend {top.short_id} first: {_title(top)}",
        f"{most:,} of {total:,} events since it was first seen ({share}), {_people(top)}.",
        f"Up to {share} of the errors of this project do not come again.",
        size=90 * most / total,
        measured=most,
        url=top.url,
    )


def regressed_issues(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    back = [line for line in report.issues if line.kind == "regressed" and line.level in GRAVE]
    many = [(line, line.events) for line in back if line.events is not None and line.events >= FEW_EVENTS]
    for line, events in sorted(many, key=lambda each: -(each[0].users or 0))[:MOST]:
        yield give(
            report,
            "regressed_issue",
            line.short_id,
            WARNING,
            f"Open {line.short_id} again, it came back after it was resolved: {_title(line)}",
            f"{amount(events, 'event')} since it was first seen, {_people(line)}, last seen {clock(line.last_seen)}.",
            f"Ends an error met by {_people(line)}; add a regression test.",
            size=min(60.0, 10 + (line.users or 0) / 10),
            measured=events,
            url=line.url,
        )


def _people(line: IssueLine) -> str:
    if line.users is None:
        return "an unknown number of people"
    return "1 person" if line.users == 1 else f"{line.users:,} people"


def _title(line: IssueLine) -> str:
    shown = (letter if letter.isprintable() else " " for letter in line.title)
    title = " ".join("".join(shown).split()) or "an error without a title"
    return shortened(title, 80)


def unseen_releases(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    figure = report.figures.get("failures")
    unseen = [line for line in report.releases if not line.total]
    share = len(unseen) / len(report.releases) if report.releases else 0
    if figure is None or not figure.sample or len(unseen) < 2 or share < UNSEEN:
        return
    number = f"{len(unseen):,} of {amount(len(report.releases), 'release')}"
    yield give(
        report,
        "unseen_releases",
        "",
        INFO,
        "Let the application tell Sentry its release, or find out why these had no traffic",
        f"{number} had no request under their name, of {figure.sample:,} that were counted.",
        f"{percent(share)} of the releases can be judged by their own numbers, and be found guilty or not.",
        size=50 * share,
        measured=share,
        url=figure.url,
    )


def unseen_hours(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    for source in ("sentry", "endpoints", "circleci", "vercel"):
        known, of = report.coverage.hours.get(source, (0, 0))
        never_begun = source == "endpoints" and not known
        if of < LEAST_HOURS or known >= SEEN_HOURS * of or never_begun:
            continue
        why = next((r for r in report.coverage.reasons if r.startswith(f"{source}: ")), "")
        yield give(
            report,
            "unseen_hours",
            source,
            WARNING if known < of / 2 else INFO,
            f"See to it that {source} can be read",
            f"{known:,} of {of:,} hours are known{'; ' + why if why else ''}.",
            f"{of - known:,} more hours of such a period can be judged.",
            size=60 * (1 - known / of),
            measured=known / of,
        )


RULES: Final = (
    lasting_incident,
    custody,
    certificates,
    slow_endpoints,
    error_budgets,
    failed_releases,
    failed_release,
    top_issue,
    regressed_issues,
    unseen_releases,
    unseen_hours,
)
