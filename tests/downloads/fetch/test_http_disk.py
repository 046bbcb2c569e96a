"""What a fetch leaves on the disk, what it trusts of it later, and what it does when the disk refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aniworld.downloads.fetch.errors import (
    DiskError,
    DiskFullError,
    ShortBodyError,
    SourceGoneError,
    TooLargeError,
)
from aniworld.downloads.fetch.http import fetch_http
from aniworld.downloads.fetch.types import Limits
from tests.downloads.fetch.support import SIZE, Fetcher, Sink, checkpoint, first_byte, http
from tests.origin import Fault


async def interrupted(fetcher: Fetcher, at: int = 300_000) -> None:
    """Leave a part behind."""
    fetcher.serve(Fault(cut=at), Fault(status=404))
    with pytest.raises(SourceGoneError):
        await fetcher.run()
    assert checkpoint(fetcher.work).offset == at


async def test_nothing_behind_the_checkpoint_is_trusted(fetcher: Fetcher) -> None:
    await interrupted(fetcher)
    with fetcher.work.open("ab") as stream:
        stream.write(b"\0" * 100_000)
    await fetcher.run()
    assert fetcher.holds()
    assert first_byte(fetcher.ranges[-1]) == 300_000 - 4096


@pytest.mark.parametrize(
    "sidecar",
    [
        b"",
        b"{",
        b"[]",
        b'{"offset": -5}',
        b'{"offset": 900000, "validator": "\\"x\\""}',
        b'{"offset": 1e99}',
        b"\0" * 64,
    ],
)
async def test_a_checkpoint_that_cannot_be(fetcher: Fetcher, sidecar: bytes) -> None:
    await interrupted(fetcher)
    fetcher.work.with_name("video.part.json").write_bytes(sidecar)
    await fetcher.run()
    assert fetcher.holds()
    assert fetcher.ranges[-1] is None


async def test_a_part_without_a_checkpoint(fetcher: Fetcher) -> None:
    fetcher.serve()
    fetcher.work.write_bytes(b"something" * 100_000)
    await fetcher.run()
    assert fetcher.holds()


async def test_a_part_that_was_tampered_with(fetcher: Fetcher) -> None:
    await interrupted(fetcher)
    data = bytearray(fetcher.work.read_bytes())
    data[-100:] = bytes(100)
    fetcher.work.write_bytes(data)
    await fetcher.run()
    assert fetcher.holds()


async def test_a_link_is_not_followed(fetcher: Fetcher, tmp_path: Path) -> None:
    fetcher.serve()
    (tmp_path / "precious").write_bytes(b"precious")
    fetcher.work.symlink_to(tmp_path / "precious")
    with pytest.raises(DiskError, match="symbolic"):
        await fetcher.run()
    assert (tmp_path / "precious").read_bytes() == b"precious"


async def test_cancelling_keeps_every_byte_that_came(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(chunk=20_000, pause=0.02))
    task = asyncio.create_task(fetcher.run())
    while fetcher.sink.downloaded < 200_000:
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = checkpoint(fetcher.work)
    assert left.offset == fetcher.sink.downloaded == fetcher.work.stat().st_size
    assert not left.complete
    await fetcher.run()
    assert fetcher.holds()
    assert fetcher.sink.resets == [left.offset]


async def test_a_pausing_host_does_not_delay_the_checkpoint(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=200_000, end="stall"))
    limits = Limits(backoff=0.01, idle=30, reserve=0, sync_seconds=0.1)
    task = asyncio.create_task(fetcher.run(limits))
    async with asyncio.timeout(10):
        while not fetcher.work.with_name("video.part.json").exists() or checkpoint(fetcher.work).offset < 200_000:
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_no_space(fetcher: Fetcher) -> None:
    fetcher.serve()
    with pytest.raises(DiskFullError, match="600000 bytes are to come"):
        await fetcher.run(Limits(reserve=10**18))
    assert not fetcher.work.exists()


async def test_too_large(fetcher: Fetcher) -> None:
    fetcher.serve()
    with pytest.raises(TooLargeError):
        await fetcher.run(Limits(reserve=0, max_size=SIZE - 1))
    fetcher.serve(Fault(framing="close"))
    with pytest.raises(TooLargeError):
        await fetcher.run(Limits(reserve=0, max_size=SIZE - 1))


async def test_no_directory(fetcher: Fetcher, tmp_path: Path) -> None:
    fetcher.serve()
    fetcher.work = tmp_path / "missing" / "video.part"
    with pytest.raises(DiskError, match="No such file"):
        await fetcher.run()


async def test_an_error_of_the_body_is_told(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(framing="close", cut=100_000, times=None))
    stream = type(http(""))(url=fetcher.origin.url("/v"), protocol="http", size=SIZE)
    with pytest.raises(ShortBodyError, match="of 600000 bytes"):
        await fetch_http(
            stream, fetcher.work, client=fetcher.client, progress=Sink(), limits=Limits(retries=0, reserve=0)
        )
