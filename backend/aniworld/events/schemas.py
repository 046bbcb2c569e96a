"""What the API says about the stream."""

from aniworld.events.types import Topic
from aniworld.kit.schema import Schema


class EventsStatus(Schema, frozen=True):
    """Who is listening."""

    connections: int
    topics: dict[Topic, int]
