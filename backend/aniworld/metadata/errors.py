"""How descriptions and pictures can fail."""

from __future__ import annotations

from aniworld.kit.errors import AppError


class BadPictureError(AppError):
    """What came is not a picture that can be used: wrong format, too large, broken."""

    code, status, title = "bad-picture", 503, "The picture cannot be used"


class ForeignNfoError(AppError):
    """A description that somebody else wrote cannot be read, so it is not replaced."""

    code, status, title = "foreign-nfo", 409, "An NFO file of somebody else's cannot be read and stays"
