import json
import logging
import traceback

import pytest
from apprise import Apprise

from reports.alert_texts import plain_text, plain_title
from tests.clients.local_server import reply, serving
from tests.domain.alert_digest_makers import digest_of, hostile_digest, line_of
from watchkeeper.clients.apprise import AppriseClient, AppriseFile, fitted
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


SERVICES = {
    "discord": "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef",
    "telegram": "tgram://123456789:abcdefg_hijklmnop/12345",
    "sms": "twilio://AC000000000000000000000000000000aa:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@15551112222/15553334444",
    "pushover": "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@tttttttttttttttttttttttttttttt",
    "mattermost": "mmost://localhost/abcdefgh123456789012",
    "mail": "mailto://user:password@example.com",
}


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize("text", ["digest", "hostile", "one long line", "all escaped"])
def test_what_is_sent_is_never_longer_than_the_service_takes(kind: str, text: str) -> None:
    digest = digest_of(lines=tuple(line_of(number, details=("x" * 400,) * 3) for number in range(2)), firing=2)
    hostile = hostile_digest()
    title, body = {
        "digest": (plain_title(digest), plain_text(digest)),
        "hostile": (plain_title(hostile), plain_text(hostile)),
        "one long line": ("t" * 900, "b" * 60_000),
        "all escaped": ("<&>" * 300, "<&>" * 20_000),
    }[text]
    service = Apprise.instantiate(SERVICES[kind])
    assert service is not None
    sent_title, sent_body = fitted(service, title, body)
    assert len(sent_title) <= max(service.title_maxlen, 0)
    assert 0 < len(sent_body) <= service.body_maxlen
    assert len(sent_title) + len(sent_body) <= service.body_maxlen or not service.overflow_amalgamate_title
    if len(title) + len(body) > service.body_maxlen:
        assert sent_body.rstrip().endswith("…"), "it says that something is missing"


def test_what_fits_is_sent_whole_and_harmless_in_each_format() -> None:
    mail, chat = Apprise.instantiate(SERVICES["mail"]), Apprise.instantiate(SERVICES["telegram"])
    assert mail is not None
    assert chat is not None
    title, body = fitted(mail, "Shop <b>", "one\ntwo <script>")
    assert title == "Shop <b>"
    assert "<script>" not in body
    assert "<br" in body, "lines stay lines"
    assert "&lt;b&gt;" in fitted(chat, "Shop <b>", "is down")[1]
