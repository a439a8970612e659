// The page of one sample.

import { Conversation } from "./conversation.js";
import { el, hueOf, plural, show, spaced } from "./dom.js";
import { Lights } from "./lights.js";
import { store } from "./store.js";
import { shownText } from "./words.js";

export const LABELS = ["keep", "drop", "flag"];

// act: {label(id, label), go(hash)}.
export function sampleNodes(details, source, act) {
  const line = el("p", { class: "says", role: "status", "aria-live": "polite" });
  const content = el("div", { class: "content" });
  const lights = new Lights(content, line);
  content.append(
    ...head(details, source, act),
    ...new Conversation(details, source, lights).nodes(),
    expected(details),
    offered(details),
  );
  return [el("div", { class: "pane-scroll", tabindex: -1 }, content), line];
}

function head(details, source, act) {
  const { quality } = details;
  const figures = [
    ["turns", quality.turns],
    ["calls", quality.calls],
    ["depth", quality.depth],
    ["width", quality.width],
    ["difficulty", Number(quality.difficulty).toFixed(2)],
    ["attempts", quality.attempts],
    ["on offer", quality.tools_offered],
    ["tokens", Number(quality.tokens).toLocaleString("en")],
  ];
  return [
    el(
      "header",
      { class: "sample-head" },
      el(
        "div",
        { class: "title" },
        el("h2", { tabindex: -1 }, details.id),
        source.live && labelButtons(details.id, act),
      ),
      el(
        "p",
        { class: "chips" },
        details.row.kinds.map((kind) => el("span", { class: "chip" }, spaced(kind))),
      ),
      el(
        "dl",
        { class: "figures" },
        figures.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value ?? "–"))),
      ),
      path(details, act),
      el(
        "p",
        { class: "aside" },
        [
          `Teacher: ${details.teacher}`,
          `seed: ${details.seed}`,
          ...Object.entries(details.style ?? {}).map(([name, value]) => `${spaced(name)}: ${value}`),
        ].join("; "),
      ),
    ),
  ];
}

export function labelButtons(id, act) {
  const box = el("div", { class: "labels", role: "group", "aria-label": "Label of this sample" });
  const paint = () =>
    show(
      box,
      LABELS.map((label, number) =>
        el(
          "button",
          {
            type: "button",
            class: `label ${label}`,
            "aria-pressed": String(store.labels[id] === label),
            onclick: () => act.label(id, store.labels[id] === label ? null : label).then(paint),
          },
          label[0].toUpperCase() + label.slice(1),
          el("kbd", { "aria-hidden": "true" }, String(number + 1)),
        ),
      ),
    );
  paint();
  box.repaint = paint;
  return box;
}

// The calls in order; each leads to its place in the conversation.
function path(details, act) {
  const steps = details.path.map((step, number) => [
    number > 0 && el("span", { class: "arrow", "aria-hidden": "true" }, step.from.length ? "→" : "·"),
    el(
      "button",
      {
        type: "button",
        class: "step",
        "--hue": hueOf(step.tool.split("/")[0], store.servers),
        onclick: () =>
          document.getElementById(`call-${step.id}`)?.scrollIntoView({ block: "center", behavior: "smooth" }),
      },
      el("span", { class: "dot" }),
      step.tool.slice(step.tool.indexOf("/") + 1),
    ),
  ]);
  return el(
    "div",
    { class: "path", role: "group", "aria-label": "Path of calls" },
    steps,
    details.path.length > 0 &&
      el(
        "button",
        {
          type: "button",
          class: "step link",
          onclick: () => act.go(`#/graph?sample=${encodeURIComponent(details.id)}`),
        },
        "Show in the graph",
      ),
  );
}

function expected(details) {
  const reads = details.state.map((read) =>
    el(
      "li",
      {},
      el("code", {}, `${read.server}/${read.tool}`),
      "(",
      shownText(JSON.stringify(read.arguments)),
      ") ",
      read.fails ? "has to be refused" : ["shows ", el("code", {}, shownText(JSON.stringify(read.holds ?? {})))],
      read.gone?.length ? [", and no more ", read.gone.join(", ")] : null,
    ),
  );
  const files = details.files.map((file) =>
    el("li", {}, `${file.server}: `, el("code", {}, shownText(file.path)), file.absent ? " is gone" : " was changed"),
  );
  const survivors = details.quality.survivors ?? [];
  return el(
    "details",
    { class: "fold" },
    el("summary", {}, "What the checker expects"),
    el(
      "p",
      {},
      `${plural(details.path.length, "call")}, in this order or any that respects what feeds what; ${plural(details.quality.mutants ?? 0, "spoilt copy", "spoilt copies")} tried, ${survivors.length ? `not told apart: ${survivors.map(spaced).join(", ")}` : "all refused"}.`,
    ),
    reads.length || files.length
      ? [el("p", {}, "At the end:"), el("ul", {}, reads, files)]
      : el(
          "p",
          { class: "aside" },
          details.unasserted
            ? ["Nothing is said of the final state: ", shownText(details.unasserted)]
            : "Nothing is said of the final state.",
        ),
  );
}

function offered(details) {
  const items = details.tools.map((tool) =>
    el(
      "li",
      { class: tool.called ? "called" : "" },
      el("code", {}, tool.name),
      tool.parameters.length > 0 && el("span", { class: "quiet" }, ` (${tool.parameters.join(", ")})`),
      " ",
      shownText(tool.description),
    ),
  );
  return el(
    "details",
    { class: "fold" },
    el("summary", {}, `${plural(details.tools.length, "tool")} on offer`),
    el("ul", { class: "tools" }, items),
  );
}
