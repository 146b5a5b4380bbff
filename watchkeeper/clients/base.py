"""What every vendor client shares: one careful way to ask. What can go wrong is drawn in `vendor_errors.py`."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import ClassVar, Self

import httpx

from watchkeeper.clients.proxies import RoutedTransport
from watchkeeper.clients.rate_limits import NO_LIMITS, LimitHeaders, pause_asked
from watchkeeper.clients.vendor_errors import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.wording import block_name, fit_to_show, nonsense, redirection, refusal

__all__ = [
    "CONNECT_SECONDS",
    "MAX_CONCURRENCY",
    "Answer",
    "MissingCredential",
    "Pages",
    "Params",
    "VendorClient",
    "VendorError",
    "VendorRefused",
    "VendorUnavailable",
]

CONNECT_SECONDS = 5.0
SHORT_PAUSE = timedelta(seconds=10)
UNSAID_PAUSE = timedelta(seconds=1)
MOST_ASKS = 3
MOST_REDIRECTS = 3
_SAME_METHOD = frozenset({httpx.codes.TEMPORARY_REDIRECT, httpx.codes.PERMANENT_REDIRECT})
MAX_CONCURRENCY = 10
_LIMITS = httpx.Limits(max_connections=MAX_CONCURRENCY)
TRANSIENT_STATUSES = frozenset({408, 425, 429})

Params = Mapping[str, str | int | list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded JSON body with the headers it came with."""

    vendor: str
    body: object
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pages:
    """The answers of a paged call, in order. `is_cut` is True when there was more than the bound let through."""

    answers: tuple[Answer, ...]
    is_cut: bool


