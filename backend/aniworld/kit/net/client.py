"""The guarded HTTP client. One is made at the start and shared by everything that goes out.

It reads nothing from the environment, keeps no cookies but in the jar of a caller, follows redirects itself (each hop
is checked like the first request) and hands out nothing that is larger or slower than its kind allows. It raises only
``NetError``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlencode

import httpcore
import httpx
import msgspec

from aniworld.kit.net import transport
from aniworld.kit.net.body import Collector, content_coding, decode_text, parse_retry_after
from aniworld.kit.net.cookies import Jar
from aniworld.kit.net.errors import (
    AddressRefusedError,
    BadAnswerError,
    HttpStatusError,
    NetError,
    TimedOutError,
    TooLargeError,
)
from aniworld.kit.net.forms import FormSender
from aniworld.kit.net.guard import Target, check_port, parse_url
from aniworld.kit.net.kinds import MEDIA, PAGE, POLITE_REQUESTS, Kind
from aniworld.kit.net.lanes import Lanes
from aniworld.kit.net.lines import Lines, MediaResponse, Wish
from aniworld.kit.net.proxy import Budget, Proxy, open_proxy
from aniworld.kit.net.redirects import DRAIN, defaults, follow
from aniworld.kit.net.room import Guest

T = TypeVar("T")
Sender = Callable[[httpx.URL, Target, httpx.Headers], Awaitable["_Opened"]]


class Response:
    """An answer whose body is still to come. Valid inside ``async with client.stream(...)`` only."""

    def __init__(self, raw: httpcore.Response, url: str, kind: Kind) -> None:
        self._raw = raw
        self._kind = kind
        self.status_code: int = raw.status
        self.headers = httpx.Headers(raw.headers)
        self.url = url
        """Where it came from in the end."""

    async def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The body as it comes off the wire, nothing decoded, in pieces of at most ``chunk_size`` bytes.

        Raises ``TooLargeError`` past the kind's limit and ``NetError`` when the connection breaks or a body with a
        length ends before it. A body without a length that is cut looks whole: the caller must know better.
        """
        size = 0
        async for piece in self._raw.aiter_stream():
            size += len(piece)
            if size > self._kind.max_bytes:
                raise TooLargeError(f"The answer is larger than a {self._kind.name} may be")
            if chunk_size is None or len(piece) <= chunk_size:
                yield piece
            else:
                for start in range(0, len(piece), chunk_size):
                    yield piece[start : start + chunk_size]

    async def read(self, guest: Guest | None = None) -> bytes:
        """The whole body, decoded, within the kind's limit. ``guest``: a large one waits for its place."""
        collector = Collector(content_coding(self.headers), self._kind.max_bytes)
        async for piece in self._raw.aiter_stream():
            collector.add(piece)
            if guest is not None:
                await guest.grow(collector.size)
        return collector.finish()

    async def discard(self) -> None:
        """Read what is left of a short body so that the connection can be used again."""
        await _drain(self._raw)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; but for those of ``call`` it has a success status."""

    url: str
    """Where it came from in the end."""
    headers: httpx.Headers
    content: bytes
    """Decoded."""
    status: int = 200

    def text(self) -> str:
        """The body as text; what its charset does not know becomes U+FFFD."""
        return decode_text(self.content, self.headers.get("content-type", ""))

    def json(self, type_: type[T]) -> T:
        """The body as JSON of that type. Raises ``BadAnswerError``."""
        try:
            return msgspec.json.decode(self.content, type=type_)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as error:
            raise BadAnswerError(f"The answer is not the JSON that was expected: {error}"[:300]) from error


class HttpClient:
    """Asks the outside world. ``allowed_hosts`` is read at each use: ``host:port`` entries that may be private."""

    def __init__(self, *, allowed_hosts: Callable[[], Set[str]]) -> None:
        self._allowed_hosts = allowed_hosts
        # One for hosts that the user has listed, one for all others: what was allowed by the list alone is not used
        # again when it has left the list.
        self._pools: dict[bool, httpcore.AsyncConnectionPool] = {}
        self._context: ssl.SSLContext | None = None
        self._opening = asyncio.Lock()
        self._lines = Lines(allowed_hosts, self._tls_context)
        self._lanes = Lanes(POLITE_REQUESTS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def lists(self, entry: str) -> bool:
        """Whether the user has listed this ``host:port``: it is the user's own."""
        return entry in {listed.lower() for listed in self._allowed_hosts()}

    async def aclose(self) -> None:
        """Close all connections. A request after that opens new ones."""
        await self._lines.aclose()
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()

    @contextlib.asynccontextmanager
    async def stream(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, kind: Kind = MEDIA
    ) -> AsyncIterator[Response]:
        """Send a ``GET`` or ``HEAD`` and yield the answer, whatever its status; redirects are followed.

        The body is sent as it is stored unless ``headers`` names an ``Accept-Encoding``. Headers of the caller do not
        travel to another origin, but for those that name a range. Inside the block only the kind's limits on bytes
        and on silence hold; the time in all is limited for kinds that have a limit.
        """
        if method not in ("GET", "HEAD"):
            raise ValueError("Only GET and HEAD change nothing at the other side")
        sent = defaults(kind)
        sent.update(headers or {})
        async with self._answered(functools.partial(self._send, method), url, sent, kind) as response:
            yield response

    def open(
        self, url: str, *, headers: Mapping[str, str] | None = None, kind: Kind = MEDIA, wish: Wish | None = None
    ) -> AbstractAsyncContextManager[MediaResponse]:
        """Send a ``GET`` for a body that goes to the disk: like ``stream``, over connections of their own that cost a
        fraction of the work.
        """
        return self._lines.open(url, dict(headers or {}), kind, wish or Wish())

    def proxy(self, budget: Budget) -> AbstractAsyncContextManager[Proxy]:
        """A way out for another process, to what this client may reach; see :mod:`aniworld.kit.net.proxy`."""
        return open_proxy(self._allowed_hosts, budget)

    async def get(
        self,
        url: str,
        *,
        kind: Kind = PAGE,
        headers: Mapping[str, str] | None = None,
        jar: Jar | None = None,
        guest: Guest | None = None,
    ) -> Answer:
        """The whole answer, decoded. Raises ``HttpStatusError`` for a status that is no success."""
        return await self._ask(functools.partial(self._send, "GET", jar=jar), url, headers, kind, guest)

    async def post_form(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        kind: Kind = PAGE,
        headers: Mapping[str, str] | None = None,
        jar: Jar | None = None,
        guest: Guest | None = None,
    ) -> Answer:
        """Like ``get``, with a form sent by ``POST``: for sites that are asked that way. Never sent anywhere else."""
        sender = FormSender(self._send, urlencode(form).encode(), jar)
        return await self._ask(sender, url, headers, kind, guest)

    async def get_bytes(self, url: str, *, kind: Kind = PAGE, headers: Mapping[str, str] | None = None) -> bytes:
        """The body, decoded."""
        return (await self.get(url, kind=kind, headers=headers)).content

    async def get_text(self, url: str, *, kind: Kind = PAGE, headers: Mapping[str, str] | None = None) -> str:
        """The body as text."""
        return (await self.get(url, kind=kind, headers=headers)).text()

    async def get_json(
        self, url: str, type_: type[T], *, kind: Kind = PAGE, headers: Mapping[str, str] | None = None
    ) -> T:
        """The body as JSON of that type. Raises ``BadAnswerError`` when it is not."""
        return (await self.get(url, kind=kind, headers=headers)).json(type_)

    async def post_json(
        self, url: str, body: object, type_: type[T], *, headers: Mapping[str, str] | None = None, kind: Kind = PAGE
    ) -> T:
        """Send ``body`` as JSON and take the JSON that comes back. Redirects are refused: it may be a password.

        Raises ``HttpStatusError`` for a status that is no success and ``BadAnswerError`` when it is not of that type.
        """
        answer = await self.call(url, body, headers=headers, kind=kind)
        if not 200 <= answer.status < 300:
            raise HttpStatusError(
                answer.status, answer.url, retry_after=parse_retry_after(answer.headers.get("retry-after"))
            )
        return answer.json(type_)

    async def call(
        self, url: str, body: object = None, *, headers: Mapping[str, str] | None = None, kind: Kind = PAGE
    ) -> Answer:
        """What an API answers, whatever the status: ``GET``, or ``POST`` with ``body`` as JSON. Follows no redirect,
        so that what is sent along goes nowhere else.
        """
        sent = defaults(kind)
        sent.update({"Accept": "application/json", "Accept-Encoding": "gzip"})
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        place, target = parse_url(url)
        async with self._lanes.enter(target.entry), self._limits(kind):
            opened = await self._send("GET" if content is None else "POST", place, target, sent, content=content)
            try:
                response = Response(opened.raw, str(place), kind)
                return Answer(response.url, response.headers, await response.read(), response.status_code)
            finally:
                with _translated():
                    await opened.raw.aclose()

    # --- inside -------------------------------------------------------------------------------------------------

    async def _ask(
        self, send: Sender, url: str, headers: Mapping[str, str] | None, kind: Kind, guest: Guest | None
    ) -> Answer:
        sent = defaults(kind)
        sent.update({"Accept-Encoding": "gzip", **(headers or {})})
        _, target = parse_url(url)
        async with self._lanes.enter(target.entry) if kind.polite else contextlib.nullcontext():
            async with self._answered(send, url, sent, kind) as response:
                raise_for_status(response)
                return Answer(response.url, response.headers, await response.read(guest))

    @contextlib.asynccontextmanager
    async def _answered(self, send: Sender, url: str, headers: httpx.Headers, kind: Kind) -> AsyncIterator[Response]:
        async with self._limits(kind):
            opened, final = await follow(send, url, headers, kind)
            try:
                yield Response(opened.raw, final, kind)
            finally:
                with _translated():
                    await opened.raw.aclose()

    @contextlib.asynccontextmanager
    async def _limits(self, kind: Kind) -> AsyncIterator[None]:
        """The kind's time limit, and one family of errors."""
        deadline = asyncio.timeout(kind.seconds)
        try:
            with _translated():
                async with deadline:
                    yield
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise TimedOutError(f"The answer was not there after {kind.seconds:g} s") from error

    async def _send(
        self,
        method: str,
        place: httpx.URL,
        target: Target,
        headers: httpx.Headers,
        *,
        content: bytes | None = None,
        jar: Jar | None = None,
    ) -> _Opened:
        listed = check_port(target.host, target.port, self._allowed_hosts())
        headers["Host"] = target.authority
        own = headers.copy()
        if content is not None:
            own["Content-Length"] = str(len(content))
            own.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if jar is not None and (cookie := jar.header(place)) is not None:
            own["Cookie"] = cookie
        request = httpcore.Request(
            method,
            httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=place.raw_path),
            headers=own.raw,
            content=content,
            extensions={"timeout": transport.TIMEOUTS},
        )
        opened = _Opened(await (await self._connections(listed=listed)).handle_async_request(request))
        if jar is not None:
            jar.keep(place, httpx.Headers(opened.raw.headers))
        return opened

    async def _connections(self, *, listed: bool) -> httpcore.AsyncConnectionPool:
        if listed not in self._pools:
            context = await self._tls_context()
            self._pools.setdefault(listed, transport.connection_pool(self._allowed_hosts, context))
        return self._pools[listed]

    async def _tls_context(self) -> ssl.SSLContext:
        """Made when it is needed, and once."""
        async with self._opening:
            if self._context is None:
                self._context = await asyncio.to_thread(transport.tls_context)
        return self._context


