"""What to do about builds, tests and cost, because of numbers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from watchkeeper.domain.figure_words import change_words, over_words, value_words
from watchkeeper.domain.period_reports import ProjectReport, Recommendation, WorkflowLine
from watchkeeper.domain.phrases import amount, listed, money, percent, span
from watchkeeper.domain.recommendations_making import INFO, WARNING, give, link
from watchkeeper.domain.redaction import shortened
from watchkeeper.domain.verdicts import Verdict

MINUTE: Final = timedelta(minutes=1)
FLAKY_TIMES, FLAKY_LOST = 3, 10 * MINUTE  # from which a flaky test costs more than to mend it
FLAKY_GRAVE: Final = 60 * MINUTE
FLAKY_DAYS: Final = 14  # over which CircleCI counts
MOST_FLAKY: Final = 3
SLOWER: Final = 0.15  # change of a workflow's p95
FEW_RUNS: Final = 5
QUEUED_S, QUEUED_SHARE = 60, 0.15  # of a workflow's p95
RERUN_SHARE, RERUNS = 0.10, 3
SLOW_REPAIR_S: Final = 3_600
PASSING: Final = 0.9  # share of builds that even the upper bound must reach
ENOUGH_BUILDS: Final = 20
SHORT: Final = 2  # days, up to which a period is held against the same one of the week before
GROWN: Final = 1.25  # times the credits of the period before, from which a workflow explains a spike


def flaky_tests(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    costly = [line for line in report.flaky_tests if line.times >= FLAKY_TIMES or line.time_lost >= FLAKY_LOST]
    for line in costly[:MOST_FLAKY]:
        minutes = line.time_lost / MINUTE
        place = f" in {line.job}" if line.job else ""
        yield give(
            report,
            "flaky_test",
            line.name,
            WARNING if line.time_lost >= FLAKY_GRAVE else INFO,
            f"Mend or quarantine the test {_short(line.name)}{place}",
            f"It failed and passed on the same commit {line.times:,} times in {FLAKY_DAYS} days; "
            f"{span(line.time_lost)} of runs were repeated.",
            f"About {span(line.time_lost)} of builds saved in {FLAKY_DAYS} days, and {line.times:,} false alarms.",
            size=min(80.0, minutes / 2 + line.times),
            measured=minutes,
            url=line.url,
        )


def slower_builds(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    for line in report.workflows:
        trend = line.trend
        if trend is None or trend.current is None or trend.previous is None or line.runs < FEW_RUNS:
            continue
        if not trend.is_significant or (trend.change or 0) < SLOWER:
            continue
        longer = trend.current - trend.previous
        yield give(
            report,
            "slower_build",
            line.name,
            INFO,
            f"Find out what makes the workflow {_short(line.name)} slower",
            f"p95 of {amount(line.runs, 'run')} is {value_words(trend.current, 's')} after "
            f"{value_words(trend.previous, 's')} ({change_words(trend)}, more than chance).",
            f"Up to {value_words(longer, 's')} less to wait a run, {value_words(longer * line.runs, 's')} in such a "
            "period.",
            size=min(60.0, longer * line.runs / 120),
            measured=trend.current,
            url=link(report, "builds"),
        )


def build_queue(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    for line in report.workflows:
        if line.queue_s is None or line.p95_s is None or line.runs < FEW_RUNS:
            continue
        if line.queue_s >= max(QUEUED_S, QUEUED_SHARE * line.p95_s):
            yield give(
                report,
                "build_queue",
                line.name,
                INFO,
                f"Give the workflow {_short(line.name)} more machines, or start fewer of its jobs at once",
                f"5 % of {amount(line.runs, 'run')} waited {value_words(line.queue_s, 's')} or longer for a machine; "
                f"p95 of the whole run is {value_words(line.p95_s, 's')}.",
                f"The slowest runs end up to {value_words(line.queue_s, 's')} sooner.",
                size=min(50.0, line.queue_s / 20),
                measured=line.queue_s,
                url=link(report, "builds"),
            )


def cost_spike(report: ProjectReport, days: float) -> Iterator[Recommendation]:
    cost = report.cost
    if cost is None or cost.actual is None or cost.expected is None or cost.variance is None:
        return
    if cost.verdict not in {Verdict.WARNING, Verdict.CRITICAL}:
        return
    grown = _grown(report)
    over = cost.actual - cost.expected
    told = f"{money(cost.actual, cost.currency)}, {over_words(cost.variance)} the"
    told += f" {money(cost.expected, cost.currency)} expected"
    yield give(
        report,
        "cost_spike",
        grown.name if grown else "",
        WARNING,
        f"Look at the workflow {_short(grown.name)}: it makes the cost" if grown else "Find out what makes the cost",
        f"{told}{_of_workflow(report, grown, days)}.",
        f"About {money(over / days, cost.currency)} a day less.",
        size=min(80.0, 40 * cost.variance + over),
        measured=cost.actual / days,
        url=link(report, "cost") or link(report, "builds"),
    )


def _grown(report: ProjectReport) -> WorkflowLine | None:
    """Return the workflow whose credits have grown most; None when none has by much."""
    known = [line for line in report.workflows if line.credits_before is not None]
    grown = [line for line in known if line.credits > GROWN * (line.credits_before or 0)]
    return max(grown, key=lambda line: line.credits - (line.credits_before or 0), default=None)


def _of_workflow(report: ProjectReport, line: WorkflowLine | None, days: float) -> str:
    if line is None:
        return ""
    credit = report.figures.get("credits")
    whole = f" of {credit.value:,.0f}" if credit and credit.value else ""
    when = "a week before" if days < SHORT else "in the period before"
    return f"; it used {line.credits:,.0f}{whole} credits, {line.credits_before or 0:,.0f} {when}"


def reruns(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    again = sum(line.reruns for line in report.workflows)
    runs = sum(line.runs for line in report.workflows)
    if again < RERUNS or not runs or again / runs < RERUN_SHARE:
        return
    names = listed([_short(line.name) for line in sorted(report.workflows, key=lambda w: -w.reruns) if line.reruns])
    time = report.figures.get("build_time_p50_s")
    lost = f"About {value_words(again * time.value, 's')} of builds" if time and time.value else f"{again:,} runs"
    yield give(
        report,
        "reruns",
        "",
        INFO,
        f"Find out why builds of {names} are run again",
        f"{again:,} of {amount(runs, 'run')} ({percent(again / runs)}) repeated one on the same commit.",
        f"{lost} saved in such a period.",
        size=min(50.0, 100 * again / runs),
        measured=again / runs,
        url=link(report, "builds"),
    )


def branch_recovery(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    figure = report.figures.get("branch_recovery_s")
    slow = figure is not None and figure.value is not None and figure.value >= SLOW_REPAIR_S
    if report.broken_since is not None:
        yield _broken_now(report)
    elif slow and figure is not None and figure.value is not None:
        yield give(
            report,
            "branch_recovery",
            "",
            INFO,
            "Take a change that breaks the default branch back, instead of mending it there",
            f"It was broken {figure.sample:,} times, for {value_words(figure.value, 's')} in the median.",
            f"{value_words(figure.value * figure.sample, 's')} in which nobody else could release.",
            size=min(50.0, figure.value / 600),
            measured=figure.value,
            url=figure.url,
        )


def _broken_now(report: ProjectReport) -> Recommendation:
    line = report.builds[0] if report.builds else None
    named = f" in {listed(list(line.failed_jobs))}" if line and line.failed_jobs else ""
    number = f"build {line.number}{named} failed" if line else "its last build failed"
    since = f"{report.broken_since:%Y-%m-%d %H:%M} UTC"
    return give(
        report,
        "broken_branch",
        "",
        WARNING,
        "Repair the default branch: nothing can be released from it",
        f"Broken since {since}; {number}.",
        f"{amount(max(1, len(report.builds)), 'failed build')} of the period are not followed by more.",
        size=60,
        measured=len(report.builds),
        url=line.url if line else "",
    )


def failing_builds(report: ProjectReport, _: float) -> Iterator[Recommendation]:
    figure = report.figures.get("builds")
    if figure is None or figure.value is None or figure.interval is None or figure.sample < ENOUGH_BUILDS:
        return
    worst = max(report.workflows, key=lambda line: line.runs - line.passed, default=None)
    if figure.interval[1] >= PASSING or worst is None:
        return
    failed = worst.runs - worst.passed
    yield give(
        report,
        "failing_builds",
        worst.name,
        INFO,
        f"Look at the workflow {_short(worst.name)}: it fails most often",
        f"{failed:,} of its {amount(worst.runs, 'run')} failed; {percent(figure.value)} of all "
        f"{amount(figure.sample, 'build')} passed.",
        f"At 90 %, {figure.sample * (PASSING - figure.value):,.0f} builds more would pass in such a period.",
        size=min(60.0, 100 * (1 - figure.value)),
        measured=figure.value,
        url=figure.url,
    )


def _short(name: str) -> str:
    return shortened(name, 80)


RULES: Final = (
    flaky_tests,
    slower_builds,
    build_queue,
    cost_spike,
    reruns,
    branch_recovery,
    failing_builds,
)
