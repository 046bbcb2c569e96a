"""How asking about sources can be refused."""

from aniworld.kit.errors import ConflictError


class NothingToCheckError(ConflictError):
    """The hoster has not been used yet, so nobody knows where it is."""

    code, title = "nothing-to-check", "This hoster has not been used yet; there is no address to check"
