"""Every file has its place: the names at the top, the words of a feature, and no file that nobody can read at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT, project_files

TOP = {
    "backend", "docs", "e2e", "frontend", "tests",
    "CONTRIBUTING.md", "Containerfile", "Justfile", "LICENSE", "README.md", "compose.yaml", "just", "pyproject.toml",
    "requirements-build.lock", "requirements-runtime.lock", "requirements.lock",
}  # fmt: skip
"""Beside names that begin with a dot."""

WORDS = {"__init__", "models", "schemas", "repository", "service", "routes", "jobs", "types", "errors"}
"""The files that any feature may have. One that grew too long is split: ``service_queue``, ``episode_repository``."""

OWN: dict[str, set[str]] = {
    "access": {"guards", "passwords", "throttle", "tokens"},
    "catalog": {
        "answers",
        "apis",
        "extraction",
        "failover",
        "fetcher",
        "files",
        "health",
        "hoster",
        "hosters",
        "languages",
        "matching",
        "monitor",
        "pages",
        "plugins",
        "profile",
        "provider",
        "providers",
        "registry",
        "relevance",
        "titles",
        "tools",
        "trial",
    },
    "config": {"secrets", "settings"},
    "downloads": {
        "breaker",
        "candidates",
        "checkpoint",
        "ends",
        "engine",
        "fetch",
        "filing",
        "hold",
        "pipeline",
        "progress",
        "speed",
        "states",
        "timetable",
        "together",
    },
    "events": {"bus"},
    "library": {
        "asking",
        "details",
        "describing",
        "facets",
        "facts",
        "failover",
        "gallery",
        "linking",
        "mapping",
        "merging",
        "folders",
        "housekeeping",
        "loader",
        "naming",
        "pairing",
        "policy",
        "refreshing",
        "thumbs",
        "scan",
        "steps",
        "targets",
        "text",
        "uniting",
    },
    "metadata": {
        "artwork",
        "child",
        "drawing",
        "match",
        "merge",
        "sources",
        "nfo",
        "nfo_facts",
        "nfo_file",
        "nfo_merge",
        "nfo_read",
        "check_folder",
        "check_nfo",
        "pictures",
        "thumbnails",
    },
    "operations": set(),
    "organise": {"disk", "plan"},
    "scan": {"matching", "notices", "reader", "tracks", "walk", "watch"},
    "sources": set(),
}
"""What a feature has beside those; a file with a new name is a decision, and is taken here."""

INFRASTRUCTURE = {"cli", "db", "kit", "media", "naming", "sample"}
LONGEST = {"backend": 400, ".ci": 400, "tests": 600, "e2e": 600}


def features() -> list[str]:
    found = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())
    return [name for name in found if name not in INFRASTRUCTURE]


def test_nothing_new_lies_at_the_top() -> None:
    top = {path.parts[0] for path in project_files()}
    assert {name for name in top if not name.startswith(".")} <= TOP


def test_every_feature_is_known() -> None:
    assert set(features()) == set(OWN)


@pytest.mark.parametrize("feature", sorted(OWN))
def test_a_feature_speaks_the_same_words(feature: str) -> None:
    entries = [path for path in (PACKAGE / feature).iterdir() if path.name != "__pycache__"]
    names = {path.stem for path in entries}
    unknown = {name for name in names - WORDS - OWN[feature] if WORDS.isdisjoint(name.split("_"))}
    assert unknown == set(), f"{feature} has files that are not in its list"
    assert [path.name for path in entries if not (path.is_dir() or path.suffix in {".py", ".toml"})] == []


def test_tests_mirror_the_backend() -> None:
    mirrored = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    own = {"api", "architecture", "faults", "origin"}
    folders = {path.parts[1] for path in project_files() if path.parts[0] == "tests" and len(path.parts) > 2}
    assert folders <= mirrored | own


@pytest.mark.parametrize("folder", LONGEST)
def test_no_file_is_too_long(folder: str) -> None:
    files = [path for path in project_files() if path.parts[0] == folder and path.suffix == ".py"]
    assert files
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in files if "migrations" not in path.parts}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST[folder]} == {}


def test_scripts_can_be_run() -> None:
    scripts = [Path("just"), Path(".ci/run"), Path(".ci/relock"), Path(".ci/image")]
    assert [str(path) for path in scripts if not (ROOT / path).stat().st_mode & 0o100] == []
