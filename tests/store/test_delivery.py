from dataclasses import replace

from sqlalchemy import Engine

from tests.store.samples import NOON, QUARTER, deployment
from watchkeeper.domain.delivery import DeploymentState
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.delivery import deployments, save_deployments

LATER = NOON + QUARTER
SPAN = Window(NOON, LATER + QUARTER)


def test_deployments_come_back_newest_first(engine: Engine) -> None:
    old, new = deployment(), deployment("dpl_2", LATER)
    bare = replace(deployment("dpl_3"), building_at=None, ready_at=None, sha="", is_rollback_candidate=None)
    with transaction(engine) as session:
        save_deployments(session, {"shop": [old, new], "api": [bare]})
    with reading(engine) as session:
        assert deployments(session, ["shop", "api"], SPAN) == {"shop": (new, old), "api": (bare,)}
        assert deployments(session, ["shop"], Window(NOON, LATER)) == {"shop": (old,)}


def test_a_deployment_that_went_on_is_the_same_row(engine: Engine) -> None:
    building = replace(deployment(), state=DeploymentState.BUILDING, ready_at=None)
    for state in (building, deployment(), deployment()):
        with transaction(engine) as session:
            save_deployments(session, {"shop": [state]})
    with reading(engine) as session:
        assert deployments(session, ["shop"], SPAN) == {"shop": (deployment(),)}


def test_two_projects_may_share_one_deployment(engine: Engine) -> None:
    with transaction(engine) as session:
        save_deployments(session, {"shop": [deployment()], "blog": [deployment()]})
    with reading(engine) as session:
        assert deployments(session, ["shop", "blog"], SPAN) == {"shop": (deployment(),), "blog": (deployment(),)}
