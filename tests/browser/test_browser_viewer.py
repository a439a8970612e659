"""The viewer as a person uses it, in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LOST, Viewing, add, opened, rows

PAGES = {
    "samples": ".row",
    "rejected": ".row",
    "rejected/1000": ".reason",
    "graph": ".about h2",
    "graph/library%2Ffind_member": ".tool.chosen",
    "figures": ".chart",
}
"""Addresses of pages, each with something that shows that it is there."""


def kinds(sample: dict[str, Any]) -> set[str]:
    return {turn["kind"] for turn in sample["turns"]}


def taking(root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A sample, and a leaf of an argument in it that was taken from an output."""
    for sample in rows(root):
        for one in sample["provenance"]:
            if one["source"]["kind"] == "output":
                return sample, one
    raise AssertionError("no sample takes a value from an output")


def leaf_of(page: Page, one: dict[str, Any]) -> Any:
    return page.locator(f'.leaf[data-call="{one["call"]}"][data-argument="{one["argument"]}"]')


def test_the_list_shows_all_samples_and_filters_leave_those_that_pass(page: Page, looked_at: str, made: Path) -> None:
    samples = rows(made)
    page.goto(looked_at)
    expect(page.locator(".count")).to_have_text(f"{len(samples)} samples")
    expect(page.locator(".row")).to_have_count(len(samples))
    kind = sorted(kinds(samples[0]))[0]
    page.locator('select[data-filter="kind"]').select_option(kind)
    passing = [sample["id"] for sample in samples if kind in kinds(sample)]
    expect(page.locator(".row")).to_have_count(len(passing))
    assert [row.get_attribute("data-id") for row in page.locator(".row").all()] == passing
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("searchbox").fill(samples[2]["id"])
    expect(page.locator(".row")).to_have_count(1)
    page.reload()
    expect(page.locator(".row")).to_have_count(1)


def test_pointing_at_an_argument_lights_up_its_source_and_says_it(page: Page, looked_at: str, made: Path) -> None:
    sample, one = taking(made)
    page.goto(f"{looked_at}/#/samples/{sample['id']}")
    leaf = leaf_of(page, one)
    leaf.hover()
    lit = page.locator("mark.lit")
    expect(lit).to_have_count(1)
    assert lit.inner_text() == leaf.locator(".value").inner_text()
    inside = page.locator(f"#call-{one['source']['call']} mark.lit")
    expect(inside).to_have_count(1)
    expect(page.locator(".says")).to_contain_text(f"({one['source']['call']}) returned it")
    expect(page.locator(".curves path")).to_have_count(1)
    page.locator(".top .brand").hover()
    expect(lit).to_have_count(0)
    leaf.focus()
    expect(lit).to_have_count(1)


def test_words_of_the_user_light_up_and_say_which_values_were_taken(page: Page, looked_at: str, made: Path) -> None:
    sample = next(s for s in rows(made) if any(one["source"]["kind"] == "user" for one in s["provenance"]))
    page.goto(f"{looked_at}/#/samples/{sample['id']}")
    leaf = page.locator(".leaf.from-user").first
    leaf.hover()
    expect(page.locator(".message.user mark.lit")).to_have_count(1)
    expect(page.locator(".says")).to_contain_text("The user says “")
    page.locator(".message.user mark.lit").hover()
    expect(page.locator(".leaf.lit").first).to_be_visible()
    expect(page.locator(".says")).to_contain_text("taken from here")


def test_draft_critique_and_revision_stand_side_by_side(page: Page, looked_at: str, made: Path) -> None:
    revision = next(one for one in rows(made, "revisions") if any(s["index"] == one["index"] for s in rows(made)))
    sample = next(one for one in rows(made) if one["index"] == revision["index"])
    page.goto(f"{looked_at}/#/samples/{sample['id']}")
    page.locator(".drafts summary").first.click()
    first = page.locator(".side-by-side").first
    titles = [title.inner_text() for title in first.locator("h4").all()]
    assert titles in (["Draft", "Critique", "Revision, kept"], ["Draft", "Critique", "Revision, turned down again"])
    expect(first).to_contain_text(revision["hint"])
    tops = [column.bounding_box() for column in first.locator(".column").all()]
    assert len({box["y"] for box in tops if box}) == 1


def test_an_item_that_was_not_kept_tells_why(page: Page, looked_at: str) -> None:
    page.goto(f"{looked_at}/#/rejected")
    page.locator('select[data-filter="gate"]').select_option("replay")
    page.locator(".row", has_text="showed something else").click()
    expect(page.locator(".reason")).to_have_text(str(LOST["reason"]))
    expect(page.locator(".pane b")).to_have_count(0)