def raise_for_status(response: Response) -> None:
    """Raise ``HttpStatusError`` unless the status is a success."""
    if not 200 <= response.status_code < 300:
        raise HttpStatusError(
            response.status_code, response.url, retry_after=parse_retry_after(response.headers.get("retry-after"))
        )


class _Opened:
    """An answer of the pool, for those who follow redirects."""

    def __init__(self, raw: httpcore.Response) -> None:
        self.raw = raw
        self.status: int = raw.status

    @property
    def location(self) -> str | None:
        value: str | None = httpx.Headers(self.raw.headers).get("location")
        return value

    async def drop(self) -> None:
        """Read what is left of a short body so that the connection can be used again."""
        try:
            await _drain(self.raw)
        finally:
            await self.raw.aclose()


async def _drain(raw: httpcore.Response) -> None:
    with contextlib.suppress(ValueError):
        if int(httpx.Headers(raw.headers).get("content-length", DRAIN + 1)) <= DRAIN:
            async for _ in raw.aiter_stream():
                pass


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """What httpcore raises, as ours."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise TimedOutError(_TIMEOUTS.get(type(error), "The other side took too long")) from error
    except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError) as error:
        raise AddressRefusedError(f"The request cannot be made: {error}"[:300]) from error
    except httpcore.RemoteProtocolError as error:
        # Most often a body that ends too early; as a rule the next attempt goes well.
        raise NetError(f"The answer breaks off or is no HTTP: {error}"[:300]) from error
    except (httpcore.NetworkError, httpcore.ProxyError, ssl.SSLError) as error:
        raise NetError(_why(error)) from error


_TIMEOUTS: dict[type[Exception], str] = {
    httpcore.ConnectTimeout: "No connection in time",
    httpcore.ReadTimeout: f"The other side was silent for {transport.READ_SECONDS:g} s",
    httpcore.WriteTimeout: "The other side does not take the request",
    httpcore.PoolTimeout: "Too many connections are open",
}


def _why(error: Exception) -> str:
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The host's certificate is not valid: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.strerror:
        return f"The connection failed: {cause.strerror}"
    return f"The connection failed: {str(error) or type(error).__name__}"[:300]
