"""Values that look like secrets, exchanged for variables, so that an `mcp.json` can be shown to others.

Covered: `env`, `headers`, arguments (`--api-key VALUE`, `--api-key=VALUE`, `NAME=VALUE`, bare tokens) and addresses
(passwords, keys in the query). What is no secret by its name and does not look like a token stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_NAMED = re.compile(
    r"(?i)(?:^|[-_.])(?:api[-_]?key|key|token|secret|pass|password|passwd|pat|credentials?|auth|authorization|cookie"
    r"|private[-_]?key|access[-_]?key|dsn)(?:$|[-_.])"
)
_PLAIN = re.compile(r"(?:\$\{[^{}]*\}|true|false|yes|no|on|off|none|null|\d{0,6}|[~./].*)", re.IGNORECASE)
_TOKEN = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_\-+=.]{24,}")
_SCHEME = re.compile(r"(?i)(bearer|basic|token)\s+(?=\S)")
_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):([^/@\s]+)@")
_QUERY = re.compile(r"([?&])([^=&\s]+)=([^&\s#]+)")
_ASSIGNMENT = re.compile(r"(--?)?([A-Za-z_][\w.-]*)=(.+)", re.DOTALL)
_VERSIONED = re.compile(r"@?[\w.\-/]+(?:==|@)[\w.\-]+")


@dataclass
class Hiding:
    """Secrets of one server that were exchanged so far."""

    server: str
    taken: dict[str, str]
    """Variable → its secret, over all servers: two secrets never share a variable."""
    hidden: list[str] = field(default_factory=list[str])
    """Variables that this server needs now."""

    def hide(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The entry with `${NAME}` in place of each secret."""
        changed = dict(entry)
        for key, change in (("env", self._env), ("headers", self._headers), ("args", self._args), ("url", self._url)):
            if key in entry:
                changed[key] = change(entry[key])
        return changed

    def _env(self, env: Any) -> Any:
        return {name: self._setting(name, value) for name, value in env.items()}

    def _headers(self, headers: Any) -> Any:
        return {name: self._header(name, value) for name, value in headers.items()}

    def _header(self, name: str, value: str) -> str:
        wanted = bool(_NAMED.search(name))
        scheme = _SCHEME.match(value)
        start = scheme[0] if scheme else ""
        rest = self._value(f"{self.server}_{name}", value.removeprefix(start), wanted=wanted or bool(scheme))
        return f"{start}{rest}"

    def _args(self, args: Any) -> Any:
        found: list[str] = []
        flag = ""
        for arg in args:
            found.append(self._value(flag.lstrip("-"), arg, wanted=True) if _is_naming(flag) else self._argument(arg))
            flag = arg
        return found

    def _argument(self, arg: str) -> str:
        if "://" in arg:
            return self._url(arg)
        if match := _ASSIGNMENT.fullmatch(arg):
            return f"{match[1] or ''}{match[2]}={self._setting(match[2], match[3])}"
        if ": " in arg:  # a header, as some servers take it
            name, _, value = arg.partition(": ")
            return f"{name}: {self._header(name, value)}"
        return arg if _VERSIONED.fullmatch(arg) else self._value("token", arg, wanted=False)

    def _url(self, url: str) -> str:
        url = _PASSWORD.sub(lambda match: f"{match[1]}:{self._value('password', match[2], wanted=True)}@", url)

        return _QUERY.sub(lambda match: f"{match[1]}{match[2]}={self._setting(match[2], match[3])}", url)

    def _setting(self, name: str, value: Any) -> Any:
        """A value under a name that may say that it is a secret."""
        return self._value(name, value, wanted=bool(_NAMED.search(_spaced(name))))

    def _value(self, name: str, value: Any, *, wanted: bool) -> Any:
        if not isinstance(value, str) or _PLAIN.fullmatch(value) or "${" in value:
            return value
        if "://" in value:
            return self._url(value)
        if not wanted and not _TOKEN.fullmatch(value):
            return value
        variable = self._variable(name, value)
        self.hidden.append(variable)
        return f"${{{variable}}}"

    def _variable(self, name: str, secret: str) -> str:
        """A name for it: as it is called where it stands, with the server's name where that is taken or says little."""
        plain, server = _as_variable(name), _as_variable(self.server)
        own = plain if plain.startswith(f"{server}_") else f"{server}_{plain}"
        names: list[str] = [plain] if "_" in plain else []
        names += [own, *(f"{own}_{number}" for number in range(2, 100))]
        found = next(name for name in names if self.taken.get(name, secret) == secret)
        self.taken[found] = secret
        return found


def _is_naming(flag: str) -> bool:
    return flag.startswith("-") and "=" not in flag and bool(_NAMED.search(flag.lstrip("-")))


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def _as_variable(name: str) -> str:
    return re.sub(r"\W+", "_", _spaced(name)).strip("_").upper()
