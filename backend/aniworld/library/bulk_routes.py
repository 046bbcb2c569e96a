"""Changes of many series over HTTP."""

from __future__ import annotations

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from aniworld.library.bulk_schemas import BulkChange, BulkStarted
from aniworld.library.bulk_service import BulkService


@post("/bulk", operation_id="changeManyAnime", summary="Change many series", status_code=202)
async def change_many(bulk: NamedDependency[BulkService], data: JSONBody[BulkChange]) -> BulkStarted:
    """One operation for all; its ``result`` says which were changed (``done``), and why others were not."""
    return BulkStarted(operation_id=bulk.start(data))


router = Router("/anime", route_handlers=[change_many], tags=["library"])
