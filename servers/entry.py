"""One entry of `mcp.json` as clients write it, checked key by key and turned into a `ServerSpec`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toolweave.servers.errors import ConfigError
from toolweave.servers.interpolation import WORKSPACE, Variables, expand
from toolweave.servers.json_values import canonical, is_object
from toolweave.servers.secrecy import is_secret, is_telling
from toolweave.servers.spec import ServerOptions, ServerSpec, Texts

FOREIGN_KEYS = frozenset(
    "alwaysAllow always_allow autoApprove autoStart chat dev disabled disabledTools description enabled gallery icon "
    "initTimeout metadata name oauth sandbox sandboxEnabled startupTimeout timeout title tools trust version".split()
)
"""Keys of other clients that change nothing here."""
_OPEN_VARIABLES = frozenset(
    "userHome workspaceFolder workspaceFolderBasename pathSeparator / "
    "HOME LANG LOGNAME PATH PWD SHELL TERM TZ USER".split()
)
"""Variables that every program knows."""
_SANDBOX: dict[bool | None, Literal["off", "auto", "required"]] = {None: "auto", True: "required", False: "off"}


class Entry(BaseModel):
    """A server as written in the file; keys are those of the clients."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["stdio", "http", "streamable-http", "streamableHttp", "sse"] | None = None
    command: str | None = Field(default=None, min_length=1)
    args: list[str] = Field(default_factory=list[str])
    env: Texts = Field(default_factory=dict[str, str])
    envFile: str | None = None
    cwd: str | None = None
    url: str | None = Field(default=None, pattern=r"^https?://")
    headers: Texts = Field(default_factory=dict[str, str])
    toolweave: ServerOptions = ServerOptions()


def read_entry(name: str, raw: Any, folder: Path, variables: Variables, where: str) -> ServerSpec:
    """Check one entry and fill in its variables.

    Raises:
        ConfigError: One line with `where` and the key.
    """
    if not is_object(raw):
        raise ConfigError(f"{where}: an object with a command or a url is expected")
    ours = {key: value for key, value in raw.items() if key not in FOREIGN_KEYS}
    drawn: list[tuple[str, str, str]] = []

    def note(place: str, variable: str, value: str) -> None:
        drawn.append((place, variable, value))

    entry = _validated(expand(ours, variables, where, note), where)
    secrets = _drawn_secrets(drawn, entry.toolweave.secrets)
    _refuse_spoken(secrets, entry.toolweave, where)
    if _transport(entry, where) == "http":
        return _http_spec(name, entry, folder, where, secrets)
    env_file = _read_env_file(folder / entry.envFile, where) if entry.envFile else {}
    return ServerSpec(
        name=name,
        sandbox=_SANDBOX[entry.toolweave.sandbox],
        secrets=secrets,
        private=(folder / entry.envFile,) if entry.envFile else (),
        command=entry.command or "",
        args=entry.args,
        env={**env_file, **entry.env},
        cwd=entry.cwd,
        options=entry.toolweave,
        folder=folder,
    )


def _drawn_secrets(drawn: Iterable[tuple[str, str, str]], rules: Mapping[str, bool]) -> tuple[str, ...]:
    """What variables have brought in that is a secret; what is among `values` is there to be spoken."""
    found: set[str] = set()
    for place, variable, value in drawn:
        name = variable.removeprefix("env:").removeprefix("input:").partition(":-")[0]
        spoken = place.startswith("toolweave.values") and not is_telling(name)
        if name not in _OPEN_VARIABLES and not spoken and is_secret(name, value, rules):
            found.add(value)
    return tuple(sorted(found))


def _refuse_spoken(secrets: Iterable[str], options: ServerOptions, where: str) -> None:
    values = canonical(options.values)
    if any(json.dumps(secret, ensure_ascii=False)[1:-1] in values for secret in secrets):
        raise ConfigError(
            f"{where}: key 'toolweave.values': the value of a secret variable would be spoken in every sample; "
            'write the value itself, or say in "toolweave": {"secrets": {"NAME": false}} that it is none'
        )


def _http_spec(name: str, entry: Entry, folder: Path, where: str, secrets: tuple[str, ...]) -> ServerSpec:
    if WORKSPACE in f"{entry.url} {entry.headers}" or entry.toolweave.prepare:
        raise ConfigError(f"{where}: a server behind a url has no workspace: remove {WORKSPACE} and 'prepare'")
    return ServerSpec(
        name=name,
        transport="http",
        secrets=secrets,
        url=entry.url or "",
        headers=entry.headers,
        options=entry.toolweave,
        folder=folder,
    )


def _transport(entry: Entry, where: str) -> Literal["stdio", "http"]:
    if entry.type == "sse":
        raise ConfigError(
            f'{where}: type "sse" is not supported, the protocol has dropped it; '
            'give the server\'s streamable HTTP address with type "http", or set "disabled": true'
        )
    if entry.command is not None and entry.url is not None:
        raise ConfigError(f"{where}: both 'command' and 'url' are given; keep one")
    if entry.command is None and entry.url is None:
        raise ConfigError(f"{where}: 'command' (a local server) or 'url' (a remote one) is missing")
    found: Literal["stdio", "http"] = "stdio" if entry.command is not None else "http"
    if entry.type is not None and (entry.type == "stdio") != (found == "stdio"):
        raise ConfigError(f"{where}: type {entry.type!r} does not go with {'command' if found == 'stdio' else 'url'!r}")
    return found


def _validated(raw: dict[str, Any], where: str) -> Entry:
    try:
        return Entry.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    """The first problem without the value, which may be a secret."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        known = ServerOptions.model_fields if path[0] == "toolweave" else Entry.model_fields
        inside = f" in {'.'.join(path[:-1])!r}" if path[:-1] else ""
        return f"unknown key {path[-1]!r}{inside}{suggestion(path[-1], known)}"
    return f"key {'.'.join(path)!r}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def suggestion(word: str, known: Any) -> str:
    """`; did you mean "…"?` for a near miss, else the list of known words."""
    words = list(known)
    lower = {item.lower(): item for item in words}
    close = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean {lower[close[0]]!r}?" if close else f"; known keys are {', '.join(words)}"


def _read_env_file(path: Path, where: str) -> dict[str, str]:
    """`KEY=value` lines; comments, `export` and quotes are understood."""
    try:
        lines = path.expanduser().read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: key 'envFile': cannot read {path}: {error}") from None
    pairs = [line.strip().removeprefix("export ").partition("=") for line in lines]
    return {
        key.strip(): _unquoted(value.strip())
        for key, equals, value in pairs
        if equals and not key.lstrip().startswith("#")
    }


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
