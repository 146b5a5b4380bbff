"""How fast incidents were taken on and ended, in words."""

from reports.figures import NOT_KNOWN
from watchkeeper.domain.incident_times import Mean, ResponseTimes
from watchkeeper.domain.phrases import amount, span
from watchkeeper.domain.report_incidents import PeriodIncidents


def response_line(times: ResponseTimes) -> str:
    """Return MTTA, MTTR and MTBF in one line, each with what it is counted over."""
    told = (
        ("MTTA", times.acknowledge, "were taken on"),
        ("MTTR", times.restore, "are resolved"),
        ("MTBF", times.between, "pairs are known"),
    )
    return "; ".join(f"{name} {mean_time(mean)} ({counted(mean)} {what})" for name, mean, what in told)


def incidents_sentence(found: PeriodIncidents) -> str:
    """Return how many there were in a period, and how fast they were taken on and ended."""
    if not found.lines:
        return "No incident."
    opened = f"{amount(found.opened, 'incident')} opened"
    older = len(found.lines) + found.more - found.opened
    earlier = f", {older:,} from before" if older else ""
    return f"{opened[0].upper()}{opened[1:]}{earlier}: {response_line(found.times)}."


def mean_time(mean: Mean) -> str:
    return NOT_KNOWN if mean.value is None else span(mean.value)


def counted(mean: Mean) -> str:
    return f"{mean.counted:,} of {mean.total:,}"
