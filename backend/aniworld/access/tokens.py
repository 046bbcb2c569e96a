"""Access tokens: a signed name of a session. Whether the session still holds is asked of the database.

The key is 32 random bytes in a file of its own, made at the first start. There is no other: a server that cannot read
it does not start.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import sys
from pathlib import Path
from uuid import UUID

# PyJWT loads all of cryptography where it is installed; HS256 needs none of it: 8 MiB of every server for nothing.
_unloaded = "cryptography" not in sys.modules
if _unloaded:
    sys.modules["cryptography"] = None  # type: ignore[assignment]
import jwt  # noqa: E402

if _unloaded:
    del sys.modules["cryptography"]

from aniworld.access.errors import SecretKeyError  # noqa: E402

log = logging.getLogger(__name__)

KEY_FILE = "secret.key"
KEY_BYTES = 32
LEEWAY = 60
"""Seconds that the clock may have been set back since a token was made."""
MAX_LENGTH = 1024

_ALGORITHM = "HS256"
_AUDIENCE = "aniworld"
_TYPE = "access"
_HEADER = {"alg": _ALGORITHM, "typ": "JWT"}
_CLAIMS = ("sid", "iat", "exp", "nbf", "typ", "aud")


def load_key(data_dir: Path) -> bytes:
    """The key, made if there is none. Blocks on the file system. Raises :class:`SecretKeyError`."""
    file = data_dir / KEY_FILE
    try:
        if not file.exists():
            _make(file)
        key = file.read_bytes()
        if file.stat().st_mode & 0o077:
            log.warning("%s could be read by others; it is closed to them now", file)
            file.chmod(0o600)
    except OSError as error:
        raise SecretKeyError(
            f"The secret key {file} cannot be used ({error.strerror}); check the owner and the permissions of the "
            "file and its directory."
        ) from error
    if len(key) != KEY_BYTES:
        raise SecretKeyError(
            f"The secret key {file} is damaged: it must be {KEY_BYTES} bytes long and is {len(key)}. Put it back from "
            "a copy, or delete it to get a new one; everybody must then log in again."
        )
    return key


def _make(file: Path) -> None:
    temporary = file.with_name(f"{file.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, file)
        except FileExistsError:
            pass  # another process was first: its key is the one
        except OSError:  # a file system without hard links
            temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class Tokens:
    """Makes and reads tokens."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, session_id: UUID, made: dt.datetime, expires: dt.datetime) -> str:
        """A token that names a session until it expires."""
        issued = int(made.timestamp())
        claims = {
            "sid": str(session_id),
            "iat": issued,
            "nbf": issued,
            "exp": int(expires.timestamp()),
            "typ": _TYPE,
            "aud": _AUDIENCE,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str, now: dt.datetime) -> UUID | None:
        """The session that a token names; None for anything but a token of ours that is in force."""
        if len(token) > MAX_LENGTH:
            return None
        try:
            decoded = jwt.decode_complete(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                # Times are compared below, with the clock that everything else here goes by.
                options={
                    "require": list(_CLAIMS),
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError:
            return None
        claims = decoded["payload"]
        # The header is exactly ours: neither crit nor a key's name or address has anything to say here.
        if decoded["header"] != _HEADER or set(claims) != set(_CLAIMS):
            return None
        if claims["typ"] != _TYPE or claims["aud"] != _AUDIENCE:
            return None
        times = [claims["iat"], claims["nbf"], claims["exp"]]
        if any(type(time) is not int for time in times):
            return None
        moment = now.timestamp()
        if not max(times[0], times[1]) - LEEWAY <= moment < times[2]:
            return None
        try:
            return UUID(claims["sid"])
        except (ValueError, TypeError, AttributeError):
            return None
