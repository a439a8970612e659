"""What can be said for parameters that no tool supplies: configured, from the schema, from its description, or made up.

The order is that of trust: values that the user configured, what the schema fixes or shows, what its text shows, what
its format and bounds allow, and sensible free text for things such as titles and notes. Identifiers are never made up.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from toolweave.agent.argument_texts import described_examples
from toolweave.agent.argument_values import by_format, free_text, is_identifying
from toolweave.agent.patterns import get, place_of
from toolweave.graph.model import ToolFacts
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.json_values import as_list, as_object, canonical, is_list, is_object
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool

How = Literal["values", "const", "default", "enum", "example", "format", "free_text", "guess"]


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
        self._variety = {
            (tool.id, parameter.path): sum(choice.how != "guess" for choice in _unique(self._choices(tool, parameter)))
            for tool in (tools or {}).values()
            for parameter in parameters(tool)
        }

    def speakable(self, tool_id: str, parameter: str) -> bool:
        """Whether a user could say a value for a parameter pattern of a tool."""
        return self.variety(tool_id, parameter) > 0

    def variety(self, tool_id: str, parameter: str) -> int:
        """How many values a user could say for a parameter pattern of a tool, as far as anybody knows."""
        return self._variety.get((tool_id, parameter), 0)

    def candidates(self, tool: Tool, parameter: Parameter, rng: random.Random) -> list[Candidate]:
        """Values to try in this order; equal ones once; empty when nobody could make one up.

        Only values that the schema or the user shows, or that a person would make up; a `guess` (a number where
        nothing says which) comes last and does not count as speakable.
        """
        return _unique(self._choices(tool, parameter, rng))

    def _choices(self, tool: Tool, parameter: Parameter, rng: random.Random | None = None) -> list[Candidate]:
        rng = rng or random.Random(0)
        configured = self.configured(tool, parameter.path)
        if configured:
            return [Candidate(value, "values") for value in _shuffled(configured, rng)]
        shown = _shown(parameter, rng)
        if shown and shown[0].how in ("const", "enum"):
            return _worked_first(shown, self._worked(tool, parameter.path))
        made = [] if shown else by_format(parameter, rng)
        texts = [] if shown or made or is_identifying(parameter) else free_text(tool, parameter, rng)
        found = [*shown, *(Candidate(value, how) for value, how in [*made, *texts])]
        return _worked_first(found, self._worked(tool, parameter.path))

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

    def _worked(self, tool: Tool, path: str) -> list[str]:
        """Canonical values of the parameter in calls that worked."""
        found: list[str] = []
        facts = self._facts.get(tool.id, ToolFacts())
        for text in facts.works:
            try:
                found.append(canonical(get(json.loads(text), place_of(path))))
            except (KeyError, ValueError):
                continue
        return found


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


def _worked_first(choices: list[Candidate], worked: list[str]) -> list[Candidate]:
    """Only where nothing shows what is right does it matter what worked before."""
    if not choices or choices[0].how not in ("format", "free_text", "guess"):
        return choices
    return sorted(choices, key=lambda choice: canonical(choice.value) not in worked)


def _unique(choices: list[Candidate]) -> list[Candidate]:
    return list({canonical(choice.value): choice for choice in reversed(choices)}.values())[::-1]
