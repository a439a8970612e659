"""One conversation as `bfcl-eval` plays it: a turn for every message of the user, each with the calls made for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.pipeline.exports.bfcl_calls import Call
from toolweave.pipeline.exports.bfcl_worlds import Stage
from toolweave.pipeline.exports.format import Losses, Row

_CATEGORIES = {"missing_function": "miss_func", "missing_parameter": "miss_param", "long_context": "long_context"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One conversation as the checker plays it."""

    name: str
    words: list[list[str]]
    """What the user says in each turn; nothing where tools are added."""
    calls: list[list[Call]]
    """What is called in each turn: name and arguments."""
    worlds: dict[str, Row]
    """Class of a backend → `module` and `seed` of its world."""
    offered: list[str]
    added: dict[str, list[str]]
    """Number of a turn → tools that are on offer from then on only."""
    path: list[str]


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of the user and what is called for it."""

    text: str
    made: list[tuple[Call, str]]
    """The calls, and what each of them showed."""
    withheld: frozenset[str]


def turns_of(row: Row) -> list[Turn]:
    """The turns of a row, without the calls that fail."""
    failing = {call["id"] for call in row["checker"]["calls"] if call["fails"]}
    observed = {message["tool_call_id"]: message["content"] for message in row["messages"] if message["role"] == "tool"}
    found: list[Turn] = []
    for turn in row["turns"]:
        first, last = turn["messages"]
        for message in row["messages"][first : last + 1]:
            if message["role"] == "user":
                found.append(Turn(message["content"], [], frozenset(turn.get("withheld", ()))))
            found[-1].made.extend(
                ((call["function"]["name"], call["function"]["arguments"]), observed[call["id"]])
                for call in message.get("tool_calls", ())
                if call["id"] not in failing
            )
    return found


def takes_back(turns: Sequence[Turn]) -> bool:
    """Whether a tool that was called is taken away later: entries can only add tools."""
    called: set[str] = set()
    for turn in turns:
        if turn.withheld & called:
            return True
        called |= {name for (name, _), _ in turn.made}
    return False


def entry_of(row: Row, turns: Sequence[Turn], stage: Stage, losses: Losses) -> Entry:
    """The entry of a row; counts the tools on offer that no backend has, and the turns whose words are left out."""
    owners = stage.owners
    since = _on_offer_since(turns)
    named = [tool["function"]["name"] for tool in row["tools"]]
    offered = [name for name in named if name in owners and since.get(name, 0) < len(turns)]
    added: dict[str, list[str]] = {}
    for name in filter(owners.__contains__, since):
        if since[name] < len(turns):
            added.setdefault(str(since[name]), []).append(name)
    losses["tool-offers"] += sum(name not in owners for name in named)
    losses["words-at-unlock"] += len(added)
    return Entry(
        f"multi_turn_{_category(row)}_{row['index']}",
        [[] if str(number) in added else [turn.text] for number, turn in enumerate(turns)],
        [[call for call, _ in turn.made] for turn in turns],
        stage.worlds,
        offered,
        added,
        [f"{owners[name]}.{name}" for turn in turns for (name, _), _ in turn.made],
    )


def _on_offer_since(turns: Sequence[Turn]) -> dict[str, int]:
    """Tool that is withheld at some time → number of the turn after the last one that withholds it."""
    since = {name: number for number, turn in enumerate(turns, 1) for name in turn.withheld}
    return dict(sorted(since.items()))


def _category(row: Row) -> str:
    """What the checker calls the kind of conversation; it reads this from the id."""
    kinds = [turn["kind"] for turn in row["turns"]]
    return next((name for kind, name in _CATEGORIES.items() if kind in kinds), "base")
