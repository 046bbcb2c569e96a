"""What the process that runs yt-dlp may do: connect to its proxy and compute, within limits. Only for that process.

yt-dlp goes through the proxy because it is told to; this is for what does not listen: an extractor that brings proxies
of its own, a library with its own sockets, a program that is to be started, a file that is to be written.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Callable

MEMORY = 1024**3
CPU_SECONDS = 60
_OPEN_FILES = 64
_NICE = 5

_CLIENTS = ("brotli", "brotlicffi", "curl_cffi", "requests", "urllib3", "websockets")
"""Libraries that yt-dlp uses where it finds them: connections that are made in C, where nothing here sees them, and
what decodes without a limit."""
_REFUSED = frozenset(
    {
        "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.spawn",
        "subprocess.Popen",
        "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
        "os.truncate", "os.utime", "shutil.copyfile", "shutil.move", "shutil.rmtree",
        "socket.bind", "socket.gethostbyaddr", "socket.gethostbyname", "socket.getnameinfo", "socket.sendmsg",
        "socket.sendto",
        "ftplib.connect", "smtplib.connect", "telnetlib.Telnet.open",
    }
)  # fmt: skip
"""Events of Python's audit (PEP 578)."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def without_other_clients() -> None:
    """Before yt-dlp is imported: it finds none of the libraries that make connections their own way."""
    for name in _CLIENTS:
        sys.modules[name] = None  # type: ignore[assignment]


def close(proxy: tuple[str, int]) -> None:
    """From now on there is no other way out than that address, and no way back."""
    _limit()
    sys.addaudithook(_hook(proxy))


def _hook(proxy: tuple[str, int]) -> Callable[[str, tuple[object, ...]], None]:
    def look(event: str, args: tuple[object, ...]) -> None:
        if event == "socket.connect":
            if args[1] != proxy:
                raise PermissionError("Only the proxy may be connected to")
        elif event == "socket.getaddrinfo":
            if args[0] != proxy[0]:
                raise PermissionError("Names are resolved by the proxy")
        elif event == "open":
            flags = args[2]
            if args[0] != os.devnull and isinstance(flags, int) and flags & _WRITING:
                raise PermissionError("Nothing may be written")
        elif event in _REFUSED:
            raise PermissionError(f"{event} is not allowed here")

    return look


def _limit() -> None:
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(kind)
        value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))
    with contextlib.suppress(OSError):
        os.nice(_NICE)
