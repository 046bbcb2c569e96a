"""The commands that a newcomer reads about are there, and start."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

RECIPES = {"setup", "demo", "run", "dev", "test", "check", "fix", "api", "migration", "e2e", "bench", "image", "lock"}


def just(*arguments: str) -> str:
    done = subprocess.run([ROOT / "just", *arguments], capture_output=True, text=True, check=True, cwd=ROOT / "tests")
    return done.stdout


def test_the_recipes_are_there_and_say_what_they_do() -> None:
    assert set(just("--summary").split()) >= RECIPES
    listed = just("--list").splitlines()[1:]
    assert [line for line in listed if "#" not in line] == []


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md"])
def test_papers_name_only_commands_that_exist(paper: str) -> None:
    text = (ROOT / paper).read_text()
    named = set(re.findall(r"\./just ([a-z0-9]+)", text))
    assert named, f"{paper} names no command"
    assert named <= set(just("--summary").split())


def test_a_python_that_is_missing_is_told_in_a_sentence(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "head", "cat", "cmp", "id"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    for name in ("just", "Justfile", "requirements-build.lock"):
        shutil.copy(ROOT / name, tmp_path)
    done = subprocess.run(
        [tmp_path / "just", "--version"], capture_output=True, text=True, check=False, env={"PATH": str(tools)}
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Python 3.11 or newer is needed; ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / ".venv").exists()
