"""Which values of an `mcp.json` are secrets: what reaches a server on purpose and must not come back in its answers.

A secret is every value of `env` and `headers`, everything that a variable or an `envFile` has brought in, arguments
after a telling flag (`--api-key VALUE`), and passwords and keys in addresses. Not secret: values shorter than 8
characters under a name that is not telling, paths that exist, addresses without a password, what names the workspace,
and what `"secrets": {"PATTERN": false}` says is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from toolweave.servers.interpolation import WORKSPACE
from toolweave.servers.spec import ServerSpec

_TELLING = re.compile(
    r"key(?![a-z])|token|secret|passw|passphrase|pwd|credential|authorization|auth(?![a-z])|cookie|private",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"\d{0,5}|true|false|yes|none|null|auto|basic|bearer", re.IGNORECASE)
_SHORTEST, _SHORTEST_TELLING = 8, 4
"""Characters; shorter values are too likely to be ordinary words of an answer."""


def is_telling(name: str) -> bool:
    """Whether what goes by this name is a secret by its name."""
    return _TELLING.search(name) is not None


def secrets_of(spec: ServerSpec) -> tuple[str, ...]:
    """Every value that no answer of this server may show, the longest first."""
    found = {*spec.secrets, *_named(spec), *_of_arguments(spec.args), *_of_address(spec.url)}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def is_secret(name: str, value: str, rules: Mapping[str, bool]) -> bool:
    """Whether a setting of this name is a secret; the first rule whose pattern fits the name decides."""
    for pattern, secret in rules.items():
        if fnmatchcase(name, pattern):
            return secret
    if is_telling(name):
        return len(value) >= _SHORTEST_TELLING and not _HARMLESS.fullmatch(value) and not _is_place(value)
    return len(value) >= _SHORTEST and not _is_place(value) and not _is_open_address(value)


def _named(spec: ServerSpec) -> Iterator[str]:
    for name, value in (*spec.env.items(), *spec.headers.items()):
        if not is_secret(name, value, spec.options.secrets):
            continue
        yield value
        yield from _of_address(value)
        words = value.split()
        if len(words) == 2 and len(words[1]) >= _SHORTEST:  # as in `Bearer …`
            yield words[1]


def _of_arguments(args: Iterable[str]) -> Iterator[str]:
    flag = ""
    for arg in args:
        name, equals, value = arg.partition("=")
        if equals and name.startswith("-") and is_telling(name):
            yield from _long_enough(value)
        elif flag and not arg.startswith("-"):
            yield from _long_enough(arg)
        yield from _of_address(arg)
        flag = arg if arg.startswith("-") and not equals and is_telling(arg) else ""


def _of_address(text: str) -> Iterator[str]:
    """Password and keys of the query of an address."""
    if "://" not in text:
        return
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:  # no address after all
        return
    if password:
        yield from _long_enough(password)
    for name, value in parse_qsl(parts.query):
        if is_telling(name):
            yield from _long_enough(value)


def _long_enough(value: str) -> Iterator[str]:
    if len(value) >= _SHORTEST_TELLING and not _HARMLESS.fullmatch(value) and not _is_place(value):
        yield value


def _is_place(value: str) -> bool:
    """Whether it is a path that is there, or lies in the workspace."""
    if WORKSPACE in value:
        return True
    try:
        return value.startswith(("/", "./", "~/")) and Path(value).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # no path at all
        return False


def _is_open_address(value: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9+.-]*://[^@?]*", value) is not None
