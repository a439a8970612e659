// The page of an item that was not kept: why, what was tried, and what the critic turned down.

import { draftsBefore } from "./drafts.js";
import { el, hueOf, plural, spaced } from "./dom.js";
import { store } from "./store.js";
import { shownText } from "./words.js";

export function lostNodes(details, act) {
  const { row } = details;
  const [target] = row.tools;
  const content = el(
    "div",
    { class: "content" },
    el(
      "header",
      { class: "sample-head" },
      el("h2", { tabindex: -1 }, `Item ${row.index}`),
      el(
        "p",
        { class: "chips" },
        el("span", { class: "tag bad" }, row.outcome),
        el("span", { class: "chip" }, `lost at ${spaced(row.stage)}`),
      ),
      el("p", { class: "reason" }, shownText(details.reason.text), details.reason.pages > 1 && "…"),
      target &&
        el(
          "p",
          { class: "aside" },
          "It was to reach ",
          el(
            "button",
            { type: "button", class: "step link", onclick: () => act.go(`#/graph/${encodeURIComponent(target)}`) },
            target,
          ),
          ".",
        ),
      row.twin &&
        el(
          "p",
          { class: "aside" },
          "Its twin is ",
          el(
            "button",
            { type: "button", class: "step link", onclick: () => act.go(`#/samples/${encodeURIComponent(row.twin)}`) },
            row.twin,
          ),
          ".",
        ),
    ),
    rehearsals(details.rehearsals),
    liveCalls(details.calls),
    details.revisions.length > 0 && [
      el("h3", {}, "Turned down on the way"),
      details.revisions.map((group) => draftsBefore(group, null)),
    ],
  );
  return [el("div", { class: "pane-scroll", tabindex: -1 }, content)];
}

function rehearsals(found) {
  if (!found.length) return null;
  const items = found.map((one) =>
    el(
      "li",
      {},
      one.plan.map((turn, number) => el("span", { class: "planned" }, number > 0 && " / ", turn.join(" → "))),
      one.reason ? el("p", { class: "quiet" }, shownText(one.reason)) : el("p", { class: "quiet" }, "worked"),
    ),
  );
  return [el("h3", {}, "Plans that were rehearsed"), el("ol", { class: "plain" }, items)];
}

function liveCalls(calls) {
  if (!calls.length) return null;
  const rows = calls.map((call) => {
    const server = String(call.tool).split("/")[0];
    return el(
      "tr",
      {},
      el(
        "td",
        {},
        el("span", { class: "dot", "--hue": hueOf(server, store.servers) }),
        " ",
        el("code", {}, call.tool),
        el("div", { class: "quiet mono" }, shownText(JSON.stringify(call.arguments ?? {}))),
      ),
      el(
        "td",
        {},
        el("span", { class: call.status === "ok" && !call.reason ? "tag good" : "tag bad" }, call.status),
        call.reason && el("div", { class: "quiet" }, shownText(String(call.reason))),
      ),
      el("td", { class: "figure" }, `${call.ms ?? "–"} ms`),
    );
  });
  return [
    el("h3", {}, plural(calls.length, "live call")),
    el(
      "table",
      { class: "calls" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["Call", "Outcome", "Time"].map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el("tbody", {}, rows),
    ),
  ];
}
