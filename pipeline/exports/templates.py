"""Chat templates, rendered as `transformers` renders them, with the stretches that they mark as an assistant's own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from toolweave.pipeline.exports.format import Row
from toolweave.servers.errors import ConfigError

_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
"""Private characters that stand for the ends of a `generation` block."""
_BLOCK = re.compile(r"\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}")


class Unrenderable(Exception):
    """A template refuses a conversation."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation as text."""

    text: str
    spans: tuple[tuple[int, int], ...]
    """Where the template says that the assistant speaks; empty when it never says so."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A compiled chat template."""

    name: str
    compiled: Any

    def render(self, tools: list[Row], messages: list[Row], prompt: bool = False) -> Rendered:
        """The text of a conversation; with `prompt`, up to where the assistant goes on.

        Raises:
            Unrenderable: The template refuses it.
        """
        try:
            marked: str = self.compiled.render(
                messages=messages, tools=tools or None, add_generation_prompt=prompt, bos_token="", eos_token=""
            )
        except (import_module("jinja2").TemplateError, TypeError, ValueError, KeyError) as error:
            raise Unrenderable(str(error)) from error
        return _unmarked(marked)


def find_template(wanted: str) -> ChatTemplate:
    """The template in a file, in a model's folder, or of this name among those that an installed TRL ships.

    Raises:
        ConfigError: There is none, it is no template, or jinja2 is not installed.
    """
    try:
        jinja, sandbox = import_module("jinja2"), import_module("jinja2.sandbox")
    except ImportError as error:
        raise ConfigError("--check TEMPLATE needs jinja2: pip install jinja2") from error
    environment = sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _as_json
    environment.globals |= {"raise_exception": _refuse, "strftime_now": _today}
    try:
        return ChatTemplate(wanted, environment.from_string(_BLOCK.sub(_marker, _source(wanted))))
    except jinja.TemplateError as error:
        raise ConfigError(f"{wanted} is no chat template ({error})") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{wanted} cannot be read ({error})") from error


def _source(wanted: str) -> str:
    path = Path(wanted)
    if path.is_file():
        return path.read_text(encoding="utf-8")
    if (path / "chat_template.jinja").is_file():
        return (path / "chat_template.jinja").read_text(encoding="utf-8")
    if (path / "tokenizer_config.json").is_file():
        return _of_tokenizer(path / "tokenizer_config.json")
    found = find_spec("trl")
    shipped = Path(found.origin).parent / "chat_templates" / f"{wanted}.jinja" if found and found.origin else path
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    raise ConfigError(f"there is no chat template {wanted}: give a file, a model's folder, or a name that TRL ships")


def _of_tokenizer(path: Path) -> str:
    try:
        template: object = json.loads(path.read_text(encoding="utf-8"))["chat_template"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} has no chat_template") from error
    if not isinstance(template, str):
        raise ConfigError(f"{path} has several chat templates: write the wanted one into a file")
    return template


def _marker(block: re.Match[str]) -> str:
    """A `generation` tag as tags that keep its effect on white space, with a mark between them."""
    before, ends, after = block.groups()
    tag, mark = ("endif", _CLOSE) if ends else ("if true", _OPEN)
    return f"{{%{before} {tag} %}}{{{{ '{mark}' }}}}{{% {tag} {after}%}}"


def _unmarked(marked: str) -> Rendered:
    text, spans, start = "", list[tuple[int, int]](), 0
    for part in re.split(f"([{_OPEN}{_CLOSE}])", marked):
        if part == _OPEN:
            start = len(text)
        elif part == _CLOSE:
            spans.append((start, len(text)))
        else:
            text += part
    return Rendered(text, tuple(spans))


def _as_json(value: Any, indent: int | None = None, separators: Any = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)


def _today(_: str) -> str:
    """The same day whenever it is checked."""
    return "1 January 2026"


def _refuse(message: str) -> None:
    raise import_module("jinja2").TemplateError(message)
