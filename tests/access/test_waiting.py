"""Waiting after wrong passwords and set-up codes, on both databases and with a clock that the test holds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aniworld.access.errors import TooManyAttemptsError, WrongCurrentPasswordError, WrongSetupCodeError
from aniworld.access.service import AccessService
from aniworld.access.types import Client
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from tests.access.conftest import OTHER_PASSWORD, PASSWORD, QUICK, WRONG, Clock, begin, guess, lan, wait_of


async def test_after_five_wrong_passwords_a_client_waits_longer_each_time(owned: AccessService, clock: Clock) -> None:
    for _ in range(5):
        assert wait_of(await guess(owned)) is None
    waits = []
    for _ in range(7):
        error = await guess(owned)
        wait = wait_of(error)
        assert wait is not None
        waits.append(wait)
        with pytest.raises(TooManyAttemptsError):  # the right one waits too, and waiting makes it no longer
            await begin(owned)
        clock.forward(seconds=wait - 1)
        assert wait_of(await guess(owned)) == 1
        clock.forward(seconds=1)
        assert wait_of(await guess(owned)) is None
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    clock.forward(seconds=900)
    assert await begin(owned)
    for _ in range(5):  # the run of wrong ones is over
        assert wait_of(await guess(owned)) is None
    assert wait_of(await guess(owned)) == 30


async def test_one_client_that_waits_keeps_nobody_else_out(owned: AccessService) -> None:
    for _ in range(6):
        error = await guess(owned, lan(7))
    assert wait_of(error)
    assert await begin(owned, lan(8))
    assert wait_of(await guess(owned, lan(8))) is None


async def test_many_addresses_together_get_twenty(owned: AccessService, clock: Clock) -> None:
    token = await begin(owned, lan(1))
    session = await owned.authenticate(token)
    answers = [await guess(owned, Client(f"2001:db8:0:{number:x}::1", "", local=False)) for number in range(200)]
    assert [wait_of(answer) for answer in answers] == [None] * 20 + [900] * 180
    with pytest.raises(TooManyAttemptsError):
        await begin(owned, lan(1))
    # Who is in stays in, and may change the password.
    await owned.authenticate(token)
    await owned.change_password(lan(1), session.id, PASSWORD, OTHER_PASSWORD)
    clock.forward(minutes=15)
    await owned.login(lan(1), OTHER_PASSWORD, remember=False)


async def test_guesses_at_the_same_moment_are_counted_one_by_one(owned: AccessService) -> None:
    async def one(number: int) -> float | None:
        return wait_of(await guess(owned, lan(number % 100)))

    waits = await asyncio.gather(*(one(number) for number in range(100)))
    assert sum(wait is None for wait in waits) == 20


async def test_the_count_outlives_a_restart(
    owned: AccessService, db: Database, bus: EventBus, config: ConfigService, data_dir: Path, clock: Clock
) -> None:
    for _ in range(5):
        await guess(owned)
    again = AccessService(db, bus, config, data_dir, clock=clock, passwords=QUICK)
    await again.load()
    assert wait_of(await guess(again)) == 30


async def test_every_check_of_a_secret_shares_the_count(owned: AccessService) -> None:
    session = await owned.authenticate(await begin(owned))
    for _ in range(2):
        await guess(owned)
    for _ in range(3):
        with pytest.raises(WrongCurrentPasswordError):
            await owned.change_password(lan(), session.id, WRONG, OTHER_PASSWORD)
    with pytest.raises(TooManyAttemptsError):
        await owned.change_password(lan(), session.id, PASSWORD, OTHER_PASSWORD)
    assert wait_of(await guess(owned)) == 30


async def test_the_setup_code_cannot_be_tried_out(access: AccessService, anime_dir: Path, clock: Clock) -> None:
    async def attempt(code: str | None) -> Any:
        return await access.setup(lan(), password=PASSWORD, anime_directory=str(anime_dir), setup_code=code)

    for number in range(5):
        with pytest.raises(WrongSetupCodeError):
            await attempt(f"AAAA-{number:04}")
    with pytest.raises(TooManyAttemptsError):
        await attempt(access.setup_code)
    clock.forward(seconds=30)
    await attempt(access.setup_code)


async def test_a_clock_that_is_set_back_locks_nobody_out(owned: AccessService, clock: Clock) -> None:
    for _ in range(20):
        await guess(owned, lan(3))
        clock.forward(minutes=20)
    clock.forward(days=-30)
    error = await guess(owned, lan(3))
    assert (wait_of(error) or 0) <= 900
    assert await begin(owned, lan(4))
