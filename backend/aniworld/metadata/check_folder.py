"""What Jellyfin and Kodi make of the folder of a series, by its names and its NFO files. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aniworld.metadata.check_nfo import Seen
from aniworld.metadata.check_types import Artwork, Finding, FolderCheck, PlayerView, SeasonView, finding
from aniworld.metadata.types import SEASON_NFO, SERIES_NFO
from aniworld.naming.path import EXTRAS, parse_path, season_of_folder
from aniworld.naming.text import is_video
from aniworld.naming.types import Parsed

MOST_FINDINGS = 500
_SEVERITIES = ("error", "warning", "info")
_IN_JELLYFIN: Mapping[Artwork, tuple[str, ...]] = {
    "poster": ("poster", "folder", "cover", "default", "show"),
    "fanart": ("fanart", "background", "art", "backdrop"),
    "banner": ("banner",),
    "landscape": ("landscape", "thumb"),
    "clearlogo": ("clearlogo", "logo"),
}
"""Names without their extension that Jellyfin takes; Kodi takes the first one."""
_PICTURE = re.compile(r"(.+)\.(jpe?g|png|webp|gif|tbn)", re.IGNORECASE)
_SEASON_PICTURE = re.compile(r"season[ ._-]*(\d{1,4}|specials?|all)[ ._-]*([a-z]+)", re.IGNORECASE)
_SEASON_KINDS = ("poster", "fanart", "banner", "landscape")
_BY_KODI = re.compile(
    r"s(?P<s>\d{1,4})[ ._-]*e(?P<e>\d{1,4})|(?:^|[ ._\[(-])(?P<x>\d{1,4})x(?P<y>\d{1,4})"
    r"|(?:^|[ ._-])e(?:p[ ._-]?)?(?P<only>\d{1,4})",
    re.IGNORECASE,
)
"""The numbers that Kodi finds in a name, as it comes: S01E05, 1x05, EP05."""
_MORE_BY_KODI = re.compile(r"[ ._-]*(?:-[ ._-]*)?(?:s\d{1,4})?e(\d{1,4})|-(\d{1,4})(?=$|[ ._\])-])", re.IGNORECASE)
_ID_IN_NAME = re.compile(r"[\[{(](tmdb|tvdb|imdb|anidb|anilist)(?:id)?[-=]([A-Za-z0-9]+)[\]})]", re.IGNORECASE)
_NOT_PORTABLE = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
_SHORT_SEASON = re.compile(r"s\d{1,4}", re.IGNORECASE)
_BESIDE = len("-thumb.jpg")
_LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What lies in the folder of a series."""

    folder: str
    files: Sequence[str]
    """Relative to the folder, with slashes."""
    nfos: Mapping[str, Seen] = field(default_factory=dict)
    """By their path relative to the folder."""


@dataclass(frozen=True, slots=True)
class _Video:
    path: str
    parsed: Parsed
    kodi: tuple[int, tuple[int, ...]] | None
    """(season, episodes) that Kodi sees."""

    @property
    def is_extra(self) -> bool:
        return self.parsed.kind == "extra"

    @property
    def jellyfin(self) -> tuple[int, tuple[int, ...]] | None:
        numbers = self.parsed.episodes or self.parsed.absolute
        return (1 if self.parsed.season is None else self.parsed.season, numbers) if numbers else None


def check(listing: Listing) -> FolderCheck:
    """What players will make of it: the worst first."""
    videos = [_video(listing.folder, path) for path in listing.files if is_video(path)]
    found = [
        *(item for seen in listing.nfos.values() for item in seen.findings),
        *_of_series(listing, videos),
        *_of_names(listing, videos),
        *_of_seasons(listing, videos),
        *_of_artwork(listing),
        *(item for video in videos for item in _of_video(listing, video)),
    ]
    found.sort(key=lambda item: (_SEVERITIES.index(item.severity), item.path))
    return FolderCheck(
        folder=listing.folder,
        findings=found[:MOST_FINDINGS],
        left_out=max(0, len(found) - MOST_FINDINGS),
        players=[_view("jellyfin", listing, videos), _view("kodi", listing, videos)],
    )


def kodi_numbers(name: str) -> tuple[int, tuple[int, ...]] | None:
    """(season, episodes) that Kodi finds in the name of a file; None: it takes it for no episode."""
    match = _BY_KODI.search(name)
    if match is None:
        return None
    season = int(match["s"] or match["x"] or 1)
    episodes = [int(match["e"] or match["y"] or match["only"])]
    at = match.end()
    while more := _MORE_BY_KODI.match(name, at):
        episodes.append(int(more[1] or more[2]))
        at = more.end()
    return season, tuple(episodes)


