"""How a request to the outside can fail."""

import errno

from aniworld.kit.errors import AppError

_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
"""What this machine lacks: open files, memory."""


class NetError(AppError):
    """Base: no connection, or one that broke. ``permanent`` says whether the same request may succeed later."""

    code, status, title = "network", 503, "The other side cannot be reached"
    permanent = False


class TimedOutError(NetError):
    """The other side took too long: to connect, between two pieces, or in all."""

    code, title = "network-timeout", "The other side took too long"


class AddressRefusedError(NetError):
    """The address is private, reserved or not HTTP, and not on the list of allowed hosts."""

    code, title = "address-refused", "That address is not allowed"
    permanent = True


class BadAnswerError(NetError):
    """What came is not what HTTP or the content type promises: too many redirects, broken coding, no JSON."""

    code, title = "bad-answer", "The answer cannot be understood"
    permanent = True


class TooLargeError(NetError):
    """The answer is larger than its kind may be."""

    code, title = "answer-too-large", "The answer is too large"
    permanent = True


class HttpStatusError(NetError):
    """An answer with a status that is no success."""

    code, title = "http-status", "The other side refused"

    def __init__(self, http_status: int, url: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"The host answered {http_status}", retry_after=retry_after)
        self.http_status = http_status
        self.url = url
        self.permanent = http_status < 500 and http_status not in (408, 425, 429)


def is_our_doing(error: BaseException | None) -> bool:
    """Whether a request failed for what we allow or lack, which says nothing about the other side."""
    while error is not None:
        if isinstance(error, AddressRefusedError) or (isinstance(error, OSError) and error.errno in _OURS):
            return True
        error = error.__cause__
    return False
