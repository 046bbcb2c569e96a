"""The command, as a script calls it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import av
import httpx
import pytest

from aniworld.sample import SampleSource, install_profile
from tests.faults.process import server_process
from tests.library_client import add_series, eventually, items
from tests.origin import Body, Fault, Origin


async def aniworld(*arguments: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    where = ["--data-dir", str(data)] if data else []
    command = [sys.executable, "-m", "aniworld", *arguments, *where]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, env=os.environ, check=False)


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


async def test_fetch_makes_the_file_whatever_happens_on_the_way(origin: Origin, tmp_path: Path) -> None:
    data = os.urandom(6 * 1024 * 1024)
    url = origin.add("/clip.bin", Body(data, etag='"one"'), [Fault(status=503), Fault(cut=2_000_000)])
    out = tmp_path / "clip.bin"
    run = await aniworld("fetch", url, "-o", str(out), "--allow-host", f"127.0.0.1:{origin.port}")
    assert run.returncode == 0, run.stderr
    assert hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(data).digest()
    assert [path.name for path in tmp_path.iterdir()] == ["clip.bin"]


async def test_fetch_refuses_a_private_address_unless_it_is_named(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/clip.bin", Body(b"x" * 1000))
    run = await aniworld("fetch", url, "-o", str(tmp_path / "clip.bin"))
    assert run.returncode == 1
    assert "not allowed" in run.stderr
    assert origin.requests == []
    assert not (tmp_path / "clip.bin").exists()


async def test_fetch_tells_what_is_wrong(origin: Origin, tmp_path: Path) -> None:
    allow = ("--allow-host", f"127.0.0.1:{origin.port}")
    run = await aniworld("fetch", origin.url("/nothing"), "-o", str(tmp_path / "x"), *allow)
    assert run.returncode == 1
    assert "404" in run.stderr
    assert "Traceback" not in run.stderr
    run = await aniworld("fetch", origin.url("/x"), "-o", str(tmp_path / "x"), "--header", "nonsense", *allow)
    assert "NAME:VALUE" in run.stderr


async def test_fetch_puts_a_playlist_together(tmp_path: Path) -> None:
    async with SampleSource(tmp_path / "cache", seconds=4) as source:
        async with httpx.AsyncClient(base_url=source.url, trust_env=False) as client:
            page = (await client.get("/series/paper-lanterns/season/1/episode/1")).text
            links = [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/go/")]
            targets = [(await client.get(link)).headers["location"] for link in links]
        # By the link that leads there, which does not say that it is a playlist.
        playlist = next(link for link, target in zip(links, targets, strict=True) if target.endswith(".m3u8"))
        out = tmp_path / "clip.mkv"
        allow = ("--allow-host", f"127.0.0.1:{source.port}")
        run = await aniworld("fetch", f"{source.url}{playlist}", "-o", str(out), *allow)
    assert run.returncode == 0, run.stderr
    with av.open(str(out)) as container:
        assert container.format.name.startswith("matroska")
        assert sum(1 for _ in container.decode(video=0)) > 30


async def test_the_library_and_the_queue_beside_a_running_server(tmp_path: Path) -> None:
    data, anime = tmp_path / "data", tmp_path / "anime"
    data.mkdir()
    anime.mkdir()
    async with SampleSource(tmp_path / "cache", seconds=4) as source:
        install_profile(data / "providers", source.url)
        config = {
            "version": 1,
            "providers": {"allowed_hosts": [f"127.0.0.1:{source.port}"]},
            "metadata": {"anilist": False},
        }
        (data / "config.json").write_text(json.dumps(config))
        async with server_process(data, anime) as server:
            client = await server.start()
            found = json.loads((await aniworld("search", "tide", "--json", data=data)).stdout)
            assert [item["provider_key"] for item in found["items"]] == ["tide-and-ember"]
            run = await aniworld("add", "sample", "tide-and-ember", data=data)
            assert run.stdout.strip() == "tide-and-ember", run.stderr
            run = await aniworld("add", "sample", "tide-and-ember", data=data)
            assert (run.returncode, "already" in run.stderr) == (1, True)
            await add_series(client)
            listed = (await aniworld("list", data=data)).stdout
            assert "Paper Lanterns" in listed
            run = await aniworld("queue", "add", "paper-lanterns", "S01E02:de", "S09E01", data=data)
            assert "1 queued" in run.stdout
            assert "S09E01: unknown_episode" in run.stderr
            run = await aniworld("queue", "add", "paper-lanterns", "episode two", data=data)
            assert "write S01E05" in run.stderr
            await aniworld("queue", "start", data=data)

            async def done() -> bool:
                return [item["status"] for item in (await items(client)).values()] == ["completed"]

            await eventually(done)
            assert "completed" in (await aniworld("queue", "list", data=data)).stdout
            assert "1 removed" in (await aniworld("queue", "clear", "completed", data=data)).stdout


async def test_the_queue_tells_what_went_wrong_at_each_hoster(tmp_path: Path) -> None:
    data, anime = tmp_path / "data", tmp_path / "anime"
    data.mkdir()
    anime.mkdir()
    async with SampleSource(tmp_path / "cache", seconds=4) as source:
        install_profile(data / "providers", source.url)
        config = {
            "version": 1,
            "providers": {"allowed_hosts": [f"127.0.0.1:{source.port}"]},
            "metadata": {"anilist": False},
        }
        (data / "config.json").write_text(json.dumps(config))
        async with server_process(data, anime) as server:
            await add_series(await server.start())
        assert "1 queued" in (await aniworld("queue", "add", "paper-lanterns", "S01E02:de", data=data)).stdout
    failures = [
        {"hoster": "Streamline", "reason": "HTTP 404", "code": "http-status", "source": "sample"},
        {"hoster": "", "reason": "Timed out", "code": "network-timeout", "source": "sample-tabs"},
    ]
    with contextlib.closing(sqlite3.connect(data / "aniworld.db")) as database, database:
        database.execute(
            "UPDATE downloads SET status = 'failed', error_message = 'All of it', failures = ?", (json.dumps(failures),)
        )
    item, *reasons = (await aniworld("queue", "list", "--status", "failed", data=data)).stdout.splitlines()
    assert "Paper Lanterns S01E02" in item
    assert "All of it" not in item  # the lines below say it
    assert reasons == ["\tStreamline\tHTTP 404", "\tsample-tabs\tTimed out"]


async def test_the_configuration(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shown = json.loads((await aniworld("config", "show", data=data)).stdout)
    assert shown["downloads"]["slots"] == 2
    file = tmp_path / "new.json"
    file.write_text(json.dumps({**shown, "downloads": {"slots": 99}}))
    run = await aniworld("config", "validate", str(file), data=data)
    assert (run.returncode, "downloads.slots" in run.stderr) == (1, True)
    file.write_text(json.dumps(shown))
    assert (await aniworld("config", "validate", str(file), data=data)).returncode == 0


async def test_a_forgotten_password(tmp_path: Path) -> None:
    data, anime = tmp_path / "data", tmp_path / "anime"
    anime.mkdir()
    async with server_process(data, anime) as server:
        client = await server.start()
        assert (await client.get("/api/anime")).status_code == 200
        run = await aniworld("password", "--password", "another good one", data=data)
        assert run.returncode == 0, run.stderr

        async def out() -> bool:
            return (await client.get("/api/anime")).status_code == 401

        await eventually(out)
        answer = await client.post("/api/auth/login", json={"password": "another good one"})
        assert answer.status_code == 200
        run = await aniworld("password", "--password", "12345678", data=data)
        assert run.returncode == 1


async def test_help_tells_every_command() -> None:
    text = (await aniworld("--help")).stdout
    for name in ("serve", "demo", "search", "add", "list", "queue", "fetch", "config", "password", "openapi"):
        assert f"  {name} " in text
        assert (await aniworld(name, "--help")).returncode == 0
