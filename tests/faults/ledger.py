"""What the server has acknowledged, and whether it still holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

WAITING = frozenset({"pending", "downloading", "completed"})
"""Where an item may be that nobody holds back."""
HELD = frozenset({"paused", "completed"})
"""Where it may be that somebody does: it may have been finished in that very moment."""


@dataclass
class Entry:
    """One item that was acknowledged. While a verb's fate is unknown, more than one thing is right."""

    episode: int
    states: frozenset[str] = WAITING
    priorities: frozenset[str] = frozenset({"normal"})
    may_be_gone: bool = False


@dataclass
class Ledger:
    """The queue as its user knows it."""

    entries: dict[str, Entry] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    """Episodes of the items that were removed."""
    asked: set[int] = field(default_factory=set)
    """Episodes whose adding was never answered."""
    modes: set[tuple[bool, bool]] = field(default_factory=lambda: {(False, False)})
    """``(is_running, is_paused)``: what it was told, or one of several where an answer never came."""
    faulty: bool = False
    """Whether its disk refuses now and then: an item may fail, and the queue may pause, without being told to."""
    order: list[str] = field(default_factory=list)
    """Items of one priority that stand in this order."""

    def remove(self, id_: str, *, answered: bool) -> None:
        """An item is gone, or may be."""
        if answered:
            self.gone[id_] = self.entries.pop(id_).episode
        else:
            self.entries[id_].may_be_gone = True

    def move(self, id_: str, states: frozenset[str], *, answered: bool) -> None:
        """An item is in one of the states, or may be."""
        entry = self.entries[id_]
        entry.states = states if answered else entry.states | states

    def mode(self, mode: tuple[bool, bool], *, answered: bool) -> None:
        """The queue is in a mode, or may be."""
        self.modes = {mode} if answered else self.modes | {mode}

    def check(self, items: Mapping[str, Mapping[str, Any]], mode: tuple[bool, bool]) -> None:
        """Hold what the server tells against it, and take over what was not known."""
        known = self.modes | ({(running, True) for running, _paused in self.modes} if self.faulty else set())
        assert mode in known, (mode, known)
        self.modes = {mode}
        episodes = Counter(item["episode"] for item in items.values())
        assert not [episode for episode, count in episodes.items() if count > 1], "An item is there twice"
        for id_, item in items.items():
            if id_ not in self.entries:
                assert id_ not in self.gone, f"A removed item is back: {item}"
                assert item["episode"] in self.asked, f"Nobody asked for {item}"
                self.entries[id_] = Entry(item["episode"])
        self.asked.clear()
        for id_, entry in list(self.entries.items()):
            if id_ not in items:
                assert entry.may_be_gone, f"An acknowledged item is lost: {entry}"
                self.remove(id_, answered=True)
                continue
            item = items[id_]
            states = entry.states | ({"failed"} if self.faulty else set())
            assert item["status"] in states, (item, entry)
            assert item["priority"] in entry.priorities, (item, entry)
            entry.states = _settled(item["status"])
            entry.priorities = frozenset({item["priority"]})
            entry.may_be_gone = False
        waiting = [id_ for id_, item in items.items() if item["status"] == "pending"]
        wanted = [id_ for id_ in self.order if id_ in set(waiting)]
        assert [id_ for id_ in waiting if id_ in set(wanted)] == wanted, "The order is another one"

    def open_items(self, *states: str) -> list[str]:
        """Ids of those that may be in one of the states."""
        return [id_ for id_, entry in self.entries.items() if entry.states & set(states)]

    def episodes(self) -> Iterable[int]:
        """All that were ever added, removed or not."""
        return [*(entry.episode for entry in self.entries.values()), *self.gone.values(), *self.asked]


def _settled(status: str) -> frozenset[str]:
    """Where an item that was seen in a state may be later, if nobody says anything."""
    return {"completed": frozenset({"completed"}), "paused": HELD - {"completed"}}.get(status, WAITING)
