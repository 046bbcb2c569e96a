"""Playlists are read without being believed."""

from __future__ import annotations

import pytest

from aniworld.downloads.fetch.errors import PlaylistError, UnsupportedStreamError
from aniworld.downloads.fetch.playlist import MOST_SEGMENTS, MOST_VARIANTS, Key, MediaPlaylist, Piece, parse
from aniworld.downloads.fetch.variants import Master, Rendition

URL = "https://host.example/a/b/list.m3u8?signature=1"
MASTER = """#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080,CODECS="avc1.640028,mp4a.40.2"
/full.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2500000,RESOLUTION=1280x720
https://other.example/mid.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=9000000,CODECS="mp4a.40.2"
sound.m3u8
"""


def media(body: str, end: str = "#EXT-X-ENDLIST\n") -> MediaPlaylist:
    result = parse(f"#EXTM3U\n{body}{end}", URL)
    assert isinstance(result, MediaPlaylist)
    return result


@pytest.mark.parametrize(
    ("height", "chosen"),
    [
        (None, "https://host.example/full.m3u8"),
        (1080, "https://host.example/full.m3u8"),
        (1000, "https://other.example/mid.m3u8"),
        (360, "https://host.example/a/b/low.m3u8"),
        (144, "https://host.example/a/b/low.m3u8"),
    ],
)
def test_the_best_variant_that_is_not_too_tall(height: int | None, chosen: str) -> None:
    assert parse(MASTER, URL, height) == Master(chosen)


def test_pieces() -> None:
    playlist = media("#EXTINF:6.006,\nx/1.ts\n#EXTINF:4.5,title\n/2.ts?sig=2\n")
    assert [segment.media for segment in playlist.segments] == [
        Piece("https://host.example/a/b/x/1.ts"),
        Piece("https://host.example/2.ts?sig=2"),
    ]
    assert playlist.duration == pytest.approx(10.506)


def test_ranges_follow_one_another() -> None:
    playlist = media(
        '#EXT-X-MAP:URI="f.mp4",BYTERANGE="100@0"\n'
        "#EXTINF:1,\n#EXT-X-BYTERANGE:50@100\nf.mp4\n#EXTINF:1,\n#EXT-X-BYTERANGE:70\nf.mp4\n"
    )
    url = "https://host.example/a/b/f.mp4"
    assert [segment.media for segment in playlist.segments] == [Piece(url, 100, 50), Piece(url, 150, 70)]
    assert {segment.init for segment in playlist.segments} == {Piece(url, 0, 100)}


def test_the_fingerprint_stays_when_the_address_is_signed_anew() -> None:
    one = media("#EXTINF:1,\nhttps://cdn1.example/1.ts?sig=a\n")
    assert one.fingerprint() == media("#EXTINF:1,\nhttps://cdn2.example/1.ts?sig=b\n").fingerprint()
    assert one.fingerprint() != media("#EXTINF:2,\nhttps://cdn1.example/1.ts?sig=a\n").fingerprint()
    assert one.fingerprint() != media("#EXTINF:1,\nhttps://cdn1.example/2.ts?sig=a\n").fingerprint()


@pytest.mark.parametrize(
    "body",
    [
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF:1,\n1.ts\n',
        '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="skd://k",KEYFORMAT="com.apple.streamingkeydelivery"\n#EXTINF:1,\n1.ts\n',
        '#EXT-X-KEY:METHOD=AES-128,URI="k",KEYFORMAT="com.example"\n#EXTINF:1,\n1.ts\n',
        '#EXTINF:1,\n1.ts\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF:1,\n2.ts\n',
        "#EXT-X-I-FRAMES-ONLY\n#EXTINF:1,\n1.ts\n",
    ],
)
def test_what_is_not_supported(body: str) -> None:
    with pytest.raises(UnsupportedStreamError):
        media(body)


