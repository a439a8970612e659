"""What the words of one step say for the parameters of a tool."""

from __future__ import annotations

import json
from typing import Any

from toolweave.agent.texts.hearing import slots_of
from toolweave.agent.texts.labels import value_in
from toolweave.agent.texts.matching import Matcher
from toolweave.agent.texts.procedures import Fact, Procedure, Step
from toolweave.agent.texts.resolving import Filler
from toolweave.agent.texts.signs import SignKinds
from toolweave.agent.texts.values import Given, Reading
from toolweave.graph.model import ToolFacts, ToolGraph
from toolweave.servers.tools import Tool


def tool(name: str, description: str, *required: str, **properties: Any) -> Tool:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return Tool("garden", name, description, schema)


STRING = {"type": "string"}
PLOTS = tool(
    "list_plots",
    "List plots with their size.",
    limit={"type": "integer", "default": 5, "description": "How many plots to list at most"},
    free_only={"type": "boolean", "default": False, "description": "Leave out plots that are leased"},
    fenced={
        "type": "boolean",
        "default": None,
        "description": "True: only plots behind a fence; false: only plots in the sun",
    },
)
VISIT = tool(
    "plan_visit",
    "Plan a visit to a plot.",
    "plot_id",
    "guide_id",
    "day",
    plot_id=STRING,
    guide_id=STRING,
    day={"type": "string", "format": "date"},
    start_hour={"type": "integer"},
)
NOTE = tool("write_note", "Write a note about the garden.", "text", text=STRING)
EXPORT = tool(
    "export_table",
    "Export a table of a book.",
    "path",
    "sheet",
    "csv_path",
    path=STRING,
    sheet=STRING,
    csv_path={"type": "string", "description": "Where the CSV file goes"},
    range={"type": "string", "description": "e.g. 'A1:D20'"},
    decimal={"type": "string", "enum": [".", ","]},
)
TOOLS = (PLOTS, VISIT, NOTE, EXPORT)


def said(text: str, meant: Tool, kinds: SignKinds | None = None) -> dict[str, Any]:
    kinds = kinds or SignKinds(ToolGraph({}, ()))
    step = Step(text, (1, 1))
    reading = Reading(Matcher(TOOLS).box, kinds, Procedure("A day", "day.md", (1, 1), (step,)))
    return {path: given.value for path, given in reading.of_step(step, meant).items()}


def learnt(**arguments: str) -> SignKinds:
    """What a call with some identifiers shows."""
    facts = {VISIT.id: ToolFacts(works=(json.dumps(arguments),))}
    return SignKinds(ToolGraph({one.id: one for one in TOOLS}, (), facts))


def test_an_identifier_goes_where_calls_took_one_with_the_same_letters() -> None:
    kinds = learnt(plot_id="XQ-1", guide_id="ZZ-9")
    found = said("Plan a visit with ZZ-44 to XQ-17 on 24 March 2026", VISIT, kinds)
    assert found == {"plot_id": "XQ-17", "guide_id": "ZZ-44", "day": "2026-03-24"}
    by_path = {slot.path: slot for slot in slots_of(Matcher(TOOLS).box, VISIT)}
    assert kinds.fit("XQ-17", "garden", by_path["guide_id"]) == 0.0


def test_an_identifier_of_a_known_kind_is_no_text() -> None:
    assert said("Write a note about XQ-17", NOTE, learnt(plot_id="XQ-1")) == {}


def test_letters_that_no_call_has_shown_are_read_as_an_abbreviation() -> None:
    assert said("Plan a visit to PL-17", VISIT) == {"plot_id": "PL-17"}


def test_a_day_and_an_hour_are_told_apart_where_a_tool_takes_them_apart() -> None:
    assert said("Plan a visit to PL-17 for 24 March 2026 at 10:00", VISIT) == {
        "plot_id": "PL-17",
        "day": "2026-03-24",
        "start_hour": 10,
    }


def test_what_is_to_be_left_out_is_what_the_text_denies() -> None:
    assert said("List the plots that are not let", PLOTS) == {"free_only": True}
    assert said("List the plots that are let", PLOTS) == {}
    assert said("List the plots that are free", PLOTS) == {"free_only": True}


def test_either_side_of_a_yes_or_no_is_known_by_its_description() -> None:
    assert said("List the plots in the sun", PLOTS) == {"fenced": False}
    assert said("List the plots that lie behind a fence", PLOTS) == {"fenced": True}


def test_how_many_are_enough_is_a_limit() -> None:
    assert said("List the plots; three of them are enough", PLOTS) == {"limit": 3}
    assert said("List the plots, at most 4", PLOTS) == {"limit": 4}


SEEK = tool(
    "search_seeds",
    "Search the seed catalogue by name and kind.",
    text={**STRING, "description": "Words of the name"},
    kind={**STRING, "enum": ["leaf", "root", "herb"], "description": "Only crops of this kind"},
)
REPORT = tool(
    "file_report",
    "File a report on a plot.",
    "grade",
    grade={**STRING, "enum": ["good", "poor"], "description": "How sound the plot is"},
    notes={**STRING, "description": "What was seen"},
)


def given(step: Step, meant: Tool, *facts: Fact) -> dict[str, Any]:
    """What a step says for a tool, and what labels say that it points at."""
    matcher = Matcher((*TOOLS, SEEK, REPORT))
    procedure = Procedure("A day", "day.md", (1, 1), (step,), facts=facts, around=step.text)
    graph = ToolGraph({}, ())
    reading = Reading(matcher.box, SignKinds(graph), procedure)
    return {
        path: one.value
        for path, one in Filler(matcher.box, graph, reading).filled(step, meant, ()).sources.items()
        if isinstance(one, Given)
    }


def test_options_are_heard_in_the_plural_and_in_quotation_marks() -> None:
    assert given(Step("Search the catalogue for roots", (1, 1)), SEEK) == {"kind": "root"}
    told = 'File a report with the grade "good" and the note "dry at the edges"'
    assert given(Step(told, (1, 1)), REPORT) == {"grade": "good", "notes": "dry at the edges"}


def test_a_pronoun_stands_for_what_is_said_right_before_it() -> None:
    step = Step("search for it", (1, 1), before='"Runner beans" are wanted.')
    assert given(step, SEEK) == {"text": "Runner beans"}


def test_a_step_may_call_a_labelled_value_by_another_name_where_it_points_at_the_table() -> None:
    facts = (Fact("Outcome", "poor", 1), Fact("Remarks", "dry at the edges", 2))
    told = Step("File a report with the grade and the remarks in the table", (1, 1))
    assert given(told, REPORT, *facts) == {"grade": "poor", "notes": "dry at the edges"}


def test_a_clause_that_says_when_gives_no_value() -> None:
    step = Step("Search the catalogue for roots, after the herbs are sown", (1, 1))
    assert given(step, SEEK) == {"kind": "root"}


def test_files_go_by_their_ending_and_what_is_in_a_file_is_none() -> None:
    assert said('Export "Beds" as a CSV file named out.csv.', EXPORT) == {"sheet": "Beds", "csv_path": "out.csv"}
    assert said('Export "Beds" of garden.xlsx to out.csv.', EXPORT) == {
        "path": "garden.xlsx",
        "sheet": "Beds",
        "csv_path": "out.csv",
    }


def test_a_time_of_a_table_is_nobodys_identifier() -> None:
    slot = next(one for one in slots_of(Matcher(TOOLS).box, VISIT) if one.path == "guide_id")
    assert value_in(Fact("Start", "10:00", 1), slot) is None
    assert value_in(Fact("Guide", "GD-4", 1), slot) == "GD-4"
