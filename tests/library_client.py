"""What tests do again and again through the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

SERIES = "paper-lanterns"


async def eventually(check: Callable[[], Awaitable[Any]], *, within: float = 30) -> Any:
    """The first truthy answer of ``check``."""
    async with asyncio.timeout(within):
        while not (answer := await check()):
            await asyncio.sleep(0.03)
    return answer


async def add_series(client: httpx.AsyncClient, provider_key: str = SERIES, *, provider: str = "sample") -> str:
    """Add a series and wait until it is loaded; its key."""
    body = {"provider": provider, "provider_key": provider_key, "name": provider_key.replace("-", " ").title()}
    answer = await client.post("/api/anime/add", json=body)
    assert answer.status_code == 202, answer.text
    key: str = answer.json()["key"]

    async def loaded() -> bool:
        status = (await client.get(f"/api/anime/{key}/loading-status")).json()
        assert status["loading_status"] != "failed", status
        return bool(status["loading_status"] == "completed")

    await eventually(loaded)
    return key


async def queue(client: httpx.AsyncClient, key: str, *episodes: tuple[int, int], language: str = "de") -> list[str]:
    """Queue episodes; the ids."""
    chosen = [{"season": season, "episode": episode, "language": language} for season, episode in episodes]
    answer = await client.post("/api/queue/add", json={"series_key": key, "episodes": chosen})
    assert answer.status_code == 201, answer.text
    ids: list[str] = answer.json()["added_items"]
    return ids


async def items(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """All queue items by id."""
    answer = await client.get("/api/queue", params={"limit": 500})
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["items"]}


async def reaches(client: httpx.AsyncClient, id_: str, status: str, *, within: float = 40) -> dict[str, Any]:
    """Wait until an item is in a state; the item."""

    async def check() -> dict[str, Any] | None:
        item = (await items(client))[id_]
        return item if item["status"] == status else None

    item: dict[str, Any] = await eventually(check, within=within)
    return item


async def has_bytes(client: httpx.AsyncClient, id_: str, count: int) -> dict[str, Any]:
    """Wait until a running item has so many bytes."""

    async def check() -> dict[str, Any] | None:
        item = (await items(client))[id_]
        assert item["status"] in ("pending", "downloading"), item
        return item if item["progress"]["downloaded_bytes"] >= count else None

    item: dict[str, Any] = await eventually(check)
    return item
