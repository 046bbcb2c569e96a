"""Names and writes that survive: one way to build a path, one way to put bytes under a name.

Every function blocks; inside the event loop they are called through ``asyncio.to_thread``. ``OSError`` passes through.

The order is always the same: write a temporary file in the destination's directory, fsync it, rename it, fsync the
directory. A power cut then leaves the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

from aniworld.kit.errors import RefusedError

NAME_BYTES = 240
"""Longest name we make. The common limit is 255; the rest is for suffixes that are added while a file is made."""

_SHORTEST_BUDGET = 16
_TEMP_PREFIX = ".aniworld-"
_TEMP_SUFFIX = ".tmp"

_COLON_BEFORE_SPACE = re.compile(r"\s*:\s+")
_SPACES = re.compile(r"\s+")
_REPLACED = str.maketrans(
    {"/": "-", "\\": "-", "|": "-", "*": "-", ":": "-", '"': "'", "<": None, ">": None, "?": None}
)
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
# Format and control characters, lone surrogates. Letters that show as nothing are listed by hand below.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_NOT_RENAMED_HERE = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP})
_NOT_LINKED_HERE = _NOT_RENAMED_HERE | {errno.EPERM, errno.EMLINK, errno.EACCES}
_NOT_SYNCED_HERE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_MEMORY = 0x0102_1994
_KEEP_LENGTH = 1
_COPY_BLOCK = 4 * 1024 * 1024


class UnsafePathError(RefusedError):
    """A path would leave the directory that it belongs to."""

    code, title = "unsafe-path", "That path is not allowed"


# --- names ----------------------------------------------------------------------------------------------------------


def is_utf8(name: str) -> bool:
    """Whether a name from the disk is UTF-8: what is not can neither be kept in the database nor told."""
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def safe_name(text: str, max_bytes: int = NAME_BYTES) -> str:
    """One path component made from any text, valid on ext4, NTFS and SMB alike; never empty.

    NFC; what a file system forbids is replaced (``Title: Part`` becomes ``Title - Part``); control, bidi and zero-width
    characters go; no dot or space at either end; no reserved DOS name; at most ``max_bytes`` of UTF-8, cut between
    characters as a person sees them. Applied twice it changes nothing.
    """
    if max_bytes < _SHORTEST_BUDGET:
        raise ValueError(f"A name needs at least {_SHORTEST_BUDGET} bytes")
    name = unicodedata.normalize("NFC", text)
    name = _SPACES.sub(" ", name)  # first, so that a line break becomes a space and not nothing
    name = "".join(char for char in name if not _is_unseen(char))
    name = _COLON_BEFORE_SPACE.sub(" - ", name).translate(_REPLACED)
    # Taking characters away may have brought together what composes.
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", name)).strip(" .")
    name = _cut(name, max_bytes).strip(" .") or "_"
    stem, dot, rest = name.partition(".")
    if _RESERVED.fullmatch(stem.rstrip(" ")):
        name = _cut(f"{stem.rstrip(' ')}_{dot}{rest}", max_bytes).rstrip(" .")
    return name


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN_CATEGORIES or char in _UNSEEN or ord(char) & 0xFFFE == 0xFFFE


def _cut(text: str, max_bytes: int) -> str:
    """The longest beginning that fits and does not end inside a character with its marks."""
    data = text.encode()
    if len(data) <= max_bytes:
        return text
    kept = len(data[:max_bytes].decode(errors="ignore"))
    while kept > 0 and _continues(text, kept):
        kept -= 1
    return text[:kept]


def _continues(text: str, at: int) -> bool:
    """Whether the character at that position belongs to the one before it."""
    char = text[at]
    if unicodedata.category(char) in ("Mn", "Me", "Mc") or "\U0001f3fb" <= char <= "\U0001f3ff":
        return True
    if not _is_regional(char):
        return False
    before = at
    while before > 0 and _is_regional(text[before - 1]):
        before -= 1
    return (at - before) % 2 == 1  # two of these make one flag


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def safe_join(root: Path, *parts: str) -> Path:
    """``root`` and the parts below it; a part may hold several components separated by ``/``.

    Nothing is altered: a component that is empty, ``.`` or ``..``, or that holds a backslash or a control character,
    raises :class:`UnsafePathError`, and so does a symbolic link that leads out of ``root``. Ask again right before
    writing: links may have been made in the meantime.
    """
    components = [component for part in parts for component in part.split("/")]
    if not components:
        raise UnsafePathError("The path is empty")
    for component in components:
        if component in ("", ".", "..") or "\\" in component or any(ord(char) < 32 for char in component):
            raise UnsafePathError(f"{'/'.join(parts)!r} is not a path below the directory")
    path = root.joinpath(*components)
    if not path.resolve().is_relative_to(root.resolve()):
        raise UnsafePathError(f"{str(path)!r} leads out of {str(root)!r}")
    return path


# --- durable writes -------------------------------------------------------------------------------------------------


def durable_write(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Put ``data`` under the name, replacing what is there; on the disk when this returns.

    ``mode`` is lowered by the process's umask. The directory must exist.
    """
    temporary = _temporary(path)
    try:
        with os.fdopen(_create(temporary, mode), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_directory(path.parent)


def durable_replace(source: Path, target: Path) -> None:
    """Rename within one file system, replacing what is there; source and both directories are synced."""
    fsync_file(source)
    source.replace(target)
    _fsync_directories(source, target)


def durable_move(source: Path, target: Path) -> None:
    """Move a file, also to another file system, and never over an existing one (``FileExistsError``).

    Until this returns the file is whole under one of the two names, or under both. The target's directory must exist.
    """
    fsync_file(source)
    try:
        _rename_no_replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(source, target)
    _fsync_directories(source, target)


def durable_mkdir(path: Path) -> None:
    """Make a directory and its missing parents; their names are on the disk when this returns."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(exist_ok=True)
        fsync_directory(directory.parent)


def fsync_file(path: Path) -> None:
    """Put a file's content on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_directory(path: Path) -> None:
    """Put the names in a directory on the disk, where the file system knows how."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SYNCED_HERE:
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(directory: Path) -> int:
    """Remove the temporary files that a crash left directly in a directory; how many. Nothing may write there now."""
    count = 0
    for path in directory.glob(f"{_TEMP_PREFIX}*{_TEMP_SUFFIX}"):
        if stat.S_ISREG(path.lstat().st_mode):
            path.unlink(missing_ok=True)
            count += 1
    return count


def free_space(path: Path) -> int:
    """Bytes that may still be written where ``path`` is or would be."""
    while not path.exists() and path != path.parent:
        path = path.parent
    usage = os.statvfs(path)
    return usage.f_bavail * usage.f_frsize


def allocated(path: Path) -> int:
    """Bytes of the disk that the file takes, whether something was written there or not; 0 where there is none."""
    try:
        return path.stat(follow_symlinks=False).st_blocks * 512
    except FileNotFoundError:
        return 0


def reserve(descriptor: int, size: int) -> None:
    """Take the space for the first ``size`` bytes of an open file now, in one stretch where that can be; its length
    stays. Does nothing where the file system cannot do that at once, or has nothing to gain. ``OSError``: the space or
    such a large file cannot be had.
    """
    if _FALLOCATE is None or size <= 0:
        return
    try:
        _FALLOCATE(descriptor, size)
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise


def _temporary(path: Path) -> Path:
    # Its length does not depend on the name it stands for, which may be as long as names can be.
    return path.with_name(f"{_TEMP_PREFIX}{secrets.token_hex(8)}{_TEMP_SUFFIX}")


def _create(path: Path, mode: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)


def _fsync_directories(source: Path, target: Path) -> None:
    fsync_directory(target.parent)
    if source.parent != target.parent:
        fsync_directory(source.parent)


def _copy_over(source: Path, target: Path) -> None:
    temporary = _temporary(target)
    try:
        with (
            os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW), "rb") as reader,
            os.fdopen(_create(temporary, 0o666), "wb") as writer,
        ):
            size = os.fstat(reader.fileno()).st_size
            copied = 0
            while sent := os.sendfile(writer.fileno(), reader.fileno(), copied, _COPY_BLOCK):
                copied += sent
            os.fsync(writer.fileno())
            if copied != size:
                raise OSError(errno.EIO, f"Copied {copied} of {size} bytes", str(source))
        _rename_no_replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_directory(target.parent)
    source.unlink()


def _rename_no_replace(source: Path, target: Path) -> None:
    """Rename where the target does not exist, with the best means that the file system has."""
    if _RENAMEAT2 is not None:
        try:
            _RENAMEAT2(source, target)
        except OSError as error:
            if error.errno not in _NOT_RENAMED_HERE:
                raise
        else:
            return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NOT_LINKED_HERE:
            raise
    else:
        fsync_directory(target.parent)
        source.unlink()
        return
    # Neither is known here (some network and FUSE file systems): look first, then rename.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def _find_renameat2() -> Callable[[Path, Path], None] | None:
    """``renameat2(…, RENAME_NOREPLACE)`` of the C library, where it has one."""
    with contextlib.suppress(OSError, AttributeError):
        function = ctypes.CDLL(None, use_errno=True).renameat2
        function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        here, no_replace = -100, 1

        def rename(source: Path, target: Path) -> None:
            if function(here, os.fsencode(source), here, os.fsencode(target), no_replace) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), str(source), None, str(target))

        return rename
    return None


def _find_fallocate() -> Callable[[int, int], None] | None:
    """``fallocate`` of the C library, where it has one: unlike ``posix_fallocate`` it never writes zeros instead."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        function, statfs = library.fallocate64, library.fstatfs64
        function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
        statfs.argtypes = (ctypes.c_int, ctypes.c_void_p)

        def fallocate(descriptor: int, size: int) -> None:
            kind = (ctypes.c_ulong * 64)()  # its first word tells; 512 bytes are more than enough for the rest
            if statfs(descriptor, kind) == 0 and kind[0] & 0xFFFF_FFFF == _MEMORY:
                return  # memory has no stretches, and filling it with zeros takes longer than anything it saves
            if function(descriptor, _KEEP_LENGTH, 0, size) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))

        return fallocate
    return None


_RENAMEAT2 = _find_renameat2()
_FALLOCATE = _find_fallocate()
