"""Base classes of the data that crosses a boundary (API, events, files, other sites)."""

import msgspec


class Schema(msgspec.Struct, kw_only=True, frozen=True):
    """What we say: immutable, ``snake_case`` on the wire."""


class Input(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What we are told: an unknown field is an error, never silently dropped."""
