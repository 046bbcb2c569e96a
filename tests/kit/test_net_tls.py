"""Certificates and names are checked, against the name that was asked for and not the address behind it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aniworld.kit.net import HttpClient, transport
from aniworld.kit.net.errors import NetError
from tests.kit.net_host import answer, host

# Of a host that does not exist: worth nothing, secret to nobody.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgu3DSykjxCR+N+o9Q
z+qWMt4kAwoIzEY2jBnabo8Q4EuhRANCAASG0sYnFQckV4H3mBjpDnrryIDpL6tM
BTLOT8LaLIDTPAD/c12Ufw094V0YtEWVWhRuui457ya2W7KYUbIFxjfv
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBqjCCAVCgAwIBAgIUICCCsmlGp8GiDvNoyBobIVJdS+UwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc29tZWJvZHkuZXhhbXBsZTAgFw0yNjExMjEwODU2MDJaGA8y
MTI2MTAyODA4NTYwMlowGzEZMBcGA1UEAwwQc29tZWJvZHkuZXhhbXBsZTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABIbSxicVByRXgfeYGOkOeuvIgOkvq0wFMs5P
wtosgNM8AP9zXZR/DT3hXRi0RZVaFG66LjnvJrZbsphRsgXGN++jcDBuMB0GA1Ud
DgQWBBQSaQasTfbUA0ClKi3TilONMsHk3TAfBgNVHSMEGDAWgBQSaQasTfbUA0Cl
Ki3TilONMsHk3TAPBgNVHRMBAf8EBTADAQH/MBsGA1UdEQQUMBKCEHNvbWVib2R5
LmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIhAIJz1wxtJT+6gcM47oBW/+2tflUe
mMHjFE5M9+EmL5reAiAurhdmoOR9t3wd7tZBjlOsK7PuDjNLYSSD7WdjPjEoeA==
-----END CERTIFICATE-----
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for somebody.example, signed by itself, and its key."""
    path = tmp_path / "somebody.pem"
    path.write_text(CERTIFICATE)
    return path


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every name leads to this machine."""

    def getaddrinfo(_: str, port: int, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


async def test_a_certificate_nobody_vouches_for_is_refused(server_side: ssl.SSLContext) -> None:
    async with host(answer(b"secret"), server_side) as site:
        async with HttpClient(allowed_hosts=lambda: {f"somebody.example:{site.port}"}) as http:
            with pytest.raises(NetError, match="certificate is not valid"):
                await http.get(f"https://somebody.example:{site.port}/")
        assert site.requests == []


async def test_the_name_is_checked(
    server_side: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "tls_context", lambda: ssl.create_default_context(cafile=str(certificate)))
    async with host(answer(b"yes"), server_side) as site:
        names = {f"{name}:{site.port}" for name in ("somebody.example", "other.example")}
        async with HttpClient(allowed_hosts=lambda: names) as http:
            assert await http.get_bytes(f"https://somebody.example:{site.port}/") == b"yes"
            with pytest.raises(NetError, match="certificate is not valid"):
                await http.get(f"https://other.example:{site.port}/")


async def test_media_come_from_hosts_that_are_who_they_say(
    server_side: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connections of the data path are others, and are checked in the same way."""

    async def read(http: HttpClient, url: str) -> bytes:
        async with http.open(url) as response:
            return bytes(await response.block())

    async with host(answer(b"film"), server_side) as site:
        names = {f"{name}:{site.port}" for name in ("somebody.example", "other.example")}
        async with HttpClient(allowed_hosts=lambda: names) as http:
            with pytest.raises(NetError, match="certificate is not valid"):
                await read(http, f"https://somebody.example:{site.port}/")
        monkeypatch.setattr(transport, "tls_context", lambda: ssl.create_default_context(cafile=str(certificate)))
        async with HttpClient(allowed_hosts=lambda: names) as http:
            assert await read(http, f"https://somebody.example:{site.port}/") == b"film"
            with pytest.raises(NetError, match="certificate is not valid"):
                await read(http, f"https://other.example:{site.port}/")
        assert len(site.requests) == 1


async def test_no_way_back_from_https_to_http(
    server_side: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "tls_context", lambda: ssl.create_default_context(cafile=str(certificate)))
    async with host(answer(b"plain")) as plain:
        leads_there = answer(status="302 Found", Location=f"http://{plain.entry}/")
        async with host(leads_there, server_side) as site:
            names = {f"somebody.example:{site.port}", plain.entry}
            async with HttpClient(allowed_hosts=lambda: names) as http:
                with pytest.raises(NetError, match="from https to http"):
                    await http.get(f"https://somebody.example:{site.port}/")
        assert plain.connections == 0


async def test_a_host_that_does_not_speak_tls_is_told() -> None:
    def speak_first(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak_first, "127.0.0.1", 0)
    async with server:
        entry = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with HttpClient(allowed_hosts=lambda: {entry}) as http:
            with pytest.raises(NetError, match="connection failed"):
                await http.get(f"https://{entry}/")
