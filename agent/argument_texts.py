"""Examples inside descriptions: "e.g. 'Oslo'", "such as a, b or c", "Format: YYYY-MM-DD", "one of: open, closed"."""

from __future__ import annotations

import re
from typing import Any

from toolweave.agent.argument_values import json_kinds
from toolweave.graph.schema import Parameter

_INTRODUCED = re.compile(
    r"(?:\be\.?\s?g\.?,?|\bfor (?:example|instance)\b,?|\bsuch as\b|\bexamples?\s*[:=]|\bex\.|\blike\b(?=\s*['\"`]))"
    r"\s*:?\s*([^\n]{1,160})",
    re.IGNORECASE,
)
_OPTIONS = re.compile(
    r"(?:\bone of|\beither|\ballowed(?: values)?|\bpossible values(?: are)?|\boptions(?: are)?|\bvalid values(?: are)?|"
    r"\bcan be|\bmust be|\bvalues)\s*[:=]?\s*([^\n.;)]{3,160})",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"`“']([^\"`”'\n]{1,80})[\"`”']")


def described_examples(parameter: Parameter) -> list[Any]:
    """Values of the parameter's type that its description shows, in order."""
    text = parameter.description
    shown = [value for match in _INTRODUCED.finditer(text) for value in _values(match.group(1))]
    if not shown:
        shown = [
            value
            for match in _OPTIONS.finditer(text)
            for value in (item.group(1) for item in _QUOTED.finditer(match.group(1)))
        ]
    fitting = [typed for value in shown if (typed := _typed(value, parameter.schema)) is not None]
    return list(dict.fromkeys(fitting))[:8]


def lists_options(parameter: Parameter) -> bool:
    """Whether the description lists all that there is to choose from."""
    return _OPTIONS.search(parameter.description) is not None


def _values(text: str) -> list[str]:
    quoted = [match.group(1) for match in _QUOTED.finditer(text.partition(")")[0])]
    if quoted:
        return quoted
    found: list[str] = []
    for part in re.split(r",\s*(?:or\s+|and\s+)?|\s+(?:or|and)\s+", re.split(r"[;)\]]|\.(?:\s|$)", text)[0]):
        plain = part.strip(" .:\"'`")
        if plain and len(plain.split()) <= 3 and plain.lower() not in ("etc", "...", "others"):
            found.append(plain)
    return found


def _typed(text: str, schema: dict[str, Any]) -> Any:
    """The text as a value of the schema's type; `None` when it is none."""
    kinds = json_kinds(schema)
    if "string" in kinds or not kinds:
        return text
    if "integer" in kinds:
        return int(text) if re.fullmatch(r"-?\d{1,15}", text) else None
    if "number" in kinds:
        return float(text) if re.fullmatch(r"-?\d{1,15}(?:\.\d+)?", text) else None
    return None
