"""An `mcp.json` changed in place: one entry put in or taken out, everything else, comments too, stays as it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import is_object
from toolweave.servers.jsonc import without_comments

_DECODER = json.JSONDecoder()


class _Member(NamedTuple):
    """One `"key": value` of an object."""

    start: int
    value: int
    end: int


def written(entries: dict[str, Any]) -> str:
    """A new `mcp.json` with these servers."""
    return json.dumps({"mcpServers": entries}, indent=2, ensure_ascii=False) + "\n"


def entry_names(path: Path) -> list[str]:
    """Names of all servers, also of disabled ones.

    Raises:
        ConfigError: The file cannot be read.
    """
    _, bare = _read(path)
    return list(_members(bare, _table(bare, path)))


def put_entry(path: Path, name: str, entry: dict[str, Any]) -> None:
    """Write a server, in place of one with the same name; make the file where there is none.

    Raises:
        ConfigError: The file cannot be read or written.
    """
    if not path.exists():
        _write(path, written({name: entry}))
        return
    text, bare = _read(path)
    table = _table(bare, path)
    members = _members(bare, table)
    value = _indented(entry)
    if name in members:
        old = members[name]
        _write(path, text[: old.value] + value + text[old.end :])
        return
    at = max((member.end for member in members.values()), default=table + 1)
    comma = "," if members else ""
    if text[at:].lstrip().startswith(","):  # a trailing one, which is ours to use
        at, comma = text.index(",", at) + 1, ""
    line = f"{comma}\n    {json.dumps(name, ensure_ascii=False)}: {value}"
    _write(path, text[:at] + (line if members else f"{line}\n  ") + text[at:].lstrip("" if members else " \n"))


def remove_entry(path: Path, name: str) -> None:
    """Take a server out.

    Raises:
        ConfigError: There is none of this name, or the file cannot be read or written.
    """
    text, bare = _read(path)
    members = _members(bare, _table(bare, path))
    if name not in members:
        raise ConfigError(f"{path}: there is no server {name!r}")
    start, _, end = members[name]
    following = len(bare) - len(bare[end:].lstrip())
    if bare[following] == ",":
        end = following + 1
    else:
        before = len(bare[:start].rstrip())
        start = before - 1 if bare[before - 1] == "," else start
    before = len(text[:start].rstrip(" \t"))
    _write(path, text[:before].removesuffix("\n") + text[end:])


def _indented(entry: dict[str, Any]) -> str:
    return json.dumps(entry, indent=2, ensure_ascii=False).replace("\n", "\n    ")


def _table(bare: str, path: Path) -> int:
    """Where the object with the servers begins."""
    try:
        top = _members(bare, bare.index("{"))
        place = next(top[key].value for key in ("mcpServers", "servers") if key in top)
    except (ValueError, StopIteration):
        raise ConfigError(f"{path}: there is no object 'mcpServers' to write servers into") from None
    if not is_object(_DECODER.raw_decode(bare, place)[0]):
        raise ConfigError(f"{path}: 'mcpServers' is no object")
    return place


def _members(bare: str, start: int) -> dict[str, _Member]:
    """The members of the object that begins at `start`."""
    at = start + 1
    found: dict[str, _Member] = {}
    while bare[at := _past_spaces(bare, at)] != "}":
        begins = at
        name, at = _DECODER.raw_decode(bare, at)
        value = _past_spaces(bare, _past_spaces(bare, at) + 1)
        _, at = _DECODER.raw_decode(bare, value)
        found[name] = _Member(begins, value, at)
        at = _past_spaces(bare, at)
        at += bare[at] == ","
    return found


def _past_spaces(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def _read(path: Path) -> tuple[str, str]:
    """The text of a file, and the same with spaces for its comments."""
    try:
        text = path.read_text("utf-8-sig")
        json.loads(bare := without_comments(text))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from None
    return text, bare


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    try:
        json.loads(without_comments(text))
        new.write_text(text, "utf-8")
        new.replace(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be written: {error}") from error
