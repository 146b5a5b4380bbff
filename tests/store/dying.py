"""A process of its own that decides who is told what and dies on the way."""

import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from tests.store.alert_samples import ALERT
from tests.store.samples import NOON
from watchkeeper.domain.alert_policy import AlertPolicy, Timing
from watchkeeper.domain.alerts import run_pass
from watchkeeper.store.alert_messages import claim_message, mark_sent, pending_messages
from watchkeeper.store.alert_passes import known, save_pass
from watchkeeper.store.alerts import open_alerts, save_alerts
from watchkeeper.store.database import opened, reading, transaction

POINTS = ("saving", "saved", "deciding", "decided", "claiming", "claimed", "sent", "noting")
DOWN = replace(ALERT, calm_since=None, flips=(), is_flapping=False)
POLICY = AlertPolicy(
    names={"shop": "Shop"}, default_channels={"shop": ("slack",), "": ("slack",)}, timing=Timing(group_wait=timedelta())
)


def tell(engine: Engine, channel: Path, now_after: timedelta, dies_at: str = "") -> None:
    """Do all that a pass does for one alert. `channel`: a file that gets a line for each message."""
    now = NOON + now_after

    def reached(point: str) -> None:
        if point == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with transaction(engine) as session:
        if not open_alerts(session):
            save_alerts(session, [DOWN])
        reached("saving")
    reached("saved")
    with reading(engine) as session:
        result = run_pass(known(session, now), POLICY, now)
    with transaction(engine) as session:
        assert save_pass(session, result, now)
        reached("deciding")
    reached("decided")
    with reading(engine) as session:
        waiting = pending_messages(session, now)
    for each in waiting:
        with transaction(engine) as session:
            message = claim_message(session, each.id, now)
            reached("claiming")
        reached("claimed")
        if message is not None:
            with channel.open("a") as file:
                file.write(f"{message.digest.key}\n")
            reached("sent")
            with transaction(engine) as session:
                mark_sent(session, message.id, "", now)
                reached("noting")


if __name__ == "__main__":
    with opened(sys.argv[1]) as engine:
        tell(engine, Path(sys.argv[2]), timedelta(), sys.argv[3])