def _video(folder: str, path: str) -> _Video:
    name = path.rpartition("/")[2]
    return _Video(path, parse_path(f"{folder}/{path}"), kodi_numbers(name.rpartition(".")[0]))


def _of_series(listing: Listing, videos: Sequence[_Video]) -> Iterator[Finding]:
    where = listing.folder
    names = set(listing.files)
    if SERIES_NFO not in names:
        yield finding(where, "no_series_nfo")
    if not videos:
        yield finding(where, "no_videos")
    for name in names:
        folder, _, last = name.rpartition("/")
        if last == ".ignore":
            yield finding(f"{where}/{folder}".rstrip("/"), "ignored_by_jellyfin")
        elif last == ".nomedia":
            yield finding(f"{where}/{folder}".rstrip("/"), "ignored_by_kodi")
    bare = sum(1 for video in videos if not video.is_extra and f"{_stem(video.path)}.nfo" not in names)
    if bare:
        yield finding(where, "episodes_without_nfo", count=bare)
    stems = {_stem(video.path) for video in videos}
    for name in sorted(names):
        last = name.rpartition("/")[2]
        if last.endswith(".nfo") and last not in (SERIES_NFO, SEASON_NFO) and name[:-4] not in stems:
            yield finding(f"{where}/{name}", "nfo_without_video")
    series = listing.nfos.get(SERIES_NFO)
    for service, value in _ID_IN_NAME.findall(where):
        described = series.ids.get(service.lower()) if series else None
        if described and described.lower() != value.lower():
            yield finding(
                f"{where}/{SERIES_NFO}", "nfo_other_id", service=service.lower(), folder=value, described=described
            )


def _of_names(listing: Listing, videos: Sequence[_Video]) -> Iterator[Finding]:
    parts = {listing.folder: listing.folder}
    for path in listing.files:
        whole = listing.folder
        for part in path.split("/"):
            whole = f"{whole}/{part}"
            parts[whole] = part
    for whole, part in parts.items():
        if _NOT_PORTABLE.search(part):
            yield finding(whole, "name_not_portable")
    for video in videos:
        size = len(_stem(video.path.rpartition("/")[2]).encode(errors="replace")) + _BESIDE
        if size > _LONGEST:
            yield finding(f"{listing.folder}/{video.path}", "name_too_long", bytes=size - _BESIDE)
    places = Counter(
        (video.kodi[0], episode) for video in videos if video.kodi and not video.is_extra for episode in video.kodi[1]
    )
    if several := sum(1 for count in places.values() if count > 1):
        yield finding(listing.folder, "several_files", count=several)


def _of_seasons(listing: Listing, videos: Sequence[_Video]) -> Iterator[Finding]:
    where = listing.folder
    below: dict[str, list[_Video]] = {}
    for video in videos:
        below.setdefault(video.path.partition("/")[0] if "/" in video.path else "", []).append(video)
    numbered = {name: season_of_folder(name) for name in below if name and name.lower() not in EXTRAS}
    loose = sum(1 for video in below.get("", ()) if not video.is_extra)
    if loose and any(season is not None for season in numbered.values()):
        yield finding(where, "loose_episodes", count=loose)
    for name in below:
        if name.lower() == "extras":
            yield finding(f"{where}/{name}", "season_extras")
    for name, season in numbered.items():
        if season is None:
            continue
        if _SHORT_SEASON.fullmatch(name.strip()) or name.lower().startswith(f"{where.partition(' (')[0]} ".lower()):
            yield finding(f"{where}/{name}", "season_name", season=season, number=f"{season:02}")
        others = {
            video.parsed.season for video in below[name] if video.parsed.season is not None and not video.is_extra
        } - {season}
        for other in sorted(others):
            yield finding(f"{where}/{name}", "seasons_mixed", season=season, other=other)


