"""Room for large bodies: few at a time, and every place comes back."""

from __future__ import annotations

import asyncio

import pytest

from aniworld.kit.net.room import SMALL, Room


async def test_few_large_ones_at_a_time() -> None:
    room = Room(2)
    inside = most = 0

    async def body() -> None:
        nonlocal inside, most
        async with room.guest() as guest:
            await guest.grow(SMALL)
            await guest.grow(SMALL + 1)
            await guest.grow(SMALL * 2)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(body() for _ in range(10)))
    assert most == 2


async def test_small_ones_do_not_wait() -> None:
    room = Room(1)
    async with room.guest() as large, room.guest() as small:
        await large.grow(SMALL + 1)
        async with asyncio.timeout(1):
            await small.grow(SMALL)


async def test_a_place_comes_back_whatever_happens() -> None:
    room = Room(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            async with room.guest() as guest:
                await guest.grow(SMALL + 1)
                raise ValueError("broken")
    async with room.guest() as first:
        await first.grow(SMALL + 1)
        async with room.guest() as second:
            waiting = asyncio.create_task(second.grow(SMALL + 1))
            await asyncio.sleep(0)
    await waiting  # it was fetched for others when its guest had left
    await second.grow(SMALL * 2)
    async with room.guest() as third, asyncio.timeout(1):
        await third.grow(SMALL + 1)
