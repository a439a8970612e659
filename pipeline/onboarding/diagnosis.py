"""Why a server does not work, and what to do about it, read from its last words.

Contract: `remedy` knows no server, only what interpreters, package managers, protocols and people usually say. What it
does not know gets a way to find out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from toolweave.pipeline.onboarding.runners import package_behind
from toolweave.pipeline.onboarding.simulation import written_so_far
from toolweave.pipeline.onboarding.trial import Trial
from toolweave.servers.policy import belied_by_name
from toolweave.servers.spec import ServerSpec

RUNTIMES = {
    "npx": "Node.js (nodejs.org)",
    "node": "Node.js (nodejs.org)",
    "npm": "Node.js (nodejs.org)",
    "uvx": "uv (pip install uv)",
    "uv": "uv (pip install uv)",
    "docker": "Docker (docs.docker.com), and start it",
    "podman": "Podman (podman.io)",
    "deno": "Deno (deno.com)",
    "bun": "Bun (bun.sh)",
    "bunx": "Bun (bun.sh)",
    "java": "a Java runtime",
    "dotnet": "the .NET runtime",
    "go": "Go (go.dev)",
    "cargo": "Rust (rustup.rs)",
}
"""Commands that start other people's servers, and where they come from."""

_DOWNLOADING = ("npx", "uvx", "uv", "docker", "podman", "bunx", "deno")
_VARIABLE = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{2,}(?:KEY|TOKEN))\b")
_WANTING = re.compile(
    r"(?i)\b(required|requires?|missing|not (?:be )?(?:set|found|defined|provided|configured)|must|unset|undefined|"
    r"provide|specify|expected|environment|KeyError|set the|please set|no \w+ (?:key|token))\b"
)
_NO_VARIABLES = re.compile(r"E[A-Z]+_[A-Z_]+|ERR_[A-Z_]+|[A-Z]+_ERROR")

Advice = str | Callable[[re.Match[str], ServerSpec], str]


def _missing_command(match: re.Match[str], spec: ServerSpec) -> str:
    command = match[1]
    if spec.options.package:
        return f"install it again: toolweave servers add --force --name {spec.name} {spec.options.package}"
    if command in RUNTIMES:
        return f"install {RUNTIMES[command]}, or give another command"
    if "/" in command:
        return f"there is no such program; paths are relative to {spec.folder}"
    return "install it, or give its path; `toolweave servers add pypi:NAME` or `npm:NAME` installs a package"


def _older_sdk(_: re.Match[str], spec: ServerSpec) -> str:
    how = f"toolweave servers add --force --name {spec.name} {spec.options.package or 'pypi:NAME'} --with 'mcp<2'"
    return f"wrong version: it was written for an older MCP SDK than the one it finds; install it with that: {how}"


def _missing_module(match: re.Match[str], spec: ServerSpec) -> str:
    where = "this Python" if spec.command in ("python", "python3") else spec.command
    return f"the Python module {match[1]} is not installed for {where}; install it, or give the Python that has it"


def _offline(_: re.Match[str], spec: ServerSpec) -> str:
    return _install_once(spec) or 'it is kept without network: "network": true in its "toolweave" block lets it out'


def _install_once(spec: ServerSpec) -> str | None:
    """How to have a package that is downloaded at every start installed instead."""
    words = package_behind([spec.command, *spec.args])
    if words is None:
        return None
    line = shlex.join([words[0], *(["--", *words[1:]] if words[1:] else [])])
    return (
        f"it downloads itself at every start; install it once: toolweave servers add --force --name {spec.name} {line}"
    )


def _slow(_: re.Match[str], spec: ServerSpec) -> str:
    if once := _install_once(spec):
        return once
    own = Path(spec.command).name
    if own in _DOWNLOADING:
        return f"the first start may be a download; run it once by hand: {_line(spec)}"
    seconds = f'"start_timeout": {2 * spec.options.start_timeout:g}'
    return f'give it longer by {seconds} in its "toolweave" block, or run it by hand to see what it waits for'


def _by_hand(_: re.Match[str], spec: ServerSpec) -> str:
    return f"see what it wants: {_line(spec)} --help"


