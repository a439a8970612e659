"""Texts that want to be more than text, in a real browser: they are shown, and nothing of them is obeyed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import LOST, Viewing, add, rows

MARKUP = "<img src=x onerror='window.obeyed=1'><script>window.obeyed=1</script></script><!--"
SIGNS = "\x1b[31mred\x1b[0m \x07bell \u202eevil\u202c \u200b hidden \ud800 half \ufeff mark"
LONG = 5_000_000


def first_output(sample: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(message for message in sample["messages"] if message["role"] == "tool")
    return found


def test_markup_and_unseen_signs_are_shown_and_not_obeyed(page: Page, view: Viewing, copied: Path) -> None:
    sample = rows(copied)[0]
    sample["id"] = "tw-hostile"
    sample["index"] = 9
    sample["messages"][0]["content"] = MARKUP + SIGNS
    first_output(sample)["content"] = MARKUP + SIGNS
    sample["tools"][0]["function"]["description"] = MARKUP
    sample["provenance"][0]["source"] = {"kind": "user", "turn": 0, "text": MARKUP}
    add(copied, "samples", sample)
    add(copied, "rejected", LOST | {"index": 10, "reason": MARKUP + SIGNS, "target": MARKUP})
    page.goto(f"{view(copied)}/#/samples/tw-hostile")
    said = page.locator(".message.user .shown").first
    expect(said).to_contain_text(MARKUP)
    shown = said.locator(".unseen").all_inner_texts()
    assert shown == ["␛[31m", "␛[0m", "␇", "RLO", "PDF", "ZWSP", "U+D800", "BOM"]
    expect(page.locator(".call .result").first).to_contain_text(MARKUP)
    page.get_by_text("on offer").last.click()
    page.goto(page.url.partition("#")[0] + "#/rejected/10")
    expect(page.locator(".reason")).to_contain_text(MARKUP)
    assert page.evaluate("window.obeyed") is None
    assert page.evaluate("document.querySelectorAll('img, body script').length") == 0


def test_five_million_characters_are_paged_and_a_source_on_a_later_page_is_found(
    page: Page, view: Viewing, copied: Path
) -> None:
    sample = next(s for s in rows(copied) if any(one["source"]["kind"] == "output" for one in s["provenance"]))
    one = next(one for one in sample["provenance"] if one["source"]["kind"] == "output")
    output = next(m for m in sample["messages"] if m.get("tool_call_id") == one["source"]["call"])
    call = next(c for m in sample["messages"] for c in m.get("tool_calls", ()) if c["id"] == one["call"])
    call["function"]["arguments"] = {"wanted": "NEEDLE-😀-1"}
    one |= {"argument": "/wanted", "source": {"kind": "output", "call": output["tool_call_id"], "place": "/note"}}
    output["content"] = json.dumps({"filler": "😀x" * (LONG // 2), "note": "NEEDLE-😀-1"}, ensure_ascii=False)
    sample |= {"id": "tw-long", "index": 9, "provenance": [one]}
    add(copied, "samples", sample)
    page.goto(f"{view(copied)}/#/samples/tw-long")
    leaf = page.locator('.leaf[data-argument="/wanted"]')
    leaf.hover()
    expect(page.locator(".says")).to_contain_text("press Enter, to go there")
    assert page.evaluate("document.body.textContent.length") < 200_000
    leaf.click()
    expect(page.locator("mark.lit")).to_have_text("NEEDLE-😀-1")
    expect(page.locator(".pager")).to_contain_text("Page 251 of 251")
    page.locator(".pager button").first.click()
    expect(page.locator(".pager")).to_contain_text("Page 250 of 251")


def test_lines_with_broken_bytes_are_shown_with_a_sign(page: Page, view: Viewing, copied: Path) -> None:
    line = json.dumps(rows(copied)[0] | {"id": "tw-broken", "index": 9}, ensure_ascii=False).encode()
    words = rows(copied)[0]["messages"][0]["content"][:8].encode()
    with (copied / "samples.jsonl").open("ab") as file:
        file.write(line.replace(words, b"\xff\xfe broken \xc3") + b"\n")
        file.write(b"\xff\xff no line of a run\n{}\n[1]\n")
    page.goto(f"{view(copied)}/#/samples/tw-broken")
    expect(page.locator(".message.user .shown").first).to_contain_text("\ufffd\ufffd broken \ufffd")
