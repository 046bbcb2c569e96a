"""What yt-dlp says, read and chosen from. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aniworld.catalog.extraction import readings
from aniworld.catalog.extraction.expiry import expiry
from aniworld.catalog.extraction.formats import Format, choose
from aniworld.catalog.extraction.types import Answer, Found

BASE = "https://cdn.example/"


def both(name: str, height: int | None = None, language: str | None = None, **more: Any) -> Format:
    return Format(url=BASE + name, protocol="http", height=height, language=language, **more)


def picture(name: str, height: int, **more: Any) -> Format:
    return Format(url=BASE + name, protocol="http", height=height, sound=False, **more)


def sound(name: str, language: str | None = None, **more: Any) -> Format:
    return Format(url=BASE + name, protocol="http", picture=False, language=language, **more)


def names(choice: tuple[Format, Format | None] | None) -> str:
    if choice is None:
        return "nothing"
    return "+".join(made.url.removeprefix(BASE) for made in choice if made is not None)


@pytest.mark.parametrize(
    ("formats", "height", "language", "chosen"),
    [
        ([], None, None, "nothing"),
        ([sound("a")], None, None, "nothing"),
        ([both("x")], None, "de", "x"),
        ([both("low", 480), both("high", 1080)], None, None, "high"),
        ([both("low", 480), both("high", 1080)], 720, None, "low"),
        ([both("low", 480), both("exact", 720), both("high", 1080)], 720, None, "exact"),
        ([both("high", 1080), both("higher", 2160)], 720, None, "high"),
        ([both("unknown"), both("high", 1080)], 720, None, "unknown"),
        ([both("worse", 720), both("better", 720)], None, None, "better"),
        ([picture("v", 1080), sound("a")], None, None, "v+a"),
        ([picture("v", 1080), both("b", 720), sound("a")], 720, None, "b"),
        ([picture("silent", 1080)], None, None, "silent"),
        ([picture("silent", 1080), both("b", 480)], None, None, "b"),
        ([picture("v", 1080), sound("ja", "ja"), sound("de", "de")], None, "de", "v+de"),
        ([picture("v", 1080), sound("ja", "jpn"), sound("de", "ger")], None, "ja+de", "v+ja"),
        ([picture("v", 1080), sound("none"), sound("de", "de-AT")], None, "de", "v+de"),
        ([picture("v", 1080), sound("en", "en"), sound("none")], None, "de", "v+none"),
        ([both("ja", 1080, "ja"), both("de", 480, "de")], None, "de", "de"),
        ([both("ja", 480, "ja"), both("de", 1080, "de")], 720, "de", "ja"),
        ([both("b", 1080, "ja"), sound("de", "de")], None, "de", "b+de"),
        ([both("b", 1080, "de"), sound("de", "de")], None, "de", "b"),
        ([both("b", 1080), sound("en", "en")], None, "de", "b"),
        ([picture("v", 1), sound("dub", "en"), sound("first", "en", language_rank=10)], None, None, "v+first"),
        ([picture("v", 1), sound("rich", bitrate=256.0), sound("poor", bitrate=64.0)], None, None, "v+rich"),
        (
            [picture("v", 1, manifest="m"), sound("other", bitrate=256.0), sound("same", manifest="m")],
            None,
            None,
            "v+same",
        ),
    ],
)
def test_the_choice(formats: list[Format], height: int | None, language: str | None, chosen: str) -> None:
    assert names(choose(formats, height, language)) == chosen


def no_cookies(_url: str) -> str:
    return ""


def test_formats_are_read() -> None:
    raw = {
        "formats": [
            {"url": "https://a.example/v.mp4", "protocol": "https", "vcodec": "avc1", "acodec": "none", "height": 720},
            {"url": "https://a.example/drm.mp4", "has_drm": True},
            {"url": "https://a.example/story", "protocol": "mhtml", "vcodec": "none", "acodec": "none"},
            {"url": "rtmp://a.example/x", "protocol": "rtmp"},
            {"url": "https://a.example/live", "protocol": "http_dash_segments", "fragments": iter([])},
            {"url": "https://a.example/x", "protocol": "m3u8_native", "hls_aes": {"key": "0"}},
            {"url": "wss://a.example/x", "protocol": "websocket_frag"},
            {"url": 7},
            None,
            {
                "url": "https://a.example/v.mpd",
                "protocol": "http_dash_segments",
                "fragment_base_url": "https://b.example/p/",
                "fragments": [{"path": "init"}, {"url": "https://c.example/1", "duration": 2.5}],
                "http_headers": {
                    "Referer": "https://a.example/",
                    "Accept-Encoding": "br",
                    "Host": "evil",
                    "Range": "x",
                },
            },
        ]
    }
    first, second = readings.formats(raw, lambda url: "a=b" if "b.example" in url else "")
    assert (first.url, first.picture, first.sound, first.height) == ("https://a.example/v.mp4", True, False, 720)
    assert [(piece.url, piece.duration) for piece in second.fragments] == [
        ("https://b.example/p/init", 0.0),
        ("https://c.example/1", 2.5),
    ]
    assert second.url == "https://b.example/p/init"
    assert second.headers == {"Referer": "https://a.example/", "Cookie": "a=b"}


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "ü", "", "x" * 5000, 7, None, ["Referer"], "\0"])
def test_a_header_that_is_none(value: object) -> None:
    raw = {"url": BASE, "http_headers": {"Referer": value}}
    (made,) = readings.formats(raw, no_cookies)
    assert made.headers == {}


def test_a_track_with_a_gap_is_none() -> None:
    raw = {"url": BASE, "protocol": "http_dash_segments", "fragments": [{"url": BASE}, {"path": "no base"}]}
    assert readings.formats(raw, no_cookies) == []
    raw["fragments"] = [{"url": BASE}] * (readings.MOST_FRAGMENTS + 1)
    assert readings.formats(raw, no_cookies) == []


def test_variants_of_one_list_are_left_to_our_reader() -> None:
    master = "https://a.example/master.m3u8"
    video = Format(url=BASE + "v", protocol="hls", sound=False, manifest=master, headers={"Referer": "x"})
    audio = Format(url=BASE + "a", protocol="hls", picture=False, manifest=master)
    made = readings.stream((video, audio))
    assert (made.url, made.protocol, made.audio, made.headers) == (master, "hls", None, {"Referer": "x"})
    elsewhere = msgspec.structs.replace(audio, manifest="https://b.example/other.m3u8")
    made = readings.stream((video, elsewhere))
    assert made.url == BASE + "v"
    assert made.audio is not None
    assert made.audio.url == BASE + "a"


def test_subtitles_are_read() -> None:
    raw = {
        "subtitles": {
            "de": [
                {"url": "https://a.example/de.srt", "ext": "srt"},
                {"url": "https://a.example/de.vtt", "ext": "vtt", "name": "Deutsch"},
            ],
            "en": [{"url": "https://a.example/en.m3u8", "ext": "vtt", "protocol": "m3u8_native"}],
            "fr": [{"url": "https://a.example/fr.ttml", "ext": "ttml"}],
            "it": [{"url": "file:///etc/passwd", "ext": "srt"}],
            "xx": "nonsense",
        },
        "automatic_captions": {"ja": [{"url": "https://a.example/ja.vtt", "ext": "vtt"}]},
    }
    (only,) = readings.subtitles(raw, no_cookies)
    assert (only.language, only.format, only.url, only.name) == ("de", "vtt", "https://a.example/de.vtt", "Deutsch")


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("https://h/v.mp4", None),
        ("https://h/v.mp4?expire=1800000000", 1_800_000_000),
        ("https://h/v.mp4?Expires=1800000000&Signature=x", 1_800_000_000),
        ("https://h/v.mp4?exp=1800000000&e=1700000000", 1_700_000_000),
        ("https://h/videoplayback/expire/1800000000/ei/x/index.m3u8", 1_800_000_000),
        ("https://h/exp=1800000000~acl=x/v.mp4", 1_800_000_000),
        ("https://h/v?X-Amz-Date=20261124T120000Z&X-Amz-Expires=3600", 1_795_525_200),
        ("https://h/v?X-Amz-Date=nonsense&X-Amz-Expires=3600", None),
        ("https://h/v?X-Amz-Date=20261124T120000Z&X-Amz-Expires=99999999", None),
        ("https://h/v?expire=3600", None),
        ("https://h/v?expire=18000000000000", None),
        ("https://h/v?expire=soon", None),
        ("https://h/1800000000/v.mp4", None),
    ],
)
def test_when_an_address_dies(url: str, seconds: int | None) -> None:
    expected = None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
    assert expiry(url) == expected


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("https://h/a b", "https://h/a%20b"),
        ("https://h/ü?q=ö", "https://h/%C3%BC?q=%C3%B6"),
        ("//h/x", None),
        ("ftp://h/x", None),
        ("javascript:alert(1)", None),
        ("https://h/" + "x" * 9000, None),
        (b"https://h/", None),
        (None, None),
    ],
)
def test_addresses(value: object, read: str | None) -> None:
    assert readings.address(value) == read


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("https://h/x"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_FIELDS = (
    "url", "protocol", "vcodec", "acodec", "ext", "height", "tbr", "language", "language_preference", "manifest_url",
    "filesize", "http_headers", "fragments", "fragment_base_url", "has_drm", "title", "season_number", "duration",
    "upload_date", "timestamp", "episode_number",
)  # fmt: skip
_raw = st.dictionaries(st.sampled_from(_FIELDS), _anything)


@settings(max_examples=300, deadline=None)
@given(formats=st.lists(_raw, max_size=4), subtitles=_anything, entries=st.lists(_raw, max_size=4))
def test_whatever_a_page_makes_of_it(
    formats: list[dict[str, Any]], subtitles: Any, entries: list[dict[str, Any]]
) -> None:
    """Nothing raises, and what comes out passes the schema at the door."""
    info = {"formats": formats, "subtitles": subtitles, "entries": entries, "title": "x"}
    chosen = choose(readings.formats(info, no_cookies), 720, "ja+de")
    answers: list[Answer] = [readings.listed(info, 3)]
    if chosen is not None:
        answers.append(Found(stream=readings.stream(chosen, readings.subtitles(info, no_cookies))))
    for answer in answers:
        assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer
