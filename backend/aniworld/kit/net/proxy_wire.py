"""What a proxy is asked, as bytes. Pure, strict, bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aniworld.kit.net.errors import BadAnswerError

_REQUEST = re.compile(rb"([A-Z]{3,10}) ([!-~]{1,8192}) HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r\n]*?)[ \t]*")
_METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
_HOP = frozenset({b"connection", b"host", b"keep-alive", b"te", b"trailer", b"upgrade"})
"""Fields that are about one connection; ``proxy-`` ones are too. ``Host`` is made from the address instead."""


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """The head of a request to a proxy."""

    method: bytes
    target: str
    """An address; host and port where a tunnel is asked for."""
    authorization: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    """What is passed on."""

    @property
    def tunnel(self) -> bool:
        """Whether bytes are to be passed on as they are."""
        return self.method == b"CONNECT"

    def forwarded(self, path: bytes, authority: str) -> bytes:
        """The head as the origin is sent it. One request a connection."""
        lines = [self.method + b" " + path + b" HTTP/1.1", b"Host: " + authority.encode("ascii")]
        lines += [name + b": " + value for name, value in self.fields]
        return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def parse_proxy_request(head: bytes) -> ProxyRequest:
    """Raises ``BadAnswerError`` for what is no request that a proxy serves."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    match = _REQUEST.fullmatch(first)
    if match is None or (match[1] not in _METHODS and match[1] != b"CONNECT"):
        raise BadAnswerError("That is no request to a proxy")
    fields: list[tuple[bytes, bytes]] = []
    authorization = b""
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise BadAnswerError("A header is not well formed")
        name = field[1].lower()
        if name == b"proxy-authorization":
            authorization = field[2]
        elif name not in _HOP and not name.startswith(b"proxy-"):
            fields.append((field[1], field[2]))
    return ProxyRequest(match[1], match[2].decode("ascii"), authorization, tuple(fields))
