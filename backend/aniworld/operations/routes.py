"""Long work over HTTP."""

from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, Parameter

from aniworld.operations.schemas import OperationOut, OperationPage
from aniworld.operations.service import Operations

OperationId = Annotated[str, Parameter(description="Id of the operation", max_length=36)]


@get("/", operation_id="listOperations", summary="Long work, the newest first")
async def list_operations(
    operations: NamedDependency[Operations],
    limit: FromQuery[Annotated[int, Parameter(ge=1, le=500, description="How many at most")]] = 100,
    offset: FromQuery[Annotated[int, Parameter(ge=0, le=10_000_000, description="How many to pass over")]] = 0,
) -> OperationPage:
    """What runs and what ran since the start: loads, downloads, scans, bulk changes."""
    return operations.page(limit=limit, offset=offset)


@get("/{operation_id:str}", operation_id="getOperation", summary="One piece of long work")
async def get_operation(operations: NamedDependency[Operations], operation_id: FromPath[OperationId]) -> OperationOut:
    """How far it is."""
    return operations.get(operation_id).out()


@post("/{operation_id:str}/cancel", operation_id="cancelOperation", summary="Cancel long work", status_code=200)
async def cancel_operation(
    operations: NamedDependency[Operations], operation_id: FromPath[OperationId]
) -> OperationOut:
    """Ask it to end; it ends at the next point where that is safe."""
    return operations.cancel(operation_id).out()


router = Router("/operations", route_handlers=[list_operations, get_operation, cancel_operation], tags=["operations"])
