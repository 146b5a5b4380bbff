"""What a health check, be it stored long ago, has measured: read back from its evidence."""

from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import Denominator
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Component, Evidence


def error_count(check: HealthCheck) -> ErrorCount | None:
    """Return the failures and the total of all releases in the check's window; None when they were not counted."""
    facts = {fact.name: fact.value for fact in _facts(check, Component.ERRORS)}
    for noun in (denominator.noun for denominator in Denominator):
        failures, total = facts.get(f"failed {noun}s"), facts.get(f"{noun}s")
        if isinstance(failures, int | float) and isinstance(total, int | float):
            return ErrorCount(check.release, int(failures), int(total))
    return None


def platform_indicator(check: HealthCheck) -> str:
    """Return what the platform's status page said: none, minor, major, critical, maintenance; "" when not known."""
    page = [fact.value for fact in _facts(check, Component.DELIVERY) if fact.name == "Vercel's status page"]
    return str(page[0]) if page else ""


def _facts(check: HealthCheck, component: Component) -> tuple[Evidence, ...]:
    judgement = check.components.get(component)
    return judgement.evidence if judgement is not None else ()
