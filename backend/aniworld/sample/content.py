"""What the sample site lists: three invented series."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Hoster = Literal["Streamline", "Rivulet"]
HOSTERS: tuple[Hoster, ...] = ("Streamline", "Rivulet")
"""Streamline hands out one MP4 file, Rivulet an HLS playlist."""


@dataclass(frozen=True, slots=True)
class Language:
    """One way an episode can be heard and read."""

    code: str
    """As the site writes it (``data-lang``); a profile maps it."""
    label: str
    badge: str
    """Short, burnt into the clips."""
    subtitled: bool


LANGUAGES = (
    Language("jpn-eng-sub", "English subtitles", "JA  +  EN", subtitled=True),
    Language("ger-dub", "German", "DE", subtitled=False),
)


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode. ``when`` is its date, or the number of days until it comes out."""

    number: int
    title: str
    when: dt.date | int

    @property
    def out(self) -> bool:
        """Whether it can be had; an announced episode has no links."""
        return isinstance(self.when, dt.date)

    def aired(self, today: dt.date) -> dt.date:
        """Its air date, seen from ``today``."""
        return self.when if isinstance(self.when, dt.date) else today + dt.timedelta(days=self.when)


@dataclass(frozen=True, slots=True)
class Season:
    """A season; number 0 holds the specials."""

    number: int
    episodes: tuple[Episode, ...]

    @property
    def name(self) -> str:
        """As the site shows it."""
        return f"Season {self.number}" if self.number else "Specials"

    def episode(self, number: int) -> Episode | None:
        """The episode of that number, if there is one."""
        return next((episode for episode in self.episodes if episode.number == number), None)


@dataclass(frozen=True, slots=True)
class Series:
    """A series with all its seasons."""

    slug: str
    title: str
    year: int
    status: Literal["Completed", "Airing"]
    genres: tuple[str, ...]
    description: tuple[str, ...]
    """Paragraphs."""
    lines: tuple[str, ...]
    """What is said in the clips; burnt in where there are subtitles."""
    seasons: tuple[Season, ...]

    def season(self, number: int) -> Season | None:
        """The season of that number, if there is one."""
        return next((season for season in self.seasons if season.number == number), None)


@dataclass(frozen=True, slots=True)
class Link:
    """One place where one episode can be had in one language."""

    series: Series
    season: Season
    episode: Episode
    language: Language
    hoster: Hoster

    @property
    def id(self) -> str:
        """Opaque and the same at every start."""
        name = f"{self.series.slug}/{self.season.number}/{self.episode.number}/{self.language.code}/{self.hoster}"
        return hashlib.sha256(name.encode()).hexdigest()[:12]


def _weekly(start: dt.date, *titles: str) -> tuple[Episode, ...]:
    return tuple(Episode(i + 1, title, start + dt.timedelta(weeks=i)) for i, title in enumerate(titles))


_CLOCKWORK_GARDEN = Series(
    slug="clockwork-garden",
    title="Clockwork Garden",
    year=2021,
    status="Completed",
    genres=("Adventure", "Mystery", "Steampunk"),
    description=(
        "On the roof of a city that has forgotten the seasons, a runaway apprentice finds a garden where every flower"
        " is wound by hand. Each key she turns wakes something that grows, and something that remembers.",
        "But the great spring beneath the glass is running down, and whoever built it left no second key.",
    ),
    lines=(
        "Listen. It is still ticking.",
        "Nobody has wound this one in a hundred years.",
        "A seed made of brass? What grows from that?",
        "Turn it gently. It remembers every hand.",
        "Then we have until the spring runs down.",
    ),
    seasons=(
        Season(
            1,
            _weekly(
                dt.date(2021, 4, 9),
                "The Brass Seed",
                "Rain on the Glass Roof",
                "What the Sundial Said",
                "A Bee of Nine Gears",
                "The Gardener's Apprentice",
                "Winding Day",
            ),
        ),
        Season(
            2,
            _weekly(
                dt.date(2022, 1, 14),
                "Rust Season",
                "The Greenhouse Under the City",
                "A Key for Every Root",
                "Spring, Unwound",
            ),
        ),
        Season(0, _weekly(dt.date(2021, 12, 24), "The Night the Pendulums Danced")),
    ),
)

_PAPER_LANTERNS = Series(
    slug="paper-lanterns",
    title="Paper Lanterns",
    year=2019,
    status="Completed",
    genres=("Drama", "Slice of Life", "Supernatural"),
    description=(
        "Every summer the people of Hikage write what they cannot say on a lantern and let the river take it."
        " Nao, who repairs the ones that come back, has begun to read them.",
        "Twelve quiet evenings about letters that find the wrong person at the right time.",
    ),
    lines=(
        "This one came back again.",
        "You are not supposed to read them.",
        "The river only keeps what it is given.",
        "I wrote it for someone who cannot answer.",
        "Let go. It knows the way.",
    ),
    seasons=(
        Season(
            1,
            _weekly(
                dt.date(2019, 7, 5),
                "First Light on the River",
                "The Lantern Maker's Daughter",
                "Ink That Would Not Dry",
                "A Letter, Folded: Twice",
                "The Bridge of Small Wishes",
                "Moth Weather",
                "The Shop That Opens at Dusk",
                "Seven Colours of Smoke",
                "Who Counts the Boats?",
                "Festival Without Fire",
                "Paper Remembers",
                "Downstream",
            ),
        ),
    ),
)

_TIDE_AND_EMBER = Series(
    slug="tide-and-ember",
    title="Tide and Ember",
    year=2024,
    status="Airing",
    genres=("Action", "Fantasy"),
    description=(
        "Two islands, one lighthouse. When the flame that has kept the sea in its place for nine generations turns"
        " blue, the keeper's son and a diver from the far shore must carry its last ember across the open water.",
        "The tide follows them, and it does not come alone.",
    ),
    lines=(
        "Keep it dry, whatever happens.",
        "The water is warm. It should not be warm.",
        "Nine generations, and it goes out on my watch.",
        "There! Below the second wave.",
        "Then we burn the boat.",
    ),
    seasons=(
        Season(
            1,
            (
                *_weekly(
                    dt.date(2024, 10, 4),
                    "Saltglass",
                    "The Lighthouse That Burned Blue",
                    "Ash & Water",
                    "A Map Drawn in Kelp",
                    "The Ferryman's Debt",
                    "Undertow",
                ),
                Episode(7, "Kindling", 14),
                Episode(8, "Where the Two Seas Meet", 21),
            ),
        ),
    ),
)

SERIES = (_CLOCKWORK_GARDEN, _PAPER_LANTERNS, _TIDE_AND_EMBER)


def find(slug: str) -> Series | None:
    """The series of that slug, if there is one."""
    return next((series for series in SERIES if series.slug == slug), None)


def search(words: str) -> list[Series]:
    """The series whose title holds every word; all of them when no word is given."""
    wanted = words.casefold().split()
    return [series for series in SERIES if all(word in series.title.casefold() for word in wanted)]


def links_of(series: Series, season: Season, episode: Episode) -> Iterator[Link]:
    """Where the episode can be had; nothing before it is out."""
    if episode.out:
        for language in LANGUAGES:
            for hoster in HOSTERS:
                yield Link(series, season, episode, language, hoster)


LINKS = {
    link.id: link
    for series in SERIES
    for season in series.seasons
    for episode in season.episodes
    for link in links_of(series, season, episode)
}
"""Every link of the site by its id."""
