"""What is tried to reach an address that must not be reached, and what would notice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from aniworld.kit.net import guard

PRIVATE_V4 = (
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.192",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
)
PRIVATE_V6 = ("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "100::1", "2001:db8::1")
NAMES = ("localhost", "LOCALHOST", "localhost.", "LocalHost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def spellings(text: str) -> Iterator[str]:
    """An IPv4 address as the libraries of this world read it, rightly or wrongly."""
    address = IPv4Address(text)
    a, b, c, d = address.packed
    number = int(address)
    yield text
    yield f"{text}."
    yield str(number)
    yield hex(number)
    yield f"0X{number:X}"
    yield oct(number).replace("0o", "0")
    yield f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"
    yield f"{a:03}.{b:03}.{c:03}.{d:03}"
    yield f"{a}.{b}.{c << 8 | d}"
    yield f"{a}.{b << 16 | c << 8 | d}"
    yield f"0x{a:x}.{b}.0{c:o}.{d}"
    yield text.replace(".", "。")
    yield text.replace(".", "．")
    yield "".join(chr(0xFF10 + int(letter)) if letter.isdigit() else letter for letter in text)
    yield "".join(f"%{ord(letter):02x}" for letter in text)
    yield text.replace(".", "%2e")
    yield f"[::ffff:{text}]"
    yield f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]"
    yield f"[0:0:0:0:0:ffff:{text}]"
    yield f"[::{text}]"
    yield f"[64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}]"
    yield f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]"
    yield f"[2001:0:808:808:0:0:{(number ^ 0xFFFFFFFF) >> 16:x}:{(number ^ 0xFFFFFFFF) & 0xFFFF:x}]"
    yield f"[2606:4700::5efe:{number >> 16:x}:{number & 0xFFFF:x}]"
    yield f"[{text}]"


def odd_addresses(entry: str) -> Iterator[str]:
    """Addresses that one reader takes for one thing and the next one for another; ``entry`` is what must not be met."""
    yield f"http://public.example@{entry}/"
    yield f"http://public.example:80@{entry}/"
    yield f"http://public.example%40{entry}/"
    yield f"http://{entry}\\@public.example/"
    yield f"http://public.example\\@{entry}/"
    yield f"http:///{entry}/"
    yield f"http:{entry}/"
    yield f"http:/{entry}/"
    yield f"http:\\\\{entry}\\"
    yield f"http://\t{entry}/"
    yield f"http://{entry}\r\nX: y/"
    yield f"ht\ntp://{entry}/"
    yield f"http://{entry}\0.public.example/"
    yield f"http://[{entry}]/"
    yield f"http://[::1%25lo]:{entry.rpartition(':')[2]}/"
    yield f"http://[fe80::1%25lo]:{entry.rpartition(':')[2]}/"
    yield f"http://[::1%lo]:{entry.rpartition(':')[2]}/"
    for scheme in (
        "https",
        "ftp",
        "file",
        "gopher",
        "dict",
        "ldap",
        "ws",
        "wss",
        "unix",
        "jar:http",
        "view-source:http",
    ):
        yield f"{scheme}://{entry}/"
    yield "file:///etc/passwd"
    yield "data:text/html,x"
    yield "javascript:alert(1)"
    yield f"//{entry}/"
    yield entry


def direct(port: int) -> list[str]:
    """Addresses of what must not be reached."""
    hosts = [spelling for text in PRIVATE_V4[:3] for spelling in spellings(text)]
    hosts += [spelling for text in ("169.254.169.254", "10.0.0.1", "0.0.0.0") for spelling in spellings(text)]
    hosts += list(PRIVATE_V4)
    hosts += [f"[{text}]" for text in PRIVATE_V6]
    hosts += [f"[{IPv6Address(text).exploded}]" for text in PRIVATE_V6[:4]]
    hosts += [*NAMES, socket.gethostname()]
    return list(dict.fromkeys([f"http://{host}:{port}/" for host in hosts] + list(odd_addresses(f"127.0.0.1:{port}"))))


@dataclass
class Canaries:
    """Listeners on loopback, and a record of every connection that was tried from this process."""

    port: int
    met: int = 0
    tried: list[Any] = field(default_factory=list)
    allowed: set[tuple[str, int]] = field(default_factory=set)

    @property
    def wrong(self) -> list[Any]:
        """Connections that should not have been tried."""
        return [address for address in self.tried if address[:2] not in self.allowed]


_watching: list[Canaries] = []


def _look(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _watching and isinstance(args[1], tuple):
        for canaries in _watching:
            canaries.tried.append(args[1])


sys.addaudithook(_look)


@contextlib.asynccontextmanager
async def canaries() -> AsyncIterator[Canaries]:
    """On several addresses of loopback, all on one port, which counts as one of the usual ones meanwhile."""
    found: Canaries | None = None

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert found is not None
        found.met += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncaught")
        writer.close()

    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(await asyncio.start_server(accept, "127.0.0.1", 0))
        found = Canaries(first.sockets[0].getsockname()[1])
        for address in ("127.0.0.2", "127.255.255.254", "::1"):
            with contextlib.suppress(OSError):  # taken, or there is no IPv6
                await stack.enter_async_context(await asyncio.start_server(accept, address, found.port))
        _watching.append(found)
        before, guard.PORTS = guard.PORTS, guard.PORTS | {found.port}
        try:
            yield found
        finally:
            guard.PORTS = before
            _watching.remove(found)


Answers = Callable[[str, int], list[str]]
"""What a name resolves to, and the how-manieth time it is asked for (from 0)."""


@contextlib.contextmanager
def names(answers: Answers) -> Iterator[None]:
    """Names below ``.example`` are answered so."""
    real = socket.getaddrinfo
    asked: dict[str, int] = {}

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(host, str) or not host.endswith(".example"):
            return real(host, port, *args, **kwargs)
        times = asked[host] = asked.get(host, -1) + 1
        found: list[Any] = []
        for address in answers(host, times):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            place = (address, port, 0, 0) if ":" in address else (address, port)
            found.append((family, socket.SOCK_STREAM, 6, "", place))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return found

    socket.getaddrinfo = resolve
    try:
        yield
    finally:
        socket.getaddrinfo = real
