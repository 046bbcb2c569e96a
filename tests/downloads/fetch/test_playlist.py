"""Playlists are read without being believed."""

from __future__ import annotations

import pytest

from aniworld.downloads.fetch.errors import PlaylistError, UnsupportedStreamError
from aniworld.downloads.fetch.playlist import MOST_SEGMENTS, MediaPlaylist, Piece, parse

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
    assert parse(MASTER, URL, height) == chosen


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


def test_separate_sound_is_avoided_or_refused() -> None:
    sound = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="sound.m3u8"\n'
    apart = '#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="a"\napart.m3u8\n'
    whole = "#EXT-X-STREAM-INF:BANDWIDTH=5\nwhole.m3u8\n"
    assert parse("#EXTM3U\n" + sound + apart + whole, URL) == "https://host.example/a/b/whole.m3u8"
    with pytest.raises(UnsupportedStreamError, match="sound"):
        parse("#EXTM3U\n" + sound + apart, URL)
    inside = sound.replace(',URI="sound.m3u8"', "")
    assert parse("#EXTM3U\n" + inside + apart, URL) == "https://host.example/a/b/apart.m3u8"


@pytest.mark.parametrize(
    "body",
    [
        '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:1,\n1.ts\n',
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF:1,\n1.ts\n',
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
