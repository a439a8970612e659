"""Settings of a command from one TOML file: weaker than flags and the environment, stronger than what is built in."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from toolweave.pipeline import console
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import is_list, is_object

T = TypeVar("T", RunSettings, Pace)
ONE_EACH = {
    "targets": "target",
    "kinds": "kind",
    "gates": "gate",
    "stages": "stage",
    "value_sources": "value_source",
    "roles": "role",
}
"""Settings that hold several things, and the option that takes one of them."""
UNFLAGGED = ("offered", "long_offered", "retries")
"""Settings that only a file has."""
_PATHS = frozenset("mcp out prompts judge unlike decontaminate weak".split())
"""Settings that name files; in a settings file they are relative to it."""


def load_settings(context: typer.Context, path: Path | None) -> Path | None:
    """Make the contents of a settings file the defaults of the command that is called."""
    if path is not None:
        with console.kind_errors():
            options = {str(option.name) for option in context.command.params}
            context.default_map = {**(context.default_map or {}), **read_settings(path, options)}
    return path


def read_settings(path: Path, options: set[str]) -> dict[str, Any]:
    """Option → value, as on the command line.

    Args:
        path: The TOML file; keys are names of options (`max_calls` or `max-calls`), or of settings (`kinds`).
        options: Options of the command; those of the main job may stand there too.

    Raises:
        ConfigError: It cannot be read, or a key is no setting.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    known = options | {"out", "target", "kind"} | RunSettings.model_fields.keys() | Pace.model_fields.keys()
    found: dict[str, Any] = {}
    for key, value in document.items():
        name = key.replace("-", "_")
        if name not in known - {"settings"}:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
            raise ConfigError(f"{path}: unknown setting {key!r}; {hint}")
        found[ONE_EACH.get(name, name)] = _as_typed(path, name, value)
    return found


def _as_typed(path: Path, name: str, value: Any) -> Any:
    """A value as it would be typed: tables as `key=value`, paths from where the file lies."""
    if is_object(value):
        return [f"{key}={item}" for key, item in value.items()]
    if name in _PATHS and is_list(value):
        return [str(path.parent / str(item)) for item in value]
    return str(path.parent / str(value)) if name in _PATHS else value


def settled(kind: type[T], context: typer.Context, **given: Any) -> T:
    """Settings as they were given, with those of the file that no flag has.

    Raises:
        ConfigError: A value is not allowed, or two do not go together.
    """
    defaults = context.default_map or {}
    more = {name: defaults[name] for name in UNFLAGGED if name in defaults and name in kind.model_fields}
    try:
        return kind(**given, **more)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{name if name in more else '--' + str(name).replace('_', '-')}: " for name in first["loc"])
        raise ConfigError(f"{where}{first['msg'].removeprefix('Value error, ')}") from error


def sources_of(context: typer.Context) -> dict[str, str]:
    """Option → where its value comes from, of all that are not built in."""
    found = {str(option.name): context.get_parameter_source(str(option.name)) for option in context.command.params}
    names = {"COMMANDLINE": "flag", "ENVIRONMENT": "environment", "DEFAULT_MAP": "settings file"}
    given = {name: names[source.name] for name, source in found.items() if source is not None and source.name in names}
    return {name: where for name, where in given.items() if name not in ("settings_file", "dry_run", "as_json")}


SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", is_eager=True, callback=load_settings, help="A TOML file with any of these settings."),
]
