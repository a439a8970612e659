"""What the viewer reads of a run, whom it answers, and where it says that something came from."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from toolweave.pipeline.reports.html import SHEETS
from toolweave.pipeline.reports.html_bundle import bundled
from toolweave.pipeline.reports.html_choice import chosen
from toolweave.pipeline.storage.labels import Kept, Label, read_labels, write_label
from toolweave.pipeline.viewer.app import ASSETS, Viewer
from toolweave.pipeline.viewer.details import sample_details
from toolweave.pipeline.viewer.index import RunIndex
from toolweave.pipeline.viewer.pages import PAGE, paged, placed
from toolweave.pipeline.viewer.places import Place, place_of, wording
from toolweave.pipeline.viewer.provenance import Conversation, sources_of

pytestmark = pytest.mark.anyio
HOME = "http://127.0.0.1:8700"


def sample(index: int, **changes: Any) -> dict[str, Any]:
    """A row in which the second call takes an id from the first."""

    def step(name: str, call: str, /, **given: Any) -> dict[str, Any]:
        calls = [{"id": call, "type": "function", "function": {"name": name, "arguments": given}}]
        return {"role": "assistant", "content": "", "reasoning_content": "Now.", "tool_calls": calls}

    expected = [
        {"id": "call_1", "server": "shop", "tool": "find", "arguments": {"name": "Ada"}, "taken": {}, "fails": False},
        {
            "id": "call_2",
            "server": "shop",
            "tool": "read",
            "arguments": {"id": "A-1"},
            "taken": {"/id": {"call": "call_1", "place": "/found/0/id"}},
            "fails": False,
        },
    ]
    row: dict[str, Any] = {
        "id": f"tw-{index}",
        "index": index,
        "seed": 1,
        "teacher": "offline",
        "tools": [],
        "messages": [
            {"role": "user", "content": "Read what Ada bought."},
            step("find", "call_1", name="Ada"),
            {"role": "tool", "tool_call_id": "call_1", "content": '{"found": [{"id": "A-1"}]}'},
            step("read", "call_2", id="A-1"),
            {"role": "tool", "tool_call_id": "call_2", "content": "12 pears for A-1"},
            {"role": "assistant", "content": "Ada bought 12 pears."},
        ],
        "turns": [{"kind": "base", "messages": [0, 5], "target": "shop/read", "relation": "opens", "masked": []}],
        "provenance": [
            {"call": "call_1", "argument": "/name", "source": {"kind": "user", "turn": 0, "text": "Ada"}},
            {
                "call": "call_2",
                "argument": "/id",
                "source": {"kind": "output", "call": "call_1", "place": "/found/0/id"},
            },
        ],
        "checker": {"calls": expected, "told": [{"turn": 0, "text": "12", "call": "call_2", "place": "#pears:0"}]},
        "servers": [],
        "quality": {"turns": 1, "calls": 2, "depth": 2, "difficulty": 0.3, "attempts": 2},
    }
    return row | changes


def line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def fill(root: Path, name: str, *values: Any) -> None:
    with (root / f"{name}.jsonl").open("ab") as file:
        file.write(b"".join(map(line, values)))


def read_all(index: RunIndex) -> None:
    while index.advance():
        pass


def index_of(root: Path) -> RunIndex:
    index = RunIndex(root)
    read_all(index)
    return index


def client_of(root: Path) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(Viewer(index_of(root)).app()), base_url=HOME)


def test_lines_are_read_as_they_come_and_a_half_one_waits_for_its_end(tmp_path: Path) -> None:
    fill(tmp_path, "samples", sample(0))
    index = index_of(tmp_path)
    whole = line(sample(1))
    with (tmp_path / "samples.jsonl").open("ab", buffering=0) as file:
        file.write(whole[:50])
        read_all(index)
        assert [json.loads(row)["id"] for row in index.samples] == ["tw-0"]
        file.write(whole[50:])
    read_all(index)
    assert [json.loads(row)["id"] for row in index.samples] == ["tw-0", "tw-1"]
    assert index.sample("tw-1") == sample(1)


def test_a_run_that_was_begun_anew_is_read_anew(tmp_path: Path) -> None:
    fill(tmp_path, "samples", sample(0), sample(1))
    index = index_of(tmp_path)
    os.truncate(tmp_path / "samples.jsonl", 0)
    fill(tmp_path, "samples", sample(2))
    read_all(index)
    assert (index.generation, [json.loads(row)["id"] for row in index.samples]) == (1, ["tw-2"])
    assert index.sample("tw-0") is None


def test_drafts_and_calls_of_an_item_are_found_among_those_of_others(tmp_path: Path) -> None:
    drafts: list[dict[str, Any]] = [
        {"index": at, "messages": 1, "mistake": "wrong_tool", "draft": {}} for at in (0, 0, 3, 4)
    ]
    fill(tmp_path, "revisions", *drafts)
    fill(tmp_path, "events", *({"event": "call", "index": at, "tool": "a/b", "status": "ok"} for at in (0, 3, 3)))
    fill(tmp_path, "rejected", {"index": 3, "outcome": "failed", "stage": "plan", "reason": "no", "target": "a/b"})
    index = index_of(tmp_path)
    assert (index.revisions(0), index.revisions(3)) == (drafts[:2], drafts[2:3])
    assert [event["index"] for event in index.events(3)] == [3, 3]
    assert index.lost(3) is not None
    assert index.tallies.mistakes == {"wrong_tool": 4}


def test_lines_that_are_no_items_are_counted_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_bytes(b"\xff\xfe\n[1]\n" + line(sample(0)) + b'{"index": {}}\n')
    index = index_of(tmp_path)
    assert [json.loads(row)["id"] for row in index.samples if b"tw-" in row] == ["tw-0"]
    assert index.unreadable == 2


@pytest.mark.parametrize(
    ("text", "pointer", "value", "found"),
    [
        ('{"a": [{"id": "X"}, {"id": "X"}]}', "/a/1/id", "X", (28, 29)),
        ('{"a": 1, "b": {"a": 12}}', "/b/a", 12, (20, 22)),
        ('{"a/b": true}', "/a~1b", True, (8, 12)),
        ('{"id": "1"}\n{"id": "2"}', "/1/id", "2", (20, 21)),
        ("order PO-12 of PO-1", "#order:0", "PO-1", (15, 19)),
        ('{"note": "of B", "b": "B"}', "/note#of:0", "B", (13, 14)),
        ("{'id': 'Q'}", "/id", "Q", (8, 9)),
        ("nothing", "/a", "x", None),
        ("", "", "", None),
    ],
)
def test_a_value_is_found_where_its_place_says(
    text: str, pointer: str, value: Any, found: tuple[int, int] | None
) -> None:
    assert place_of(text, pointer, value) == found


def test_a_wording_is_found_as_whole_words_first() -> None:
    assert wording("artful art", "art") == (7, 10)
    assert wording("artful", "art") == (0, 3)


def test_places_are_counted_as_browsers_count_on_the_page_where_they_begin() -> None:
    text = "😀" * PAGE + "é😀x"
    assert placed(text, Place(PAGE + 1, PAGE + 3)) == {"page": 1, "start": 1, "end": 4}
    assert paged(text, 1) == {"text": "é😀x", "page": 1, "pages": 2, "characters": PAGE + 3}
    assert paged(text, 99)["page"] == 1


def test_a_value_by_a_difference_shows_the_words_and_what_it_is_counted_from() -> None:
    source = {"kind": "derived", "rule": "sum", "turn": 0, "text": "what Ada", "call": "call_1", "argument": "/name"}
    row = sample(0, provenance=[{"call": "call_2", "argument": "/id", "source": source}])
    (found,) = sources_of(row, Conversation(row))
    assert "sum, counted from /name of find (call_1)" in found["says"]
    assert found["at"]["message"] == 0


def test_every_argument_and_fact_says_where_it_came_from() -> None:
    details = sample_details(sample(0), [])
    texts = [message["text"] for message in details["messages"]]
    seen = [
        (one["says"], at and texts[at["message"]][at["start"] : at["end"]])
        for one in details["sources"]
        if (at := one["at"])
    ]
    assert seen == [
        ("The user says “Ada” in turn 1.", "Ada"),
        ("find (call_1) returned it at /found/0/id.", "A-1"),
    ]
    [fact] = details["facts"]
    assert (fact["here"]["message"], fact["at"]["message"], fact["at"]["start"]) == (5, 4, 0)
    assert [step["from"] for step in details["path"]] == [[], ["call_1"]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8700"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8700"}, 403),
        ({"Origin": HOME}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_its_own_page_on_loopback_is_answered(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    fill(tmp_path, "samples", sample(0))
    async with client_of(tmp_path) as client:
        answer = await client.get("/api/changes", headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")


async def test_rows_are_given_beyond_those_that_the_page_has(tmp_path: Path) -> None:
    fill(tmp_path, "samples", *(sample(at) for at in range(230)))
    async with client_of(tmp_path) as client:
        first = (await client.get("/api/changes")).json()
        asked = {"samples": 200, "rejected": 0, "generation": first["generation"]}
        rest = (await client.get("/api/changes", params=asked)).json()
        anew = (await client.get("/api/changes", params=asked | {"generation": 5})).json()
    assert [len(answer["samples"]) for answer in (first, rest, anew)] == [200, 30, 200]
    assert rest["samples"][0]["id"] == "tw-200"
    assert rest["totals"] == {"samples": 230, "rejected": 0}


@pytest.mark.parametrize(
    ("name", "body", "kind", "status"),
    [
        ("tw-0", '{"label": "drop"}', "application/json", 200),
        ("tw-0", '{"label": null}', "application/json", 200),
        ("tw-0", '{"label": "burn"}', "application/json", 400),
        ("tw-0", "{", "application/json", 400),
        ("tw-0", '{"label": "drop"}', "text/plain", 415),
        ("tw-0", " " * 20_000, "application/json", 413),
        ("tw-9", '{"label": "drop"}', "application/json", 404),
    ],
)
async def test_labels_are_taken_from_json_for_samples_that_are_there(
    tmp_path: Path, name: str, body: str, kind: str, status: int
) -> None:
    fill(tmp_path, "samples", sample(0))
    write_label(tmp_path, "tw-0", "flag")
    async with client_of(tmp_path) as client:
        answer = await client.put(f"/api/samples/{name}/label", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    expected = ({"tw-0": "drop"} if "drop" in body else {}) if status == 200 else {"tw-0": "flag"}
    assert read_labels(tmp_path) == expected


@pytest.mark.parametrize(
    "path", ["/api/samples/tw-9", "/api/rejected/4", "/api/samples/tw-0/messages/99", "/assets/../app.py", "/x"]
)
async def test_what_is_not_there_is_not_found(tmp_path: Path, path: str) -> None:
    fill(tmp_path, "samples", sample(0))
    async with client_of(tmp_path) as client:
        assert (await client.get(path)).status_code == 404


async def test_a_sample_of_another_format_is_told_in_a_line(tmp_path: Path) -> None:
    fill(tmp_path, "samples", sample(0, provenance=[{"call": "call_1"}]))
    async with client_of(tmp_path) as client:
        answer = await client.get("/api/samples/tw-0")
    assert (answer.status_code, answer.text) == (500, "This sample is of another format: KeyError('argument').")


async def test_before_anything_is_known_of_a_run_the_page_is_told_so(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        assert (await client.get("/api/graph")).json() is None
        assert (await client.get("/api/figures")).json()["coverage"] is None
        assert (await client.get("/api/changes")).json()["state"]["status"]["state"] == "unknown"


def test_the_last_label_of_a_sample_counts_and_what_is_to_be_dropped_is_left_out(tmp_path: Path) -> None:
    given: list[tuple[str, Label]] = [("tw-0", "drop"), ("tw-1", "drop"), ("tw-1", "keep"), ("tw-2", "flag")]
    for name, label in given:
        write_label(tmp_path, name, label)
    kept = Kept(lambda: (sample(at) for at in range(4)), tmp_path)
    assert [row["id"] for row in kept()] == ["tw-1", "tw-2", "tw-3"]
    assert kept.dropped == {"tw-0"}


def test_a_torn_label_is_cut_away_by_the_next_one(tmp_path: Path) -> None:
    write_label(tmp_path, "tw-0", "drop")
    with (tmp_path / "labels.jsonl").open("a") as file:
        file.write('{"id": "tw-')
    write_label(tmp_path, "tw-1", "keep")
    assert read_labels(tmp_path) == {"tw-0": "drop", "tw-1": "keep"}


def test_the_samples_of_a_report_show_the_most_of_a_run() -> None:
    def row(index: int, kind: str, tool: str) -> dict[str, Any]:
        return {"index": index, "kinds": [kind], "tools": [tool], "servers": ["s"], "difficulty": 0.1 * index}

    rows = [row(0, "base", "a"), row(1, "base", "a"), row(2, "parallel", "a"), row(3, "base", "b")]
    assert [one["index"] for one in chosen(rows, 2)] == [2, 3]
    assert chosen(rows, 9) == rows


def test_the_page_names_every_file_that_it_loads_and_the_report_has_the_same_style() -> None:
    page = (ASSETS / "index.html").read_text("utf-8")
    named = re.findall(r'(?:href|src)="assets/([^"]+)"', page)
    assert sorted(named) == sorted(file.name for file in ASSETS.iterdir() if file.suffix in (".js", ".css"))
    assert tuple(name for name in named if name.endswith(".css")) == SHEETS


def test_modules_are_bundled_after_those_that_they_import(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nimport { c } from "./c.js";\nb(c);\n')
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\nexport function b() { return c; }\n')
    (tmp_path / "c.js").write_text("export const c = 1;\n")
    script = bundled(tmp_path, "a.js")
    assert [script.index(f'modules["{name}.js"] =') for name in "cba"] == sorted(
        script.index(f'modules["{name}.js"] =') for name in "abc"
    )
    assert "import {" not in script
    assert "export " not in script
