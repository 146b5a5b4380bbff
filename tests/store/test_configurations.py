from sqlalchemy import Engine

from tests.store.samples import NOON, QUARTER
from watchkeeper.store.configurations import last_good_configuration, remember_configuration
from watchkeeper.store.database import reading, transaction


def test_there_is_none_before_the_first(engine: Engine) -> None:
    with reading(engine) as session:
        assert last_good_configuration(session) is None


def test_the_one_used_last_is_the_one_in_force(engine: Engine) -> None:
    for number, configuration in enumerate(("projects: [a]", "projects: [b]", "projects: [a]")):
        with transaction(engine) as session:
            remember_configuration(session, configuration, NOON + number * QUARTER)
    with reading(engine) as session:
        assert last_good_configuration(session) == "projects: [a]"
