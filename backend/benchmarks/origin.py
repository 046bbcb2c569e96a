"""A fast origin for the download benchmark: sendfile, ranges, and what hosts do to slow a client down.

GET /<profile>/<path>   profile: '-' or comma separated: rate=8M (bytes/s a connection), total=40M (all connections),
                        rtt=30 (ms before each answer), most=4 (connections; more get 503)
                        a folder is answered with the list of what is in it
GET /stats/<profile>    {"sent": bytes, "peak": connections}
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t"}
_STEP = 4 * 1024 * 1024
_CREDIT = 0.05


class Profile:
    """How one kind of host behaves, and what it has seen."""

    def __init__(self, text: str) -> None:
        given = dict(part.split("=") for part in text.split(",") if "=" in part)
        self.rate = _size(given.get("rate", "0"))
        self.total = _size(given.get("total", "0"))
        self.rtt = float(given.get("rtt", "0")) / 1000
        self.most = int(given.get("most", "0"))
        self.sent = self.open = self.peak = 0
        self.lock = threading.Lock()
        self._paid = 0.0

    def pay(self, count: int) -> None:
        """Wait until the line that all share has carried so many bytes."""
        with self.lock:
            self._paid = max(self._paid, time.monotonic() - _CREDIT) + count / self.total
            due = self._paid
        time.sleep(max(due - time.monotonic(), 0))


def _size(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1]] if text[-1:] in _UNITS else int(text)


class Origin:
    """Serves a directory, a thread a connection."""

    def __init__(self, directory: Path, context: ssl.SSLContext | None = None) -> None:
        self._directory = directory
        self._context = context
        self._profiles: dict[str, Profile] = {}
        self._lock = threading.Lock()

    def run(self, listener: socket.socket) -> None:
        """For ever."""
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _profile(self, text: str) -> Profile:
        with self._lock:
            return self._profiles.setdefault(text, Profile(text))

    def _serve(self, plain: socket.socket) -> None:
        try:
            connection = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as reader:
                while line := reader.readline(8192):
                    fields = {}
                    while (field := reader.readline(8192)) not in (b"\r\n", b""):
                        name, _, value = field.decode("latin-1").partition(":")
                        fields[name.lower()] = value.strip()
                    self._answer(connection, line.decode("latin-1").split(" ")[1], fields)
        except OSError:
            pass  # the client left

    def _answer(self, connection: socket.socket, target: str, fields: dict[str, str]) -> None:
        _, first, name = target.split("/", 2)
        if first == "stats":
            seen = self._profile(name)
            self._say(connection, 200, json.dumps({"sent": seen.sent, "peak": seen.peak}).encode())
            return
        profile = self._profile(first)
        time.sleep(profile.rtt)
        with profile.lock:
            refused = bool(profile.most) and profile.open >= profile.most
            profile.open += not refused
            profile.peak = max(profile.peak, profile.open)
        if refused:
            self._say(connection, 503, b"busy")
            return
        try:
            path = self._directory.joinpath(*(part for part in unquote(name).split("/") if part.strip(".")))
            if path.is_dir():
                names = sorted(entry.name + "/" * entry.is_dir() for entry in path.iterdir())
                links = "".join(f'<a href="{quote(name)}">{name}</a>\n' for name in names)
                self._say(connection, 200, f"<h1>Index</h1><pre>{links}</pre>".encode(), "text/html")
            else:
                self._send(connection, path, fields.get("range"), profile)
        finally:
            with profile.lock:
                profile.open -= 1

    def _say(self, connection: socket.socket, status: int, body: bytes, kind: str = "application/json") -> None:
        head = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    def _send(self, connection: socket.socket, path: Path, asked: str | None, profile: Profile) -> None:
        size = path.stat().st_size
        start, end, status, told = 0, size, 200, ""
        if asked is not None and (match := _RANGE.fullmatch(asked)):
            start, end, status = int(match[1]), min(int(match[2] or size) + 1, size), 206
            told = f"Content-Range: bytes {start}-{end - 1}/{size}\r\n"
        head = f'HTTP/1.1 {status} OK\r\nContent-Length: {end - start}\r\nETag: "v1"\r\nAccept-Ranges: bytes\r\n'
        kind = _TYPES.get(path.suffix, "video/mp4")
        connection.sendall(f"{head}{told}Content-Type: {kind}\r\n\r\n".encode())
        step = max(profile.rate // 64, 16384) if profile.rate else 256 * 1024 if profile.total else _STEP
        due = 0.0
        with path.open("rb") as stream:
            while start < end:
                count = min(step, end - start)
                if profile.total:
                    profile.pay(count)
                if profile.rate:
                    due = max(due, time.monotonic() - _CREDIT) + count / profile.rate
                    time.sleep(max(due - time.monotonic(), 0))
                stream.seek(start)
                count = (
                    connection.sendfile(stream, start, count)
                    if self._context
                    else os.sendfile(connection.fileno(), stream.fileno(), start, count)
                )
                start += count
                with profile.lock:
                    profile.sent += count


def main(arguments: list[str]) -> None:
    """``origin DIRECTORY [CERTIFICATE]``: prints its port, or its two ports."""
    directory = Path(arguments[0])
    contexts: list[Any] = [None]
    if len(arguments) > 1:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments[1])
        contexts.append(context)
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in contexts]
    for listener, context in zip(listeners, contexts, strict=True):
        threading.Thread(target=Origin(directory, context).run, args=(listener,)).start()
    print(*(listener.getsockname()[1] for listener in listeners), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
