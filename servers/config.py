"""`mcp.json` as Claude Desktop, Cursor and VS Code write it, with one block of ours per server: `"toolweave"`.

Accepted are `mcpServers` and `servers` (with VS Code's `inputs`), comments and trailing commas, keys that other clients
need and we do not, and entries with `"disabled": true`, which are skipped. `"extends": "other/mcp.json"` takes over the
servers of another file, with what is relative to it. Whatever else is unknown is refused: a
misspelt key must not be a setting that silently does nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from toolweave.servers.entry import read_entry, suggestion
from toolweave.servers.errors import ConfigError
from toolweave.servers.interpolation import WORKSPACE, Variables
from toolweave.servers.json_values import as_list, as_object, canonical, is_object
from toolweave.servers.jsonc import parse_jsonc
from toolweave.servers.secrecy import is_telling, secrets_of
from toolweave.servers.spec import WORKSPACE_ALIAS, ServerOptions, ServerSpec

__all__ = ["WORKSPACE", "WORKSPACE_ALIAS", "McpConfig", "ServerOptions", "ServerSpec", "load_mcp_config"]

_TABLES = ("mcpServers", "servers")
_LONG = 16
"""Characters from which on a value of our own environment with a telling name is no ordinary word."""


class McpConfig(BaseModel):
    """The enabled servers of one `mcp.json`, in the order in which the file lists them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: tuple[ServerSpec, ...]
    digests: dict[str, str]
    """Server → SHA-256 of its entry as written, before variables: the same on every machine."""


def load_mcp_config(path: Path) -> McpConfig:
    """Read an `mcp.json`.

    Raises:
        ConfigError: It is missing, malformed, or says something that nobody understands: one line with the file, the
            server and the key.
    """
    config, problems = load_what_works(path)
    for problem in problems.values():
        raise problem
    return config


def load_what_works(path: Path) -> tuple[McpConfig, dict[str, ConfigError]]:
    """The entries of an `mcp.json` that can be used, and what is wrong with each of the others, by name.

    Raises:
        ConfigError: The file as a whole cannot be read.
    """
    document = _read_document(path)
    variables = Variables.for_file(path, _inputs(document))
    base, problems = _extended(document, path)
    specs: list[ServerSpec] = list(base.servers)
    digests: dict[str, str] = dict(base.digests)
    for name, raw in _entries(document, path).items():
        if as_object(raw).get("disabled") is True:
            continue
        try:
            specs.append(read_entry(name, raw, path.resolve().parent, variables, f'{path}: server "{name}"'))
            digests[name] = _digest(raw)
        except ConfigError as error:
            problems[name] = error
    return McpConfig(servers=_guarded(specs, path, variables.environ), digests=digests), problems


def _extended(document: dict[str, Any], path: Path) -> tuple[McpConfig, dict[str, ConfigError]]:
    """The servers of the file that a document says it extends, as that file has them.

    Raises:
        ConfigError: It cannot be read, it extends itself, or both have a server of one name.
    """
    if (named := document.get("extends")) is None:
        return McpConfig(servers=(), digests={}), {}
    if not isinstance(named, str):
        raise ConfigError(f"{path}: key 'extends': the path of another mcp.json is expected")
    other = path.parent / named
    if "extends" in _read_document(other):
        raise ConfigError(f"{path}: {other} extends another file itself; name that one")
    config, problems = load_what_works(other)
    if both := sorted({spec.name for spec in config.servers} & _entries(document, path).keys()):
        raise ConfigError(f'{path}: server "{both[0]}" is in {other} as well')
    return config, problems


def _guarded(specs: Sequence[ServerSpec], path: Path, environ: Mapping[str, str]) -> tuple[ServerSpec, ...]:
    """The servers, each told what none of them may show: the secrets of all, and the keys of whoever runs this."""
    ours = {value for name, value in environ.items() if len(value) >= _LONG and is_telling(name) and "/" not in value}
    secrets = tuple(sorted(ours.union(*map(secrets_of, specs))))
    private = tuple(sorted({path.resolve(), *(file for spec in specs for file in spec.private)}))
    return tuple(spec.model_copy(update={"secrets": secrets, "private": private}) for spec in specs)


def _digest(entry: Any) -> str:
    return hashlib.sha256(canonical(entry).encode("utf-8", "replace")).hexdigest()


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = parse_jsonc(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from None
    if not is_object(document):
        raise ConfigError(f"{path}: an object with a key 'mcpServers' is expected")
    return document


def _entries(document: dict[str, Any], path: Path) -> dict[str, Any]:
    tables = [key for key in _TABLES if key in document]
    if not tables:
        _refuse_missing_table(document, path)
    entries: dict[str, Any] = {}
    for table in tables:
        if not is_object(document[table]):
            raise ConfigError(f"{path}: key {table!r}: an object of servers by name is expected")
        for name, raw in document[table].items():
            if name in entries:
                raise ConfigError(f'{path}: server "{name}" is given both in {" and ".join(map(repr, _TABLES))}')
            entries[name] = raw
    return entries


def _refuse_missing_table(document: dict[str, Any], path: Path) -> None:
    near = next((key for key in document if "did you mean" in suggestion(key, _TABLES)), None)
    hint = f"; it has {near!r}{suggestion(near, _TABLES)}" if near else ""
    raise ConfigError(f"{path}: there is no key 'mcpServers' (or 'servers'){hint}")


def _inputs(document: dict[str, Any]) -> dict[str, Any]:
    """VS Code's `inputs` by id."""
    items = [as_object(item) for item in as_list(document.get("inputs"))]
    return {item["id"]: item for item in items if isinstance(item.get("id"), str)}
