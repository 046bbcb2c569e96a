"""The source and the hoster against a server on this machine, found the way Aniworld finds them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aniworld.catalog import plugins
from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import NotAtSourceError
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, Stream
from aniworld.kit.net import HttpClient

PROFILE = 'kind = "example"\nname = "mine"\ntitle = "My catalogue"\nbase_url = "{url}"\n'


@pytest.fixture
def server() -> Iterator[str]:
    """A catalogue with one series, and the ticket of its one episode."""
    answers: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers.get(self.path)).encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        url = f"http://127.0.0.1:{serving.server_port}"
        episode = {"season": 1, "episode": 1, "title": "First", "tickets": {"ja+en": f"{url}/ticket/1"}}
        series = {"key": "garden", "name": "Clockwork Garden", "year": 2021, "episodes": [episode]}
        answers["/catalogue.json"] = {"series": [series]}
        answers["/ticket/1"] = {"file": f"{url}/1.mkv", "size": 1000}
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield url
        serving.shutdown()
        thread.join()


async def test_from_the_search_to_the_stream(server: str, tmp_path: Path) -> None:
    registry = plugins.installed()
    assert registry.problems == ()
    path = tmp_path / "mine.toml"
    path.write_text(PROFILE.format(url=server))
    profile = profiles.load(path, registry.kinds)
    async with HttpClient(allowed_hosts=lambda: {server.removeprefix("http://")}) as client:
        source = registry.make_provider(profile, Tools(client, Reader()))
        (hit,) = await source.search("garden")
        assert (hit.provider_key, hit.name, hit.year) == ("garden", "Clockwork Garden", 2021)
        series = await source.series("garden")
        assert [episode.title for episode in series.seasons[0].episodes] == ["First"]
        ref = EpisodeRef(provider_key="garden", season=1, episode=1)
        assert await source.links(ref, Language("de")) == []
        (link,) = await source.links(ref, Language("ja+en"))
        stream = await registry.make_hosters(Tools(client, Reader()))[link.kind].resolve(link)
        assert stream == Stream(url=f"{server}/1.mkv", protocol="http", size=1000)
        with pytest.raises(NotAtSourceError):
            await source.series("unknown")
