"""The yardstick: asyncio and httpx make the requests of a journal, parse the JSON, and keep nothing.

HTTP/2, pools and concurrency are those of the clients. Requests to one path follow each other, as the pages of a list
must: each names the next. Everything else runs at once, also where the clients have to wait for an answer to go on.

Run by the benchmark: python -m benchmarks.rig.bare ADDRESS JOURNAL
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import httpx

from watchkeeper.clients.base import CONNECT_SECONDS, MAX_CONCURRENCY, VendorClient

PROBES_AT_ONCE = 50
TOKENS = {
    "sentry": {"Authorization": "Bearer sandbox-sentry-token"},
    "vercel": {"Authorization": "Bearer sandbox-vercel-token"},
    "circleci": {"Circle-Token": "sandbox-circleci-token"},
}
ENDPOINTS = "products"

Paths = list[str]


def vendor_client(address: str, vendor: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address,
        headers={"Accept": "application/json", **TOKENS.get(vendor, {})},
        http2=True,
        timeout=httpx.Timeout(VendorClient.request_seconds, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=MAX_CONCURRENCY),
    )


async def ask_vendor(address: str, vendor: str, paths: Paths) -> None:
    lists: defaultdict[str, Paths] = defaultdict(list)
    for path in paths:
        lists[path.partition("?")[0]].append(path)
    slots = asyncio.Semaphore(MAX_CONCURRENCY)
    async with vendor_client(address, vendor) as http:
        await asyncio.gather(*(_read_list(http, slots, pages) for pages in lists.values()))


async def _read_list(http: httpx.AsyncClient, slots: asyncio.Semaphore, pages: Paths) -> None:
    for path in pages:
        async with slots:
            answer = await http.get(path)
        answer.raise_for_status()
        json.loads(answer.content)


async def probe_endpoints(address: str, paths: Paths) -> None:
    """Ask each on a connection of its own, as a probe must."""
    slots = asyncio.Semaphore(PROBES_AT_ONCE)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncHTTPTransport(verify=httpx.create_ssl_context(), limits=limits) as transport:

        async def probe(path: str) -> None:
            async with slots:
                answer = await transport.handle_async_request(httpx.Request("GET", address + path))
                body = await answer.aread()
                await answer.aclose()
            if answer.headers.get("content-type", "").startswith("application/json"):
                json.loads(body)

        await asyncio.gather(*(probe(path) for path in paths))


async def replay(address: str, requests: list[list[str]]) -> None:
    by_vendor: defaultdict[str, Paths] = defaultdict(list)
    for method, path in requests:
        if method != "GET":
            raise ValueError(f"{method} {path}: only reading can be repeated")
        by_vendor[path.split("/", 2)[1]].append(path)
    probes = by_vendor.pop(ENDPOINTS, [])
    asked = (ask_vendor(address, vendor, paths) for vendor, paths in by_vendor.items())
    await asyncio.gather(probe_endpoints(address, probes), *asked)


def main() -> None:
    address, journal = sys.argv[1:]
    requests = json.loads(Path(journal).read_text())
    began = time.perf_counter()
    asyncio.run(replay(address, requests))
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