def test_a_click_on_a_tool_shows_its_neighbourhood_with_evidence(page: Page, looked_at: str, made: Path) -> None:
    edge = json.loads((made / "graph.json").read_text("utf-8"))["edges"][0]
    page.goto(f"{looked_at}/#/graph")
    node = page.locator(f'.tool[data-tool="{edge["source"]}"]')
    node.locator("circle").click()
    expect(page.locator(".about h2")).to_contain_text(edge["source"].partition("/")[2])
    expect(page.locator(".tool.chosen")).to_have_attribute("data-tool", edge["source"])
    expect(page.locator(f'.tool.lit[data-tool="{edge["target"]}"]')).to_have_count(1)
    expect(page.locator(".link.lit").first).to_be_attached()
    page.locator(".link-facts summary").first.locator(".quiet").click()
    expect(page.locator(".edge li b").first).to_have_text(edge["evidence"][0]["kind"])
    page.locator(".about .back").click()
    expect(page.locator(".tool.lit")).to_have_count(0)


def test_the_path_of_a_sample_is_lit_up_in_the_graph(page: Page, looked_at: str, made: Path) -> None:
    sample, _ = taking(made)
    page.goto(f"{looked_at}/#/samples/{sample['id']}")
    page.get_by_role("button", name="Show in the graph").click()
    called = {f"{call['server']}/{call['tool']}" for call in sample["checker"]["calls"]}
    expect(page.locator(".tool.lit")).to_have_count(len(called))
    assert {node.get_attribute("data-tool") for node in page.locator(".tool.lit").all()} == called
    expect(page.locator(".trail-step").first).to_be_attached()


def test_labels_by_keys_are_kept_and_export_leaves_out_what_is_to_be_dropped(
    page: Page, view: Viewing, copied: Path, tmp_path: Path
) -> None:
    first, second = (sample["id"] for sample in rows(copied)[:2])
    page.goto(view(copied))
    expect(page.locator(".row")).to_have_count(6)
    page.keyboard.press("j")
    expect(page.locator(".sample-head h2")).to_have_text(first)
    page.keyboard.press("2")
    expect(page.locator(".label.drop")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("j")
    expect(page.locator(".sample-head h2")).to_have_text(second)
    page.get_by_role("button", name="Flag").click()
    expect(page.locator(".row .tag")).to_have_text(["drop", "flag"])
    page.reload()
    expect(page.locator(".row .tag")).to_have_text(["drop", "flag"])
    argv = ["export", str(copied), "--to", "openai", "--out", str(tmp_path / "out.jsonl"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "toolweave.pipeline", *argv], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert (found["samples"], found["dropped"]) == (5, 1)


def test_rows_appear_while_the_run_goes_on(page: Page, view: Viewing, copied: Path) -> None:
    page.goto(view(copied))
    expect(page.locator(".row")).to_have_count(6)
    page.locator(".row").nth(2).click()
    chosen = page.locator(".sample-head h2").inner_text()
    add(copied, "samples", rows(copied)[0] | {"id": "tw-new", "index": 7})
    expect(page.locator(".row")).to_have_count(7)
    expect(page.locator('a[data-page="samples"] .amount')).to_have_text("7")
    add(copied, "rejected", LOST | {"index": 8})
    expect(page.locator('a[data-page="rejected"] .amount')).to_have_text("2")
    assert page.locator(".sample-head h2").inner_text() == chosen
    page.locator('.row[data-id="tw-new"]').click()
    expect(page.locator(".sample-head h2")).to_have_text("tw-new")


def test_keys_lead_to_the_search_and_to_their_own_list(page: Page, looked_at: str) -> None:
    page.goto(looked_at)
    expect(page.locator(".row")).to_have_count(6)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator('.row[aria-selected="true"]')).to_have_attribute("aria-posinset", "1")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_its_width_and_can_be_read(
    browser: Browser, errors: list[str], looked_at: str, made: Path, width: int, scheme: str
) -> None:
    with opened(browser, errors, width, scheme) as page:
        item = f"samples/{rows(made)[0]['id']}"
        for address, sign in (PAGES | {item: ".leaf"}).items():
            page.goto(f"{looked_at}/#/{address}")
            expect(page.locator(sign).first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            assert page.evaluate(FAINT) == [], address
    assert errors == []


FAINT = """() => {
  const numbers = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, alpha] = numbers(getComputedStyle(at).backgroundColor);
      if (alpha !== 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const seen = walker.currentNode.textContent.trim() && node.checkVisibility({ visibilityProperty: true });
    if (!seen || node.closest("svg, option, :disabled")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(numbers(style.color)), light(ground(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${node.className} ${contrast.toFixed(2)} ${walker.currentNode.data.slice(0, 30)}`);
  }
  return [...new Set(found)];
}"""
