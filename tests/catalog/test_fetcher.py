"""Pages are fetched politely, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from aniworld.catalog import fetcher as module
from aniworld.catalog.fetcher import BURST, RATE, UNSAID, Fetcher
from aniworld.kit.net import Answer, HttpClient
from aniworld.kit.net.errors import HttpStatusError
from tests.kit.net_host import Handler, Host, Request, answer, client, host


class Clock:
    """A time that only moves when somebody sleeps or a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        await asyncio.sleep(0)


class Public(HttpClient):
    """A client to which nothing on loopback is the user's own, although it may be reached."""

    def lists(self, entry: str) -> bool:
        return False


class Setting:
    def __init__(self, serving: Host, http: HttpClient, clock: Clock) -> None:
        self.serving, self.clock = serving, clock
        self.fetcher = Fetcher(http, clock, clock.sleep)
        self.pages = self.fetcher.of("shelf")

    async def get(self, path: str = "/", **headers: str) -> Answer:
        return await self.pages.get(self.serving.url + path, headers=headers)

    def answers(self, handler: Handler) -> None:
        self.serving.handler = handler


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with host(answer(b"one")) as serving, Public(allowed_hosts=lambda: {serving.entry}) as http:
        yield Setting(serving, http, Clock())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, UNSAID),
        ({"Cache_Control": "max-age=600"}, 600),
        ({"Cache_Control": "private, max-age=600"}, 600),
        ({"Cache_Control": "public,s-maxage=5, max-age=600"}, 600),
        ({"Cache_Control": "max-age=999999"}, 3600),
        ({"Cache_Control": "no-store"}, 0),
        ({"Cache_Control": "no-cache"}, 0),
        ({"Cache_Control": "max-age=600, no-store"}, 0),
        ({"Set_Cookie": "a=b"}, 0),
        ({"Vary": "*"}, 0),
    ],
)
async def test_how_long_a_page_is_kept(setting: Setting, headers: dict[str, str], seconds: float) -> None:
    setting.answers(answer(b"one", **headers))
    assert (await setting.get()).content == b"one"
    setting.clock.now += max(seconds - 1, 0)
    assert (await setting.get()).content == b"one"
    assert len(setting.serving.requests) == (1 if seconds else 2)
    setting.clock.now += 2
    await setting.get()
    assert len(setting.serving.requests) == (2 if seconds else 3)


@pytest.mark.parametrize(
    ("told", "asked", "value"),
    [("ETag", "if-none-match", '"v1"'), ("Last_Modified", "if-modified-since", "Mon, 05 Jan 2026 10:00:00 GMT")],
)
async def test_an_unchanged_page_costs_a_line(setting: Setting, told: str, asked: str, value: str) -> None:
    setting.answers(answer(b"one", **{told: value}))
    await setting.get()
    setting.answers(answer(b"", "304 Not Modified"))
    setting.clock.now += UNSAID + 1
    assert (await setting.get()).content == b"one"
    assert setting.serving.requests[1].headers[asked] == value
    assert (await setting.get()).content == b"one"
    assert len(setting.serving.requests) == 2  # it counts as fresh again
    setting.answers(answer(b"two", **{told: "other"}))
    setting.clock.now += UNSAID + 1
    assert (await setting.get()).content == b"two"


async def test_one_request_for_everybody_who_wants_the_page(setting: Setting) -> None:
    gate = asyncio.Event()

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await answer(b"one")(request, writer)

    setting.answers(slow)
    waiting = [asyncio.create_task(setting.get()) for _ in range(5)]
    while not setting.serving.requests:
        await asyncio.sleep(0.001)
    waiting[0].cancel()  # one that leaves takes it from nobody
    gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert [one.content for one in answers[1:] if isinstance(one, Answer)] == [b"one"] * 4
    assert len(setting.serving.requests) == 1


async def test_a_page_that_nobody_wants_any_more_is_not_waited_for(setting: Setting) -> None:
    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    setting.answers(never)
    task = asyncio.create_task(setting.get())
    while not setting.serving.requests:
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait([task])
    setting.answers(answer(b"two"))
    assert (await setting.get()).content == b"two"


async def test_a_failure_is_told_to_all_and_not_kept(setting: Setting) -> None:
    setting.answers(answer(b"", "500 Oh"))
    failed = await asyncio.gather(*(setting.get() for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in failed] == [HttpStatusError] * 3
    setting.answers(answer(b"well"))
    assert (await setting.get()).content == b"well"


async def test_what_is_asked_differently_is_another_page(setting: Setting) -> None:
    await setting.get(Accept="text/html")
    await setting.get(Accept="application/json")
    await setting.fetcher.of("attic").get(setting.serving.url + "/")  # nor does another source see it
    assert len(setting.serving.requests) == 3


async def test_a_host_is_asked_so_often_only(setting: Setting) -> None:
    for number in range(BURST + 3):
        await setting.get(f"/{number}")
    assert setting.clock.slept == [round(place / RATE, 3) for place in (1, 2, 3)]
    setting.clock.now += 60
    await setting.get("/later")
    assert len(setting.clock.slept) == 3


async def test_a_profile_may_say_how_often(setting: Setting) -> None:
    slow = setting.fetcher.of("shelf", rate=0.5)
    for number in range(BURST + 1):
        await slow.get(f"{setting.serving.url}/{number}")
    assert setting.clock.slept == [2.0]


async def test_a_host_that_asked_to_be_left_alone_is(setting: Setting) -> None:
    setting.answers(answer(b"", "429 Slow", Retry_After="120"))
    with pytest.raises(HttpStatusError):
        await setting.get("/1")
    setting.answers(answer(b"well"))
    setting.clock.now += 100
    with pytest.raises(HttpStatusError) as refused:
        await setting.get("/2")
    assert (refused.value.http_status, refused.value.retry_after) == (429, 20)
    assert len(setting.serving.requests) == 1
    setting.clock.now += 21
    assert (await setting.get("/2")).content == b"well"


async def test_memory_is_bounded(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    monkeypatch.setattr(module, "MAX_PAGE", 400)
    setting.answers(answer(b"x" * 300))
    for path in ("/1", "/2", "/3", "/1", "/4"):  # the second is the one that was used longest ago
        await setting.get(path)
    asked = len(setting.serving.requests)
    for path in ("/1", "/3", "/4"):
        await setting.get(path)
    assert len(setting.serving.requests) == asked
    await setting.get("/2")
    setting.answers(answer(b"x" * 401))
    await setting.get("/large")
    await setting.get("/large")
    assert len(setting.serving.requests) == asked + 3


async def test_the_users_own_hosts_are_asked_as_often_as_needed() -> None:
    async with host(answer(b"one")) as serving, client(serving) as http:
        setting = Setting(serving, http, Clock())
        for _ in range(BURST + 5):
            await setting.get()
        assert (len(serving.requests), setting.clock.slept) == (BURST + 5, [])
        setting.answers(answer(b"one", Cache_Control="max-age=60"))
        await setting.get("/kept")
        await setting.get("/kept")
        assert len(serving.requests) == BURST + 6  # it says so itself
