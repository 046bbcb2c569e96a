"""``aniworld provider``: for those who describe a source."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aniworld.cli.common import fail, json_option, runs, tell

if TYPE_CHECKING:
    from aniworld.catalog.trial import Report, SectionReport


@click.group()
def provider() -> None:
    """Work on the description of a source."""


@provider.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--url", metavar="BASE", help="Ask there instead of at the profile's base_url.")
@click.option("--query", default="a", show_default=True, metavar="TEXT", help="What to search for.")
@click.option(
    "--allow-host", "allowed", multiple=True, metavar="HOST:PORT", help="May be reached although it is private."
)
@json_option
@runs
async def check(file: Path, url: str | None, query: str, allowed: tuple[str, ...], as_json: bool) -> None:
    """Check the profile in FILE and try it live, from the search to the first stream.

    Tells what each rule found. Ends with 1 where the profile is wrong or something that is needed was not found.
    """
    from aniworld.catalog import plugins, trial  # noqa: PLC0415 - heavy
    from aniworld.catalog.errors import InvalidProfileError  # noqa: PLC0415
    from aniworld.kit.net import HttpClient  # noqa: PLC0415

    registry = await asyncio.to_thread(plugins.installed)
    try:
        profile = await asyncio.to_thread(trial.read, file, registry, url)
    except InvalidProfileError as error:
        fail(error.detail.replace(f"; {file.name}, ", f"\n{file.name}, "))
    async with HttpClient(allowed_hosts=lambda: frozenset(allowed)) as client:
        report = await trial.trial(profile, registry, client, query)
    tell(report, as_json, _lines(report))
    if not report.ok:
        sys.exit(1)


def _lines(report: Report) -> list[str]:
    lines = [f"{report.title} ({report.name}): the profile is valid"]
    for step in report.steps:
        lines += ["", f"{'✓' if step.ok else '✗'} {step.step}: {step.told}"]
        for section in step.sections:
            lines += _section_lines(section)
    lines += ["", "All that is needed was found." if report.ok else "Something that is needed was not found."]
    return lines


def _section_lines(section: SectionReport) -> list[str]:
    about = [f"{section.size / 1024:.1f} KiB"]
    about += [f"“{section.title}”"] if section.title else []
    about += [f"and {section.pages - 1} more"] if section.pages > 1 else []
    lines = [f"  {section.asked} ({', '.join(about)})"]
    for rule in section.rules:
        mark = "✓" if rule.found else "✗" if rule.needed else "·"
        count = str(rule.found) if rule.rule.endswith(".items") else f"{rule.found}/{rule.of}"
        parts = (" | ".join(rule.values), f"← {rule.hint}" if rule.hint else "")
        lines.append(f"    {mark} {rule.rule:<19} {count:>7}  {'  '.join(part for part in parts if part)}")
    return lines
