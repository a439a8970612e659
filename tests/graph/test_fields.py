from __future__ import annotations

import pytest

from toolweave.graph.fields import Leaf, leaves, value_at, values_at


def told(text: str) -> list[tuple[str, object]]:
    return [(leaf.pattern, leaf.value) for leaf in leaves(text) if leaf.pattern]


def test_a_structured_output_has_a_pattern_and_a_place_for_every_scalar() -> None:
    items: list[object] = [{"sku": "A-1", "tags": ["new"]}, {"sku": "A-2", "tags": ["old"]}]
    value: dict[str, object] = {"items": items, "total": 2, "next": None}
    assert leaves(value) == [
        Leaf("items[].sku", "/items/0/sku", "A-1"),
        Leaf("items[].tags[]", "/items/0/tags/0", "new"),
        Leaf("items[].sku", "/items/1/sku", "A-2"),
        Leaf("items[].tags[]", "/items/1/tags/0", "old"),
        Leaf("total", "/total", 2),
        Leaf("next", "/next", None),
    ]


def test_a_scalar_output_has_the_empty_pattern() -> None:
    assert leaves("A-1") == [Leaf("", "", "A-1")]
    assert leaves([3, 4]) == [Leaf("[]", "/0", 3), Leaf("[]", "/1", 4)]


def test_keys_that_are_data_are_leaves_too() -> None:
    value = {"2026-01-05": {"open": 3}, "2026-01-06": {"open": 4}}
    assert [leaf.value for leaf in values_at(value, "{key}")] == ["2026-01-05", "2026-01-06"]
    assert [leaf.value for leaf in values_at(value, "{value}.open")] == [3, 4]


def test_names_of_like_things_are_keys_that_are_data() -> None:
    people = {name: {"age": 1, "city": "x"} for name in ("ada", "bob", "cleo")}
    assert [leaf.value for leaf in values_at(people, "{key}")] == ["ada", "bob", "cleo"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Registered Mira Holt as member MB-20817.", [("#member", "MB-20817")]),
        ("On 2027-03-01 for 45 guests as event EV-4.", [("#on", "2027-03-01"), ("#guests", 45), ("#event", "EV-4")]),
        ("Order 5 created. Total: 30.5", [("#order", 5), ("#total", 30.5)]),
        ("id=5; name=Bob", [("#id", 5), ("#name", "Bob")]),
        ("Found:\n- The Sea [B-12]\n- Sky [B-13]", [("#found", "B-12"), ("#found", "B-13")]),
        ("Parts of it: PX-1, PX-2 and PX-3", [("#parts", "PX-1"), ("#parts", "PX-2"), ("#parts", "PX-3")]),
        ("PX-1: a bolt\nPX-2: a nut", [("#item", "PX-1"), ("#item", "PX-2")]),
    ],
)  # fmt: skip
def test_sentences_and_lines_are_read_as_labelled_values(text: str, expected: list[tuple[str, object]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "part  size\nP-1   3\nP-2   4",
        "| part | size |\n|------|------|\n| P-1 | 3 |\n| P-2 | 4 |",
        "part,size\nP-1,3\nP-2,4",
        "part\tsize\nP-1\t3\nP-2\t4",
    ],
)
def test_tables_are_read_by_their_columns(text: str) -> None:
    assert told(text) == [("#part", "P-1"), ("#size", 3), ("#part", "P-2"), ("#size", 4)]


def test_the_label_stays_the_same_whatever_names_a_text_holds() -> None:
    texts = ["Lot LT-1 of Fennel is held.", "Lot LT-2 of Old Bay Mix is held."]
    assert [told(text) for text in texts] == [[("#lot", "LT-1")], [("#lot", "LT-2")]]


def test_json_inside_a_text_is_read_as_fields() -> None:
    assert values_at('Done:\n{"id": 5, "name": "x"}', "#json.id") == [Leaf("#json.id", "#json:0/id", 5)]


def test_every_place_leads_back_to_its_value() -> None:
    value = {"a/b": [{"note": "see ticket TK-1 and ticket TK-2"}], "table": "id  name\n7   Ada\n8   Bo"}
    found = leaves(value)
    assert len({leaf.place for leaf in found}) == len(found)
    assert all(value_at(value, leaf.place) == leaf.value for leaf in found)


def test_a_place_is_read_again_on_another_output() -> None:
    assert value_at("Registered Tom Okafor as member MB-7.", "#member:0") == "MB-7"
    assert value_at({"x": 1}, "/y") is None


def test_titles_inside_objects_are_not_taken_apart() -> None:
    assert [leaf.pattern for leaf in leaves({"title": "Tram Depot, 1931"})] == ["title"]
