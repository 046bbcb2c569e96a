"""The configuration: checked whole, written atomically, in force at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aniworld.config.schemas import AppConfig, DownloadsSection
from aniworld.config.service import ConfigFileError, ConfigService, directory_problem
from aniworld.events.bus import EventBus
from aniworld.kit.errors import InvalidInputError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir()
    return directory


@pytest.fixture
def config(data: Path, bus: EventBus) -> ConfigService:
    return ConfigService(data, bus)


async def test_a_change_is_on_disk_and_in_force(config: ConfigService, data: Path, bus: EventBus) -> None:
    heard: list[AppConfig] = []
    config.subscribe(heard.append)
    await config.patch("downloads", {"slots": 5})
    assert config.current.downloads.slots == 5
    assert heard == [config.current]
    again = ConfigService(data, bus)
    again.load()
    assert again.current == config.current
    assert (data / "config.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slots": 0}, "slots"),
        ({"slots": "two"}, "slots"),
        ({"container": "avi"}, "container"),
        ({"nonsense": 1}, ""),
        ({"hosters": ["ok", ""]}, "hosters[1]"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(
    config: ConfigService, data: Path, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await config.patch("downloads", changes)
    assert caught.value.errors[0].field.removeprefix("downloads").strip(".") == field
    assert config.current.downloads == DownloadsSection()
    assert not (data / "config.json").exists()


async def test_validate_finds_one_error_a_section(config: ConfigService) -> None:
    verdict = await config.validate({"downloads": {"slots": 99}, "logging": {"level": "loud"}, "access": {}})
    assert not verdict.valid
    assert {error.field for error in verdict.errors} == {"downloads.slots", "logging.level"}


async def test_a_directory_must_be_usable(config: ConfigService, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no such directory"):
        await config.patch("library", {"anime_directory": str(tmp_path / "missing")})
    for wrong in (str(data), str(data / "inside"), str(tmp_path), "/", "relative", "/a\x00b"):
        (data / "inside").mkdir(exist_ok=True)
        assert directory_problem(wrong, data) is not None
    (tmp_path / "file").touch()
    assert "file" in (directory_problem(str(tmp_path / "file"), data) or "")
    (tmp_path / "link").symlink_to(data)
    assert directory_problem(str(tmp_path / "link"), data) is not None


async def test_a_directory_that_is_away_blocks_no_other_change(config: ConfigService, tmp_path: Path) -> None:
    anime = tmp_path / "anime"
    anime.mkdir()
    await config.patch("library", {"anime_directory": str(anime)})
    anime.rmdir()
    await config.patch("downloads", {"slots": 3})
    verdict = await config.validate(json.loads(json.dumps({"library": {"anime_directory": str(anime)}})))
    assert verdict.valid
    assert [warning.field for warning in verdict.warnings] == ["library.anime_directory"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1, "x": 1}', b"\xff", b"[" * 99999]
)
def test_a_broken_file_is_told_and_left_alone(config: ConfigService, data: Path, content: bytes) -> None:
    (data / "config.json").write_bytes(content)
    with pytest.raises(ConfigFileError, match=r"config\.json cannot be used"):
        config.load()
    assert (data / "config.json").read_bytes() == content


async def test_a_key_is_taken_kept_and_never_shown(config: ConfigService, data: Path) -> None:
    await config.patch("metadata", {"tmdb_key": "0123456789abcdef"})
    await config.patch("metadata", {"languages": ["de", "en"]})
    before, shown = config.current, config.shown()
    assert (shown.metadata.tmdb_key, shown.metadata.tmdb_key_set, shown.metadata.fanart_key_set) == (None, True, False)
    assert config.section("metadata") == shown.metadata
    await config.replace(shown)  # what was shown, sent back as it came
    assert config.current == before
    assert json.loads((data / "config.json").read_text())["metadata"]["tmdb_key"] == "0123456789abcdef"
    await config.patch("metadata", {"tmdb_key": None})
    assert not config.current.metadata.tmdb_key_set
    await config.patch("metadata", {"fanart_key_set": True})  # there is none that could stay
    assert not config.current.metadata.fanart_key_set


@pytest.mark.parametrize("key", ["", "short", "with a blank in it", "line\nbreak", 5])
async def test_a_key_that_cannot_be_one_is_refused(config: ConfigService, key: object) -> None:
    with pytest.raises(InvalidInputError):
        await config.patch("metadata", {"tmdb_key": key})
