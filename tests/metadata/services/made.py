"""Series that do not exist, and what the services say about them, in the shapes that their documentation has."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

_FIRST = ("Clockwork", "Paper", "Harbour", "Lantern", "Winter", "Glass", "Copper", "Velvet", "Orchard", "Signal")
_SECOND = ("Garden", "Voyage", "Academy", "Quartet", "Detective", "Railway", "Kitchen", "Archive", "Knights", "Moon")
_ROMAJI = ("Tokei", "Kami", "Minato", "Andon", "Fuyu", "Garasu", "Dou", "Birodo", "Kajuen", "Shingo")
_NATIVE = ("時計", "紙", "港", "行灯", "冬", "硝子", "銅", "天鵞絨", "果樹園", "信号")


@dataclass(frozen=True)
class Made:
    """One series: an entry a season at AniList, one for all of it at TMDB."""

    number: int
    seasons: int = 2
    episodes: int = 12

    @property
    def title(self) -> str:
        """In English."""
        turn = f" of Year {self.number // 100}" if self.number >= 100 else ""
        return f"{_FIRST[self.number % 10]} {_SECOND[self.number // 10 % 10]}{turn}"

    @property
    def romaji(self) -> str:
        """In Latin letters."""
        return f"{_ROMAJI[self.number % 10]} no {_SECOND[self.number // 10 % 10]} {self.number + 100}-gou"

    @property
    def native(self) -> str:
        """In Japanese."""
        return f"{_NATIVE[self.number % 10]}の第{self.number + 100}号"

    @property
    def year(self) -> int:
        """Of its first season."""
        return 1990 + self.number % 30

    @property
    def tmdb(self) -> int:
        """TMDB's id."""
        return 50_000 + self.number

    @property
    def tvdb(self) -> int:
        """The id of TheTVDB."""
        return 300_000 + self.number

    def anilist(self, season: int) -> int:
        """AniList's id of one season."""
        return 1_000 + self.number * 10 + season

    def aired(self, season: int, episode: int) -> dt.date:
        """When an episode was shown."""
        return dt.date(self.year + season - 1, 1, 7) + dt.timedelta(days=7 * (episode - 1))


def named(title: str, season: int) -> str:
    """The title of a season's entry."""
    return title if season == 1 else f"{title} Season {season}"


def media(made: Made, season: int, url: str) -> dict[str, object]:
    """An entry of AniList, with every field that may be asked for."""
    begin, end = made.aired(season, 1), made.aired(season, made.episodes)
    id_ = made.anilist(season)
    around = [(-1, "PREQUEL"), (1, "SEQUEL")]
    return {
        "id": id_,
        "idMal": id_ + 20_000,
        "title": {
            "romaji": named(made.romaji, season),
            "english": named(made.title, season),
            "native": named(made.native, season),
        },
        "synonyms": [f"{made.title}!" if season == 1 else f"{made.title} {season}"],
        "format": "TV",
        "episodes": made.episodes,
        "isAdult": False,
        "startDate": {"year": begin.year, "month": begin.month, "day": begin.day},
        "endDate": {"year": end.year, "month": end.month, "day": end.day},
        "seasonYear": begin.year,
        "coverImage": {"medium": f"{url}/art/medium{id_}.jpg", "extraLarge": f"{url}/art/poster{id_}.jpg"},
        "bannerImage": f"{url}/art/banner{id_}.jpg",
        "status": "FINISHED",
        "duration": 24,
        "description": f"The gears of <i>{made.title}</i> turn.<br><br>\n~!The gardener did it.!~\n(Source: Nobody)",
        "genres": ["Adventure", "Mystery"],
        "averageScore": 71 + made.number % 20,
        "tags": [
            {"name": "Steampunk", "rank": 90, "isMediaSpoiler": False, "isGeneralSpoiler": False},
            {"name": "Tragedy", "rank": 88, "isMediaSpoiler": True, "isGeneralSpoiler": False},
            {"name": "Tea", "rank": 20, "isMediaSpoiler": False, "isGeneralSpoiler": False},
        ],
        "studios": {"nodes": [{"name": "Studio Nowhere"}]},
        "relations": {
            "edges": [
                {
                    "relationType": kind,
                    "node": {
                        "id": made.anilist(season + step),
                        "type": "ANIME",
                        "format": "TV",
                        "episodes": made.episodes,
                        "title": {"romaji": named(made.romaji, season + step), "english": None},
                        "startDate": {"year": made.year + season + step - 1},
                    },
                }
                for step, kind in around
                if 1 <= season + step <= made.seasons
            ]
        },
        "characters": {
            "edges": [
                {
                    "node": {"name": {"full": "Rin"}},
                    "voiceActors": [{"name": {"full": "A. Voice"}, "image": {"large": f"{url}/art/voice.jpg"}}],
                },
                {"node": {"name": {"full": "A Cat"}}, "voiceActors": []},
            ]
        },
        "nextAiringEpisode": None,
        "airingSchedule": {
            "nodes": [
                {"episode": number, "airingAt": int(dt.datetime.combine(
                    made.aired(season, number), dt.time(16), dt.UTC).timestamp()) - 9 * 3600}
                for number in range(1, made.episodes + 1)
            ]
        },
    }  # fmt: skip


