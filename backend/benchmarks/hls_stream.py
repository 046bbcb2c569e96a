"""Makes an HLS stream that plays, of any length, for the benchmark: pieces of six seconds and 1.5 MB."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import av
from av.packet import Packet
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_SECONDS = 6
_FPS = 24
_RATE = 48_000
_BITS = 1_720_000
"""A second, of the picture."""
_WIDTH, _HEIGHT = 1280, 720
_CLOCK = 90_000
_KEY = bytes(range(16))


def make_stream(directory: Path, count: int) -> dict[str, int]:
    """Write the pieces and their playlists; how many bytes each playlist leads to."""
    base = directory / "base.mkv"
    _encode(base)
    with av.open(str(base)) as source:
        packets = [packet for packet in source.demux() if packet.size]
        picture = [packet for packet in packets if packet.stream.type == "video"]
        sound = [packet for packet in packets if packet.stream.type == "audio"]
        sizes = [0, 0, 0]
        for number in range(count):
            names = f"{number:05}.ts", f"picture-{number:05}.ts", f"sound-{number:05}.ts"
            for index, (name, chosen) in enumerate(zip(names, (packets, picture, sound), strict=True)):
                sizes[index] += _write(directory / name, chosen, number)
            _lock(directory / names[0], directory / f"locked-{number:05}.ts", number)
    base.unlink()
    (directory / "key.bin").write_bytes(_KEY)
    _playlist(directory / "whole.m3u8", count, "")
    _playlist(directory / "locked.m3u8", count, "locked-", '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"\n')
    _playlist(directory / "picture.m3u8", count, "picture-")
    _playlist(directory / "sound.m3u8", count, "sound-")
    (directory / "apart.m3u8").write_text(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="one",LANGUAGE="ja",DEFAULT=YES,URI="sound.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720,CODECS="avc1.42c01f,mp4a.40.2",AUDIO="a"\n'
        "picture.m3u8\n"
    )
    return {"whole.m3u8": sizes[0], "locked.m3u8": sizes[0], "apart.m3u8": sizes[1] + sizes[2]}


def packets(path: Path) -> tuple[int, int]:
    """How many packets of picture and of sound a file holds."""
    counts = {"video": 0, "audio": 0}
    with av.open(str(path)) as source:
        for packet in source.demux():
            if packet.size and packet.stream.type in counts:
                counts[packet.stream.type] += 1
    return counts["video"], counts["audio"]


def _encode(path: Path) -> None:
    noise = random.Random(1).randbytes(_WIDTH * _HEIGHT * 2)
    with av.open(str(path), "w") as target:
        picture = target.add_stream("libx264", rate=_FPS)
        picture.width, picture.height, picture.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        picture.bit_rate = _BITS
        rate = _BITS // 1000
        steady = f"vbv-maxrate={rate}:vbv-bufsize={rate}:filler=1:scenecut=0:threads=1"
        picture.options = {"preset": "ultrafast", "g": str(2 * _FPS), "nal-hrd": "cbr", "x264-params": steady}
        sound = target.add_stream("aac", rate=_RATE)
        sound.layout = "stereo"
        at = 0
        for number in range(_FPS * _SECONDS):
            frame = av.VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
            for plane in frame.planes:
                begin = number * 4099 % (len(noise) - plane.buffer_size)
                plane.update(noise[begin : begin + plane.buffer_size])
            frame.pts = number
            target.mux(picture.encode(frame))
            while at / _RATE < (number + 1) / _FPS:
                heard = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
                for channel in heard.planes:
                    channel.update(bytes(channel.buffer_size))
                heard.sample_rate, heard.pts = _RATE, at
                target.mux(sound.encode(heard))
                at += 1024
        target.mux(picture.encode(None))
        target.mux(sound.encode(None))


def _write(path: Path, packets: list[Packet[Any]], number: int) -> int:
    """A piece of a transport stream whose clock goes on where the last one ended; its size."""
    tracks = {packet.stream.index: packet.stream for packet in packets}
    with av.open(str(path), "w", format="mpegts", options={"mpegts_copyts": "1"}) as target:
        streams = {index: target.add_stream_from_template(stream) for index, stream in sorted(tracks.items())}
        for packet in packets:
            source = packet.stream
            base = packet.time_base
            shift = round((number * _SECONDS + 1.4) / base)
            copy = Packet(bytes(packet))
            copy.stream = streams[source.index]
            copy.time_base = base
            copy.pts, copy.dts = (packet.pts or 0) + shift, (packet.dts or 0) + shift
            copy.duration, copy.is_keyframe = packet.duration or 0, packet.is_keyframe
            target.mux(copy)
    return path.stat().st_size


def _lock(source: Path, target: Path, number: int) -> None:
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES128(_KEY), modes.CBC(number.to_bytes(16, "big"))).encryptor()
    plain = padder.update(source.read_bytes()) + padder.finalize()
    target.write_bytes(encryptor.update(plain) + encryptor.finalize())


def _playlist(path: Path, count: int, prefix: str, key: str = "") -> None:
    pieces = "".join(f"#EXTINF:{_SECONDS}.0,\n{prefix}{number:05}.ts\n" for number in range(count))
    head = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{_SECONDS}\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    path.write_text(f"{head}{key}{pieces}#EXT-X-ENDLIST\n")
