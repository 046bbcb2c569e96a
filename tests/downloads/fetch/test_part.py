"""The work file and its checkpoint, without a host."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from aniworld.downloads.fetch.errors import DiskError, DiskFullError
from aniworld.downloads.fetch.part import Checkpoint, Part
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.files import allocated, durable_write
from tests.downloads.fetch.support import checkpoint

NEVER = 1e9
TAG = '"v1"'


def opened(work: Path, *, sync_bytes: int = 1000, sync_seconds: float = NEVER, sync_pause: float = 0) -> Part:
    part = Part(work, Limits(sync_bytes=sync_bytes, sync_seconds=sync_seconds, sync_pause=sync_pause))
    known = part.load()
    part.open(resume=known.offset > 0, total=100_000, validator=TAG)
    return part


def append(part: Part, data: bytes) -> None:
    part.write(data, part.written.end)


def told(work: Path) -> int | None:
    """The offset that a process would trust that started now."""
    return checkpoint(work).offset if work.with_name(work.name + ".json").exists() else None


def test_after_so_many_bytes(work: Path) -> None:
    part = opened(work)
    append(part, b"x" * 999)
    assert told(work) is None
    append(part, b"x")
    assert told(work) == 1000
    append(part, b"x" * 500)
    append(part, b"x" * 499)
    assert told(work) == 1000
    part.close()
    assert checkpoint(work) == Checkpoint(offset=1999, total=100_000, validator=TAG)


def test_after_so_many_seconds(work: Path) -> None:
    part = opened(work, sync_bytes=10**9, sync_seconds=0.05)
    append(part, b"x")
    assert told(work) is None
    time.sleep(0.06)
    append(part, b"x")
    assert told(work) == 2
    part.abandon()


def test_not_too_often(work: Path) -> None:
    part = opened(work, sync_pause=NEVER)
    for _ in range(10):
        append(part, b"x" * 1000)
    assert told(work) is None
    part.sync()
    assert told(work) == 10_000
    part.abandon()


def test_the_data_are_synced_before_the_checkpoint_speaks_of_them(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int | None]] = []
    fdatasync = os.fdatasync

    def spy_data(descriptor: int) -> None:
        fdatasync(descriptor)
        seen.append(("data", os.fstat(descriptor).st_size))

    def spy_checkpoint(path: Path, data: bytes) -> None:
        durable_write(path, data)
        seen.append(("checkpoint", told(work)))

    monkeypatch.setattr(os, "fdatasync", spy_data)
    monkeypatch.setattr("aniworld.downloads.fetch.part.durable_write", spy_checkpoint)
    part = opened(work)
    append(part, b"x" * 1500)
    append(part, b"x" * 1500)
    part.abandon()
    assert seen == [("data", 1500), ("checkpoint", 1500), ("data", 3000), ("checkpoint", 3000)]


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, DiskError), (errno.ENOSPC, DiskFullError)])
def test_a_sync_that_fails_is_not_believed_later(
    work: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[DiskError]
) -> None:
    part = opened(work)
    append(part, b"x" * 1000)
    calls = 0

    def fail(_descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(kind, match=os.strerror(number)):
            append(part, b"y" * 1000)
        part.close()
    assert calls == 1  # a second one would report success for data that are lost
    assert told(work) == 1000
    again = opened(work)
    assert work.stat().st_size == 1000
    append(again, b"z" * 1000)
    again.close(complete=True)
    assert work.read_bytes() == b"x" * 1000 + b"z" * 1000
    assert Part(work, Limits()).load().complete


def test_a_complete_file_that_is_no_longer_so_long(work: Path) -> None:
    part = opened(work)
    append(part, b"x" * 3000)
    part.close(complete=True)
    with work.open("ab") as stream:
        stream.write(b"more")
    assert Part(work, Limits()).load() == Checkpoint()


def test_a_shadow_that_a_crash_left_is_removed(work: Path) -> None:
    part = opened(work)
    append(part, b"x" * 3000)
    part.close()
    part.open(resume=False, total=100_000, validator=TAG)
    append(part, b"y" * 1000)
    part.abandon()
    assert work.with_name("video.part.new").exists()
    assert told(work) == 3000
    assert Part(work, Limits()).load().offset == 3000
    assert not work.with_name("video.part.new").exists()


def test_a_shadow_takes_the_place_when_it_is_longer(work: Path) -> None:
    part = opened(work)
    append(part, b"x" * 3000)
    part.close()
    part.open(resume=False, total=100_000, validator='"v2"')
    append(part, b"y" * 3000)
    assert work.read_bytes() == b"x" * 3000
    append(part, b"y")
    assert work.read_bytes() == b"y" * 3001
    assert checkpoint(work) == Checkpoint(offset=3001, total=100_000, validator='"v2"')
    part.close()


def test_the_space_is_taken_at_once_and_the_length_tells_what_is_there(work: Path) -> None:
    part = opened(work)
    assert allocated(work) >= 100_000, "the file system of the tests cannot reserve space"
    assert work.stat().st_size == 0
    part.write(b"x" * 2000, 50_000)
    part.abandon()  # as a crash does
    assert checkpoint(work).pieces == ((50_000, 52_000),)
    again = Part(work, Limits(reserve=0))
    assert again.load().spans.all() == ((50_000, 52_000),)
    assert again.wants(100_000, resume=True) == 0  # a disk without a free byte can take the rest
    assert again.wants(100_000, resume=False) == 100_000  # what is there is kept meanwhile


def test_a_crash_right_after_the_space_was_taken(work: Path) -> None:
    opened(work).abandon()
    part = Part(work, Limits())
    assert part.load() == Checkpoint()
    assert part.wants(100_000, resume=False) == (0 if allocated(work) else 100_000)


def test_there_is_no_space_to_take(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("aniworld.downloads.fetch.part.reserve", full)
    with pytest.raises(DiskFullError):
        opened(work)
