"""``aniworld provider check``, as somebody who describes a site calls it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aniworld.sample import LAYOUTS, Layout, SampleSource, install_profile


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[SampleSource]:
    async with SampleSource(tmp_path / "sample", seconds=2, bitrate=200_000) as source:
        yield source


async def check(file: Path, *arguments: str, allow: int | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aniworld", "provider", "check", str(file), *arguments]
    command += [] if allow is None else ["--allow-host", f"127.0.0.1:{allow}"]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, env=os.environ, check=False)


def changed(file: Path, before: str, after: str) -> Path:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    return file


def rules(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["rule"]: rule for step in report["steps"] for section in step["sections"] for rule in section["rules"]}


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_a_profile_that_fits(source: SampleSource, tmp_path: Path, layout: Layout) -> None:
    file = install_profile(tmp_path, "http://nowhere.example", layout)
    base = source.url + {"profile": "", "tabs": "/tabs", "data": "/data"}[layout]
    run = await check(file, "--url", base, "--query", "garden", "--json", allow=source.port)
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads(run.stdout)
    assert report["ok"]
    assert [step["step"] for step in report["steps"]] == ["search", "series", "links", "hoster"]
    found = rules(report)
    assert found["search.name"]["values"] == ["Clockwork Garden"]
    assert (found["episodes.number"]["found"], found["episodes.number"]["of"]) in ((11, 11), (6, 6))
    assert found["links.url"]["found"] == 4


async def test_what_it_tells_a_person(source: SampleSource, tmp_path: Path) -> None:
    file = changed(install_profile(tmp_path, source.url), '".ep-number"', '".ep-title"')
    changed(file, '"jpn-eng-sub" =', '"something" =')
    changed(file, '"p.genres"' if '"p.genres"' in file.read_text() else '"ul.genres li"', '"ol.genres li"')
    run = await check(file, "--query", "garden", allow=source.port)
    assert run.returncode == 1
    lines = {line.split()[1]: line for line in run.stdout.splitlines() if line.startswith("    ")}
    assert "✓ search.name             1/1  Clockwork Garden" in lines["search.name"]
    assert "· series.genres" in lines["series.genres"]
    assert "nothing on the page fits it" in lines["series.genres"]
    assert "✗ episodes.number" in lines["episodes.number"]
    assert "is no number: a regex" in lines["episodes.number"]
    assert "not in [languages]: jpn-eng-sub" in lines["episodes.languages"]
    assert "✗ series: Sample Shelf does not look as its profile says: episodes found items" in run.stdout
    assert run.stdout.endswith("Something that is needed was not found.\n")
    assert run.stderr == ""


async def test_what_goes_wrong_is_told_in_sentences(source: SampleSource, tmp_path: Path) -> None:
    file = install_profile(tmp_path, source.url)
    refused = await check(file)
    assert refused.returncode == 1
    assert f"list 127.0.0.1:{source.port} to allow it" in refused.stdout
    nothing = await check(file, "--query", "nothing like it", allow=source.port)
    assert nothing.returncode == 1
    assert "not tried: nothing was found for 'nothing like it'" in nothing.stdout
    wrong = await check(changed(changed(file, "items =", "itmes ="), 'year = ".card', 'year = ".card['))
    assert wrong.returncode == 1
    assert wrong.stdout == ""
    assert "sample.toml, line 17, search.itmes: no such key, did you mean items?" in wrong.stderr
    assert (await check(tmp_path / "missing.toml")).returncode == 1


async def test_secrets_are_not_shown(source: SampleSource, tmp_path: Path) -> None:
    file = changed(install_profile(tmp_path, source.url), "/search?q={query}", "/search?api_key=hush&q={query}")
    file.write_text(file.read_text().replace("[languages]", '[headers]\nAuthorization = "hush"\n\n[languages]', 1))
    run = await check(file, "--query", "garden", allow=source.port)
    assert run.returncode == 0, run.stdout
    assert "api_key=…&q=garden" in run.stdout
    assert "hush" not in run.stdout + run.stderr
