"""Set-up, logins, sessions and waiting, on both databases and with a clock that the test holds."""

from __future__ import annotations

import asyncio
import logging
import uuid
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from aniworld.access.errors import (
    SessionNotFoundError,
    SetupDoneError,
    SetupRequiredError,
    WeakPasswordError,
    WrongCurrentPasswordError,
    WrongPasswordError,
    WrongSetupCodeError,
)
from aniworld.access.passwords import Passwords
from aniworld.access.repository import AccessRepository
from aniworld.access.service import MAX_SESSIONS, AccessService
from aniworld.access.types import Client
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.kit.errors import AppError, InvalidInputError, UnauthenticatedError
from tests.access.conftest import OTHER_PASSWORD, PASSWORD, QUICK, WRONG, Clock, begin, guess, lan, wait_of

HERE = Client(address="127.0.0.1", user_agent="curl/8", local=True)


# --- set-up -----------------------------------------------------------------------------------------------------


async def test_before_the_setup_nobody_comes_in(access: AccessService) -> None:
    status = await access.status(None)
    assert (status.setup_required, status.authenticated, status.expires_at) == (True, False, None)
    with pytest.raises(SetupRequiredError):
        await access.login(HERE, PASSWORD, remember=False)
    with pytest.raises(UnauthenticatedError):
        await access.authenticate(None)


async def test_setup_with_the_code_lets_in_and_closes_for_ever(
    access: AccessService, config: ConfigService, anime_dir: Path
) -> None:
    code = access.setup_code
    assert code is not None
    login = await access.setup(lan(), password=PASSWORD, anime_directory=str(anime_dir), setup_code=code)
    assert (await access.authenticate(login.token)).id == login.session.id
    assert config.current.library.anime_directory == str(anime_dir)
    assert access.setup_code is None
    for again in (code, None):
        with pytest.raises(SetupDoneError):
            await access.setup(HERE, password=OTHER_PASSWORD, anime_directory=None, setup_code=again)
    assert await begin(access)


