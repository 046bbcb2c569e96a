"""The lock files pin every package by hash and say nothing about where it comes from."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.architecture.tree import ROOT, project_files

PYTHON_LOCKS = ("requirements.lock", "requirements-runtime.lock", "requirements-build.lock")
NODE_LOCK = "frontend/package-lock.json"


def pins(name: str) -> dict[str, str]:
    """Every requirement of a lock with all that follows it."""
    text = "\n".join(line for line in (ROOT / name).read_text().splitlines() if not line.lstrip().startswith("#"))
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL))


def version(pin: str) -> str:
    found = re.match(r"==([^\s;]+)", pin)
    assert found, pin
    return found[1]


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_every_python_package_is_pinned_with_hashes(name: str) -> None:
    locked = pins(name)
    assert len(locked) >= 5
    for package, pin in locked.items():
        assert version(pin), package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", pin), package


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_no_python_lock_names_a_place(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"[a-z]:/|//|@|--(?:extra-)?index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("name", PYTHON_LOCKS[1:])
def test_the_smaller_locks_are_parts_of_the_whole(name: str) -> None:
    whole = pins(PYTHON_LOCKS[0])
    for package, pin in pins(name).items():
        assert version(whole[package]) == version(pin), package


def test_what_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for name, wanted in {
        "requirements-runtime.lock": project["project"]["dependencies"],
        "requirements-build.lock": project["dependency-groups"]["build"],
        "requirements.lock": [item for item in project["dependency-groups"]["dev"] if isinstance(item, str)],
    }.items():
        locked = pins(name)
        for requirement in wanted:
            found = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert found and found[0].lower() in locked, f"{requirement} is missing from {name}: ./just lock"


def test_the_node_lock_names_no_registry() -> None:
    packages = json.loads((ROOT / NODE_LOCK).read_text())["packages"]
    assert len(packages) > 50
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_every_node_package_that_is_installed_here_has_a_hash() -> None:
    packages: dict[str, dict[str, object]] = json.loads((ROOT / NODE_LOCK).read_text())["packages"]
    bare = [name for name, package in packages.items() if name and "integrity" not in package]
    # Packages for other systems may be listed by version alone, when the registry that wrote the lock lacks them.
    assert [name for name in bare if not packages[name].get("optional")] == []
    assert [name for name in bare if (ROOT / "frontend" / name).exists()] == []


def test_there_is_no_other_lock() -> None:
    name = re.compile(r"(requirements|constraints).*|.*lock\.(json|ya?ml|toml)|.+\.lock(b|file)?")
    assert {str(path) for path in project_files() if name.fullmatch(path.name)} == {*PYTHON_LOCKS, NODE_LOCK}
