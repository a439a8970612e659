"""The edges file and the tools file."""

from __future__ import annotations

from typing import Any

from toolweave.graph.build import build_graph
from toolweave.graph.edges_file import edges_json, tools_from_json
from toolweave.graph.model import Edge, Evidence, ToolGraph
from toolweave.servers.tools import Annotations, Tool


def test_edges_are_written_under_the_names_that_people_see() -> None:
    tools = [Tool("a", "list"), Tool("b", "list"), Tool("b", "take")]
    seen = Evidence("observed", 0.75, trials=4, successes=3, examples=("x1",), why="it flowed")
    edges = (
        Edge("a/list", "[].id", "b/take", "item_id", "data", 0.91234567, (seen,)),
        Edge("b/take", "", "b/list", "", "state", 0.5, effect="disables"),
    )
    assert edges_json(ToolGraph({tool.id: tool for tool in tools}, edges)) == {
        "edges": [
            {
                "source": "a/list",
                "source_field": "[].id",
                "target": "take",
                "target_param": "item_id",
                "kind": "data",
                "confidence": 0.9123,
                "evidence": [
                    {
                        "kind": "observed",
                        "score": 0.75,
                        "trials": 4,
                        "successes": 3,
                        "examples": ["x1"],
                        "why": "it flowed",
                    }
                ],
            },
            {
                "source": "take",
                "source_field": "",
                "target": "b/list",
                "target_param": "",
                "kind": "state",
                "confidence": 0.5,
                "evidence": [],
                "effect": "disables",
            },
        ]
    }


def test_tools_are_read_from_every_common_shape() -> None:
    entry: dict[str, Any] = {
        "name": "add",
        "description": "Adds.",
        "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object", "properties": {}},
        "annotations": {"title": "Add", "readOnlyHint": True, "destructiveHint": "no"},
        "server": "sums",
    }
    expected = Tool(
        "sums", "add", "Adds.", {"type": "object"}, entry["outputSchema"], Annotations(title="Add", read_only=True)
    )
    for data in ({"tools": [entry]}, {"result": {"tools": [entry]}}, [entry]):
        assert tools_from_json(data) == ([expected], [])


def test_malformed_tools_are_skipped_and_named() -> None:
    data = {
        "tools": [
            {"name": "sound"},
            "noise",
            {"description": "no name"},
            {"name": "list", "inputSchema": [1]},
            {"name": "sound", "description": "again"},
            {"name": "odd", "server": 3},
        ]
    }
    tools, reasons = tools_from_json(data)
    assert [tool.id for tool in tools] == ["sound"]
    assert reasons == [
        "tool 2: it is not an object",
        "tool 3: it has no name",
        "tool 4: the input schema of 'list' is not an object",
        "tool 5: 'sound' is there already",
        "tool 6: the server of 'odd' is not a string",
    ]
    assert tools_from_json(7) == ([], ["there is no list of tools: expected {'tools': […]}"])


def test_an_empty_set_of_tools_has_an_empty_graph() -> None:
    assert edges_json(build_graph([])) == {"edges": []}
