"""One server's hard life: a queue that is used while the server dies again and again, and what must hold each time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.faults.ledger import HELD, WAITING, Entry, Ledger
from tests.faults.library import Inspector
from tests.faults.process import ServerProcess
from tests.faults.shelf import SERIES, ShelfSource
from tests.library_client import add_series, eventually, items

SLACK = 1024 * 1024 + 64 * 1024
"""Of an item: a piece that a busy machine took long to put on its disk, and bytes only asked for to look at them."""


@dataclass
class Leg:
    """A data directory, an anime directory, and the ledger of what was promised."""

    source: ShelfSource
    place: Path
    rng: random.Random
    workshop: Path
    ledger: Ledger = field(default_factory=Ledger)
    starts: list[float] = field(default_factory=list)
    """Seconds until it answered."""
    again: list[float] = field(default_factory=list)
    """Seconds until bytes came, after that."""
    deaths: Counter[str] = field(default_factory=Counter)
    dying: bool = False
    """It is being cut off: what it answers from now on counts for nothing."""
    _next: int = 1
    _key: str = ""

    def __post_init__(self) -> None:
        self.process = ServerProcess(self.place / "data", self.place / "anime")
        self.inspector = Inspector(self.source.shelf, self.workshop)
        self.shelf = self.source.shelf

    # --- life ---------------------------------------------------------------------------------------------------

    async def begin(self, **downloads: Any) -> None:
        """Set up a server that runs its queue."""
        for directory in (self.process.data, self.process.anime):
            directory.mkdir(parents=True, exist_ok=True)
        self.source.install(self.process.data)
        config = {
            "version": 1,
            "metadata": {"anilist": False},
            "downloads": {
                "slots": 3,
                "retry_delay": 0.1,
                "connections": 2,
                "container": "original",
                "min_free_space": 0,
                **downloads,
            },
            "providers": {"allowed_hosts": [f"127.0.0.1:{self.source.port}"]},
        }
        (self.process.data / "config.json").write_text(json.dumps(config))
        await self.start()
        self._key = await add_series(self.client, SERIES)
        await self.add(6)
        await self.set_mode("start")

    @property
    def client(self) -> httpx.AsyncClient:
        assert self.process.client is not None
        return self.process.client

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; an answer that came too late to count is none."""
        answer = await self.client.request(method, f"/api/queue{path}", **options)
        if self.dying or (self.ledger.faulty and answer.status_code >= 500):
            raise httpx.ReadError(f"It is dying: {answer.status_code}")
        return answer

    async def start(self) -> None:
        """Start it, see that it keeps what it promised, and that there is something to do."""
        began = time.monotonic()
        await self.process.launch()
        await self.arrive(began)

    async def arrive(self, began: float) -> None:
        """What was launched answers and keeps what it promised."""
        await self.process.ready()
        await self.arrived(began)

    async def arrived(self, began: float) -> None:
        """It is ready: it keeps what it promised."""
        self.dying = False
        self.starts.append(time.monotonic() - began)
        await self.check()

    async def check(self) -> None:
        """The queue is as it was acknowledged, and every finished item has its whole file."""
        there = await items(self.client)
        status = (await self.ask("GET", "/status", params={"limit": 1})).json()
        self.ledger.check(there, (status["is_running"], status["is_paused"]))
        files = await self.inspector.look(self.process.anime)
        for item in there.values():
            if item["status"] == "completed":
                assert files[item["episode"]] == self.process.anime / item["file_path"]

    async def died(self, how: str) -> None:
        """After its end, before its next beginning: nothing half is under a final name, and the database is whole."""
        await self.process.wait()
        self.deaths[how] += 1
        await self.inspector.look(self.process.anime)
        copy = self.workshop / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir(parents=True)
        for path in self.process.data.glob("aniworld.db*"):
            shutil.copy(path, copy)
        if (copy / "aniworld.db").exists():
            with contextlib.closing(sqlite3.connect(copy / "aniworld.db")) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    def interrupt(self) -> None:
        """Tell the source that what runs is about to be cut off."""
        self.shelf.interrupt(killed=True)
        self.dying = True

    async def goes_on(self) -> None:
        """Without a word from anybody: bytes come, or something is finished."""
        if self.ledger.modes != {(True, False)} or not self.ledger.open_items("pending"):
            return
        before, began = self.shelf.sent, time.monotonic()

        async def moved() -> bool:
            if self.shelf.sent > before:
                return True
            there = (await items(self.client)).values()
            return not [item for item in there if item["status"] in ("pending", "downloading")]

        await eventually(moved, within=10)
        self.again.append(time.monotonic() - began)

    # --- what its user does -------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Use the queue until it is gone."""
        with contextlib.suppress(httpx.TransportError):
            while True:
                await self.top_up()
                await self.rng.choice(
                    [self.hold, self.release, self.remove, self.reorder, self.prioritise, self.look, self.look]
                )()
                if self.ledger.modes != {(True, False)}:
                    await self.set_mode(self.rng.choice(["start", "start", "stop", "pause", "resume"]))
                elif self.rng.random() < 0.05:
                    await self.set_mode(self.rng.choice(["stop", "pause"]))
                await asyncio.sleep(self.rng.uniform(0, 0.12))

    async def top_up(self) -> None:
        """As much waits as can run."""
        if len(self.ledger.open_items("pending", "downloading")) < 5:
            await self.add(self.rng.randrange(1, 4))

    async def add(self, count: int) -> None:
        chosen = range(self._next, self._next + count)
        self._next += count
        self.ledger.asked.update(chosen)
        episodes = [{"season": 1, "episode": number, "language": "de"} for number in chosen]
        answer = await self.ask("POST", "/add", json={"series_key": self._key, "episodes": episodes})
        assert answer.status_code == 201, answer.text
        ids = answer.json()["added_items"]
        assert len(ids) == count
        self.ledger.asked.difference_update(chosen)
        self.ledger.entries |= {id_: Entry(number) for id_, number in zip(ids, chosen, strict=True)}

    def pick(self, *states: str) -> str | None:
        ids = self.ledger.open_items(*states)
        return self.rng.choice(ids) if ids else None

    async def hold(self) -> None:
        if (id_ := self.pick("pending")) is not None and len(self.ledger.open_items("paused")) < 4:
            await self._verb(id_, "pause", HELD)

    async def release(self) -> None:
        if (id_ := self.pick("paused")) is not None:
            await self._verb(id_, "resume", WAITING)

    async def _verb(self, id_: str, verb: str, states: frozenset[str]) -> None:
        self.ledger.move(id_, states, answered=False)
        self.shelf.interrupt(killed=False)
        answer = await self.ask("POST", f"/items/{id_}/{verb}")
        if answer.status_code == 409:  # it was finished a moment ago
            return
        if answer.status_code == 404 and self.ledger.faulty:  # removed by a call that failed behind that
            return
        assert answer.status_code == 200, answer.text
        self.ledger.move(id_, states, answered=True)

    async def remove(self) -> None:
        if self.rng.random() < 0.3 and (id_ := self.pick("pending", "completed", "paused")) is not None:
            self.ledger.remove(id_, answered=False)
            answer = await self.ask("DELETE", f"/{id_}")
            assert answer.status_code == 204, answer.text
            self.ledger.remove(id_, answered=True)

    async def reorder(self) -> None:
        answer = await self.ask("GET", "", params={"status": "pending", "limit": 500})
        pending = [item["id"] for item in answer.json()["items"] if item["priority"] == "normal"]
        if len(pending) < 2:
            return
        self.rng.shuffle(pending)
        self.ledger.order = []
        answer = await self.ask("POST", "/reorder", json={"item_ids": pending})
        if answer.status_code == 200:  # one may have begun meanwhile
            self.ledger.order = pending

    async def prioritise(self) -> None:
        if (id_ := self.pick("pending")) is not None:
            wanted = self.rng.choice(["low", "normal", "high"])
            self.ledger.order = []
            entry = self.ledger.entries[id_]
            entry.priorities |= {wanted}
            answer = await self.ask("POST", "/priority", json={"item_ids": [id_], "priority": wanted})
            assert answer.status_code == 200, answer.text

    async def look(self) -> None:
        (await self.ask("GET", "/status")).raise_for_status()

    async def set_mode(self, verb: str) -> None:
        running = {True, False} if verb in ("pause", "resume") else {verb == "start"}
        known = {mode[0] for mode in self.ledger.modes}
        before = set(self.ledger.modes)
        self.ledger.modes = before | {(value, verb == "pause") for value in running & known or running}
        if verb == "stop":
            self.shelf.interrupt(killed=False)
        answer = await self.ask("POST", f"/{verb}")
        assert answer.status_code == 200, answer.text
        self.ledger.modes = {(answer.json()["is_running"], answer.json()["is_paused"])}

    # --- its end ------------------------------------------------------------------------------------------------

    async def finish(self) -> None:
        """Everything that waits is fetched; then all is there, once, whole, and nothing else is."""
        for id_ in self.ledger.open_items("paused"):
            await self._verb(id_, "resume", WAITING)
        await self.set_mode("start")

        async def done() -> bool:
            states = Counter(item["status"] for item in (await items(self.client)).values())
            assert not states["failed"], await items(self.client)
            return set(states) <= {"completed"}

        self.shelf.speed *= 4
        await eventually(done, within=120)
        self.shelf.speed /= 4
        await self.check()
        files = await self.inspector.look(self.process.anime)
        wanted = {entry.episode for entry in self.ledger.entries.values()}
        assert wanted <= set(files) <= set(self.ledger.episodes())
        if self.ledger.faulty:  # what could not be cleared up then is cleared up at the next start
            await self.process.end(signal.SIGTERM)
            await self.start()
        work = self.process.anime / ".aniworld" / "work"

        async def swept() -> bool:
            return not list(work.glob("*/*"))

        await eventually(swept, within=10)
        assert await self.process.end(signal.SIGTERM) == 0
        await self.died("in good order")
        for episode in () if self.ledger.faulty else wanted:  # what a disk refused has to come again
            over = self.shelf.served[episode] - self.shelf.size(episode) - SLACK
            assert over <= self.shelf.may_again[episode], f"Episode {episode}: {over} bytes again"

    def told(self) -> str:
        """What happened, in a line or two."""
        wanted = [entry.episode for entry in self.ledger.entries.values()]
        again = sum(max(0, self.shelf.served[episode] - self.shelf.size(episode)) for episode in wanted)
        whole = sum(self.shelf.size(episode) for episode in wanted)
        return (
            f"{dict(self.deaths)}; {len(wanted)} items, {whole >> 20} MiB, {again >> 20} MiB again of "
            f"{sum(self.shelf.may_again[episode] for episode in wanted) >> 20} MiB that may be; ready after "
            f"{_spread(self.starts)}, bytes {_spread(self.again)} later"
        )


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [0.0]
    return f"{ordered[len(ordered) // 2]:.2f} s (at most {ordered[-1]:.2f} s)"
