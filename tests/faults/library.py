"""Looks at what lies in an anime directory: every file under a final name must be a whole one of the source's."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any

import av

from aniworld.media import client as media
from tests.faults.shelf import Shelf, is_direct


def final_files(anime: Path) -> list[Path]:
    """Videos that are not work files."""
    return [path for path in anime.rglob("*.m[pk][4v]") if ".aniworld" not in path.relative_to(anime).parts]


def packets(path: Path) -> str:
    """SHA-256 of all that a file holds, whatever its container."""
    digests: dict[str, Any] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size:
                digests.setdefault(packet.stream.type, hashlib.sha256()).update(bytes(packet))
    return " ".join(f"{kind}:{digest.hexdigest()}" for kind, digest in sorted(digests.items()))


class Inspector:
    """Knows what each episode has to be."""

    def __init__(self, shelf: Shelf, workshop: Path) -> None:
        self._shelf = shelf
        self._workshop = workshop
        self._expected: dict[tuple[int, bool], str] = {}
        self._seen: set[tuple[Path, int, int]] = set()

    def forget(self) -> None:
        """Look at every file anew."""
        self._seen.clear()

    async def look(self, anime: Path) -> dict[int, Path]:
        """The files by episode. Fails where one is not whole, or where an episode has two."""
        found: dict[int, Path] = {}
        for path in final_files(anime):
            match = re.search(r"S01E(\d+)", path.name)
            assert match, f"What is {path}?"
            episode = int(match[1])
            assert episode not in found, f"{path} is there beside {found[episode]}"
            found[episode] = path
            stat = path.stat()
            key = (path, stat.st_size, stat.st_mtime_ns)
            if key not in self._seen:
                await self._compare(path, episode)
                self._seen.add(key)
        return found

    async def _compare(self, path: Path, episode: int) -> None:
        if path.suffix == ".mp4":
            digest = hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest()
            assert digest == self._shelf.digest(episode), f"{path.name} is not what the source has"
            return
        expected = await self._packets(episode)
        try:
            assert await asyncio.to_thread(packets, path) == expected, f"{path.name} is not what the source has"
        except av.FFmpegError as error:
            raise AssertionError(f"{path.name} cannot be read") from error

    async def _packets(self, episode: int) -> str:
        """What putting the undamaged source into Matroska gives."""
        key = (self._shelf.clip(episode), is_direct(episode))
        if key not in self._expected:
            self._workshop.mkdir(exist_ok=True)
            if is_direct(episode):
                bodies = [self._shelf.file(episode)]
            else:
                bodies = [self._shelf.piece(episode, number) for number in range(self._shelf.seconds(episode))]
            inputs = [self._workshop / f"{number}" for number in range(len(bodies))]
            for path, body in zip(inputs, bodies, strict=True):
                path.write_bytes(body)
            made = self._workshop / "made.mkv"
            await media.remux(inputs, made)
            self._expected[key] = await asyncio.to_thread(packets, made)
        return self._expected[key]
