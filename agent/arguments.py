"""What can be said for parameters that no tool supplies: configured, from the schema, from its description, or made up.

The order is that of trust: values that the user configured, what the schema fixes or shows, what its text shows, what
its format and bounds allow, and sensible free text for things such as titles and notes. Identifiers are never made up.
Where a tool only reads, what its server has shown beside such values is said too; what is configured for a tool that
changes something is all that is ever said to it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolweave.agent.argument_texts import described_examples, lists_options
from toolweave.agent.argument_values import by_format, free_text, is_identifying, is_lookup, is_open
from toolweave.agent.patterns import get, place_of
from toolweave.agent.shown_values import beside
from toolweave.graph.model import ToolFacts
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.json_values import as_list, as_object, canonical, is_list, is_object
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool

SEVERAL = 2
"""Different texts that have to have worked before others are taken to work as well."""
BESIDE = 0.3
"""Share of items in which what the server has shown comes before what the user configured."""
AGAIN = 0.2
"""Share of items in which those that worked, or that are shown, are said first all the same."""

How = Literal["values", "shown", "const", "default", "enum", "example", "format", "free_text", "guess"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value for one parameter and how it was come by."""

    value: Any
    how: How


class ValueBook:
    """The values that a user could say.

    Args:
        specs: The servers, for their configured `values`.
        facts: What experiments taught; values that worked come before others of their kind.
        tools: The tools by id; needed for `speakable`, which is given ids.
    """

    def __init__(
        self,
        specs: Mapping[str, ServerSpec],
        facts: Mapping[str, ToolFacts] | None = None,
        tools: Mapping[str, Tool] | None = None,
    ) -> None:
        self._specs = dict(specs)
        self._facts = dict(facts or {})
        self._tools = dict(tools or {})
        self._variety: dict[str, dict[str, int]] = {}

    def speakable(self, tool_id: str, parameter: str) -> bool:
        """Whether a user could say a value for a parameter pattern of a tool."""
        return self.variety(tool_id, parameter) > 0

    def variety(self, tool_id: str, parameter: str) -> int:
        """How many values a user could say for a parameter pattern of a tool, as far as anybody knows."""
        if tool_id in self._tools and tool_id not in self._variety:
            tool, rng = self._tools[tool_id], random.Random(0)
            said = {one.path: self.candidates(tool, one, rng) for one in parameters(tool)}
            self._variety[tool_id] = {path: sum(one.how != "guess" for one in found) for path, found in said.items()}
        return self._variety.get(tool_id, {}).get(parameter, 0)

    def candidates(self, tool: Tool, parameter: Parameter, rng: random.Random) -> list[Candidate]:
        """Values to try in this order; equal ones once; empty when nobody could make one up.

        Only values that the schema or the user shows, or that a person would make up; a `guess` (a number where
        nothing says which) comes last and does not count as speakable.
        """
        return _unique(self._choices(tool, parameter, rng))

    def _choices(self, tool: Tool, parameter: Parameter, rng: random.Random) -> list[Candidate]:
        configured = self.configured(tool, parameter.path)
        shown = [Candidate(value, "values") for value in _shuffled(configured, rng)] or _shown(parameter, rng)
        if shown:
            return self._joined(tool, parameter, shown, rng)
        made = by_format(parameter, rng)
        if not made and not is_identifying(parameter):
            return self._texts(tool, parameter, rng)
        worked = self._worked(tool, parameter.path)
        return sorted((Candidate(value, how) for value, how in made), key=lambda choice: choice.value not in worked)

    def _joined(self, tool: Tool, parameter: Parameter, shown: list[Candidate], rng: random.Random) -> list[Candidate]:
        """What is configured or described, and among it what goes as well: other texts of its field, or one's own."""
        if shown[0].how in ("const", "enum"):
            return shown
        if shown[0].how != "values" and is_open(tool, parameter) and not lists_options(parameter):
            made = [Candidate(value, how) for value, how in free_text(tool, parameter, rng)]
            return [*shown, *made] if rng.random() < AGAIN else [*made, *shown]
        more = self._beside(tool, [*(choice.value for choice in shown), *self._worked(tool, parameter.path)])
        more = _shuffled(more, rng)
        return [*more, *shown] if more and rng.random() < BESIDE else [*shown, *more]

    def _texts(self, tool: Tool, parameter: Parameter, rng: random.Random) -> list[Candidate]:
        """Texts that are made up, before those that worked only where several did and nothing is looked up."""
        made = [Candidate(value, how) for value, how in free_text(tool, parameter, rng)]
        worked = [value for value in self._worked(tool, parameter.path) if isinstance(value, str)]
        known = [Candidate(value, made[0].how) for value in worked if made]
        known = _shuffled([*known, *self._beside(tool, worked)], rng)
        last = len(worked) >= SEVERAL and not is_lookup(tool) and rng.random() >= AGAIN
        return [*made, *known] if last else [*known, *made]

    def _beside(self, tool: Tool, values: Sequence[Any]) -> list[Candidate]:
        """What the server has shown beside such values; only for tools that change nothing."""
        if self._facts.get(tool.id, ToolFacts()).access != "reads":
            return []
        own = (facts for name, facts in self._facts.items() if name.rpartition("/")[0] == tool.server)
        fields = (texts for facts in own for texts in facts.shown.values())
        return [Candidate(text, "shown") for text in beside(values, fields)]

    def configured(self, tool: Tool, path: str) -> list[Any]:
        """What the server's `values` give for a leaf parameter: for its tool, else for any tool."""
        values = self._values(tool)
        top = path.partition("[]")[0].partition(".")[0]
        for key, rest in ((path, ""), (top, path[len(top) :])):
            for name in (f"{tool.name}.{key}", key):
                if name in values:
                    return [leaf for value in values[name] for leaf in _inside(value, rest)]
        return list(values.get(path.replace("[]", "").rpartition(".")[2], []))

    def whole(self, tool: Tool, name: str) -> list[Any]:
        """Configured values of a top-level parameter as they stand, lists and objects included."""
        values = self._values(tool)
        return list(values.get(f"{tool.name}.{name}", values.get(name, [])))

    def _values(self, tool: Tool) -> dict[str, list[Any]]:
        spec = self._specs.get(tool.server)
        return spec.options.values if spec else {}

    def _worked(self, tool: Tool, path: str) -> list[Any]:
        """Different values of the parameter in calls that worked."""
        found: dict[str, Any] = {}
        for text in self._facts.get(tool.id, ToolFacts()).works:
            try:
                value = get(json.loads(text), place_of(path))
            except (KeyError, ValueError):
                continue
            found.setdefault(canonical(value), value)
        return list(found.values())