def result(made: Made) -> dict[str, object]:
    """A result of TMDB's search."""
    return {
        "id": made.tmdb,
        "name": made.title,
        "original_name": made.native,
        "original_language": "ja",
        "first_air_date": made.aired(1, 1).isoformat(),
        "genre_ids": [16, 9648],
        "overview": "The gears turn.",
        "poster_path": f"/poster{made.tmdb}.jpg",
        "vote_average": 7.5,
        "vote_count": 120,
    }


def show(made: Made, language: str, group: str) -> dict[str, object]:
    """A series of TMDB, and all that can be appended."""
    return result(made) | {
        "name": f"{made.title} auf Deutsch" if language == "de" else made.title,
        "overview": "" if language == "de" else "The gears turn.",
        "status": "Ended",
        "last_air_date": made.aired(made.seasons, made.episodes).isoformat(),
        "number_of_episodes": made.seasons * made.episodes,
        "episode_run_time": [24],
        "genres": [{"id": 16, "name": "Animation"}],
        "production_companies": [{"name": "Studio Nowhere"}],
        "seasons": [
            {"id": made.tmdb * 100 + number, "season_number": number, "poster_path": f"/season{number}.jpg"}
            for number in range(made.seasons + 1)
        ],
        "external_ids": {"imdb_id": f"tt{made.tmdb:07d}", "tvdb_id": made.tvdb},
        "images": {
            "posters": [
                _image("/posterde.jpg", "de", 5.0),
                _image("/posteren.jpg", "en", 6.0),
                _image("/posterplain.jpg", None, 9.0),
            ],
            "backdrops": [_image("/fanart.jpg", None, 5.5), _image("/landscape.jpg", "en", 5.4)],
            "logos": [_image("/logo.svg", "en", 5.2)],
        },
        "alternative_titles": {"results": [{"iso_3166_1": "JP", "title": made.romaji, "type": "Romaji"}]},
        "content_ratings": {"results": [
            {"iso_3166_1": "DE", "rating": "12"}, {"iso_3166_1": "US", "rating": "TV-14"},
        ]},
        "aggregate_credits": {"cast": [
            {"name": "A. Voice", "profile_path": "/voice.jpg", "roles": [{"character": "Rin (voice)"}]},
        ]},
        "translations": {"translations": [
            {"iso_639_1": "de", "iso_3166_1": "DE", "data": {"name": f"{made.title} auf Deutsch", "overview": ""}},
            {"iso_639_1": "en", "iso_3166_1": "US", "data": {"name": made.title, "overview": "The gears turn."}},
        ]},
        "keywords": {"results": [{"id": 1, "name": "steampunk"}]},
        "episode_groups": {"results": [
            {"id": group, "name": "All in a row", "type": 2, "episode_count": made.seasons * made.episodes},
        ]},
    }  # fmt: skip


