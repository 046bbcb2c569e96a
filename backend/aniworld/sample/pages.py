"""The pages of the sample site: plain HTML such as a catalogue site serves."""

from __future__ import annotations

import datetime as dt
from html import escape

from aniworld.sample.content import Episode, Season, Series, links_of

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 16%, transparent); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; }
a { color: inherit; }
header { display: flex; gap: 1rem; align-items: center; justify-content: space-between; margin-bottom: 1.5rem; }
header a { font-weight: 700; text-decoration: none; }
input, button { font: inherit; padding: .4rem .7rem; }
.results { list-style: none; padding: 0; display: grid; gap: 1.5rem;
  grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); }
.card-cover { width: 100%; height: auto; border-radius: .5rem; }
.card-title { font-size: 1.1rem; margin: .5rem 0 0; }
.card-info { margin: 0; opacity: .7; }
.series-fanart { width: 100%; height: auto; border-radius: .75rem; }
.series-poster { float: right; width: 11rem; height: auto; margin: 0 0 1rem 1.5rem; border-radius: .5rem; }
.series-logo { display: block; width: 14rem; height: auto; margin-top: 1rem; }
.genres, .links { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
.genres li, .link, .lang { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem; }
.seasons { display: flex; gap: 1rem; clear: both; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .5rem; border-bottom: 1px solid var(--line); }
.announced { opacity: .6; }
"""


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – Sample Shelf</title>\n"
        '<link rel="icon" href="data:,">\n<link rel="stylesheet" href="/style.css">\n</head>\n<body>\n'
        '<header><a href="/">Sample Shelf</a>\n'
        '<form action="/search"><input type="search" name="q" aria-label="Search" placeholder="Search">'
        " <button>Search</button></form></header>\n"
        f"<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def results(heading: str, hits: list[Series]) -> str:
    """The series that were found, or all of them on the front page."""
    if not hits:
        return _page(heading, f'<h1>{escape(heading)}</h1>\n<p class="empty">Nothing was found.</p>')
    cards = "\n".join(
        f'<li class="card">\n<a class="card-link" href="/series/{series.slug}">'
        f'<img class="card-cover" src="/art/{series.slug}/cover.jpg" alt="" width="300" height="428" loading="lazy">\n'
        f'<h2 class="card-title">{escape(series.title)}</h2></a>\n'
        f'<p class="card-info"><span class="card-year">{series.year}</span> · '
        f'<span class="card-genres">{escape(", ".join(series.genres))}</span></p>\n</li>'
        for series in hits
    )
    return _page(heading, f'<h1>{escape(heading)}</h1>\n<ul class="results">\n{cards}\n</ul>')


def series_page(series: Series) -> str:
    """One series: what it is about, and its seasons."""
    art = f"/art/{series.slug}"
    genres = "".join(
        f'<li><a href="/search?genre={escape(genre.lower().replace(" ", "+"))}">{escape(genre)}</a></li>'
        for genre in series.genres
    )
    story = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in series.description)
    seasons = "\n".join(
        f'<a href="/series/{series.slug}/season/{season.number}">{season.name}</a>' for season in series.seasons
    )
    return _page(
        series.title,
        '<article class="series">\n'
        f'<img class="series-fanart" src="{art}/fanart.jpg" alt="" width="1920" height="1080">\n'
        f'<img class="series-logo" src="{art}/logo.png" alt="" width="800" height="310">\n'
        f'<img class="series-poster" src="{art}/poster.jpg" alt="" width="1000" height="1426">\n'
        f'<h1 class="series-title"><span class="series-name">{escape(series.title)}</span> '
        f'<small class="series-year">({series.year})</small></h1>\n'
        f'<p class="series-status">Status: <strong>{series.status}</strong></p>\n'
        f'<ul class="genres">{genres}</ul>\n'
        f'<div class="series-description">\n{story}\n</div>\n'
        f'<nav class="seasons" aria-label="Seasons">\n{seasons}\n</nav>\n'
        "</article>",
    )


def season_page(series: Series, season: Season, *, seconds: float, today: dt.date) -> str:
    """The episodes of a season. ``seconds`` is how long each of them is."""
    minutes, rest = divmod(round(seconds), 60)
    rows = "\n".join(
        _episode_row(series, season, episode, f"{minutes}:{rest:02}", today) for episode in season.episodes
    )
    return _page(
        f"{series.title}, {season.name}",
        f'<h1><a href="/series/{series.slug}">{escape(series.title)}</a>, {season.name}</h1>\n'
        '<table class="episodes">\n<thead><tr><th>No.</th><th>Title</th><th>Aired</th><th>Length</th>'
        f"<th>Languages</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>",
    )


def _episode_row(series: Series, season: Season, episode: Episode, length: str, today: dt.date) -> str:
    aired = episode.aired(today)
    languages = {link.language.code: link.language.label for link in links_of(series, season, episode)}
    marks = " ".join(f'<span class="lang" data-lang="{code}">{label}</span>' for code, label in languages.items())
    return (
        f'<tr class="episode{"" if episode.out else " announced"}">\n'
        f'<td class="ep-number">{episode.number}</td>\n'
        f'<td class="ep-title"><a href="/series/{series.slug}/season/{season.number}/episode/{episode.number}">'
        f"{escape(episode.title)}</a></td>\n"
        f'<td class="ep-aired"><time datetime="{aired.isoformat()}">{aired.day} {aired:%B %Y}</time></td>\n'
        f'<td class="ep-duration">{length}</td>\n'
        f'<td class="ep-languages">{marks}</td>\n</tr>'
    )


def episode_page(series: Series, season: Season, episode: Episode, *, today: dt.date) -> str:
    """Where one episode can be had."""
    links = list(links_of(series, season, episode))
    if links:
        items = "\n".join(
            f'<li class="link" data-lang="{link.language.code}"><a class="watch" href="/go/{link.id}" rel="nofollow">'
            f'<span class="hoster">{link.hoster}</span></a> <span class="lang-name">{link.language.label}</span></li>'
            for link in links
        )
        where = f'<ul class="links">\n{items}\n</ul>'
    else:
        aired = episode.aired(today)
        where = f'<p class="empty">Not out yet. It airs on {aired.day} {aired:%B %Y}.</p>'
    return _page(
        f"{series.title}: {episode.title}",
        f'<p><a href="/series/{series.slug}/season/{season.number}">{escape(series.title)}, {season.name}</a></p>\n'
        f'<h1 class="episode-title">{episode.number}. {escape(episode.title)}</h1>\n{where}',
    )


def not_found() -> str:
    """For every address that leads nowhere."""
    return _page("Not found", '<h1>Not found</h1>\n<p class="empty">There is nothing at this address.</p>')