def _of_artwork(listing: Listing) -> Iterator[Finding]:
    where = listing.folder
    stems = _pictures(listing)
    lower = {stem.lower() for stem in stems}
    for kind, accepted in _IN_JELLYFIN.items():
        if kind in stems:
            continue
        other = next((stem for name in accepted for stem in sorted(stems) if stem.lower() == name), None)
        if other is not None:
            file = stems[other]
            code: Literal["logo_name", "artwork_name"] = "logo_name" if other.lower() == "logo" else "artwork_name"
            yield finding(f"{where}/{file}", code, name=f"{kind}.{file.rpartition('.')[2]}")
        elif kind == "poster":
            yield finding(where, "poster_missing")
    for stem, file in sorted(stems.items()):
        if match := _SEASON_PICTURE.fullmatch(stem):
            wanted = match[1].lower()
            wanted = f"{int(wanted):02}" if wanted.isdecimal() else f"-{'specials' if wanted != 'all' else wanted}"
            name = f"season{wanted if wanted != '00' else '-specials'}-{match[2].lower()}"
            if match[2].lower() in _SEASON_KINDS and stem != name:
                yield finding(f"{where}/{file}", "season_artwork_name", name=f"{name}.{file.rpartition('.')[2]}")
    series = listing.nfos.get(SERIES_NFO)
    for aspect, tag in (series.pictures if series else {}).items():
        accepted = next((names for art, names in _IN_JELLYFIN.items() if aspect == art), ())
        if any(name in lower for name in accepted):
            file = next(stems[stem] for stem in stems if stem.lower() in accepted)
            yield finding(f"{where}/{SERIES_NFO}", "nfo_thumb_beats_file", tag=tag, file=file)


def _of_video(listing: Listing, video: _Video) -> Iterator[Finding]:
    path = f"{listing.folder}/{video.path}"
    if video.is_extra:
        return
    if video.kodi is None:
        yield finding(path, "no_number", player="kodi" if video.jellyfin else "both")
    seen = listing.nfos.get(f"{_stem(video.path)}.nfo")
    if seen is None or not seen.readable or video.kodi is None:
        return
    season, episodes = video.kodi
    if len(episodes) > len(seen.numbers):
        yield finding(seen.path, "nfo_not_stacked", videos=len(episodes), described=len(seen.numbers))
    told = {number for number in seen.numbers if number != (None, None)}
    wrong = sorted(told - {(season, episode) for episode in episodes}, key=str)
    if wrong:
        name = ", ".join(f"S{season:02}E{episode:02}" for episode in episodes)
        yield finding(seen.path, "nfo_other_number", name=name, described=", ".join(map(_code, wrong)))


def _code(number: tuple[int | None, int | None]) -> str:
    season, episode = ("?" if part is None else f"{part:02}" for part in number)
    return f"S{season}E{episode}"


def _stem(path: str) -> str:
    return path.rpartition(".")[0]


def _pictures(listing: Listing) -> dict[str, str]:
    """Pictures directly in the folder: their names without and with the extension."""
    matches = (_PICTURE.fullmatch(path) for path in listing.files if "/" not in path)
    return {match[1]: match[0] for match in matches if match}


def _view(player: Literal["jellyfin", "kodi"], listing: Listing, videos: Sequence[_Video]) -> PlayerView:
    series = listing.nfos.get(SERIES_NFO)
    described = series is not None and series.readable
    names = dict(series.named_seasons) if series and described else {}
    if player == "jellyfin":  # Kodi reads no season.nfo
        for path, seen in listing.nfos.items():
            season = season_of_folder(path.rpartition("/")[0])
            if path.endswith(f"/{SEASON_NFO}") and seen.title and season is not None:
                names[season] = seen.title
    episodes: set[tuple[int, int]] = set()
    passed_over = 0
    for video in videos:
        numbers = None if video.is_extra else video.jellyfin if player == "jellyfin" else video.kodi
        if numbers is None:
            passed_over += 1
        else:
            episodes |= {(numbers[0], episode) for episode in numbers[1]}
    counts = Counter(season for season, _ in episodes)
    guess = parse_path(f"{listing.folder}/x.mkv")
    return PlayerView(
        player=player,
        title=(series.title if series and described else "") or guess.title or listing.folder,
        year=series.year if series and described and series.year else guess.year,
        seasons=[
            SeasonView(season=season, name=names.get(season, ""), episodes=counts[season])
            for season in sorted(counts, key=lambda season: (season == 0, season))
        ],
        episodes=len(episodes),
        passed_over=passed_over,
        artwork=_artwork(player, set(_pictures(listing))),
    )


def _artwork(player: str, stems: Collection[str]) -> list[Artwork]:
    lower = {stem.lower() for stem in stems}
    return [
        kind
        for kind, names in _IN_JELLYFIN.items()
        if (kind in stems if player == "kodi" else any(name in lower for name in names))
    ]
