"""Truth about a bundled world, from its own code.

Which tables its tools really read by which argument, which keys they give away, and which calls make which others
possible or impossible.
Nothing of the graph or of the probe is used here. A world is run in process; its tables are replaced by recording
ones; calls are generated from signatures and from the keys that really are in the tables.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pickle
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, TypeAdapter, ValidationError

from toolweave.servers.world import Table

EPISODE = 12
"""Situations that follow one another from a fresh world."""
FOCUS = 6
"""Keys that an episode is about: the last ones."""
WORLDS = ("clinic", "greenhouse", "kitchen", "laboratory", "library", "museum")


class RecordingTable(Table):
    """A table that notes the keys under which it is asked."""

    asked: set[str]
    changed: bool

    def get(self, key: Any, default: Any = None) -> Any:
        """As in `dict`, noted."""
        if key in self.keys():
            self.asked.add(key)
        return super().get(key, default)


@dataclass
class Truth:
    """What is true of one world."""

    tools: list[str] = field(default_factory=list)
    data: set[tuple[str, str, str]] = field(default_factory=set)
    """(source tool, target tool, target parameter)."""
    flips: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(first tool, second tool, effect) → times seen."""
    trials: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    """(first tool, second tool, whether the second works without the first) → times compared."""
    writes: set[str] = field(default_factory=set)
    worked: Counter[str] = field(default_factory=Counter[str])
    """Tool → calls that worked on the way."""

    def state(self, least: int = 2) -> set[tuple[str, str, str]]:
        """State edges seen at least so often."""
        return {name for name, count in self.flips.items() if count >= least}


