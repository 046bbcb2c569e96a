"""What every source is given to work with."""

from __future__ import annotations

from dataclasses import dataclass

from aniworld.catalog.pages.reader import Reader
from aniworld.kit.net import HttpClient


@dataclass(frozen=True, slots=True)
class Tools:
    """One set for all sources."""

    client: HttpClient
    """The only way out."""
    reader: Reader
    """Reads pages where they can do no harm."""
