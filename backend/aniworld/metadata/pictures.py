"""Which of the pictures that are offered is taken, what its file is called, and whose a file is. Pure."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable

from aniworld.metadata.types import PICTURE_FILES, Picture, PictureKind

LARGEST: dict[PictureKind, tuple[int, int]] = {
    "poster": (1000, 1500),
    "fanart": (1920, 1080),
    "logo": (800, 310),
    "banner": (1000, 185),
    "thumb": (1000, 562),
}
"""Width and height that players ask for; what is larger is made smaller (fanart.tv's sizes)."""
MOST_FANARTS = 10
_SEASON_KINDS: frozenset[PictureKind] = frozenset({"poster", "fanart", "banner", "thumb"})
_OURS = re.compile(
    r"(fanart[1-9]\d?|(season(\d{2,4}|-specials)-(poster|fanart|banner|landscape)))\.jpg|logo\.png", re.ASCII
)
_MARK = b"Aniworld "
_JPEG_START = b"\xff\xd8\xff\xfe"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD = len(_PNG_START) + 25
_KEYWORD = b"Comment\0"
_CHECKSUM = 32


# --- choosing -------------------------------------------------------------------------------------------------------


def choose(
    pictures: Iterable[Picture], kind: PictureKind, season: int | None = None, *, most: int = 1
) -> list[Picture]:
    """The pictures to be tried, the best first; all that are of the kind where ``most`` is 0.

    ``pictures``: as :class:`~aniworld.metadata.types.MergedSeries` has them, of each kind the best first by language,
    service and liking. That order is kept, but what is known to be less than half as wide as players want comes after
    the others, and what cannot be used (SVG, the wrong way up) not at all.
    """
    seen: dict[str, Picture] = {}
    for picture in pictures:
        if picture.kind == kind and picture.season == season and _is_usable(picture):
            seen.setdefault(picture.url, picture)
    ordered = sorted(seen.values(), key=_is_small)
    return ordered[:most] if most else ordered


def _is_usable(picture: Picture) -> bool:
    if picture.url.partition("?")[0].lower().endswith(".svg"):
        return False
    if not picture.width or not picture.height:
        return True
    wide = picture.width > picture.height
    return not wide if picture.kind == "poster" else wide or picture.kind == "logo"


def _is_small(picture: Picture) -> bool:
    return bool(picture.width) and 2 * (picture.width or 0) < LARGEST[picture.kind][0]


# --- names ----------------------------------------------------------------------------------------------------------


def picture_file(kind: PictureKind, season: int | None = None, number: int = 0) -> str:
    """The name of a picture in the series' folder, as Jellyfin and Kodi look for it.

    ``season``: of one season; 0 are the specials. ``number``: of a further fanart. Raises ``ValueError`` for what has
    no name: players know no logo of a season, and no second poster.
    """
    name = PICTURE_FILES[kind]
    if number and (kind != "fanart" or season is not None):
        raise ValueError(f"There is only one {kind}")
    if season is None:
        return f"fanart{number}.jpg" if number else name
    if kind not in _SEASON_KINDS:
        raise ValueError(f"A season has no {kind}")
    return f"season{f'{season:02}' if season else '-specials'}-{name}"


def thumb_path(video: str) -> str:
    """Where the picture of an episode lies: beside its video."""
    return f"{video.rpartition('.')[0]}-thumb.jpg"


def is_picture_name(name: str) -> bool:
    """Whether a file in a series' folder is called as we call pictures."""
    return name in PICTURE_FILES.values() or _OURS.fullmatch(name) is not None


# --- whose they are -------------------------------------------------------------------------------------------------


def marked(data: bytes) -> bytes:
    """A JPEG or PNG with a comment that says that it is ours, and a checksum: one that somebody changed is theirs."""
    if data.startswith(_PNG_START):
        chunk = b"tEXt" + _KEYWORD + _MARK + _checksum(data)
        whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        return data[:_PNG_HEAD] + whole + data[_PNG_HEAD:]
    comment = _MARK + _checksum(data)
    return _JPEG_START + struct.pack(">H", len(comment) + 2) + comment + data[2:]


def is_ours(data: bytes) -> bool:
    """Whether :func:`marked` made these bytes, and nobody has changed them since."""
    length = len(_MARK) + _CHECKSUM
    if data.startswith(_JPEG_START):
        comment, bare = data[6 : 6 + length], data[:2] + data[6 + length :]
    else:
        start = _PNG_HEAD + 8 + len(_KEYWORD)
        comment, bare = data[start : start + length], data[:_PNG_HEAD] + data[start + length + 4 :]
    return comment == _MARK + _checksum(bare)


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_CHECKSUM // 2).hexdigest().encode()


def content_hash(data: bytes) -> str:
    """By what a picture is known: 20 letters and digits of its content."""
    return hashlib.blake2b(data, digest_size=10).hexdigest()
