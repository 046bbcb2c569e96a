"""What holds without a server."""

import subprocess
import sys
from pathlib import Path

import pytest

from aniworld.sample import SampleSource, content
from aniworld.sample.asgi import parse_range


def test_every_link_has_an_id_of_its_own() -> None:
    episodes_out = 6 + 4 + 1 + 12 + 6
    assert len(content.LINKS) == episodes_out * 2 * 2


def test_ids_do_not_change_with_the_process() -> None:
    code = "from aniworld.sample import content; print(*sorted(content.LINKS))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(content.LINKS)


def test_the_import_is_light() -> None:
    code = "import sys, aniworld.sample; print(sorted({'av', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        ("bytes=0-", 0, (0, 0)),
        ("bytes=0-0", 1, (0, 1)),
        ("bytes=5-", 5, (5, 5)),
        ("bytes=9-12", 5, (5, 5)),
        ("bytes=-9", 5, (0, 5)),
        ("bytes=-0", 5, (5, 5)),
        ("bytes=2-1", 5, None),
        ("bytes=1-2x", 5, None),
        ("bytes=" + "9" * 40 + "-", 5, None),
    ],
)
def test_ranges(header: str, size: int, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, size) == expected


@pytest.mark.parametrize(("seconds", "bitrate", "throttle"), [(0, 1, None), (1, -1, None), (1, 1, 0)])
def test_sizes_are_greater_than_zero(tmp_path: Path, seconds: float, bitrate: int, throttle: int | None) -> None:
    with pytest.raises(ValueError, match="greater than zero"):
        SampleSource(tmp_path, seconds=seconds, bitrate=bitrate, throttle=throttle)
