from dataclasses import replace

from sqlalchemy import Engine, text

from tests.store.samples import NOON, QUARTER, WINDOW, pipeline, workflow
from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.store.builds import pipelines, save_pipelines
from watchkeeper.store.database import reading, transaction

MISSING = Missing(Gap.UNAVAILABLE, "CircleCI did not answer")


def test_pipelines_come_back_with_their_workflows(engine: Engine) -> None:
    two = pipeline("p2", (workflow("w2"), workflow("w3", WorkflowStatus.FAILED)), NOON + QUARTER / 2)
    with transaction(engine) as session:
        save_pipelines(session, {"shop": [pipeline(), two], "api": []})
    with reading(engine) as session:
        assert pipelines(session, ["shop", "api"], WINDOW) == {"shop": (two, pipeline()), "api": ()}


def test_why_workflows_are_missing_is_kept(engine: Engine) -> None:
    unknown = replace(pipeline("p3"), workflows=MISSING)
    with transaction(engine) as session:
        save_pipelines(session, {"shop": [pipeline(), unknown]})
    with reading(engine) as session:
        assert {each.id: each for each in pipelines(session, ["shop"], WINDOW)["shop"]}["p3"].workflows == MISSING


def test_a_pipeline_that_went_on_is_the_same_row_and_so_are_its_workflows(engine: Engine) -> None:
    running = pipeline(workflows=(workflow(status=WorkflowStatus.RUNNING),))
    for state in (running, pipeline(), pipeline()):
        with transaction(engine) as session:
            save_pipelines(session, {"shop": [state]})
    with reading(engine) as session:
        assert pipelines(session, ["shop"], WINDOW) == {"shop": (pipeline(),)}


def test_workflows_once_known_survive_a_time_when_they_could_not_be_read(engine: Engine) -> None:
    running = pipeline(workflows=(workflow(status=WorkflowStatus.RUNNING),))
    for state in (running, replace(running, workflows=MISSING), running):
        with transaction(engine) as session:
            save_pipelines(session, {"shop": [state]})
    with reading(engine) as session:
        assert pipelines(session, ["shop"], WINDOW) == {"shop": (running,)}


def test_a_pipeline_that_is_gone_takes_its_workflows_with_it(engine: Engine) -> None:
    with transaction(engine) as session:
        save_pipelines(session, {"shop": [pipeline(), pipeline("p2", (workflow("w2"),))]})
        session.connection().execute(text("DELETE FROM pipelines WHERE id = 'p1'"))
        assert session.connection().execute(text("SELECT id FROM workflows")).scalars().all() == ["w2"]


def test_very_long_ids_still_belong_together(engine: Engine) -> None:
    long = pipeline("p" * 3000, (workflow("w" * 3000),))
    with transaction(engine) as session:
        save_pipelines(session, {"shop": [long]})
    with reading(engine) as session:
        assert len(pipelines(session, ["shop"], WINDOW)["shop"][0].workflows) == 1  # type: ignore[arg-type]
