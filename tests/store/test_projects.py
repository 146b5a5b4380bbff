from sqlalchemy import Engine, text

from tests.store.metric_samples import save_metrics
from tests.store.samples import NOON, QUARTER, WINDOW, check, deployment, observation, pipeline, probe
from watchkeeper.domain.windows import Window
from watchkeeper.store.builds import pipelines, save_pipelines
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.delivery import save_deployments
from watchkeeper.store.endpoints import save_probes
from watchkeeper.store.health import checks, save_checks
from watchkeeper.store.observations import save_observations
from watchkeeper.store.projects import forget_project, save_projects, see_projects


def test_a_project_keeps_its_first_day_and_gets_its_new_name(engine: Engine) -> None:
    with transaction(engine) as session:
        see_projects(session, ["shop"], NOON)
        save_projects(session, {"shop": "Shop"}, NOON + QUARTER)
        see_projects(session, ["shop"], NOON + 2 * QUARTER)
    with reading(engine) as session:
        row = session.connection().execute(text("SELECT name, first_seen < last_seen AS later FROM projects")).one()
    assert (row.name, bool(row.later)) == ("Shop", True)


def test_a_forgotten_project_leaves_nothing_and_takes_nothing_of_others(engine: Engine) -> None:
    with transaction(engine) as session:
        for project in ("shop", "api"):
            save_checks(session, [check(project)], "run", NOON)
            save_pipelines(session, {project: [pipeline()]})
            save_deployments(session, {project: [deployment()]})
            save_probes(session, {project: [probe()]})
            save_observations(session, [observation(project=project)])
            save_metrics(session, project)
    with transaction(engine) as session:
        deleted = forget_project(session, "shop")
    assert {name: count for name, count in deleted.items() if count} == {
        "projects": 1,
        "health_checks": 1,
        "components": 2,
        "pipelines": 1,
        "workflows": 1,
        "vercel_deployments": 1,
        "probes": 1,
        "observations": 1,
        "metric_buckets": 1,
        "metric_hours": 1,
        "build_runs": 1,
        "flaky_tests": 1,
        "issue_events": 1,
        "sentry_issues": 1,
        "alias_requests": 1,
        "commits": 1,
        "outages": 1,
    }
    with reading(engine) as session:
        assert checks(session, ["shop", "api"], WINDOW) == {"shop": (), "api": (check("api"),)}
        assert pipelines(session, ["api"], Window(NOON, NOON + QUARTER))["api"] == (pipeline(),)