def test_only_what_is_finished() -> None:
    with pytest.raises(UnsupportedStreamError, match="running"):
        media("#EXTINF:1,\n1.ts\n", end="")
    assert media("#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:1,\n1.ts\n", end="").duration == 1
    assert media("#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\n1.ts\n").duration == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "#EXTINF:nan,\n1.ts\n",
        "#EXTINF:-1,\n1.ts\n",
        "#EXTINF:1e30,\n1.ts\n",
        "#EXTINF:abc,\n1.ts\n",
        "#EXTINF:100000,\n1.ts\n" * 2,
        "#EXTINF:1,\nfile:///etc/passwd\n",
        "#EXTINF:1,\ndata:video/mp2t;base64,AAAA\n",
        '#EXT-X-MAP:URI="ftp://x/y"\n#EXTINF:1,\n1.ts\n',
        "#EXTINF:1,\n#EXT-X-BYTERANGE:0@5\n1.ts\n",
        "#EXTINF:1,\n#EXT-X-BYTERANGE:x@y\n1.ts\n",
        "#EXT-X-GAP\n#EXTINF:1,\n1.ts\n",
        "#EXT-X-KEY:METHOD=AES-128\n#EXTINF:1,\n1.ts\n",
        '#EXT-X-KEY:METHOD=AES-128,URI="data:text/plain,0123456789abcdef"\n#EXTINF:1,\n1.ts\n',
        '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0xnone\n#EXTINF:1,\n1.ts\n',
        '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=12\n#EXTINF:1,\n1.ts\n',
        '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP:URI="i.mp4"\n#EXTINF:1,\n1.ts\n',
        "#EXTINF:1,\n#EXTINF:1,\n1.ts\n",
        "#EXT-X-MEDIA-SEQUENCE:-5\n#EXTINF:1,\n1.ts\n",
        "#EXT-X-STREAM-INF:BANDWIDTH=x\nv.m3u8\n",
        "#EXT-X-STREAM-INF:RESOLUTION=AxB,BANDWIDTH=1\nv.m3u8\n",
        "#EXT-X-MEDIA:TYPE=AUDIO\n#EXT-X-STREAM-INF:BANDWIDTH=1\njavascript:alert(1)\n",
        "#EXT-X-PROGRAM-DATE-TIME:never\n#EXTINF:1,\n1.ts\n",
    ],
)
def test_nonsense(body: str) -> None:
    with pytest.raises(PlaylistError):
        media(body)


def test_too_many_pieces() -> None:
    with pytest.raises(PlaylistError, match="more than"):
        media("#EXTINF:1,\n1.ts\n" * (MOST_SEGMENTS + 1))


def test_no_playlist() -> None:
    with pytest.raises(PlaylistError, match="no playlist"):
        parse("<html>", URL)
    assert media("\r\n#EXTINF:1,\r\n1.ts\r\n").duration == 1
    assert isinstance(parse("\ufeff#EXTM3U\n#EXTINF:1,\n1.ts\n#EXT-X-ENDLIST\n", URL), MediaPlaylist)


# --- keys -------------------------------------------------------------------------------------------------------


def test_keys_hold_for_what_follows_them() -> None:
    body = (
        "#EXT-X-MEDIA-SEQUENCE:7\n"
        '#EXT-X-MAP:URI="i.mp4"\n'
        "#EXTINF:1,\n1.ts\n"
        '#EXT-X-KEY:METHOD=AES-128,URI="k1"\n'
        "#EXTINF:1,\n2.ts\n"
        '#EXT-X-KEY:METHOD=AES-128,URI="/k2?a=1,b=2",IV=0x0A\n'
        '#EXT-X-MAP:URI="j.mp4"\n'
        "#EXTINF:1,\n3.ts\n"
        "#EXT-X-KEY:METHOD=NONE\n"
        "#EXTINF:1,\n4.ts\n"
    )
    one, two, three, four = media(body).segments
    first = Key("https://host.example/a/b/k1", (8).to_bytes(16, "big"))
    second = Key("https://host.example/k2?a=1,b=2", (10).to_bytes(16, "big"))
    assert [segment.media.key for segment in (one, two, three, four)] == [None, first, second, None]
    assert [segment.init.key for segment in (one, two, three, four) if segment.init] == [None, None, second, second]


def test_one_of_several_keys_is_ours() -> None:
    body = (
        '#EXT-X-KEY:METHOD=AES-128,URI="ours"\n'
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"\n#EXTINF:1,\n1.ts\n'
    )
    key = media(body).segments[0].media.key
    assert key is not None
    assert key.url == "https://host.example/a/b/ours"


