"""The event stream."""

from typing import Annotated, Any, get_args

from litestar import Request, Router, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromHeader, FromQuery, HeaderParameter, Parameter
from litestar.response import Stream

from aniworld.events.bus import EventBus
from aniworld.events.schemas import EventsStatus
from aniworld.events.types import AppEvent, Topic
from aniworld.kit.errors import InvalidInputError

TOPICS: tuple[Topic, ...] = get_args(Topic)


@get(
    "/",
    operation_id="streamEvents",
    summary="The live event stream",
    responses={
        200: ResponseSpec(
            data_container=AppEvent,
            media_type="text/event-stream",
            generate_examples=False,
            description="Server-sent events; the data of each message is one of these",
        )
    },
    response_headers=[
        ResponseHeader(name="Cache-Control", value="no-store"),
        ResponseHeader(name="X-Accel-Buffering", value="no"),
    ],
)
async def stream(
    request: Request[Any, Any, Any],
    bus: NamedDependency[EventBus],
    topics: FromQuery[Annotated[str, Parameter(description="Comma-separated topics; empty: all", max_length=200)]] = "",
    last_event_id: FromHeader[
        Annotated[str | None, HeaderParameter(name="Last-Event-ID", description="The last id seen", max_length=40)]
    ] = None,
) -> Stream:
    """Every change as it happens. Come back with ``Last-Event-ID`` to get what was missed, or a ``resync`` event."""
    wanted = [topic.strip() for topic in topics.split(",") if topic.strip()]
    if unknown := [topic for topic in wanted if topic not in TOPICS]:
        raise InvalidInputError.field("topics", f"Unknown topic {unknown[0]!r}; there are {', '.join(TOPICS)}")
    # An id that is no number was not ours: 0 is older than anything kept and brings a resync.
    last_id = None if last_event_id is None else int(last_event_id) if last_event_id.isdecimal() else 0
    subscribed: list[Topic] = [topic for topic in TOPICS if not wanted or topic in wanted]
    session_id = request.scope["state"].get("session_id")

    async def frames() -> Any:
        # Subscribing happens inside the generator: a client that left before it began leaves nothing behind.
        async for frame in bus.subscribe(subscribed, last_id=last_id, owner=session_id).frames():
            yield frame

    return Stream(frames(), media_type="text/event-stream")


@get("/status", operation_id="eventsStatus", summary="Who is listening")
async def status(bus: NamedDependency[EventBus]) -> EventsStatus:
    """Open streams and the readers of each topic."""
    return EventsStatus(connections=bus.connections, topics=bus.topics())


router = Router("/events", route_handlers=[stream, status], tags=["events"])
