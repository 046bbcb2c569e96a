"""Who may come in: set-up, logins, sessions.

A token only names a session; the session is a row, and a row that is gone ends the session at once, on every copy of
its token and on its event streams. Every check of a password or of the set-up code goes through one gate, one at a
time, and is counted.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from aniworld.access.errors import (
    SessionNotFoundError,
    SetupDoneError,
    SetupRequiredError,
    TooManyAttemptsError,
    WeakPasswordError,
    WrongCurrentPasswordError,
    WrongPasswordError,
    WrongSetupCodeError,
)
from aniworld.access.models import ADDRESS_LENGTH, USER_AGENT_LENGTH
from aniworld.access.passwords import Passwords, weakness
from aniworld.access.repository import AccessRepository
from aniworld.access.schemas import AuthStatus, SessionOut, SessionPage
from aniworld.access.throttle import (
    FORGET_AFTER,
    WINDOW,
    client_bucket,
    client_wait,
    total_bucket,
    total_wait,
    wait_after,
)
from aniworld.access.tokens import Tokens, load_key
from aniworld.access.types import Client, Login, Session
from aniworld.config.service import ConfigService, directory_problem
from aniworld.db.base import new_id
from aniworld.db.engine import Database, DatabaseUnavailableError
from aniworld.events.bus import EventBus
from aniworld.kit.clock import now
from aniworld.kit.errors import InvalidInputError, UnauthenticatedError

log = logging.getLogger(__name__)

TRUST = dt.timedelta(seconds=1)
"""A session that was looked up is believed for so long: another process may share the database and end it."""
SEEN_EVERY = dt.timedelta(minutes=1)
"""The last activity of a session is written at most this often."""
WATCH_EVERY = 2.0
"""Seconds between two looks at the sessions that have event streams open."""
MAX_SESSIONS = 200
DIRECTORY_TIMEOUT = 10.0
"""Seconds; a network share may hang for ever."""
_CODE_LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"


class AccessService:
    """The owner, the sessions and the gate. :meth:`load` comes first, :meth:`run` runs beside."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        data_dir: Path,
        *,
        clock: Callable[[], dt.datetime] = now,
        passwords: Passwords | None = None,
    ) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._data_dir = data_dir
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._tokens = Tokens(secrets.token_bytes(32))
        self._set_up = False
        self._code = _new_code()
        self._gate = asyncio.Lock()
        self._found: dict[str, tuple[dt.datetime, Session]] = {}
        self._seen: dict[UUID, dt.datetime] = {}
        self._unwritten: dict[UUID, dt.datetime] = {}
        self._endings = 0

    async def load(self) -> None:
        """Read the key and see whether there is an owner. Raises :class:`SecretKeyError`."""
        self._tokens = Tokens(await asyncio.to_thread(load_key, self._data_dir))
        await self._needs_setup()

    @property
    def setup_code(self) -> str | None:
        """What the console shows as long as there is no owner; a new one at each start."""
        return None if self._set_up else self._code

    @property
    def allowed_hosts(self) -> Iterable[str]:
        """The names under which the server may be opened, as configured."""
        return self._config.current.access.allowed_hosts

    async def status(self, token: str | None) -> AuthStatus:
        """Where the asker stands."""
        if await self._needs_setup():
            return AuthStatus(setup_required=True, authenticated=False, expires_at=None)
        try:
            session = await self.authenticate(token)
        except UnauthenticatedError:
            return AuthStatus(setup_required=False, authenticated=False, expires_at=None)
        return AuthStatus(setup_required=False, authenticated=True, expires_at=session.expires_at)

    # --- coming in ----------------------------------------------------------------------------------------------

    async def setup(
        self, client: Client, *, password: str, anime_directory: str | None, setup_code: str | None
    ) -> Login:
        """Make the owner and let it in; works once."""
        async with self._gate:
            if not await self._needs_setup():
                raise SetupDoneError
            await self._check_code(client, setup_code)
            if reason := weakness(password):
                raise WeakPasswordError(reason)
            await self._store_directory(anime_directory)
            kept, stamp = await self._passwords.hash(password), uuid.uuid4()
            try:
                async with self._db.write() as session:
                    await AccessRepository(session).add_owner(kept, stamp, self._clock())
            except IntegrityError as error:  # another process was first
                self._set_up = True
                raise SetupDoneError from error
            self._set_up = True
            return await self._begin(client, stamp, remember=False)

    async def login(self, client: Client, password: str, *, remember: bool) -> Login:
        """Begin a session. Raises :class:`WrongPasswordError`, :class:`TooManyAttemptsError`."""
        await self._check_wait(client)  # before the gate too: those who must wait are told without queueing
        async with self._gate:
            await self._check_wait(client)
            kept, stamp = await self._owner()
            if not await self._passwords.matches(password, kept):
                await self._failed(client, "password")
                raise WrongPasswordError
            return await self._begin(client, stamp, remember=remember)

    async def change_password(self, client: Client, session_id: UUID, current: str, new: str) -> None:
        """A new password; every other session ends."""
        if reason := weakness(new):
            raise WeakPasswordError(reason, "new_password")
        async with self._gate:
            await self._check_wait(client, logged_in=True)
            kept, stamp = await self._owner()
            if not await self._passwords.matches(current, kept):
                await self._failed(client, "current password")
                raise WrongCurrentPasswordError
            kept = await self._passwords.hash(new)
            async with self._db.write() as session:
                access = AccessRepository(session)
                owner = await access.owner(lock=True)
                if owner is None or owner[1] != stamp:  # it was changed meanwhile
                    raise WrongCurrentPasswordError
                await access.set_password(kept, uuid.uuid4(), self._clock())
                ended = await access.delete_others(session_id)
                await access.forget(client_bucket(client.address))
        self._ended(ended)
        log.info("The password was changed")

    async def reset_password(self, new: str) -> None:
        """A new password without the old one, for whoever owns the machine; every session ends, nobody waits."""
        if reason := weakness(new):
            raise WeakPasswordError(reason)
        kept, stamp = await self._passwords.hash(new), uuid.uuid4()
        async with self._db.write() as session:
            access = AccessRepository(session)
            if not await access.set_password(kept, stamp, self._clock()):
                await access.add_owner(kept, stamp, self._clock())
            ended = await access.delete_others(None)
            await access.forget_all()
        self._set_up = True
        self._ended(ended)

    # --- sessions -----------------------------------------------------------------------------------------------

    async def authenticate(self, token: str | None) -> Session:
        """The session that a token names. Raises :class:`UnauthenticatedError` unless it holds now."""
        if token is None:
            raise UnauthenticatedError
        moment = self._clock()
        found = self._found.get(token)
        if found is not None and dt.timedelta(0) <= moment - found[0] < TRUST:
            session = found[1]
        else:
            session = await self._look_up(token, moment)
        if session.expires_at <= moment:
            raise UnauthenticatedError
        last = self._seen.setdefault(session.id, session.last_seen_at)
        if moment - last >= SEEN_EVERY:
            self._seen[session.id] = self._unwritten[session.id] = moment
        return session

    async def sessions(self, own: UUID, limit: int, offset: int) -> SessionPage:
        """The logins that hold."""
        async with self._db.read() as session:
            items, total = await AccessRepository(session).page(self._clock(), limit, offset)
        return SessionPage(
            items=[
                SessionOut(
                    id=item.id,
                    created_at=item.created_at,
                    expires_at=item.expires_at,
                    last_seen_at=max(item.last_seen_at, self._seen.get(item.id, item.last_seen_at)),
                    address=item.address,
                    user_agent=item.user_agent,
                    remembered=item.remembered,
                    current=item.id == own,
                )
                for item in items
            ],
            total=total,
            limit=limit,
            offset=offset,
        )

    async def revoke(self, session_id: UUID) -> None:
        """End a session, its token and its event streams. Raises :class:`SessionNotFoundError`."""
        async with self._db.write() as session:
            known = await AccessRepository(session).delete(session_id)
        self._ended([session_id])
        if not known:
            raise SessionNotFoundError

    async def logout(self, session_id: UUID) -> None:
        """End the asker's own session; one that has just been ended otherwise is as good."""
        async with self._db.write() as session:
            await AccessRepository(session).delete(session_id)
        self._ended([session_id])

    async def run(self) -> None:
        """Write down what was seen, and end the streams of sessions that are over. Runs until it is cancelled."""
        while True:
            await asyncio.sleep(WATCH_EVERY)
            try:
                await self.watch()
            except DatabaseUnavailableError:
                log.warning("The sessions cannot be looked at while the database is away")

    async def watch(self) -> None:
        """One round of :meth:`run`. Sessions expire, and other processes end them: their streams end here."""
        unwritten, self._unwritten = self._unwritten, {}
        if unwritten:
            async with self._db.write() as session:
                await AccessRepository(session).touch(unwritten)
        if self._seen and self._bus.connections:
            known = list(self._seen)
            async with self._db.read() as session:
                holding = await AccessRepository(session).holding(known, self._clock())
            self._ended([id_ for id_ in known if id_ not in holding])

    # --- inside -------------------------------------------------------------------------------------------------

    async def _needs_setup(self) -> bool:
        if not self._set_up:
            async with self._db.read() as session:
                self._set_up = await AccessRepository(session).owner() is not None
        return not self._set_up

    async def _owner(self) -> tuple[str, UUID]:
        async with self._db.read() as session:
            owner = await AccessRepository(session).owner()
        if owner is None:
            raise SetupRequiredError
        return owner

    async def _check_code(self, client: Client, code: str | None) -> None:
        if not code:
            if client.local:
                return
            raise WrongSetupCodeError
        await self._check_wait(client)
        if not secrets.compare_digest(_plain(code), _plain(self._code)):
            await self._failed(client, "set-up code")
            raise WrongSetupCodeError

    async def _store_directory(self, directory: str | None) -> None:
        if not directory:
            if self._config.current.library.anime_directory is None:
                raise InvalidInputError.field("anime_directory", "Name the folder that holds your anime")
            return
        try:
            async with asyncio.timeout(DIRECTORY_TIMEOUT):
                problem = await asyncio.to_thread(directory_problem, directory, self._data_dir)
        except TimeoutError:
            problem = "The directory does not answer"
        if problem:
            raise InvalidInputError.field("anime_directory", problem)
        await self._config.patch("library", {"anime_directory": directory})

    async def _check_wait(self, client: Client, *, logged_in: bool = False) -> None:
        moment = self._clock()
        async with self._db.read() as session:
            access = AccessRepository(session)
            wait = client_wait(await access.blocked_until(client_bucket(client.address)), moment)
            if not logged_in:
                wait = max(wait, total_wait(await access.minutes(moment - WINDOW), moment))
        if wait:
            raise TooManyAttemptsError(wait)

    async def _failed(self, client: Client, what: str) -> None:
        moment = self._clock()
        bucket = client_bucket(client.address)
        async with self._db.write() as session:
            access = AccessRepository(session)
            await access.forget_before(moment - FORGET_AFTER)
            await access.add_failure(total_bucket(moment), moment)
            failures = await access.add_failure(bucket, moment)
            if wait := wait_after(failures):
                await access.block(bucket, moment + wait)
        log.warning("Wrong %s from %s (%d in a row)", what, client.address or "a local socket", failures)

    async def _begin(self, client: Client, stamp: UUID, *, remember: bool) -> Login:
        moment = self._clock()
        limits = self._config.current.access
        lasts = dt.timedelta(days=limits.remember_days) if remember else dt.timedelta(hours=limits.session_hours)
        login = Session(
            id=new_id(),
            created_at=moment,
            expires_at=(moment + lasts).replace(microsecond=0),
            last_seen_at=moment,
            address=client.address[:ADDRESS_LENGTH],
            user_agent=_clean(client.user_agent)[:USER_AGENT_LENGTH],
            remembered=remember,
        )
        async with self._db.write() as session:
            access = AccessRepository(session)
            owner = await access.owner(lock=True)
            if owner is None or owner[1] != stamp:  # the password was changed while it was being checked
                raise WrongPasswordError
            ended = await access.purge(moment, MAX_SESSIONS - 1)
            await access.add(login)
            await access.forget(client_bucket(client.address))
        self._ended(ended)
        log.info("Login from %s", client.address or "a local socket")
        return Login(session=login, token=self._tokens.make(login.id, moment, login.expires_at))

    async def _look_up(self, token: str, moment: dt.datetime) -> Session:
        id_ = self._tokens.read(token, moment)
        if id_ is None:
            raise UnauthenticatedError
        endings = self._endings
        async with self._db.read() as database:
            session = await AccessRepository(database).get(id_)
        if session is None:
            raise UnauthenticatedError
        if endings == self._endings:  # else it may be this one that ended while it was being read
            if len(self._found) >= MAX_SESSIONS * 2:
                self._found.clear()
            self._found[token] = (moment, session)
        return session

    def _ended(self, ids: Iterable[UUID]) -> None:
        ended = set(ids)
        if not ended:
            return
        self._endings += 1
        self._found = {token: found for token, found in self._found.items() if found[1].id not in ended}
        for id_ in ended:
            self._seen.pop(id_, None)
            self._unwritten.pop(id_, None)
            self._bus.disconnect(str(id_))


def _new_code() -> str:
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _plain(code: str) -> bytes:
    return "".join(character for character in code.upper() if character.isalnum()).encode("utf-8", "replace")


def _clean(text: str) -> str:
    """Without what would disturb a line of text: control characters and marks that turn the direction."""
    return "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))
