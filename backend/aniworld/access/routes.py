"""Access over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from aniworld.access.guards import COOKIE, PUBLIC, client_of, token_of
from aniworld.access.schemas import AccessToken, AuthStatus, ChangePassword, LoginInput, SessionPage, Setup
from aniworld.access.service import AccessService
from aniworld.access.types import Login

AnyRequest = Request[Any, Any, Any]
_ANYBODY: list[dict[str, list[str]]] = [{}]
"""For the OpenAPI document: no session is needed."""


@get("/status", operation_id="authStatus", summary="Where the asker stands", opt=PUBLIC, security=_ANYBODY)
async def status(request: AnyRequest, access: NamedDependency[AccessService]) -> AuthStatus:
    """Whether the server must still be set up, and whether the asker is logged in. Needs no session."""
    return await access.status(token_of(request))


@post("/setup", operation_id="setup", summary="Set the server up", status_code=201, opt=PUBLIC, security=_ANYBODY)
async def setup(
    request: AnyRequest, access: NamedDependency[AccessService], data: JSONBody[Setup]
) -> Response[AccessToken]:
    """Choose the master password and the anime directory. Works once; whoever does it is logged in. Needs no session.

    The code stands at the console that started the server; on the same machine it may be left out.
    """
    login = await access.setup(
        client_of(request),
        password=data.password,
        anime_directory=data.anime_directory,
        setup_code=data.setup_code,
    )
    return _let_in(request, login, status_code=201)


@post("/login", operation_id="login", summary="Log in", status_code=200, opt=PUBLIC, security=_ANYBODY)
async def login(
    request: AnyRequest, access: NamedDependency[AccessService], data: JSONBody[LoginInput]
) -> Response[AccessToken]:
    """Begin a session: the token for programs, the same as an HttpOnly cookie for browsers. Needs no session."""
    begun = await access.login(client_of(request), data.password, remember=data.remember)
    return _let_in(request, begun, status_code=200)


@post("/logout", operation_id="logout", summary="Log out", status_code=204)
async def logout(request: AnyRequest, access: NamedDependency[AccessService]) -> Response[None]:
    """End this session: its token is dead from now on, wherever a copy of it is, and its event streams end."""
    await access.logout(_own_session(request))
    return Response(None, status_code=204, cookies=[_cookie(request, "", 0)])


@post("/password", operation_id="changePassword", summary="Change the password", status_code=204)
async def change_password(
    request: AnyRequest, access: NamedDependency[AccessService], data: JSONBody[ChangePassword]
) -> None:
    """Every other session ends; this one goes on."""
    await access.change_password(client_of(request), _own_session(request), data.current_password, data.new_password)


@get("/sessions", operation_id="listSessions", summary="Who is logged in")
async def list_sessions(
    request: AnyRequest,
    access: NamedDependency[AccessService],
    limit: FromQuery[Annotated[int, Parameter(ge=1, le=500, description="How many at most")]] = 100,
    offset: FromQuery[Annotated[int, Parameter(ge=0, le=10_000_000, description="How many to pass over")]] = 0,
) -> SessionPage:
    """Every session that holds, with its address, program and last activity."""
    return await access.sessions(_own_session(request), limit, offset)


@delete("/sessions/{session_id:uuid}", operation_id="revokeSession", summary="End a session")
async def revoke_session(access: NamedDependency[AccessService], session_id: FromPath[UUID]) -> None:
    """Its token is dead from now on, and its event streams end."""
    await access.revoke(session_id)


def _own_session(request: AnyRequest) -> UUID:
    return UUID(request.scope["state"]["session_id"])


def _let_in(request: AnyRequest, login: Login, status_code: int) -> Response[AccessToken]:
    session = login.session
    age = int((session.expires_at - session.created_at).total_seconds())
    return Response(
        AccessToken(access_token=login.token, token_type="bearer", expires_at=session.expires_at),  # noqa: S106
        status_code=status_code,
        cookies=[_cookie(request, login.token, age)],
    )


def _cookie(request: AnyRequest, value: str, max_age: int) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=max_age,
        path=request.scope.get("root_path") or "/",
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="strict",
    )


router = Router(
    "/auth",
    route_handlers=[status, setup, login, logout, change_password, list_sessions, revoke_session],
    tags=["access"],
    request_max_body_size=64 * 1024,
)
