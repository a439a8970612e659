"""A server's own word on its tools: every page of `tools/list`, each tool read leniently and on its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from toolweave.servers.errors import ServerError
from toolweave.servers.json_values import as_list, as_object, canonical, is_object
from toolweave.servers.scanner import printable
from toolweave.servers.schemas import schema_problem
from toolweave.servers.tools import Annotations, Tool

MAX_PAGES = 500
"""A listing with more pages than this is taken for endless."""
MAX_TOOLS = 5_000
MAX_CHARACTERS = 200_000
"""Of one tool, as JSON; who describes it at greater length does not describe it."""
MAX_LISTED = 32_000_000
"""Characters of a listing."""

FetchPage = Callable[[str | None], Awaitable[dict[str, Any]]]
"""Cursor → raw result of one `tools/list`."""


@dataclass(slots=True)
class Listing:
    """What a server offers, and what of it cannot be used."""

    tools: list[Tool] = field(default_factory=list[Tool])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    """Name of a tool that cannot be used → reason."""


async def list_tools(server: str, fetch: FetchPage, seen_as: Callable[[Any], Any] = lambda raw: raw) -> Listing:
    """Walk all pages.

    Args:
        server: Its name, for the tools.
        fetch: Gives one page.
        seen_as: What is done to the JSON of each tool before it is read.

    Raises:
        ServerError: The pages never end, or hold too much.
    """
    listing = Listing()
    seen: set[str] = set()
    number = size = 0
    async for raw in _raw_tools(server, fetch):
        number += 1
        size += (length := _length(raw))
        if number > MAX_TOOLS or size > MAX_LISTED:
            raise ServerError(f"its list of tools is too long: {number} tools, {size} characters")
        name = as_object(raw).get("name")
        label = printable(name)[:80] if isinstance(name, str) and name else f"tool {number}"
        if length > MAX_CHARACTERS:
            listing.skipped[label] = "its description and schemas are too long"
            continue
        try:
            tool = read_tool(server, seen_as(raw))
        except ValueError as error:
            listing.skipped[label] = str(error)
            continue
        except RecursionError:
            listing.skipped[label] = "it is nested too deeply"
            continue
        if tool.name in seen:
            listing.skipped[label] = "a second tool has this name; the first one is used"
            continue
        seen.add(tool.name)
        listing.tools.append(tool)
    return listing


def _length(raw: Any) -> int:
    try:
        return len(canonical(raw))
    except RecursionError:  # said where it is read
        return 0


async def _raw_tools(server: str, fetch: FetchPage) -> AsyncIterator[Any]:
    cursors: set[str] = set()
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await fetch(cursor)
        for raw in as_list(page.get("tools")):
            yield raw
        following = page.get("nextCursor")
        if not isinstance(following, str) or not following:
            return
        if following in cursors:
            raise ServerError("its list of tools never ends: a cursor came twice")
        cursors.add(following)
        cursor = following
    raise ServerError(f"its list of tools never ends: more than {MAX_PAGES} pages")


def read_tool(server: str, raw: Any) -> Tool:
    """One tool as a server describes it.

    Raises:
        ValueError: It cannot be used; the text is the reason.
    """
    if not is_object(raw):
        raise ValueError("it is not an object")
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError("it has no name")
    if not name.isprintable():
        raise ValueError("its name holds characters that nobody sees")
    if as_object(raw.get("execution")).get("taskSupport") == "required":
        raise ValueError("it can only be run as a background task")
    description = raw.get("description")
    return Tool(
        server=server,
        name=name,
        description=description if isinstance(description, str) else "",
        input_schema=_input_schema(raw.get("inputSchema")),
        output_schema=_output_schema(raw.get("outputSchema")),
        annotations=_annotations(raw),
    )


def _input_schema(schema: Any) -> dict[str, Any]:
    if not is_object(schema):
        raise ValueError("its inputSchema is not an object")
    if schema.get("type", "object") != "object":
        raise ValueError(f"its inputSchema has the type {schema['type']!r}, not 'object'")
    problem = schema_problem(schema)
    if problem:
        raise ValueError(f"its inputSchema cannot be used: {problem}")
    return schema if "type" in schema else {"type": "object", **schema}


def _output_schema(schema: Any) -> dict[str, Any] | None:
    """The schema if it can be used; a broken one is no reason not to call the tool."""
    return schema if is_object(schema) and not schema_problem(schema) else None


def _annotations(raw: dict[str, Any]) -> Annotations:
    hints = as_object(raw.get("annotations"))

    def flag(key: str) -> bool | None:
        value = hints.get(key)
        return value if isinstance(value, bool) else None

    title = raw.get("title") or hints.get("title")
    return Annotations(
        title=title if isinstance(title, str) else None,
        read_only=flag("readOnlyHint"),
        destructive=flag("destructiveHint"),
        idempotent=flag("idempotentHint"),
        open_world=flag("openWorldHint"),
    )
