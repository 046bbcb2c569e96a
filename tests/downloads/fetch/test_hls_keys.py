"""Encrypted HLS: what comes out is what went in, or the piece is refused and asked for again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from aniworld.downloads.fetch.errors import SegmentError, UnsupportedStreamError
from aniworld.downloads.fetch.hls import fetch_hls
from aniworld.downloads.fetch.hls_keys import AesCbc, UndecryptableError
from aniworld.downloads.fetch.types import Fetched
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from tests.downloads.fetch.support import QUICK, Sink, hls
from tests.media.clips import make_segments
from tests.origin import Body, Fault, Origin, html_page

COUNT = 6
KEY, OTHER = bytes(range(16)), bytes(range(100, 116))
IV = bytes(range(200, 216))


def lock(data: bytes, key: bytes, iv: bytes) -> bytes:
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES128(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


@pytest.fixture(scope="session")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    _text, paths = make_segments(tmp_path_factory.mktemp("locked"), COUNT)
    return [path.read_bytes() for path in paths]


class Locked:
    """``/e``: the first half with one key and numbered, the second with another one and an IV of its own."""

    def __init__(self, origin: Origin, client: HttpClient, directory: Path, segments: list[bytes]) -> None:
        self.origin, self.client, self.directory, self.segments = origin, client, directory, segments
        self.sink = Sink()
        text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:4\n"
        for number, data in enumerate(segments):
            second = number >= COUNT // 2
            if number in (0, COUNT // 2):
                iv = f",IV=0x{IV.hex()}" if second else ""
                text += f'#EXT-X-KEY:METHOD=AES-128,URI="{"two" if second else "one"}.key"{iv}\n'
            text += f"#EXTINF:1,\n{number}.ts\n"
            locked = lock(data, OTHER if second else KEY, IV if second else (number + 4).to_bytes(16, "big"))
            origin.add(f"/e/{number}.ts", Body(locked, "application/octet-stream"))
        origin.add("/e/one.key", Body(KEY, "application/octet-stream"))
        origin.add("/e/two.key", Body(OTHER, "application/octet-stream"))
        self.url = origin.add("/e/p.m3u8", Body((text + "#EXT-X-ENDLIST\n").encode(), "application/x-mpegurl"))

    async def run(self) -> Fetched:
        stream = hls(self.url, Referer="https://here.example/")
        self.sink = Sink()
        return await fetch_hls(stream, self.directory, client=self.client, progress=self.sink, limits=QUICK)

    def holds(self, fetched: Fetched) -> bool:
        return [path.read_bytes() for path in fetched.paths] == self.segments

    def asked(self, name: str) -> int:
        return len(self.origin.seen(f"/e/{name}"))


@pytest.fixture
def locked(origin: Origin, client: HttpClient, tmp_path: Path, segments: list[bytes]) -> Locked:
    return Locked(origin, client, tmp_path / "pieces", segments)


async def test_an_encrypted_stream_becomes_a_file_that_plays(locked: Locked, tmp_path: Path) -> None:
    fetched = await locked.run()
    assert locked.holds(fetched)
    assert locked.asked("one.key") == locked.asked("two.key") == 1
    assert all(request.headers["referer"] == "https://here.example/" for request in locked.origin.requests)
    done = await media.remux(fetched.paths, tmp_path / "out.mkv", expected_duration=fetched.expected_duration)
    assert done.info.duration == pytest.approx(COUNT, abs=0.2)


async def test_what_is_there_is_not_fetched_again(locked: Locked) -> None:
    fetched = await locked.run()
    fetched.paths[3].unlink()
    fetched = await locked.run()
    assert locked.holds(fetched)
    assert [locked.asked(f"{number}.ts") for number in range(COUNT)] == [1, 1, 1, 2, 1, 1]
    assert (locked.asked("one.key"), locked.asked("two.key")) == (1, 2)


@pytest.mark.parametrize(
    "body",
    [
        Body(bytes(160_000), "video/mp2t"),
        Body(lock(b"nothing that plays" * 5000, KEY, (6).to_bytes(16, "big")), "video/mp2t"),
        Body(b"x" * 47, "video/mp2t"),
        Body(b"", "video/mp2t"),
    ],
    ids=["padding", "no video", "no block", "empty"],
)
async def test_a_piece_that_does_not_open_is_asked_for_again(locked: Locked, body: Body) -> None:
    locked.origin.fail("/e/2.ts", Fault(body=body))
    assert locked.holds(await locked.run())
    assert locked.asked("2.ts") == 2


async def test_a_truncated_piece_is_refused_though_no_length_told(locked: Locked) -> None:
    locked.origin.fail("/e/1.ts", Fault(framing="close", cut=16 * 40))
    assert locked.holds(await locked.run())
    assert locked.asked("1.ts") == 2


async def test_a_page_instead_of_an_encrypted_piece_is_told(locked: Locked) -> None:
    locked.origin.fail("/e/1.ts", html_page("x" * 28, times=None))
    with pytest.raises(SegmentError, match="Piece 2 of 6") as caught:
        await locked.run()
    assert not caught.value.permanent
    assert not (locked.directory / "00001.seg").exists()


async def test_a_wrong_key_is_fetched_anew(locked: Locked) -> None:
    locked.origin.fail("/e/two.key", Fault(body=Body(os.urandom(16))))
    assert locked.holds(await locked.run())
    assert locked.asked("two.key") == 2


@pytest.mark.parametrize(
    ("fault", "said", "asked"),
    [
        (Fault(body=Body(b"short"), times=None), "5 bytes", 4),
        (html_page(times=None), "more than 16 bytes", 4),
        (Fault(status=403, times=None), "403", 1),
    ],
    ids=["short", "page", "refused"],
)
async def test_a_key_that_cannot_be_had(locked: Locked, fault: Fault, said: str, asked: int) -> None:
    locked.origin.fail("/e/two.key", fault)
    with pytest.raises(SegmentError, match=said) as caught:
        await locked.run()
    assert caught.value.index >= COUNT // 2
    assert locked.asked("two.key") >= asked


async def test_a_protected_stream_is_refused_for_good(locked: Locked) -> None:
    text = '#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://1"\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n'
    locked.origin.add("/e/p.m3u8", Body(text.encode(), "application/x-mpegurl"))
    with pytest.raises(UnsupportedStreamError, match="DRM") as caught:
        await locked.run()
    assert caught.value.permanent


def test_the_cipher_takes_bytes_as_they_come() -> None:
    data = os.urandom(5000)
    locked = lock(data, KEY, IV)
    for step in (1, 7, 16, 17, 1000, 9000):
        cipher = AesCbc(KEY, IV)
        opened = b"".join(cipher.feed(locked[at : at + step]) for at in range(0, len(locked), step))
        assert opened + cipher.finish() == data
    cipher = AesCbc(KEY, IV)
    cipher.feed(locked[:-1])
    with pytest.raises(UndecryptableError):
        cipher.finish()
    with pytest.raises(UndecryptableError):
        AesCbc(KEY, IV).finish()
