"""What is wanted, offered and there, when it aired and what day it is → what is done. A table."""

from __future__ import annotations

import datetime as dt

import pytest

from aniworld.config.schemas import LanguageMode
from aniworld.library.policy import Policy, choose, decide, replaced

TODAY = dt.date(2026, 3, 10)
OLD = dt.date(2020, 1, 1)
YESTERDAY = TODAY - dt.timedelta(days=1)
TOMORROW = TODAY + dt.timedelta(days=1)


def policy(languages: str, mode: LanguageMode = "one", wait: int = 0) -> Policy:
    return Policy(languages=tuple(languages.split()), mode=mode, wait_days=wait)


@pytest.mark.parametrize(
    ("wanted", "offered", "kept", "aired", "taken", "reason"),
    [
        # the first that is offered
        (policy("de ja+de ja+en"), "ja+de ja+en", "", OLD, "ja+de", None),
        (policy("de ja+de ja+en"), "de ja+de ja+en", "", OLD, "de", None),
        (policy("de"), "ja+en", "", OLD, "", "language_not_available"),
        # what is not out is not queued
        (policy("de"), "", "", TOMORROW, "", "not_out_yet"),
        (policy("de"), "", "", None, "", "not_out_yet"),
        (policy("de"), "", "", OLD, "", "language_not_available"),
        (policy("de"), "de", "", TOMORROW, "de", None),  # out early: it can be had
        # one: what is there is enough
        (policy("de ja+de"), "de ja+de", "ja+de", OLD, "", "already_downloaded"),
        (policy("de ja+de"), "de ja+de", "en", OLD, "de", None),  # what nobody wants is not enough
        # replace: the better one still comes
        (policy("de ja+de", "replace"), "de ja+de", "ja+de", OLD, "de", None),
        (policy("de ja+de", "replace"), "ja+de", "ja+de", OLD, "", "already_downloaded"),
        (policy("de ja+de", "replace"), "de ja+de", "de", OLD, "", "already_downloaded"),
        (policy("de ja+de ja+en", "replace"), "ja+de ja+en", "ja+en", OLD, "ja+de", None),
        (policy("de ja+de", "replace"), "de ja+de", "", OLD, "de", None),  # not both, one after the other
        # all: each of them
        (policy("de ja+de en", "all"), "de ja+de", "", OLD, "de ja+de", None),
        (policy("de ja+de en", "all"), "de ja+de", "de", OLD, "ja+de", None),
        (policy("de ja+de en", "all"), "de ja+de", "de ja+de", OLD, "", "already_downloaded"),
        (policy("de ja+de", "all"), "de", "", TOMORROW, "de", None),
        # waiting for the better one
        (policy("de ja+de", wait=7), "ja+de", "", YESTERDAY, "", "waits_for_better_language"),
        (policy("de ja+de", wait=7), "de ja+de", "", YESTERDAY, "de", None),
        (policy("de ja+de", wait=7), "ja+de", "", TODAY - dt.timedelta(days=6), "", "waits_for_better_language"),
        (policy("de ja+de", wait=7), "ja+de", "", TODAY - dt.timedelta(days=7), "ja+de", None),
        (policy("de ja+de", wait=7), "ja+de", "", None, "ja+de", None),  # nobody knows since when
        (policy("de ja+de", "replace", wait=7), "ja+de", "", YESTERDAY, "", "waits_for_better_language"),
        (policy("de ja+de", "all", wait=7), "ja+de", "", YESTERDAY, "ja+de", None),  # nothing to wait for
        (policy("de ja+de", wait=7), "ja+de", "", TOMORROW, "", "waits_for_better_language"),
    ],
)
def test_the_table(
    wanted: Policy, offered: str, kept: str, aired: dt.date | None, taken: str, reason: str | None
) -> None:
    found = choose(wanted, asked=None, offered=offered.split(), kept=kept.split(), aired=aired, today=TODAY)
    assert found == (taken.split(), reason)


def test_a_language_that_is_named_is_taken_whatever_the_policy_says() -> None:
    waiting = policy("de ja+de", wait=30)
    for asked, offered, kept, expected in (
        ("ja+de", ["ja+de"], [], (["ja+de"], None)),
        ("en", ["en"], ["de"], (["en"], None)),
        ("en", ["de"], [], ([], "language_not_available")),
        ("de", ["de"], ["de"], ([], "already_downloaded")),
        ("de", [], [], ([], "not_out_yet")),
    ):
        aired = YESTERDAY if offered else TOMORROW
        assert choose(waiting, asked=asked, offered=offered, kept=kept, aired=aired, today=TODAY) == expected


def test_every_language_has_its_decision_and_reason() -> None:
    decisions = decide(
        policy("de ja+de ja+en en", "replace"), offered=["ja+de", "en"], kept=["ja+en"], aired=OLD, today=TODAY
    )
    assert [(decision.language, decision.take, decision.reason) for decision in decisions] == [
        ("de", False, "language_not_available"),
        ("ja+de", True, None),
        ("ja+en", False, "already_downloaded"),
        ("en", False, "other_language_kept"),
    ]
    assert decisions[1].replaces == ("ja+en",)


def test_one_that_waits_says_until_when() -> None:
    (_, waiting) = decide(policy("de ja+de", wait=3), offered=["ja+de"], kept=[], aired=YESTERDAY, today=TODAY)
    assert waiting.until == YESTERDAY + dt.timedelta(days=3)


@pytest.mark.parametrize(
    ("wanted", "language", "kept", "gives_way"),
    [
        (policy("de ja+de en", "replace"), "de", "ja+de en", "ja+de en"),
        (policy("de ja+de en", "replace"), "ja+de", "de en", "en"),  # never a better one
        (policy("de ja+de", "replace"), "de", "fr", ""),  # nor what nobody asked about
        (policy("de ja+de", "replace"), "fr", "ja+de", ""),
        (policy("de ja+de", "one"), "de", "ja+de", ""),
        (policy("de ja+de", "all"), "de", "ja+de", ""),
    ],
)
def test_what_gives_way(wanted: Policy, language: str, kept: str, gives_way: str) -> None:
    assert replaced(wanted, language, kept.split()) == tuple(gives_way.split())