_RULES: tuple[tuple[str, Advice], ...] = (
    (r"the command '([^']+)' was not found", _missing_command),
    (r"preparing with", "mend or remove that command of its 'prepare'"),
    (r"(?:No module named|from) '?mcp[.']|has no attribute .*(?:fastmcp|FastMCP)|mcp\.server\.fastmcp", _older_sdk),
    (r"'(?:Server|FastMCP|MCPServer)' object has no attribute|Server\.__init__\(\) got an unexpected", _older_sdk),
    (r"eval_type_backport|pydantic.*(?:removed|deprecated in V)", _older_sdk),
    (r"No module named '?([\w.]+)", _missing_module),
    (
        r"Cannot find (?:module|package) '([^']+)'",
        lambda m, s: f"run `npm install` where {m[1]} belongs, or check the path",
    ),
    (
        r"(?i)does not provide an export|ERR_REQUIRE_ESM|Unexpected token|unsupported engine|requires? node|EBADENGINE",
        "wrong version: it needs a newer Node.js; `node --version` says what there is",
    ),
    (
        r"[Rr]equires? Python|unsupported operand type\(s\) for \||SyntaxError|requires a different Python",
        "wrong version: it needs a newer Python; give one as its command",
    ),
    (
        r"HTTP 40[13]|[Uu]nauthorized|[Ff]orbidden",
        'it needs a key: "headers": {"Authorization": "Bearer ${TOKEN}"} in its entry, with TOKEN set',
    ),
    (
        r"HTTP 40[456]",
        "nobody speaks MCP at this address; most servers do at /mcp (addresses in /sse are not supported)",
    ),
    (r"HTTP 5\d\d", "the server itself fails; look into its log"),
    (r"CERTIFICATE|certificate|SSL", "its certificate is not trusted; check the address"),
    (r"(?i)\bdns\b|getaddrinfo|ENOTFOUND|EAI_AGAIN|name resolution|network is unreachable", _offline),
    (
        r"(?i)read-only file system|EROFS",
        'it may write to its workspace only: use ${WORKSPACE}, or name a folder in "writable" of its "toolweave" block',
    ),
    (r"cannot reach", "is it running, and is the address right? start it, then try again"),
    (
        r"(?i)listening|running on http|uvicorn running|started server|http://(?:localhost|127|0\.0)",
        "it serves HTTP: start it yourself and give its address as 'url', or give it the flag for stdio",
    ),
    (
        r"(?i)address already in use|EADDRINUSE",
        "something else has its port; it should speak stdio: see its documentation",
    ),
    (
        r"(?i)\busage:|arguments? (?:are|is) required|unrecognized argument|unknown (?:option|argument|command)|"
        r"missing argument",
        _by_hand,
    ),
    (r"(?i)docker daemon|Is the docker daemon", "start Docker"),
    (
        r"(?i)\b(api.?key|token|credentials?|log ?in|authenticat\w+)\b",
        'it needs a key: see its documentation for the variable, then "env": {"NAME": "${NAME}"} in its entry',
    ),
    (r"did not answer within", _slow),
    (r"(?i)permission denied", "it may not be executed or read: chmod +x, or another command"),
    (
        r"(?i)no such file or directory|ENOENT|does not exist",
        "a path in its entry is wrong; relative ones start beside mcp.json",
    ),
    (r"never ends", "its list of tools is broken; tell whoever writes it, or use another version"),
    (r"ended with code 0", "it ended without waiting: is it an MCP server, and does it need a flag such as --stdio?"),
)


def remedy(failure: str, spec: ServerSpec) -> str:
    """What to do about a server that did not start, in one line."""
    if variable := _wanted_variable(failure):
        return (
            f'it wants the variable {variable}: "env": {{"{variable}": "${{{variable}}}"}} in its entry takes it from '
            f"where you start toolweave; when adding: --env {variable}, or --env {variable}=VALUE"
        )
    for pattern, advice in _RULES:
        if match := re.search(pattern, failure):
            return advice if isinstance(advice, str) else advice(match, spec)
    return f"run it by hand to see more: {_line(spec)}" if spec.command else "check its address"


def brief(failure: str) -> str:
    """The failure without the traceback that led to its last line."""
    return re.sub(r"(last words on stderr: ).*(?:Traceback|File \"|[~^]{4}).*?\| (?=[^|]*$)", r"\1", failure)


def told(trial: Trial) -> str:
    """Why a server did not start and how to mend it, in one line."""
    return f"{brief(trial.failure)}. To mend it: {remedy(trial.failure, trial.spec)}"


def complaints(trial: Trial) -> list[str]:
    """What is wrong with a server that works: no tools, none that may be called, some that are broken, noise."""
    info = trial.info
    if info is None:
        return []
    found = [f"the tool {name} is left out, its schema is broken: {why}" for name, why in info.skipped.items()]
    if written := written_so_far(trial.spec):
        found.append(written)
    found += [f"the tool {tool.name} {lie}: it is not believed" for tool in info.tools if (lie := belied_by_name(tool))]
    if not info.tools:
        found.append("it lists no tools: it may have to be set up first, else remove it")
    elif not trial.callable:
        found.append(f"none of its tools may be called: {how_to_allow(trial)}")
    if info.noise:
        found.append(
            f"it writes noise to stdout, where only messages belong ({info.noise!r}): have it log to stderr; "
            "other clients may fail on it"
        )
    return found


def how_to_allow(trial: Trial) -> str:
    """How more of its tools may be called."""
    first = next(iter(trial.refused), "")
    return (
        f'"disposable": true in its "toolweave" block lets all be called (nothing of value may hang on it), '
        f'"allow": ["{first}", …] those that are named'
    )


def _wanted_variable(failure: str) -> str | None:
    """A variable of the environment that the server's last words ask for."""
    words = failure.partition("last words on stderr: ")[2]
    if not _WANTING.search(words):
        return None
    names = [name for name in _VARIABLE.findall(words) if not _NO_VARIABLES.fullmatch(name)]
    return names[0] if names else None


def _line(spec: ServerSpec) -> str:
    """The command as a person would type it, without what may be a secret."""
    shown = [spec.command, *(arg for arg in spec.args if len(arg) < 80)]
    return shlex.join(shown)
