"""Schemathesis against the real server: whatever it makes of the document, the server keeps its word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.live import Live

EXAMPLES = int(os.environ.get("ANIWORLD_FUZZ_EXAMPLES", "5"))
"""Test cases an operation and phase. A long run: ``ANIWORLD_FUZZ_EXAMPLES=1000 pytest tests/api/test_fuzz.py``."""

CONFIG = """
[generation]
deterministic = true
database = "none"

[phases.stateful]
max-steps = 6

# They would end the session that everything else is asked with.
[[operations]]
include-operation-id = ["logout", "changePassword", "revokeSession"]
enabled = false

# Streams of events have tests of their own; one does not end.
[[operations]]
include-operation-id = ["streamEvents", "streamSearch"]
enabled = false

# What the schema allows may still be refused: there is no such source or directory, values do not fit together.
[[operations]]
include-operation-id = [
  "acceptFolder", "addAnime", "downloadAnime", "patchConfigSection", "putAnimeMapping", "putConfig", "reorderQueue",
  "search", "searchCover", "setup", "updateAnime",
]
checks.positive_data_acceptance.enabled = false

# Without an anime directory, which the configuration may lose on the way, they say 503.
[[operations]]
include-operation-id = [
  "ready", "deleteAnime", "rescanLibrary", "checkAnimeNfo", "getOrganisePreview", "organiseLibrary", "previewOrganise",
  "updateAnime",
]
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]

# A configuration that is checked is taken whatever it is: the answer says what is wrong with it.
[[operations]]
include-operation-id = "validateConfig"
checks.negative_data_rejection.enabled = false
"""


@pytest.mark.timeout(60 + EXAMPLES * 60)
def test_it_keeps_its_word(live: Live, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    options = {
        "--header": f"Authorization: Bearer {live.token}",
        "--phases": "examples,coverage,fuzzing,stateful",
        "--max-examples": str(EXAMPLES),
        "--seed": os.environ.get("ANIWORLD_FUZZ_SEED", "1"),
        "--request-timeout": "20",
        "--warnings": "off",
    }
    arguments = [word for option in options.items() for word in option]
    run = subprocess.run(
        [*command, f"{live.url}/api/openapi.json", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "NO_PROXY": "*", "COLUMNS": "120"},
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
    with live.client() as client:  # the session lives, and so do the workers
        assert client.get("/api/auth/status").json()["authenticated"] is True
        assert all(worker["status"] == "ok" for worker in client.get("/health/ready").json()["workers"].values())