def test_the_fingerprint_knows_keys() -> None:
    plain, locked = "#EXTINF:1,\n1.ts\n", '#EXT-X-KEY:METHOD=AES-128,URI="k?sig={}"\n#EXTINF:1,\n1.ts\n'
    assert media(plain).fingerprint() != media(locked).fingerprint()
    assert media(locked.format("a")).fingerprint() == media(locked.format("b")).fingerprint()


# --- sound and subtitles ----------------------------------------------------------------------------------------

RENDITIONS = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Japanese",LANGUAGE="ja",DEFAULT=YES,AUTOSELECT=YES,URI="ja.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="ger",AUTOSELECT=YES,URI="de.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en-US"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="Japanese",LANGUAGE="ja",URI="other.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Deutsch",LANGUAGE="de",URI="s-de.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Signs",LANGUAGE="de",FORCED=YES,URI="s-forced.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="s-en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1280x720,AUDIO="a",SUBTITLES="s"
v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=6000000,RESOLUTION=1280x720,AUDIO="b"
w.m3u8
"""
HERE = "https://host.example/a/b/"


@pytest.mark.parametrize(
    ("language", "video", "audio", "subtitles"),
    [
        ("ja", "w", "other", []),
        ("de", "v", "de", ["s-forced"]),
        ("ja+de", "v", "ja", ["s-de", "s-forced"]),
        ("de+de", "v", "de", ["s-de", "s-forced"]),
        ("de+en", "v", "de", ["s-en"]),
        ("en", "v", None, []),
        ("fr+fr", "w", "other", []),
        (None, "w", "other", []),
    ],
)
def test_sound_and_subtitles_are_chosen_by_language(
    language: str | None, video: str, audio: str | None, subtitles: list[str]
) -> None:
    master = parse(RENDITIONS, URL, None, language, subtitles=True)
    assert isinstance(master, Master)
    assert master.video == f"{HERE}{video}.m3u8"
    assert (master.audio.url if master.audio else None) == (f"{HERE}{audio}.m3u8" if audio else None)
    assert [rendition.url for rendition in master.subtitles] == [f"{HERE}{name}.m3u8" for name in subtitles]


def test_the_default_sound_and_all_subtitles_where_nothing_is_wanted() -> None:
    master = parse(RENDITIONS.replace('AUDIO="b"', 'AUDIO="a",SUBTITLES="s"'), URL, subtitles=True)
    assert isinstance(master, Master)
    assert master.audio == Rendition(f"{HERE}ja.m3u8", "ja", "Japanese")
    assert [(rendition.language, rendition.forced) for rendition in master.subtitles] == [
        ("de", False),
        ("de", True),
        ("en", False),
    ]
    assert parse(RENDITIONS, URL) == Master(f"{HERE}w.m3u8", Rendition(f"{HERE}other.m3u8", "ja", "Japanese"))


def test_sound_that_is_in_the_pieces() -> None:
    inside = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x"\n#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="a"\nv.m3u8\n'
    assert parse(inside, URL) == Master(f"{HERE}v.m3u8")


def test_renditions_lead_nowhere_else() -> None:
    text = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="file:///etc/passwd"\n'
    with pytest.raises(PlaylistError, match="HTTP"):
        parse(text + '#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="a"\nv.m3u8\n', URL)


def test_a_list_of_more_variants_than_anybody_offers() -> None:
    variant = "#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8\n"
    assert isinstance(parse("#EXTM3U\n" + variant * MOST_VARIANTS, URL), Master)
    with pytest.raises(PlaylistError, match="variants"):
        parse("#EXTM3U\n" + variant * (MOST_VARIANTS + 1), URL)


@pytest.mark.parametrize("body", ["\n" * 200_001, "ab\v" * 200_001, "#EXT-X-KEY:" + "A=B," * 20_000])
def test_a_list_of_too_many_lines_or_a_line_without_end(body: str) -> None:
    with pytest.raises(PlaylistError, match="lines"):
        media(body + "#EXTINF:1,\nx.ts\n")
