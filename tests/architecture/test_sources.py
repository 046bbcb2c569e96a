"""Every source and hoster is a file beside the others: registered, tested and described."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from aniworld.catalog.profile import Profile
from aniworld.catalog.registry import HOSTERS, PROVIDERS
from tests.architecture.tree import PACKAGE, ROOT

TESTS = ROOT / "tests" / "catalog"
DOCUMENT = ROOT / "docs" / "sources.md"


def modules(folder: str) -> list[str]:
    """The names of the files in it."""
    found = sorted(path.stem for path in (PACKAGE / "catalog" / folder).glob("*.py"))
    return [name for name in found if name != "__init__"]


def covering(module: str) -> list[Path]:
    """The tests that import it."""
    return [path for path in (ROOT / "tests").rglob("test_*.py") if f"from {module} import " in path.read_text()]


@pytest.mark.parametrize("name", modules("providers"))
def test_a_file_is_a_source(name: str) -> None:
    module = f"aniworld.catalog.providers.{name}"
    (ours,) = [made for made in PROVIDERS if getattr(made, "__module__", "") == module]
    assert ours.kind == name
    assert issubclass(ours.profile, Profile)
    assert all(inspect.iscoroutinefunction(getattr(ours, verb)) for verb in ("search", "series", "links"))
    assert import_module(module).__doc__
    assert (TESTS / f"test_{name}.py").exists(), "a source has a test file of its own name"
    assert re.search(rf"^\| `{name}` \|", DOCUMENT.read_text(), re.MULTILINE), f"{DOCUMENT.name} has a line for it"


@pytest.mark.parametrize("name", modules("hosters"))
def test_a_file_is_a_hoster(name: str) -> None:
    module = f"aniworld.catalog.hosters.{name}"
    (ours,) = [made for made in HOSTERS if getattr(made, "__module__", "") == module]
    assert ours.name == name
    assert inspect.iscoroutinefunction(getattr(ours, "resolve", None))
    assert import_module(module).__doc__
    assert covering(module), "a hoster has a test that imports it"
    assert re.search(rf"^\| `{name}` \|", DOCUMENT.read_text(), re.MULTILINE), f"{DOCUMENT.name} has a line for it"


def test_no_name_is_taken_twice() -> None:
    kinds, names = [made.kind for made in PROVIDERS], [made.name for made in HOSTERS]
    assert len(kinds) == len({*kinds}) == len(modules("providers"))
    assert len(names) == len({*names}) == len(modules("hosters"))


def test_every_key_of_a_profile_is_described() -> None:
    """But for ``site``, which has a document of its own."""
    text = DOCUMENT.read_text()
    for made in PROVIDERS:
        if made.kind != "site":
            missing = [key for key in made.profile.__struct_fields__ if key != "version" and f"`{key}`" not in text]
            assert missing == [], f"{DOCUMENT.name} says nothing of these keys of {made.kind}"
