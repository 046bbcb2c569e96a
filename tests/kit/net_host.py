"""Servers on loopback that answer byte by byte as a test wants it, and a client that may reach them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aniworld.kit.net import HttpClient


@dataclass
class Request:
    """What a server was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


Handler = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Host:
    """A server that answers each request as its handler likes, byte by byte."""

    handler: Handler
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def entry(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.entry}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ")
                fields = (line.partition(": ") for line in head[1:] if line)
                headers = {name.lower(): value for name, _, value in fields}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(method, target, headers, body)
                self.requests.append(request)
                await self.handler(request, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def host(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    """The server, listening."""
    serving = Host(handler)
    tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serving.serve(reader, writer))
        tasks[task] = writer
        task.add_done_callback(tasks.pop)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    serving.port = server.sockets[0].getsockname()[1]
    try:
        yield serving
    finally:
        server.close()
        for task, writer in tasks.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def client(*hosts: Host) -> AsyncIterator[HttpClient]:
    """A client that may reach these."""
    async with HttpClient(allowed_hosts=lambda: {host.entry for host in hosts}) as made:
        yield made


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> Handler:
    """Always the same answer."""
    lines = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + (b"" if request.method == "HEAD" else body))

    return handler


def redirect(to: str, status: int = 302) -> Handler:
    return answer(status=f"{status} Elsewhere", Location=to)
