"""What Jellyfin and Kodi will make of a folder, in words: the findings, and the sentences that tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from aniworld.kit.schema import Schema

Severity = Literal["error", "warning", "info"]
Player = Literal["jellyfin", "kodi", "both"]
Artwork = Literal["poster", "fanart", "banner", "landscape", "clearlogo"]

Code = Literal[
    "no_series_nfo",
    "episodes_without_nfo",
    "nfo_without_video",
    "nfo_unreadable",
    "nfo_malformed",
    "nfo_control_characters",
    "nfo_only_address",
    "nfo_wrong_root",
    "nfo_kodi_multi_episode",
    "nfo_not_stacked",
    "nfo_encoding",
    "nfo_locked",
    "nfo_no_title",
    "nfo_legacy_id",
    "nfo_several_default_ids",
    "nfo_no_default_id",
    "nfo_status",
    "nfo_slash",
    "nfo_date",
    "nfo_rating",
    "nfo_logo_aspect",
    "nfo_season_thumb",
    "nfo_thumb_beats_file",
    "nfo_place",
    "nfo_other_number",
    "nfo_other_id",
    "no_number",
    "season_extras",
    "season_name",
    "seasons_mixed",
    "loose_episodes",
    "several_files",
    "no_videos",
    "ignored_by_jellyfin",
    "ignored_by_kodi",
    "poster_missing",
    "artwork_name",
    "season_artwork_name",
    "logo_name",
    "name_too_long",
    "name_not_portable",
]
CODES: tuple[Code, ...] = get_args(Code)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of finding says; ``{words}`` in its sentences are parameters."""

    severity: Severity
    player: Player
    message: str
    fix: str


class Finding(Schema, frozen=True):
    """Something that a player will not show as it is meant."""

    path: str
    """What it is about, relative to the anime directory."""
    severity: Severity
    player: Player
    """Who minds."""
    code: Code
    """Key of the two sentences in another language."""
    parameters: dict[str, str]
    message: str
    fix: str


class SeasonView(Schema, frozen=True):
    """A season as a player shows it."""

    season: int
    name: str
    """Empty: the player's own word for it."""
    episodes: int


class PlayerView(Schema, frozen=True):
    """What a player will show."""

    player: Literal["jellyfin", "kodi"]
    title: str
    year: int | None
    seasons: list[SeasonView]
    episodes: int
    passed_over: int
    """Videos that it takes for no episode."""
    artwork: list[Artwork]


class FolderCheck(Schema, frozen=True):
    """What players will make of the folder of a series."""

    folder: str | None
    """None: the series has none yet."""
    findings: list[Finding] = msgspec.field(default_factory=list)
    left_out: int = 0
    """Findings beyond those that are told."""
    players: list[PlayerView] = msgspec.field(default_factory=list)


_AGAIN = "Have the descriptions written again."
_BY_HAND = "Repair or delete the file, then have the descriptions written again."

