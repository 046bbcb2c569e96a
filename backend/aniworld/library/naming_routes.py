"""Templates of names over HTTP."""

from __future__ import annotations

from litestar import Router, post
from litestar.params import JSONBody

from aniworld.library.naming_schemas import NamesPreview, TryNames
from aniworld.library.naming_service import preview


@post("/preview", operation_id="previewNames", summary="Try templates of names", status_code=200, sync_to_thread=False)
def preview_names(data: JSONBody[TryNames]) -> NamesPreview:
    """What names they would make, or what is wrong with them, by field. Changes nothing."""
    return preview(data)


router = Router("/library/naming", route_handlers=[preview_names], tags=["library"])
