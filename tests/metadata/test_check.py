"""What players will make of a folder: each finding once, where it belongs; and silence about what we write."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.metadata import check_folder, check_nfo, check_service, service
from aniworld.metadata.check_types import CODES, RULES, FolderCheck
from aniworld.metadata.types import EpisodeFacts, SeasonFacts, SeriesFacts

FOLDER = "Clockwork Garden (2021) [tmdbid-77]"
VIDEO = "Season 01/Clockwork Garden - S01E05 - Seeds.mkv"
T, E = "tvshow", "episodedetails"
OK = "<title>X</title>"
TWO_DEFAULTS = '<uniqueid type="a" default="true">1</uniqueid><uniqueid type="b" default="true">1</uniqueid>'


def _codes(check: FolderCheck) -> set[str]:
    return {item.code for item in check.findings}


def _look(files: list[str], nfos: dict[str, str | bytes] | None = None, folder: str = FOLDER) -> FolderCheck:
    seen = {}
    for path, text in (nfos or {}).items():
        root = {"tvshow.nfo": T, "season.nfo": "season"}.get(path.rpartition("/")[2], E)
        data = text if isinstance(text, bytes) else text.encode()
        seen[path] = check_nfo.look(f"{folder}/{path}", data, root)
    return check_folder.check(check_folder.Listing(folder=folder, files=[*files, *seen], nfos=seen))


def test_what_we_write_is_found_to_be_right(tmp_path: Path) -> None:
    season = tmp_path / FOLDER / "Season 01"
    season.mkdir(parents=True)
    (tmp_path / FOLDER / VIDEO).touch()
    for name in ("poster.jpg", "fanart.jpg", "clearlogo.png", "season01-poster.jpg"):
        (tmp_path / FOLDER / name).touch()
    facts = SeriesFacts(title="Uhrwerkgarten", year=2021, ids=(("tmdb", "77"),), named_seasons=((1, "Brass"),))
    service.write_series_nfo(tmp_path, FOLDER, facts)
    service.write_season_nfo(tmp_path, f"{FOLDER}/Season 01", SeasonFacts(season=1, title="Brass"))
    episode = EpisodeFacts(series="Clockwork Garden", season=1, episode=5, title="Seeds")
    service.write_episode_nfo(tmp_path, f"{FOLDER}/{VIDEO}", [episode])
    check = check_service.check(tmp_path, FOLDER)
    assert check.findings == []
    for view in check.players:
        assert (view.title, view.year, view.episodes, view.passed_over) == ("Uhrwerkgarten", 2021, 1, 0)
        assert [(item.season, item.name, item.episodes) for item in view.seasons] == [(1, "Brass", 1)]
        assert view.artwork == ["poster", "fanart", "clearlogo"]
    assert check_service.series_folders(tmp_path) == [tmp_path / FOLDER]
    assert check_service.series_folders(tmp_path / FOLDER) == [tmp_path / FOLDER]


NFOS: dict[str, str | bytes] = {
    "nfo_malformed": "<tvshow><title>X",
    "nfo_unreadable": b"<tvshow>\xff</tvshow>",
    "nfo_control_characters": "<tvshow><title>\x01</title></tvshow>",
    "nfo_only_address": "https://www.themoviedb.org/tv/1\n",
    "nfo_wrong_root": "<movie/>",
    "nfo_kodi_multi_episode": "<kodimultiepisode><episodedetails/></kodimultiepisode>",
    "nfo_encoding": f'<?xml version="1.0" encoding="windows-1252"?><tvshow>{OK}</tvshow>',
    "nfo_locked": f"<tvshow>{OK}<lockdata>true</lockdata></tvshow>",
    "nfo_no_title": "<tvshow/>",
    "nfo_legacy_id": f'<tvshow>{OK}<id>5</id><uniqueid type="tmdb">77</uniqueid></tvshow>',
    "nfo_several_default_ids": f"<tvshow>{OK}{TWO_DEFAULTS}</tvshow>",
    "nfo_no_default_id": f'<tvshow>{OK}<uniqueid type="a">1</uniqueid><uniqueid type="b">1</uniqueid></tvshow>',
    "nfo_status": f"<tvshow>{OK}<status>Finished</status></tvshow>",
    "nfo_slash": f"<tvshow>{OK}<genre>A/B</genre></tvshow>",
    "nfo_date": f"<tvshow>{OK}<premiered>9.4.2021</premiered></tvshow>",
    "nfo_rating": f'<tvshow>{OK}<ratings><rating max="10"><value>81</value></rating></ratings></tvshow>',
    "nfo_logo_aspect": f'<tvshow>{OK}<thumb aspect="logo">https://x/l.png</thumb></tvshow>',
    "nfo_season_thumb": f'<tvshow>{OK}<thumb type="season" season="1">https://x/l.png</thumb></tvshow>',
    "nfo_thumb_beats_file": f'<tvshow>{OK}<thumb aspect="poster">https://x/p.jpg</thumb></tvshow>',
    "nfo_place": f"<tvshow>{OK}<displayseason>-1</displayseason></tvshow>",
    "nfo_other_id": f'<tvshow>{OK}<uniqueid type="tmdb" default="true">78</uniqueid></tvshow>',
}
FINE: dict[str, str | bytes] = {
    "tvshow.nfo": f"<tvshow>{OK}</tvshow>",
    VIDEO.replace(".mkv", ".nfo"): f"<episodedetails>{OK}</episodedetails>",
}


@pytest.mark.parametrize("code", NFOS)
def test_a_description(code: str) -> None:
    check = _look([VIDEO, "poster.jpg"], {**FINE, "tvshow.nfo": NFOS[code]})
    assert _codes(check) == {code}
    assert check.findings[0].path == f"{FOLDER}/tvshow.nfo"


LONG = "Season 01/" + "x" * 240 + " S01E05"
FOLDERS: dict[str, tuple[list[str], dict[str, str | bytes]]] = {
    "no_series_nfo": ([VIDEO], {}),
    "episodes_without_nfo": ([VIDEO], {"tvshow.nfo": f"<tvshow>{OK}</tvshow>"}),
    "nfo_without_video": ([VIDEO], {**FINE, "Season 01/other.nfo": f"<episodedetails>{OK}</episodedetails>"}),
    "nfo_not_stacked": (
        ["Season 01/X - S01E05-E06.mkv"],
        {"Season 01/X - S01E05-E06.nfo": f"<episodedetails>{OK}</episodedetails>"},
    ),
    "nfo_other_number": (
        [VIDEO],
        {VIDEO.replace("mkv", "nfo"): f"<episodedetails>{OK}<season>1</season><episode>6</episode></episodedetails>"},
    ),
    "no_number": (["Season 01/Clockwork Garden - 05.mkv"], {}),
    "season_extras": ([VIDEO, "extras/a.mkv"], {}),
    "season_name": (["S01/X - S01E05.mkv"], {}),
    "seasons_mixed": (["Season 01/X - S02E05.mkv"], {}),
    "loose_episodes": ([VIDEO, "X - S01E06.mkv"], {}),
    "several_files": ([VIDEO, "Season 01/Clockwork Garden - S01E05 - Seeds [de].mkv"], {}),
    "no_videos": ([], {}),
    "ignored_by_jellyfin": ([VIDEO, ".ignore"], {}),
    "ignored_by_kodi": ([VIDEO, ".nomedia"], {}),
    "poster_missing": ([VIDEO], {}),
    "artwork_name": ([VIDEO, "folder.jpg"], {}),
    "season_artwork_name": ([VIDEO, "season1-poster.jpg"], {}),
    "logo_name": ([VIDEO, "logo.png"], {}),
    "name_too_long": ([f"{LONG}.mkv"], {}),
    "name_not_portable": (["Season 01/What? - S01E05.mkv"], {}),
}


@pytest.mark.parametrize("code", FOLDERS)
def test_a_folder(code: str) -> None:
    files, nfos = FOLDERS[code]
    assert code in _codes(_look(files, nfos))
    assert code not in _codes(_look([VIDEO, "poster.jpg"], FINE))


def test_every_finding_is_tested_and_says_what_to_do() -> None:
    assert set(NFOS) | set(FOLDERS) == set(CODES) == set(RULES)
    assert all(rule.message and rule.fix for rule in RULES.values())


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Show - S01E05 - 005 - Title", (1, (5,))),
        ("Show S01E01E02", (1, (1, 2))),
        ("Show S01E01-02", (1, (1, 2))),
        ("Show S01E01-S01E02", (1, (1, 2))),
        ("Show 1x05", (1, (5,))),
        ("Show EP05", (1, (5,))),
        ("Show - 05", None),
        ("Show 1920x1080", (1920, (1080,))),
    ],
)
def test_what_kodi_reads_in_a_name(name: str, numbers: tuple[int, tuple[int, ...]] | None) -> None:
    assert check_folder.kodi_numbers(name) == numbers


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "x.nfo").write_text("<episodedetails/>")
    root = tmp_path / "anime" / "Show"
    root.mkdir(parents=True)
    (root / "Season 01").symlink_to(tmp_path / "secret")
    (root / "tvshow.nfo").symlink_to(tmp_path / "secret" / "x.nfo")
    check = check_service.check(tmp_path / "anime", "Show")
    assert "nfo_unreadable" in _codes(check)
    assert not any("x.nfo" in item.path for item in check.findings)