class Place:
    """One situation of a world, to which it can return."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self._bytes = pickle.dumps(world, -1)
        self.state = _state(world)

    def tables(self) -> dict[str, RecordingTable]:
        """The tables of the world."""
        return _tables(self.world)

    def reset(self) -> None:
        """Undo every call made since."""
        self.world = pickle.loads(self._bytes)  # noqa: S301 (our own bytes)

    def become(self, other: Place) -> None:
        """Go on in another situation."""
        self.world, self._bytes, self.state = other.world, other._bytes, other.state

    def works(self, lab: Laboratory, tool: str, arguments: dict[str, Any]) -> bool:
        """Whether a call works here; undone at once. Refused calls change nothing, which a test of the worlds holds."""
        worked = lab.call(self.world, tool, arguments)[0]
        if worked:
            self.reset()
        return worked


class Laboratory:
    """One world under study."""

    def __init__(self, name: str, seed: int = 7) -> None:
        module = importlib.import_module(f"toolweave.servers.worlds.{name}")
        self.kind = next(getattr(module, item) for item in module.__all__ if item != "build")
        self.fresh = self.kind(seed)
        for table in vars(self.fresh).values():
            if isinstance(table, Table):
                _record(table)
        tools = module.build(seed)._tool_manager.list_tools()
        self.tools = {tool.name: getattr(self.kind, tool.name) for tool in tools}
        self.adapters = {tool: _adapters(function) for tool, function in self.tools.items()}
        self.keys_of: dict[tuple[str, str], str] = {}
        """(tool, parameter) → table that it is a key of."""

    def call(self, world: Any, tool: str, arguments: dict[str, Any]) -> tuple[bool, Any]:
        """(worked, output or error text)."""
        try:
            typed = {name: self.adapters[tool][name][0].validate_python(value) for name, value in arguments.items()}
            return True, getattr(world, tool)(**typed)
        except (ToolError, ValidationError) as error:
            return False, str(error)


def _record(table: Table) -> None:
    table.__class__ = RecordingTable
    table.asked = set()  # type: ignore[attr-defined]


def _adapters(function: Any) -> dict[str, tuple[TypeAdapter[Any], Any, bool, list[Any]]]:
    hints = get_type_hints(function, include_extras=True)
    found: dict[str, tuple[TypeAdapter[Any], Any, bool, list[Any]]] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self":
            continue
        schema = TypeAdapter(hints[name]).json_schema()
        found[name] = (TypeAdapter(hints[name]), schema, parameter.default is parameter.empty, _said(schema))
    return found


def _said(schema: dict[str, Any]) -> list[Any]:
    """Values that the schema shows."""
    for part in (schema, *schema.get("anyOf", ())):
        for name in ("enum", "examples"):
            if part.get(name):
                return list(part[name])
        if "const" in part:
            return [part["const"]]
    return []


def _copy(world: Any) -> Any:
    return pickle.loads(pickle.dumps(world, -1))  # noqa: S301 (our own bytes)


def _tables(world: Any) -> dict[str, RecordingTable]:
    return {name: item for name, item in vars(world).items() if isinstance(item, RecordingTable)}


def _text(output: Any) -> str:
    if isinstance(output, BaseModel):
        return output.model_dump_json()
    if isinstance(output, list):
        return "\n".join(_text(item) for item in output)
    return output if isinstance(output, str) else json.dumps(output, default=str)


def derive(name: str, seed: int = 7, states: int = 250, tries: int = 6) -> Truth:
    """The truth about one world; `states` random situations are studied, in episodes about a few rows each."""
    lab = Laboratory(name, seed)
    rng = random.Random(seed)
    truth = Truth(tools=list(lab.tools))
    _find_keys(lab, rng)
    gives: dict[str, set[str]] = {tool: set() for tool in lab.tools}
    place, about = Place(_copy(lab.fresh)), [_any_key(lab.fresh, rng)]
    for number in range(states):
        if number and number % EPISODE == 0:
            place = Place(_copy(lab.fresh))
            about = [_any_key(place.world, rng)]
        for _ in range(rng.randrange(1, 4)):
            about = [*about, *_study_step(lab, place, rng, about, gives, truth)][-FOCUS:]
        _study_effects(lab, place, rng, about, gives, truth, tries)
    for (target, parameter), table in lab.keys_of.items():
        for source, tables in gives.items():
            if table in tables and source != target:
                truth.data.add((source, target, parameter))
    return truth


def _find_keys(lab: Laboratory, rng: random.Random) -> None:
    """Which parameter is a key of which table: looked up in it, or treated otherwise than a key that is in none."""
    for tool, adapters in lab.adapters.items():
        for _ in range(400):
            arguments = _arguments(lab, lab.fresh, tool, rng, [])
            world = _copy(lab.fresh)
            for table in _tables(world).values():
                table.asked = set()
            lab.call(world, tool, arguments)
            _note_keys(lab, world, tool, arguments)
            if all((tool, p) in lab.keys_of for p, a in adapters.items() if a[2] and not a[3] and _is_text(a[1])):
                break
        for parameter, (_, schema, required, said) in adapters.items():
            if not required and not said and _is_text(schema) and (tool, parameter) not in lab.keys_of:
                _find_filter(lab, tool, parameter, rng)


def _note_keys(lab: Laboratory, world: Any, tool: str, arguments: dict[str, Any]) -> None:
    for parameter, value in arguments.items():
        for name, table in _tables(world).items():
            if isinstance(value, str) and value in table.asked:
                lab.keys_of.setdefault((tool, parameter), name)


def _find_filter(lab: Laboratory, tool: str, parameter: str, rng: random.Random) -> None:
    for name, table in _tables(lab.fresh).items():
        for key in rng.sample(sorted(table), min(12, len(table))):
            arguments = {**_arguments(lab, lab.fresh, tool, rng, []), parameter: key}
            unknown = {**arguments, parameter: key[:-4] + "zzzz"}
            found, nothing = (lab.call(_copy(lab.fresh), tool, given) for given in (arguments, unknown))
            echoed = [
                _text(one[1]).replace(given[parameter], "") for one, given in ((found, arguments), (nothing, unknown))
            ]
            if found[0] and echoed[0] != echoed[1]:
                lab.keys_of[tool, parameter] = name
                return


def _is_text(schema: dict[str, Any]) -> bool:
    return any(part.get("type") == "string" and "format" not in part for part in (schema, *schema.get("anyOf", ())))


def _arguments(lab: Laboratory, world: Any, tool: str, rng: random.Random, near: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter, (_, schema, required, said) in lab.adapters[tool].items():
        if not required and rng.random() < 0.75:
            continue
        found[parameter] = _value(lab, world, tool, parameter, schema, said, rng, near)
    return found


def _value(
    lab: Laboratory,
    world: Any,
    tool: str,
    parameter: str,
    schema: dict[str, Any],
    said: list[Any],
    rng: random.Random,
    near: list[str],
) -> Any:
    tables = _tables(world)
    known = lab.keys_of.get((tool, parameter))
    if known is not None:
        close = [key for key in near if key in tables[known]]
        if close and rng.random() < 0.85:
            return rng.choice(close[: rng.choice((1, 3, len(close)))])
        return rng.choice(list(tables[known]) or ["none"])
    if said:
        return rng.choice(said)
    for part in (schema, *schema.get("anyOf", ())):
        kind = part.get("type")
        if kind == "boolean":
            return rng.random() < 0.5
        if kind in ("integer", "number"):
            low = part.get("minimum", part.get("exclusiveMinimum", 0) + 1)
            high = min(part.get("maximum", low + 40), low + 40)
            return low + int(rng.random() * (high - low))
    keys = near if near and rng.random() < 0.6 else [key for table in tables.values() for key in table]
    return rng.choice(keys) if rng.random() < 0.9 or not keys else ""


def _study_step(
    lab: Laboratory, place: Place, rng: random.Random, about: list[str], gives: dict[str, set[str]], truth: Truth
) -> list[str]:
    """Make one call that works; the keys that it named or made."""
    tool = _seldom(truth, list(lab.tools), rng)
    found = _working(lab, place, tool, rng, about)
    if found is None:
        return []
    truth.worked[tool] += 1
    arguments, after, output = found
    if after.state != place.state:
        truth.writes.add(tool)
    gives[tool] |= _given_away(after.world, arguments, output)
    made = [key for name, table in _tables(after.world).items() for key in table if key not in place.tables()[name]]
    place.become(after)
    return [*(str(value) for value in arguments.values() if isinstance(value, str)), *made]


def _working(
    lab: Laboratory, place: Place, tool: str, rng: random.Random, about: list[str]
) -> tuple[dict[str, Any], Place, Any] | None:
    """A call that works: its arguments, what it leads to, and its output."""
    near = _near(place.world, [rng.choice(about) if rng.random() < 0.8 else _any_key(place.world, rng)], steps=1)
    for attempt in range(12):
        arguments = _arguments(lab, place.world, tool, rng, near if attempt % 4 else [])
        for table in place.tables().values():
            table.asked = set()
        worked, output = lab.call(place.world, tool, arguments)
        _note_keys(lab, place.world, tool, arguments)
        if worked:
            after = Place(place.world)
            place.reset()
            return arguments, after, output
    return None


def _seldom(truth: Truth, tools: list[str], rng: random.Random) -> str:
    """A tool, likelier one that has seldom worked."""
    return rng.choices(tools, [1 / (1 + truth.worked[tool]) for tool in tools])[0]


def _any_key(world: Any, rng: random.Random) -> str:
    return rng.choice([key for table in _tables(world).values() for key in table])


def _given_away(world: Any, arguments: dict[str, Any], output: Any) -> set[str]:
    """Tables whose keys an output holds, beyond those that the call was given."""
    words = set(re.findall(r"[\w-]+", _text(output))) - {str(value) for value in arguments.values()}
    return {name for name, table in _tables(world).items() if not words.isdisjoint(table.keys())}


def _state(world: Any) -> bytes:
    return pickle.dumps([sorted(table.items()) for table in _tables(world).values()], -1)


def _study_effects(
    lab: Laboratory,
    place: Place,
    rng: random.Random,
    about: list[str],
    gives: dict[str, set[str]],
    truth: Truth,
    tries: int,
) -> None:
    """Make every call that is near to one call, without and with that call before it."""
    first = _seldom(truth, sorted(truth.writes) or list(lab.tools), rng)
    found = _working(lab, place, first, rng, about)
    if found is None:
        return
    arguments, after, output = found
    gives[first] |= _given_away(after.world, arguments, output)
    truth.worked[first] += 1
    if after.state == place.state:
        return
    near = _near(place.world, [str(value) for value in arguments.values()])
    for second in lab.tools:
        if second == first:
            continue
        for _ in range(tries):
            others = _arguments(lab, place.world, second, rng, near)
            for parameter in list(others):
                if parameter in arguments and rng.random() < 0.5:
                    others[parameter] = arguments[parameter]
            without, with_it = place.works(lab, second, others), after.works(lab, second, others)
            truth.trials[first, second, without] += 1
            if without != with_it:
                truth.flips[first, second, "enables" if with_it else "disables"] += 1


def _near(world: Any, keys: list[str], steps: int = 2) -> list[str]:
    """Keys of rows that name one of these or are named by one of their rows, and so on."""
    rows = [(key, _names(row)) for table in _tables(world).values() for key, row in table.items()]
    found = list(dict.fromkeys(keys))
    for _ in range(steps):
        wanted = set(found)
        for key, named in rows:
            if key in wanted:
                found += named
            elif not wanted.isdisjoint(named):
                found.append(key)
        found = list(dict.fromkeys(found))
    return found


def _names(row: Any) -> list[str]:
    return list(_leaves(row))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
