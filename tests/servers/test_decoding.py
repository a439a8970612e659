"""Raw results of `tools/call`, read."""

from __future__ import annotations

from typing import Any

import pytest

from toolweave.servers.decoding import Decoded, decode, decode_text


def text_result(*texts: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text} for text in texts], **more}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (text_result('{"a": [1]}'), {"a": [1]}),
        (text_result("[{'a': 1, 'b': (1, None)}]"), [{"a": 1, "b": [1, None]}]),
        (text_result("('x', 2)"), ["x", 2]),
        (text_result("{not} a dict"), "{not} a dict"),
        (text_result("{1, 2}"), "{1, 2}"),
        (text_result("42"), 42),
        (text_result("007"), "007"),
        (text_result("NaN"), "NaN"),
        (text_result('{"a": NaN}'), '{"a": NaN}'),
        (text_result("plain words"), "plain words"),
        (text_result("one", "two"), "one\ntwo"),
        (text_result('{"a": 1}', '{"a": 2}'), [{"a": 1}, {"a": 2}]),
        (text_result("ignored", structuredContent={"a": 1}), {"a": 1}),
        (text_result("ignored", structuredContent={"result": [1]}), [1]),
        (text_result("ignored", structuredContent={"result": '{"a": 1}'}), {"a": 1}),
        (text_result("ignored", structuredContent={"result": 1, "more": 2}), {"result": 1, "more": 2}),
        (text_result(), ""),
    ],
)
def test_values_are_decoded(raw: dict[str, Any], value: Any) -> None:
    assert decode(raw, None).value == value


def test_structured_content_is_the_text_when_there_is_no_other() -> None:
    assert decode({"structuredContent": {"ä": 1}}, None) == Decoded("ok", '{"ä": 1}', {"ä": 1})


def test_an_error_of_the_tool_is_not_checked_against_the_schema() -> None:
    assert decode(text_result("no such item", isError=True), {"type": "object"}).status == "tool_error"


@pytest.mark.parametrize("raw", [{}, {"content": "text"}, {"content": ["text"]}, {"content": None}])
def test_a_result_that_is_none_is_broken(raw: dict[str, Any]) -> None:
    assert decode(raw, None).status == "broken"


@pytest.mark.parametrize("schema", [{"$ref": "#/$defs/none"}, {"$ref": "http://127.0.0.1:9/schema.json"}])
def test_a_schema_that_cannot_be_applied_forbids_nothing(schema: dict[str, Any]) -> None:
    assert decode(text_result("x", structuredContent={"a": 1}), schema).status == "ok"


def test_a_server_that_asks_for_input_has_failed() -> None:
    assert decode({"resultType": "input_required", "inputRequests": {}}, None).status == "tool_error"


@pytest.mark.parametrize("text", ["[" * 100_000, "(" * 100_000, "{'a': '\\d'}", "['" + "x" * 300_000 + "']", "[1, ..."])
def test_no_text_is_too_odd_to_be_decoded(text: str) -> None:
    assert decode_text(text) is not None


LINES: list[tuple[str, object]] = [
    ('{"a": 1}\n{"a": 2}', [{"a": 1}, {"a": 2}]),
    ('{\n  "a": 1\n}\n\n  {"b": {"c": []}}\n', [{"a": 1}, {"b": {"c": []}}]),
    ('{"a": NaN}\n{"a": 2}', '{"a": NaN}\n{"a": 2}'),
    ('{"a": 1} {"a": 2}', '{"a": 1} {"a": 2}'),
    ('{"a": 1}\n[2]', '{"a": 1}\n[2]'),
    ('{"a": 1}\nand more', '{"a": 1}\nand more'),
    ('[1]\n[2]', '[1]\n[2]'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), LINES)
def test_objects_line_after_line_are_a_list_whoever_reads_them(text: str, value: object) -> None:
    blocks = [{"type": "text", "text": part} for part in text.split("\n{")]
    blocks[1:] = [{"type": "text", "text": "{" + block["text"]} for block in blocks[1:]]
    assert decode_text(text) == value
    assert decode({"content": blocks}, None).value == value
