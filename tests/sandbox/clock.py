"""A clock that tests move by hand."""

from datetime import UTC, datetime

NOON = datetime(2026, 3, 11, 12, 7, 30, tzinfo=UTC).timestamp()  # a Wednesday
NIGHT = datetime(2026, 3, 15, 3, 7, 30, tzinfo=UTC).timestamp()  # a Sunday, when hardly anybody is awake


class Clock:
    """Tells the moment, in epoch seconds, that it was set to."""

    def __init__(self, moment: float = NOON) -> None:
        self.moment = moment

    def __call__(self) -> float:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += seconds
