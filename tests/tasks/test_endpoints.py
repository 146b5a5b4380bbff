import pytest
from prefect import flow

from tasks.endpoints import probe_endpoints
from tests.clients.local_server import reply, serving
from watchkeeper.domain.endpoints import Endpoint, EndpointReport, ProbeFailure

pytestmark = pytest.mark.usefixtures("prefect_server")
NOWHERE = "http://nobody.invalid/"


@flow
async def probing(endpoints: dict[str, tuple[Endpoint, ...]], references: tuple[str, ...]) -> dict[str, EndpointReport]:
    was_down = frozenset((project, endpoint.name) for project, its in endpoints.items() for endpoint in its)
    return await probe_endpoints(endpoints, was_down if references else frozenset(), references)


async def test_every_project_gets_a_report() -> None:
    async with serving(reply()) as server:
        reports = await probing({"shop": (Endpoint("home", server.url()),), "bare": ()}, ())
    assert reports["shop"].online
    assert [probe.failure for probe in reports["shop"].probes] == [None]
    assert reports["bare"] == EndpointReport(())


async def test_references_are_asked_only_when_nobody_answered() -> None:
    async with serving(reply(b"", "500 No")) as broken, serving(reply(b"", "204 No")) as reference:
        references = (reference.url(),)
        reports = await probing({"shop": (Endpoint("home", broken.url()),)}, references)
        assert reports["shop"].online
        assert reference.connections == 0
        reports = await probing({"shop": (Endpoint("home", NOWHERE),)}, references)
        assert reports["shop"].online
        assert reference.connections == 1
    assert reports["shop"].probes[0].failure is ProbeFailure.DNS


async def test_nobody_and_no_reference_is_our_own_connection() -> None:
    reports = await probing({"shop": (Endpoint("home", NOWHERE),)}, (NOWHERE,))
    assert not reports["shop"].online
