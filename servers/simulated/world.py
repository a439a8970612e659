"""The answers of a simulated server: what each deed does to the things that there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolweave.servers.json_values import as_list, canonical, is_list, is_object
from toolweave.servers.schemas import first_problem
from toolweave.servers.simulated.names import LEAVING, OVERWRITING, words_of
from toolweave.servers.simulated.reading import PAGING, SEARCHING, Use, is_payload, read_tools
from toolweave.servers.simulated.shapes import Shaped, shaped
from toolweave.servers.simulated.things import LABELS, Refusal, Row, Things, all_things, described, things_of
from toolweave.servers.simulated.values import example
from toolweave.servers.simulated.widening import widen
from toolweave.servers.simulated.writing import Ask, Writer, filled
from toolweave.servers.tools import Tool

_MOST_LISTED = 20
_INVENTED = 3
"""Things that a search brings to light where nothing is listed otherwise."""


class SimulatedWorld:
    """All state of one simulated server.

    Args:
        tools: What it offers.
        seed: Which things there are at the start.
        writer: Fills in what the rules leave open; without one they make it up.
    """

    def __init__(self, tools: Sequence[Tool], seed: int, writer: Writer | None = None) -> None:
        self.uses, kinds = read_tools(tools)
        self._writer = writer
        if writer is not None:
            widen(kinds, self.uses.values(), seed, writer)
        self.things = all_things(kinds, seed, writer, self.uses.values())

    def answer(self, name: str, arguments: dict[str, Any]) -> Any:
        """The output of a tool, fit for its output schema.

        Raises:
            Refusal: The call fails; the text is what the server says.
        """
        if (use := self.uses.get(name)) is None:
            raise Refusal(f"There is no tool {name!r}.")
        if problem := first_problem(use.tool.input_schema, arguments):
            raise Refusal(f"Invalid arguments: {problem}")
        given = {key: value for key, value in arguments.items() if value is not None}
        self._check_references(use, given)
        things = things_of(use.noun, self.things)
        assert things is not None  # every use has brought its kind
        value = self._done(use, given, things)
        rng = things.rng("shape", canonical(_identity(value, things)))
        return self._written(
            shaped(value, use.tool, things.kind, rng, _guessed(use, value, things)), use, given, value, things
        )

    def _written(self, answer: Shaped, use: Use, given: dict[str, Any], value: Any, things: Things) -> Any:
        """The answer, with what was made up for it as the writer has it; lists are made of what is written already."""
        if self._writer is None or not answer.made_up or use.deed == "find":
            return answer.value
        key = value.get(things.kind.key) if is_object(value) else None
        thing = things.born.get(str(key)) if key is not None else None
        about = {"thing": thing} if thing is not None else {"arguments": given}
        facts = {"kind": things.kind.name, "tools": described([use.tool]), **about}
        what = f"parts of what the tool {use.tool.name!r} answers"
        schema = use.tool.output_schema or {}
        return filled(Ask(what, facts, answer.made_up, things.seed, answer.value, schema), self._writer)

    def _done(self, use: Use, given: dict[str, Any], things: Things) -> Any:
        match use.deed:
            case "find":
                return self._found(use, given, things)
            case "get":
                return self._thing(use, given, things)
            case "make":
                return self._made(use, given, things)
            case "change":
                return self._changed(use, given, things)
            case "end":
                return self._ended(use, given, things)
            case "act":
                return self._acted(use, given, things)

    def _check_references(self, use: Use, given: dict[str, Any]) -> None:
        for name, noun in use.references.items():
            other = things_of(noun, self.things)
            if other is None or other.kind.noun == use.noun or not other.kind.closed:
                continue
            for key in as_list(given.get(name)) or ([given[name]] if name in given else []):
                if not is_list(key) and not is_object(key):
                    other.find(key, name)

    def _found(self, use: Use, given: dict[str, Any], things: Things) -> dict[str, Any]:
        rows = [row for row in things.rows.values() if all(_fits(use, row, *item) for item in given.items())]
        wanted = _without_paging(given)
        if not rows and wanted and "make" not in things.kind.deeds and not _was_there(things, wanted):
            rows = [things.put(row) for row in _invented(things, wanted)]
        return {things.kind.plural: _page(rows, given), "total": len(rows)}

    def _thing(self, use: Use, given: dict[str, Any], things: Things) -> Row:
        if use.key is not None and use.key in given:
            return things.find(given[use.key], use.key)
        return self._one(given, things)

    def _one(self, given: dict[str, Any], things: Things) -> Row:
        """The thing that the arguments as a whole mean; without any, the only one of its kind."""
        known = _without_paging(given)
        key = canonical(known)
        if key not in things.rows:
            row = things.row(key, known)
            del row[things.kind.key]
            row |= {things.kind.key: known[things.kind.key]} if things.kind.key in known else {}
            things.put(things.written([row], known)[0], key)
        return things.rows[key]

    def _made(self, use: Use, given: dict[str, Any], things: Things) -> Row:
        known = _fields(use, given)
        natural = things.kind.key
        key = known.get(natural) if natural != "id" else None
        there = things.rows.get(str(key)) if key is not None else None
        if there is not None and use.verb in OVERWRITING:
            there.update(known)
            return there
        if there is not None:
            raise Refusal(f"There already is a {things.kind.name} with {natural} {key!r}.")
        row = things.row(things.new_key() if key is None else key, known, "made")
        return things.put(things.written([row], known)[0])

    def _changed(self, use: Use, given: dict[str, Any], things: Things) -> Row:
        if use.key is not None and use.key in given:
            row = things.find(given[use.key], use.key)
            change = {k: v for k, v in _fields(use, given).items() if k not in (use.key, things.kind.key)}
        else:
            row, change = self._one({}, things), _fields(use, given)
        row.update(change)
        if use.verb in LEAVING:
            row["status"] = LEAVING[use.verb]
        return row

    def _ended(self, use: Use, given: dict[str, Any], things: Things) -> dict[str, Any]:
        key = given.get(use.key) if use.key is not None else None
        if key is None:
            count = len(things.rows)
            things.gone |= things.rows
            things.rows.clear()
            return {"deleted": count}
        if is_list(key):
            return {"deleted": [things.remove(item, use.key)[things.kind.key] for item in key]}
        return {"deleted": True, things.kind.key: things.remove(key, use.key)[things.kind.key]}

    def _acted(self, use: Use, given: dict[str, Any], things: Things) -> dict[str, Any]:
        if use.key is not None and use.key in given and things.kind.closed:
            row = things.find(given[use.key], use.key)
            return {"status": "done", things.kind.key: row[things.kind.key]}
        rng = things.rng("act", use.tool.name, given)
        name = "_".join(things.kind.noun)
        return {"status": "done", name if name != "status" else "result": example({}, name, rng)}


def _without_paging(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if not set(words_of(name)) & PAGING}


def _guessed(use: Use, value: Any, things: Things) -> list[str]:
    """What an answer says that nothing was known of."""
    return [name for name in value if name not in ("status", things.kind.key)] if use.deed == "act" else []


def _fields(use: Use, given: dict[str, Any]) -> Row:
    """The fields of a thing that arguments give, those inside a payload too."""
    found: Row = {}
    for name, value in given.items():
        if is_object(value) and is_payload(name, use.noun):
            found |= value
        else:
            found[name] = value
    return found


def _fits(use: Use, row: Row, name: str, value: Any) -> bool:
    """Whether a row is among what an argument of a search asks for."""
    words = set(words_of(name))
    if words & PAGING:
        return True
    if words & SEARCHING and isinstance(value, str):
        return _says(row, value)
    if name not in row:
        return True
    here = row[name]
    if isinstance(value, str) and isinstance(here, str) and name not in use.references:
        return value.lower() in here.lower()
    return bool(here == value) or (is_list(value) and here in value)


def _says(row: Row, text: str) -> bool:
    shown = canonical(row).lower()
    return all(word in shown for word in text.lower().split())


def _was_there(things: Things, wanted: dict[str, Any]) -> bool:
    texts = [value for value in wanted.values() if isinstance(value, str)]
    return any(_says(row, text) for row in things.gone.values() for text in texts)


def _invented(things: Things, wanted: dict[str, Any]) -> list[Row]:
    """What a search brings to light: always the same for the same words."""
    known = {name: value for name, value in wanted.items() if name in things.kind.fields}
    text = next((value for value in wanted.values() if isinstance(value, str) and value), "")
    rows: list[Row] = []
    for number in range(_INVENTED):
        rng = things.rng("found", wanted, number)
        key = things.some_key(things.rng("found key", rng.randrange(2**31)))
        rows.append(things.row(key, known))
    rows = things.written(rows, wanted)
    for row in rows:
        label = next(name for name in (*row, "name") if name in LABELS)
        if label not in known and label != things.kind.key and not _says(row, text):
            row[label] = f"{text} {row.get(label, '')}".strip()
    return rows


def _page(rows: list[Row], given: dict[str, Any]) -> list[Row]:
    size, start = _MOST_LISTED, 0
    for name, value in given.items():
        words = set(words_of(name))
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        if words & {"limit", "size", "max", "top", "per"} or words == {"count"}:
            size = max(value, 0)
        elif words & {"offset", "skip"}:
            start = max(value, 0)
        elif words == {"page"} or words == {"page", "number"}:
            start = -max(value - 1, 0)
    start = -start * size if start < 0 else start
    return rows[start : start + size]


def _identity(value: Any, things: Things) -> Any:
    """What a made-up part of an answer may depend on: which thing it is about, not what has become of it."""
    return value.get(things.kind.key, sorted(value)) if is_object(value) else value
