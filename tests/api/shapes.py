"""The fields that clients were promised, and their types."""

from __future__ import annotations

from typing import Any

import httpx

TEXT, WHOLE, NUMBER, FLAG, LIST = str, int, (int, float), bool, list
NONE = type(None)
MAYBE_TEXT, MAYBE_WHOLE, MAYBE_NUMBER = (str, NONE), (int, NONE), (int, float, NONE)

SERIES: dict[str, Any] = {
    "key": TEXT,
    "name": TEXT,
    "provider": TEXT,
    "provider_key": TEXT,
    "site": TEXT,
    "folder": MAYBE_TEXT,
    "year": MAYBE_WHOLE,
    "status": {"ongoing", "completed", "unknown"},
    "description": TEXT,
    "genres": LIST,
    "total_episodes": WHOLE,
    "downloaded_episodes": WHOLE,
    "missing_episodes": WHOLE,
    "monitored": FLAG,
    "loading_status": {
        "pending",
        "loading_episodes",
        "loading_nfo",
        "loading_logo",
        "loading_images",
        "completed",
        "failed",
    },
    "episodes_loaded": FLAG,
    "nfo_loaded": FLAG,
    "logo_loaded": FLAG,
    "images_loaded": FLAG,
    "loading_started_at": MAYBE_TEXT,
    "loading_completed_at": MAYBE_TEXT,
    "loading_error": MAYBE_TEXT,
    "created_at": TEXT,
    "updated_at": TEXT,
}
EPISODE: dict[str, Any] = {
    "season": WHOLE,
    "episode": WHOLE,
    "absolute": MAYBE_WHOLE,
    "title": TEXT,
    "aired": MAYBE_TEXT,
    "is_downloaded": FLAG,
    "file_path": MAYBE_TEXT,
    "file_size": MAYBE_WHOLE,
    "download_date": MAYBE_TEXT,
    "queue_status": MAYBE_TEXT,
}
ITEM: dict[str, Any] = {
    "id": TEXT,
    "series_key": TEXT,
    "series_name": TEXT,
    "season": WHOLE,
    "episode": WHOLE,
    "title": TEXT,
    "status": {"pending", "downloading", "paused", "completed", "failed", "cancelled"},
    "priority": {"low", "normal", "high"},
    "position": WHOLE,
    "progress": {
        "percent": NUMBER,
        "downloaded_bytes": WHOLE,
        "total_bytes": MAYBE_WHOLE,
        "speed": WHOLE,
        "eta_seconds": MAYBE_WHOLE,
    },
    "error_message": MAYBE_TEXT,
    "retry_count": WHOLE,
    "provider": MAYBE_TEXT,
    "hoster": MAYBE_TEXT,
    "language": TEXT,
    "file_path": MAYBE_TEXT,
    "created_at": TEXT,
    "started_at": MAYBE_TEXT,
    "completed_at": MAYBE_TEXT,
}
MODE: dict[str, Any] = {"is_running": FLAG, "is_paused": FLAG}
OVERVIEW: dict[str, Any] = {
    **MODE,
    "active_downloads": LIST,
    "pending_queue": LIST,
    "completed_downloads": LIST,
    "failed_downloads": LIST,
    "statistics": {
        "pending": WHOLE,
        "active": WHOLE,
        "completed": WHOLE,
        "failed": WHOLE,
        "total_bytes": WHOLE,
        "downloaded_bytes": WHOLE,
        "speed": WHOLE,
        "eta_seconds": MAYBE_WHOLE,
    },
}
OPERATION: dict[str, Any] = {
    "id": TEXT,
    "type": {"scan", "download", "load", "queue", "system"},
    "status": {"started", "in_progress", "completed", "failed", "cancelled"},
    "current": WHOLE,
    "total": MAYBE_WHOLE,
    "percent": MAYBE_NUMBER,
    "message": TEXT,
    "started_at": TEXT,
    "finished_at": MAYBE_TEXT,
    "result": (dict, NONE),
}
PAGE: dict[str, Any] = {"items": LIST, "total": WHOLE, "limit": WHOLE, "offset": WHOLE}


def promised(value: Any, shape: Any, where: str = "") -> None:
    """Fail unless everything that was promised is there, in its type."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), where
        for name, inner in shape.items():
            assert name in value, f"{where}.{name} is missing"
            promised(value[name], inner, f"{where}.{name}")
    elif isinstance(shape, set):
        assert value in shape, f"{where}: {value!r}"
    else:
        assert isinstance(value, shape), f"{where}: {value!r}"
        assert not isinstance(value, bool) or shape is bool, f"{where}: {value!r}"


def of(answer: httpx.Response, status: int, shape: Any = None) -> Any:
    """The body of an answer of that status and shape."""
    assert answer.status_code == status, answer.text
    body = answer.json() if answer.content else None
    if shape is not None:
        promised(body, shape)
    return body
