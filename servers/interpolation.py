"""Variables in `mcp.json`: `${VAR}`, `${env:VAR}`, `${VAR:-default}`, `${input:id}` and the editors' own names.

`${WORKSPACE}` is different: it stays as it is until an environment with a scratch directory is opened.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import as_object, is_list, is_object

WORKSPACE = "${WORKSPACE}"
"""The variable that names a server's scratch directory."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_EDITOR_FOLDERS = (".vscode", ".cursor")


@dataclass(frozen=True, slots=True)
class Variables:
    """Everything that a variable may stand for, other than the workspace."""

    environ: Mapping[str, str]
    folder: Path
    """What `${workspaceFolder}` means."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """VS Code's `inputs` by id."""

    @staticmethod
    def for_file(path: Path, inputs: Mapping[str, Any]) -> Variables:
        """Variables for an `mcp.json` at this path, with this process's environment."""
        folder = path.resolve().parent
        return Variables(os.environ, folder.parent if folder.name in _EDITOR_FOLDERS else folder, inputs)

    def find(self, name: str) -> str:
        """What the text between `${` and `}` stands for.

        Raises:
            KeyError: Nothing; the message tells how to define it.
        """
        fixed = {
            "userHome": str(Path.home()),
            "workspaceFolder": str(self.folder),
            "workspaceFolderBasename": self.folder.name,
            "pathSeparator": os.sep,
            "/": os.sep,
        }
        if name in fixed:
            return fixed[name]
        if name.startswith("input:"):
            return self._input(name.removeprefix("input:"))
        return self._environment(name.removeprefix("env:"))

    def _environment(self, name: str) -> str:
        name, has_default, default = name.partition(":-")
        value = self.environ.get(name)
        if value is None and not has_default:
            raise KeyError(f"set the environment variable {name}, or write ${{{name}:-default}}")
        return value or default

    def _input(self, name: str) -> str:
        variable = input_variable(name)
        default = as_object(self.inputs.get(name)).get("default")
        value = self.environ.get(variable, default)
        if not isinstance(value, str):
            raise KeyError(f"nobody is there to be asked: set the environment variable {variable}")
        return value


def input_variable(ident: str) -> str:
    """The environment variable that answers one of VS Code's `inputs`."""
    return re.sub(r"\W", "_", ident).upper()


def _unheeded(_place: str, _variable: str, _value: str) -> None:
    pass


def expand(
    value: Any, variables: Variables, where: str, on_value: Callable[[str, str, str], object] = _unheeded
) -> Any:
    """Copy of a JSON value with all variables but `${WORKSPACE}` replaced in its strings.

    Args:
        value: Any JSON value.
        variables: What they stand for.
        where: File and server, for the error text; the key is added to it.
        on_value: Told of every variable that was replaced: where, its name, and what it stands for.

    Raises:
        ConfigError: A variable stands for nothing.
    """

    def replace(match: re.Match[str], key: str) -> str:
        if match[0] == WORKSPACE:
            return WORKSPACE
        try:
            found = variables.find(match[1])
        except KeyError as error:
            text = f"{where}: key {key!r}: the variable {match[0]} is not defined; {error.args[0]}"
            raise ConfigError(text) from None
        on_value(key, match[1], found)
        return found

    return _walk(value, "", lambda text, key: _VARIABLE.sub(lambda match: replace(match, key), text))


def _walk(value: Any, key: str, change: Callable[[str, str], str]) -> Any:
    if isinstance(value, str):
        return change(value, key)
    if is_list(value):
        return [_walk(item, f"{key}[{index}]", change) for index, item in enumerate(value)]
    if is_object(value):
        return {name: _walk(item, f"{key}.{name}" if key else name, change) for name, item in value.items()}
    return value
