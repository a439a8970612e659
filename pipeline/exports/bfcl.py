"""`bfcl`: a folder with multi-turn entries for `bfcl-eval`, and the bundled worlds as its backends.

An entry is a conversation of one sample: a turn for every message of the user, each with the calls that were made
for it, those that fail left out. Servers that cannot live in the checker's process are refused by name
(`server-NAME`): there is only what a `python -m` of a bundled world names. Before a row is written, its calls are
made on these backends and have to answer what the conversation shows (`backend-differs`).

Further losses: `tool-offers`, tools on offer that no backend has, or whose offer changes in a way that entries cannot
say (they can only add tools later, at a turn without words); `words-at-unlock`, what the user says in such a turn;
`tool-names`, calls that cannot be written as Python.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

from toolweave.pipeline.exports.backend import backend, load, shown, tools_of
from toolweave.pipeline.exports.bfcl_files import beside
from toolweave.pipeline.exports.format import Folder, Format, Layout, Losses, Row, Split, samples_of
from toolweave.pipeline.storage.jsonl import read_json
from toolweave.servers.config import load_mcp_config
from toolweave.servers.program import read_program
from toolweave.servers.spec import ServerSpec

WORLDS = "toolweave.servers.worlds."
DEFAULT_SEED = 7
"""What `servers/world.py` takes when none is named."""
_CATEGORIES = {"missing_function": "miss_func", "missing_parameter": "miss_param", "long_context": "long_context"}
Call = tuple[str, Row]


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


def with_worlds(directory: Path) -> Iterator[Row]:
    """The rows of a run, each with `worlds`: name of a server → class, module and seed of the world that it serves.

    Raises:
        ToolweaveError: A file is missing or damaged.
    """
    specs = load_mcp_config(Path(str(read_json(directory / "settings.json")["mcp"]))).servers
    worlds = {spec.name: world for spec in specs if (world := world_of(spec)) is not None}
    for row in samples_of(directory):
        yield row | {"worlds": worlds}


def world_of(spec: ServerSpec) -> Row | None:
    """Class, module and seed of the bundled world that a server is; `None` when it is something else."""
    program = read_program([spec.command or "", *spec.args])
    if program is None or program.kind != "module" or not program.target.startswith(WORLDS):
        return None
    match program.arguments:
        case []:
            seed = DEFAULT_SEED
        case ["--seed", number]:
            seed = int(number)
        case _:
            return None
    return {"class": re.sub(r"\W", "_", spec.name).capitalize(), "module": program.target, "seed": seed}


def cut(row: Row, split: Split, losses: Losses) -> list[Entry]:
    """The entry of a row, if it can be one."""
    calls = {call["id"]: call for call in row["checker"]["calls"]}
    foreign = sorted({call["server"] for call in calls.values() if call["server"] not in row["worlds"]})
    losses.update(f"server-{name}" for name in foreign)
    if foreign:
        return []
    turns = _turns(row, {name for name, call in calls.items() if call["fails"]})
    worlds = _involved(row)
    problem = _unsayable(turns, calls, worlds) or _differs(turns, worlds)
    if problem:
        losses[problem] += 1
        return []
    return [_entry(row, turns, worlds, losses)]


@dataclass(frozen=True, slots=True)
class _Turn:
    """A message of the user and what is called for it."""

    text: str
    made: list[tuple[str, Call, str]]
    """Call id, the call, and what it showed."""
    withheld: frozenset[str]


def _turns(row: Row, failing: set[str]) -> list[_Turn]:
    observed = {message["tool_call_id"]: message["content"] for message in row["messages"] if message["role"] == "tool"}
    found: list[_Turn] = []
    for turn in row["turns"]:
        first, last = turn["messages"]
        for message in row["messages"][first : last + 1]:
            if message["role"] == "user":
                found.append(_Turn(message["content"], [], frozenset(turn.get("withheld", ()))))
            found[-1].made.extend(
                (call["id"], (call["function"]["name"], call["function"]["arguments"]), observed[call["id"]])
                for call in message.get("tool_calls", ())
                if call["id"] not in failing
            )
    return found


def _involved(row: Row) -> dict[str, Row]:
    """Class → world, of every server that has a tool on offer."""
    offered = {tool["function"]["name"] for tool in row["tools"]}
    return {
        world["class"]: {key: world[key] for key in ("module", "seed")}
        for world in row["worlds"].values()
        if offered & tools_of(world["module"])
    }


def _unsayable(turns: list[_Turn], calls: dict[str, Row], worlds: dict[str, Row]) -> str:
    """The loss because of which a row is no entry, or nothing."""
    names = [name for world in worlds.values() for name in tools_of(world["module"])]
    made = [(calls[call_id]["tool"], call) for turn in turns for call_id, call, _ in turn.made]
    if len(names) > len(set(names)) or any(tool != name or not _is_python(args) for tool, (name, args) in made):
        return "tool-names"
    for number, turn in enumerate(turns):
        if turn.withheld & {name for earlier in turns[:number] for _, (name, _), _ in earlier.made}:
            return "tool-offers"
    return ""


def _is_python(arguments: Row) -> bool:
    return all(name.isidentifier() and not keyword.iskeyword(name) for name in arguments)


def _differs(turns: list[_Turn], worlds: dict[str, Row]) -> str:
    """Make all calls on backends; the loss when one answers something else than the server did."""
    backends = {name: backend(name, world["module"])() for name, world in worlds.items()}
    for name, world in worlds.items():
        load(backends[name], world["seed"])
    for _, (name, arguments), observed in (made for turn in turns for made in turn.made):
        (owner,) = [one for one in backends.values() if hasattr(one, name)]
        try:
            answer = getattr(owner, name)(**arguments)
        except (ToolError, ValidationError):
            return "backend-differs"
        if shown(answer) != observed:
            return "backend-differs"
    return ""


def _entry(row: Row, turns: list[_Turn], worlds: dict[str, Row], losses: Losses) -> Entry:
    backed = frozenset(name for world in worlds.values() for name in tools_of(world["module"]))
    offered = [tool["function"]["name"] for tool in row["tools"]]
    losses["tool-offers"] += sum(name not in backed for name in offered)
    added: dict[str, list[str]] = {}
    for name in sorted(frozenset[str]().union(*(turn.withheld for turn in turns)) & backed):
        last = max(number for number, turn in enumerate(turns) if name in turn.withheld)
        if last + 1 < len(turns):
            added.setdefault(str(last + 1), []).append(name)
        else:
            offered.remove(name)
    losses["words-at-unlock"] += len(added)
    words = [[] if str(number) in added else [turn.text] for number, turn in enumerate(turns)]
    owners = {name: cls for cls, world in worlds.items() for name in tools_of(world["module"])}
    calls = [[call for _, call, _ in turn.made] for turn in turns]
    return Entry(
        f"multi_turn_{_category(row)}_{row['index']}",
        words,
        calls,
        worlds,
        [name for name in offered if name in backed],
        added,
        [f"{owners[name]}.{name}" for made in calls for name, _ in made],
    )


def _category(row: Row) -> str:
    """What the checker calls the kind of conversation; it reads this from the id."""
    kinds = [turn["kind"] for turn in row["turns"]]
    return next((name for kind, name in _CATEGORIES.items() if kind in kinds), "base")


def _write(entry: Entry) -> Row:
    excluded = {
        name: sorted(tools_of(world["module"]) - frozenset(entry.offered)) for name, world in entry.worlds.items()
    }
    return {
        "id": entry.name,
        "question": [[{"role": "user", "content": text} for text in words] for words in entry.words],
        "initial_config": entry.worlds,
        "path": entry.path,
        "involved_classes": list(entry.worlds),
        "excluded_function": [name for names in excluded.values() for name in names],
        **({"missed_function": entry.added} if entry.added else {}),
        "offered": entry.offered,
        "ground_truth": [[as_python(call) for call in calls] for calls in entry.calls],
    }


def _read(line: Row) -> Entry:
    return Entry(
        line["id"],
        [[message["content"] for message in messages] for messages in line["question"]],
        [[_parsed(text) for text in texts] for texts in line["ground_truth"]],
        line["initial_config"],
        line["offered"],
        line.get("missed_function", {}),
        line["path"],
    )


def as_python(call: Call) -> str:
    """A call as Python text. No string in it holds an open bracket: the checker takes `word(` for a call anywhere."""
    name, arguments = call
    return f"{name}({', '.join(f'{key}={_literal(value)}' for key, value in arguments.items())})"


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        items: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in items.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"  # pyright: ignore[reportUnknownArgumentType]
    return repr(value).replace("(", "\\x28") if isinstance(value, str) else repr(value)


def _parsed(text: str) -> Call:
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(f"{text!r} is no call")
    return call.func.id, {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}


FORMAT = Format(
    "bfcl",
    "bfcl-eval's multi-turn checker, with the bundled worlds as backends",
    [Layout(cut, _write, _read, ("conversation",))],
    rows=with_worlds,
    folder=Folder("questions.jsonl", beside),
    accepted=frozenset({"words-at-unlock"}),
    hint="import backends and call backends.register() in the folder before the checker runs",
)
