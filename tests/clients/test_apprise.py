import json
import logging
import traceback

import pytest

from tests.clients.local_server import reply, serving
from watchkeeper.clients.apprise import AppriseClient, AppriseFile
from watchkeeper.clients.base import MissingCredential

PAGE = AppriseFile("daily.html", b"<p>Report</p>", "text/html")


def address(port: int, path: str = "make-believe-secret") -> str:
    return f"json://127.0.0.1:{port}/{path}"


async def test_a_message_with_its_file_is_confirmed_by_the_service() -> None:
    async with serving(reply(b"ok")) as server:
        client = AppriseClient(address(server.port))
        (fingerprint,) = client.fingerprints
        sent = await client.send(fingerprint, "Daily report", "All is well\n* not Markdown *", PAGE)
    assert (sent.service, sent.confirmed) == ("json", True)
    body = json.loads(server.bodies[0])
    assert (body["title"], body["message"]) == ("Daily report", "All is well\n* not Markdown *")
    assert [each["filename"] for each in body["attachments"]] == ["daily.html"]


@pytest.mark.parametrize("answer", [reply(b"", "500 No"), reply(b"", "403 No"), b"", b"nonsense\r\n\r\n"])
async def test_what_the_service_does_not_confirm_did_not_arrive(
    answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(answer) as server:
        client = AppriseClient(address(server.port))
        sent = await client.send(client.fingerprints[0], "Daily report", "All is well")
    assert not sent.confirmed
    assert "make-believe-secret" not in caplog.text


async def test_each_address_is_sent_to_alone() -> None:
    async with serving(reply(b"ok")) as one, serving(reply(b"", "500 No")) as other:
        client = AppriseClient(f"{address(one.port)}\n  {address(other.port)} {address(one.port)}")
        assert len(client.fingerprints) == 2, "an address that stands there twice is one"
        sent = [await client.send(each, "Daily report", "All is well") for each in client.fingerprints]
    assert [each.confirmed for each in sent] == [True, False]
    assert (one.connections, other.connections) == (1, 1)


@pytest.mark.parametrize(
    "addresses", ["", "  \n", "make-believe-secret", "json:// make-believe-secret", "nokind://x/y"]
)
def test_an_address_that_is_none_is_named_by_its_place_alone(addresses: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(MissingCredential, match="block Watchkeeper Apprise") as caught:
        AppriseClient(addresses)
    assert "make-believe-secret" not in "".join(traceback.format_exception(caught.value))
    assert "make-believe-secret" not in caplog.text


def test_what_stands_for_an_address_does_not_show_it() -> None:
    (fingerprint,) = AppriseClient("json://127.0.0.1/make-believe-secret").fingerprints
    assert "make-believe" not in fingerprint
    assert AppriseClient("json://127.0.0.1/make-believe-secret").fingerprints == (fingerprint,)
