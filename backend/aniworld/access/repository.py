"""The SQL of access."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.access.models import LoginSession, LoginThrottle, Owner
from aniworld.access.throttle import TOTAL_PREFIX
from aniworld.access.types import Session

_SESSION = (
    LoginSession.id,
    LoginSession.created_at,
    LoginSession.expires_at,
    LoginSession.last_seen_at,
    LoginSession.address,
    LoginSession.user_agent,
    LoginSession.remembered,
)


class AccessRepository:
    """All queries of access, in one database session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    # --- the owner ----------------------------------------------------------------------------------------------

    async def owner(self, *, lock: bool = False) -> tuple[str, UUID] | None:
        """Password hash and stamp; None before the server is set up. ``lock``: nobody changes it until the commit."""
        query = select(Owner.password_hash, Owner.stamp)
        row = (await self._session.execute(query.with_for_update() if lock else query)).tuples().first()
        return (row[0], row[1]) if row else None

    async def add_owner(self, password_hash: str, stamp: UUID, moment: dt.datetime) -> None:
        """The one row; a second one is an integrity error."""
        await self._session.execute(
            insert(Owner).values(id=1, password_hash=password_hash, stamp=stamp, changed_at=moment)
        )

    async def set_password(self, password_hash: str, stamp: UUID, moment: dt.datetime) -> bool:
        """A new password; False: there is no owner yet."""
        changed = await self._session.execute(
            update(Owner).values(password_hash=password_hash, stamp=stamp, changed_at=moment).returning(Owner.id)
        )
        return changed.first() is not None

    # --- sessions -----------------------------------------------------------------------------------------------

    async def add(self, session: Session) -> None:
        """A login that begins."""
        await self._session.execute(
            insert(LoginSession).values({column.key: getattr(session, column.key) for column in _SESSION})
        )

    async def get(self, id_: UUID) -> Session | None:
        """One session, whether it has expired or not."""
        row = (await self._session.execute(select(*_SESSION).where(LoginSession.id == id_))).first()
        return Session(*row) if row else None

    async def page(self, moment: dt.datetime, limit: int, offset: int) -> tuple[list[Session], int]:
        """Sessions that hold, the one that was active last first, and how many in all."""
        holds = LoginSession.expires_at > moment
        total = await self._session.scalar(select(func.count()).select_from(LoginSession).where(holds)) or 0
        rows = await self._session.execute(
            select(*_SESSION)
            .where(holds)
            .order_by(LoginSession.last_seen_at.desc(), LoginSession.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return [Session(*row) for row in rows], total

    async def holding(self, ids: Collection[UUID], moment: dt.datetime) -> set[UUID]:
        """Those of the sessions that still hold."""
        rows = await self._session.scalars(
            select(LoginSession.id).where(LoginSession.id.in_(ids), LoginSession.expires_at > moment)
        )
        return set(rows)

    async def touch(self, seen: Mapping[UUID, dt.datetime]) -> None:
        """Write down when sessions were last active."""
        table = LoginSession.__table__
        await self._session.execute(
            update(table).where(table.c.id == bindparam("id_")).values(last_seen_at=bindparam("seen")),  # type: ignore[arg-type]
            [{"id_": id_, "seen": moment} for id_, moment in seen.items()],
        )

    async def delete(self, id_: UUID) -> bool:
        """End a session; False: there is none."""
        return bool(await self._delete(LoginSession.id == id_))

    async def delete_others(self, keep: UUID | None) -> list[UUID]:
        """End every session but one; those that ended."""
        return await self._delete(*([LoginSession.id != keep] if keep else []))

    async def purge(self, moment: dt.datetime, most: int) -> list[UUID]:
        """Delete the sessions that have expired, and beyond ``most`` the ones that were unused for longest."""
        newest = select(LoginSession.id).order_by(LoginSession.last_seen_at.desc(), LoginSession.id.desc()).limit(most)
        return await self._delete(or_(LoginSession.expires_at <= moment, LoginSession.id.not_in(newest)))

    async def _delete(self, *conditions: ColumnElement[bool]) -> list[UUID]:
        return list(await self._session.scalars(delete(LoginSession).where(*conditions).returning(LoginSession.id)))

    # --- the throttle -------------------------------------------------------------------------------------------

    async def blocked_until(self, bucket: str) -> dt.datetime | None:
        """Until when a client waits, as it was written down."""
        return await self._session.scalar(select(LoginThrottle.blocked_until).where(LoginThrottle.bucket == bucket))

    async def minutes(self, since: dt.datetime) -> list[tuple[dt.datetime, int]]:
        """The last wrong attempt and the number of them in each minute, over all clients."""
        rows = await self._session.execute(
            select(LoginThrottle.updated_at, LoginThrottle.failures).where(
                LoginThrottle.bucket.startswith(TOTAL_PREFIX), LoginThrottle.updated_at > since
            )
        )
        return list(rows.tuples())

    async def add_failure(self, bucket: str, moment: dt.datetime) -> int:
        """Count a wrong attempt; how many there are now."""
        dialect = postgresql if self._dialect == "postgresql" else sqlite
        statement = (
            dialect.insert(LoginThrottle)
            .values(bucket=bucket, failures=1, updated_at=moment)
            .on_conflict_do_update(
                index_elements=[LoginThrottle.bucket],
                set_={"failures": LoginThrottle.failures + 1, "updated_at": moment},
            )
            .returning(LoginThrottle.failures)
        )
        failures: int = (await self._session.execute(statement)).scalar_one()
        return failures

    async def block(self, bucket: str, until: dt.datetime) -> None:
        """Let a client wait."""
        await self._session.execute(
            update(LoginThrottle).where(LoginThrottle.bucket == bucket).values(blocked_until=until)
        )

    async def forget(self, bucket: str) -> None:
        """A client was right: its run of wrong attempts is over."""
        await self._session.execute(delete(LoginThrottle).where(LoginThrottle.bucket == bucket))

    async def forget_before(self, moment: dt.datetime) -> None:
        """Delete the counters that have not moved since."""
        await self._session.execute(delete(LoginThrottle).where(LoginThrottle.updated_at < moment))

    async def forget_all(self) -> None:
        """Nobody waits any longer."""
        await self._session.execute(delete(LoginThrottle))
