"""The metadata services over the API: how they do, and that no key is ever in an answer."""

from __future__ import annotations

from pathlib import Path

import httpx

from aniworld.config.settings import Settings
from tests.conftest import run_app
from tests.metadata.services.server import TMDB_TOKEN, Services, running


async def test_the_services_are_shown_checked_and_tell_no_key(settings: Settings, anime: Path) -> None:
    async with running(Services()) as services:
        own = Settings(data_dir=settings.data_dir, trusted_hosts=frozenset({services.host}))
        async with run_app(own, anime, services=services.addresses) as server:
            answers: list[httpx.Response] = []

            async def ask(method: str, path: str, body: object = None) -> httpx.Response:
                answers.append(await server.client.request(method, f"/api{path}", json=body))
                return answers[-1]

            listed = (await ask("GET", "/metadata/services")).json()
            assert [(one["name"], one["state"]) for one in listed["items"]] == [
                ("anilist", "healthy"),
                ("tmdb", "off"),
                ("fanart", "off"),
            ]
            credits = {one["name"]: (one["homepage"], one["attribution"]) for one in listed["items"]}
            assert credits["anilist"] == ("https://anilist.co", "")
            assert "not endorsed, certified, or otherwise approved by TMDB" in credits["tmdb"][1]
            assert listed["orders"]["title"][0] == "source"
            assert (await ask("POST", "/metadata/services/tmdb/check")).status_code == 409
            assert (await ask("POST", "/metadata/services/nobody/check")).status_code == 404
            changes = {"tmdb_key": "wrong-key-of-mine", "prefer": {"title": ["tmdb"]}}
            await ask("PATCH", "/config/section/metadata", changes)
            refused = (await ask("POST", "/metadata/services/tmdb/check")).json()
            assert (refused["state"], refused["key_set"]) == ("key_refused", True)
            await ask("PATCH", "/config/section/metadata", {"tmdb_key": TMDB_TOKEN})
            assert (await ask("POST", "/metadata/services/tmdb/check")).json()["state"] == "healthy"
            whole = (await ask("GET", "/config")).json()
            assert (whole["metadata"]["tmdb_key"], whole["metadata"]["tmdb_key_set"]) == (None, True)
            assert (await ask("PUT", "/config", whole)).status_code == 200
            assert (await ask("GET", "/metadata/services")).json()["orders"]["title"][:2] == ["tmdb", "source"]
            assert server.parts.config.current.metadata.tmdb_key == TMDB_TOKEN
            said = "".join(answer.text for answer in answers)
            assert TMDB_TOKEN not in said
            assert "wrong-key-of-mine" not in said
