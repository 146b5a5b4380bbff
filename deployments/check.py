"""`watchkeeper check`: one health check, here and now, recorded on the server like every other run."""

from collections.abc import Sequence
from datetime import datetime

from prefect.exceptions import MissingResult

from flows.health_check import health_check
from watchkeeper.domain.health import CheckType, HealthCheck


class AnswerLostError(Exception):
    """The check was made and kept, and what it found did not come back."""


async def run_check(
    projects: Sequence[str], at: str | None, window_minutes: int, check_type: str
) -> tuple[HealthCheck, ...]:
    """Return the judgements of the projects, in the order of the configuration.

    Raises:
        ValueError: a parameter is not right; the text says which and what was expected.
        LookupError: a project that is not configured.
        AnswerLostError: Prefect's server was too slow, or the connection broke, as the run ended.
    """
    try:
        checks: tuple[HealthCheck, ...] = await health_check(  # type: ignore[assignment]
            projects=list(projects) or None,
            window_minutes=window_minutes,
            at=_moment(at),
            check_type=_check_type(check_type),
        )
    except MissingResult:  # docs/decisions/0015
        raise AnswerLostError(
            "The check was made and its verdicts are kept, but Prefect's server did not answer in time at its end, "
            "so they cannot be shown here. They stand in the Prefect UI; or run the check again."
        ) from None
    return checks


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--at {text}: expected a moment like 2026-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"--at {text}: a time zone is missing, as in {text}Z")
    return moment


def _check_type(text: str) -> CheckType:
    try:
        return CheckType(text)
    except ValueError:
        raise ValueError(f"--check-type {text}: expected one of {', '.join(CheckType)}") from None
