"""Requests as a person would word them: no step spelt out that only makes another possible, and things named."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from toolweave.agent.asking import question_problem
from toolweave.agent.offline.deeds import Deed, asked
from toolweave.agent.offline.entries import facts_of
from toolweave.agent.offline.fitting import Slot, fit
from toolweave.agent.offline.mentions import mentions_of
from toolweave.agent.offline.naming import entry
from toolweave.agent.offline.phrase import Told
from toolweave.agent.offline.picture import Feed
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.querying import ask_for
from toolweave.agent.offline.wording import groups
from toolweave.agent.roles import AdvancedTool, Happened, QueryAsk, Style, UserValue
from toolweave.agent.rows import is_value
from toolweave.graph.schema import parameters
from toolweave.servers.tools import Tool


def _tool(name: str, description: str, /, **properties: dict[str, Any]) -> Tool:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool("atelier", name, description, schema)


TEXT = {"type": "string"}
OPEN = _tool("open_ledger", "Open a ledger.", path=TEXT)
LIST = _tool("list_pages", "List the pages of a ledger.", ledger_id=TEXT)
SEAL = _tool("seal_leaf", "Seal a page.", page_id=TEXT)
PAGES = [{"page_id": "P-1", "lines": 40}, {"page_id": "P-2", "lines": 44}, {"page_id": "P-3", "lines": 48}]
TITLED = [{"page_id": "P-1", "title": "Spring Orders"}, {"page_id": "P-2", "title": "Old Debts"}]


def _request(pages: list[dict[str, Any]], distance: Any, seed: int) -> str:
    """What a user says to have the second page sealed."""
    calls = (
        Happened("call_1", OPEN, {"path": "north.ldg"}, "", {"ledger_id": "L-9"}),
        Happened("call_2", LIST, {"ledger_id": "L-9"}, "", pages, {"/ledger_id": ("call_1", "/ledger_id")}),
        Happened("call_3", SEAL, {"page_id": "P-2"}, "", {"ok": True}, {"/page_id": ("call_2", "/1/page_id")}),
    )
    value = UserValue("call_1", OPEN, "/path", TEXT, "north.ldg")
    advanced = AdvancedTool(name="seal", description="Seal a page.", output="a confirmation")
    names = ("open_ledger", "list_pages", "seal_leaf", "page_id", "ledger_id", "path", "L-9", "P-2")
    style = Style("a regular", "plain", distance, "exact")
    return ask_for(QueryAsk(advanced, calls, (value,), (), (), style, names, seed)).text


@pytest.mark.parametrize("seed", range(8))
def test_who_states_the_goal_speaks_of_nothing_that_only_gives_access(seed: int) -> None:
    text = _request(TITLED, "goal", seed)
    assert "north.ldg" in text and "Old Debts" in text
    assert not {"open", "list", "then"} & set(text.lower().replace(",", " ").split())


@pytest.mark.parametrize("seed", range(8))
def test_an_entry_without_a_name_is_counted_to(seed: int) -> None:
    text = _request(PAGES, "goal", seed)
    assert "second page" in text and "44" not in text


def test_a_look_up_that_takes_nothing_is_not_dictated() -> None:
    texts = [_request(TITLED, "explicit", seed).lower() for seed in range(8)]
    assert not any(words in text for text in texts for words in ("list the", "list pages", "go through"))


@pytest.mark.parametrize(
    ("value", "usable"),
    [("minutes.docx", True), (7, True), ("Found 2 files:\n- minutes.docx\n- notes.docx\n", False), ("x" * 400, False)],
)
def test_a_listing_is_no_value_that_a_call_takes_over(value: object, usable: bool) -> None:
    assert is_value(value) is usable


def test_words_behind_a_value_belong_to_it() -> None:
    grid = _tool("add_grid", "Add a grid.", rows={"type": "integer"}, columns={"type": "integer"})
    slots = {one.path: Slot(one, ()) for one in parameters(grid)}
    three, two = mentions_of("Add a grid for 3 lines for 2 columns.")
    assert fit(three, slots["rows"]) > fit(two, slots["rows"])
    assert fit(two, slots["columns"]) > fit(three, slots["columns"])


def test_a_number_is_no_name_of_a_file() -> None:
    write = _tool("write_file", "Write a file.", filename=TEXT)
    (number,) = mentions_of("Write a file with 3 copies.")
    assert fit(number, Slot(parameters(write)[0], ("file",))) == 0.0


def test_properties_of_one_object_are_said_one_by_one() -> None:
    tool = _tool("add_people", "Add people.", people={"type": "array"})
    leaves = [("/people/0/name", "Ada"), ("/people/0/tags/0", "new"), ("/people/0/tags/1", "late")]
    found = groups([UserValue("call_1", tool, pointer, TEXT, value) for pointer, value in leaves])
    assert [(one.name, len(one.items)) for one in found] == [("name", 1), ("tags", 2)]


@pytest.mark.parametrize(
    ("description", "phrase"),
    [
        ("Create a new parcel with optional insurance.", "create a new parcel"),
        ("Add a chart to a page with comprehensive formatting options.", "add a chart to a page"),
        ("Get information about a specific envelope.", "get information about an envelope"),
        ("Read a scan and return it as base64.", "read a scan"),
    ],
)
def test_what_nobody_says_when_asking_is_left_out(description: str, phrase: str) -> None:
    assert purpose_of(Tool("", "whatever", description)).phrase == phrase


def test_a_question_for_another_parameter_is_not_the_one_that_was_due() -> None:
    boat = _tool("register_boat", "Register a boat.", name=TEXT, length={"type": "integer"})
    assert question_problem("To register a boat, what length should I take?", boat, "/name") is not None
    assert question_problem("What is the name of the boat?", boat, "/name") is None


def test_getting_rid_of_a_thing_is_not_showing_it() -> None:
    deed = Deed("get rid of the rows", "remove")
    assert deed.slots(random.Random(1)) == {
        "p": "get rid of the rows",
        "u": "get rid of the rows",
        "g": "getting rid of the rows",
    }


@pytest.mark.parametrize(
    ("phrase", "verb", "done"),
    [
        ("add a table to that slide", "add", "a table added to that slide"),
        ('take out the leaf listed as "Notes in May"', "remove", 'the leaf listed as "Notes in May" taken out'),
        ("rename the first sheet in plan.xlsx", "rename", "the first sheet renamed in plan.xlsx"),
    ],
)
def test_a_thing_is_wanted_with_what_is_done_to_it(phrase: str, verb: str, done: str) -> None:
    assert Deed(phrase, verb).slots(random.Random(1))["h"] == done


def test_only_what_comes_back_is_wanted_by_itself() -> None:
    rng = random.Random(1)
    assert Deed("look up the forecast for Oslo", "get").slots(rng)["s"] == "the forecast for Oslo"
    assert Deed("set up a card for Ada", "create").slots(rng)["m"] == "a card for Ada"
    assert not {"s", "m", "h"} & Deed("search the register", "search").slots(rng).keys()


TIDY = _tool("tidy", "Delete empty rows or columns of a page.", what=TEXT | {"enum": ["rows", "columns"]})
CLEAN = _tool(
    "clean", "Drop duplicate leaves, split long ones, or fill gaps.", way=TEXT | {"enum": ["drop_duplicates"]}
)
PRINT = _tool("print_leaf", "Print a leaf from template, with proper margins.", template_path=TEXT)
STAGE = _tool("stage_files", "Adds file contents to the tray.", files=TEXT)
SUM = _tool("reckon", "Calculate the expression.", expression=TEXT)
PANEL = _tool("add_panel", "Add a panel to a page.", width={"type": "number"}, rows={"type": "integer"})


def _asked(tool: Tool, seed: int, **values: Any) -> str:
    """What a user says to have one tool called."""
    items = tuple(UserValue("call_1", tool, f"/{name}", tool.parameters[name], value) for name, value in values.items())
    advanced = AdvancedTool(name="one", description=tool.description, output="a confirmation")
    style = Style("a regular", "plain", "goal", "exact")
    calls = (Happened("call_1", tool, values, "", {"ok": True}),)
    return ask_for(QueryAsk(advanced, calls, items, (), (), style, (tool.name, *values), seed)).text


@pytest.mark.parametrize("seed", range(6))
def test_of_what_a_tool_can_do_the_chosen_thing_is_named(seed: int) -> None:
    assert "empty columns" in _asked(TIDY, seed, what="columns")
    assert "drop duplicates" in _asked(CLEAN, seed, way="drop_duplicates").lower()


@pytest.mark.parametrize("seed", range(6))
def test_a_file_stands_where_the_phrase_speaks_of_one(seed: int) -> None:
    assert "the template leaf.tpl" in _asked(PRINT, seed, template_path="leaf.tpl")
    assert "bees.md to the tray" in _asked(STAGE, seed, files="bees.md")


@pytest.mark.parametrize("seed", range(6))
def test_a_value_that_says_enough_needs_no_stand_in(seed: int) -> None:
    text = _asked(SUM, seed, expression="2 ** 10 - 24")
    assert "sum" not in text and "formula" not in text and '"2 ** 10 - 24"' in text


@pytest.mark.parametrize("seed", range(6))
def test_a_size_is_said_as_people_say_it(seed: int) -> None:
    text = _asked(PANEL, seed, width=4.5, rows=3)
    assert "4.5 wide" in text and "breadth" not in text and "for 3" not in text


def test_what_a_description_says_of_a_parameter_by_name_is_no_purpose() -> None:
    tool = _tool("filter_names", "Return all names in the ledger containing the substring 'q'.", q=TEXT)
    assert purpose_of(tool).phrase == "get all names in the ledger containing the substring"


def test_a_look_up_is_for_the_things_and_not_for_their_columns() -> None:
    tool = _tool("list_bays", "List bays with their size, state and the boats that lie in them.")
    assert purpose_of(tool).phrase == "list bays"


def test_a_question_for_a_parameter_of_another_name_is_none_even_where_the_description_has_the_word() -> None:
    zone = {"type": "string", "description": "Zone in which the time is wanted."}
    tool = _tool("convert", "Convert a moment.", time=TEXT, target_zone=zone)
    assert question_problem("What time should I use?", tool, "/target_zone") is not None
    assert question_problem("Which target zone should it be?", tool, "/target_zone") is None


@pytest.mark.parametrize("seed", range(4))
def test_what_is_looked_for_stands_behind_its_noun(seed: int) -> None:
    tool = _tool("filter_names", "Return all names in the ledger containing the substring 'q'.", q=TEXT)
    assert 'containing "star"' in _asked(tool, seed, q="star").replace("the substring ", "")


FIT = _tool(
    "manage_sails", "Manage sails and covers.", operation={"type": "string", "enum": ["hoist", "repair", "list"]}
)
TURN = _tool("convert_time", "Convert times between timezones.", time=TEXT, source_zone=TEXT, target_zone=TEXT)
LOG = _tool("record_depth", "Record the depth of a harbour.", value={"type": "number"})
DIP = _tool("mark_leaf", "Mark a leaf.", leaf_index={"type": "integer"})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("tool", "values", "said"),
    [
        (FIT, {"operation": "repair"}, "repair"),
        (
            TURN,
            {"time": "18:00", "source_zone": "Europe/Oslo", "target_zone": "Asia/Tokyo"},
            "convert 18:00 from Europe/Oslo to Asia/Tokyo",
        ),
        (LOG, {"value": 42.5}, ": 42.5"),
        (DIP, {"leaf_index": 2}, "leaf 2"),
    ],
)
def test_a_value_stands_where_a_person_would_put_it(tool: Tool, values: dict[str, Any], said: str, seed: int) -> None:
    text = _asked(tool, seed, **values)
    assert said in text.lower().replace(said.lower(), said) and " as the " not in text and "manage" not in text


def _told(phrase: str, noun: str = "") -> Told:
    return Told(phrase, phrase.split(" ", 1)[0], noun)


def test_what_goes_without_saying_is_left_out() -> None:
    told = _told("record a treatment in a visit")
    match = told.slot(["visit"])
    assert match is not None and told.leave_out(match)
    told.point_out()
    assert told.phrase == "record the treatment"


def test_the_object_of_a_deed_is_never_left_out() -> None:
    told = _told("close a visit")
    match = told.slot(["visit"])
    assert match is not None and not told.leave_out(match)


@pytest.mark.parametrize(
    ("name", "short"), [("bill_visit", "bill that visit"), ("bill_owner", "bill that visit to the animal's owner")]
)
def test_where_it_all_happens_is_left_out_unless_the_tool_is_named_by_it(name: str, short: str) -> None:
    told = _told("bill that visit to the animal's owner")
    told.shorten("an open visit to the animal's owner", name.split("_"))
    assert told.phrase == short


def test_a_thing_is_named_by_what_it_belongs_to_where_the_phrase_speaks_of_that() -> None:
    told = _told("check in an animal")
    assert (
        told.put_within("appointment", "the appointment of Ada Voss's animal")
        and told.phrase == "check in Ada Voss's animal"
    )
    assert not _told("close a valve").put_within("plot", "the plot of the gardener Ada")


def test_a_compound_is_not_torn_apart() -> None:
    assert not _told("delete the pivot table", "pivot table").put_owner("pivot", "that pivot")


@pytest.mark.parametrize(
    ("telling", "noun", "ways"),
    [
        (("09:15", "Dr Ada Voss"), "slot", {"the 09:15 slot with Dr Ada Voss"}),
        (
            ("What we measured",),
            "slide",
            {
                'the "What we measured" slide',
                *(f'the slide {way} as "What we measured"' for way in ("listed", "shown")),
            },
        ),
        (("The Listener",), "artwork", {f'the artwork {way} as "The Listener"' for way in ("listed", "shown")}),
        (("Otis",), "animal", {f"the animal {way} as Otis" for way in ("known", "listed", "shown")}),
    ],
)
def test_an_entry_is_named_as_people_name_it_and_is_known_to_be_one(
    telling: tuple[str, ...], noun: str, ways: set[str]
) -> None:
    feed = Feed("/x_id", 0, noun, "", True, telling)
    assert {entry(feed, noun, (), random.Random(seed)) for seed in range(40)} == ways
    for said in ways:
        found = mentions_of(f"Please take {said} for me.")
        assert {item.text for item in found} == {*telling} and all(item.picks_row for item in found)


def test_several_facts_of_an_entry_are_called_by_their_names() -> None:
    feed = Feed("/x_id", 0, "plot", "", True, ("12", "6.5"), ("number of square metres", "pH"))
    said = entry(feed, "plot", (), random.Random(1))
    assert said == "the plot whose number of square metres is 12 and whose pH is 6.5"
    assert all(item.picks_row for item in mentions_of(f"Please take {said}."))


TABLE = "Plots: 2.\nplot   m2  pH   kind\nP-AB   12  6.5  free\nP-CD   12  7.0  free"


def test_the_headings_of_a_table_name_its_facts() -> None:
    listing = Happened("call_1", LIST, {}, TABLE, TABLE)
    assert facts_of(listing, "P-CD", "#plot", ("12", "7.0")) == ("number of square metres", "pH")
    billed = Happened("call_1", LIST, {}, "", [{"id": "B-1", "day": "2025-12-31", "price": 40}])
    assert facts_of(billed, "B-1", "/0/id", ("31 December 2025", "40")) == ("day", "price")
    bare = Happened("call_1", LIST, {}, TABLE.partition("kind")[2], TABLE)
    assert facts_of(bare, "P-AB", "#plot", ("12", "6.5")) == ()


SEEK = _tool("search_seeds", "Search the seed catalogue by name.", name=TEXT)


def test_what_is_looked_for_is_called_by_the_name_of_the_tool_as_well() -> None:
    texts = {_asked(SEEK, seed, name="leeks") for seed in range(60)}
    spoken = {way for way in ("search for seeds ", "look for seeds ", "seed catalogue") if any(way in t for t in texts)}
    assert spoken == {"search for seeds ", "look for seeds ", "seed catalogue"}


def test_a_name_is_not_that_of_the_place_where_a_thing_is_looked_for() -> None:
    seek = _tool("search_crops", "Search the seed catalogue by name.", name=TEXT)
    texts = {_asked(seek, seed, name="leeks") for seed in range(60)}
    assert not any(re.search(r"catalogue (?:called|named|by the name)", text) for text in texts)
    assert any(re.search(r"catalogue for a crop (?:called|named) ", text) for text in texts)


@pytest.mark.parametrize("seed", range(6))
def test_a_bound_is_said_with_its_own_preposition(seed: int) -> None:
    tool = _tool("list_books", "List books.", published_since={"type": "integer"})
    assert "published since 1926" in _asked(tool, seed, published_since=1926)


@pytest.mark.parametrize("seed", range(6))
def test_a_flag_that_states_a_fact_is_no_sentence_with_a_no_behind_it(seed: int) -> None:
    keep = {"type": "boolean", "description": "First row stays in place."}
    text = _asked(_tool("sort_rows", "Sort the rows.", fixed=keep), seed, fixed=False)
    assert "Whether the first row stays in place: no." in text


def test_a_deed_that_comes_first_may_lead_up_to_the_next() -> None:
    deeds = [Deed("void that bill", "void"), Deed("bill the visit again", "bill")]
    texts = {" ".join(asked(deeds, True, "brisk", "opens", random.Random(seed))) for seed in range(60)}
    assert any("nce you have voided that bill, bill the visit again." in text for text in texts)
    assert not any("voided that bill, I" in text or "voided that bill, need" in text for text in texts)


def test_a_file_may_open_the_request() -> None:
    deed = Deed("describe the first tab in plan.xlsx", "describe")
    texts = [" ".join(asked([deed], True, "brisk", "", random.Random(seed))) for seed in range(40)]
    assert any(text.startswith("In plan.xlsx, ") and "first tab." in text for text in texts)


@pytest.mark.parametrize("seed", range(12))
def test_a_change_of_mind_says_no_name_of_a_parameter(seed: int) -> None:
    visit = _tool("plan_visit", "Plan a visit.", day=TEXT | {"format": "date"})
    item = UserValue("call_2", visit, "/day", visit.parameters["day"], "2026-02-17", before="2026-02-16")
    call = Happened("call_2", visit, {"day": "2026-02-17"}, "", {"ok": True})
    advanced = AdvancedTool(name="plan", description="Plan a visit.", output="a confirmation")
    style = Style("a regular", "plain", "goal", "exact")
    ask = QueryAsk(advanced, (call,), (item,), (), (), style, ("plan_visit", "day"), seed, relation="corrects")
    text = ask_for(ask).text
    assert "17 February 2026" in text and not re.search(r"\bday\b", text)
