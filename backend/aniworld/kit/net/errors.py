"""How a request to the outside can fail."""

from aniworld.kit.errors import AppError


class NetError(AppError):
    """Base. ``permanent`` says whether the same request may succeed later."""

    code, status, title = "network", 503, "The other side cannot be reached"
    permanent = False


class AddressRefusedError(NetError):
    """The address is private, reserved or not HTTP, and not on the list of allowed hosts."""

    code, title = "address-refused", "That address is not allowed"
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
