"""Which addresses may be reached."""

import asyncio
import socket
import time
from typing import Any

import pytest

from aniworld.kit.net import guard
from aniworld.kit.net.errors import AddressRefusedError, NetError, TimedOutError
from aniworld.kit.net.guard import is_public, normalize_host, parse_url, resolve_checked

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "2001:4860:4860::8888",
    "2001:200::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "2001:0:808:808:0:0:f7f7:f7f7",  # Teredo, server and client both 8.8.8.8
    "2606:4700::5efe:808:808",  # ISATAP around 8.8.8.8
]
PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.255",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:a9fe:a9fe:0:0:f7f7:f7f7",
    "2001:0:808:808:0:0:80ff:fffe",  # Teredo around 127.0.0.1
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:c0a8:1",
    "2620:4f:8000::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "no address",
    "",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "//example.org/",
        "example.org",
        "",
        "http://",
        "http:///path",
        "http://user@example.org/",
        "http://user:password@example.org/",
        "http://@@example.org/",
        "http://example.org\\@127.0.0.1/",
        "http://exa mple.org/",
        "http://example.org/\r\nX-Header: 1",
        "http://example.org\t/",
        "http://example.org:99999/",
        "http://example.org:-1/",
        "http://example.org:port/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.0x1/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://example.1/",
        "http://example.0x/",
        "http://[::1/",
        "http://[1.2.3.4]/",
        "http://ex%61mple.org/",
        "http://-example.org/",
        "http://example..org/",
        "http://" + "a" * 300 + ".org/",
        "http://example.org/" + "a" * 9000,
    ],
)
def test_no_address_on_the_web(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        parse_url(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "authority"),
    [
        ("http://Example.ORG./a?b#c", "example.org", 80, "example.org"),
        ("https://example.org/", "example.org", 443, "example.org"),
        ("https://example.org:8443/", "example.org", 8443, "example.org:8443"),
        ("http://example.org:443/", "example.org", 443, "example.org:443"),
        ("http://bücher.example/", "xn--bcher-kva.example", 80, "xn--bcher-kva.example"),
        ("http://[2001:DB8:0::1]:8080/", "2001:db8::1", 8080, "[2001:db8::1]:8080"),
        ("http://127.0.0.1:8000/", "127.0.0.1", 8000, "127.0.0.1:8000"),
        ("http://some_host/", "some_host", 80, "some_host"),
    ],
)
def test_parts_of_an_address(url: str, host: str, port: int, authority: str) -> None:
    _, target = parse_url(url)
    assert (target.host, target.port, target.authority) == (host, port, authority)


def test_one_spelling_of_a_host() -> None:
    assert normalize_host("[2001:0DB8::0001]") == "2001:db8::1"
    assert normalize_host("LOCALHOST.") == "localhost"


def answers(*addresses: str) -> Any:
    """A resolver that always says this."""

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port))
            for family, address in zip(families, addresses, strict=True)
        ]

    return getaddrinfo


async def test_every_address_of_a_name_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "10.0.0.1"))
    with pytest.raises(AddressRefusedError, match="is a private"):
        await resolve_checked("rebind.example", 80, frozenset())
    monkeypatch.setattr(
        socket, "getaddrinfo", answers(*["93.184.216.34"] * 3, *(f"8.8.8.{n}" for n in range(20)), "::1")
    )
    with pytest.raises(AddressRefusedError):
        await resolve_checked("late.example", 80, frozenset())
    monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "93.184.216.34", "2606:4700::1"))
    found = await resolve_checked("good.example", 80, frozenset())
    assert [str(address) for address in found] == ["93.184.216.34", "2606:4700::1"]


async def test_listed_hosts_may_be_private_on_that_port_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answers("192.168.1.5"))
    allowed = frozenset({"NAS.lan:5000", "[::1]:8000"})
    assert [str(a) for a in await resolve_checked("nas.lan", 5000, allowed)] == ["192.168.1.5"]
    assert [str(a) for a in await resolve_checked("::1", 8000, allowed)] == ["::1"]
    for host, port in (("nas.lan", 80), ("other.lan", 80), ("192.168.1.5", 80), ("::1", 80)):
        with pytest.raises(AddressRefusedError, match="private"):
            await resolve_checked(host, port, allowed)
    with pytest.raises(AddressRefusedError, match="Port 5000 is not allowed"):
        await resolve_checked("other.lan", 5000, allowed)


@pytest.mark.parametrize("port", [1, 22, 25, 3306, 6379, 8000, 65535])
async def test_other_ports_are_refused(port: int) -> None:
    with pytest.raises(AddressRefusedError):
        await resolve_checked("93.184.216.34", port, frozenset())


async def test_what_does_not_resolve_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(NetError, match="cannot be resolved"):
        await resolve_checked("nowhere.example", 80, frozenset())
    monkeypatch.setattr(socket, "getaddrinfo", answers())
    with pytest.raises(NetError, match="no address"):
        await resolve_checked("empty.example", 80, frozenset())


async def test_a_slow_resolver_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.3))
    slow = [asyncio.create_task(resolve_checked(f"slow{n}.example", 80, frozenset())) for n in range(8)]
    assert await asyncio.to_thread(lambda: "other threads are free") == "other threads are free"
    for error in await asyncio.gather(*slow, return_exceptions=True):
        assert isinstance(error, TimedOutError)
