"""What the API says about access."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from aniworld.kit.schema import Input, Schema

_NO_NUL = r"^[^\x00]*$"

GivenPassword = Annotated[
    str,
    Meta(min_length=1, max_length=1024, pattern=_NO_NUL, description="The master password", examples=["a-long-secret"]),
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1024,
        pattern=_NO_NUL,
        description="At least 8 characters and at most 1,024 bytes; passwords that are quickly guessed are refused",
        examples=["a-long-secret"],
    ),
]


class Setup(Input, frozen=True):
    """What the first start asks for."""

    password: NewPassword
    anime_directory: (
        Annotated[
            str,
            Meta(
                max_length=4096,
                pattern=_NO_NUL,
                description="Absolute path of an existing folder; may be left out where the configuration names one",
                examples=["/srv/anime"],
            ),
        ]
        | None
    ) = None
    setup_code: (
        Annotated[
            str,
            Meta(
                max_length=64,
                pattern=_NO_NUL,
                description="The code that the console shows; may be left out on the machine that runs the server",
                examples=["ACDE-3467"],
            ),
        ]
        | None
    ) = None


class LoginInput(Input, frozen=True):
    """Who wants in."""

    password: GivenPassword
    remember: Annotated[bool, Meta(description="Stay logged in for longer")] = False


class ChangePassword(Input, frozen=True):
    """A new master password."""

    current_password: GivenPassword
    new_password: NewPassword


class AuthStatus(Schema, frozen=True):
    """Where the asker stands."""

    setup_required: bool
    authenticated: bool
    expires_at: dt.datetime | None
    """When the asker's session ends; None without one."""


class AccessToken(Schema, frozen=True):
    """A session that has begun. Browsers get it as a cookie as well."""

    access_token: str
    token_type: Literal["bearer"]
    expires_at: dt.datetime


class SessionOut(Schema, frozen=True):
    """A login that holds."""

    id: UUID
    created_at: dt.datetime
    expires_at: dt.datetime
    last_seen_at: dt.datetime
    """Last activity, to the minute."""
    address: str
    user_agent: str
    remembered: bool
    current: bool
    """It is the asker's own."""


class SessionPage(Schema, frozen=True):
    """Login sessions, the one that was active last first."""

    items: list[SessionOut]
    total: int
    limit: int
    offset: int
