"""Renaming over HTTP, on the whole server."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from aniworld.db.base import new_id
from aniworld.kit.clock import now
from aniworld.library.models import Episode, EpisodeFile, Series
from tests.conftest import Running


async def add(server: Running, number: int) -> None:
    """A series with one video that is called as it should not be."""
    folder = f"show_{number}"
    (server.anime / folder).mkdir()
    (server.anime / folder / "s01e01.mkv").write_bytes(b"video")
    id_, episode = new_id(), new_id()
    async with server.parts.db.write() as session:
        session.add(
            Series(id=id_, key=f"show-{number}", name=f"Show {number}", name_folded=f"show {number}", provider="p",
                   provider_key=f"{number}", folder=folder, folder_folded=folder, loading_status="completed",
                   created_at=now(), updated_at=now())
        )  # fmt: skip
        await session.flush()
        session.add(Episode(id=episode, series_id=id_, season=1, episode=1))
        await session.flush()
        session.add(
            EpisodeFile(
                id=new_id(), episode_id=episode, language="de", path=f"{folder}/s01e01.mkv", size=5, created_at=now()
            )
        )


async def over(server: Running, id_: str) -> dict[str, Any]:
    while True:
        operation: dict[str, Any] = (await server.client.get(f"/api/operations/{id_}")).json()
        if operation["finished_at"]:
            return operation
        await asyncio.sleep(0.02)


async def test_shown_done_and_undone(server: Running) -> None:
    for number in range(3):
        await add(server, number)
    client, address = server.client, "/api/library/organise"
    first = (await client.get(f"{address}/preview", params={"limit": 2})).json()
    assert (first["total"], first["counts"]["folders"], len(first["items"])) == (3, 3, 2)
    # Somebody else looks at something else; the further page is still the one of the first look.
    other = (await client.post(f"{address}/preview", json={"series_keys": ["show-0"]})).json()
    assert other["total"] == 1
    await add(server, 3)
    page = {"limit": 2, "offset": 2, "token": first["token"]}
    rest = (await client.get(f"{address}/preview", params=page)).json()
    assert (rest["token"], [item["key"] for item in rest["items"]]) == (first["token"], ["show-2"])
    unknown = await client.get(f"{address}/preview", params={"token": "gone"})
    assert (unknown.status_code, unknown.json()["type"]) == (409, "/problems/preview-changed")

    refused = await client.post(address, json={"token": first["token"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/preview-changed")
    token = (await client.get(f"{address}/preview")).json()["token"]
    accepted = await client.post(address, json={"token": token})
    assert accepted.status_code == 202, accepted.text
    done = await over(server, accepted.json()["operation_id"])
    assert done["status"] == "completed", done
    assert (server.anime / "Show 0/Season 01/Show 0 - S01E01.mkv").is_file()
    assert (await client.get(f"{address}/preview")).json()["total"] == 0

    (change,) = (await client.get(f"{address}/changes")).json()["items"]
    assert (change["status"], change["series"], change["left"]) == ("done", 4, 0)
    assert len((await client.get(f"{address}/changes/{change['id']}")).json()["moves"]) >= 8
    undone = await client.post(f"{address}/changes/{change['id']}/undo")
    assert (await over(server, undone.json()["operation_id"]))["status"] == "completed"
    assert (server.anime / "show_0/s01e01.mkv").is_file()
    again = await client.post(f"{address}/changes/{change['id']}/undo")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-undone")
    assert (await client.get(f"{address}/changes/{uuid4()}")).status_code == 404
