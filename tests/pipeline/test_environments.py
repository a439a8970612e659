"""Which servers the pipeline shares: those of which everything that was seen says that they keep no state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolweave.graph.model import Edge, ToolFacts, ToolGraph
from toolweave.pipeline.environments import stateless, warm_environments
from toolweave.servers.sharing import Reading
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Annotations, Tool

ALLOWED = frozenset({"sums/add", "sums/halve"})
SPEC = ServerSpec(name="sums", command="python")
READS = ToolFacts(access="reads", works=('{"a": 1}', '{"a": 2}'), tried=3, failed=1)


def graph(**changed: Any) -> ToolGraph:
    """Two tools that were seen to read, and one that may not be called."""
    tools = {f"sums/{name}": Tool("sums", name) for name in ("add", "halve", "wipe")}
    facts = {"sums/add": READS, "sums/halve": replace(READS, works=('{"b": 3}',))}
    return replace(ToolGraph(tools, (), facts), **changed)


def test_a_server_of_which_every_callable_tool_was_seen_to_read_is_stateless() -> None:
    assert stateless({"sums": SPEC}, graph(), ALLOWED) == {"sums": Reading({"add": {"a": 1}, "halve": {"b": 3}})}


def with_hint(**hints: Any) -> ToolGraph:
    tools = graph().tools
    return graph(tools={**tools, "sums/add": replace(tools["sums/add"], annotations=Annotations(**hints))})


def with_facts(**facts: Any) -> ToolGraph:
    return graph(facts={**graph().facts, "sums/add": replace(READS, **facts)})


@pytest.mark.parametrize(
    "doubtful",
    [
        with_facts(access="writes"),
        with_facts(access="unknown"),
        with_facts(works=()),
        graph(facts={"sums/add": READS}),
        with_hint(read_only=False),
        with_hint(destructive=True),
        graph(edges=(Edge("sums/add", "", "sums/halve", "", "state", 0.9),)),
    ],
)
def test_a_server_against_which_anything_speaks_is_not(doubtful: ToolGraph) -> None:
    assert stateless({"sums": SPEC}, doubtful, ALLOWED) == {}


@pytest.mark.parametrize(
    "spec",
    [
        SPEC.model_copy(update={"args": ["${WORKSPACE}/a"]}),
        SPEC.model_copy(update={"options": ServerOptions(prepare=[["true"]])}),
        ServerSpec(name="sums", transport="http", url="http://127.0.0.1:9/mcp"),
    ],
)
def test_a_server_with_a_workspace_a_preparation_or_an_address_is_not(spec: ServerSpec) -> None:
    assert stateless({"sums": spec}, graph(), ALLOWED) == {}


def test_a_tool_that_is_allowed_but_was_never_tried_speaks_against_its_server() -> None:
    assert stateless({"sums": SPEC}, graph(), ALLOWED | {"sums/wipe"}) == {}
    assert stateless({"sums": SPEC}, graph(), frozenset()) == {}


@pytest.mark.anyio
async def test_only_environments_that_were_asked_to_share_do() -> None:
    script = Path(__file__).parents[1] / "servers" / "keeping.py"
    options = ServerOptions(disposable=True)
    spec = ServerSpec(name="keeping", command="python", args=[str(script)], options=options)
    adding = Tool("keeping", "add")
    facts = {adding.id: ToolFacts(access="reads", works=('{"a": 1, "b": 2}',), tried=1)}
    known = ToolGraph({adding.id: adding}, (), facts)
    specs = {"keeping": spec}
    async with (
        warm_environments() as fresh,
        fresh.sharing(specs, known, {adding.id}) as sharing,
        sharing([spec]) as one,
        sharing([spec]) as other,
        fresh([spec]) as private,
    ):
        folders = [item.connections["keeping"].folder for item in (one, other, private)]
    assert folders[0] == folders[1] != folders[2]
