"""Edges built from schemas and descriptions alone."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolweave.graph.build import LISTED, MOST_PRODUCERS, build_graph
from toolweave.graph.model import Edge, ToolGraph
from toolweave.servers.json_values import is_list, is_object
from toolweave.servers.tools import Tool


def fields(kinds: dict[str, Any] | None) -> dict[str, Any]:
    """A schema from `{"name": "string", "owner": {…}, "items": [{…}]}`."""
    return {"type": "object", "properties": {name: field(kind) for name, kind in (kinds or {}).items()}}


def field(kind: Any) -> dict[str, Any]:
    if is_object(kind):
        return fields(kind)
    if is_list(kind):
        return {"type": "array", "items": field(kind[0])}
    return {"type": kind}


def tool(name: str, takes: dict[str, Any] | None = None, gives: dict[str, Any] | None = None, text: str = "") -> Tool:
    schema = {**fields(takes), "required": list(takes or {})}
    return Tool("", name, text, schema, fields(gives) if gives is not None else None)


def flows(graph: ToolGraph) -> dict[tuple[str, str, str, str], float]:
    return {(e.source, e.source_field, e.target, e.target_param): e.confidence for e in graph.edges}


def best_into(graph: ToolGraph, target: str, parameter: str) -> Edge:
    return next(edge for edge in graph.into(target) if edge.target_param == parameter)


def test_an_id_is_recognised_by_the_tool_that_finds_the_thing() -> None:
    graph = build_graph(
        [
            tool("search_person", {"query": "string"}, {"results": [{"id": "integer", "name": "string"}]}),
            tool("search_venue", {"query": "string"}, {"results": [{"id": "integer", "name": "string"}]}),
            tool("show_biography", {"person_id": "integer"}, {"text": "string"}),
        ]
    )
    assert [(e.source, e.source_field) for e in graph.into("show_biography")] == [("search_person", "results[].id")]
    assert graph.edges[0].confidence > 0.7
    assert graph.edges[0].evidence[0].kind == "matched"


def test_containers_roles_plurals_and_spellings_meet() -> None:
    graph = build_graph(
        [
            tool("list_shelves", {}, {"shelves": [{"id": "string"}]}),
            tool("get_reader", {"email": "string"}, {"loanIDs": ["string"], "homeBranch": {"id": "string"}}),
            tool("move_book", {"target_shelf_id": "string"}),
            tool("renew_loan", {"loan_id": "string"}),
            tool("open_branch", {"branchId": "string"}),
        ]
    )
    assert best_into(graph, "move_book", "target_shelf_id").source_field == "shelves[].id"
    assert best_into(graph, "renew_loan", "loan_id").source_field == "loanIDs[]"
    assert best_into(graph, "open_branch", "branchId").source_field == "homeBranch.id"


def test_the_description_says_whose_id_a_bare_id_is() -> None:
    described = {"type": "object", "properties": {"id": {"type": "string", "description": "The ID of the recipe."}}}
    graph = build_graph(
        [
            tool("find", {"text": "string"}, {"recipes": [{"id": "string"}], "cooks": [{"id": "string"}]}),
            Tool("", "rate", "", {**described, "required": ["id"]}),
        ]
    )
    assert [edge.source_field for edge in graph.into("rate")] == ["recipes[].id"]


def test_without_output_schemas_names_and_descriptions_carry_the_guess() -> None:
    graph = build_graph(
        [
            tool("list_greenhouses", text="List all greenhouses."),
            tool("get_owner", {"name": "string"}, text="Get an owner, including their greenhouses."),
            tool("water", {"greenhouse_id": "string"}, text="Water the plants."),
        ]
    )
    into = graph.into("water")
    assert [edge.source for edge in into] == ["list_greenhouses", "get_owner"]
    assert all(edge.source_field == "" for edge in into)
    assert into[0].confidence > 0.5 > into[1].confidence


def test_observed_fields_take_the_place_of_guesses() -> None:
    tools = [tool("list_greenhouses"), tool("water", {"greenhouse_id": "string"})]
    graph = build_graph(tools, {"list_greenhouses": ["[].id", "[].label"]})
    assert [edge.source_field for edge in graph.edges] == ["[].id"]
    assert graph.edges[0].confidence > build_graph(tools).edges[0].confidence


def test_labels_read_out_of_prose_stand_for_the_thing_that_they_name() -> None:
    tools = [tool("enrol", {"surname": "string"}), tool("lend", {"member_id": "string"})]
    graph = build_graph(tools, {"enrol": ["#member", "#fee"]})
    assert [(edge.source_field, edge.target_param) for edge in graph.edges] == [("#member", "member_id")]


def test_a_lookup_by_a_key_is_no_guess_for_that_key() -> None:
    tools = [tool(f"get_{word}_price", {"symbol": "string"}) for word in ("stock", "current_stock")]
    finder = tool("search_symbols", {"company": "string"})
    assert {edge.source for edge in build_graph([*tools, finder]).edges} == {"search_symbols"}


def test_a_description_that_names_a_tool_declares_its_source() -> None:
    parameter = {"type": "string", "description": "Obtained from the Find Station API."}
    graph = build_graph(
        [
            tool("RailFindStation", {"text": "string"}, {"stationKey": "string"}),
            tool("RailFindTrain", {"text": "string"}, {"trainKey": "string"}),
            Tool("", "RailBoard", "", {"type": "object", "properties": {"stop": parameter}, "required": ["stop"]}),
        ]
    )
    edge = best_into(graph, "RailBoard", "stop")
    assert (edge.source, edge.evidence[0].kind) == ("RailFindStation", "declared")


def test_objects_of_one_shape_are_of_one_kind() -> None:
    film = {"id": "integer", "premiere": "string", "studio": "string", "runtime": "integer", "plot": "string"}
    actor = {"id": "integer", "birthplace": "string", "stage_name": "string", "agent": "string"}
    graph = build_graph(
        [
            tool("search_film", {"query": "string"}, {"results": [film]}),
            tool("search_performer", {"query": "string"}, {"results": [actor]}),
            tool("performer_credits", {"performer_id": "integer"}, {"parts": [{**film, "role": "string"}]}),
            tool("film_reviews", {"film_id": "integer"}, {"stars": "integer"}),
        ]
    )
    assert {(e.source, e.source_field) for e in graph.into("film_reviews")} == {
        ("search_film", "results[].id"),
        ("performer_credits", "parts[].id"),
    }


def described(name: str, text: str, /, **parameters: str) -> Tool:
    """A tool without output schema, all of whose parameters are required strings with these descriptions."""
    properties = {
        key: {"type": "string", **({"description": said} if said else {})} for key, said in parameters.items()
    }
    return Tool("", name, text, {"type": "object", "properties": properties, "required": list(parameters)}, None)


def test_a_rest_api_without_output_schemas_is_understood() -> None:
    graph = build_graph(
        [
            described("list_quarries", "List all quarries."),
            described("quarries_shipments", "Get the shipments that left a quarry.", quarryId="", day=""),
            described("get_shipment", "Get a shipment.", shipment_id=""),
            described("open_quarry", "Open a quarry.", quarry_name="Name of the quarry"),
            described("list_stone_grades", "List the grades of stone."),
            described("quote", "Quote a price.", grade="", quarry_address="Address of the quarry"),
            described("find_by_slug", "Find a mason.", titleSlug="The URL slug of the quarry"),
        ]
    )
    assert {(e.source, e.target, e.target_param) for e in graph.edges} == {
        ("list_quarries", "quarries_shipments", "quarryId"),
        ("open_quarry", "quarries_shipments", "quarryId"),
        ("quarries_shipments", "get_shipment", "shipment_id"),
        ("list_stone_grades", "quote", "grade"),
        ("list_quarries", "quote", "quarry_address"),
        ("list_quarries", "find_by_slug", "titleSlug"),
        ("open_quarry", "find_by_slug", "titleSlug"),
    }


def test_what_only_the_description_documents_is_read() -> None:
    graph = build_graph(
        [
            described(
                "survey", "Survey the coast.\n\nReturns a list of finds with:\n- wreckNo: number\n- depth: metres\n"
            ),
            described("salvage", "Salvage.\n\n    Args:\n        target: ID of the wreck to lift\n", target=""),
            described("log_wreck", "Log a wreck."),
        ]
    )
    assert best_into(graph, "salvage", "target").source == "log_wreck"


def test_of_twins_only_the_one_of_the_same_source_feeds_a_reader() -> None:
    sources = ("gazette", "almanac")
    tools = [described(f"search_{source}", f"Search for notices in the {source}.", text="") for source in sources]
    tools += [described(f"read_{source}_notice", "Read a notice.", notice_id="") for source in sources]
    assert {(edge.source, edge.target) for edge in build_graph(tools).edges} == {
        (f"search_{source}", f"read_{source}_notice") for source in sources
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("get_tide_tables", "tide code, get these from /tide_tables"),
        ("harbour_plan", "Exact mark from the harbour plan"),
    ],
)
def test_a_path_or_a_word_of_one_tool_only_names_it(source: str, said: str) -> None:
    graph = build_graph([described(source, ""), described("get_boat", "Get a boat."), described("moor", "", spot=said)])
    edge = best_into(graph, "moor", "spot")
    assert (edge.source, edge.evidence[0].kind) == (source, "declared")


def test_the_name_of_what_is_made_is_chosen_and_not_looked_up() -> None:
    chosen = [
        described("list_bells", "List bells.", tower=""),
        described("create_bell", "Create a bell.", bell_name=""),
    ]
    used = [*chosen, described("ring", "Ring a bell.", bell_name="")]
    assert {edge.target for edge in build_graph(used).edges} == {"ring"}


def test_what_a_tool_was_given_is_no_reason_to_call_it() -> None:
    graph = build_graph(
        [
            tool("find_orders", {"day": "string"}, {"orders": [{"order_id": "string"}]}),
            tool("get_order", {"order_id": "string"}, {"order_id": "string", "weight": "number"}),
            tool("ship_order", {"order_id": "string"}),
        ]
    )
    assert {edge.source for edge in graph.into("ship_order")} == {"find_orders"}


@pytest.mark.parametrize("parameter", ["limit", "page", "sort_by", "include_archived", "page_token"])
def test_parameters_that_steer_a_call_get_no_edges(parameter: str) -> None:
    give = tool("list_things", {}, {parameter: "string", "items": [{"name": "string"}]})
    assert build_graph([give, tool("find_things", {parameter: "string"})]).edges == ()


def test_identifiers_do_not_cross_servers_by_their_entity_alone() -> None:
    find, use = tool("search_user", {"text": "string"}), tool("greet", {"user_id": "string"})
    apart = [Tool("a", find.name, "", find.input_schema), Tool("b", use.name, "", use.input_schema)]
    together = [Tool("a", find.name, "", find.input_schema), Tool("a", use.name, "", use.input_schema)]
    assert build_graph(apart).edges == ()
    assert len(build_graph(together).edges) == 1


def test_hubs_are_bounded_and_edges_are_sorted_and_worth_planning() -> None:
    makers = [
        tool(f"list_{word}_parcels", {}, {"parcels": [{"parcel_id": "string"}]}) for word in map(spelled, range(90))
    ]
    takers = [tool(f"send_{word}", {"parcel_id": "string"}) for word in map(spelled, range(30))]
    graph = build_graph([*makers, *takers])
    confidences = [edge.confidence for edge in graph.edges]
    assert all(1 <= len(graph.into(taker.id)) <= MOST_PRODUCERS for taker in takers)
    assert confidences == sorted(confidences, reverse=True)
    assert all(LISTED <= confidence <= 1.0 for confidence in confidences)


def spelled(number: int) -> str:
    return "".join("bdfgklmnpr"[int(digit)] + "ao"[int(digit) % 2] for digit in str(number))


def test_tools_of_one_name_on_two_servers_are_kept_apart() -> None:
    schema = {"type": "object", "properties": {"bin_id": {"type": "string"}}, "required": ["bin_id"]}
    tools = [
        make
        for server in ("north", "south")
        for make in (Tool(server, "list_bins", "List bins."), Tool(server, "empty", "", schema))
    ]
    assert {(e.source, e.target) for e in build_graph(tools).edges} == {
        ("north/list_bins", "north/empty"),
        ("south/list_bins", "south/empty"),
    }


def test_the_graph_is_the_same_in_every_process() -> None:
    program = (
        "from toolweave.graph.build import build_graph\n"
        "from toolweave.servers.tools import Tool\n"
        "schema = {'type': 'object', 'properties': {n + '_id': {'type': 'string'} for n in ('a1b', 'cat', 'dog')}}\n"
        "names = [(v, n) for v in ('list', 'find') for n in ('cat', 'dog')]\n"
        "tools = [Tool('', f'{v}_{n}s', f'Returns {n} ids.', schema) for v, n in names]\n"
        "import sys; sys.stdout.write(repr(build_graph(tools).edges))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert outputs.pop() != "()"


NAMES = st.sampled_from(["id", "user_id", "getUser", "list", "", "_", "x.y", "名前", "type", "Ids", "search__", "{id}"])
SCHEMAS = st.none() | st.dictionaries(
    NAMES,
    st.sampled_from(["string", "integer", ["string"], {"id": "string"}, [{"name": "string"}], 7, None]),
    max_size=4,
)


@given(st.lists(st.builds(tool, NAMES, SCHEMAS, SCHEMAS, st.text(max_size=40)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_tools_give_a_graph(tools: list[Tool]) -> None:
    graph = build_graph(tools)
    assert set(graph.tools) == {one.id for one in tools}
    assert all(edge.source != edge.target and 0.0 <= edge.confidence <= 1.0 for edge in graph.edges)
    assert flows(graph) == flows(build_graph(tools))
