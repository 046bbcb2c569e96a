"""What lies in the anime directory, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from aniworld.kit.errors import InvalidInputError
from aniworld.library.service import SearchService, cover_path
from aniworld.naming.parse import parse
from aniworld.naming.path import parse_path
from aniworld.scan.schemas import Accepted, AcceptFolder, AcceptSuggested, FoundPage, ParsedName, Rescan, UnmatchedPage
from aniworld.scan.service import ScanService
from aniworld.scan.unmatched_service import UnmatchedService

FolderId = Annotated[UUID, Parameter(description="Id of the folder")]


@post("/anime/rescan", operation_id="rescanLibrary", summary="Look through the anime directory", status_code=202)
async def rescan(
    scans: NamedDependency[ScanService],
    thoroughly: FromQuery[Annotated[bool, Parameter(description="Also read directories that look unchanged")]] = False,
) -> Rescan:
    """Begins a scan, or names the one that is running."""
    return Rescan(operation_id=scans.rescan(thoroughly=thoroughly))


@get("/library/unmatched", operation_id="listUnmatchedFolders", summary="Folders without a series")
async def list_unmatched(
    unmatched: NamedDependency[UnmatchedService],
    ignored: FromQuery[Annotated[bool, Parameter(description="Those that were set aside instead")]] = False,
    limit: FromQuery[Annotated[int, Parameter(ge=1, le=500, description="How many at most")]] = 100,
    offset: FromQuery[Annotated[int, Parameter(ge=0, le=10_000_000, description="How many to pass over")]] = 0,
) -> UnmatchedPage:
    """Each with the series of the library that it may be of, the likeliest first."""
    return await unmatched.page(ignored=ignored, limit=limit, offset=offset)


@post(
    "/library/unmatched/{folder_id:uuid}/accept",
    operation_id="acceptFolder",
    summary="The folder is this series'",
    status_code=204,
)
async def accept_folder(
    unmatched: NamedDependency[UnmatchedService], folder_id: FromPath[FolderId], data: JSONBody[AcceptFolder]
) -> None:
    """Its videos become the series' episodes, and what is downloaded for it goes there. A series that is named as a
    source has it is added, if it is not in the library.
    """
    series = data.key or data.series
    if series is None:
        raise InvalidInputError.field("key", "Name the series by its key, or as a source has it")
    await unmatched.accept(folder_id, series)


@post(
    "/library/unmatched/accept",
    operation_id="acceptSuggested",
    summary="Take what is suggested for all folders",
    status_code=200,
)
async def accept_suggested(unmatched: NamedDependency[UnmatchedService], data: JSONBody[AcceptSuggested]) -> Accepted:
    """Gives each folder to the series of the library that it is likeliest of, where that is likely enough."""
    return Accepted(items=await unmatched.accept_suggested(data.least))


@get(
    "/library/unmatched/{folder_id:uuid}/candidates",
    operation_id="findFolderAtSources",
    summary="What the sources have for a folder",
)
async def find_at_sources(
    request: Request[Any, Any, Any],
    unmatched: NamedDependency[UnmatchedService],
    search: NamedDependency[SearchService],
    folder_id: FromPath[FolderId],
) -> FoundPage:
    """Asks all sources for the folder's title. Any of the answers can be accepted for the folder."""
    return await unmatched.candidates(folder_id, search, cover_path(request))


@post(
    "/library/unmatched/{folder_id:uuid}/ignore",
    operation_id="ignoreFolder",
    summary="Set a folder aside",
    status_code=204,
)
async def ignore_folder(unmatched: NamedDependency[UnmatchedService], folder_id: FromPath[FolderId]) -> None:
    """It is no longer offered."""
    await unmatched.ignore(folder_id, ignored=True)


@post(
    "/library/unmatched/{folder_id:uuid}/restore",
    operation_id="restoreFolder",
    summary="Take a folder up again",
    status_code=204,
)
async def restore_folder(unmatched: NamedDependency[UnmatchedService], folder_id: FromPath[FolderId]) -> None:
    """It is offered again."""
    await unmatched.ignore(folder_id, ignored=False)


@get("/library/parse", operation_id="parseName", summary="What a name is taken for", sync_to_thread=False)
def parse_name(
    name: FromQuery[
        Annotated[
            str,
            Parameter(
                description="Name of a file, or a path below the anime directory",
                min_length=1,
                max_length=1000,
                pattern=r"^[^\x00]*$",
            ),
        ]
    ],
) -> ParsedName:
    """The numbers, title, group and languages that it says, and the rule that decided."""
    parsed = parse_path(name) if "/" in name else parse(name)
    return msgspec.convert({**msgspec.to_builtins(parsed), "name": name}, ParsedName)


router = Router(
    "/",
    route_handlers=[
        rescan,
        list_unmatched,
        accept_folder,
        accept_suggested,
        find_at_sources,
        ignore_folder,
        restore_folder,
        parse_name,
    ],
    tags=["Anime directory"],
)