def season(made: Made, number: int, language: str) -> dict[str, object]:
    """A season of TMDB with its episodes. In German only the first episode has a text."""
    count = made.episodes if number else 1
    german = {"en": False}.get(language, True)
    return {
        "id": made.tmdb * 100 + number,
        "season_number": number,
        "name": ("Specials" if number == 0 else f"Staffel {number}" if german else "The Long Arc"),
        "overview": "" if german else f"In season {number} everything turns.",
        "air_date": made.aired(max(number, 1), 1).isoformat(),
        "poster_path": f"/season{number}.jpg",
        "episodes": [episode(made, number, place, german=german) for place in range(1, count + 1)],
    }


def episode(made: Made, number: int, place: int, *, german: bool = False) -> dict[str, object]:
    """One episode of TMDB."""
    silent = german and place > 1
    return {
        "id": made.tmdb * 10_000 + number * 1000 + place,
        "season_number": number,
        "episode_number": place,
        "name": f"Folge {place}" if silent else f"{'Zahnrad' if german else 'Gear'} {number}-{place}",
        "overview": "" if silent else "It turns.",
        "air_date": made.aired(max(number, 1), place).isoformat(),
        "runtime": 24,
        "still_path": f"/still{number}x{place}.jpg",
        "vote_average": 7.9,
        "vote_count": 11,
        "crew": [{"job": "Director", "name": "D. Rector"}, {"job": "Writer", "name": "W. Riter"}],
        "guest_stars": [],
    }


def order(made: Made, group: str) -> dict[str, object]:
    """All episodes of a series in a row, as an episode group of TMDB."""
    places = [(number, place) for number in range(1, made.seasons + 1) for place in range(1, made.episodes + 1)]
    listed = [episode(made, number, place) | {"order": index} for index, (number, place) in enumerate(places)]
    return {"id": group, "name": "All in a row", "type": 2, "groups": [
        {"id": "a1b2c3d4e5f6", "name": "Everything", "order": 1, "episodes": listed},
    ]}  # fmt: skip


def art(made: Made, url: str) -> dict[str, object]:
    """The pictures of fanart.tv: numbers are texts there."""

    def one(name: str, lang: str, likes: str, **more: str) -> dict[str, str]:
        return {"id": f"{made.number}1", "url": f"{url}/fanart/{name}", "lang": lang, "likes": likes, **more}

    return {
        "name": made.title,
        "thetvdb_id": str(made.tvdb),
        "hdtvlogo": [one("logo-en.png", "en", "3"), one("logo-de.png", "de", "1")],
        "showbackground": [one("background.jpg", "00", "7", season="all", width="1920", height="1080")],
        "tvbanner": [one("banner.jpg", "en", "2")],
        "tvthumb": [one("thumb.jpg", "en", "2")],
        "seasonposter": [
            one("season1.jpg", "en", "1", season="1"),
            one("seasons.jpg", "en", "1", season="all"),
            one("lost.jpg", "en", "1", season="?"),
        ],
        "characterart": [one("character.png", "en", "2")],
    }  # fmt: skip


def ids(made: Made) -> list[dict[str, object]]:
    """Its lines in the public list of ids."""
    return [
        {
            "type": "TV",
            "anidb_id": 9_000 + made.anilist(number),
            "anilist_id": made.anilist(number),
            "mal_id": made.anilist(number) + 20_000,
            "imdb_id": [f"tt{made.tmdb:07d}"],
            "themoviedb_id": {"tv": made.tmdb},
            "tvdb_id": made.tvdb,
            "season": {"tvdb": number, "tmdb": number},
        }
        for number in range(1, made.seasons + 1)
    ]


def _image(path: str, language: str | None, average: float) -> dict[str, object]:
    return {"file_path": path, "iso_639_1": language, "width": 2000, "height": 3000,
            "vote_average": average, "vote_count": 10}  # fmt: skip
