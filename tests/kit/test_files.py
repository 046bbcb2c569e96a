"""Names that any file system takes, and writes that a power cut leaves whole."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.kit import files
from aniworld.kit.files import (
    NAME_BYTES,
    UnsafePathError,
    allocated,
    durable_mkdir,
    durable_move,
    durable_replace,
    durable_write,
    free_space,
    remove_leftovers,
    reserve,
    safe_join,
    safe_name,
)

RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
}

# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Clockwork Garden", "Clockwork Garden"),
        ("Title: Part 2", "Title - Part 2"),
        ("Title : Part 2", "Title - Part 2"),
        ("Re:Start", "Re-Start"),
        ("Fate/Zero", "Fate-Zero"),
        ('What? <Now> "this" | that*', "What Now 'this' - that-"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("..\\..\\windows", "-..-windows"),
        ("C:\\autoexec", "C--autoexec"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        ("???", "_"),
        (" . hidden . ", "hidden"),
        (".hack", "hack"),
        ("ends...", "ends"),
        ("a\tb\nc\0d\x7f", "a b cd"),
        ("con", "con_"),
        ("CON.mkv", "CON_.mkv"),
        ("Aux .tar.gz", "Aux_.tar.gz"),
        ("COM¹", "COM¹_"),
        ("console", "console"),
        ("e\u0301", "é"),
        ("a\u200bb\u202ec\ufeffd\u2066e\u00adf", "abcdef"),
        ("a\u2028b\u3000c", "a b c"),
        ("a\ud800b\uffffc", "abc"),
        ("進撃の巨人", "進撃の巨人"),
        ("👨‍👩‍👧 family", "👨👩👧 family"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert safe_name(text) == name


@pytest.mark.parametrize(
    ("text", "max_bytes", "name"),
    [
        ("あ" * 100, 30, "あ" * 10),
        ("あ" * 100, 31, "あ" * 10),
        ("x" * 15 + "e\u0323\u0302", 17, "x" * 15),  # ệ has three bytes
        ("x" * 15 + "q\u0323\u0302", 19, "x" * 15),  # q has no composed form: its marks stay with it
        ("x" * 14 + "👍🏽", 20, "x" * 14),
        ("x" * 8 + "🇩🇪🇫🇷", 20, "x" * 8 + "🇩🇪"),
        ("a" * 15 + " . b", 18, "a" * 15),
    ],
)
def test_names_are_cut_between_characters(text: str, max_bytes: int, name: str) -> None:
    assert safe_name(text, max_bytes) == name


def test_a_budget_in_which_nothing_fits() -> None:
    with pytest.raises(ValueError, match="16"):
        safe_name("x", 15)


ANY_TEXT = st.text(st.characters(), max_size=400) | st.text('.: /\\con🇩🇪e\u0301\u200b*?"<>|', max_size=60)


@given(ANY_TEXT, st.integers(16, NAME_BYTES))
def test_any_text_makes_a_name(text: str, max_bytes: int) -> None:
    name = safe_name(text, max_bytes)
    assert 0 < len(name.encode()) <= max_bytes
    assert safe_name(name, max_bytes) == name
    assert unicodedata.normalize("NFC", name) == name
    assert not set(name) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in name)
    assert name == name.strip(" .")
    assert name.partition(".")[0].rstrip(" ").lower() not in RESERVED


@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_names_can_be_made_and_never_lead_out(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        path = safe_join(Path(root), *(safe_name(part) for part in parts))
        assert path.parts[: len(Path(root).parts)] == Path(root).parts
        durable_mkdir(path.parent)
        durable_write(path, b"x")
        assert path.read_bytes() == b"x"


def test_joining(tmp_path: Path) -> None:
    assert safe_join(tmp_path, "a", "b/c.mkv") == tmp_path / "a" / "b" / "c.mkv"
    assert safe_join(tmp_path, ".hack", "NFD e\u0301") == tmp_path / ".hack" / "NFD e\u0301"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("",),
        ("..",),
        ("a", ".."),
        ("a/../../b",),
        ("/etc/passwd",),
        ("a//b",),
        ("a/",),
        (".",),
        ("a\\b",),
        ("a\0b",),
    ],
)
def test_what_is_not_joined(tmp_path: Path, parts: tuple[str, ...]) -> None:
    with pytest.raises(UnsafePathError):
        safe_join(tmp_path, *parts)


def test_links_that_lead_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "root-beside"
    root.mkdir()
    outside.mkdir()
    (root / "in").mkdir()
    (root / "link-out").symlink_to(outside)
    (root / "link-up").symlink_to("..")
    (root / "link-in").symlink_to(root / "in")
    (root / "dangling").symlink_to(outside / "nothing")
    for part in ("link-out/x", "link-out", "link-up/x", "dangling"):
        with pytest.raises(UnsafePathError):
            safe_join(root, part)
    assert safe_join(root, "link-in/x") == root / "link-in" / "x"
    (tmp_path / "alias").symlink_to(root)
    assert safe_join(tmp_path / "alias", "x") == tmp_path / "alias" / "x"


# --- writes -----------------------------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced and renamed, in order: ``sync file``, ``sync directory``, ``rename``."""
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def spy_sync(descriptor: int) -> None:
        seen.append("sync directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def spy_replace(self: Path, target: Path) -> Path:
        seen.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", spy_sync)
    monkeypatch.setattr(Path, "replace", spy_replace)
    return seen


def test_writing(tmp_path: Path, steps: list[str]) -> None:
    path = tmp_path / ("n" * 255)
    durable_write(path, b"one")
    assert steps == ["sync file", "rename", "sync directory"]
    durable_write(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]
    umask = os.umask(0o022)
    try:
        durable_write(tmp_path / "open", b"")
        durable_write(tmp_path / "secret", b"", mode=0o600)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    durable_write(path, b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no"):
        durable_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_replacing(tmp_path: Path, steps: list[str]) -> None:
    (tmp_path / "source").write_bytes(b"new")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "target").write_bytes(b"old")
    durable_replace(tmp_path / "source", tmp_path / "other" / "target")
    assert (tmp_path / "other" / "target").read_bytes() == b"new"
    assert steps == ["sync file", "rename", "sync directory", "sync directory"]


@pytest.fixture(params=["renameat2", "link", "neither"])
def means(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the file system can do."""
    means: str = request.param
    if means != "renameat2":
        monkeypatch.setattr(files, "_RENAMEAT2", None)
    if means == "neither":

        def refuse(*_args: object, **_named: object) -> None:
            raise PermissionError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refuse)
    return means


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A directory on another file system."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        assert Path(directory).stat().st_dev != tmp_path.stat().st_dev
        yield Path(directory)


@pytest.mark.usefixtures("means")
@pytest.mark.parametrize("far", [False, True])
def test_moving(tmp_path: Path, elsewhere: Path, *, far: bool) -> None:
    source = (elsewhere if far else tmp_path) / "source"
    source.write_bytes(b"content" * 1_000_000)
    (tmp_path / "other").mkdir()
    durable_move(source, tmp_path / "other" / "target")
    assert (tmp_path / "other" / "target").read_bytes() == b"content" * 1_000_000
    assert not source.exists()
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["target"]


@pytest.mark.usefixtures("means")
@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("kind", ["file", "directory", "dangling link"])
def test_never_over_what_is_there(tmp_path: Path, elsewhere: Path, kind: str, *, far: bool) -> None:
    source = (elsewhere if far else tmp_path) / "source"
    source.write_bytes(b"new")
    target = tmp_path / "target"
    if kind == "file":
        target.write_bytes(b"old")
    elif kind == "directory":
        target.mkdir()
    else:
        target.symlink_to("nothing")
    with pytest.raises(FileExistsError):
        durable_move(source, target)
    assert source.read_bytes() == b"new"
    assert kind != "file" or target.read_bytes() == b"old"
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_moving_syncs_the_file_first_and_both_directories_last(tmp_path: Path, steps: list[str]) -> None:
    (tmp_path / "source").write_bytes(b"x")
    (tmp_path / "other").mkdir()
    durable_move(tmp_path / "source", tmp_path / "other" / "target")
    assert steps == ["sync file", "sync directory", "sync directory"]


def test_moving_without_a_source(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        durable_move(tmp_path / "source", tmp_path / "target")


def test_making_directories(tmp_path: Path, steps: list[str]) -> None:
    durable_mkdir(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    assert steps == ["sync directory"] * 3
    durable_mkdir(tmp_path / "a" / "b")
    assert len(steps) == 3
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        durable_mkdir(tmp_path / "file" / "x")


def test_leftovers_of_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keep.tmp").write_bytes(b"")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_args, **_named: None)
        patch.setattr(Path, "replace", lambda *_args: (_ for _ in ()).throw(OSError("killed here")))
        with pytest.raises(OSError, match="killed"):
            durable_write(tmp_path / "file", b"half")
    assert len(list(tmp_path.iterdir())) == 2
    assert remove_leftovers(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keep.tmp"]


def test_space(tmp_path: Path) -> None:
    assert free_space(tmp_path / "not" / "there" / "yet") == pytest.approx(free_space(tmp_path), rel=0.05)
    assert free_space(tmp_path) > 0


def test_reserved_space_does_not_make_a_file_longer(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as stream:
        stream.write(b"abc")
        stream.flush()
        reserve(stream.fileno(), 1_000_000)
        reserve(stream.fileno(), 0)
    assert path.read_bytes() == b"abc"
    assert allocated(path) >= 3
    assert allocated(tmp_path / "nothing") == 0


@pytest.mark.parametrize(("number", "raised"), [(errno.ENOSPC, True), (errno.EFBIG, True), (errno.ENOTSUP, False)])
def test_what_is_said_about_reserving(monkeypatch: pytest.MonkeyPatch, number: int, *, raised: bool) -> None:
    """A file system that cannot do it is left in peace; a disk that is too small says so."""

    def refuse(_descriptor: int, _size: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "_FALLOCATE", refuse)
    with pytest.raises(OSError, match=os.strerror(number)) if raised else contextlib.nullcontext():
        reserve(0, 1000)
