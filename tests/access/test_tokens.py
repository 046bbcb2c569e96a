"""The key and the tokens that it signs."""

from __future__ import annotations

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from aniworld.access.errors import SecretKeyError
from aniworld.access.tokens import Tokens, _make, load_key
from aniworld.db.base import new_id
from tests.access.conftest import Clock

KEY = b"k" * 32
SESSION = new_id()


def claims(clock: Clock, **changes: Any) -> dict[str, Any]:
    made = int(clock().timestamp())
    whole = {
        "sid": str(SESSION), "iat": made, "nbf": made, "exp": made + 3600, "typ": "access", "aud": "aniworld", **changes
    }  # fmt: skip
    return {name: value for name, value in whole.items() if value is not None}


def test_a_token_names_its_session_until_it_expires(clock: Clock) -> None:
    tokens = Tokens(KEY)
    token = tokens.make(SESSION, clock(), clock() + timedelta(hours=1))
    assert tokens.read(token, clock()) == SESSION
    clock.forward(minutes=59, seconds=59)
    assert tokens.read(token, clock()) == SESSION
    clock.forward(seconds=1)
    assert tokens.read(token, clock()) is None


def test_a_token_is_not_in_force_before_it_was_made(clock: Clock) -> None:
    tokens = Tokens(KEY)
    token = tokens.make(SESSION, clock(), clock() + timedelta(hours=1))
    clock.forward(seconds=-50)  # a clock that was put right
    assert tokens.read(token, clock()) == SESSION
    clock.forward(minutes=-5)
    assert tokens.read(token, clock()) is None


def test_what_is_built_by_hand_like_ours_is_read(clock: Clock) -> None:
    assert Tokens(KEY).read(jwt.encode(claims(clock), KEY, algorithm="HS256"), clock()) == SESSION


@pytest.mark.parametrize(
    "changes",
    [
        {"sid": None},
        {"sid": "not-a-uuid"},
        {"sid": 5},
        {"sid": ["a"]},
        {"iat": None},
        {"nbf": None},
        {"exp": None},
        {"exp": 0},
        {"exp": "9999999999"},
        {"exp": 1e300},
        {"exp": True},
        {"nbf": 4102444800},
        {"iat": 4102444800},
        {"typ": None},
        {"typ": "refresh"},
        {"aud": None},
        {"aud": "elsewhere"},
        {"aud": ["aniworld", "elsewhere"]},
        {"admin": True},
        {"iss": "elsewhere"},
    ],
)
def test_other_claims_are_refused(clock: Clock, changes: dict[str, Any]) -> None:
    assert Tokens(KEY).read(jwt.encode(claims(clock, **changes), KEY, algorithm="HS256"), clock()) is None


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"crit": ["x"], "x": 1},
        {"kid": "../../dev/null"},
        {"jku": "http://127.0.0.1/keys"},
        {"jwk": {"kty": "oct", "k": "a2s"}},
        {"x5u": "http://127.0.0.1/cert"},
        {"typ": "at+jwt"},
        {"typ": None},
        {"b64": False, "crit": ["b64"]},
    ],
)
def test_other_headers_are_refused(clock: Clock, header: dict[str, Any]) -> None:
    token = jwt.encode(claims(clock), KEY, algorithm="HS256", headers=header)
    assert Tokens(KEY).read(token, clock()) is None


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_other_signatures_are_refused(clock: Clock) -> None:
    tokens = Tokens(KEY)
    good = tokens.make(SESSION, clock(), clock() + timedelta(hours=1))
    head, body, signature = good.split(".")
    forged = [
        jwt.encode(claims(clock), b"z" * 32, algorithm="HS256"),
        jwt.encode(claims(clock), KEY + KEY, algorithm="HS512"),
        jwt.encode(claims(clock), "", algorithm="none"),
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{part({'alg': 'NONE', 'typ': 'JWT'})}.{body}.{signature}",
        f"{head}.{part(claims(clock, sid=str(new_id())))}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.x",
        f"{good}{'A' * 2000}",
        "",
        "...",
        "a.b.c",
        "\x00",
        "ümläut",
        f"{part('text')}.{part('text')}.{signature}",
        f"{part([])}.{part([])}.{signature}",
    ]
    assert [tokens.read(token, clock()) for token in forged] == [None] * len(forged)
    assert tokens.read(good, clock()) == SESSION


def test_the_key_is_made_once_and_only_for_us(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    assert len(key) == 32
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_many_first_starts_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(load_key, [tmp_path] * 64))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_start_that_comes_second_takes_the_key_of_the_first(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    _make(tmp_path / "secret.key")  # it had looked before the first one was done
    assert load_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_key_that_others_could_read_is_closed(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"k" * 31, b"k" * 33])
def test_a_damaged_key_stops_the_start_and_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(SecretKeyError, match=r"secret\.key is damaged"):
        load_key(tmp_path)
    assert (tmp_path / "secret.key").read_bytes() == content


def test_a_key_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(SecretKeyError, match="cannot be used"):
        load_key(tmp_path)
    with pytest.raises(SecretKeyError, match="cannot be used"):
        load_key(tmp_path / "missing")
