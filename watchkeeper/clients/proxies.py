"""Through which proxy a request goes: one answer for every library, whatever it would read by itself.

What is common to the libraries, and where they differ what the most of them do. Source: `get_environment_proxies` of
httpx, `should_bypass_proxies` of requests, `load_http_proxy_from_env` of slack-sdk, and `getproxies` of Python, which
reads the variables: one in small letters comes before one in capitals.
"""

from functools import partial
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.request import getproxies

import httpx

from watchkeeper.clients.trust import tls
from watchkeeper.clients.vendor_errors import VendorRefused

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def proxy_for(url: str | httpx.URL, vendor: str) -> str | None:
    """Return the proxy for a URL, which may hold a password; None where the environment names none.

    Raises:
        VendorRefused: what the environment names is no http(s) proxy.
    """
    asked, named = httpx.URL(url), getproxies()
    proxy = named.get(asked.scheme) or named.get("all", "")
    if not proxy or _is_exempt(asked, named.get("no", "")):
        return None
    return _checked(proxy if "://" in proxy else f"http://{proxy}", asked.scheme, vendor)


class RoutedTransport(httpx.AsyncBaseTransport):
    """Sends each request directly or through the proxy for its address.

    Raises:
        VendorRefused: the environment names no readable authorities.
    """

    def __init__(self, vendor: str, *, http2: bool = False, limits: httpx.Limits | None = None) -> None:
        self._vendor = vendor
        self._open = partial(
            httpx.AsyncHTTPTransport,
            verify=tls(vendor, http2=http2),
            trust_env=False,
            http2=http2,
            limits=limits or httpx.Limits(),
        )
        self._transports: dict[str | None, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = proxy_for(request.url, self._vendor)
        if proxy not in self._transports:
            self._transports[proxy] = self._open(proxy=self._proxy(proxy) if proxy else None)
        return await self._transports[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()

    def _proxy(self, url: str) -> httpx.Proxy:
        return httpx.Proxy(url, ssl_context=tls(self._vendor, http2=False) if url.startswith("https:") else None)


def _checked(proxy: str, scheme: str, vendor: str) -> str:
    try:
        url = httpx.URL(proxy)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        names = f"{scheme.upper()}_PROXY (or ALL_PROXY)"
        raise VendorRefused(vendor, f"the proxy in {names} is no http:// or https:// address: correct it")
    return proxy


def _is_exempt(url: httpx.URL, no_proxy: str) -> bool:
    entries = no_proxy.replace(",", " ").lower().split()
    return any(_matches(entry, url.host.lower().rstrip("."), _port(url)) for entry in entries)


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Return whether an entry means a host: `*`, a domain with all below it, an address, a network, a port of them."""
    if entry == "*":
        return True
    if _is_network(entry):
        return _is_in(host, entry)
    name, colon, its_port = entry.rpartition(":")
    if colon and its_port.isdecimal():
        if int(its_port) != port:
            return False
        entry = name
    name = entry.strip("[]").removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False
    return True


def _is_in(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def _port(url: httpx.URL) -> int | None:
    return url.port or _DEFAULT_PORTS.get(url.scheme)
