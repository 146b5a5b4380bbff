"""What a watch has seen on days that are over: probes and checks, put into the store by plain SQL."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROBE = (
    "INSERT INTO probes VALUES (:project, :at, :endpoint, :failure, '', :status, NULL, 2, NULL, :first_byte_ms, "
    ":total_ms, :certificate_expires_at, '')"
)
CHECK = (
    "INSERT INTO health_checks VALUES (:project, :window_start, :window_end, 'full', :verdict, :score, 1, '[]', "
    "'none', '', '', '', 0, :run, :window_end)"
)


def probes(slug: str, start: datetime, hours: range, seed: int) -> Iterator[dict[str, Any]]:
    """Yield probes of two endpoints every three minutes of these hours; some fail, one has a certificate."""
    chance = random.Random(f"{seed} {slug} {start}")
    for minute in range(hours.start * 60, hours.stop * 60, 3):
        at = start + timedelta(minutes=minute, seconds=chance.uniform(0, 50))
        for endpoint, usual in (("health", 40), ("home", 180)):
            first = usual * chance.lognormvariate(0, 0.5)
            failure = chance.choice(["timeout", "status", "connect"]) if chance.random() < 0.02 else None
            yield {
                "project": slug,
                "at": f"{at:%Y-%m-%d %H:%M:%S.%f}",
                "endpoint": endpoint,
                "failure": failure,
                "status": 500 if failure == "status" else None if failure else 200,
                "first_byte_ms": None if failure in {"timeout", "connect"} else first,
                "total_ms": None if failure in {"timeout", "connect"} else first * chance.uniform(1.05, 1.6),
                "certificate_expires_at": f"{start + 40 * DAY:%Y-%m-%d %H:%M:%S.%f}" if endpoint == "home" else None,
            }


def checks(slug: str, start: datetime, hours: range, seed: int) -> Iterator[dict[str, Any]]:
    """Yield four checks an hour; now and then one that knew nothing."""
    chance = random.Random(f"{seed} {slug} {start}")
    for quarter in range(hours.start * 4, hours.stop * 4):
        begin = start + quarter * HOUR / 4
        score = None if chance.random() < 0.03 else float(chance.randint(72, 100))
        yield {
            "project": slug,
            "window_start": f"{begin:%Y-%m-%d %H:%M:%S.%f}",
            "window_end": f"{begin + HOUR / 4:%Y-%m-%d %H:%M:%S.%f}",
            "verdict": "unknown" if score is None else "healthy",
            "score": score,
            "run": f"{slug}-{quarter}",
        }
