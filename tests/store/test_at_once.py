"""Two writers at once, or one killed in the middle: exactly one row for each project and window, or none."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text

from tests.store.samples import WINDOW, check
from tests.store.saving import PROJECTS, save_run
from watchkeeper.store.database import opened, reading, transaction
from watchkeeper.store.health import checks

ONCE_EACH = {
    "health_checks": len(PROJECTS),
    "components": 2 * len(PROJECTS),
    "observations": len(PROJECTS),
    "probes": len(PROJECTS),
    "pipelines": len(PROJECTS),
    "workflows": len(PROJECTS),
    "vercel_deployments": len(PROJECTS),
    "projects": len(PROJECTS),
}


def counts(engine: Engine) -> dict[str, int]:
    with reading(engine) as session:
        return {
            table: session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            for table in ONCE_EACH
        }


def start(url: str, run: str, times: int, pause: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.store.saving", url, run, str(times), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_threads_that_save_the_same_window_leave_one_row_each(engine: Engine) -> None:
    def save(number: int) -> None:
        with transaction(engine) as session:
            save_run(session, "az"[number % 2])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(12)))
    assert counts(engine) == ONCE_EACH
    with reading(engine) as session:
        found = checks(session, PROJECTS, WINDOW)
    assert found == {project: (check(project),) for project in PROJECTS}


def test_processes_that_save_the_same_window_leave_one_row_each(url: str) -> None:
    several = [start(url, run, 10, 0) for run in ("a", "z")]
    assert [process.communicate(timeout=60)[1] for process in several] == ["", ""]
    with opened(url) as engine:
        assert counts(engine) == ONCE_EACH


def test_a_process_that_is_killed_leaves_nothing_half_written_and_the_next_one_does_it_all(url: str) -> None:
    process = start(url, "a", 1, 60)
    assert process.stdout is not None
    assert process.stdout.readline() == "saved\n"  # everything is written, nothing is committed
    process.kill()
    process.communicate()
    with opened(url) as engine:
        assert set(counts(engine).values()) == {0}
        with transaction(engine) as session:
            save_run(session, "b")
        assert counts(engine) == ONCE_EACH
