"""Has media looked at by a process of its own. This is the door of the package; it never imports PyAV."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from aniworld.kit import child
from aniworld.media.errors import MediaRefusedError, MediaWorkerError
from aniworld.media.types import (
    Answer,
    Container,
    DiskTrouble,
    Done,
    Framed,
    FrameJob,
    Job,
    MediaInfo,
    ProbeJob,
    Refused,
    RemuxJob,
    TextInput,
    TextTrack,
    VerifyJob,
)

log = logging.getLogger(__name__)

_MODULE = "aniworld.media.worker"
_TAG = re.compile(r"[A-Za-z0-9]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_LONGEST_ANSWER = 1024 * 1024
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LANG", "LC_ALL", "TMPDIR")
"""All that the worker learns of the server's environment, which may hold secrets."""


async def probe(path: Path, *, timeout: float = 60.0) -> MediaInfo:
    """What the file says of itself. Raises :class:`~aniworld.media.errors.MediaError`."""
    return (await _run(ProbeJob(path=str(path)), timeout)).info


async def frame(path: Path, width: int, height: int, *, timeout: float = 60.0) -> bytes:
    """A picture out of the video, a JPEG that fits into that; not a black one where there is another.

    Raises :class:`~aniworld.media.errors.MediaError`, and ``OSError`` where the machine is at fault.
    """
    answer = await _ask(FrameJob(path=str(path), width=width, height=height), timeout, None)
    if isinstance(answer, Framed):
        return answer.data
    raise _trouble(answer)


async def verify(
    path: Path, *, expected_duration: float | None = None, tolerance: float | None = None, timeout: float = 900.0
) -> MediaInfo:
    """Read the file through, and decode its first and last seconds.

    ``expected_duration`` in seconds, ``tolerance`` too (default: 2 s or 2 %, the larger). Raises
    :class:`~aniworld.media.errors.MediaRefusedError` where the video is not whole or does not play, and
    :class:`~aniworld.media.errors.MediaWorkerError`, and ``OSError`` where the machine is at fault, not the video.
    """
    job = VerifyJob(path=str(path), expected_duration=expected_duration, tolerance=tolerance)
    return (await _run(job, timeout)).info


async def remux(
    inputs: Sequence[Path] | Path,
    output: Path,
    *,
    container: Container = "matroska",
    audio: Sequence[Path] = (),
    subtitles: Sequence[TextTrack] = (),
    mux_subtitles: bool = False,
    language: str | None = None,
    title: str | None = None,
    expected_duration: float | None = None,
    tolerance: float | None = None,
    whole: asyncio.Event | None = None,
    timeout: float = 1800.0,
) -> Done:
    """Put the tracks into ``output``, which is replaced, as they are; then :func:`verify` it, and sync it.

    Several inputs are pieces of one video, in order, and so are those of ``audio``, which replaces the sound that is in
    them. Subtitles become files beside the output (:attr:`Done.sidecars`), or tracks in it (``mux_subtitles``) where
    it can hold them. ``language`` is ``audio[+subtitles]`` in BCP 47.

    With ``whole`` the pieces may still be coming, each whole as soon as it has its name; it is set when all are there,
    and ``timeout`` counts from then. Raises what :func:`verify` raises.
    """
    paths = (inputs,) if isinstance(inputs, Path) else tuple(inputs)
    job = RemuxJob(
        inputs=tuple(str(path) for path in paths),
        output=str(output),
        container=container,
        coming=whole is not None,
        audio=tuple(str(path) for path in audio),
        subtitles=_texts(subtitles, output, language),
        mux_subtitles=mux_subtitles,
        language=language,
        title=title,
        expected_duration=expected_duration,
        tolerance=tolerance,
    )
    return await _run(job, timeout, whole)


def _texts(tracks: Sequence[TextTrack], output: Path, language: str | None) -> tuple[TextInput, ...]:
    """Each with a name beside the output that players understand: ``<name>.<language>[.forced].vtt``."""
    wanted = (language or "").partition("+")[2]
    texts: dict[str, TextInput] = {}
    for track in tracks:
        tag = track.language or wanted or "und"
        tag = tag if _TAG.fullmatch(tag) else "und"
        suffix = f".{tag}{'.forced' if track.forced else ''}"
        number = next(number for number in itertools.count(1) if _numbered(suffix, number) not in texts)
        suffix = _numbered(suffix, number)
        texts[suffix] = TextInput(
            pieces=tuple(str(path) for path in track.pieces),
            times=track.times,
            output=str(output.with_name(f"{output.stem}{suffix}.vtt")),
            language=tag,
            name=track.name,
            forced=track.forced,
        )
    return tuple(texts.values())


def _numbered(suffix: str, number: int) -> str:
    return suffix if number == 1 else f".{number}{suffix}"


async def _run(job: Job, timeout: float, whole: asyncio.Event | None = None) -> Done:
    answer = await _ask(job, timeout, whole)
    if isinstance(answer, Done):
        return answer
    raise _trouble(answer)


def _trouble(answer: Answer) -> Exception:
    if isinstance(answer, Refused):
        return MediaRefusedError(answer.reason, answer.message)
    if isinstance(answer, DiskTrouble):
        return OSError(answer.number, os.strerror(answer.number), answer.file)
    return MediaWorkerError("The media worker answered something else")


async def _ask(job: Job, timeout: float, whole: asyncio.Event | None) -> Answer:
    try:
        reply = await child.ask(
            _MODULE,
            msgspec.json.encode(job) + b"\n",
            limit=_from_then_on(whole, timeout),
            longest=_LONGEST_ANSWER,
            environment=_ENVIRONMENT,
        )
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise MediaWorkerError(f"Reading the video took longer than {timeout:g} s") from error
        # Too many processes or files are open, or there is no memory left.
        raise MediaWorkerError(f"The media worker cannot be started: {error.strerror}") from error
    try:
        answer: Answer = msgspec.json.decode(reply.line, type=Answer)
    except msgspec.DecodeError as error:
        log.warning("The media worker ended with %s: %s", reply.how, reply.complaint[-2000:])
        raise MediaWorkerError(f"The video cannot be read (the media worker ended with {reply.how})") from error
    return answer


@contextlib.asynccontextmanager
async def _from_then_on(event: asyncio.Event | None, seconds: float) -> AsyncIterator[None]:
    """Raises ``TimeoutError`` so long after the event, or after the beginning where there is none."""
    async with asyncio.timeout(None if event else seconds) as limit:

        async def wait(event: asyncio.Event) -> None:
            await event.wait()
            limit.reschedule(asyncio.get_running_loop().time() + seconds)

        waiting = asyncio.create_task(wait(event)) if event else None
        try:
            yield
        finally:
            if waiting is not None:
                waiting.cancel()