def _inside(value: Any, rest: str) -> list[Any]:
    """Leaves of a configured value below a pattern such as `[].field`."""
    if rest == "":
        return [value]
    if rest.startswith("[]"):
        return [leaf for item in as_list(value) for leaf in _inside(item, rest[2:])]
    name, dot, _ = rest[1:].partition(".")
    plain = name.partition("[]")[0]
    after = rest[1 + len(plain) :] if dot or "[]" in name else ""
    return _inside(as_object(value)[plain], after) if plain in as_object(value) else []


def _shown(parameter: Parameter, rng: random.Random) -> list[Candidate]:
    """What the schema or its description shows."""
    schema = parameter.schema
    if "const" in schema:
        return [Candidate(schema["const"], "const")]
    options = [value for value in as_list(schema.get("enum")) if value is not None]
    if options:
        return [Candidate(value, "enum") for value in _shuffled(options, rng)]
    examples = [*as_list(schema.get("examples")), *([schema["example"]] if "example" in schema else [])]
    examples = [value for value in examples if _scalar(value)] or described_examples(parameter)
    shown = [Candidate(value, "example") for value in _shuffled(examples, rng)]
    if "default" in schema and schema["default"] is not None and _scalar(schema["default"]) and schema["default"] != "":
        shown.append(Candidate(schema["default"], "default"))
    return shown


def _scalar(value: Any) -> bool:
    return not is_object(value) and not is_list(value)


def _shuffled(values: list[Any], rng: random.Random) -> list[Any]:
    return rng.sample(values, len(values))


def _unique(choices: list[Candidate]) -> list[Candidate]:
    return list({canonical(choice.value): choice for choice in reversed(choices)}.values())[::-1]
