"""Passwords: which ones are taken, and how they are kept.

One hash at a time, in a thread of its own: it takes 64 MiB and a tenth of a second, which must not become a way to
bring the server down.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS = 8
MAX_BYTES = 1024

_COMMON = frozenset(
    """
    password passwort passwd motdepasse contrasena contraseña senha parola kennwort hallo hello welcome willkommen
    letmein admin administrator root master masterpassword superuser user guest default changeme changeit secret geheim
    login iloveyou ichliebedich schatz princess sunshine dragon monkey football baseball basketball superman batman
    starwars pokemon naruto onepiece dragonball computer internet samsung google facebook microsoft whatever trustno
    freedom shadow michael jennifer jordan killer hunter charlie ashley daniel andrew jessica michelle matrix mustang
    corvette qwerty qwertz azerty asdf qazwsx abc test temp pass lol correcthorsebatterystaple
    aniworld aniworldto anime animes manga otaku anilist jellyfin plex sonarr kodi nas homeserver mediaserver server
    """.split()
)
"""Words that lists of stolen passwords begin with, and the ones that suggest themselves here."""
_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiopü",
    "azertyuiop",
    "asdfghjklöä",
    "yxcvbnm",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv",
    "q1w2e3r4t5y6u7i8",
)
_STEPS = frozenset(line[i : i + 2] for row in _ROWS for line in (row, row[::-1]) for i in range(len(line) - 1))
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s"})
_REPEATED = re.compile(r"(.{1,4}?)\1+.{0,3}", re.DOTALL)
_TAIL = "0123456789!?.,#*-_+$ "


def normalised(password: str) -> str:
    """The same password whichever keyboard or system typed it."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str) -> str | None:
    """Why a new password is not taken, as a sentence; None: it is."""
    text = normalised(password)
    if len(text) < MIN_CHARACTERS:
        return f"Use at least {MIN_CHARACTERS} characters"
    if len(_encoded(text)) > MAX_BYTES:
        return f"Use at most {MAX_BYTES} bytes"
    lower = text.casefold()
    if _REPEATED.fullmatch(lower) or len(set(lower)) < 4:
        return "That is the same few characters again and again"
    steps = sum(lower[i : i + 2] in _STEPS for i in range(len(lower) - 1))
    if steps >= max(len(lower) - 4, len(lower) // 2):
        return "That is a row of the keyboard or the alphabet"
    if lower.isdigit() and len(lower) < 12:
        return "Digits alone are quickly tried out; use at least 12 of them, or letters too"
    if _is_common(lower):
        return "That is one of the passwords that everybody tries first"
    return None


def _is_common(text: str) -> bool:
    for candidate in {text, text.translate(_LEET), text.strip(_TAIL).translate(_LEET)}:
        letters = "".join(character for character in candidate if character.isalpha())
        half = letters[: len(letters) // 2]
        if letters in _COMMON or (half in _COMMON and half * 2 == letters):
            return True
    return False


def _encoded(text: str) -> bytes:
    # A command line may hold bytes that are no UTF-8; they come as lone surrogates.
    return text.encode("utf-8", "surrogatepass")


class Passwords:
    """Hashes and verifies."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="password")

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        text = _encoded(normalised(password))
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._hasher.hash, text)

    async def matches(self, password: str, kept: str) -> bool:
        """Whether it is the password of which ``kept`` was kept."""
        text = _encoded(normalised(password))
        if len(text) > MAX_BYTES:
            return False
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._verify, kept, text)

    def _verify(self, kept: str, text: bytes) -> bool:
        try:
            return self._hasher.verify(kept, text)
        except (VerificationError, InvalidHashError):
            return False
