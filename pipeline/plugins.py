"""Parts of one's own: gates, stages, export formats, teachers and values from other packages, by Python entry points.

**Contract.** A package names a part under one of the groups below; Toolweave loads it when it is asked for by that name
(`toolweave run` with `--gate`, `--stage`, `--value-source` or `--model NAME`, `toolweave export --to NAME`), never by
itself. A part that cannot be loaded, or is none, is a `ConfigError` before anything is made. What we bring along goes
first: nothing replaces it.

    [project.entry-points."toolweave.gates"]
    polite = "my_package:polite"          # (Sample) -> Iterator[str]: reasons to reject it; none keeps it
    [project.entry-points."toolweave.stages"]
    topic = "my_package:topic"            # async (Sample) -> a note about it, a reason to reject it, or None
    [project.entry-points."toolweave.values"]
    crm = "my_package:customers"          # (Tool, parameter, schema) -> Iterable: values that a user could say
    [project.entry-points."toolweave.exporters"]
    mine = "my_package:FORMAT"            # a toolweave.pipeline.exports.format.Format
    [project.entry-points."toolweave.teachers"]
    mine = "my_package:MyTeacher"         # () -> toolweave.agent.roles.Model
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from toolweave.servers.errors import ConfigError

Part = Literal["gates", "stages", "values", "exporters", "teachers"]


def part_names(part: Part) -> list[str]:
    """Names under which installed packages offer a part, sorted."""
    return sorted(entry.name for entry in entry_points(group=f"toolweave.{part}"))


def load_part(part: Part, name: str) -> Any:
    """What a package offers under this name; whether it is what it should be, only its use can tell.

    Raises:
        ConfigError: No package offers it, more than one does, or it cannot be imported.
    """
    found = [entry for entry in entry_points(group=f"toolweave.{part}") if entry.name == name]
    if len(found) == 1:
        return _loaded(found[0])
    if found:
        owners = ", ".join(sorted(entry.value for entry in found))
        raise ConfigError(f"{part}: {name!r} is offered more than once ({owners}): uninstall all but one")
    close = difflib.get_close_matches(name, part_names(part), 1)
    hint = f"; did you mean {close[0]}?" if close else f"; installed: {', '.join(part_names(part)) or 'none'}"
    raise ConfigError(f"{part}: no installed package offers {name!r} under 'toolweave.{part}'{hint}")


def load_functions(part: Part, names: Iterable[str]) -> dict[str, Any]:
    """The parts of these names, in this order, which have to be functions.

    Raises:
        ConfigError: One of them cannot be loaded, or is none.
    """
    found = {name: load_part(part, name) for name in names}
    for name, function in found.items():
        if not callable(function):
            raise ConfigError(f"{part}: {name!r} is {type(function).__name__}, and no function")
    return found


def _loaded(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except Exception as error:  # boundary: another package's module may fail in any way while it is imported
        raise ConfigError(f"{entry.group} {entry.name!r} ({entry.value}) cannot be loaded: {error}") from error
