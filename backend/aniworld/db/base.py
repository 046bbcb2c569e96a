"""The base of every table."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import uuid_utils.compat
from advanced_alchemy.base import CommonTableAttributes
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import JSON, BigInteger, Integer, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = JSON().with_variant(JSONB(), "postgresql")


def new_id() -> UUID:
    """A time-ordered UUID (version 7)."""
    return uuid_utils.compat.uuid7()


class Base(CommonTableAttributes, AsyncAttrs, DeclarativeBase):
    """Types and constraint names that are the same on SQLite and PostgreSQL."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        UUID: Uuid(),
        dt.datetime: DateTimeUTC(timezone=True),
        int: BigInteger().with_variant(Integer(), "sqlite"),
        dict[str, Any]: Json,
        list[str]: Json,
        list[Any]: Json,
    }


class Entity(Base):
    """A row with an id of its own."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
