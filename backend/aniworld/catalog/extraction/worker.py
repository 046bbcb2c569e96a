"""The process that runs yt-dlp: ``python -m aniworld.catalog.extraction.worker``.

Reads one job as a line of JSON, writes one answer as a line of JSON, and that was it: nothing that one page left behind
(cookies, memory, whatever an extractor did) meets another. When the server dies its end of the pipe closes, and this
process ends too.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

import msgspec

from aniworld.catalog.extraction import readings, sandbox
from aniworld.catalog.extraction.formats import choose
from aniworld.catalog.extraction.taming import tame
from aniworld.catalog.extraction.types import Answer, Failed, Found, Job, ListJob, Reason, ResolveJob

_NO_VIDEO = "yt-dlp finds no video on the page"
_SILENCE = 20.0
"""Seconds."""
_NOISE = re.compile(
    r"^ERROR:\s*(?:\[[^\]]{0,60}\]\s*)?(?:[^\s:]{1,100}:\s)?|; please report this issue on .*$|\s*\(caused by .*$",
    re.DOTALL,
)
_ADDRESS = re.compile(r"\w+://\S+")
"""They may hold what is secret."""


def main() -> None:
    """Do one job."""
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not print into the answer
    job = msgspec.json.decode(line, type=Job)
    answer = _answer(job)
    out.write(msgspec.json.encode(answer) + b"\n")
    out.flush()
    os._exit(0)  # the thread still waits for the server


def _end_with_the_server() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _answer(job: Job) -> Answer:
    sandbox.without_other_clients()
    import yt_dlp  # type: ignore[import-untyped]  # noqa: PLC0415 - not before the other clients are out of its sight

    tame(yt_dlp)
    proxy = urlsplit(job.proxy)
    assert proxy.hostname is not None
    assert proxy.port is not None
    sandbox.close((proxy.hostname, proxy.port))
    try:
        with yt_dlp.YoutubeDL(_options(job)) as ydl:
            if isinstance(job, ListJob):
                return _list(ydl, job)
            return _resolve(ydl, job)
    except MemoryError:
        return Failed(reason="memory", message="The page needs too much memory")
    except Exception as error:  # noqa: BLE001 - extractors raise whatever a page makes them stumble on
        return _failed(yt_dlp, error)


def _options(job: Job) -> dict[str, Any]:
    return {
        "proxy": job.proxy,
        "geo_verification_proxy": job.proxy,
        "logger": _Silence(),
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": {"stdout": "no_color", "stderr": "no_color"},
        "format": "all",  # chosen is by us; its own choice would look for ffmpeg
        "simulate": True,
        "skip_download": True,
        "cachedir": False,
        "usenetrc": False,
        "enable_file_urls": False,
        "allow_unplayable_formats": False,
        "ignore_no_formats_error": False,
        "ignoreerrors": False,
        "geo_bypass": False,
        "postprocessors": [],
        "external_downloader": {},
        "js_runtimes": {},
        "remote_components": [],
        "default_search": "error",
        "wait_for_video": None,
        "check_formats": None,
        "dynamic_mpd": True,
        "extractor_retries": 1,
        "socket_timeout": _SILENCE,
        "noplaylist": isinstance(job, ResolveJob),
        "extract_flat": "in_playlist" if isinstance(job, ListJob) else False,
        "lazy_playlist": False,
        "playlist_items": f"1:{job.most + 1}" if isinstance(job, ListJob) else "1:2",
    }


class _Silence:
    """What yt-dlp tells while it works; its errors come as exceptions."""

    def debug(self, _message: str) -> None:
        """Nothing."""

    info = warning = error = debug


def _resolve(ydl: Any, job: ResolveJob) -> Answer:
    info = ydl.extract_info(job.url, download=False)
    if isinstance(info, dict) and info.get("_type") in ("playlist", "multi_video"):
        entries = [entry for entry in list(info.get("entries") or ()) if entry]
        if len(entries) != 1:
            return Failed(reason="refused", message=f"The page holds {len(entries) or 'no'} videos, not one")
        info = entries[0]
    if not isinstance(info, dict):
        return Failed(reason="broken", message="yt-dlp found nothing")
    if info.get("live_status") in ("is_live", "is_upcoming", "post_live") or info.get("is_live"):
        return Failed(reason="live", message="The video is live or not out yet")

    if info.get("direct") and info.get("ext") == "unknown_video":  # it does not look like a page, and that is all
        return Failed(reason="unknown-page", message=_NO_VIDEO)

    def cookies(url: str) -> str:
        return ydl.cookiejar.get_cookie_header(url) or ""

    chosen = choose(readings.formats(info, cookies), job.max_height, job.language)
    if chosen is None:
        if readings.is_protected(info):
            return Failed(reason="protected", message="The video is protected by DRM, which cannot be undone here")
        return Failed(reason="no-format", message="There is no video in a form that can be fetched")
    return Found(stream=readings.stream(chosen, readings.subtitles(info, cookies)))


def _list(ydl: Any, job: ListJob) -> Answer:
    info = ydl.extract_info(job.url, download=False)
    if not isinstance(info, dict):
        return Failed(reason="broken", message="yt-dlp found nothing")
    if info.get("_type") not in ("playlist", "multi_video"):
        info = {"title": info.get("title"), "entries": [{**info, "url": info.get("webpage_url") or job.url}]}
    return readings.listed(info, job.most)


def _failed(yt_dlp: Any, error: Exception) -> Failed:
    """What went wrong, judged by the innermost error that says something."""
    told = readings.text(_ADDRESS.sub("…", _NOISE.sub("", str(error))), 300)
    chain = list(_chain(error))
    if any(isinstance(link, MemoryError) for link in chain):
        return Failed(reason="memory", message="The page needs too much memory")
    for link in chain:
        status = getattr(link, "status", None)
        if isinstance(link, yt_dlp.networking.exceptions.HTTPError) and isinstance(status, int):
            return Failed(reason="gone" if status in (404, 410) else "refused", message=told, http_status=status)
    if any(isinstance(link, (yt_dlp.networking.exceptions.TransportError, OSError)) for link in chain):
        return Failed(reason="network", message=told)
    reason: Reason = "broken"
    for link in chain:
        if isinstance(link, yt_dlp.utils.UnsupportedError):
            return Failed(reason="unknown-page", message=_NO_VIDEO)
        if isinstance(link, yt_dlp.utils.ExtractorError) and link.expected:
            reason = "refused"
    if "DRM" in told:
        reason = "protected"
    return Failed(reason=reason, message=told or type(error).__name__)


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what led to it, the outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 50:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or link in found:
            continue
        found.append(link)
        info = getattr(link, "exc_info", None)
        waiting += [getattr(link, "cause", None), link.__cause__, link.__context__, getattr(link, "reason", None)]
        if isinstance(info, tuple) and len(info) > 1:
            waiting.append(info[1])
    return found


if __name__ == "__main__":
    main()
