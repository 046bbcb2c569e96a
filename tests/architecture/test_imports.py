"""Of another feature only its service, types and errors are imported; the order of the layers is import-linter's."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.tree import PACKAGE

PUBLIC = {"service", "types", "errors"}
FOUNDATION = {"kit", "db", "media", "naming"}
"""Packages that exist to be imported by everyone."""
SPECIAL = {
    "aniworld.config.schemas",  # its sections, which everybody reads
    "aniworld.config.settings",  # what one process was started with
    "aniworld.events.bus",  # publishing is a method of the bus
    "aniworld.metadata.lookup_service",  # who is asked; its ``service`` writes what players read
    "aniworld.library.moving_service",  # where things should lie, and where they lie since
    "aniworld.catalog.provider",  # the contracts that sources
    "aniworld.catalog.hoster",  # and hosters are written to
}


def imports(source: str) -> Iterator[str]:
    """The modules of ours that a file imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("aniworld."))
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module.count(".") == 1 and node.module.startswith("aniworld."):
                for alias in node.names:
                    inner = PACKAGE / node.module.partition(".")[2] / alias.name
                    is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                    yield f"{node.module}.{alias.name}" if is_module else node.module
            elif node.module.startswith("aniworld."):
                yield node.module


def test_features_meet_only_at_their_doors() -> None:
    wrong = []
    seen = 0
    for file in PACKAGE.rglob("*.py"):
        feature = file.relative_to(PACKAGE).parts[0]
        if not (PACKAGE / feature).is_dir() or feature == "cli":
            continue  # app, api and the commands put the features together
        for module in imports(file.read_text()):
            seen += 1
            parts = module.split(".")
            if parts[1] in {feature, *FOUNDATION} or not (PACKAGE / parts[1]).is_dir() or module in SPECIAL:
                continue
            if len(parts) < 3 or parts[2] not in PUBLIC:
                wrong.append(f"{file.relative_to(PACKAGE)} imports {module}")
    assert seen > 50
    assert wrong == []
