"""A bundled world inside another process: its tools as plain methods, its tables as attributes that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from inspect import getmembers, isclass, isfunction
from typing import Any

from pydantic import validate_call
from pydantic_core import to_json, to_jsonable_python

from toolweave.servers.json_values import is_list


class Backend:
    """A world that is filled by its seed, for readers that make it without arguments and load it then.

    After `_load_scenario` its public attributes are the world's tables, so two of them that hold the same are equal
    attribute by attribute.
    """

    world: type

    def _load_scenario(self, scenario: Mapping[str, Any], long_context: bool = False) -> None:
        """Fill it; `scenario` is `{"seed": number}`."""
        self._world: object = self.world(scenario["seed"])
        vars(self).update(vars(self._world))

    def _call(self, tool: str, *args: Any, **arguments: Any) -> Any:
        """What a tool answers, as text or as plain JSON values.

        Raises:
            ToolError: The world refuses.
            ValidationError: The arguments do not fit.
        """
        return to_jsonable_python(validate_call(getattr(self._world, tool))(*args, **arguments))


def world_class(module: str) -> type:
    """The class of a bundled world, by the module that serves it."""
    package = import_module(module)
    (found,) = [item for name, item in getmembers(package, isclass) if name in package.__all__]
    return found


def backend(name: str, module: str) -> type[Backend]:
    """A class of this name with a method for every public method of the world."""
    methods = {tool: _method(tool) for tool in sorted(tools_of(module))}
    return type(name, (Backend,), {"world": world_class(module)} | methods)


@cache
def tools_of(module: str) -> frozenset[str]:
    """Names of the tools of a world: its public methods."""
    return frozenset(name for name, _ in getmembers(world_class(module), isfunction) if not name.startswith("_"))


def load(made: Backend, seed: int) -> None:
    """Fill a backend."""
    made._load_scenario({"seed": seed})  # pyright: ignore[reportPrivateUsage]


def shown(answer: object) -> str:
    """An answer as text, as an MCP server gives it: of a list one block an item."""
    if isinstance(answer, str):
        return answer
    if is_list(answer):
        return "\n".join(map(shown, answer))
    return to_json(answer, indent=2).decode()


def _method(tool: str) -> Callable[..., Any]:
    def call(self: Backend, *args: Any, **arguments: Any) -> Any:
        return self._call(tool, *args, **arguments)  # pyright: ignore[reportPrivateUsage]

    call.__name__ = tool
    return call
