"""Calls as Python text, as `bfcl-eval` reads and makes them, and back."""

from __future__ import annotations

import ast
import keyword
from typing import Any

from toolweave.pipeline.exports.format import Row
from toolweave.servers.json_values import is_list, is_object

Call = tuple[str, Row]
"""Name of a tool, and arguments."""


def is_sayable(call: Call) -> bool:
    """Whether Python can say it: every argument's name is one."""
    return all(name.isidentifier() and not keyword.iskeyword(name) for name in call[1])


def as_python(call: Call) -> str:
    """A call as Python text. No string in it holds an open bracket: the checker takes `word(` for a call anywhere."""
    name, arguments = call
    return f"{name}({', '.join(f'{key}={_literal(value)}' for key, value in arguments.items())})"


def parsed(text: str) -> Call:
    """The call of such a text.

    Raises:
        ValueError: It is none.
    """
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(f"{text!r} is no call")
    return call.func.id, {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}


def _literal(value: Any) -> str:
    if is_object(value):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if is_list(value):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value).replace("(", "\\x28") if isinstance(value, str) else repr(value)
