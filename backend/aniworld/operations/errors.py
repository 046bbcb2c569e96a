"""How long work can end early."""

from aniworld.kit.errors import AppError, ConflictError


class OperationCancelledError(AppError):
    """Somebody cancelled the operation that this code runs in."""

    code, status, title = "cancelled", 409, "Cancelled"


class OperationEndedError(ConflictError):
    """The operation is over; there is nothing left to cancel."""

    code, title = "operation-ended", "That is over already"