class VendorClient:
    """Asks one vendor, through one connection pool; an async context manager.

    Args:
        vendor: the name people know it by; the block is called `Watchkeeper <vendor>`.
        headers: sent with every request, and never to another origin.
        secrets: what must not be shown anywhere; an empty or unusable one is refused at once.
        credential: the environment variable that fills the block.

    Raises:
        MissingCredential: a secret is empty, or holds characters that no token has.
        VendorRefused: `base_url` is no http(s) URL, or the environment names no readable authorities.
    """

    request_seconds: ClassVar[float] = 20.0  # from sending until the last byte, whatever the vendor trickles
    unsaid_pause: ClassVar[timedelta] = UNSAID_PAUSE  # where a vendor has had too many requests and names no time
    largest_body: ClassVar[int] = 32 * 1024 * 1024

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        transport: httpx.AsyncBaseTransport | None = None,
        limits: LimitHeaders = NO_LIMITS,
        credential: str = "",
    ) -> None:
        self.vendor = vendor
        self.requests = 0
        self._secrets = secrets
        self._limits = limits
        self._resume_at: dict[str, float] = {}
        self._slots = asyncio.Semaphore(MAX_CONCURRENCY)
        self._check_secrets(credential)
        self._http = httpx.AsyncClient(
            base_url=self._checked_url(base_url),
            headers={"Accept": "application/json", "User-Agent": "watchkeeper", **headers},
            transport=transport or RoutedTransport(vendor, http2=True, limits=_LIMITS),
            trust_env=False,
            timeout=httpx.Timeout(self.request_seconds, connect=CONNECT_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Params | None = None, *, scope: str = "", about: str = "") -> Answer:
        """Return the decoded answer; waits and asks again where the vendor's limits need a short pause.

        Args:
            path: below the base URL; whoever builds it has percent-encoded its segments.
            params: a list gives its key several times.
            scope: what the token must be allowed, as the vendor calls it; for the message of a refusal.
            about: what is asked for, as in `organization acme`; for the message of a refusal.

        Raises:
            VendorRefused: 4xx, a redirect to another origin.
            VendorUnavailable: anything else that is not JSON with status 2xx.
        """
        build = partial(self._http.build_request, "GET", path, params=dict(params or {}))
        response, body = await self._ask(path, build, scope, about)
        return Answer(self.vendor, self._decoded(response, body), response.headers)

    async def send(self, method: str, path: str, content: object, *, scope: str = "", about: str = "") -> Answer:
        """Send `content` as JSON and return the answer, whose body is None when it has none.

        Args:
            method: POST, PUT or PATCH.
            content: None for no body at all.

        Raises:
            VendorRefused: 4xx, a redirect to another origin, or one that is not to the same method.
            OutcomeUnknown: what was sent may have been done, or may not.
            VendorUnavailable: it could not be sent, or the vendor has had too many requests.
        """
        build = partial(self._http.build_request, method, path, json=content)
        try:
            response, body = await self._ask(path, build, scope, about)
            return Answer(self.vendor, self._decoded(response, body) if body.strip() else None, response.headers)
        except VendorUnavailable as error:
            raise error.after_a_change() from None

    async def get_pages(  # noqa: PLR0913 - all but three by name
        self,
        path: str,
        params: Params,
        next_page: Callable[[Answer], Params | None],
        *,
        most: int,
        scope: str = "",
        about: str = "",
    ) -> Pages:
        """Return the pages in order until `next_page` gives None, at most `most` of them.

        `next_page` reads from an answer the parameters that change for the page after it. A vendor that names a page
        for the second time would be read for ever: it counts as cut.
        """
        answers: list[Answer] = []
        more: Params | None = {}
        seen: list[Params] = []
        while more is not None and more not in seen and len(answers) < most:
            seen.append(more)
            answers.append(await self.get(path, {**params, **more}, scope=scope, about=about))
            more = next_page(answers[-1])
        return Pages(tuple(answers), is_cut=more is not None)

    async def _ask(
        self, path: str, build: Callable[[], httpx.Request], scope: str, about: str
    ) -> tuple[httpx.Response, bytearray]:
        """Return an answer with status 2xx; waits and asks again where the vendor's limits need a short pause."""
        for asks_left in reversed(range(MOST_ASKS)):
            await self._keep_to_limits(path)
            async with self._slots:
                response, body = await self._exchange(build)
            pause = self._note_limits(path, response)
            if response.is_success:
                return response, body
            is_limited = response.status_code == httpx.codes.TOO_MANY_REQUESTS
            if not is_limited or not asks_left or pause is None or pause > SHORT_PAUSE:
                raise self._error(response, body, pause, scope, about or path)
        raise AssertionError("the last ask returns or raises")

    async def _exchange(self, build: Callable[[], httpx.Request]) -> tuple[httpx.Response, bytearray]:
        """Return the answer with its whole body, within `request_seconds` and `largest_body`."""
        try:
            async with asyncio.timeout(self.request_seconds):
                return await self._follow(build())
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise VendorUnavailable(self.vendor, f"no full answer within {self.request_seconds:g} s") from None
        except (TimeoutError, httpx.TimeoutException):
            raise self._lost(f"no full answer within {self.request_seconds:g} s") from None
        except (httpx.ConnectError, httpx.ProxyError) as error:  # a proxy that did not let it through
            raise VendorUnavailable(self.vendor, f"cannot be reached: {self._shown(str(error))}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._lost(f"the connection broke off ({type(error).__name__})") from None

    async def _follow(self, request: httpx.Request) -> tuple[httpx.Response, bytearray]:
        """Follow redirects within the origin only: the headers hold the secret.

        What changes something is sent on only where the vendor asks for the same method and body again (307, 308).
        """
        for _ in range(MOST_REDIRECTS):
            self.requests += 1
            response = await self._http.send(request, stream=True)
            try:
                body = await self._read(response)
            finally:
                await response.aclose()
            target = response.next_request
            if target is None:
                return response, body
            may_follow = request.method == "GET" or response.status_code in _SAME_METHOD
            if not may_follow or _origin(target.url) != _origin(request.url):
                elsewhere = self._shown(f"{target.url.scheme}://{target.url.host}")
                raise VendorRefused(self.vendor, redirection(self.vendor, elsewhere), response.status_code)
            request = target
        raise VendorUnavailable(self.vendor, "redirects in a circle")

    async def _read(self, response: httpx.Response) -> bytearray:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self.largest_body:
                raise self._lost(f"answered with more than {self.largest_body // 2**20} MB")
        return body

    def _decoded(self, response: httpx.Response, body: bytearray) -> object:
        try:
            decoded: object = json.loads(body)
        except (ValueError, RecursionError):
            raise self._lost(nonsense(response, body)) from None
        return decoded

    def _error(
        self, response: httpx.Response, body: bytearray, pause: timedelta | None, scope: str, about: str
    ) -> VendorError:
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait = "" if pause is None else f", and asks to wait {pause.total_seconds():.0f} s"
            return VendorUnavailable(self.vendor, f"has had too many requests (429){wait}", pause)
        if response.is_client_error and status not in TRANSIENT_STATUSES:
            said = self._shown(body[:1000].decode(errors="replace"))
            return VendorRefused(self.vendor, refusal(self.vendor, status, about, scope, said), status)
        return self._lost(f"answered with status {status}", pause)

    def _lost(self, message: str, pause: timedelta | None = None) -> VendorUnavailable:
        return VendorUnavailable(self.vendor, message, pause, has_reached=True)

    async def _keep_to_limits(self, path: str) -> None:
        """Sleep until the vendor's limits allow the next request, if that is soon."""
        seconds = self._resume_at.get(self._allowance(path), 0.0) - asyncio.get_running_loop().time()
        if seconds > SHORT_PAUSE.total_seconds():
            pause = timedelta(seconds=seconds)
            raise VendorUnavailable(self.vendor, f"has no requests left for the next {seconds:.0f} s", pause)
        if seconds > 0:
            await asyncio.sleep(seconds)

    def _note_limits(self, path: str, response: httpx.Response) -> timedelta | None:
        """Remember until when not to ask; returns the pause that was asked for."""
        pause = pause_asked(response.headers, self._limits, datetime.now(UTC))
        if pause is None and response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            pause = self.unsaid_pause
        if pause is not None:
            resume_at = asyncio.get_running_loop().time() + pause.total_seconds()
            allowance = self._allowance(path)
            self._resume_at[allowance] = max(resume_at, self._resume_at.get(allowance, 0.0))
        return pause

    def _allowance(self, path: str) -> str:
        return path if self._limits.per_endpoint else ""

    def _shown(self, text: str) -> str:
        return fit_to_show(text, self._secrets)

    def _check_secrets(self, credential: str) -> None:
        name = f"{credential} in {block_name(self.vendor)}" if credential else block_name(self.vendor)
        for secret in self._secrets:
            if not secret:
                raise MissingCredential(self.vendor, f"there is no token: fill {name}")
            if not (secret.isascii() and secret.isprintable()) or " " in secret:
                raise MissingCredential(self.vendor, f"the token holds characters that none has: fill {name} again")

    def _checked_url(self, base_url: str) -> httpx.URL:
        try:
            url = httpx.URL(base_url)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise VendorRefused(
                self.vendor, f"the base URL in {block_name(self.vendor)} is no http(s) URL without a password"
            )
        return url.copy_with(path=f"{url.path.rstrip('/')}/")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
