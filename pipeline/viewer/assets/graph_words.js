// What is said beside the graph: about all of it, one tool with the evidence of its links, or the path of a sample.

import { el, hueOf, plural, spaced } from "./dom.js";
import { shownText } from "./words.js";

export function aboutGraph(picture, act) {
  const [data, state] = ["data", "state"].map((kind) => picture.links.filter((link) => link.kind === kind));
  const groups = picture.servers.map((server) => {
    const tools = picture.tools.filter((tool) => tool.server === server);
    return el(
      "details",
      { class: "fold" },
      el(
        "summary",
        {},
        el("span", { class: "dot", "--hue": hueOf(server, picture.servers) }),
        ` ${server} `,
        el("span", { class: "quiet" }, plural(tools.length, "tool")),
      ),
      el(
        "ul",
        { class: "plain" },
        tools.map((tool) => el("li", {}, toolLink(tool.id, picture, act, tool.name))),
      ),
    );
  });
  return [
    el("h2", {}, "The API graph"),
    el(
      "p",
      {},
      `${plural(picture.tools.length, "tool")} of ${plural(picture.servers.length, "server")}; ${plural(data.length, "pair")} in which one feeds the other, ${data.filter((link) => link.confirmed).length} of them seen live; ${plural(state.length, "pair")} in which one enables or disables the other.`,
    ),
    el("p", { class: "aside" }, "Choose a tool in the picture or here to see its neighbourhood and the evidence."),
    groups,
  ];
}

export function legend() {
  const sign = (name, says) => el("li", {}, el("span", { class: `sign ${name}` }), says);
  return el(
    "ul",
    { class: "legend" },
    sign("data", "feeds, seen live"),
    sign("believed", "feeds, by names and schemas"),
    sign("state", "enables or disables"),
    sign("reads", "tool that reads"),
    sign("writes", "tool that changes something"),
    sign("barred", "may not or cannot be called"),
  );
}

export function aboutTool(tool, picture, act) {
  const into = picture.links.filter((link) => link.target === tool.id);
  const out = picture.links.filter((link) => link.source === tool.id);
  const group = (title, links, other) =>
    links.length > 0 && [
      el("h3", {}, `${title} (${links.length})`),
      links
        .sort((a, b) => b.confidence - a.confidence)
        .map((link) => linkNode(link, link[other], tool.server, picture, act)),
    ];
  return [
    el(
      "p",
      {},
      el("button", { type: "button", class: "back plain", onclick: () => act.go("#/graph") }, "‹ All of the graph"),
    ),
    el("h2", {}, el("span", { class: "dot", "--hue": hueOf(tool.server, picture.servers) }), ` ${tool.name}`),
    el("p", {}, shownText(tool.description || "No description.")),
    tool.barred && el("p", { class: "reason" }, shownText(tool.barred)),
    el(
      "p",
      { class: "aside" },
      `Server ${tool.server}. Seen to be one that ${tool.access === "unknown" ? "was not tried enough to tell" : tool.access}; ${plural(tool.tried, "call")} tried, ${tool.failed} failed. Parameters: ${tool.parameters.map((name) => (tool.required.includes(name) ? name : `${name}?`)).join(", ") || "none"}.`,
    ),
    el(
      "p",
      {},
      el(
        "button",
        {
          type: "button",
          class: "step link",
          onclick: () => act.go(`#/samples?${new URLSearchParams({ tool: tool.id })}`),
        },
        "Samples that call it",
      ),
    ),
    group("Fed or enabled by", into, "source"),
    group("Feeds or enables", out, "target"),
  ];
}

function linkNode(link, other, own, picture, act) {
  return el(
    "details",
    { class: `fold link-facts ${link.kind}` },
    el(
      "summary",
      {},
      toolLink(other, picture, act, other.startsWith(`${own}/`) ? other.slice(own.length + 1) : other),
      confidence(link.confidence),
      el(
        "span",
        { class: "quiet" },
        link.kind === "state" ? spaced(link.edges[0].effect) : plural(link.edges.length, "value"),
      ),
    ),
    link.edges.map((edge) =>
      el(
        "div",
        { class: "edge" },
        link.kind === "data"
          ? el("p", {}, el("code", {}, edge.field || "(whole output)"), " → ", el("code", {}, edge.parameter))
          : el("p", {}, edge.effect),
        el("ul", { class: "plain" }, edge.evidence.map(evidenceNode)),
      ),
    ),
  );
}

function evidenceNode(one) {
  return el(
    "li",
    {},
    el("b", {}, one.kind),
    ` ${one.score.toFixed(2)}`,
    one.trials > 0 && ` (${one.successes} of ${one.trials})`,
    one.why && [": ", shownText(one.why)],
    one.examples.length > 0 && [", such as ", el("code", {}, shownText(one.examples[0]))],
  );
}

function confidence(value) {
  return el(
    "span",
    { class: "confidence", title: `confidence ${value.toFixed(2)}` },
    el("span", { class: "level", "--part": value }),
    el("span", { class: "amount" }, value.toFixed(2)),
  );
}

export function aboutPath(details, act) {
  const steps = details.path.map((step) => {
    const from = step.from.map((id) => `${id} (${details.path.find((one) => one.id === id)?.tool ?? "?"})`);
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "step link", onclick: () => act.go(`#/graph/${encodeURIComponent(step.tool)}`) },
        step.tool,
      ),
      el(
        "div",
        { class: "quiet" },
        from.length ? `takes values from ${from.join(", ")}` : "takes its values from the user",
        step.fails && "; fails",
      ),
    );
  });
  return [
    el(
      "p",
      {},
      el(
        "button",
        { type: "button", class: "back plain", onclick: () => act.go(`#/samples/${encodeURIComponent(details.id)}`) },
        "‹ The sample",
      ),
    ),
    el("h2", {}, "Path of a sample"),
    el("p", {}, shownText(details.row.words)),
    el("ol", { class: "plain steps" }, steps),
  ];
}

function toolLink(id, picture, act, says) {
  return el(
    "button",
    {
      type: "button",
      class: "step link",
      onclick: (event) => {
        event.preventDefault();
        act.go(`#/graph/${encodeURIComponent(id)}`);
      },
    },
    el("span", { class: "dot", "--hue": hueOf(id.split("/")[0], picture.servers) }),
    says,
  );
}
