"""Pictures from a source, made harmless: checked, decoded and encoded anew. Blocks; call it through a thread.

Pillow is imported when the first picture comes. A large one, which may be a small file, is decoded in a process of its
own: 40 million pixels take half a gigabyte for a moment.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.types import PictureKind

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 40_000_000
HERE_PIXELS = 2_500_000
"""Are decoded in this process: what players show on a whole screen."""
CHILD_SECONDS = 30
_NEEDED = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
"""Of the environment, for the interpreter to start."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_LARGEST: dict[PictureKind, tuple[int, int]] = {
    "poster": (1000, 1500),
    "fanart": (1920, 1080),
    "logo": (800, 310),
    "banner": (1000, 185),
    "thumb": (1000, 562),
}
_QUALITY = 88
_BROKEN = "That is not a JPEG, PNG or WebP picture, or it is broken"
_one_at_a_time = threading.Lock()


def media_type(data: bytes) -> str | None:
    """What kind of picture the bytes begin like; None: none that a browser shows."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return None


def encode(kind: PictureKind, data: bytes) -> bytes:
    """The picture as it is kept: a PNG with transparency for a logo, else a JPEG, no larger than players want.

    Raises :class:`BadPictureError` for what is no JPEG, PNG or WebP, is broken, or is over 16 MiB or 40 million pixels.
    """
    if len(data) > MAX_BYTES:
        raise BadPictureError("The picture is larger than 16 MiB")
    with _one_at_a_time:
        return encode_here(kind, data, HERE_PIXELS) or _encoded_apart(kind, data)


def encode_here(kind: PictureKind, data: bytes, most: int) -> bytes | None:
    """The picture, made in this process; None where it has more than ``most`` pixels. Raises ``BadPictureError``."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - heavy, see above

    Image.MAX_IMAGE_PIXELS = None  # the check below is stricter, and does not only warn
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise BadPictureError(f"The picture has {width} × {height} pixels, more than 40 million")
            return _encoded(kind, picture) if width * height <= most else None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError, OverflowError) as error:
        raise BadPictureError(_BROKEN) from error


def _encoded_apart(kind: PictureKind, data: bytes) -> bytes:
    """The same in a process that may use only so much memory and time, and is gone afterwards."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "aniworld.metadata.child", kind],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=CHILD_SECONDS,
            check=True,
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise BadPictureError(_BROKEN) from error
    return done.stdout


def _encoded(kind: PictureKind, picture: Image.Image) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415

    size = _LARGEST[kind]
    picture.draft("RGB", size)  # a JPEG can be decoded at a fraction of its size
    turned = ImageOps.exif_transpose(picture)
    out = io.BytesIO()
    if kind == "logo":
        logo = turned.convert("RGBA")
        logo.thumbnail(size, Image.Resampling.LANCZOS)
        logo.info = {}  # comments and the like would be written again
        logo.save(out, format="PNG", optimize=True)
        return out.getvalue()
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        seen = turned.convert("RGBA")
        flat = Image.new("RGB", seen.size)
        flat.paste(seen, mask=seen)
    else:
        flat = turned.convert("RGB")
    flat.thumbnail(size, Image.Resampling.LANCZOS)
    flat.info = {}
    flat.save(out, format="JPEG", quality=_QUALITY, progressive=True)
    return out.getvalue()
