"""The bus: one ring of encoded events, and a bounded mailbox for every reader.

Publishing never waits. A reader that is slow first has its progress merged, then its mailbox replaced by one
``resync``, and is cut when it has not read for half a minute. Ids grow for ever: they start at the time of the
program's start, so an id from before a restart is recognised as one that is no longer kept.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.engine import after_commit
from aniworld.events.types import AppEvent, Resync, Topic

RING = 2048
MAILBOX = 256
KEEPALIVE = 15.0
"""Seconds of silence after which a comment goes out."""
CUT_AFTER = 30.0
"""Seconds that a reader may leave a full mailbox unread."""

_encoder = msgspec.json.Encoder()


class _Message(NamedTuple):
    id: int
    topic: Topic
    merge_key: str | None
    frame: bytes


class Subscription:
    """One reader's mailbox. Made by :meth:`EventBus.subscribe`."""

    def __init__(self, bus: EventBus, topics: frozenset[Topic], owner: str | None) -> None:
        self.topics = topics
        self.owner = owner
        self._bus = bus
        self._mail: dict[object, _Message] = {}
        self._wake = asyncio.Event()
        self._closed = False
        self._full_since: float | None = None
        self._task: asyncio.Task[object] | None = None

    def put(self, message: _Message) -> None:
        """Put a message in, merging or dropping as needed. Never waits."""
        if message.merge_key is not None:
            self._mail.pop(message.merge_key, None)
        if len(self._mail) >= MAILBOX:
            now = time.monotonic()
            if self._full_since is None:
                self._full_since = now
            elif now - self._full_since > CUT_AFTER and self._task is not None:
                self._task.cancel()
            self._mail.clear()
            message = self._bus.resync_message(message.id)
        self._mail[message.merge_key or message.id] = message
        self._wake.set()

    def close(self) -> None:
        """End the reader's stream."""
        self._closed = True
        self._wake.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """What to send: all that waits, in one piece, or a comment after a silence. Ends when the bus closes."""
        self._task = asyncio.current_task()
        if self._task is not None:
            # A task that is cut while it sends leaves this generator where it stands, until it is collected one day.
            self._task.add_done_callback(lambda _task: self._bus.unsubscribe(self))
        try:
            yield b": welcome\nretry: 1000\n\n"
            while True:
                if not self._mail and not self._closed:
                    self._wake.clear()
                    try:
                        async with asyncio.timeout(KEEPALIVE):
                            await self._wake.wait()
                    except TimeoutError:
                        yield b": ping\n\n"
                        continue
                if self._mail:
                    self._full_since = None
                    waiting = b"".join([message.frame for message in self._mail.values()])
                    self._mail.clear()
                    yield waiting
                elif self._closed:
                    return
        finally:
            self._bus.unsubscribe(self)


class EventBus:
    """Publishes typed events to every subscription of their topic."""

    def __init__(self) -> None:
        self._ring: deque[_Message] = deque(maxlen=RING)
        self._last = int(time.time() * 1000) * 1000
        self._first = self._last
        self._subscriptions: set[Subscription] = set()
        self._closed = False

    def publish(self, event: AppEvent) -> None:
        """Tell everyone now. Inside a transaction use :func:`publish_after_commit`."""
        self._last += 1
        frame = b"id: %d\nevent: %b\ndata: %b\n\n" % (
            self._last,
            str(event.__struct_config__.tag).encode(),
            _encoder.encode(event),
        )
        message = _Message(self._last, event.topic, event.merge_key, frame)
        self._ring.append(message)
        for subscription in self._subscriptions:
            if message.topic in subscription.topics:
                subscription.put(message)

    def subscribe(
        self, topics: Iterable[Topic], *, last_id: int | None = None, owner: str | None = None
    ) -> Subscription:
        """Start reading. With ``last_id`` what was missed comes first, or a ``resync`` where it is no longer kept."""
        subscription = Subscription(self, frozenset(topics), owner)
        if last_id is not None and last_id != self._last:
            missed = [
                message for message in self._ring if message.id > last_id and message.topic in subscription.topics
            ]
            oldest = self._ring[0].id if self._ring else self._last + 1
            if last_id > self._last or last_id + 1 < oldest or len(missed) > MAILBOX:
                missed = [self.resync_message(self._last)]
            for message in missed:
                subscription.put(message)
        if self._closed:
            subscription.close()
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a reader."""
        self._subscriptions.discard(subscription)

    def disconnect(self, owner: str) -> None:
        """End every stream of a login session that is over."""
        for subscription in self._subscriptions:
            if subscription.owner == owner:
                subscription.close()

    def close(self) -> None:
        """End every stream, and each that still comes: the program is stopping."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.close()

    def topics(self) -> dict[Topic, int]:
        """How many readers each topic has."""
        counts: dict[Topic, int] = {}
        for subscription in self._subscriptions:
            for topic in subscription.topics:
                counts[topic] = counts.get(topic, 0) + 1
        return counts

    @property
    def connections(self) -> int:
        """How many streams are open."""
        return len(self._subscriptions)

    @staticmethod
    def resync_message(message_id: int) -> _Message:
        """What a reader gets who lost events; carries the id up to which it is behind."""
        frame = b"id: %d\nevent: resync\ndata: %b\n\n" % (message_id, _encoder.encode(Resync()))
        return _Message(message_id, "system", None, frame)


def publish_after_commit(bus: EventBus, session: AsyncSession, event: AppEvent) -> None:
    """Tell everyone once the session's transaction is on disk; nobody, if it is rolled back."""
    after_commit(session, lambda: bus.publish(event))
