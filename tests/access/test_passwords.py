"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import asyncio
import unicodedata

import pytest
from argon2 import PasswordHasher

from aniworld.access.passwords import Passwords, weakness
from tests.access.conftest import QUICK


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short7!",
        "password",
        "Password1",
        "P@ssw0rd2024!",
        "passwordpassword",
        "aniworld",
        "AniWorld123",
        "!aniworld!",
        "4n1w0rld",
        "Aniworld 2026",
        "12345678",
        "87654321",
        "123456789012",
        "19870412",
        "abcd1234",
        "qwertz123",
        "asdfghjk",
        "1qaz2wsx",
        "aaaaaaaa",
        "abababababab",
        "abcabcabcabc",
        "testtest",
        "letmein123",
        "ＡＮＩＷＯＲＬＤ",  # full-width letters are the same word
        "x" * 2000,
        "ab" + "ü9kß" * 300,
    ],
)
def test_weak_passwords_are_refused_with_a_reason(password: str) -> None:
    reason = weakness(password)
    assert reason and reason[0].isupper()


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "k7#mQ2vL", "vier Katzen im Schnee", "パスワードは秘密です", "83920481#91265",
     "Tr0ub4dor&3x", "wet paint on the door", "🐈🐕🐎🐖🐓🦆🦉🐢", "847261938405"],
)  # fmt: skip
def test_good_passwords_are_taken(password: str) -> None:
    assert weakness(password) is None


async def test_a_password_matches_itself_and_nothing_else() -> None:
    passwords = Passwords()
    kept = await passwords.hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert "horse" not in kept
    assert await passwords.matches("correct horse battery", kept)
    assert not await passwords.matches("correct horse batterz", kept)
    assert not await passwords.matches("", kept)
    assert not await passwords.matches("correct horse battery", "not a hash")


async def test_the_same_password_typed_on_another_system_matches() -> None:
    kept = await QUICK.hash(unicodedata.normalize("NFC", "Käsefüße im Rücken"))
    assert await QUICK.matches(unicodedata.normalize("NFD", "Käsefüße im Rücken"), kept)


async def test_a_password_that_is_too_long_is_not_hashed() -> None:
    class Counting(PasswordHasher):
        calls = 0

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            type(self).calls += 1
            return bool(super().verify(hash, password))

    passwords = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    kept = await passwords.hash("correct horse battery")
    assert not await passwords.matches("ü" * 513, kept)
    assert Counting.calls == 0
    assert not await passwords.matches("ü" * 512, kept)
    assert Counting.calls == 1


async def test_what_a_command_line_makes_of_foreign_bytes_can_be_a_password() -> None:
    foreign = b"kennw\xf6rter und mehr".decode("utf-8", "surrogateescape")
    assert weakness(foreign) is None
    assert await QUICK.matches(foreign, await QUICK.hash(foreign))


async def test_only_one_hash_is_made_at_a_time() -> None:
    class Watching(PasswordHasher):
        running = 0
        most = 0

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            type(self).running += 1
            type(self).most = max(self.most, self.running)
            try:
                return super().hash(password, salt=salt)
            finally:
                type(self).running -= 1

    passwords = Passwords(Watching(time_cost=1, memory_cost=1024, parallelism=1))
    kept = await asyncio.gather(*(passwords.hash("correct horse battery") for _ in range(20)))
    assert Watching.most == 1
    assert len(set(kept)) == 20  # each with a salt of its own
