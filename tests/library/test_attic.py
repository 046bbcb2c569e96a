"""The whole server and a folder on a web server: found, added, downloaded with the subtitles beside it, filed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from aniworld.config.settings import Settings
from tests.catalog.test_index import PROFILE, SHELF, serves
from tests.conftest import run_app
from tests.kit.net_host import Request, answer, host
from tests.library_client import add_series, queue, reaches
from tests.media.clips import make_clip

KEY = "Clockwork Garden (2021)"
SUBTITLES = b"1\n00:00:00,100 --> 00:00:00,900\nEs tickt.\n"


async def test_from_the_folder_to_the_library(settings: Settings, anime: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mkv", seconds=2)
    clip = (tmp_path / "clip.mkv").read_bytes()
    listing = serves(SHELF, json=True)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.target.endswith(".mkv"):
            await answer(clip, Content_Type="video/x-matroska")(request, writer)
        elif request.target.endswith(".srt"):
            await answer(SUBTITLES, Content_Type="application/x-subrip")(request, writer)
        elif request.target.lower().endswith((".jpg", ".png")):
            await answer(b"", "404 Not Found")(request, writer)
        else:
            await listing(request, writer)

    async with host(handler) as attic:
        profile = settings.data_dir / "providers" / "attic.toml"
        profile.parent.mkdir()
        profile.write_text(PROFILE.replace("{url}", attic.url) + 'language = "ja"\n')
        async with run_app(replace(settings, trusted_hosts=frozenset({attic.entry})), anime) as server:
            found = (await server.client.get("/api/search", params={"q": "garden clockwork"})).json()
            assert [(hit["provider"], hit["provider_key"]) for hit in found["items"]] == [("attic", KEY)]
            key = await add_series(server.client, KEY, provider="attic")
            (id_,) = await queue(server.client, key, (1, 2), language="ja+de")
            assert (await server.client.post("/api/queue/start")).status_code == 200
            await reaches(server.client, id_, "completed")
            subjects = (await server.client.get("/api/providers")).json()["items"]
            assert [(subject["kind"], subject["state"]) for subject in subjects] == [
                ("catalogue", "healthy"),
                ("hoster", "healthy"),
            ]
    (video,) = anime.rglob("*.mkv")
    (subtitles,) = anime.rglob("*.vtt")
    assert "E02" in video.name
    assert subtitles.name == f"{video.stem}.de.vtt"
    assert "Es tickt." in subtitles.read_text()
