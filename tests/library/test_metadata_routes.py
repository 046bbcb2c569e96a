"""What services said of a series, over HTTP: choose another, choose none, pin a season, search; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aniworld.config.settings import Settings
from tests.conftest import run_app
from tests.downloads.conftest import fill
from tests.metadata.services.made import Made
from tests.metadata.services.server import TMDB_TOKEN, Services, running


async def test_a_person_says_which_one_it_is(settings: Settings, anime: Path) -> None:
    async with running(Services(3)) as services:
        own = Settings(data_dir=settings.data_dir, trusted_hosts=frozenset({services.host}))
        async with run_app(own, anime, services=services.addresses) as server:
            await fill(server.parts.db, "one", 3)
            await server.client.patch("/api/config/section/metadata", json={"tmdb_key": TMDB_TOKEN})

            async def ask(method: str, path: str, body: object = None, status: int = 200) -> Any:
                answer = await server.client.request(method, f"/api/anime/{path}", json=body)
                assert answer.status_code == status, answer.text
                return answer.json()

            def tmdb(told: Any) -> tuple[str | None, bool]:
                one = next(one for one in told["services"] if one["service"] == "tmdb")
                return one["id"], one["pinned"]

            assert tmdb(await ask("GET", "one/metadata")) == (None, False)
            found = await ask("POST", f"one/metadata/search?q={Made(1).title}")
            assert {one["id"] for one in found["items"]} >= {str(Made(1).tmdb), str(Made(1).anilist(1))}
            services.faults["anilist"] = "server"
            found = await ask("POST", f"one/metadata/search?q={Made(2).title}")
            assert [one["service"] for one in found["items"]] == ["tmdb"]
            assert "AniList" in found["problems"][0]
            assert tmdb(await ask("PUT", "one/metadata/tmdb", {"id": str(Made(1).tmdb)})) == (str(Made(1).tmdb), True)
            assert tmdb(await ask("PUT", "one/metadata/tmdb", {"id": None})) == (None, True)

            place = {"id": str(Made(1).tmdb), "season": 2}
            pinned = {"service": "tmdb", "season": 1, "segments": [place]}
            await ask("PUT", "one/mapping", {"seasons": [pinned]})
            (season,) = (await ask("GET", "one/mapping"))["services"][0]["seasons"]
            assert (season["pinned"], season["segments"][0]["season"]) == (True, 2)
            twice = {**pinned, "segments": [{**place, "last": 5}, {**place, "first": 5}]}
            refused = await ask("PUT", "one/mapping", {"seasons": [twice]}, 400)
            assert refused["errors"][0]["field"] == "seasons[0].segments[1].first"
            await ask("PUT", "one/metadata/tmdb", {"id": "../7"}, 400)
            for method, path, body in (
                ("GET", "nobody/metadata", None),
                ("POST", "nobody/metadata/search?q=x", None),
                ("PUT", "nobody/metadata/tmdb", {"id": "1"}),
                ("GET", "nobody/mapping", None),
                ("PUT", "nobody/mapping", {"seasons": [pinned]}),
            ):
                await ask(method, path, body, 404)
