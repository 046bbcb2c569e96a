"""Where an episode can be fetched from: one stream after the other, as long as somebody asks for another.

First the hosters of the series' own source, by preference and health, then those of its other sources. A hoster or
source that is silent does not keep the next one waiting: that is asked as well after a moment, and whoever answers
first comes first.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from aniworld.catalog.service import Catalog
from aniworld.catalog.types import Language, Link, Stream
from aniworld.downloads.errors import (
    AllHostersFailedError,
    Failure,
    HostRestingError,
    NoLinksError,
)
from aniworld.downloads.fetch.errors import DiskError, StalledError
from aniworld.downloads.progress import Meter
from aniworld.kit.errors import AppError
from aniworld.kit.hedge import hedged
from aniworld.library.types import EpisodeSource, TargetDetails

OTHER_SOURCE = 3.0
"""Seconds of silence after which the next source is asked as well."""
NOTHING_FOR = 4.0
"""Seconds in which a host has to begin to send, where there is somebody else to ask."""
FRESH = 60.0
"""Seconds for which an address that nobody has used yet is taken as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stream that may be the episode."""

    source: str
    link: Link
    stream: Stream
    more: bool
    """Whether there is somebody else to ask."""


@dataclass(slots=True)
class Candidates:
    """Asks sources and hosters; what fails is written into ``failures``."""

    catalog: Catalog
    target: TargetDetails
    language: Language
    failures: list[Failure] = field(default_factory=list)
    _later: list[Candidate] = field(default_factory=list)

    def failed(self, candidate: Candidate, error: AppError) -> None:
        """It did not deliver; the catalogue is told, unless that was not the hoster's doing."""
        self.failures.append(Failure(candidate.link.hoster, error, candidate.source))
        if not isinstance(error, (DiskError, HostRestingError)):
            self.catalog.did_not_deliver(candidate.link, candidate.stream, error)

    def later(self, candidate: Candidate) -> None:
        """It may be slow only: it comes again when everybody else has failed."""
        self.catalog.did_not_deliver(candidate.link, candidate.stream, NothingCameError())
        self._later.append(dataclasses.replace(candidate, more=False))

    def why(self) -> AppError:
        """What the download failed for when nobody delivered."""
        first = self.failures[0].error if self.failures else None
        # A source without any hoster, or a disk that took it from nobody: that is the reason, not the hosters.
        if first is not None and len(self.failures) == 1 and not self.failures[0].hoster:
            return first
        if first is not None and all(isinstance(failure.error, DiskError) for failure in self.failures):
            return first
        return AllHostersFailedError(self.failures)

    async def all(self) -> AsyncGenerator[Candidate, None]:
        """Streams, the best first. Use it inside ``contextlib.aclosing``."""
        sources = self._sources()
        asking = [functools.partial(self._links, source) for source in sources]
        async with contextlib.aclosing(hedged(asking, lambda _place: OTHER_SOURCE)) as answers:
            async for answer in answers:
                source = sources[answer.place].provider
                if answer.value is None:
                    if answer.error is not None:
                        self.failures.append(Failure("", answer.error, source))
                    continue
                async with contextlib.aclosing(self._streams(source, answer.value, len(sources) > 1)) as streams:
                    async for candidate in streams:
                        yield candidate
        for candidate in self._later:
            yield candidate

    def _sources(self) -> list[EpisodeSource]:
        """The series' own source first, then the others in their order; those that do badly last."""
        own = EpisodeSource(self.target.provider, self.target.ref)
        weights = {source.provider: self.catalog.source_weight(source.provider) for source in self.target.others}
        others = sorted(self.target.others, key=lambda source: -weights[source.provider])
        return [own, *others]

    async def _links(self, source: EpisodeSource) -> list[Link]:
        links = await self.catalog.links(source.provider, source.ref, self.language)
        if not links:
            raise NoLinksError
        return links

    async def _streams(self, source: str, links: list[Link], others: bool) -> AsyncGenerator[Candidate, None]:
        began: dict[int, float] = {}

        async def resolve(place: int) -> Stream:
            began[place] = time.monotonic()
            return await self.catalog.resolve(links[place])

        asking = [functools.partial(resolve, place) for place in range(len(links))]
        async with contextlib.aclosing(hedged(asking, lambda place: self.catalog.patience(links[place]))) as answers:
            count = 0
            async for answer in answers:
                count += 1
                link, stream = links[answer.place], answer.value
                try:
                    if answer.error is not None:
                        raise answer.error
                    if stream is None or time.monotonic() - began[answer.place] > FRESH:
                        stream = await resolve(answer.place)  # it waited while another one was fetched
                except AppError as error:
                    self.failures.append(Failure(link.hoster, error, source))
                    continue
                yield Candidate(source=source, link=link, stream=stream, more=others or count < len(links))


class NothingCameError(StalledError):
    """Not a byte in the first seconds, while there is somebody else to ask."""

    title = "The host sent nothing in the first seconds"


@contextlib.asynccontextmanager
async def something_comes(meter: Meter, *, hurry: bool) -> AsyncGenerator[None, None]:
    """In a hurry the block is ended with :class:`NothingCameError` when nothing has come after a few seconds."""
    loop = asyncio.get_running_loop()
    before = meter.received
    deadline = asyncio.timeout(None)

    def look() -> None:
        if meter.received == before:
            deadline.reschedule(loop.time())

    timer = loop.call_later(NOTHING_FOR, look) if hurry else None
    try:
        async with deadline:
            yield
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise NothingCameError from error
    finally:
        if timer is not None:
            timer.cancel()
