import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest

from tests.clients.local_server import reply, serving
from tests.clients.probing import probe, probe_answer
from watchkeeper.domain.endpoints import ProbeFailure

OK = json.dumps({"status": "ok", "checks": [{"up": True, "lag": 1}], "ready": True, "note": None}).encode()


@pytest.mark.parametrize(
    ("condition", "detail"),
    [
        ('status == "ok"', ""),
        ("status == ok", ""),
        ("status=='ok'", ""),
        ('status != "failing"', ""),
        ("ready", ""),
        ("checks.0.up", ""),
        ("checks.0.lag == 1", ""),
        ("checks.0.lag == 1.0", ""),
        ("note == null", ""),
        ("checks.0.lag == true", "`checks.0.lag == true` does not hold in the JSON body"),
        ("checks.0.lag", "`checks.0.lag` does not hold in the JSON body"),
        ('status == "OK"', '`status == "OK"` does not hold in the JSON body'),
        ("status != ok", "`status != ok` does not hold in the JSON body"),
        ("checks.1.up", "the JSON body has no `checks.1.up`"),
        ("missing != 1", "the JSON body has no `missing`"),
        ("status.deeper", "the JSON body has no `status.deeper`"),
        ("sta\ntus", "the condition `sta\ntus` cannot be read: write `path == value`"),
    ],
)
async def test_a_json_condition_must_hold(condition: str, detail: str) -> None:
    found = await probe_answer(reply(OK), json_condition=condition)
    assert (found.failure, found.detail) == (ProbeFailure.BODY if detail else None, detail)


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"status": "o', b"[" * 100_000, b"\xff\xfe\x00"])
async def test_a_body_that_is_not_json_says_so(body: bytes) -> None:
    found = await probe_answer(reply(body), json_condition="status == ok")
    assert (found.failure, found.detail) == (ProbeFailure.BODY, "the body is not JSON")


async def test_the_body_must_hold_the_text() -> None:
    assert (await probe_answer(reply("Grüße".encode()), body_contains="Grüße")).ok
    found = await probe_answer(reply(b"Maintenance"), body_contains="Welcome")
    assert (found.failure, found.detail) == (ProbeFailure.BODY, "the body does not hold the expected text")


@pytest.mark.parametrize(
    ("coding", "compressed"), [("gzip", gzip.compress(OK, mtime=0)), ("deflate", zlib.compress(OK))]
)
async def test_a_body_that_was_compressed_unasked_is_read(coding: str, compressed: bytes) -> None:
    answer = reply(compressed, "200 OK", f"Content-Encoding: {coding}")
    assert (await probe_answer(answer, json_condition="ready")).ok


async def test_a_small_answer_that_unpacks_to_a_giant_is_cut() -> None:
    bomb = reply(gzip.compress(b"x" * 50_000_000), "200 OK", "Content-Encoding: gzip")
    found = await probe_answer(bomb, json_condition="ready")
    assert found.failure is ProbeFailure.TOO_LARGE


@pytest.mark.parametrize("coding", ["br", "gzip", "nonsense"])
async def test_a_body_that_cannot_be_unpacked_says_so(coding: str) -> None:
    found = await probe_answer(reply(OK, "200 OK", f"Content-Encoding: {coding}"), json_condition="ready")
    assert found.failure is ProbeFailure.BODY


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\nWelcome")
    for _ in range(10_000):
        writer.write(b"x" * 65_536)
        await writer.drain()


@pytest.mark.parametrize(
    ("conditions", "failure"),
    [
        ({}, None),
        ({"body_contains": "Welcome"}, None),
        ({"body_contains": "Goodbye"}, ProbeFailure.TOO_LARGE),
        ({"json_condition": "ready"}, ProbeFailure.TOO_LARGE),
    ],
)
async def test_a_huge_body_is_cut(conditions: dict[str, Any], failure: ProbeFailure | None) -> None:
    async with serving(endless) as server:
        found = await probe(server.url(), **conditions)
    assert found.failure is failure
    assert found.status == 200
