"""A pass that is killed anywhere is made up for by the next one: nothing is lost, and hardly anything told twice."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.dying import DOWN, POINTS, tell
from tests.store.samples import NOON
from watchkeeper.store.alert_groups import open_groups
from watchkeeper.store.alert_ledger import ledger_of
from watchkeeper.store.alert_messages import LEASE
from watchkeeper.store.alerts import open_alerts
from watchkeeper.store.database import opened, reading

TWICE = {"sent", "noting"}  # it has arrived, and nobody could note it


@pytest.mark.parametrize("point", POINTS)
def test_who_dies_is_replaced_by_the_next_pass(url: str, tmp_path: Path, point: str) -> None:
    channel = tmp_path / "channel"
    died = subprocess.run([sys.executable, "-m", "tests.store.dying", url, str(channel), point], check=False)
    assert died.returncode == -signal.SIGKILL
    with opened(url) as engine:
        for _ in range(2):
            tell(engine, channel, LEASE)
        with reading(engine) as session:
            (alert,) = open_alerts(session)
            (group,) = open_groups(session)
            (entry,) = ledger_of(session, group.id)
    assert replace(alert, id=0, version=0) == DOWN
    assert entry.notification.sequence == 1
    assert entry.notification.firing == {DOWN.fingerprint}
    assert entry.notification.at in {NOON, NOON + LEASE}
    lines = channel.read_text().splitlines()
    assert len(lines) == (2 if point in TWICE else 1)
    assert len(set(lines)) == 1, "whoever gets it twice can tell by the key"
