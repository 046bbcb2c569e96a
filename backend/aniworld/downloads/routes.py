"""The queue over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from aniworld.downloads.schemas import (
    Added,
    AddToQueue,
    ClearedCount,
    DownloadSeries,
    ItemList,
    QueueItem,
    QueueModeOut,
    QueueOverview,
    QueuePage,
    Reorder,
    RetriedCount,
    Retry,
    SetPriority,
)
from aniworld.downloads.service import DownloadService
from aniworld.downloads.types import Status
from aniworld.kit.errors import InvalidInputError

Limit = Annotated[int, Parameter(ge=1, le=500, description="How many items at most")]
Offset = Annotated[int, Parameter(ge=0, le=10_000_000, description="How many to pass over")]


@get("/status", operation_id="queueStatus", summary="The queue at a glance")
async def overview(downloads: NamedDependency[DownloadService], limit: FromQuery[Limit] = 100) -> QueueOverview:
    """What runs, waits, is done and has failed. Each list holds at most ``limit`` items; the counts are whole."""
    return await downloads.overview(limit)


@get("/", operation_id="listQueue", summary="Queue items")
async def list_queue(
    downloads: NamedDependency[DownloadService],
    status: FromQuery[Annotated[Status | None, Parameter(description="Only items in this state")]] = None,
    series_key: FromQuery[
        Annotated[str | None, Parameter(description="Only items of this series", max_length=200, pattern=r"^[^\x00]*$")]
    ] = None,
    limit: FromQuery[Limit] = 100,
    offset: FromQuery[Offset] = 0,
) -> QueuePage:
    """Open items in the order in which they will run, ended ones the newest first."""
    return await downloads.page([status] if status else [], series_key, limit=limit, offset=offset)


@post("/add", operation_id="addToQueue", summary="Queue episodes")
async def add(downloads: NamedDependency[DownloadService], data: JSONBody[AddToQueue]) -> Added:
    """Queue episodes of one series. What cannot be had, is there already or is queued already is skipped and told."""
    return await downloads.add(data.series_key, data.episodes, data.priority)


@delete("/{item_id:uuid}", operation_id="removeFromQueue", summary="Remove an item")
async def remove(downloads: NamedDependency[DownloadService], item_id: FromPath[UUID]) -> None:
    """A running download is cancelled and its partial file removed; a finished file stays."""
    await downloads.remove([item_id], must_exist=True)


@delete("/", operation_id="removeManyFromQueue", summary="Remove items")
async def remove_many(downloads: NamedDependency[DownloadService], data: JSONBody[ItemList]) -> None:
    """As removing one; unknown ids are passed over."""
    await downloads.remove(data.item_ids)


@post("/start", operation_id="startQueue", summary="Run downloads", status_code=200)
async def start(downloads: NamedDependency[DownloadService]) -> QueueModeOut:
    """Downloads run from now on, over restarts too, until stopped. Ends a pause."""
    return await downloads.start()


@post("/stop", operation_id="stopQueue", summary="Stop downloads", status_code=200)
async def stop(downloads: NamedDependency[DownloadService]) -> QueueModeOut:
    """Running downloads reach a resumable point and wait; none begins."""
    return await downloads.stop()


@post("/pause", operation_id="pauseQueue", summary="Begin no new downloads", status_code=200)
async def pause(downloads: NamedDependency[DownloadService]) -> QueueModeOut:
    """What runs goes on; none begins."""
    return await downloads.pause()


@post("/resume", operation_id="resumeQueue", summary="End the pause", status_code=200)
async def resume(downloads: NamedDependency[DownloadService]) -> QueueModeOut:
    """Waiting items begin again, if the queue runs."""
    return await downloads.resume()


@post("/items/{item_id:uuid}/pause", operation_id="pauseQueueItem", summary="Hold one item back", status_code=200)
async def pause_item(downloads: NamedDependency[DownloadService], item_id: FromPath[UUID]) -> QueueItem:
    """A running download stops at a resumable point."""
    return await downloads.pause_item(item_id)


@post("/items/{item_id:uuid}/resume", operation_id="resumeQueueItem", summary="Release one item", status_code=200)
async def resume_item(downloads: NamedDependency[DownloadService], item_id: FromPath[UUID]) -> QueueItem:
    """It waits its turn again and goes on from the bytes it has."""
    return await downloads.resume_item(item_id)


@post("/reorder", operation_id="reorderQueue", summary="Change the order of pending items", status_code=200)
async def reorder(downloads: NamedDependency[DownloadService], data: JSONBody[Reorder]) -> QueueOverview:
    """Either ``item_ids`` in their new order, or ``item_id`` and its ``new_position``."""
    if data.item_ids is not None and data.item_id is None and data.new_position is None:
        await downloads.reorder(data.item_ids)
    elif data.item_ids is None and data.item_id is not None and data.new_position is not None:
        await downloads.move_to(data.item_id, data.new_position)
    else:
        raise InvalidInputError.field("item_ids", "Give either item_ids, or item_id and new_position")
    return await downloads.overview(100)


@post("/priority", operation_id="setQueuePriority", summary="Change priorities", status_code=200)
async def priority(downloads: NamedDependency[DownloadService], data: JSONBody[SetPriority]) -> QueueOverview:
    """Give open items a priority; what runs already goes on."""
    await downloads.set_priority(data.item_ids, data.priority)
    return await downloads.overview(100)


@post("/retry", operation_id="retryQueue", summary="Try failed items again", status_code=200)
async def retry(downloads: NamedDependency[DownloadService], data: JSONBody[Retry]) -> RetriedCount:
    """None named: all that failed. Without ``force`` only those that have attempts left."""
    return RetriedCount(retried_count=await downloads.retry(data.item_ids, force=data.force))


@delete("/completed", operation_id="clearCompleted", summary="Forget completed items", status_code=200)
async def clear_completed(downloads: NamedDependency[DownloadService]) -> ClearedCount:
    """The files stay."""
    return ClearedCount(cleared_count=await downloads.clear("completed"))


@delete("/failed", operation_id="clearFailed", summary="Forget failed items", status_code=200)
async def clear_failed(downloads: NamedDependency[DownloadService]) -> ClearedCount:
    """Partial files go too."""
    return ClearedCount(cleared_count=await downloads.clear("failed"))


@delete("/pending", operation_id="clearPending", summary="Empty the queue", status_code=200)
async def clear_pending(downloads: NamedDependency[DownloadService]) -> ClearedCount:
    """What runs goes on; what is held back stays."""
    return ClearedCount(cleared_count=await downloads.clear("pending"))


@post("/anime/{key:str}/download", operation_id="downloadAnime", summary="Queue episodes of a series", tags=["library"])
async def download_series(
    downloads: NamedDependency[DownloadService],
    key: FromPath[Annotated[str, Parameter(max_length=200)]],
    data: JSONBody[DownloadSeries],
) -> Added:
    """Queue some episodes, or with ``missing`` all that is out and not there."""
    if data.missing == bool(data.episodes):
        raise InvalidInputError.field("episodes", "Name episodes, or set missing")
    return await downloads.add(key, None if data.missing else data.episodes, data.priority)


router = Router(
    "/queue",
    route_handlers=[
        overview,
        list_queue,
        add,
        remove,
        remove_many,
        start,
        stop,
        pause,
        resume,
        pause_item,
        resume_item,
        reorder,
        priority,
        retry,
        clear_completed,
        clear_failed,
        clear_pending,
    ],
    tags=["queue"],
)
