// What the critic turned down: draft, critique and revision side by side.

import { el, plural, spaced } from "./dom.js";
import { shownText } from "./words.js";

// The drafts of one step, before the message that was kept in their place; without one, the step was given up.
export function draftsBefore(group, kept) {
  const mistakes = [...new Set(group.drafts.map((one) => spaced(one.mistake)))].join(", ");
  const summary = el(
    "summary",
    {},
    el("span", { class: "tag warn" }, plural(group.drafts.length, "draft")),
    ` turned down here: ${mistakes}`,
  );
  const rows = group.drafts.map((one, number) => {
    const next = group.drafts[number + 1];
    const revision = next ? stepOfDraft(next.draft) : kept ? stepOfMessage(kept) : null;
    return [
      column("Draft", stepShown(stepOfDraft(one.draft))),
      column("Critique", el("p", { class: "tag warn" }, spaced(one.mistake)), el("p", {}, shownText(one.hint ?? ""))),
      column(
        next ? "Revision, turned down again" : kept ? "Revision, kept" : "Revision",
        revision ? stepShown(revision) : el("p", { class: "aside" }, "None: the step was given up."),
      ),
    ].map((node) => node);
  });
  return el(
    "details",
    { class: "drafts" },
    summary,
    rows.map((row) => el("div", { class: "side-by-side" }, row)),
  );
}

function column(title, ...parts) {
  return el("div", { class: "column" }, el("h4", {}, title), parts);
}

function stepOfDraft(draft) {
  return { reasoning: draft?.reasoning, answer: draft?.answer, calls: draft?.calls ?? [] };
}

function stepOfMessage(message) {
  return { reasoning: message.reasoning, answer: message.text, calls: message.calls };
}

function stepShown(step) {
  const calls = step.calls.map((call) =>
    el("p", { class: "mono" }, el("b", {}, call.name), "(", shownText(JSON.stringify(call.arguments ?? {})), ")"),
  );
  return [
    step.reasoning && el("p", { class: "reasoning" }, shownText(step.reasoning)),
    calls,
    step.answer && el("p", {}, shownText(step.answer)),
  ];
}