RULES: Mapping[Code, Rule] = {
    "no_series_nfo": Rule("warning", "both", "There is no tvshow.nfo: players have to guess the series.", _AGAIN),
    "episodes_without_nfo": Rule("info", "both", "{count} videos have no NFO file beside them.", _AGAIN),
    "nfo_without_video": Rule("info", "both", "There is no video of that name beside the NFO file.", "Delete it."),
    "nfo_unreadable": Rule("error", "both", "The NFO file cannot be read. {detail}", _BY_HAND),
    "nfo_malformed": Rule(
        "error", "both", "The NFO file is not well-formed, and Jellyfin says nothing about it. {detail}", _BY_HAND
    ),
    "nfo_control_characters": Rule(
        "error", "both", "The NFO file holds control characters, which are not allowed in XML.", _BY_HAND
    ),
    "nfo_only_address": Rule(
        "info", "jellyfin", "The NFO file holds only an address, which Kodi alone understands.", _BY_HAND
    ),
    "nfo_wrong_root": Rule("error", "both", "The NFO file begins with <{found}> instead of <{expected}>.", _BY_HAND),
    "nfo_kodi_multi_episode": Rule(
        "error",
        "jellyfin",
        "The episodes are wrapped in <kodimultiepisode>, which Jellyfin does not read.",
        "Take the wrapper away, so that one <episodedetails> follows the other.",
    ),
    "nfo_not_stacked": Rule(
        "warning",
        "both",
        "The video holds {videos} episodes, the NFO file describes {described}.",
        "Write one <episodedetails> for each episode, one after the other.",
    ),
    "nfo_encoding": Rule(
        "warning", "jellyfin", "The NFO file is in {encoding}; Jellyfin reads it as UTF-8.", "Save it as UTF-8."
    ),
    "nfo_locked": Rule(
        "info",
        "both",
        "The NFO file is locked (lockdata): nothing is written to it.",
        "Unlock it, if it should change.",
    ),
    "nfo_no_title": Rule("warning", "both", "The NFO file has no title.", _AGAIN),
    "nfo_legacy_id": Rule(
        "warning",
        "both",
        "<id> is passed over by Kodi beside <uniqueid>, and by Jellyfin unless it begins with tt.",
        'Write <uniqueid type="…"> instead.',
    ),
    "nfo_several_default_ids": Rule(
        "warning", "kodi", "{count} ids are marked as the default one.", 'Leave default="true" at one <uniqueid>.'
    ),
    "nfo_no_default_id": Rule(
        "warning", "kodi", "None of the ids is marked as the default one.", 'Add default="true" to one <uniqueid>.'
    ),
    "nfo_status": Rule(
        "warning", "jellyfin", "Jellyfin does not know the status “{value}”.", "Write Continuing or Ended."
    ),
    "nfo_slash": Rule(
        "warning", "jellyfin", "Jellyfin parts “{value}” in <{tag}> at the slash.", "Write one <{tag}> for each."
    ),
    "nfo_date": Rule(
        "warning", "both", "“{value}” in <{tag}> is not a date that players read.", "Write it as 2024-12-31."
    ),
    "nfo_rating": Rule("warning", "kodi", "Kodi drops the rating {value}.", "A rating is more than 0 and at most 10."),
    "nfo_logo_aspect": Rule(
        "error",
        "jellyfin",
        'Jellyfin takes a <thumb aspect="logo"> for the poster.',
        'Write aspect="clearlogo", or keep the picture as clearlogo.png.',
    ),
    "nfo_season_thumb": Rule(
        "warning",
        "jellyfin",
        "Jellyfin takes the thumb of a season for the poster of the series.",
        "Take the <thumb> out and keep the picture as season01-poster.jpg.",
    ),
    "nfo_thumb_beats_file": Rule(
        "warning",
        "jellyfin",
        "The address in <{tag}> beats {file}, which lies in the folder.",
        "Take the <{tag}> out.",
    ),
    "nfo_place": Rule(
        "warning", "jellyfin", "<{tag}> says {value}, which is no place among the episodes.", "Take the <{tag}> out."
    ),
    "nfo_other_number": Rule(
        "warning",
        "both",
        "The file name says {name}, the NFO file {described}; the name counts.",
        "Rename the video, or correct the NFO file.",
    ),
    "nfo_other_id": Rule(
        "warning",
        "both",
        "The folder's name says {service} {folder}, the NFO file {described}.",
        "Correct the one that is wrong.",
    ),
    "no_number": Rule(
        "error",
        "both",
        "The name has no SxxEyy: Kodi does not find the episode, whatever the NFO file says.",
        "Rename it like “Series - S01E05 - Title”.",
    ),
    "season_extras": Rule(
        "warning",
        "jellyfin",
        "Jellyfin may take the folder for season 0 and its videos for specials.",
        "Move the videos beside the episodes with a name that ends in -other or -trailer, or to a folder trailers.",
    ),
    "season_name": Rule(
        "warning",
        "jellyfin",
        "The folder of season {season} should be named “Season {number}”.",
        "Rename it.",
    ),
    "seasons_mixed": Rule(
        "warning",
        "both",
        "The folder of season {season} holds episodes of season {other}.",
        "Move them to the folder of their season.",
    ),
    "loose_episodes": Rule(
        "warning",
        "jellyfin",
        "{count} episodes lie beside the folders of seasons instead of in them.",
        "Move them into the folder of their season.",
    ),
    "several_files": Rule(
        "info",
        "kodi",
        "{count} episodes are there in more than one file; Kodi shows each of them.",
        "Keep one file for each episode, if that is not wanted.",
    ),
    "no_videos": Rule("info", "both", "There are no videos: players show nothing.", "Download or add episodes."),
    "ignored_by_jellyfin": Rule(
        "info", "jellyfin", "Because of .ignore, Jellyfin passes over this.", "Delete .ignore."
    ),
    "ignored_by_kodi": Rule("info", "kodi", "Because of .nomedia, Kodi passes over this.", "Delete .nomedia."),
    "poster_missing": Rule("warning", "both", "There is no poster.", "Load the pictures again."),
    "artwork_name": Rule("warning", "kodi", "Kodi does not find this picture.", "Name it {name}."),
    "season_artwork_name": Rule("warning", "both", "Players do not find this picture of a season.", "Name it {name}."),
    "logo_name": Rule("warning", "kodi", "Kodi does not find logo.png.", "Name it clearlogo.png, which both find."),
    "name_too_long": Rule(
        "error",
        "both",
        "The name takes {bytes} bytes: what belongs beside it cannot be named.",
        "Rename it to at most 240 bytes.",
    ),
    "name_not_portable": Rule(
        "warning",
        "both",
        "Not every system can hold this name.",
        'Rename it without < > : " \\ | ? * and a dot at the end.',
    ),
}
"""Sources: what :mod:`nfo_facts` and ``PICTURE_FILES`` keep to."""


def finding(path: str, code: Code, player: Player | None = None, **parameters: object) -> Finding:
    """One finding, in words. ``player``: where it is another one than usual."""
    rule = RULES[code]
    words = {name: str(value)[:200] for name, value in parameters.items()}
    return Finding(
        path=path,
        severity=rule.severity,
        player=player or rule.player,
        code=code,
        parameters=words,
        message=rule.message.format(**words).strip(),
        fix=rule.fix.format(**words),
    )
