"""Servers as other clients list them, made into entries of our `mcp.json`; what is left out is named.

Contract: what comes out can be read by `load_mcp_config`, but for variables that are not set. Understood are the tables
`mcpServers` and `servers`, also below `mcp` (settings of VS Code) and below `projects` (Claude Code); `serverUrl`;
`disabledTools`, which become our `deny`; `${input:id}`, which becomes `${ID}`. Secrets become variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolweave.pipeline.onboarding.clients import ClientFile
from toolweave.pipeline.onboarding.hiding import Hiding
from toolweave.servers.entry import Entry, read_entry
from toolweave.servers.errors import ConfigError
from toolweave.servers.interpolation import Variables, input_variable
from toolweave.servers.json_values import as_list, as_object, canonical, is_list, is_object, map_texts
from toolweave.servers.jsonc import parse_jsonc

_INPUT = re.compile(r"\$\{input:([^{}]+)\}")
_NO_MEANING = re.compile(r"\$\{(file|relativeFile|fileDirname|lineNumber|selectedText|command:[^{}]*)\}")


@dataclass
class Gathered:
    """What was found in all files."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    origins: dict[str, str] = field(default_factory=dict[str, str])
    """Server → the client it comes from."""
    left_out: list[str] = field(default_factory=list[str])
    """One line for each thing that did not come along."""
    needed: dict[str, str] = field(default_factory=dict[str, str])
    """Variable that has to be set → where its value stands."""
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variable → the secret that it stands for."""


def gather(files: list[ClientFile], folder: Path, *, keep_secrets: bool = False) -> Gathered:
    """All servers of these files, each under a name of its own.

    Args:
        files: Where to look; earlier ones keep their names.
        folder: Where the `mcp.json` will lie.
        keep_secrets: Whether values that look like secrets are written as they are.

    Raises:
        ConfigError: A file that was named cannot be read.
    """
    found = Gathered()
    for file in files:
        try:
            document = _read(file.path)
        except ConfigError as error:
            if file.named:
                raise
            found.left_out.append(str(error))
            continue
        inputs = _inputs(document)
        for name, raw in _servers(document):
            _take(found, _Source(file, folder, inputs, keep_secrets), name, raw)
    return found


@dataclass(frozen=True, slots=True)
class _Source:
    file: ClientFile
    folder: Path
    inputs: Mapping[str, Any]
    keep_secrets: bool

    @property
    def moved(self) -> bool:
        """Whether relative paths mean something else where our file lies."""
        return self.file.workspace.resolve() != self.folder.resolve()


def _take(found: Gathered, source: _Source, name: str, raw: Any) -> None:
    try:
        entry, dropped = _converted(raw, source)
    except ConfigError as error:
        found.left_out.append(f"{name} ({source.file.client}): {error}")
        return
    entry, needed = _without_secrets(found, source, name, entry)
    own = _free_name(found, name, entry)
    if own is None:
        return
    found.entries[own] = entry
    found.origins[own] = source.file.client
    found.needed |= dict.fromkeys(needed, f"{source.file.path}, server {name!r}")
    found.needed |= dict.fromkeys(_asked(raw, source), f"{source.file.client} asked for it")
    if dropped:
        found.left_out.append(f"{own} ({source.file.client}): {', '.join(dropped)}: no meaning here")


def _without_secrets(
    found: Gathered, source: _Source, name: str, entry: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    if source.keep_secrets:
        return entry, []
    hiding = Hiding(name, found.secrets)
    return hiding.hide(entry), hiding.hidden


def _free_name(found: Gathered, name: str, entry: dict[str, Any]) -> str | None:
    """The name, a numbered one where another server has it, or nothing for a server that is there already."""
    plain = re.sub(r"\s+", "-", name.strip()) or "server"
    number = 1
    own = plain
    while own in found.entries:
        if canonical(found.entries[own]) == canonical(entry):
            return None
        number += 1
        own = f"{plain}-{number}"
    return own


def _converted(raw: Any, source: _Source) -> tuple[dict[str, Any], list[str]]:
    """The entry, and keys that were dropped.

    Raises:
        ConfigError: Why it cannot be used.
    """
    if not is_object(raw):
        raise ConfigError("it is no object with a command or a url")
    if raw.get("disabled") is True or raw.get("enabled") is False:
        raise ConfigError("it is disabled there")
    renamed = {"url" if key == "serverUrl" else key: value for key, value in raw.items()}
    known = {key: value for key, value in renamed.items() if key in Entry.model_fields}
    dropped = sorted(renamed.keys() - known.keys() - {"disabled", "enabled", "disabledTools", "name", "description"})
    entry = _placed(map_texts(known, lambda text: _with_variables(text, source)), source)
    denied = [tool for tool in as_list(raw.get("disabledTools")) if isinstance(tool, str)]
    if denied:
        entry["toolweave"] = {**as_object(entry.get("toolweave")), "deny": denied}
    anything = Variables(_Anything(), source.folder, {})
    read_entry("server", entry, source.folder, anything, "it cannot be used")
    return entry, dropped


def _with_variables(text: str, source: _Source) -> str:
    text = _INPUT.sub(lambda match: _input_variable(match[1], source.inputs), text)
    if source.moved:
        text = text.replace("${workspaceFolder}", str(source.file.workspace))
        text = text.replace("${workspaceFolderBasename}", source.file.workspace.name)
    if match := _NO_MEANING.search(text):
        raise ConfigError(f"{match[0]} means something only in the editor")
    return text


def _input_variable(ident: str, inputs: Mapping[str, Any]) -> str:
    default = as_object(inputs.get(ident)).get("default")
    return f"${{{input_variable(ident)}:-{default}}}" if isinstance(default, str) else f"${{{input_variable(ident)}}}"


def _asked(raw: Any, source: _Source) -> list[str]:
    """Variables that stand for inputs without a default."""
    idents = _INPUT.findall(json.dumps(raw))
    return [input_variable(ident) for ident in idents if "default" not in as_object(source.inputs.get(ident))]


def _placed(entry: dict[str, Any], source: _Source) -> dict[str, Any]:
    """Paths that are relative to the client's folder, as absolute ones where ours is another."""
    if not source.moved:
        return entry
    placed = dict(entry)
    for key in ("cwd", "envFile"):
        if isinstance(entry.get(key), str):
            placed[key] = str(source.file.workspace / Path(entry[key]).expanduser())
    if isinstance(entry.get("command"), str) and "/" in entry["command"]:
        placed["command"] = _existing(entry["command"], source)
    if is_list(entry.get("args")):
        placed["args"] = [_existing(arg, source) if isinstance(arg, str) else arg for arg in entry["args"]]
    return placed


def _existing(text: str, source: _Source) -> str:
    path = source.file.workspace / text
    return str(path) if text and not Path(text).is_absolute() and path.exists() else text


def _servers(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for table in (document, as_object(document.get("mcp")), *as_object(document.get("projects")).values()):
        for key in ("mcpServers", "servers"):
            yield from as_object(as_object(table).get(key)).items()


def _inputs(document: dict[str, Any]) -> dict[str, Any]:
    items = [*as_list(document.get("inputs")), *as_list(as_object(document.get("mcp")).get("inputs"))]
    return {str(as_object(item).get("id")): item for item in items}


def _read(path: Path) -> dict[str, Any]:
    try:
        return as_object(parse_jsonc(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


class _Anything(dict[str, str]):
    """An environment in which every variable is set: whether they are is not asked here."""

    def get(self, key: str, default: Any = None) -> Any:
        """Some text."""
        return default if default is not None else f"value-of-{key}"
