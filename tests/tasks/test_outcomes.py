import pytest
from prefect import flow, task

from tasks.outcomes import outcome
from watchkeeper.clients.base import MissingCredential, VendorRefused, VendorUnavailable
from watchkeeper.domain.verdicts import Gap, Missing

pytestmark = pytest.mark.usefixtures("prefect_server")


@task
async def ask(error: type[Exception] | None) -> str:
    if error is None:
        return "an answer"
    if error is KeyError:
        raise KeyError("make-believe")
    raise error("Acme", "says no")


@flow
async def asking(error: type[Exception] | None) -> str | Missing:
    found: str | Missing = await outcome(ask(error, return_state=True))
    return found


@pytest.mark.parametrize(
    ("error", "gap"),
    [
        pytest.param(VendorUnavailable, Gap.UNAVAILABLE, id="unavailable"),
        pytest.param(VendorRefused, Gap.REFUSED, id="refused"),
        pytest.param(MissingCredential, Gap.NO_CREDENTIAL, id="no credential"),
    ],
)
async def test_a_vendors_error_says_what_is_missing(error: type[Exception], gap: Gap) -> None:
    assert await asking(error) == Missing(gap, "Acme: says no")


async def test_an_answer_is_given_back() -> None:
    assert await asking(None) == "an answer"


async def test_a_mistake_of_ours_takes_nothing_else_with_it_and_points_to_the_log() -> None:
    found = await asking(KeyError)
    assert found == Missing(Gap.UNAVAILABLE, "asking did not come to an end (Failed): see the log of the task run")
