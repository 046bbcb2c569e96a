"""How descriptions, pictures and the services that tell them can fail."""

from __future__ import annotations

from aniworld.kit.errors import AppError


class BadPictureError(AppError):
    """What came is not a picture that can be used: wrong format, too large, broken."""

    code, status, title = "bad-picture", 503, "The picture cannot be used"


class ForeignNfoError(AppError):
    """A description that somebody else wrote cannot be read, so it is not replaced."""

    code, status, title = "foreign-nfo", 409, "An NFO file of somebody else's cannot be read and stays"


class ServiceError(AppError):
    """A metadata service did not tell what it was asked. Base of the others; by itself: it may work later."""

    code, status, title = "metadata-service", 503, "The metadata service does not answer"
    permanent = False


class ServiceOffError(ServiceError):
    """The service is switched off, or has no key."""

    code, status, title = "metadata-off", 409, "That metadata service is switched off"
    permanent = True


class ServiceKeyError(ServiceError):
    """The service does not accept the key; nothing is asked until there is another."""

    code, status, title = "metadata-key", 409, "The metadata service does not accept the key"
    permanent = True


class NotAtServiceError(ServiceError):
    """The service does not know what was asked for, or has nothing of it. As good an answer as any."""

    code, status, title = "metadata-unknown", 404, "The metadata service does not have that"
    permanent = True