async def test_the_code_is_new_at_each_start_and_easy_to_copy(
    db: Database, bus: EventBus, config: ConfigService, data_dir: Path
) -> None:
    codes = {AccessService(db, bus, config, data_dir).setup_code for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert code is not None
        assert len(code) == 9
        assert code[4] == "-"
        assert not set(code) & set("0O1IL5S2Z8B")


@pytest.mark.parametrize("spoil", [str.lower, lambda code: code.replace("-", " "), lambda code: f"  {code}\n"])
async def test_the_code_may_be_typed_as_people_type(access: AccessService, anime_dir: Path, spoil: Any) -> None:
    assert access.setup_code is not None
    code = spoil(access.setup_code)
    await access.setup(lan(), password=PASSWORD, anime_directory=str(anime_dir), setup_code=code)


async def test_only_this_machine_may_leave_the_code_out(access: AccessService, anime_dir: Path) -> None:
    with pytest.raises(WrongSetupCodeError):
        await access.setup(lan(), password=PASSWORD, anime_directory=str(anime_dir), setup_code=None)
    with pytest.raises(WrongSetupCodeError):  # a code that is given must be right, wherever from
        await access.setup(HERE, password=PASSWORD, anime_directory=str(anime_dir), setup_code="WRNG-CODE")
    assert (await access.status(None)).setup_required
    await access.setup(HERE, password=PASSWORD, anime_directory=str(anime_dir), setup_code="")


async def test_a_setup_that_is_refused_changes_nothing(
    access: AccessService, config: ConfigService, anime_dir: Path, tmp_path: Path, data_dir: Path
) -> None:
    (tmp_path / "file").touch()
    wrong = [None, "", "relative", str(tmp_path / "missing"), str(tmp_path / "file"), str(data_dir), "/", "/\x00"]
    for directory in wrong:
        with pytest.raises(InvalidInputError) as caught:
            await access.setup(HERE, password=PASSWORD, anime_directory=directory, setup_code=None)
        assert caught.value.errors[0].field == "anime_directory"
    with pytest.raises(WeakPasswordError) as weak:
        await access.setup(HERE, password="aniworld", anime_directory=str(anime_dir), setup_code=None)
    assert weak.value.errors[0].field == "password"
    assert config.current.library.anime_directory is None
    assert (await access.status(None)).setup_required


async def test_a_directory_that_is_configured_need_not_be_named(
    access: AccessService, config: ConfigService, anime_dir: Path
) -> None:
    await config.patch("library", {"anime_directory": str(anime_dir)})
    await access.setup(HERE, password=PASSWORD, anime_directory=None, setup_code=None)


async def test_of_many_setups_at_once_one_wins(access: AccessService, config: ConfigService, tmp_path: Path) -> None:
    directories = [tmp_path / f"anime-{number}" for number in range(8)]
    for directory in directories:
        directory.mkdir()
    results = await asyncio.gather(
        *(
            access.setup(HERE, password=f"the password of {path.name}", anime_directory=str(path), setup_code=None)
            for path in directories
        ),
        return_exceptions=True,
    )
    won = [path for path, result in zip(directories, results, strict=True) if not isinstance(result, BaseException)]
    assert len(won) == 1
    assert sum(isinstance(result, SetupDoneError) for result in results) == 7
    assert config.current.library.anime_directory == str(won[0])
    await access.login(lan(), f"the password of {won[0].name}", remember=False)


async def test_of_two_processes_that_set_up_one_wins(
    access: AccessService, db: Database, bus: EventBus, tmp_path: Path, anime_dir: Path
) -> None:
    (tmp_path / "second").mkdir()
    elsewhere = ConfigService(tmp_path / "second", bus)
    other = AccessService(db, bus, elsewhere, tmp_path / "second", passwords=QUICK)
    await other.load()
    results = await asyncio.gather(
        *(
            one.setup(HERE, password=PASSWORD, anime_directory=str(anime_dir), setup_code=None)
            for one in (access, other)
        ),
        return_exceptions=True,
    )
    assert sorted(isinstance(result, SetupDoneError) for result in results) == [False, True]
    assert access.setup_code is None
    assert other.setup_code is None
    # One that hears of it only now does not offer the set-up either.
    assert not (await other.status(None)).setup_required


# --- logins and sessions ----------------------------------------------------------------------------------------


async def test_each_login_is_a_session_of_its_own(owned: AccessService) -> None:
    tokens = [await begin(owned) for _ in range(3)]
    ids = {(await owned.authenticate(token)).id for token in tokens}
    assert len(ids) == 3


async def test_how_long_a_login_lasts_is_configured(owned: AccessService, config: ConfigService, clock: Clock) -> None:
    await config.patch("access", {"session_hours": 2, "remember_days": 3})
    short, long = await begin(owned), await begin(owned, remember=True)
    clock.forward(hours=1, minutes=59)
    assert (await owned.status(short)).authenticated
    clock.forward(minutes=2)
    assert not (await owned.status(short)).authenticated
    with pytest.raises(UnauthenticatedError):
        await owned.authenticate(short)
    clock.forward(days=2)
    assert (await owned.status(long)).authenticated
    clock.forward(days=1)
    assert not (await owned.status(long)).authenticated


async def test_a_session_ends_to_the_second(owned: AccessService, clock: Clock) -> None:
    token = await begin(owned)
    clock.forward(hours=23, minutes=59, seconds=59.5)
    await owned.authenticate(token)
    clock.forward(seconds=0.5)
    with pytest.raises(UnauthenticatedError):
        await owned.authenticate(token)


async def test_expired_sessions_are_deleted_at_the_next_login(owned: AccessService, db: Database, clock: Clock) -> None:
    early = clock()
    await begin(owned)
    clock.forward(days=2)
    await begin(owned)
    async with db.read() as session:
        assert (await AccessRepository(session).page(early, 100, 0))[1] == 1


async def test_sessions_are_listed_with_who_they_are(owned: AccessService, clock: Clock) -> None:
    client = Client("2001:db8::5", "Fire\x1b[31mfox\r\n\u202e" + "x" * 400, local=False)
    first = await owned.login(client, PASSWORD, remember=True)
    clock.forward(minutes=5)
    own = await owned.login(lan(), PASSWORD, remember=False)
    page = await owned.sessions(own.session.id, 100, 0)
    assert [(item.id, item.current, item.remembered) for item in page.items] == [
        (own.session.id, True, False),
        (first.session.id, False, True),
    ]
    assert page.items[1].address == "2001:db8::5"
    assert page.items[1].user_agent.startswith("Fire[31mfoxxxx")
    assert len(page.items[1].user_agent) == 256
    assert (await owned.sessions(own.session.id, 1, 1)).items == [page.items[1]]


async def test_a_session_that_is_ended_is_dead_at_once(owned: AccessService) -> None:
    token, other = await begin(owned), await begin(owned)
    session = await owned.authenticate(token)  # it is remembered from here on
    await owned.revoke(session.id)
    with pytest.raises(UnauthenticatedError):
        await owned.authenticate(token)
    with pytest.raises(SessionNotFoundError):
        await owned.revoke(session.id)
    await owned.authenticate(other)


async def test_a_session_that_ends_while_it_is_looked_up_is_not_remembered(owned: AccessService) -> None:
    for _ in range(20):
        token = await begin(owned)
        session_id = owned._tokens.read(token, owned._clock())
        assert session_id is not None
        await asyncio.gather(
            *(owned.authenticate(token) for _ in range(3)), owned.logout(session_id), return_exceptions=True
        )
        with pytest.raises(UnauthenticatedError):
            await owned.authenticate(token)


async def test_another_process_ends_a_session_within_a_second(
    owned: AccessService, db: Database, bus: EventBus, config: ConfigService, data_dir: Path, clock: Clock
) -> None:
    other = AccessService(db, bus, config, data_dir, clock=clock, passwords=QUICK)
    await other.load()
    token = await begin(owned)
    await owned.authenticate(token)
    session = await other.authenticate(token)  # the key is shared
    await other.logout(session.id)
    await other.logout(session.id)
    clock.forward(seconds=1)
    with pytest.raises(UnauthenticatedError):
        await owned.authenticate(token)


async def test_tokens_outlive_a_restart_but_not_their_key(
    owned: AccessService, db: Database, bus: EventBus, config: ConfigService, data_dir: Path, clock: Clock
) -> None:
    token = await begin(owned)
    again = AccessService(db, bus, config, data_dir, clock=clock, passwords=QUICK)
    await again.load()
    assert again.setup_code is None
    await again.authenticate(token)
    (data_dir / "secret.key").unlink()
    later = AccessService(db, bus, config, data_dir, clock=clock, passwords=QUICK)
    await later.load()
    with pytest.raises(UnauthenticatedError):
        await later.authenticate(token)


async def test_the_number_of_sessions_has_a_limit(owned: AccessService, clock: Clock) -> None:
    first = await begin(owned)
    for _ in range(MAX_SESSIONS):
        clock.forward(seconds=1)
        last = await begin(owned)
    assert (await owned.sessions(uuid.uuid4(), 500, 0)).total == MAX_SESSIONS
    assert not (await owned.status(first)).authenticated
    assert (await owned.status(last)).authenticated


async def test_last_activity_is_written_once_a_minute_and_beside_the_request(
    owned: AccessService, db: Database, bus: EventBus, config: ConfigService, data_dir: Path, clock: Clock
) -> None:
    token = await begin(owned)
    begun = clock()
    own = (await owned.authenticate(token)).id
    other = AccessService(db, bus, config, data_dir, clock=clock, passwords=QUICK)

    async def written() -> Any:
        return (await other.sessions(own, 1, 0)).items[0].last_seen_at

    clock.forward(seconds=59)
    await owned.authenticate(token)
    await owned.watch()
    assert await written() == begun
    clock.forward(seconds=2)
    await owned.authenticate(token)
    seen = clock()
    assert await written() == begun
    assert (await owned.sessions(own, 1, 0)).items[0].last_seen_at == seen  # whoever asks here knows already
    await owned.watch()
    assert await written() == seen


# --- the password -----------------------------------------------------------------------------------------------


async def test_a_changed_password_ends_every_other_session(owned: AccessService) -> None:
    own, others = await begin(owned), [await begin(owned) for _ in range(3)]
    session = await owned.authenticate(own)
    for token in others:
        await owned.authenticate(token)
    await owned.change_password(lan(), session.id, PASSWORD, OTHER_PASSWORD)
    assert (await owned.status(own)).authenticated
    assert [(await owned.status(token)).authenticated for token in others] == [False] * 3
    assert isinstance(await guess_with(owned, PASSWORD), WrongPasswordError)
    await owned.login(lan(), OTHER_PASSWORD, remember=False)


async def guess_with(access: AccessService, password: str) -> AppError:
    with pytest.raises(AppError) as caught:
        await access.login(lan(), password, remember=False)
    return caught.value


async def test_a_password_is_changed_only_by_who_knows_it(owned: AccessService) -> None:
    session = await owned.authenticate(await begin(owned))
    with pytest.raises(WrongCurrentPasswordError):
        await owned.change_password(lan(), session.id, WRONG, OTHER_PASSWORD)
    with pytest.raises(WeakPasswordError) as weak:
        await owned.change_password(lan(), session.id, PASSWORD, "aniworld1")
    assert weak.value.errors[0].field == "new_password"
    assert await begin(owned)


async def test_a_login_under_way_with_the_old_password_is_refused(
    db: Database, bus: EventBus, config: ConfigService, data_dir: Path, clock: Clock, anime_dir: Path
) -> None:
    """Two processes: in one the old password is still being checked when the other changes it."""
    checking, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Passwords):
        async def matches(self, password: str, kept: str) -> bool:
            right = await super().matches(password, kept)
            checking.set()
            await go_on.wait()
            return right

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    slow = AccessService(db, bus, config, data_dir, clock=clock, passwords=Slow(quick))
    await slow.load()
    await slow.setup(HERE, password=PASSWORD, anime_directory=str(anime_dir), setup_code=None)
    other = AccessService(db, bus, config, data_dir, clock=clock, passwords=QUICK)
    await other.load()
    login = asyncio.create_task(slow.login(lan(), PASSWORD, remember=False))
    await checking.wait()
    await other.reset_password(OTHER_PASSWORD)
    go_on.set()
    with pytest.raises(WrongPasswordError):
        await login
    assert (await other.sessions(uuid.uuid4(), 100, 0)).total == 0


async def test_a_reset_ends_everything_and_nobody_waits(owned: AccessService) -> None:
    token = await begin(owned)
    for _ in range(6):
        error = await guess(owned)
    assert wait_of(error)
    with pytest.raises(WeakPasswordError):
        await owned.reset_password("short")
    await owned.reset_password(OTHER_PASSWORD)
    assert not (await owned.status(token)).authenticated
    await owned.login(lan(), OTHER_PASSWORD, remember=False)


async def test_a_reset_sets_up_a_server_that_nobody_has_set_up(access: AccessService) -> None:
    await access.reset_password(PASSWORD)
    assert access.setup_code is None
    assert await begin(access)


async def test_what_is_told_to_the_log_holds_no_secret(owned: AccessService, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="aniworld")
    token = await begin(owned)
    await guess(owned)
    assert "192.0.2.5" in caplog.text
    for secret in (PASSWORD, WRONG, token, token.split(".")[2]):
        assert secret not in caplog.text
