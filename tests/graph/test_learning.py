from __future__ import annotations

import random

import pytest

from toolweave.graph.learning.assembly import learned_graph
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.pools import Pools
from toolweave.graph.learning.values import distinctive, look, never_seen
from toolweave.graph.model import Edge, Evidence, ToolFacts, ToolGraph
from toolweave.graph.schema import parameters
from toolweave.servers.tools import Tool

TAKER = Tool("s", "get_part", input_schema={"properties": {"part_id": {"type": "string"}}, "required": ["part_id"]})
FINDER, LISTER = Tool("s", "find_parts"), Tool("s", "list_sizes")


def link() -> Link:
    return Link(TAKER, parameters(TAKER)[0])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("MB-20817", ("id", "mb")),
        ("usr_9f3k2", ("id", "usr")),
        ("2026-03-01", ("date", "")),
        ("09:30", ("date", "")),
        ("12", ("number", "")),
        (12, ("number", "")),
        (True, ("flag", "")),
        ("open", ("word", "")),
        ("Tom Okafor", ("text", "")),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", ("code", "uuid")),
        ("a@b.example", ("email", "")),
    ],
)
def test_values_are_told_apart_by_their_look(value: object, kind: tuple[str, str]) -> None:
    assert look(value) == kind


def test_small_numbers_words_and_dates_are_never_distinctive() -> None:
    assert not any(distinctive(value) for value in (1, "7", "open", "2026-03-01", True, None, "Tom Okafor"))


@pytest.mark.parametrize("value", ["MB-20817", "usr_9f3k2", "open", 7, 2.5])
def test_a_never_seen_value_has_the_same_look_and_is_another(value: str | float) -> None:
    unknown = never_seen(value, random.Random(3))
    assert unknown != value
    assert type(unknown) is type(value)
    assert look(unknown)[0] == look(value)[0]


def test_what_a_tool_was_given_is_an_echo_and_no_product() -> None:
    pools = Pools()
    pools.add("s/get_part", ["PX-1"], {"part_id": "PX-1", "bin": "BN-4"})
    assert pools.fields["s/get_part", "part_id"].values == {}
    assert pools.fields["s/get_part", "bin"].values == {"BN-4": "BN-4"}


def test_values_of_one_row_are_near_each_other() -> None:
    pools = Pools()
    pools.add("s/find", [], [{"part": "PX-1", "bin": "BN-1"}, {"part": "PX-2", "bin": "BN-2"}])
    assert list(pools.near["PX-1"]) == ["BN-1"]


def test_a_link_takes_what_looks_like_what_it_took() -> None:
    one = link()
    one.accept("PX-1")
    one.refuse("BN-4")
    assert [one.fits(value) for value in ("PX-1", "PX-9", "BN-4", "BN-9", "plain")] == [True, True, False, False, None]


def graph(*edges: Edge) -> ToolGraph:
    return ToolGraph({tool.id: tool for tool in (FINDER, LISTER, TAKER)}, edges)


def matched(source: Tool, field: str, confidence: float = 0.6) -> Edge:
    evidence = (Evidence("matched", confidence),)
    return Edge(source.id, field, TAKER.id, "part_id", "data", confidence, evidence)


TRIED = {tool.id: ToolFacts(works=("{}",), tried=1) for tool in (FINDER, LISTER, TAKER)}


def test_a_tried_edge_is_intervened_and_a_guess_that_was_refuted_is_gone() -> None:
    pools, one = Pools(), link()
    pools.add(FINDER.id, [], [{"id": "PX-1"}])
    pools.add(LISTER.id, [], [{"id": "SZ-1"}])
    one.accept("PX-1")
    one.trials[FINDER.id, "[].id"] = 1
    base = graph(matched(FINDER, "[].id"), matched(LISTER, "[].id", 0.9))
    edges = learned_graph(base, pools, {(TAKER.id, "part_id"): one}, TRIED).edges
    assert [(edge.source, edge.source_field, edge.evidence[-1].kind) for edge in edges] == [
        (FINDER.id, "[].id", "intervened")
    ]


def test_numbers_that_coincide_make_no_edge_without_a_match() -> None:
    pools, one = Pools(), link()
    pools.add(LISTER.id, [], [{"size": 3}])
    one.accept(3)
    assert learned_graph(graph(), pools, {(TAKER.id, "part_id"): one}, TRIED).edges == ()


def test_a_parameter_that_takes_anything_is_fed_by_nothing() -> None:
    pools, one = Pools(), link()
    pools.add(FINDER.id, [], [{"id": "PX-1"}])
    one.accept("PX-1")
    one.takes_anything = True
    assert learned_graph(graph(matched(FINDER, "[].id")), pools, {(TAKER.id, "part_id"): one}, TRIED).edges == ()


def test_edges_of_tools_that_were_never_tried_stay_as_matched() -> None:
    base = graph(matched(FINDER, "[].id"))
    facts = {TAKER.id: ToolFacts()}
    assert learned_graph(base, Pools(), {(TAKER.id, "part_id"): link()}, facts).edges == base.edges
