"""An HTTP/1.1 server of raw sockets that does what it is told, right or wrong."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import socket
import struct
import termios
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

from tests.origin.answers import compose
from tests.origin.faults import Body, Fault, Script

Outcome = Literal["running", "complete", "fin", "rst", "stall", "left"]
REASONS = {
    200: "OK",
    206: "Partial Content",
    302: "Found",
    403: "Forbidden",
    404: "Not Found",
    416: "Range Not Satisfiable",
}


@dataclass(slots=True)
class Request:
    """One request as it came in, and what became of it."""

    method: str
    path: str
    """Without the query."""
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    at: float
    """Time of the event loop's clock."""
    status: int | None = None
    sent: int = 0
    """Bytes of the body that were handed to the kernel (a client that leaves may not have read the last of them)."""
    outcome: Outcome = "running"
    """``left``: the client closed before the answer was over. Otherwise how the origin ended it."""

    @property
    def range(self) -> str | None:
        """The ``Range`` header."""
        return self.headers.get("range")


@dataclass(slots=True)
class _Signature:
    """An address that expires."""

    until: float | None
    left: int | None


@dataclass(slots=True)
class _Resource:
    body: Body
    script: Script
    signatures: dict[str, _Signature] = field(default_factory=dict)


class Origin:
    """A server on loopback for tests of what downloads.

    Use it as an async context manager. ``add`` a resource with its faults, then let the code under test fetch its
    address; ``requests`` and ``sent`` tell what was asked and how much went over the wire::

        async with Origin() as origin:
            url = origin.add("/film", Body(data), [Fault(cut=1000, end="rst"), Fault(status=503, retry_after="1")])
            ...  # 1st request: reset after 1000 bytes; 2nd: 503; from then on: good
            assert origin.sent("/film") == len(data)

    Good answers know ``GET`` and ``HEAD``, one range, ``If-Range`` (strong comparison), 416, and keep connections
    alive. What is not there is 404. A resource that was never ``add``-ed needs no faults of its own: a redirect is
    ``add(path, faults=[Fault(redirect=..., times=None)])`` or :meth:`redirect`.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        """All requests, in the order in which they came."""
        self.open = 0
        """Answers under way."""
        self.peak = 0
        """The most answers that were under way at once."""
        self.connections = 0
        """Connections accepted so far."""
        self._host = host
        self._port = 0
        self._resources: dict[str, _Resource] = {}
        self._names = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # What it serves

    def add(self, path: str, body: Body | bytes = b"", faults: Iterable[Fault] = ()) -> str:
        """Serve ``body`` at ``path``; its absolute address. Replaces what was there."""
        whole = Body(body) if isinstance(body, bytes) else body
        self._resources[path] = _Resource(whole, Script(list(faults)))
        return self.url(path)

    def change(self, path: str, body: Body) -> None:
        """Serve other content at ``path`` from the next request on."""
        self._resources[path].body = body

    def fail(self, path: str, *faults: Fault) -> None:
        """Replace the faults of ``path``; none makes it good."""
        self._resources[path].script = Script(list(faults))

    def redirect(self, path: str, to: str, *, hops: int = 1, status: int = 302) -> str:
        """Redirect ``path`` to ``to`` (a path or an address) over ``hops`` hops (to itself: a loop); its address."""
        steps = [path, *(f"{path}/hop-{number}" for number in range(1, hops)), to]
        for here, there in itertools.pairwise(steps):
            self.add(here, faults=[Fault(redirect=there, status=status, times=None)])
        return self.url(path)

    def sign(self, path: str, *, seconds: float | None = None, requests: int | None = None) -> str:
        """A signed address of ``path`` that answers 403 after so many seconds or requests; unsigned ones answer 403."""
        name = f"s{next(self._names)}"
        until = None if seconds is None else asyncio.get_running_loop().time() + seconds
        self._resources[path].signatures[name] = _Signature(until, requests)
        return f"{self.url(path)}?signature={name}"

    def add_hls(
        self,
        path: str,
        segments: Sequence[bytes],
        *,
        seconds: float = 2.0,
        faults: Mapping[int, Iterable[Fault]] | None = None,
    ) -> str:
        """Serve ``master.m3u8``, ``media.m3u8``, ``00000.ts``… below ``path``; the master's address.

        ``faults``: number of the segment (from 0) → its faults.
        """
        playlist = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{seconds:.0f}\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        for number, data in enumerate(segments):
            name = f"{number:05}.ts"
            playlist += f"#EXTINF:{seconds:.3f},\n{name}\n"
            self.add(f"{path}/{name}", Body(data, "video/mp2t"), (faults or {}).get(number, ()))
        kind = "application/vnd.apple.mpegurl"
        self.add(f"{path}/media.m3u8", Body((playlist + "#EXT-X-ENDLIST\n").encode(), kind))
        bandwidth = round(max(map(len, segments), default=1) * 8 / seconds)
        master = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION=640x360\nmedia.m3u8\n"
        return self.add(f"{path}/master.m3u8", Body(master.encode(), kind))

    # What it saw

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    def url(self, path: str = "", *, host: str | None = None) -> str:
        """The absolute address of a path; ``host`` names the same server otherwise (``localhost``)."""
        return f"http://{host or self._host}:{self._port}{path}"

    def seen(self, path: str) -> list[Request]:
        """The requests of one path."""
        return [request for request in self.requests if request.path == path]

    def sent(self, path: str | None = None) -> int:
        """Bytes of bodies sent, of one path or of all."""
        return sum(request.sent for request in self.requests if path in (None, request.path))

    # Life

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        listener = socket.create_server((self._host, 0))
        # Little may wait in the kernel, so that ``sent`` stays near to what the client has read.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128 * 1024)
        self._server = await asyncio.start_server(self._accept, sock=listener)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and cut every connection."""
        await self.stop()

    async def stop(self) -> None:
        """Be gone: connections are cut and refused from now on."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        writer.transport.set_write_buffer_limits(0)  # so that drain() waits until the kernel has taken everything
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while await self._serve(reader, writer):
                    pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether another may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (row.partition(":") for row in rest if row)
        }
        parts = urlsplit(target)
        request = Request(method, parts.path, parts.query, headers, asyncio.get_running_loop().time())
        self.requests.append(request)
        self.open += 1
        self.peak = max(self.peak, self.open)
        try:
            keep = await self._answer(request, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            request.outcome = "left"
            raise
        finally:
            self.open -= 1
        return keep and headers.get("connection", "").lower() != "close"

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        resource = self._resources.get(request.path)
        if resource is None:
            fault, body = Fault(status=404), Body(b"")
        elif not self._valid(resource, request):
            fault, body = Fault(status=403), resource.body
        else:
            fault = resource.script.next()
            body = fault.body or resource.body
        if fault.before:
            await asyncio.sleep(fault.before)
        if fault.raw is not None:
            writer.write(fault.raw)
            await writer.drain()
            request.outcome = "fin"
            return False
        status, headers, data = compose(request.method, request.headers, body, fault)
        request.status = status
        text = f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers)
        writer.write((text + "\r\n").encode("latin-1"))
        await writer.drain()
        return await self._send(request, b"" if request.method == "HEAD" else data, fault, reader, writer)

    def _valid(self, resource: _Resource, request: Request) -> bool:
        if not resource.signatures:
            return True
        signature = resource.signatures.get(parse_qs(request.query).get("signature", [""])[0])
        if signature is None or (signature.until is not None and request.at >= signature.until):
            return False
        if signature.left is not None:
            signature.left -= 1
            return signature.left >= 0
        return True

    async def _send(
        self, request: Request, data: bytes, fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        chunked = fault.framing == "chunked" and request.method != "HEAD"
        end = len(data) if fault.cut is None else min(fault.cut, len(data))
        for start in range(0, end, fault.chunk):
            piece = data[start : min(start + fault.chunk, end)]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
            request.sent += len(piece)
            if fault.pause:
                await asyncio.sleep(fault.pause)
        if fault.cut is not None:
            request.outcome = fault.end
            await _end(fault.end, reader, writer)
            return False
        if chunked:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        request.outcome = "complete"
        return fault.framing != "close" and fault.length is None and not fault.length_by


async def _end(how: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End a connection in the middle of an answer."""
    if how == "stall":
        await reader.read()  # until the client goes
    elif how == "rst":
        sock: socket.socket = writer.get_extra_info("socket")
        # A reset throws away what the kernel has not sent yet: wait until the client's side has all of it.
        for _ in range(200):
            (unsent,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
            if not unsent:
                break
            await asyncio.sleep(0.01)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
