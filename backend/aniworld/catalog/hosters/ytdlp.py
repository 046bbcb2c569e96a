"""A link that leads to a page with a video that yt-dlp can find."""

from __future__ import annotations

from typing import ClassVar

from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Link, Stream


class YtdlpHoster:
    """Has yt-dlp look at the page, in a process of its own; the choice among what it finds is ours."""

    name: ClassVar[str] = "ytdlp"

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def resolve(self, link: Link) -> Stream:
        """Picture and sound, together or apart, in the link's language where the page tells languages.

        ``NotAtSourceError``: the video is gone or not for us; ``SourceChangedError``: yt-dlp makes nothing of the page.
        """
        return await self._tools.extractor.resolve(
            link.url, link.hoster, max_height=self._tools.max_height(), language=link.language
        )
