"""Which addresses may be reached. Knows no HTTP client: whatever connects asks here first, on every connection.

``http`` and ``https`` on the usual ports to public addresses; beside them exactly what the user lists as ``host:port``.
A name is resolved here and the connection goes to an address that was checked, so an answer that changes afterwards
changes nothing. What does not resolve is refused.
"""

from __future__ import annotations

import asyncio
import functools
import re
import socket
from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from aniworld.kit.net.errors import AddressRefusedError, NetError, TimedOutError

Address = IPv4Address | IPv6Address

PORTS = frozenset({80, 443, 8080, 8443})
RESOLVE_SECONDS = 5.0
MAX_ADDRESSES = 8
"""Addresses of one name that are handed out; all of them are checked."""
MAX_URL = 8192

_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments (Teredo is looked into before)
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_TEREDO = IPv6Network("2001::/32")
_6TO4 = IPv6Network("2002::/16")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}\Z")
_NUMERIC = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z")

# Of its own: a resolver that hangs must not take the threads that files are read in.
_resolver = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, in one spelling."""

    scheme: str
    host: str
    """Lower case, no dot at the end, an IPv6 address without its brackets."""
    port: int

    @property
    def entry(self) -> str:
        """How the list of allowed hosts would name it."""
        return _entry(self.host, self.port)

    @property
    def authority(self) -> str:
        """Host and, where it is not the scheme's own, port: the value of ``Host``."""
        usual = self.port == (443 if self.scheme == "https" else 80)
        return self.entry.rpartition(":")[0] if usual else self.entry


def parse_url(url: str | httpx.URL) -> tuple[httpx.URL, Target]:
    """The URL in its parts. Raises ``AddressRefusedError`` for what cannot be an address on the web."""
    if isinstance(url, str):
        if len(url) > MAX_URL or "\\" in url or any(character < " " or character == "\x7f" for character in url):
            raise AddressRefusedError("The address is not well formed")
        try:
            url = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise AddressRefusedError("The address is not well formed") from error
    if url.scheme not in ("http", "https"):
        raise AddressRefusedError(f"Only http and https are allowed, not {url.scheme or 'nothing'!r}"[:200])
    if url.userinfo:
        raise AddressRefusedError("An address must not hold a user name or password")
    host = normalize_host(url.raw_host.decode("ascii"))
    port = url.port if url.port is not None else (443 if url.scheme == "https" else 80)
    if not 0 < port < 65536:
        raise AddressRefusedError(f"{port} is no port")
    return url, Target(url.scheme, host, port)


def normalize_host(host: str) -> str:
    """The host in its one spelling. Raises ``AddressRefusedError`` for odd notations of IP addresses."""
    host = host.lower().removesuffix(".")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if (literal := _literal(host)) is not None:
        return str(literal)
    if not _HOST.match(host) or _NUMERIC.match(host.rpartition(".")[2]):
        raise AddressRefusedError(f"{host[:100]!r} is no host name")
    return host


def is_public(ip: str | Address) -> bool:
    """Whether the address is one on the public internet, also when it is wrapped into another."""
    address = _literal(ip) if isinstance(ip, str) else ip
    if address is None:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address.scope_id is not None:
        return False
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _MAPPED or address in _NAT64:
        return is_public(low)
    if address in _6TO4:
        return is_public(IPv4Address(int(address) >> 80 & 0xFFFF_FFFF))
    if address in _TEREDO:
        server = IPv4Address(int(address) >> 64 & 0xFFFF_FFFF)
        return is_public(server) and is_public(IPv4Address(int(low) ^ 0xFFFF_FFFF))
    if address not in _GLOBAL_V6 or any(address in network for network in _REFUSED_V6):
        return False
    return int(address) >> 32 & 0xFFFF_FFFF not in _ISATAP or is_public(low)


def check_port(host: str, port: int, allowed: Set[str]) -> bool:
    """Whether the user has listed this very host and port. Raises for a port that is neither usual nor listed."""
    listed = _entry(host, port) in {entry.lower() for entry in allowed}
    if not listed and port not in PORTS:
        raise AddressRefusedError(f"Port {port} is not allowed; list {_entry(host, port)} to allow it")
    return listed


async def resolve_checked(host: str, port: int, allowed: Set[str]) -> list[Address]:
    """The first addresses of a host in the resolver's order, never empty. None is given unless all are in order.

    ``allowed`` holds ``host:port`` entries that may be private. Raises ``AddressRefusedError`` when any address is
    not public, ``TimedOutError`` after ``RESOLVE_SECONDS`` and ``NetError`` when the name does not resolve.
    """
    host = normalize_host(host)
    listed = check_port(host, port, allowed)
    literal = _literal(host)
    addresses = [literal] if literal is not None else await _resolve(host, port)
    if not listed and not all(is_public(address) for address in addresses):
        raise AddressRefusedError(f"{host} is a private or reserved address; list {_entry(host, port)} to allow it")
    return addresses[:MAX_ADDRESSES]


async def _resolve(host: str, port: int) -> list[Address]:
    lookup = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().run_in_executor(_resolver, lookup)
    except TimeoutError as error:
        raise TimedOutError(f"The name {host} was not resolved in time") from error
    except (OSError, UnicodeError) as error:
        raise NetError(f"The name {host} cannot be resolved") from error
    addresses = list(dict.fromkeys(ip_address(str(info[4][0])) for info in found))
    if not addresses:
        raise NetError(f"The name {host} has no address")
    return addresses


def _entry(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _literal(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
