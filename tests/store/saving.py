"""A process of its own that saves a check run, for tests of what happens when several do, or one is killed."""

import sys
import time

from sqlalchemy.orm import Session

from tests.store.samples import NOON, check, deployment, observation, pipeline, probe
from watchkeeper.store.builds import save_pipelines
from watchkeeper.store.database import opened, transaction
from watchkeeper.store.delivery import save_deployments
from watchkeeper.store.endpoints import save_probes
from watchkeeper.store.health import save_checks
from watchkeeper.store.observations import save_observations

PROJECTS = [f"p{number:03}" for number in range(40)]


def save_run(session: Session, run: str) -> None:
    """Save one window of all projects; forwards or backwards, so that two runs meet in the middle."""
    projects = PROJECTS if run < "m" else PROJECTS[::-1]
    save_deployments(session, {project: [deployment()] for project in projects})
    save_pipelines(session, {project: [pipeline()] for project in projects})
    save_probes(session, {project: [probe()] for project in projects})
    save_observations(session, [observation(project=project) for project in projects])
    save_checks(session, [check(project) for project in projects], run, NOON)


def main(url: str, run: str, times: int, pause: float) -> None:
    with opened(url) as engine:
        for _ in range(times):
            with transaction(engine) as session:
                save_run(session, run)
                print("saved", flush=True)  # noqa: T201
                time.sleep(pause)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
